// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Quantities
import Testing

@testable import RiskEngine

/// What random worlds have found, as small as it gets.
@Suite("Orders that keep their promise")
struct PromiseTests {
  private let perpetual = Contracts.btcPerpetual

  private func only(_ stages: [String]) -> [(key: String, value: String)] {
    let all = [
      "partial", "auction", "pool", "insuranceFund", "deleveraging", "socializedLoss",
    ]
    return all.map { stage in
      let rank = stages.firstIndex(of: stage).map { $0 + 1 } ?? 0
      return (key: "waterfall.\(stage).rank", value: "\(rank)")
    }
  }

  /// Account 1, long 1 BTC from 8,000 in cross margin, after a fall to 7,600.
  private func fallen(
    usd: String = "500", to price: String = "7600", _ changes: [(key: String, value: String)] = []
  ) throws -> Venue {
    var venue = try Venue.marked(changes)
    try venue.open(1, .cross, usd: usd)
    try venue.take(1, 1_000, of: perpetual)
    try venue.block(btc: price)
    return venue
  }

  /// An order for account 1 that would sell at any price at all.
  private func order(_ instrument: InstrumentID, _ side: Side, _ steps: Int64) -> LiquidationOrder {
    LiquidationOrder(
      id: OrderID(99), account: AccountID(1), instrument: instrument, side: side,
      size: Size(steps: steps), limit: side == .sell ? .zero : Price(steps: 50_000_000_000_000),
      stage: .partial, expiresAt: Venue.start)
  }

  private func surplus(
    _ venue: Venue, selling steps: Int64 = 0, at unitValue: Int64 = 0
  ) throws -> Int64 {
    var portfolio = venue.account(1).portfolio
    if steps > 0 {
      portfolio.balances[0] += portfolio.take(
        Size(steps: -steps), of: perpetual, unitValue: unitValue)
    }
    let risk = try #require(venue.engine.valuation).risk(portfolio)
    return risk.equity - risk.maintenanceMargin - risk.liquidationBuffer
  }

  @Test("an order's limit is the last price at which it helps", arguments: [1, 250, 999, 1_000])
  func limit(steps: Int64) throws {
    let venue = try fallen()
    var engine = venue.engine
    let valuation = try #require(engine.valuation)
    let sent = order(perpetual, .sell, steps)
    let found = engine.relieving(sent, of: venue.account(1).portfolio, valuation)
    let bounded = try #require(found)
    #expect(bounded.limit > sent.limit && bounded.size == sent.size)
    let contract = try #require(engine.state.listing.contracts.first)
    let value = try contract.unitValue(at: bounded.limit)
    let stood = try surplus(venue)
    #expect(try surplus(venue, selling: steps, at: value) > stood)
    #expect(try surplus(venue, selling: steps, at: value - 1) <= stood, "one unit further")
  }

  @Test("a limit at which the order helps anyhow stays as it is")
  func plainLimit() throws {
    let venue = try fallen()
    var engine = venue.engine
    let valuation = try #require(engine.valuation)
    let sent = try venue.order(of: 1)
    let found = engine.relieving(sent, of: venue.account(1).portfolio, valuation)
    #expect(found == sent)
  }

  @Test("one leg of a hedge is not closed to restore an account")
  func hedge() throws {
    var venue = try Venue.marked()
    try venue.open(1, .portfolio, usd: "3000")
    try venue.take(1, 1_000, of: perpetual)
    try venue.take(1, -1_000, of: Contracts.btcFuture)
    var engine = venue.engine
    let valuation = try #require(engine.valuation)
    let sent = order(perpetual, .sell, 1_000)
    let found = engine.relieving(sent, of: venue.account(1).portfolio, valuation)
    #expect(found == nil)
  }

  /// Where the auction is the last stage, what nobody has bid for is offered to the book; a bid
  /// used to take it as well, and the fill then turned the position round.
  @Test("what is offered to the book is not auctioned too")
  func soldOnce() throws {
    var venue = try Auctions.solvent(
      [(key: "auction.restarts", value: "0"), (key: "liquidation.sliceShare", value: "100%")]
        + only(["auction"]).filter { $0.key != "waterfall.auction.rank" })
    try venue.block(btc: "7000")
    let sent = try venue.order(of: 1)
    #expect(venue.auction != nil && sent.size == Size(steps: 40_000))
    #expect(venue.engine.auctionOffer(of: Auctions.debtor) == nil)
    let bid = Auctions.command(try Auctions.bid(venue))
    #expect(venue.refusal(of: bid) == .noAuction(Auctions.debtor))
    try venue.submit(venue.report(sent))
    #expect(venue.size(1, perpetual) == 0)
  }

