// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Parameters
import Quantities
import RiskEngine
import Testing

/// Maker 0.02 %, taker 0.04 %, options 0.03 % of the underlying, at most 12.5 % of the premium.
@Suite("Fees")
struct FeeTests {
  private let perpetual = Contracts.btcPerpetual

  private func venue(
    maker: String = "0.02%", _ changes: [(key: String, value: String)] = []
  ) throws -> Venue {
    try Venue.marked(
      [
        (key: "fees.maker", value: maker), (key: "fees.taker", value: "0.04%"),
        (key: "fees.option", value: "0.03%"),
      ] + changes)
  }

  private func moved(_ events: [LedgerEvent], _ reason: TransferReason) -> [Int64] {
    events.compactMap { event in
      guard case .transferred(let transfer) = event, transfer.reason == reason else { return nil }
      return transfer.amount.units
    }
  }

  /// An order of account 1 for 1 BTC at 8,000.
  private func rest(_ venue: inout Venue, side: Side = .buy) throws -> OrderID {
    let id = venue.engine.state.nextOrder
    try venue.submit(
      .placeOrder(
        AccountID(1),
        RestingOrder(
          id: id, instrument: perpetual, side: side, remaining: Size(steps: 1_000),
          limit: Price("8000"), isReduceOnly: false)))
    return id
  }

  private func fees(_ venue: Venue, _ asset: Int = 0) -> Int64 {
    venue.engine.state.houses[asset].fees
  }

  @Test("without a resting order both sides are takers")
  func takers() throws {
    var venue = try venue()
    try venue.open(1, .cross, usd: "1000")
    let events = try venue.submit(venue.trade(perpetual, buyer: 1, seller: 0, size: 1_000))
    // 8,000 USD at 0.04 %, twice.
    #expect(moved(events, .tradingFee) == [3_200_000, 3_200_000])
    #expect(venue.balance(1) == 996_800_000 && fees(venue) == 6_400_000)
  }

  @Test("who rested pays the maker's rate, whichever side it is", arguments: Side.allCases)
  func maker(side: Side) throws {
    var venue = try venue()
    try venue.open(1, .cross, usd: "2000")
    let order = try rest(&venue, side: side)
    let (buyer, seller): (UInt32, UInt32) = side == .buy ? (1, 0) : (0, 1)
    try venue.submit(
      venue.trade(perpetual, buyer: buyer, seller: seller, size: 500, price: "8000", order: order))
    // 4,000 USD at 0.02 % and 0.04 %.
    #expect(venue.balance(1) == 1_999_200_000 && fees(venue) == 2_400_000)
  }

  @Test(
    "the fund has its part of a trade's fees, rounded down, and none of what a maker is given",
    arguments: [
      ("0%", nil, 0), ("25%", nil, 1_600_000), ("100%", nil, 6_400_000),
      ("12.3456789%", nil, 790_123), ("25%", "0.02%", 1_200_000), ("25%", "-0.02%", 400_000),
      ("25%", "-0.04%", 0),
    ] as [(String, String?, Int64)])
  func fundShare(share: String, maker: String?, fund: Int64) throws {
    var venue = try venue(
      maker: maker ?? "0.02%", [(key: "insuranceFund.feeShare", value: share)])
    try venue.open(1, .cross, usd: "2000")
    let order = try maker.map { _ in try rest(&venue) }
    let events = try venue.submit(
      venue.trade(perpetual, buyer: 1, seller: 0, size: 1_000, price: "8000", order: order))
    let paid = moved(events, .tradingFee).reduce(0, +) - moved(events, .makerRebate).reduce(0, +)
    #expect(moved(events, .feeShare) == (fund > 0 ? [fund] : []))
    #expect(venue.insuranceFund() == fund && fees(venue) == paid - fund)
  }

