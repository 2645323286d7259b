// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Parameters
import Quantities
import RiskEngine
import Testing

@Suite("Windows, alarms and the target of the fund")
struct FundRulesTests {
  private let perpetual = Contracts.btcPerpetual

  /// Account 1 owes 100 USD that it does not have: its long was closed at the mark, 7,400, against
  /// 2, and only the fund may pay.
  private func debtor(
    fund: String, _ changes: [(key: String, value: String)]
  ) throws -> (venue: Venue, events: [LedgerEvent]) {
    var venue = try Venue.marked(
      LastStages.changes([.deleveraging, .insuranceFund])
        + [(key: "deleveraging.price", value: "1")] + changes)
    try venue.fund(fund, of: Coins.usd)
    try venue.open(1, .cross, usd: "500")
    try venue.open(2, .cross, usd: "1000")
    try venue.submit(venue.trade(perpetual, buyer: 1, seller: 2, size: 1_000))
    let before = venue.engine.state.block
    try venue.block(after: 1)
    #expect(venue.engine.state.block == before + 1)
    let events = try venue.block(btc: "7400")
    #expect(venue.size(1, perpetual) == 0)
    return (venue, events)
  }

  private func covers(_ events: [LedgerEvent]) -> [Int64] {
    events.compactMap { event in
      guard case .transferred(let transfer) = event, transfer.reason == .insuranceCover else {
        return nil
      }
      return transfer.amount.units
    }
  }

  @Test("in a window no more than its cap is drawn; the next begins when its time has passed")
  func window() throws {
    var (venue, events) = try debtor(
      fund: "100",
      [
        (key: "insuranceFund.windowCap", value: "50%"),
        (key: "insuranceFund.window", value: "1h"),
      ])
    let usd = try Coins.usd
    #expect(covers(events) == [50_000_000])
    #expect(events.contains(.fundWindowOpened(usd, opening: 100_000_000)))
    let opened = venue.now
    events = try venue.block(after: 3_599)
    #expect(covers(events).isEmpty && venue.balance(1) == -50_000_000)
    let state = try LedgerState(canonicalBytes: venue.engine.state.canonicalBytes)
    #expect(state == venue.engine.state)
    #expect(state.losses.fund(usd)?.drawn == 50_000_000)
    #expect(state.losses.fund(usd)?.windowStart == opened)
    events = try venue.block(after: 1)
    #expect(covers(events) == [25_000_000])
    #expect(events.contains(.fundWindowOpened(usd, opening: 50_000_000)))
    // What comes in does not raise the cap of a window that has begun.
    try venue.fund("1000", of: usd)
    #expect(covers(try venue.block()).isEmpty)
    events = try venue.block(after: 3_600)
    #expect(covers(events) == [25_000_000] && venue.account(1).liquidation == nil)
  }

  @Test("an order may cost no more than the window leaves")
  func budget() throws {
    var venue = try Venue.marked([
      (key: "insuranceFund.windowCap", value: "3%"), (key: "insuranceFund.window", value: "1h"),
      (key: "insuranceFund.eventCap", value: "100%"),
    ])
    try venue.fund("1000", of: Coins.usd)
    for id: UInt32 in 1...2 {
      try venue.open(id, .cross, usd: "500")
      try venue.take(id, 1_000, of: perpetual)
    }
    try venue.block(btc: "7400")
    // 30 USD for both together, so the first has all of it.
    #expect(try venue.order(of: 1).limit == Price("7470"))
    #expect(try venue.order(of: 2).limit == Price("7500"))
  }

  @Test("falls of the fund are recorded at a quarter of its peak, not a unit before")
  func alarms() throws {
    let usd = try Coins.usd
    let alarm = (key: "insuranceFund.alarms", value: "true")
    let (venue, events) = try debtor(fund: "400", [alarm])
    #expect(covers(events) == [100_000_000])
    #expect(events.contains(.fundDrawdownChanged(usd, percent: 25, peak: 400_000_000)))
    let all = venue.records.flatMap(\.events)
    #expect(all.contains(.fundDrawdownChanged(usd, percent: 0, peak: 400_000_000)))
    let (_, less) = try debtor(fund: "400.000001", [alarm])
    #expect(!less.contains { if case .fundDrawdownChanged = $0 { true } else { false } })
    let (_, most) = try debtor(fund: "133.333333", [alarm])
    #expect(most.contains(.fundDrawdownChanged(usd, percent: 75, peak: 133_333_333)))
    var (again, _) = try debtor(fund: "200", [alarm])
    try again.fund("100", of: usd)
    let risen = try again.block()
    #expect(risen.contains(.fundDrawdownChanged(usd, percent: 0, peak: 200_000_000)))
    let (_, quiet) = try debtor(fund: "400", [])
    #expect(!quiet.contains { if case .fundDrawdownChanged = $0 { true } else { false } })
  }

