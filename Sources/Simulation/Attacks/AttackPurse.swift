// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Parameters
import Quantities
import RiskEngine

/// What an attacker has brought in and taken out, and what the marks have done for him.
///
/// Reckoned from balances, positions, marks and claims, not by the engine's own valuation. What a
/// move of the marks or a payment of funding does to positions that are held is exposure, worth
/// nothing at a fair price; all else that his accounts gain is profit:
///
///     profit = Σ max(equity, 0) + pool + deposits locked + withdrawn − deposited − exposure
///
/// A debt that he leaves behind is his gain, for nobody can make him pay it. Where the price goes
/// further than initial margin covers, what it takes an account below nothing is left out, too: a
/// gap is the fund's risk, whoever stands on the other side. Then closings have to be paid for, and
/// what any outsider would be paid for them is left out where it is the attacker who does it.
struct AttackPurse: Sendable {
  // All in 10^−10 ledger units: coins at a price are exact, and no rounding looks like profit.
  private var deposited: Int128 = 0
  private var withdrawn: Int128 = 0
  private var exposure: Int128 = 0
  static let unit: Int128 = 10_000_000_000
  /// Whether moves may go further than initial margin covers.
  var hasGaps = false

  private var earlier: Snapshot?
  /// Funding of this block, ledger units a step, by instrument.
  private var payments: [Int64] = []

  /// What can be revalued: the attacker's portfolios and the pool's, and at which marks.
  private struct Snapshot: Sendable {
    let portfolios: [Portfolio]
    let pool: Portfolio?
    /// His part of what the pool's depositors own.
    let stake: AttackStake?
    let unitValues: [Int64]
    let coin: Int64
  }

  mutating func bring(_ units: Int64) { deposited += Int128(units) * Self.unit }
  mutating func carryOff(_ units: Int64) { withdrawn += Int128(units) * Self.unit }
  /// Coins, 10^−8, at a price in steps.
  mutating func bring(coins: Int64, at price: Int64) { deposited += Int128(coins) * Int128(price) }
  mutating func carryOff(coins: Int64, at price: Int64) {
    withdrawn += Int128(coins) * Int128(price)
  }

  mutating func note(exposure units: Int64) { exposure += Int128(units) * Self.unit }

  /// Leaves out what the attacker is paid for a closing that an outsider would have done for as
  /// much.
  mutating func serve(for paid: Int64, atMost usual: Int64) {
    if hasGaps { note(exposure: min(paid, usual)) }
  }

  /// The same where the account that is closed still has something itself: that comes first, and is
  /// no more than a transfer between his own.
  ///
  /// - Parameter own: What it has, ledger units, not negative; what is used of it is taken off.
  mutating func serve(for paid: Int64, atMost usual: Int64, after own: inout Int64) {
    let counted = min(paid, usual)
    serve(for: max(counted - own, 0), atMost: usual)
    own = max(own - counted, 0)
  }

  mutating func note(funding payment: Int64, of instrument: Int) {
    while payments.count <= instrument { payments.append(0) }
    payments[instrument] += payment
  }

  // MARK: Marks

  mutating func beginMarking(_ world: AttackWorld) {
    payments.removeAll(keepingCapacity: true)
    earlier = snapshot(world)
  }

  mutating func cancelMarking() { earlier = nil }

  mutating func endMarking(_ world: AttackWorld) {
    guard let before = earlier else { return }
    earlier = nil
    let unitValues = world.engine.state.marks.map(\.unitValue)
    let coin = Self.coinPrice(world)
    for portfolio in before.portfolios {
      let stood = Self.equity(portfolio, before.unitValues, before.coin)
      let stands = Self.equity(portfolio, unitValues, coin) - paid(by: portfolio)
      exposure += hasGaps ? max(stands, 0) - max(stood, 0) : stands - stood
    }
    guard let stake = before.stake, let pool = before.pool else { return }
    let stood = Self.equity(pool, before.unitValues, before.coin)
    let stands = Self.equity(pool, unitValues, coin) - paid(by: pool)
    // Rounded towards less profit.
    exposure += stake.worth(stands, rounding: .up) - stake.worth(stood, rounding: .down)
  }

  private func paid(by portfolio: Portfolio) -> Int128 {
    var sum: Int64 = 0
    for position in portfolio.positions where Int(position.instrument.number) < payments.count {
      sum += position.size.steps * payments[Int(position.instrument.number)]
    }
    return Int128(sum) * Self.unit
  }

  private func snapshot(_ world: AttackWorld) -> Snapshot {
    let state = world.engine.state
    return Snapshot(
      portfolios: AttackWorld.attackers.compactMap { world.account($0)?.portfolio },
      pool: state.pools.first.flatMap { world.account($0.id)?.portfolio },
      stake: state.pools.first.map { AttackStake(in: $0, world.engine.rules.pool.juniorShare) },
      unitValues: state.marks.map(\.unitValue), coin: Self.coinPrice(world))
  }

  // MARK: Worth

  /// What a portfolio is worth at the marks, ledger units, rounded up; nothing below zero.
  static func wealth(of portfolio: Portfolio, _ unitValues: [Int64], _ coin: Int64) -> Int64 {
    let equity = max(equity(portfolio, unitValues, coin), 0)
    return Int64(clamping: equity.divided(by: unit, rounding: .up))
  }

  /// What the attacker has gained beyond the moves of the marks, ledger units, rounded down.
  func profit(_ world: AttackWorld) -> Int64 {
    let now = snapshot(world)
    var sum = withdrawn - deposited - exposure
    for portfolio in now.portfolios {
      sum += max(Self.equity(portfolio, now.unitValues, now.coin), 0)
    }
    if let stake = now.stake, let pool = now.pool {
      sum += Int128(stake.gains) * Self.unit
      sum += stake.worth(Self.equity(pool, now.unitValues, now.coin), rounding: .down)
    }
    for sale in world.engine.state.execution.sales {
      let mine = sale.commitments.filter { AttackWorld.attackers.contains($0.bidder) }
      sum += Int128(sale.deposit) * Int128(mine.count) * Self.unit
    }
    return Int64(clamping: sum.divided(by: Self.unit, rounding: .down))
  }

  /// Balances at the index and profits at the marks, 10^−10 ledger units.
  static func equity(_ portfolio: Portfolio, _ unitValues: [Int64], _ coin: Int64) -> Int128 {
    var sum = Int128(portfolio.balances[0]) * unit
    sum += Int128(portfolio.balances[1]) * Int128(coin)
    for position in portfolio.positions where Int(position.instrument.number) < unitValues.count {
      let value = unitValues[Int(position.instrument.number)]
      sum += Int128(position.unrealizedProfit(unitValue: value)) * unit
    }
    return sum
  }

  static func coinPrice(_ world: AttackWorld) -> Int64 {
    world.engine.state.markets.first?.market.index.steps ?? 0
  }
}
