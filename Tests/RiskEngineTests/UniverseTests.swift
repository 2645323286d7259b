// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Parameters
import Quantities
import RiskEngine
import Testing

/// A venue whose BTC is in universe 1 and whose ETH is in universe 2.
enum Universes {
  static let btc = RiskUniverse(1)
  static let eth = RiskUniverse(2)

  static let changes = [
    (key: "insuranceFund.universe.BTC", value: "1"),
    (key: "insuranceFund.universe.ETH", value: "2"),
  ]

  static func contribution(_ text: String, to universe: RiskUniverse) throws -> Command {
    .contributeToUniverse(universe, try Amount(text, of: Coins.usd))
  }

  static func moved(_ events: [LedgerEvent], _ reason: TransferReason) -> [Transfer] {
    events.compactMap { event in
      guard case .transferred(let transfer) = event, transfer.reason == reason else { return nil }
      return transfer
    }
  }
}

@Suite("Each risk universe has a fund of its own")
struct UniverseTests {
  private let perpetual = Contracts.btcPerpetual

  /// Account 1 lacks 100 USD after a gap to 7,400; the common fund and that of ETH are rich.
  ///
  /// It is long 1 BTC from 8,000 with 500 USD; 2 and 3 are short 0.3 and 0.7 of it. 4 is short 1 of
  /// the maker's, but last in the queue, as it has the least leverage.
  private func gapped(
    _ stages: [WaterfallParameters.Stage], fund: String?,
    _ changes: [(key: String, value: String)] = []
  ) throws -> (venue: Venue, events: [LedgerEvent]) {
    var venue = try Venue.marked(
      LastStages.changes(stages) + Universes.changes
        + [(key: "insuranceFund.eventCap", value: "100%")] + changes)
    try venue.fund("1000000", of: Coins.usd)
    try venue.submit(Universes.contribution("1000000", to: Universes.eth))
    if let fund { try venue.submit(Universes.contribution(fund, to: Universes.btc)) }
    try venue.open(1, .cross, usd: "500")
    for (id, size) in [(2 as UInt32, 300 as Int64), (3, 700)] {
      try venue.open(id, .cross, usd: "1000")
      try venue.submit(venue.trade(perpetual, buyer: 1, seller: id, size: size))
    }
    try venue.open(4, .cross, usd: "100000")
    try venue.take(4, -1_000, of: perpetual)
    // Where the funds stood before is their peak.
    try venue.block(after: 1)
    let events = try venue.block(btc: "7400")
    #expect(venue.size(4, perpetual) == -1_000)
    #expect(venue.insuranceFund() == 1_000_000_000_000, "the common fund is not touched")
    #expect(venue.engine.state.fund(0, of: Universes.eth) == 1_000_000_000_000)
    return (venue, events)
  }

  @Test("the coins of every universe's fund are nobody's other side")
  func coins() throws {
    var venue = try Venue.marked(Universes.changes)
    func delta() throws -> Int128 {
      let btc = try AssetSymbol("BTC")
      return try #require(venue.engine.balance()?.first { $0.underlying == btc }).fundDelta
    }
    try venue.fund("2", of: Coins.btc)
    #expect(try delta() == 200_000_000)
    try venue.submit(
      .contributeToUniverse(Universes.eth, try Amount("0.5", of: Coins.btc)))
    #expect(try delta() == 250_000_000)
  }

  @Test("without a fund of its own a universe deleverages, however rich the others are")
  func drained() throws {
    let (empty, events) = try gapped([.insuranceFund, .deleveraging], fund: nil)
    #expect(empty.size(1, perpetual) == 0 && empty.account(1).liquidation == nil)
    #expect(empty.size(2, perpetual) == 0 && empty.size(3, perpetual) == 0)
    #expect(Universes.moved(events, .insuranceCover).isEmpty)
    // A single unit is enough to try, and what the fund has reaches that far and no further.
    for (fund, limit) in [("0.000001", "7500"), ("40", "7460")] {
      let (some, _) = try gapped([.insuranceFund, .deleveraging], fund: fund)
      #expect(some.stage(of: 1) == .insuranceFund && some.size(1, perpetual) == 1_000)
      #expect(try some.order(of: 1).limit == Price(limit))
    }
  }

