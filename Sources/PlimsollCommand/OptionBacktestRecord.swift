// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities
import Reporting
import Simulation

/// The JSON shape of a model in a backtest of option books; coverages and requirements as
/// fractions, requirements of the notional.
///
/// Field names never change their meaning; numbers are exact.
struct OptionBacktestRecord: Encodable {
  let model: String
  let origin: String
  let from: String
  let to: String
  let pairs: Int
  let booksPerPair: Int
  let seed: UInt64
  let meanHours: Double
  let coverage: Double
  let coverageFrom: Double
  let coverageTo: Double
  /// Left out without an exceedance.
  let effectiveBooks: Double?
  let maintenanceCoverage: Double
  let exceedances: Int
  let meanInitial: Double
  let meanInitialToFirst: Double?
  let meanMaintenance: Double
  /// Left out without an exceedance.
  let meanBeyond: Double?
  let worstBeyond: Double
  let meanLoss: Double
  let kinds: [Kind]

  struct Kind: Encodable {
    let kind: String
    let books: Int
    let exceedances: Int
    let coverage: Double
    let meanInitial: Double
  }

  /// One per model, in the study's order.
  static func all(of study: OptionBacktestStudy) -> [OptionBacktestRecord] {
    study.result.models.indices.map { OptionBacktestRecord(study, model: $0) }
  }

  private init(_ study: OptionBacktestStudy, model place: Int) {
    let result = study.result
    let tally = result.tally(model: place)
    let first = result.tally(model: 0).meanInitial
    let interval = result.interval(model: place)
    model = result.models[place]
    origin = study.origin
    from = "\(result.outcomes[0].from)"
    to = "\(result.outcomes[result.outcomes.count - 1].to)"
    pairs = result.outcomes.count
    booksPerPair = result.books
    seed = result.seed
    meanHours = result.hours.mean
    coverage = tally.coverage
    coverageFrom = interval.lower
    coverageTo = interval.upper
    effectiveBooks = interval.effectiveBooks
    maintenanceCoverage = tally.maintenanceCoverage
    exceedances = tally.exceedances
    meanInitial = tally.meanInitial
    meanInitialToFirst = first > 0 ? tally.meanInitial / first : nil
    meanMaintenance = tally.meanMaintenance
    meanBeyond = tally.meanBeyond
    worstBeyond = tally.worstBeyond / OptionBook.notional
    meanLoss = result.meanLoss
    kinds = OptionBookKind.allCases.map { kind in
      let tally = result.tally(model: place, kind)
      return Kind(
        kind: kind.rawValue, books: tally.books, exceedances: tally.exceedances,
        coverage: tally.coverage, meanInitial: tally.meanInitial)
    }
  }
}
