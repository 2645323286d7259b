// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import Kernels
public import Quantities

/// Which scenarios an expected shortfall is the mean of: the worst ones of an account, as many as
/// have a weight together.
///
/// With weights w and a tail t, and the account's joint losses L_1 ≥ L_2 ≥ … of scenarios that mean
/// the same state in every underlying,
///
///     ES = ( Σ w_i·L_i over the worst i, the last with what is left of t ) ÷ t,
///
/// rounded up to a millionth, at least 0. A loss is Σ over underlyings of what positions and coins
/// lose in the scenario, dampers included; nothing is netted by `NettingTable` and skews do not
/// count. All weights one and t = k is the mean of the k worst. It is never above the worst joint
/// loss, and so never above SCAN: it binds only with a factor above one.
public struct ScenarioTail: Hashable, Sendable {
  /// By scenario.
  public let weights: [Int64]
  public let tail: Int64
  /// A portfolio's scenario loss counts as this multiple of its expected shortfall at least; zero
  /// leaves the requirement as it is.
  public let factor: Rate

  /// The largest weight and tail.
  public static let largestWeight: Int64 = 1 << 32

  /// - Parameters:
  ///   - weights: By scenario, 0 to ``largestWeight``.
  ///   - tail: 1 to the sum of all weights, at most ``largestWeight``.
  ///   - factor: 0 to 2.
  /// - Throws: ``MarginError/malformedScenario(_:)`` with the place of a weight, or their number
  ///   where tail or factor are out of bounds.
  public init(
    weights: [Int64], tail: Int64, factor: Rate = .zero
  ) throws(MarginError) {
    guard weights.count <= ScenarioGrid.mostScenarios else {
      throw .tooManyScenarios(weights.count)
    }
    var total: Int64 = 0
    for (place, weight) in weights.enumerated() {
      guard weight >= 0, weight <= Self.largestWeight else { throw .malformedScenario(place) }
      total += weight
    }
    guard tail > 0, tail <= min(total, Self.largestWeight), factor >= .zero,
      factor.billionths <= 2 * Rate.one.billionths
    else { throw .malformedScenario(weights.count) }
    self.weights = weights
    self.tail = tail
    self.factor = factor
  }

  /// The mean of the worst of so many scenarios.
  ///
  /// - Throws: ``MarginError/malformedScenario(_:)`` unless 1 ≤ `count` ≤ `scenarios`.
  public init(
    worst count: Int, of scenarios: Int, factor: Rate = .zero
  ) throws(MarginError) {
    try self.init(
      weights: Array(repeating: 1, count: max(scenarios, 0)), tail: Int64(count), factor: factor)
  }

  /// The shortfall of joint profits, lane by lane.
  ///
  /// - Parameter weights: By lane, their sum at least the tail.
  func shortfall(_ profits: Span<Int64>, weights: Span<Int64>) -> Int64 {
    var left = tail
    var sum: Int128 = 0
    // Where the last one taken stands in the order of profits, then lanes.
    var last = Int64.min
    var lastLane = -1
    while left > 0 {
      var least = Int64.max
      var lane = -1
      for candidate in weights.indices where weights[candidate] > 0 {
        let profit = profits[candidate]
        let isLater = profit > last || (profit == last && candidate > lastLane)
        if isLater, profit < least {
          least = profit
          lane = candidate
        }
      }
      guard lane >= 0 else { break }
      let taken = min(left, weights[lane])
      sum -= Int128(least) * Int128(taken)
      left -= taken
      last = least
      lastLane = lane
    }
    guard sum > 0 else { return 0 }
    return QuoteMoney.clampedCharge(sum.divided(by: Int128(tail), rounding: .up))
  }

  /// What the scenario loss counts as at least.
  func charge(_ shortfall: Int64) -> Int64 {
    QuoteMoney.charge(shortfall, rate: factor.billionths)
  }
}

// MARK: The definition

