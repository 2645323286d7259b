// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Volatility

/// A smile in one of its three sets of parameters.
enum StatedSmile {
  case raw(RawSVI)
  case jumpWing(JumpWing)
  case ssvi(SSVISmile)

  /// The names of the sets, as requests state them.
  enum Convention: String, CaseIterable {
    case raw
    case jumpWing
    case ssvi
  }
}

// Smiles stand in objects of their own: `convention` and the parameters it has.
extension RequestObject {
  mutating func convention(_ name: String) throws(EvaluationRefusal) -> StatedSmile.Convention {
    try choice(name, StatedSmile.Convention.allCases.map { ($0.rawValue, $0) })
  }

  /// The object `smile`.
  mutating func smile() throws(EvaluationRefusal) -> StatedSmile {
    var object = try object("smile")
    let smile: StatedSmile =
      switch try object.convention("convention") {
      case .raw: .raw(try object.raw())
      case .jumpWing: .jumpWing(try object.jumpWing())
      case .ssvi: .ssvi(try object.ssvi())
      }
    try object.end()
    return smile
  }

  private mutating func raw() throws(EvaluationRefusal) -> RawSVI {
    let (a, b, rho) = (try number("a"), try number("b"), try number("rho"))
    let (m, sigma) = (try number("m"), try number("sigma"))
    return try shaping(path) { () throws(SmileRefusal) in
      try RawSVI(a: a, b: b, rho: rho, m: m, sigma: sigma)
    }
  }

  private mutating func jumpWing() throws(EvaluationRefusal) -> JumpWing {
    let (variance, skew) = (try number("variance"), try number("skew"))
    let (put, call) = (try number("putWing"), try number("callWing"))
    let (least, years) = (try number("minimumVariance"), try number("years"))
    return try shaping(path) { () throws(SmileRefusal) in
      try JumpWing(
        variance: variance, skew: skew, putWing: put, callWing: call, minimumVariance: least,
        yearsToExpiry: years)
    }
  }

  /// θ, ρ and ψ, which may also stand among other fields.
  mutating func ssvi() throws(EvaluationRefusal) -> SSVISmile {
    let (theta, rho, psi) = (try number("theta"), try number("rho"), try number("psi"))
    return try shaping(path) { () throws(SmileRefusal) in
      try SSVISmile(theta: theta, rho: rho, psi: psi)
    }
  }

  /// `years`, where the request states it.
  mutating func optionalYears() throws(EvaluationRefusal) -> Double? {
    guard states("years") else {
      _ = optional("years")
      return nil
    }
    let years = try number("years")
    guard years >= 1e-9, years <= 1e3 else {
      throw refusal(.outOfBounds, "years", "\(years) is outside 1e-9 … 1e3")
    }
    return years
  }

  /// Places on a smile, ln(K/F).
  mutating func logMoneyness() throws(EvaluationRefusal) -> [Double] {
    var places: [Double] = []
    for (index, value) in try list("logMoneyness", atMost: 10_000).enumerated() {
      guard case .number(let text) = value, let place = Double(text), place.magnitude <= 1_400
      else {
        throw refusal(
          .outOfBounds, "logMoneyness[\(index)]", "expected a number from -1400 to 1400")
      }
      places.append(place)
    }
    return places
  }
}

/// What a smile makes of numbers that stand in an object of the request.
func shaping<Value>(
  _ place: String, _ body: () throws(SmileRefusal) -> Value
) throws(EvaluationRefusal) -> Value {
  do throws(SmileRefusal) { return try body() } catch {
    throw EvaluationRefusal(
      .outOfDomain, error.description, field: place.isEmpty ? nil : place)
  }
}

/// What a surface makes of what stands at a place of the request.
func stating<Value>(
  _ place: String?, _ body: () throws(SurfaceRefusal) -> Value
) throws(EvaluationRefusal) -> Value {
  do throws(SurfaceRefusal) { return try body() } catch {
    throw EvaluationRefusal(.outOfDomain, error.description, field: place)
  }
}
