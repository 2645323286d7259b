// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Parameters
import Quantities
import RiskEngine
import TestFixtures
import Testing

/// GMX's impact: 500 to an imbalance of 50,000, which is 6,250 steps at 8,000; account 0 makes
/// the market.
@Suite("What crowding costs")
struct CrowdingFeeTests {
  private let perpetual = Contracts.btcPerpetual
  private let terms = [
    (key: "balance.default.depth", value: "50000"), (key: "balance.default.cost", value: "1%"),
    (key: "balance.default.exponent", value: "2"), (key: "balance.default.slopeCap", value: "1"),
  ]

  private func venue(
    _ changes: [(key: String, value: String)] = [], accounts: ClosedRange<UInt32> = 1...2,
    usd: String = "100000"
  ) throws -> Venue {
    var venue = try Venue.marked(terms + changes)
    for id in accounts { try venue.open(id, .cross, usd: usd) }
    try venue.submit(.registerMaker(AccountID(0)))
    return venue
  }

  private func moved(_ events: [LedgerEvent], _ reason: TransferReason) -> [Int64] {
    events.compactMap { event in
      guard case .transferred(let transfer) = event, transfer.reason == reason else { return nil }
      return transfer.amount.units
    }
  }

  private func pot(_ venue: Venue, _ asset: Asset? = nil) throws -> Int64 {
    venue.engine.state.balance.pot(of: try AssetSymbol("BTC"), in: try asset ?? Coins.usd)
  }

  private func imbalance(_ venue: Venue, _ symbol: String = "BTC") throws -> Int64 {
    let balance = try #require(venue.engine.balance())
    return try #require(balance.first { $0.underlying.description == symbol }).imbalance
  }

  // Source: GMX synthetics, README (FIELD 3.13), with a rebate of 80 %.
  @Test("500 to an imbalance of 50,000, 375 for half of it, of which 80 % are paid")
  func gmx() throws {
    var venue = try venue()
    var events = try venue.submit(venue.trade(perpetual, buyer: 1, seller: 0, size: 6_250))
    #expect(moved(events, .entryFee) == [500_000_000])
    #expect(try imbalance(venue) == 50_000_000_000 && pot(venue) == 500_000_000)
    #expect(venue.balance(1) == 99_500_000_000)
    events = try venue.submit(venue.trade(perpetual, buyer: 0, seller: 1, size: 3_125))
    #expect(moved(events, .entryRebate) == [300_000_000] && moved(events, .entryFee) == [])
    #expect(try imbalance(venue) == 25_000_000_000 && pot(venue) == 200_000_000)
    // Through balance to the other side: 100 back, 500 to pay.
    events = try venue.submit(venue.trade(perpetual, buyer: 0, seller: 1, size: 9_375))
    #expect(moved(events, .entryFee) == [400_000_000])
    #expect(try imbalance(venue) == -50_000_000_000 && pot(venue) == 600_000_000)
  }

  @Test("nothing is asked where nothing is stated, or nobody is registered")
  func off() throws {
    var plain = try Venue.marked()
    try plain.open(1, .cross, usd: "100000")
    try plain.submit(.registerMaker(AccountID(0)))
    try plain.take(1, 6_250, of: perpetual)
    #expect(plain.engine.state.balance.pots.isEmpty && plain.balance(1) == 100_000_000_000)
    var nobody = try Venue.marked(terms)
    try nobody.open(1, .cross, usd: "100000")
    try nobody.take(1, 6_250, of: perpetual)
    #expect(nobody.engine.state.balance.isEmpty && nobody.balance(1) == 100_000_000_000)
    #expect(try imbalance(nobody) == 0)
  }

  @Test("takers among themselves, makers among themselves and transfers pay nothing")
  func exempt() throws {
    var venue = try venue(accounts: 1...3)
    var events = try venue.submit(venue.trade(perpetual, buyer: 1, seller: 2, size: 6_250))
    #expect(moved(events, .entryFee) == [])
    try venue.submit(.registerMaker(AccountID(3)))
    events = try venue.submit(venue.trade(perpetual, buyer: 3, seller: 0, size: 6_250))
    #expect(moved(events, .entryFee) == [] && venue.engine.state.balance.pots.isEmpty)
    events = try venue.submit(
      .recordTrade(
        TradeReport(
          instrument: perpetual, buyer: AccountID(1), seller: AccountID(0),
          size: Size(steps: 10), price: venue.mark(perpetual).price, origin: .transfer)))
    #expect(moved(events, .entryFee) == [])
    #expect(try imbalance(venue) == 80_000_000, "but it counts")
  }