extension RequirementEngine {
  /// The expected shortfall of a portfolio's positions and coins, by plain loops over the scenario
  /// table: the twin of the sweep's.
  ///
  /// - Throws: ``MarginError`` as ``risk(of:scratch:)`` does.
  public func expectedShortfall(
    of portfolio: Portfolio, _ tail: ScenarioTail, scratch: inout RiskScratch
  ) throws(MarginError) -> Int64 {
    _ = try takeStock(of: portfolio, &scratch)
    guard hasScenarios else { return QuoteMoney.limit }
    if portfolio.mode == .portfolio {
      leaveUncounted(
        of: &scratch.held, scratch.net, dominantExposure(portfolio, &scratch))
    }
    var losses: [(loss: Int128, weight: Int64)] = []
    for lane in tail.weights.indices where lane < table.laneCount {
      var loss: Int128 = 0
      for position in portfolio.positions {
        guard let index = layout.index(of: position.instrument) else { continue }
        let cell = table.cells[index * table.laneCount + lane]
        loss -= Int128(position.size.steps) * Int128(cell)
      }
      for asset in scratch.held.indices where layout.collateralUnderlyings[asset] >= 0 {
        let cell = Int128(table.amountCells[asset * table.laneCount + lane])
        // To the nearest, halves up, as the kernel rounds.
        let half = Int128(1) << Int128(PLIMSOLL_SCENARIO_FRACTION_BITS - 1)
        let (product, overflows) = scratch.held[asset].multipliedReportingOverflow(by: cell)
        // Beyond 2^120 it is beyond every requirement, whatever more.
        let isGain = (scratch.held[asset] > 0) == (cell > 0)
        let most = Int128(1) << 120
        let amount = overflows ? (isGain ? most : -most) : min(max(product, -most), most)
        loss -= (amount + half) >> Int128(PLIMSOLL_SCENARIO_FRACTION_BITS)
      }
      losses.append((loss, tail.weights[lane]))
    }
    losses.sort { $0.loss > $1.loss }
    var left = tail.tail
    var sum: Int128 = 0
    for (loss, weight) in losses where left > 0 {
      let taken = min(left, weight)
      sum += min(max(loss, -(1 << 80)), 1 << 80) * Int128(taken)
      left -= taken
    }
    return QuoteMoney.clampedCharge(
      max(sum, 0).divided(by: Int128(tail.tail), rounding: .up))
  }

  /// ``risk(of:scratch:)`` with a scenario loss of at least the tail's factor × expected shortfall.
  ///
  /// - Throws: ``MarginError`` as ``risk(of:scratch:)`` does.
  public func requirement(
    of portfolio: Portfolio, _ tail: ScenarioTail, scratch: inout RiskScratch
  ) throws(MarginError) -> AccountRequirement {
    let risk = try risk(of: portfolio, scratch: &scratch)
    guard portfolio.mode == .portfolio, tail.factor > .zero else {
      return AccountRequirement(risk)
    }
    let least = tail.charge(try expectedShortfall(of: portfolio, tail, scratch: &scratch))
    let (provision, _) = try takeStock(of: portfolio, &scratch)
    let exposure = dominantExposure(portfolio, &scratch)
    let wrongWay = wrongWayOfOrders(portfolio, scratch.net, exposure)
    leaveUncounted(of: &scratch.held, scratch.net, exposure)
    var core = max(scanCharge(portfolio.positions.count, &scratch), least)
    if hasDeltaTerms {
      let terms = deltaCharges(portfolio.positions.count, &scratch)
      core = QuoteMoney.sum(max(core, terms.floor), terms.added)
    }
    core = QuoteMoney.sum(core, haircutCharge(scratch.net, exposure, isScanned: true))
    core = QuoteMoney.sum(core, provision.initial)
    var charge = portfolioCharge(core)
    if !portfolio.orders.isEmpty {
      let orders = QuoteMoney.sum(try openOrderCharge(of: portfolio), wrongWay)
      charge.initial = QuoteMoney.sum(charge.initial, orders)
    }
    return AccountRequirement(
      equity: risk.equity, initialMargin: charge.initial, maintenanceMargin: charge.maintenance)
  }
}