  /// Where pools are the last stage, an order of that stage was taken for a pool's own and lost, so
  /// that the account waited for nothing.
  @Test("an account that no pool takes is offered to the book")
  func poolsLast() throws {
    var venue = try fallen(to: "7400", only(["partial", "pool"]))
    #expect(venue.stage(of: 1) == .pool)
    let sent = try venue.order(of: 1)
    #expect(sent.size == Size(steps: 1_000) && sent.stage == .socializedLoss)
    try venue.submit(venue.report(sent))
    #expect(venue.size(1, perpetual) == 0)
  }

  /// A venue that closes all used to ask the pools again and again for an account that had been
  /// restored while it waited, and never went on.
  @Test("a restored account is closed all the same where all are")
  func closesAllWithPools() throws {
    var venue = try fallen(
      to: "7400",
      [(key: "liquidation.closesAll", value: "true"), (key: "liquidation.patience", value: "1")]
        + only(["partial", "pool", "insuranceFund"]))
    #expect(venue.stage(of: 1) == .insuranceFund)
    try venue.submit(venue.report(venue.order(of: 1), size: 0))
    try venue.block(btc: "8000")
    #expect(venue.account(1).liquidation?.order != nil)
  }

  /// A venue whose only stage is the book: an account that no order helps is still offered there.
  @Test("an account that no order of the only stage helps is offered all the same")
  func partialLast() throws {
    let venue = try fallen(to: "7400", only(["partial"]))
    #expect(venue.stage(of: 1) == .partial)
    let sent = try venue.order(of: 1)
    #expect(sent.size == Size(steps: 1_000) && sent.stage == .socializedLoss)
  }

  /// Shares in whole units a step used to come out up to a unit a step too high.
  @Test(
    "the fund promises to an order what it has, and no unit more",
    arguments: ["0.000001", "0.000999", "0.001", "0.001001", "39.999999", "40.000001"])
  func promise(fund: String) throws {
    var venue = try Venue.marked([(key: "insuranceFund.eventCap", value: "100%")])
    try venue.fund(fund, of: Coins.usd)
    try venue.open(1, .cross, usd: "500.000777")
    try venue.take(1, 1_000, of: perpetual)
    try venue.block(btc: "7400")
    let sent = try venue.order(of: 1)
    #expect(sent.stage == .insuranceFund && sent.fundShare <= venue.insuranceFund())
  }

  /// A winner used to sell no more of its profit to the fund than its equity, and to give the rest.
  ///
  /// Account 1 owes 1,000 USD, of which the fund has none; the only winner has gained 1,500 and,
  /// for what it has lost elsewhere, is worth 800.
  @Test("winners give nothing while the fund can buy what they have gained")
  func boughtToTheEnd() throws {
    var venue = try Venue.marked(only(["partial", "insuranceFund", "socializedLoss"]))
    try venue.fund("1", of: Coins.btc)
    try venue.open(1, .cross, usd: "500")
    try venue.open(2, .cross, usd: "900")
    try venue.take(2, 2_000, of: Contracts.ethPerpetual)
    try venue.submit(venue.trade(perpetual, buyer: 1, seller: 2, size: 1_000))
    try venue.block(btc: "6500", eth: "120")
    for _ in 0..<8 where venue.account(1).liquidation != nil {
      if let order = venue.account(1).liquidation?.order {
        try venue.attempt(venue.report(order, price: venue.mark(perpetual).price))
      }
      try venue.block()
    }
    #expect(venue.account(1).liquidation == nil && venue.size(1, perpetual) == 0)
    let given = venue.records.flatMap(\.events).filter { event in
      guard case .transferred(let transfer) = event else { return false }
      return transfer.reason == .socializedLoss
    }
    #expect(given.isEmpty)
    let bought = venue.records.flatMap(\.events).filter { event in
      guard case .profitRealized(AccountID(2), _, _) = event else { return false }
      return true
    }
    #expect(bought.count == 1, "all of it at once, however little the winner is worth")
    #expect(venue.balance(2, 1) > 15_000_000, "paid 1,000 USD in coins at 6,500")
  }
}