  @Test(
    "its fund pays up to its last unit, and what it has not its winners give",
    arguments: [
      ("99.999999", 99_999_999 as Int64), ("100", 100_000_000), ("100.000001", 100_000_000),
    ])
  func covered(fund: String, paid: Int64) throws {
    let (venue, events) = try gapped(
      [.deleveraging, .insuranceFund, .socializedLoss], fund: fund,
      [(key: "deleveraging.price", value: "1")])
    #expect(Universes.moved(events, .insuranceCover).map(\.amount.units) == [paid])
    let from = Universes.moved(events, .insuranceCover).map(\.from)
    #expect(from == [.universeFund(Universes.btc)])
    let held = try Amount(fund, of: Coins.usd).units
    #expect(venue.engine.state.fund(0, of: Universes.btc) == held - paid)
    let shared = Universes.moved(events, .socializedLoss).reduce(0) { $0 + $1.amount.units }
    #expect(shared == 100_000_000 - paid)
    #expect(venue.account(1).liquidation == nil && venue.balance(1) == 0)
    let state = venue.engine.state
    #expect(try LedgerState(canonicalBytes: state.canonicalBytes) == state)
    #expect(state.brokenAfterBlock() == nil)
  }

  @Test("deleveraging at the mark goes as far as the universe's fund can pay")
  func funded() throws {
    let (venue, events) = try gapped(
      [.deleveraging, .insuranceFund], fund: "40", [(key: "deleveraging.price", value: "2")])
    let prices = events.compactMap { event -> Price? in
      if case .traded(let trade) = event { trade.price } else { nil }
    }
    #expect(try Set(prices) == [Price("7460")])
    #expect(Universes.moved(events, .insuranceCover).map(\.amount.units) == [40_000_000])
    #expect(venue.engine.state.fund(0, of: Universes.btc) == 0)
  }