  @Test("a rebate is paid out of the taker's fee")
  func rebate() throws {
    var venue = try venue(maker: "-0.02%")
    try venue.open(1, .cross, usd: "2000")
    let order = try rest(&venue)
    let events = try venue.submit(
      venue.trade(perpetual, buyer: 1, seller: 0, size: 1_000, price: "8000", order: order))
    #expect(moved(events, .tradingFee) == [3_200_000])
    #expect(moved(events, .makerRebate) == [1_600_000])
    #expect(venue.balance(1) == 2_001_600_000 && fees(venue) == 1_600_000)
  }

  @Test("a transfer is free, and fills no order")
  func transfer() throws {
    var venue = try venue()
    try venue.open(1, .cross, usd: "1000")
    let price = venue.mark(perpetual).price
    let report = { (order: OrderID?) in
      Command.recordTrade(
        TradeReport(
          instrument: perpetual, buyer: AccountID(1), seller: AccountID(0),
          size: Size(steps: 1_000), price: price, order: order, origin: .transfer))
    }
    let events = try venue.submit(report(nil))
    #expect(moved(events, .tradingFee).isEmpty && fees(venue) == 0)
    #expect(venue.balance(1) == 1_000_000_000)
    let order = venue.engine.state.nextOrder
    try venue.submit(
      .placeOrder(
        AccountID(0),
        RestingOrder(
          id: order, instrument: perpetual, side: .sell, remaining: Size(steps: 1_000),
          limit: price, isReduceOnly: false)))
    #expect(venue.refusal(of: report(order)) == .transferOfAnOrder(order))
  }

  @Test("coin-settled contracts pay in coin")
  func inverse() throws {
    var venue = try venue()
    try venue.open(1, .cross)
    try venue.deposit(1, "1", of: Coins.btc)
    let size: Int64 = 8_000
    try venue.take(1, size, of: Contracts.btcInverse)
    let value = abs(venue.mark(Contracts.btcInverse).unitValue * size)
    #expect(venue.balance(1, 1) == 100_000_000 - (value * 4 + 9_999) / 10_000)
    #expect(fees(venue, 1) == 2 * ((value * 4 + 9_999) / 10_000) && fees(venue) == 0)
  }

