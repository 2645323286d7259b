// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
public import Parameters
import Quantities
import Volatility

/// A venue's margin model: general terms with the numbers of a dated file, over one account.
///
/// The terms are applied in one order, in `Double`, each sum in the order of the book, and the
/// result is rounded once, against the account:
///
///     core   = Σ scans + roll, calendar, theta, vega, delta shock − credit, at least the floors
///     margin = factor × core + contingencies + haircuts + provisions + single positions
///
/// The engine of a live venue is ``RequirementEngine``, in integers; this is its slow twin on
/// that venue's file, and the means to ask what other venues would require.
public struct MarginModel: Sendable {
  public let name: String
  public let parameters: ModelParameters
  private let plans: [ModelPlan]
  private let common: ModelPlan

  /// - Throws: ``ParameterError`` for a missing, unread or inconsistent value.
  public init(_ set: ParameterSet) throws(ParameterError) {
    name = set.name
    let parameters = try ModelParameters(set)
    self.parameters = parameters
    common = ModelPlan(parameters.rules.fallback)
    plans = parameters.symbols.map { ModelPlan(parameters.rules[$0]) }
  }

  /// What the model requires of an account.
  ///
  /// - Throws: ``ModelError`` for a book with a malformed number or a position the model has no
  ///   rule for.
  public func requirement(of book: ModelBook) throws(ModelError) -> ModelRequirement {
    try book.check()
    var pass = try ModelPass(self, book)
    try pass.addScans()
    try pass.addCore()
    try pass.addFloors()
    pass.scaleCore()
    pass.addContingencies()
    pass.addHaircuts()
    pass.addProvisions()
    pass.addPositions()
    pass.relate()
    let account = parameters.account
    return try ModelRequirement(
      equity: pass.equity, lines: pass.lines, scans: pass.scans,
      search: account.searchMultiple?.value, release: account.releaseMultiple?.value)
  }

  func plan(of symbol: AssetSymbol) -> ModelPlan {
    parameters.symbols.firstIndex(of: symbol).map { plans[$0] } ?? common
  }
}

/// The rules of one underlying, made ready.
struct ModelPlan: Sendable {
  let rules: ModelRules
  /// The grid from the lowest move up, the listed rows, the tails.
  let scenarios: [Scenario]
  /// Where the tails begin.
  let firstTail: Int
  let shock: VolatilityShock?
  let skew: SkewShock?
  let isAdditive: Bool

  init(_ rules: ModelRules) {
    self.rules = rules
    shock = rules.volatility.map { VolatilityShock($0.shock) }
    isAdditive = rules.volatility?.isAdditive ?? false
    skew = rules.skew.map { SkewShock($0) }
    guard let scan = rules.scan else {
      (scenarios, firstTail) = ([], 0)
      return
    }
    var rows = Self.grid(scan)
    for row in scan.rows {
      let state: VolatilityState =
        row.volatility > 0 ? .up : row.volatility < 0 ? .down : .unchanged
      rows.append(
        Scenario(spotShift: row.shift.value, volatility: state, damper: row.share.value))
    }
    firstTail = rows.count
    for tail in scan.tails {
      let size = tail.value.magnitude
      let damper =
        switch scan.tailShare {
        case .fixed(let share): share.value
        case .damper(let share): share.value / size
        case .rangeDamper(let share): share.value * scan.range.value / size
        case nil: 1.0
        }
      rows.append(Scenario(spotShift: tail.value, volatility: .up, damper: damper))
    }
    scenarios = rows
  }

  private static func grid(_ scan: ModelScanTerms) -> [Scenario] {
    guard scan.steps > 0 else { return [] }
    let states = VolatilityState.allCases.filter { state in
      state == .unchanged ? scan.hasUnchanged : scan.movesVolatility
    }
    var rows: [Scenario] = []
    for step in -scan.steps...scan.steps {
      let shift = scan.range.value * (Double(step) / Double(scan.steps))
      let isEdge = scan.edgesOnlyUp && step.magnitude == scan.steps.magnitude
      for state in isEdge ? [.up] : states {
        rows.append(Scenario(spotShift: shift, volatility: state))
      }
    }
    return rows
  }

  /// A volatility in the scenarios' three states.
  func moves(yearsToExpiry years: Double) -> VolatilityMoves? {
    shock?.moves(yearsToExpiry: years)
  }
}

extension ModelRules.RiskFactors {
  /// Maintenance rates of a long and of a short position.
  ///
  /// Of a log-normal price over the horizon: the average loss in the tail of probability λ, with
  /// m = (μ − σ²/2)τ and s = σ√τ: long 1 − e^(m+s²/2)·Φ(z_λ − s)/λ, short
  /// e^(m+s²/2)·Φ(s − z_(1−λ))/λ − 1. Source: Vega, quant library, “risk factors for forwards”.
  func rates() -> (long: Double, short: Double) {
    switch self {
    case .stated(let long, let short): return (long.value, short.value)
    case .logNormal(let terms):
      let years = terms.horizon.years
      let sigma = terms.volatility.value
      let deviation = sigma * years.squareRoot()
      let mean = (terms.drift.value - 0.5 * (sigma * sigma)) * years
      let growth = Elementary.exp(mean + 0.5 * (deviation * deviation)) / terms.tail.value
      let quantile = Normal.inverse(terms.tail.value)
      return (
        1 - growth * Normal.cumulative(quantile - deviation),
        growth * Normal.cumulative(deviation + quantile) - 1
      )
    }
  }
}