  @Test("caps, alarms and windows are each fund's own")
  func windows() throws {
    let (venue, events) = try gapped(
      [.deleveraging, .insuranceFund], fund: "100",
      [
        (key: "deleveraging.price", value: "1"),
        (key: "insuranceFund.windowCap", value: "25%"),
        (key: "insuranceFund.window", value: "1h"), (key: "insuranceFund.alarms", value: "true"),
      ])
    let usd = try Coins.usd
    #expect(Universes.moved(events, .insuranceCover).map(\.amount.units) == [25_000_000])
    #expect(
      events.contains(.inUniverse(Universes.btc, .fundWindowOpened(usd, opening: 100_000_000))))
    #expect(
      events.contains(
        .inUniverse(Universes.btc, .fundDrawdownChanged(usd, percent: 25, peak: 100_000_000))))
    let state = venue.engine.state
    #expect(state.losses(of: Universes.btc).fund(usd)?.drawn == 25_000_000)
    #expect(state.losses(of: Universes.eth).fund(usd)?.drawdown == 0)
    #expect(state.losses.fund(usd)?.drawn == 0 && state.losses.fund(usd)?.drawdown == 0)
    #expect(try LedgerState(canonicalBytes: state.canonicalBytes) == state)
  }

  @Test("winners are paid back by the fund of their universe and by no other")
  func claims() throws {
    var (venue, _) = try gapped(
      [.socializedLoss], fund: nil, [(key: "socializedLoss.repayAbove", value: "0")])
    let usd = try Coins.usd
    try venue.open(7, .cross, usd: "100000")
    var events = try venue.submit(
      venue.report(venue.order(of: 1), price: try Price("7400"), with: 7))
    // 180, 420 and 600 USD were won.
    let claims = [(2 as UInt32, 15_000_000 as Int64), (3, 35_000_000), (4, 50_000_000)].map {
      LossClaim(account: AccountID($0.0), asset: usd, units: $0.1)
    }
    #expect(events.contains(.inUniverse(Universes.btc, .claimsGranted(claims))))
    events = try venue.block(after: 86_400)
    #expect(Universes.moved(events, .lossRecovery).isEmpty)
    try venue.submit(Universes.contribution("10", to: Universes.btc))
    let paid = Universes.moved(try venue.block(after: 86_400), .lossRecovery)
    #expect(paid.map(\.amount.units) == [1_500_000, 3_500_000, 5_000_000])
    #expect(paid.allSatisfy { $0.from == .universeFund(Universes.btc) })
    #expect(
      venue.engine.state.losses(of: Universes.btc).claims.map(\.units).reduce(0, +) == 90_000_000)
  }

  @Test("a penalty goes to the fund of the universe in which it was earned")
  func penalty() throws {
    var venue = try Venue.marked(
      Universes.changes + [(key: "liquidation.penalty", value: "1%")])
    try venue.open(1, .cross, usd: "500")
    try venue.take(1, 1_000, of: perpetual)
    try venue.block(btc: "7650")
    let events = try venue.submit(
      venue.report(venue.order(of: 1), price: try Price("7650")))
    let penalties = Universes.moved(events, .liquidationPenalty)
    #expect(penalties.map(\.to) == [.universeFund(Universes.btc)])
    #expect(
      venue.engine.state.fund(0, of: Universes.btc) == penalties.reduce(0) { $0 + $1.amount.units })
    #expect(venue.insuranceFund() == 0)
  }

  /// Account 1 lacks 100 USD in universe 1.
  ///
  /// 7 holds a step there, 8 one in universe 2, 9 nothing, 10 has ordered a step in universe 2, and
  /// 11 is a subaccount of 9, with a step in universe 2.
  private func insolvent() throws -> Venue {
    var venue = try Venue.marked(
      LastStages.changes([.insuranceFund]) + Universes.changes + [
        (key: "withdrawalGate.fundShare", value: "200%"),
        (key: "insuranceFund.eventCap", value: "0%"),
      ])
    try venue.open(1, .cross, usd: "500")
    try venue.open(6, .cross, usd: "100000")
    for id: UInt32 in 7...9 { try venue.open(id, .cross, usd: "10000") }
    try venue.take(1, 1_000, of: perpetual)
    try venue.take(7, 1, of: perpetual)
    try venue.open(10, .cross, usd: "10000")
    try venue.submit(.openSubaccount(AccountID(11), under: AccountID(9), .cross))
    try venue.deposit(11, "1000", of: Coins.usd)
    for id: UInt32 in [8, 11] {
      try venue.submit(venue.trade(Contracts.ethPerpetual, buyer: id, seller: 6, size: 1))
    }
    // It was in universe 1, and a step that it orders is all that it has elsewhere.
    try venue.take(10, 1, of: perpetual)
    try venue.take(10, -1, of: perpetual)
    try venue.submit(
      .placeOrder(
        AccountID(10),
        RestingOrder(
          id: venue.engine.state.nextOrder, instrument: Contracts.ethPerpetual, side: .buy,
          remaining: Size(steps: 1), limit: try Price("190"), isReduceOnly: false)))
    try venue.block(btc: "7400")
    return venue
  }

  private func withdrawal(_ id: UInt32) throws -> Command {
    .withdrawCollateral(AccountID(id), try Amount("1", of: Coins.usd))
  }

  @Test("where an account stands in insolvency nobody withdraws, wherever it holds something")
  func gate() throws {
    var venue = try insolvent()
    try venue.submit(
      .moveCollateral(from: AccountID(9), to: AccountID(11), Amount("5000", of: Coins.usd)))
    for id: UInt32 in 7...11 {
      #expect(
        try venue.refusal(of: withdrawal(id))
          == .withdrawalsStopped(insolvency: 100_000_000, limit: 0), "account \(id)")
    }
    // Neither of the other funds stands for it.
    try venue.fund("1000", of: Coins.usd)
    try venue.submit(Universes.contribution("1000", to: Universes.eth))
    try venue.submit(Universes.contribution("49.999999", to: Universes.btc))
    for id: UInt32 in 7...11 {
      #expect(
        try venue.refusal(of: withdrawal(id))
          == .withdrawalsStopped(insolvency: 100_000_000, limit: 99_999_998), "account \(id)")
    }
    try venue.submit(Universes.contribution("0.000001", to: Universes.btc))
    for id: UInt32 in 7...11 { try venue.submit(withdrawal(id)) }
  }

  @Test("each universe has a target of its own, and only its traders pay toward it")
  func targets() throws {
    var venue = try Venue.marked(
      Universes.changes + [
        (key: "insuranceFund.targetInterval", value: "1"),
        (key: "insuranceFund.move.1.shift", value: "-50%"),
        (key: "insuranceFund.feeRise", value: "25%"), (key: "fees.taker", value: "0.04%"),
      ])
    try venue.open(1, .cross, usd: "503.2")
    try venue.open(2, .cross, usd: "10000")
    try venue.open(3, .cross, usd: "10000")
    try venue.take(1, 1_000, of: perpetual)
    let events = try venue.block()
    // 1 lacks 3,500 after the fall, in universe 1 alone.
    let reviews = events.compactMap { event -> (RiskUniverse, Int64, Int64)? in
      switch event {
      case .fundReviewed(let review?): (.common, review.target, review.feeRise.billionths)
      case .inUniverse(let universe, .fundReviewed(let review?)):
        (universe, review.target, review.feeRise.billionths)
      default: nil
      }
    }
    #expect(reviews.map(\.0) == [.common, Universes.btc, Universes.eth])
    #expect(reviews.map(\.1) == [0, 3_850_000_000, 0])
    #expect(reviews.map(\.2) == [0, 250_000_000, 0])
    let calm = try venue.submit(
      venue.trade(Contracts.ethPerpetual, buyer: 2, seller: 3, size: 100))
    #expect(Universes.moved(calm, .fundSurcharge).isEmpty)
    let tight = try venue.submit(
      venue.trade(perpetual, buyer: 1, seller: 0, size: 1, price: "8000"))
    #expect(!tight.isEmpty)
    let paid = Universes.moved(tight, .fundSurcharge)
    #expect(!paid.isEmpty && paid.allSatisfy { $0.to == .universeFund(Universes.btc) })
  }
}
