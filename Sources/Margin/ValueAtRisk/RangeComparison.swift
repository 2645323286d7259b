// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Pricing

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
}
