// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
public import Pricing

/// Value at risk and expected shortfall of one book at one probability and horizon, by three
/// methods that share nothing but the book.
///
/// Each revalues at the horizon: options have lived so much longer, so time's decay is a part of
/// every result. What the methods do with volatility is said with each.
public struct ValueAtRisk: Sendable {
  public let terms: RangeTerms
  let revaluation: BookRevaluation

  public static let mostUnderlyings = 16

  /// - Throws: ``ValueAtRiskError`` for a book that cannot be revalued.
  public init(of book: ModelBook, terms: RangeTerms) throws(ValueAtRiskError) {
    guard book.underlyings.count <= Self.mostUnderlyings else {
      throw .tooManyUnderlyings(book.underlyings.count)
    }
    self.terms = terms
    revaluation = try BookRevaluation(book, years: terms.horizonYears)
  }

  /// Monte Carlo: the book revalued at the ends of simulated paths, each with its own variance.
  ///
  /// Options are revalued by Black-76 at their own volatility times the root of the expected
  /// variance over the rest of their life, seen from the path's variance, over that seen from
  /// today's. Path n depends on the seed and n alone; equal seeds give equal bits.
  /// - Parameters:
  ///   - models: One for each underlying of the book.
  ///   - joint: Whether all underlyings follow the same random numbers.
  /// - Throws: ``ValueAtRiskError``.
  public func simulated(
    _ models: [SVCJModel], _ paths: PathTerms, joint: JointMoves = .independent
  ) throws(ValueAtRiskError) -> RangeEstimate {
    try checkCount(models.count)
    var moves: [MarketMoves] = []
    for (underlying, model) in models.enumerated() {
      // An odd multiple of the golden ratio keeps the keys of the generator apart.
      let step: UInt64 = joint == .together ? 0 : 0x9e37_79b9_7f4a_7c15
      let seed = paths.seed &+ UInt64(underlying) &* step
      moves.append(try ends(of: model, paths, seed: seed))
    }
    let profits = try revaluation.profits(in: moves, count: paths.paths)
    return LossSample(profits).estimate(.monteCarlo, confidence: terms.confidence) { path in
      moves.map { Elementary.log($0.growth[path]) }
    }
  }

  private func ends(
    of model: SVCJModel, _ paths: PathTerms, seed: UInt64
  ) throws(ValueAtRiskError) -> MarketMoves {
    let steps = (terms.horizonDays * Double(paths.stepsPerDay)).rounded(.up)
    let simulation: SVCJPaths
    do throws(PricingError) {
      simulation = try SVCJPaths(
        model: model, yearsToExpiry: terms.horizonYears, stepCount: Int(steps), seed: seed)
    } catch { throw .pricing(error) }
    var growth = Array(repeating: 1.0, count: paths.paths)
    var variances = growth
    for path in 0..<paths.paths {
      let end = simulation.end(of: UInt32(path))
      growth[path] = Elementary.exp(end.logarithmicReturn)
      variances[path] = end.variance
    }
    return MarketMoves(growth: growth, volatility: .variances(variances, model))
  }

  func checkCount(_ found: Int) throws(ValueAtRiskError) {
    guard found == revaluation.slopes.count else {
      throw .wrongCount(expected: revaluation.slopes.count, found: found)
    }
  }
}
