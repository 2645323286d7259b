// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Pricing

// The parameters of a pricing model, in an object of their own.
extension RequestObject {
  mutating func payoff() throws(EvaluationRefusal) -> Settlement {
    try choice("payoff", [("linear", .linear), ("inverse", .inverse)], default: .linear)
  }

  mutating func merton() throws(EvaluationRefusal) -> MertonModel {
    try model { (object) throws(EvaluationRefusal) in
      let volatility = try object.number(PricingField.volatility.rawValue)
      let jumps = try object.jumps()
      return try pricing(at: object) { () throws(PricingError) in
        try MertonModel(volatility: volatility, jumps: jumps)
      }
    }
  }

  mutating func heston() throws(EvaluationRefusal) -> HestonModel {
    try model { (object) throws(EvaluationRefusal) in try object.variance() }
  }

  mutating func bates() throws(EvaluationRefusal) -> BatesModel {
    try model { (object) throws(EvaluationRefusal) in
      BatesModel(variance: try object.variance(), jumps: try object.jumps())
    }
  }

  mutating func svcj() throws(EvaluationRefusal) -> SVCJModel {
    try model { (object) throws(EvaluationRefusal) in
      let (variance, jumps) = (try object.variance(), try object.jumps())
      let meanVarianceJump = try object.number(PricingField.meanVarianceJump.rawValue)
      let jumpCorrelation = try object.number(PricingField.jumpCorrelation.rawValue)
      return try pricing(at: object) { () throws(PricingError) in
        try SVCJModel(
          variance: variance, jumps: jumps, meanVarianceJump: meanVarianceJump,
          jumpCorrelation: jumpCorrelation)
      }
    }
  }

  private mutating func model<Model>(
    _ read: (inout RequestObject) throws(EvaluationRefusal) -> Model
  ) throws(EvaluationRefusal) -> Model {
    var object = try object("parameters")
    let model = try read(&object)
    try object.end()
    return model
  }

  private mutating func variance() throws(EvaluationRefusal) -> HestonModel {
    let initial = try number(PricingField.initialVariance.rawValue)
    let mean = try number(PricingField.meanVariance.rawValue)
    let reversion = try number(PricingField.meanReversion.rawValue)
    let volatility = try number(PricingField.volatilityOfVariance.rawValue)
    let correlation = try number(PricingField.correlation.rawValue)
    return try pricing(at: self) { () throws(PricingError) in
      try HestonModel(
        initialVariance: initial, meanVariance: mean, meanReversion: reversion,
        volatilityOfVariance: volatility, correlation: correlation)
    }
  }

  private mutating func jumps() throws(EvaluationRefusal) -> LogarithmicJumps {
    let intensity = try number(PricingField.jumpIntensity.rawValue)
    let mean = try number(PricingField.meanJump.rawValue)
    let deviation = try number(PricingField.jumpDeviation.rawValue)
    return try pricing(at: self) { () throws(PricingError) in
      try LogarithmicJumps(intensity: intensity, meanJump: mean, deviation: deviation)
    }
  }
}

/// What a model makes of numbers that stand in an object of the request.
private func pricing<Value>(
  at object: RequestObject, _ body: () throws(PricingError) -> Value
) throws(EvaluationRefusal) -> Value {
  do throws(PricingError) { return try body() } catch {
    throw EvaluationRefusal(error, in: object)
  }
}

extension ModelParameter {
  /// The field that holds the parameter.
  var field: PricingField {
    switch self {
    case .initialVariance: .initialVariance
    case .meanVariance: .meanVariance
    case .meanReversion: .meanReversion
    case .volatilityOfVariance: .volatilityOfVariance
    case .correlation: .correlation
    case .jumpIntensity: .jumpIntensity
    case .meanJump: .meanJump
    case .jumpDeviation: .jumpDeviation
    case .meanVarianceJump: .meanVarianceJump
    case .jumpCorrelation: .jumpCorrelation
    }
  }
}

extension EvaluationRefusal {
  /// - Parameter object: Where the fields of the model stand; the request itself if `nil`.
  init(_ error: PricingError, in object: RequestObject? = nil) {
    switch error {
    case .outOfDomain(let field, _):
      let name = field.requestName
      self.init(.outOfDomain, error.description, field: object?.place(name) ?? name)
    case .unresolved: self.init(.outOfDomain, error.description, field: object?.path)
    }
  }

  init(_ error: ImpliedVolatilityRefusal) {
    let field: String? =
      switch error {
      case .outOfDomain(let field, _): field.requestName
      default: "price"
      }
    self.init(.outOfDomain, error.description, field: field)
  }
}

extension PricingField {
  /// What requests call it.
  fileprivate var requestName: String {
    switch self {
    // A total variance can only leave the domain through the volatility.
    case .totalVariance: Self.volatility.rawValue
    case .yearsToExpiry: "years"
    default: rawValue
    }
  }
}
