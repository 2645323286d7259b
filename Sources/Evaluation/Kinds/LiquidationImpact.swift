// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Liquidation
import Parameters
import Quantities

/// How selling moves the market, where a request of `liquidation.size` states it.
struct StatedImpact {
  /// σ of one day.
  private let volatility: Double
  /// Traded in a day, quote currency.
  private let volume: Double
  /// Y of the square-root law.
  private let constant: Double

  /// Reads the object `impact`, where there is one.
  ///
  /// - Parameter table: Must charge by notional alone.
  init?(_ request: inout RequestObject, _ table: TierTable) throws(EvaluationRefusal) {
    guard var stated = try request.optionalObject("impact") else { return nil }
    guard table.initialPerUnit == .zero, table.maintenancePerUnit == .zero else {
      throw request.refusal(
        .inconsistent, "impact", "there is no closed form for rates that grow with every unit")
    }
    volatility = try stated.number("volatility")
    volume = try stated.number("volume")
    constant = try stated.number("constant", default: 1)
    for (name, value) in [("volatility", volatility), ("volume", volume), ("constant", constant)] {
      guard value >= 0, value <= 1e18, name != "volume" || value > 0 else {
        throw stated.refusal(.outOfBounds, name, "must be positive and at most 1e18")
      }
    }
    try stated.end()
  }

  /// The smallest sale that restores the account, the cost of moving the price included.
  ///
  /// - Parameters:
  ///   - buffer: The account is restored at maintenance margin × (1 + buffer).
  ///   - fee: Cost of closing apart from the impact.
  func answer(
    _ table: TierTable, _ position: TieredPosition, equity: Int64, buffer: Rate, fee: Rate
  ) -> JSONValue {
    let target = 1 + Double(buffer.billionths) * 1e-9
    let tiers = Self.tiers(table, position.price)
    let notional = Double(position.notional) * 1e-6
    let own = tiers.first { notional <= $0.upper } ?? tiers[tiers.count - 1]
    let problem = ImpactProblem(
      notional: notional, equity: Double(equity) * 1e-6 + target * own.deduction,
      maintenanceRate: own.maintenanceRate, target: target,
      feeRate: Double(fee.billionths) * 1e-9, dailyVolatility: volatility, dailyVolume: volume,
      impactConstant: constant)
    let plain = ImpactProblem(
      notional: notional, equity: Double(equity) * 1e-6, maintenanceRate: own.maintenanceRate,
      target: target, feeRate: problem.feeRate, dailyVolatility: volatility,
      dailyVolume: volume, impactConstant: constant)
    let sale = plain.smallestSale(through: tiers)
    return .fields([
      ("coefficient", .number(problem.impact)), ("deficit", .number(problem.deficit)),
      (
        "largestDeficit",
        problem.largestDeficit.isFinite ? .number(problem.largestDeficit) : nil
      ),
      ("isCurable", .boolean(sale != nil)), ("notional", sale.map(JSONValue.number)),
    ])
  }

  private static func tiers(_ table: TierTable, _ price: Price?) -> [ImpactTier] {
    var (lower, rate, deduction) = (0.0, 0.0, 0.0)
    return table.rows.map { row in
      let next = Double(row.maintenance.billionths) * 1e-9
      if table.convention == .marginal { deduction += lower * (next - rate) }
      rate = next
      lower = upper(of: row, table.measure, price)
      return ImpactTier(upper: lower, maintenanceRate: rate, deduction: deduction)
    }
  }

  /// The upper end of a row in quote currency; infinite of the last.
  private static func upper(
    of row: TierTable.Row, _ measure: TierTable.Measure, _ price: Price?
  ) -> Double {
    guard let upper = row.upper else { return .infinity }
    switch measure {
    case .notional: return Double(upper) * 1e-6
    case .quantity: return Double(upper) * 1e-8 * (Double(price?.steps ?? 0) * 1e-8)
    }
  }
}
