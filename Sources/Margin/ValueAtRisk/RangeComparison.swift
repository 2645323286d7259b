// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Pricing
import Quantities

/// What is known of one underlying, for all three methods.
public struct RangeMarket: Hashable, Sendable {
  public var history: FilteredHistory
  public var response: VolatilityResponse
  public var parametric: ParametricMoves
  public var model: SVCJModel

  public init(
    history: FilteredHistory, response: VolatilityResponse, parametric: ParametricMoves,
    model: SVCJModel
  ) {
    self.history = history
    self.response = response
    self.parametric = parametric
    self.model = model
  }
}

/// One book by all three methods, side by side.
public struct RangeComparison: Hashable, Sendable {
  public let terms: RangeTerms
  /// In the order of ``RangeMethod``.
  public let estimates: [RangeEstimate]

  /// - Parameter markets: One for each underlying of the book.
  /// - Throws: ``ValueAtRiskError`` of the first method that refuses.
  public init(
    of book: ModelBook, terms: RangeTerms, markets: [RangeMarket], paths: PathTerms,
    joint: JointMoves = .independent
  ) throws(ValueAtRiskError) {
    let question = try ValueAtRisk(of: book, terms: terms)
    self.terms = terms
    estimates = [
      try question.historical(markets.map(\.history), responses: markets.map(\.response)),
      try question.parametric(markets.map(\.parametric), joint: joint),
      try question.simulated(markets.map(\.model), paths, joint: joint),
    ]
  }

  /// The titles of ``table()``.
  public static let titles = [
    "method", "value at risk", "95 % interval", "shortfall", "± 1 s.e.", "scenarios", "worst",
  ]

  /// One row of texts per method, to be printed.
  ///
  /// Losses in quote units with two decimals, rounded up; a dash where nothing is sampled.
  public func table() -> [[String]] {
    estimates.map { estimate in
      let interval = estimate.interval.map {
        "\(Self.cents($0.lowerBound)) – \(Self.cents($0.upperBound))"
      }
      let isSampled = estimate.scenarioCount > 0
      return [
        estimate.method.title, Self.cents(estimate.valueAtRisk), interval ?? "–",
        Self.cents(estimate.expectedShortfall),
        isSampled ? Self.cents(estimate.standardErrors.expectedShortfall) : "–",
        isSampled ? String(estimate.scenarioCount) : "–",
        estimate.worst.first.map { Self.cents($0.loss) } ?? "–",
      ]
    }
  }

  private static func cents(_ loss: Double) -> String {
    guard let units = Int128(exactly: (loss * 100).rounded(.up)) else { return "–" }
    return decimalText(units, decimals: 2)
  }
}

extension RangeMethod {
  /// What tables call it.
  public var title: String {
    switch self {
    case .historical: "filtered history"
    case .parametric: "delta–gamma–vega"
    case .monteCarlo: "Monte Carlo, SVCJ"
    }
  }
}
