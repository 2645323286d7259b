// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// Bounds of coverage from resampled pairs.
///
/// Books on one pair of chains meet one move of the market, so pairs are drawn, not books.
/// Neighboring pairs count as independent.
struct CoverageBootstrap {
  private static let resamples = 2_000

  /// - Parameter tallies: One for each pair; at least one.
  static func interval(_ tallies: [OptionTally], seed: UInt64) -> CoverageInterval {
    let books = tallies.reduce(0) { $0 + $1.books }
    let exceedances = tallies.reduce(0) { $0 + $1.exceedances }
    guard exceedances > 0, books > 0 else {
      let lower = Elementary.pow(0.025, 1 / Double(tallies.count))
      return CoverageInterval(lower: lower, upper: 1, effectiveBooks: nil)
    }
    var draws = SplitMix64(seed: seed)
    var coverages: [Double] = []
    coverages.reserveCapacity(resamples)
    for _ in 0..<resamples {
      var (drawn, passed) = (0, 0)
      for _ in tallies {
        let place = min(Int(draws.nextUnit() * Double(tallies.count)), tallies.count - 1)
        drawn += tallies[place].books
        passed += tallies[place].exceedances
      }
      coverages.append(drawn > 0 ? 1 - Double(passed) / Double(drawn) : 1)
    }
    coverages.sort()
    let tail = resamples / 40
    return CoverageInterval(
      lower: coverages[tail], upper: coverages[resamples - 1 - tail],
      effectiveBooks: effective(tallies, rate: Double(exceedances) / Double(books), books))
  }

  /// p(1 − p) over the variance of the rate between pairs.
  private static func effective(_ tallies: [OptionTally], rate: Double, _ books: Int) -> Double? {
    guard tallies.count > 1 else { return nil }
    var squares = 0.0
    for tally in tallies {
      let error = Double(tally.exceedances) - rate * Double(tally.books)
      squares += error * error
    }
    let count = Double(tallies.count)
    let variance = squares * (count / (count - 1)) / (Double(books) * Double(books))
    return variance > 0 ? rate * (1 - rate) / variance : nil
  }
}