  private static let target: [(key: String, value: String)] = [
    (key: "insuranceFund.targetInterval", value: "1"),
    (key: "insuranceFund.move.1.shift", value: "-50%"),
    (key: "insuranceFund.move.2.shift", value: "50%"),
    (key: "insuranceFund.feeRise", value: "25%"),
    (key: "insuranceFund.marginRise", value: "100%"),
    (key: "fees.taker", value: "0.04%"),
  ]

  /// Two longs of 1 BTC from 8,000 with 500 and 600 USD lack 3,500 and 3,400 after a fall by half,
  /// and the maker nothing: the target is 1.1 × 6,900.
  private func reviewed(fund: String) throws -> Venue {
    var venue = try Venue.marked(Self.target)
    try venue.fund(fund, of: Coins.usd)
    for (id, usd) in [(1 as UInt32, "503.2"), (2, "603.2")] {
      try venue.open(id, .cross, usd: usd)
      try venue.take(id, 1_000, of: perpetual)
    }
    try venue.open(3, .cross, usd: "600")
    return venue
  }

  // 5,313 is 70 % and 2,277 is 30 % of 7,590; the two fees have added what they add.
  @Test(
    "below 70 % of the target fees rise, below 30 % margins do, not a unit above",
    arguments: [
      ("5313.000001", 0 as Int64, false), ("5313", 0, false), ("5312.999999", 1, false),
      ("2277.000001", 250_000_000, false), ("2277", 250_000_000, false),
      ("2276.999999", 250_000_000, true),
    ])
  func tightening(fund: String, rise: Int64, lowers: Bool) throws {
    var venue = try reviewed(fund: "0.000001")
    let held = venue.insuranceFund()
    let wanted = try Amount(fund, of: Coins.usd).units
    try venue.submit(
      .contributeToFund(Amount(units: wanted - held, asset: try Coins.usd)))
    try venue.block()
    let review = try #require(venue.engine.state.losses.review)
    #expect(review.target == 7_590_000_000 && review.balance == wanted)
    #expect(review.feeRise.billionths == rise)
    #expect(review.marginRise == (lowers ? .one : .zero))
    // 3 BTC at 2 % are 480 of its 600 USD of initial margin; the double is not there.
    let risk = try #require(venue.engine.valuation)
    let trade = try venue.trade(perpetual, buyer: 3, seller: 0, size: 1_000)
    let before = venue.insuranceFund()
    if lowers {
      guard case .belowInitialMargin = venue.refusal(of: trade) else {
        Issue.record("leverage is lower at the door")
        return
      }
      #expect(risk.marks.isEmpty == false)
    } else {
      try venue.submit(trade)
      // Both sides take 3.20 USD; what is on top goes into the fund, rounded up.
      let added = Rate(billionths: rise).share(of: 3_200_000, rounding: .up)
      #expect(venue.insuranceFund() - before == 2 * added)
    }
  }

  @Test("a target that is no longer asked for asks nothing")
  func cleared() throws {
    var venue = try reviewed(fund: "1")
    try venue.block()
    #expect(venue.engine.state.losses.review != nil)
    let set = try venue.engine.state.parameters.setting(
      "insuranceFund.targetInterval", to: "0", source: "test")
    try venue.submit(.changeParameters(set))
    let events = try venue.block()
    #expect(events.contains(.fundReviewed(nil)))
    #expect(venue.engine.state.losses.isEmpty)
    #expect(try !venue.block().contains(.fundReviewed(nil)))
  }

  @Test("a move that takes a contract out of its limits leaves the last target")
  func unmeasurable() throws {
    var venue = try reviewed(fund: "1")
    // A step of 10,000 USD is 1.25 coins at 8,000 USD, and 25 coins after a fall by 95 %: 2.5·10^9
    // ledger units, above 2^29.
    try venue.submit(
      .listInstrument(
        Contracts.contract(
          60, "COARSE", "BTC", .perpetual, .inverse, Coins.btc, 1_000_000_000_000, "500000")))
    try venue.block()
    let last = try #require(venue.engine.state.losses.review)
    for (shift, isReviewed) in [("-95%", false), ("-70%", true)] {
      try venue.submit(
        .changeParameters(
          venue.engine.state.parameters.setting(
            "insuranceFund.move.1.shift", to: shift, source: "test")))
      try venue.set("BTC", "8001")
      let events = try venue.block()
      #expect(
        events.contains { if case .fundReviewed = $0 { true } else { false } } == isReviewed)
      #expect((venue.engine.state.losses.review == last) == !isReviewed, "\(shift)")
    }
  }
}