  @Test("an option pays on its underlying, at most an eighth of its premium")
  func option() throws {
    var venue = try venue()
    try venue.open(1, .cross, usd: "5000")
    let mark = venue.mark(Contracts.btcCall)
    let events = try venue.submit(
      venue.trade(Contracts.btcCall, buyer: 1, seller: 0, size: 1_000))
    let premium = mark.unitValue * 1_000
    let onUnderlying = venue.engine.valuation?.notional(
      Size(steps: 1_000), of: Contracts.btcCall)
    let expected = min((try #require(onUnderlying) * 3 + 9_999) / 10_000, (premium + 7) / 8)
    #expect(moved(events, .tradingFee) == [expected, expected])
  }

  @Test("the fee counts in the margin check, on both sides of the limit")
  func marginCheck() throws {
    var free = try Venue.marked()
    try free.open(1, .cross, usd: "1")
    guard
      case .belowInitialMargin(_, _, let margin) = free.refusal(
        of: try free.trade(perpetual, buyer: 1, seller: 0, size: 1_000))
    else {
      Issue.record("expected a refusal for margin")
      return
    }
    for (extra, isAccepted) in [(3_199_999 as Int64, false), (3_200_000, true)] {
      var venue = try venue()
      try venue.open(1, .cross)
      try venue.deposit(1, decimalText(margin + extra, decimals: 6), of: Coins.usd)
      let trade = try venue.trade(perpetual, buyer: 1, seller: 0, size: 1_000)
      if isAccepted {
        try venue.submit(trade)
        #expect(venue.balance(1) == margin)
      } else {
        #expect(venue.refusal(of: trade)?.code == "below-initial-margin")
      }
      let order = Command.placeOrder(
        AccountID(1),
        RestingOrder(
          id: venue.engine.state.nextOrder, instrument: perpetual, side: .buy,
          remaining: Size(steps: 1), limit: venue.mark(perpetual).price, isReduceOnly: false))
      if isAccepted { #expect(venue.refusal(of: order)?.code == "below-initial-margin") }
    }
  }

  @Test("a reduction is never refused for its fee, which ends at the equity")
  func reduction() throws {
    var venue = try venue()
    try venue.open(1, .cross, usd: "403.2")
    try venue.take(1, 1_000, of: perpetual)
    #expect(venue.balance(1) == 400_000_000)
    // Half of it is sold 400 USD lower than it is worth, the rest as low: nothing is left for fees.
    try venue.submit(venue.trade(perpetual, buyer: 0, seller: 1, size: 500, price: "7600"))
    #expect(venue.balance(1) == 198_480_000)
    try venue.submit(venue.trade(perpetual, buyer: 0, seller: 1, size: 500, price: "7604"))
    #expect(venue.balance(1) == 0 && venue.account(1).portfolio.positions.isEmpty)
  }

  @Test("after a liquidation fill the fund is paid first, then the venue, then nobody")
  func liquidation() throws {
    var venue = try venue()
    try venue.open(1, .cross, usd: "503.2")
    try venue.take(1, 1_000, of: perpetual)
    let before = fees(venue)
    try venue.block(btc: "7600")
    let order = try venue.order(of: 1)
    let mark = venue.mark(perpetual).price
    let events = try venue.submit(venue.report(order, price: mark))
    let value = order.size.steps * venue.mark(perpetual).unitValue
    let (penalty, fees) = (moved(events, .liquidationPenalty), moved(events, .tradingFee))
    #expect(penalty.count == 1)
    // Taker for the account in liquidation, maker for the book.
    #expect(fees == [(value * 4 + 9_999) / 10_000, (value * 2 + 9_999) / 10_000])
    #expect(self.fees(venue) == before + fees.reduce(0, +))
  }

  @Test("who takes a liquidation order must bear its fee too, to the unit", arguments: [-1, 0])
  func counterpartyFee(missing: Int64) throws {
    let insolvent = { (maker: String) -> Venue in
      var venue = try self.venue(maker: maker)
      try venue.open(1, .cross, usd: "503.2")
      try venue.take(1, 1_000, of: self.perpetual)
      try venue.open(2, .cross, usd: "1")
      try venue.block(btc: "7600")
      return venue
    }
    var free = try insolvent("0%")
    let order = try free.order(of: 1)
    let mark = free.mark(perpetual)
    guard
      case .belowInitialMargin(_, _, let margin) = free.refusal(
        of: free.report(order, price: mark.price, with: 2))
    else {
      Issue.record("expected a refusal for margin")
      return
    }
    var venue = try insolvent("0.02%")
    let fee = (order.size.steps * mark.unitValue * 2 + 9_999) / 10_000
    let wanted = margin - 1_000_000 + fee + missing
    try venue.deposit(2, decimalText(wanted, decimals: 6), of: Coins.usd)
    let report = venue.report(try venue.order(of: 1), price: mark.price, with: 2)
    if missing == 0 {
      try venue.submit(report)
      #expect(venue.balance(2) == margin)
    } else {
      #expect(venue.refusal(of: report)?.code == "below-initial-margin")
    }
  }

  @Test("a fill that leaves only the penalty leaves no fee")
  func penaltyFirst() throws {
    var venue = try venue()
    try venue.open(1, .cross, usd: "503.2")
    try venue.take(1, 1_000, of: perpetual)
    try venue.block(btc: "7520")
    // Sold at 7,510, 10 USD are left of 500; the penalty of a half per cent takes them all.
    let order = try venue.order(of: 1)
    #expect(order.size == Size(steps: 1_000))
    let events = try venue.submit(venue.report(order, price: Price("7510")))
    #expect(moved(events, .liquidationPenalty) == [10_000_000])
    // The book, which has equity, pays its own.
    #expect(moved(events, .tradingFee) == [1_502_000])
    #expect(venue.balance(1) == 0 && venue.account(1).liquidation == nil)
  }
}