  @Test("up to the threshold nothing is asked; one step beyond it the least there is")
  func threshold() throws {
    var venue = try venue([(key: "balance.BTC.threshold", value: "10000")])
    #expect(
      moved(try venue.submit(venue.trade(perpetual, buyer: 1, seller: 0, size: 1_249)), .entryFee)
        == [])
    #expect(
      moved(try venue.submit(venue.trade(perpetual, buyer: 1, seller: 0, size: 1)), .entryFee)
        == [])
    // 2·10⁻⁷ × 8² = 12.8 millionths.
    #expect(
      moved(try venue.submit(venue.trade(perpetual, buyer: 1, seller: 0, size: 1)), .entryFee)
        == [13])
  }

  @Test("coin pays for contracts that settle in coin, rounded up, into a pot of its own")
  func coin() throws {
    var venue = try venue()
    try venue.deposit(1, "10", of: Coins.btc)
    let events = try venue.submit(
      venue.trade(Contracts.btcInverse, buyer: 1, seller: 0, size: 50_000))
    // A coin-settled perpetual counts by its quantity at the mark: 500 USD are 0.0625 BTC.
    #expect(moved(events, .entryFee) == [6_250_000])
    #expect(try pot(venue, Coins.btc) == 6_250_000 && pot(venue) == 0)
    // And there is nothing in coin for who restores balance in dollars.
    let back = try venue.submit(venue.trade(perpetual, buyer: 0, seller: 1, size: 6_250))
    #expect(moved(back, .entryRebate) == [] && moved(back, .entryFee) == [])
  }

  @Test("the fee is part of what a trade needs: refused one unit below")
  func margin() throws {
    // 7 % of 50,000 and 500.
    for (usd, isEnough) in [("3999.999999", false), ("4000", true)] {
      var venue = try Venue.marked(terms + Auctions.terms)
      try venue.open(1, .cross, usd: usd)
      try venue.submit(.registerMaker(AccountID(0)))
      let trade = try venue.trade(perpetual, buyer: 1, seller: 0, size: 6_250)
      if isEnough {
        try venue.submit(trade)
      } else {
        #expect(
          venue.refusal(of: trade)
            == .belowInitialMargin(
              AccountID(1), equity: 3_499_999_999, initialMargin: 3_500_000_000))
      }
    }
  }

  @Test("who closes into crowding pays at most what is left")
  func poor() throws {
    var venue = try venue(usd: "100000")
    try venue.take(1, 6_250, of: perpetual)
    try venue.take(2, -12_500, of: perpetual)
    // Account 1's purchase had cost 500; now takers are short by 50,000, and selling crowds.
    try venue.block(btc: "7000")
    let equity = try venue.equity(1)
    let events = try venue.submit(venue.trade(perpetual, buyer: 0, seller: 1, size: 6_250))
    let paid = moved(events, .entryFee).reduce(0, +)
    #expect(paid > 0 && paid <= equity)
    #expect(try venue.equity(1) == equity - paid)
  }

  @Test("only makers are released, pools are no makers, and each registers once")
  func refusals() throws {
    var venue = try venue()
    let (maker, taker) = (AccountID(0), AccountID(1))
    #expect(
      venue.refusal(of: .registerMaker(maker))
        == .alreadyExists("the registration of \(maker)"))
    #expect(venue.refusal(of: .registerMaker(AccountID(99))) == .unknownAccount(AccountID(99)))
    #expect(venue.refusal(of: .releaseMaker(AccountID(99))) == .unknownAccount(AccountID(99)))
    #expect(venue.refusal(of: .releaseMaker(taker)) == .notRegistered(taker))
    #expect(Refusal.notRegistered(taker).code == "not-registered")
    let pool = AccountID(50)
    try venue.submit(.openPool(pool, markets: [AssetSymbol("BTC")]))
    #expect(venue.refusal(of: .registerMaker(pool)) == .poolAccount(pool))
    try venue.take(1, 100, of: perpetual)
    #expect(try imbalance(venue) == 800_000_000)
    try venue.submit(.releaseMaker(maker))
    #expect(try imbalance(venue) == 0)
    #expect(venue.refusal(of: .releaseMaker(maker)) == .notRegistered(maker))
  }

  @Test("as many makers as there may be, and not one more")
  func mostMakers() throws {
    var venue = try Venue.unmarked()
    let most = UInt32(Engine.mostMakers)
    for id in 0...most { try venue.submit(.openAccount(AccountID(id), .cross)) }
    for id in 0..<most { try venue.submit(.registerMaker(AccountID(id))) }
    #expect(
      venue.refusal(of: .registerMaker(AccountID(most)))
        == .outsideLimits("the number of registered makers"))
  }
}
