// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
import Quantities

/// A market of a cascade.
struct CascadeMarket: Hashable, Sendable {
  let symbol: AssetSymbol
  let instrument: InstrumentID
  /// Before the crash.
  let price: Price
  /// After it.
  let crashed: Price

  /// The part of the price that the crash takes.
  var fall: Double { 1 - Double(crashed.steps) / Double(price.steps) }
}

/// What an account of a cascade brings in: money, then a position or a few.
struct CascadeAccount: Hashable, Sendable {
  /// Millionths of the quote currency.
  let deposit: Int64
  /// By market, steps; positive for a long.
  let positions: [(market: Int, steps: Int64)]

  static func == (one: Self, other: Self) -> Bool {
    one.deposit == other.deposit && one.positions.elementsEqual(other.positions, by: ==)
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(deposit)
    for position in positions {
      hasher.combine(position.market)
      hasher.combine(position.steps)
    }
  }
}

/// Markets and accounts drawn for a plan; a function of the plan alone.
///
/// Longs that fail hold just as much as the fall leaves them below maintenance margin, or below
/// nothing; the other longs are held at low leverage; winners are short. Makers take the other
/// side of everybody.
struct CascadeWorld: Sendable {
  let markets: [CascadeMarket]
  /// In random order: insolvent, liquidated, other longs and winners among each other.
  private(set) var accounts: [CascadeAccount] = []

  /// Maintenance margin of the lowest tier, with room for the buffer and for costs.
  private static let leastMaintenance = 0.025
  private var random: SplitMix64
  private let weights: [Double]

  init(_ plan: CascadePlan) throws(QuantityError) {
    random = SplitMix64(seed: plan.seed)
    var markets: [CascadeMarket] = []
    for number in 0..<plan.markets {
      // From 1 to 100, so that a step of one coin is worth little; falls from 24 to 40 %.
      let price = (random.nextUnit() * 99 + 1) * 1e4
      let left = 1 - (0.24 + 0.16 * random.nextUnit())
      markets.append(
        CascadeMarket(
          symbol: try AssetSymbol("C\(number)"), instrument: InstrumentID(UInt32(number)),
          price: Price(steps: Int64(price) * 10_000),
          crashed: Price(steps: Int64(price * left) * 10_000)))
    }
    self.markets = markets
    // A few markets hold most: the shares of a Zipf law that begins at the fourth place.
    weights = (0..<plan.markets).map { 1 / Double($0 + 4) }
    accounts.reserveCapacity(plan.accounts)
    let solvent = plan.liquidations - plan.insolvencies
    for _ in 0..<plan.insolvencies { accounts.append(insolvent(plan)) }
    for _ in 0..<solvent { accounts.append(liquidated(plan)) }
    let rest = max(plan.accounts - plan.liquidations, 0)
    for number in 0..<rest { accounts.append(number % 2 == 0 ? winner(plan) : bystander(plan)) }
    random.reorder(&accounts)
  }

  private mutating func insolvent(_ plan: CascadePlan) -> CascadeAccount {
    let market = random.pick(weights)
    // From half of the mean to one and a half, so that all are in one tier.
    let notional = plan.meanInsolventNotional * (0.8 + 0.4 * random.nextUnit())
    let lacking = plan.deficitShare * 2 * random.nextUnit()
    return long(notional, in: market, equity: markets[market].fall - lacking)
  }

  private mutating func liquidated(_ plan: CascadePlan) -> CascadeAccount {
    let market = random.pick(weights)
    // The mean of a lognormal number is its median times e^(deviation² ÷ 2).
    let drawn = random.lognormal(median: plan.meanNotional * 0.61, deviation: 1)
    let fall = markets[market].fall
    let left = Self.leastMaintenance * (0.1 + 0.8 * random.nextUnit()) * (1 - fall)
    return long(min(drawn, 390_000), in: market, equity: fall + left)
  }

  private mutating func bystander(_ plan: CascadePlan) -> CascadeAccount {
    let notional = random.lognormal(median: plan.meanNotional * 0.61, deviation: 1)
    return long(notional, in: random.pick(weights), equity: 0.6 + 2 * random.nextUnit())
  }

  private mutating func winner(_ plan: CascadePlan) -> CascadeAccount {
    var positions: [(market: Int, steps: Int64)] = []
    var notional = 0.0
    for _ in 0..<1 + random.below(3) {
      let market = random.pick(weights)
      guard !positions.contains(where: { $0.market == market }) else { continue }
      let drawn = random.lognormal(median: plan.meanWinnerNotional * 0.61, deviation: 1)
      positions.append((market, -steps(drawn, in: market)))
      notional += drawn
    }
    let leverage = random.lognormal(median: plan.winnerLeverage, deviation: 0.7)
    return CascadeAccount(
      deposit: Int64(notional / min(leverage, 3) * 1e6), positions: positions)
  }

  /// - Parameter equity: As a share of notional.
  private func long(_ notional: Double, in market: Int, equity: Double) -> CascadeAccount {
    let steps = steps(notional, in: market)
    let worth = Double(steps) * Double(markets[market].price.steps) * 1e-8
    return CascadeAccount(deposit: Int64(worth * equity * 1e6), positions: [(market, steps)])
  }

  /// Steps of one coin each.
  private func steps(_ notional: Double, in market: Int) -> Int64 {
    max(Int64(notional / (Double(markets[market].price.steps) * 1e-8)), 1)
  }
}
