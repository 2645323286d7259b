// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
import Quantities
import RiskEngine
import TestFixtures
import Testing

@Suite("Called or in liquidation, nobody takes risk")
struct ReducingPropertyTests {
  private static let rules = [
    (key: "marginCall.reduceOnly", value: "1.3"), (key: "marginCall.cancelOrders", value: "1.15"),
    (key: "liquidation.keepsReducing", value: "true"),
  ]
  private static let instruments = [
    Contracts.btcPerpetual, Contracts.btcFuture, Contracts.ethPerpetual,
  ]

  /// What has been let through of accounts that were called or in liquidation.
  private struct Tally {
    var reductions = 0
    var hedges = 0
    var orders = 0
  }

  /// Six accounts, every third of them without netting, all with one long position.
  private func opened(_ random: inout Seeded) throws -> Venue {
    let grace = (key: "liquidation.grace", value: random.pick(["0s", "5min"]))
    var venue = try Venue.marked(Self.rules + [grace])
    venue.stopAudit()
    try venue.fund("100000", of: Coins.usd)
    for id in 1...6 as ClosedRange<UInt32> {
      try venue.open(id, id % 3 == 0 ? .cross : .portfolio, usd: "3000")
      try venue.take(id, 1_000, of: Contracts.btcPerpetual)
      let risk = try #require(venue.engine.valuation).risk(venue.account(id).portfolio)
      try venue.submit(
        .withdrawCollateral(
          AccountID(id), Amount(units: risk.equity - risk.initialMargin, asset: Coins.usd)))
    }
    return venue
  }

  private func risk(_ venue: Venue, _ id: UInt32) throws -> AccountRisk {
    try #require(venue.engine.valuation).risk(venue.account(id).portfolio)
  }

  private func isCalled(_ venue: Venue, _ id: UInt32) throws -> Bool {
    let (account, risk) = (venue.account(id), try risk(venue, id))
    guard account.marginCall >= .reduceOnly else { return false }
    let ladder = try LiquidationParameters(ParameterFixture.set(Self.rules)).marginCall
    let step = marginCall(
      equity: risk.equity, maintenanceMargin: risk.maintenanceMargin,
      current: account.marginCall, ladder)
    return step >= .reduceOnly
  }

  private func trade(
    _ venue: inout Venue, _ id: UInt32, _ random: inout Seeded, _ tally: inout Tally
  ) throws {
    let instrument = random.pick(Self.instruments)
    let mark = venue.mark(instrument).price.steps
    let price = Price(steps: mark / 1_000_000 * random.number(970...1_030) * 1_000)
    let (size, isBuy) = (random.number(1...600), random.oneIn(2))
    let before = venue
    let isAccepted = try venue.attempt(
      venue.trade(
        instrument, buyer: isBuy ? id : 0, seller: isBuy ? 0 : id, size: size,
        price: price.description))
    let isBound = try before.account(id).isInLiquidation || isCalled(before, id)
    guard isAccepted, isBound else { return }
    let (held, now) = (before.size(id, instrument), venue.size(id, instrument))
    guard held == 0 || held.signum() == -now.signum() || abs(now) > abs(held) else {
      tally.reductions += 1
      return
    }
    tally.hedges += 1
    let (stood, stands) = (try risk(before, id), try risk(venue, id))
    #expect(before.account(id).portfolio.mode == .portfolio)
    #expect([nil, .cancelOrders].contains(before.stage(of: id)))
    #expect(stands.initialMargin < stood.initialMargin)
    #expect(stands.maintenanceMargin < stood.maintenanceMargin)
    #expect(stands.equity - stands.initialMargin > stood.equity - stood.initialMargin)
    #expect(
      stands.equity - stands.maintenanceMargin - stands.liquidationBuffer
        >= stood.equity - stood.maintenanceMargin - stood.liquidationBuffer)
    #expect(stands.equity >= min(stood.equity, 0))
  }

  private func place(
    _ venue: inout Venue, _ id: UInt32, _ random: inout Seeded, _ tally: inout Tally
  ) throws {
    // Mostly against a position, in parts of it.
    let held = venue.account(id).portfolio.positions.map(\.instrument)
    let instrument = random.pick(held.isEmpty || random.oneIn(4) ? Self.instruments : held)
    let closing: Side = venue.size(id, instrument) > 0 ? .sell : .buy
    let order = RestingOrder(
      id: venue.engine.state.nextOrder, instrument: instrument,
      side: random.oneIn(4) ? random.pick(Side.allCases) : closing,
      remaining: Size(steps: random.number(1...300)), limit: venue.mark(instrument).price,
      isReduceOnly: !random.oneIn(4))
    let account = venue.account(id)
    guard try venue.attempt(.placeOrder(AccountID(id), order)), account.isInLiquidation
    else { return }
    tally.orders += 1
    #expect(order.isReduceOnly)
    let resting = venue.account(id).portfolio.orders.reduce(Int64(0)) { sum, other in
      let isSame = other.instrument == instrument && other.side == order.side
      return isSame ? sum + other.remaining.steps : sum
    }
    let before = account.portfolio.size(of: instrument).steps
    #expect(before * order.side.sign < 0 && abs(before) >= resting)
    #expect(account.liquidationOrder?.instrument != instrument)
  }

  @Test("whatever is tried while prices fall, what is let through reduces or hedges")
  func property() throws {
    var tally = Tally()
    for seed in 1...6 as ClosedRange<UInt64> {
      var random = Seeded(seed)
      var venue = try opened(&random)
      var price: Int64 = 8_000_00
      for _ in 0..<220 {
        let id = UInt32(random.number(1...6))
        switch random.next() % 10 {
        case 0...1:
          price = max(price * random.number(9_900...10_030) / 10_000, 5_000_00)
          try venue.block(btc: decimalText(price, decimals: 2), after: 10)
        case 2:
          guard let order = venue.account(id).liquidation?.order else { continue }
          try venue.attempt(venue.report(order, size: random.number(0...order.size.steps)))
        case 3...4: try place(&venue, id, &random, &tally)
        default: try trade(&venue, id, &random, &tally)
        }
      }
      #expect(venue.engine.state.brokenAfterBlock() == nil)
    }
    #expect(tally.reductions > 20 && tally.hedges > 5 && tally.orders > 5, "\(tally)")
  }
}
