// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Parameters
import Quantities
import RiskEngine
import Testing

@Suite("Funding, profits and expiry")
struct SettlementTests {
  @Test("funding is paid at multiples of its interval, and sums to zero")
  func funding() throws {
    var venue = try Venue.marked([(key: "clearing.fundingInterval", value: "1h")])
    try venue.open(1, .cross, usd: "10000")
    try venue.open(2, .cross)
    try venue.deposit(2, "1", of: Coins.btc)
    try venue.take(1, 1_000, of: Contracts.btcPerpetual)
    try venue.take(2, -500, of: Contracts.btcInverse)
    var events = try venue.block(after: 3_599)
    #expect(!events.contains { isFunding($0) }, "a second before the hour")
    events = try venue.block(after: 1)
    let funded = events.compactMap { event -> (InstrumentID, Rate, Int64)? in
      guard case .fundingSettled(let id, let rate, let payment) = event else { return nil }
      return (id, rate, payment)
    }
    // Premium 0, so the rate is the interest, 0.01 %: of 8 USD a step 0.0008 USD; of 12,500
    // satoshi 1.25, half to even 1. Nobody holds the ETH perpetual.
    #expect(funded.map(\.0) == [Contracts.btcPerpetual, Contracts.btcInverse])
    #expect(funded.map(\.1.billionths) == [100_000, 100_000])
    #expect(funded.map(\.2) == [800, 1])
    #expect(venue.balance(1) == 10_000_000_000 - 800_000)
    #expect(venue.balance(0) == 100_000_000_000_000 + 800_000)
    #expect(venue.balance(2, 1) == 100_000_000 + 500)
    #expect(venue.balance(0, 1) == 500_000_000_000 - 500)
    events = try venue.block()
    #expect(!events.contains { isFunding($0) })
  }

  @Test("unrealized profit of futures goes into balances when funding is due")
  func profits() throws {
    var venue = try Venue.marked([(key: "clearing.fundingInterval", value: "30min")])
    try venue.open(1, .cross, usd: "10000")
    try venue.take(1, 1_000, of: Contracts.btcPerpetual)
    try venue.take(1, 10, of: Contracts.btcCall)
    try venue.block(btc: "8500", after: 1_740)
    #expect(venue.balance(1) == 10_000_000_000, "not due")
    let call = venue.account(1).portfolio.positions[1]
    try venue.block(after: 60)
    // 500 USD of profit less funding of 0.01 % on 8,500 USD; the option keeps its cost.
    #expect(venue.balance(1) == 10_000_000_000 + 500_000_000 - 850_000)
    #expect(venue.account(1).portfolio.positions[0].cost == 8_500_000_000)
    #expect(venue.account(1).portfolio.positions[1] == call)
  }

  @Test("funding waits for a fresh price")
  func fundingBelowQuorum() throws {
    var venue = try Venue.marked([(key: "clearing.fundingInterval", value: "1h")])
    try venue.open(1, .cross, usd: "10000")
    try venue.take(1, 1_000, of: Contracts.btcPerpetual)
    let events = try venue.submit(venue.nextBlock(after: 3_600, silent: ["BTC"]))
    #expect(!events.contains { isFunding($0) })
    #expect(venue.balance(1) == 10_000_000_000)
  }

  @Test("expiring contracts end at the window's average, and nothing of them is left")
  func expiry() throws {
    var venue = try Venue.marked()
    for id: UInt32 in 1...2 { try venue.open(id, .cross, usd: "10000") }
    try venue.deposit(2, "1", of: Coins.btc)
    try venue.take(1, 1_000, of: Contracts.btcFuture)
    try venue.take(1, 10, of: Contracts.btcCall)
    try venue.take(1, 10, of: Contracts.btcPut)
    try venue.take(2, 3, of: Contracts.btcCoinCall)
    try venue.take(2, 1, of: Contracts.btcPerpetual)
    let cost = venue.account(1).portfolio.positions.map(\.cost)
    let coinCost = venue.account(2).portfolio.positions[1].cost
    try venue.submit(.placeOrder(AccountID(1), order(1)))
    // 29 of 30 minutes of the window at 8,400 and one at 9,000: 8,420.
    try venue.block(btc: "8400", after: 1_740)
    for _ in 0..<29 { try venue.block() }
    try venue.block(btc: "9000")
    let events = try venue.block()
    let ends = events.compactMap { event -> (InstrumentID, Price, Int64)? in
      guard case .instrumentExpired(let id, let price, let unitValue) = event else { return nil }
      return (id, price, unitValue)
    }
    #expect(ends.map(\.0) == [2, 3, 4, 6, 7].map { InstrumentID($0) })
    #expect(ends.prefix(4).allSatisfy { $0.1 == Price(steps: 8_420_00000000) })
    // A thousandth of 8,420 and of 420 USD; nothing; a hundredth of 420 ÷ 8,420 coins.
    #expect(ends.map(\.2) == [8_420_000, 420_000, 0, 49_881, 0])
    #expect(
      venue.balance(1) == 10_000_000_000 + 8_420_000_000 + 4_200_000 - cost.reduce(0, +))
    #expect(venue.balance(2, 1) == 100_000_000 + 3 * 49_881 - coinCost)
    #expect(venue.account(1).portfolio.positions.isEmpty)
    #expect(venue.account(1).portfolio.orders.isEmpty)
    #expect(venue.account(2).portfolio.positions.map(\.instrument) == [Contracts.btcPerpetual])
    #expect(
      venue.refusal(
        of: try venue.trade(Contracts.btcFuture, buyer: 1, seller: 0, size: 1, price: "8420"))
        == .expired(Contracts.btcFuture))
  }

  @Test("a coin's collapse neither halts the venue nor leaves its puts unsettled")
  func collapse() throws {
    var venue = try Venue.marked()
    let put = InstrumentID(60)
    let strike = try Price("8000")
    try venue.submit(
      .listInstrument(
        Contracts.contract(
          60, "BTC-P-COIN", "BTC", .option(.put, strike: strike, expiry: Venue.expiry), .inverse,
          Coins.btc, 1_000_000, "2")))
    try venue.open(1, .cross, usd: "100000")
    try venue.deposit(1, "1", of: Coins.btc)
    try venue.block()
    try venue.take(1, 100, of: put)
    // (8,000 − 80) ÷ 80 = 99 coins; the contract says at most two.
    try venue.block(btc: "80")
    #expect(venue.engine.state.status(of: try AssetSymbol("BTC")) == .open)
    #expect(venue.mark(put).price == Price(steps: 2_00000000))
    while venue.now < Venue.expiry { try venue.block() }
    #expect(venue.size(1, put) == 0)
    let settled = venue.records.flatMap(\.events).compactMap { event -> Int64? in
      guard case .instrumentExpired(put, _, let unitValue) = event else { return nil }
      return unitValue
    }
    #expect(settled == [2_000_000])
  }

  @Test("without prices in the window settlement comes late, at the average of the next window")
  func lateSettlement() throws {
    var venue = try Venue.marked()
    try venue.open(1, .cross, usd: "10000")
    try venue.take(1, 1_000, of: Contracts.btcFuture)
    try venue.block(btc: "8400", after: 1_740)
    try venue.submit(venue.nextBlock(after: 1_860, silent: ["BTC"]))
    #expect(!venue.engine.state.totals[2].isExpired)
    try venue.submit(venue.nextBlock(after: 600, silent: ["BTC"]))
    // Prices return: from here another half hour counts.
    try venue.block(btc: "8100")
    for _ in 0..<29 { try venue.block() }
    #expect(!venue.engine.state.totals[2].isExpired)
    // Of the later window, too, what is fixed counts: 29 of 30 minutes at 8,100.
    var spike = venue
    try spike.submit(spike.nextBlock(after: 30))
    try spike.block(btc: "9000", after: 1)
    let mark = spike.mark(Contracts.btcFuture).price
    #expect(mark > Price(steps: 8_100_00000000) && mark < Price(steps: 8_120_00000000))
    try venue.block()
    #expect(venue.engine.state.totals[2].isExpired)
    #expect(venue.balance(1) == 10_000_000_000 + 100_000_000)
  }

  @Test("while its settlement price is averaged a contract is marked at what it will be")
  func markedAtAverage() throws {
    var venue = try Venue.marked()
    let (future, put) = (Contracts.btcFuture, Contracts.btcPut)
    try venue.block(btc: "5000", after: 1_800)
    #expect(venue.mark(future).price == Price(steps: 5_000_00000000))
    for _ in 0..<14 { try venue.block(after: 120) }
    try venue.block(btc: "7700", after: 60)
    // 29 minutes at 5,000 and, if spot stays, one at 7,700: 5,090; the put of 8,000 is certain.
    #expect(venue.mark(future).price == Price(steps: 5_090_00000000))
    #expect(venue.mark(put).price == Price(steps: 2_910_00000000))
    for id: UInt32 in 1...2 { try venue.open(id, .cross, usd: "2000") }
    // At spot it cannot be traded any more: that is half of the mark away.
    let gift = try venue.trade(future, buyer: 1, seller: 2, size: 1_000, price: "7700")
    #expect(
      venue.refusal(of: gift)
        == .priceOutsideBand(Price(steps: 7_700_00000000), mark: venue.mark(future).price))
    try venue.submit(venue.trade(future, buyer: 1, seller: 2, size: 1_000))
    try venue.take(1, -100, of: put)
    try venue.block()
    #expect(venue.now == Venue.expiry)
    // Nobody wins or loses what was known.
    #expect(venue.balance(1) == 2_000_000_000 && venue.balance(2) == 2_000_000_000)
  }

  @Test("expiries that follow each other within an hour all settle")
  func nearExpiries() throws {
    var venue = try Venue.marked()
    for (id, seconds) in [(50 as UInt32, 3_900 as Int64), (51, 5_400), (52, 5_400)] {
      try venue.submit(
        .listInstrument(
          Contracts.contract(
            id, "BTC-FUT-\(id)", "BTC", .future(expiry: Venue.start + TimeSpan(seconds: seconds)),
            .linear, Coins.usd, 100_000, "500000")))
    }
    for _ in 0..<130 { try venue.block() }
    let totals = venue.engine.state.totals
    #expect(
      totals.map(\.isExpired) == [
        false, false, true, true, true, false, true, true, true, true, true,
      ])
  }

  private func order(_ id: UInt64) throws -> RestingOrder {
    RestingOrder(
      id: OrderID(id), instrument: Contracts.btcFuture, side: .buy, remaining: Size(steps: 1),
      limit: try Price("8000"), isReduceOnly: false)
  }

  private func isFunding(_ event: LedgerEvent) -> Bool {
    if case .fundingSettled = event { return true }
    return false
  }
}
