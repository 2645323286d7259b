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

@Suite("What a partial liquidation trades, and how much at once")
struct SizingTests {
  private static let best = [(key: "liquidation.choice", value: "1")]
  private let perpetual = Contracts.btcPerpetual

  private func orders(_ venue: Venue) -> [LiquidationOrder] {
    venue.records.flatMap(\.events).compactMap { event in
      guard case .liquidationOrderIssued(let order) = event else { return nil }
      return order
    }
  }

  private func target(_ venue: Venue, _ id: UInt32) throws -> Int64 {
    let risk = try #require(venue.engine.valuation).risk(venue.account(id).portfolio)
    return risk.maintenanceMargin + risk.liquidationBuffer
  }

  /// A portfolio account short calls and puts, whose spot has moved away.
  private func straddle(_ changes: [(key: String, value: String)]) throws -> Venue {
    var venue = try Venue.marked(changes)
    try venue.open(1, .portfolio, usd: "3000")
    try venue.take(1, -1_000, of: Contracts.btcCall)
    try venue.take(1, -1_000, of: Contracts.btcPut)
    let equity = try venue.equity(1)
    let risk = try #require(venue.engine.valuation).risk(venue.account(1).portfolio)
    let spare = equity - risk.maintenanceMargin - risk.liquidationBuffer - 1_000_000
    if spare > 0 {
      try venue.submit(
        .withdrawCollateral(
          AccountID(1),
          Amount(units: min(spare, equity - risk.initialMargin), asset: Coins.usd)))
    }
    try venue.block(btc: "8400")
    return venue
  }

  @Test("a short straddle is hedged in the perpetual where that frees most for its cost")
  func hedge() throws {
    let costs = [
      (key: "liquidation.expectedCost", value: "0.02%"),
      (key: "liquidation.expectedOptionCost", value: "3%"),
    ]
    let venue = try straddle(Self.best + costs)
    let order = try venue.order(of: 1)
    #expect(order.instrument == Contracts.btcPerpetual)
    #expect(order.side == .buy, "spot has risen: the short call has delta to be bought back")
    let plain = try straddle([])
    #expect(try plain.order(of: 1).instrument != Contracts.btcPerpetual)
  }

  @Test("each fill of a chosen trade lowers the requirement, and the account ends")
  func progress() throws {
    var venue = try straddle(Self.best + [(key: "liquidation.expectedCost", value: "0.05%")])
    var targets = [try target(venue, 1)]
    var rounds = 0
    while venue.account(1).liquidation != nil, rounds < 60 {
      rounds += 1
      guard let order = venue.account(1).liquidation?.order else {
        try venue.block()
        continue
      }
      let mark = venue.mark(order.instrument).price
      try venue.submit(venue.report(order, price: mark))
      targets.append(try target(venue, 1))
    }
    #expect(venue.account(1).liquidation == nil)
    #expect(targets.count > 1)
    for (one, next) in zip(targets, targets.dropFirst()) { #expect(next < one, "P22") }
  }

  @Test(
    "a rest worth too little is closed with it: one unit below, at and above", arguments: [0, 1])
  func dust(choice: Int) throws {
    func first(_ changes: [(key: String, value: String)]) throws -> (
      order: LiquidationOrder, left: Int64
    ) {
      var venue = try Venue.marked(
        [
          (key: "liquidation.choice", value: "\(choice)"),
          (key: "liquidation.sliceShare", value: "100%"),
        ] + changes)
      try venue.open(1, .cross, usd: "500")
      try venue.take(1, 1_000, of: Contracts.btcPerpetual)
      try venue.block(btc: "7650")
      let order = try venue.order(of: 1)
      let rest = Size(steps: 1_000) - order.size
      let valuation = try #require(venue.engine.valuation)
      return (order, valuation.notional(rest, of: order.instrument))
    }
    let (plain, left) = try first([])
    try #require(plain.size.steps > 0 && left > 0)
    for (least, isWhole) in [(left - 1, false), (left, false), (left + 1, true)] {
      let digits = String(least % 1_000_000 + 1_000_000).dropFirst()
      let rule = (key: "liquidation.leastLeft", value: "\(least / 1_000_000).\(digits)")
      #expect(try first([rule]).order.size == (isWhole ? Size(steps: 1_000) : plain.size))
      // No more than the market has room for.
      let throttle = [(key: "liquidation.blockShare", value: "99%")]
      #expect(try first([rule] + throttle).order.size == plain.size)
    }
  }

  /// A portfolio long 3 BTC of a future against 2 of the perpetual, with puts sold besides, just
  /// below its maintenance margin.
  private func overhang(_ changes: [(key: String, value: String)]) throws -> Venue {
    var venue = try Venue.marked(
      [
        (key: "liquidation.sliceShare", value: "100%"),
        (key: "liquidation.expectedCost", value: "0.02%"),
        (key: "liquidation.expectedOptionCost", value: "3%"),
        Venue.basis,
      ] + changes)
    try venue.open(1, .portfolio, usd: "20000")
    try venue.take(1, 3_000, of: Contracts.btcFuture)
    try venue.take(1, -2_000, of: perpetual)
    try venue.take(1, -100, of: Contracts.btcPut)
    try venue.withdrawToInitialMargin(1)
    for price in stride(from: 7_980, to: 7_000, by: -20) where venue.account(1).liquidation == nil {
      try venue.block(btc: "\(price)")
    }
    return venue
  }

  @Test(
    "where closing the rest, too, would undo the relief the rest stays: a unit below, at and above",
    arguments: [0, 1])
  func restThatHedges(choice: Int) throws {
    let rule = [(key: "liquidation.choice", value: "\(choice)")]
    let plain = try overhang(rule)
    let first = try plain.order(of: 1)
    let valuation = try #require(plain.engine.valuation)
    func surplus(_ size: Int64) -> Int64 {
      var portfolio = plain.account(1).portfolio
      portfolio.balances[0] += portfolio.take(
        Size(steps: first.side.sign * size), of: first.instrument,
        unitValue: plain.mark(first.instrument).unitValue)
      let risk = valuation.risk(portfolio)
      return risk.equity - risk.maintenanceMargin - risk.liquidationBuffer
    }
    let whole = plain.account(1).portfolio.size(of: first.instrument).magnitude
    let isUndone = surplus(whole.steps) <= surplus(0)
    #expect(surplus(first.size.steps) > surplus(0))
    if choice == 1 {
      #expect(first.instrument == Contracts.btcFuture && first.side == .sell)
      #expect(first.size < Size(steps: 1_000), "what is more than the short")
      try #require(isUndone, "all of the future would bare the short")
    }
    let left = valuation.notional(whole - first.size, of: first.instrument)
    for (least, isSpeck) in [(left - 1, false), (left, false), (left + 1, true)] {
      let digits = String(least % 1_000_000 + 1_000_000).dropFirst()
      let kept = (key: "liquidation.leastLeft", value: "\(least / 1_000_000).\(digits)")
      let venue = try overhang(rule + [kept])
      let order = try venue.order(of: 1)
      #expect(order.instrument == first.instrument && order.side == first.side)
      #expect(order.size == (isSpeck && !isUndone ? whole : first.size))
      #expect(venue.stagesEntered == [.partial])
    }
  }

  @Test("liquidations take no more of a market in a block and a window than is permitted")
  func throttle() throws {
    let limits = [
      (key: "liquidation.blockShare", value: "10%"),
      (key: "liquidation.windowShare", value: "25%"),
      (key: "liquidation.window", value: "300s"),
      (key: "liquidation.patience", value: "100"),
      (key: "liquidation.sliceShare", value: "100%"),
      (key: "clearing.fundingInterval", value: "1d"),
    ]
    var venue = try Venue.marked(limits)
    for id in UInt32(1)...4 {
      try venue.open(id, .cross, usd: "500")
      try venue.take(id, 1_000, of: Contracts.btcPerpetual)
    }
    var ordered: [Int64] = []
    for _ in 0..<7 {
      let before = orders(venue).count
      try venue.block(btc: "7650")
      ordered.append(orders(venue).dropFirst(before).reduce(0) { $0 + $1.size.steps })
      for id in UInt32(1)...4 {
        guard let order = venue.account(id).liquidation?.order else { continue }
        try venue.submit(venue.report(order, size: 0))
      }
    }
    // Open interest is 4,000: 400 a block, 1,000 a window of five blocks, of which the first,
    // of the opening, has passed.
    #expect(ordered == [400, 400, 200, 0, 400, 400, 200])
    let flow = try #require(venue.engine.state.liquidationFlow)
    #expect(flow.ordered(Contracts.btcPerpetual).inWindow == 1_000)
    let state = venue.engine.state
    var reader = CanonicalReader(state.canonicalBytes)
    #expect(try LedgerState(from: &reader) == state)
  }

  /// Two accounts long 1 BTC from 8,000 USD with 500 USD each, an open interest of 2,000 steps.
  private func pair(_ changes: [(key: String, value: String)]) throws -> Venue {
    let limits = [
      (key: "liquidation.patience", value: "100"),
      (key: "liquidation.sliceShare", value: "100%"),
    ]
    var venue = try Venue.marked(limits + changes)
    for id in UInt32(1)...2 {
      try venue.open(id, .cross, usd: "500")
      try venue.take(id, 1_000, of: Contracts.btcPerpetual)
    }
    try venue.block(btc: "7650")
    return venue
  }

  private func ordered(_ venue: Venue) -> [Int64] {
    (UInt32(1)...2).map { venue.account($0).liquidation?.order?.size.steps ?? 0 }
  }

  @Test(
    "a throttle has room for what is wanted: one step below, at and above",
    arguments: [true, false])
  func room(isBlock: Bool) throws {
    let wanted = try #require(ordered(try pair([])).first)
    #expect(ordered(try pair([])) == [wanted, wanted] && wanted > 1)
    func limited(to share: String) throws -> Venue {
      let key = isBlock ? "liquidation.blockShare" : "liquidation.windowShare"
      let window = (key: "liquidation.window", value: "300s")
      return try pair([(key: key, value: share)] + (isBlock ? [] : [window]))
    }
    // A step is 0.05 % of the open interest.
    func share(_ steps: Int64) -> String { "\(decimalText(steps * 5, decimals: 2))%" }
    #expect(ordered(try limited(to: share(wanted - 1))) == [wanted - 1, 0])
    #expect(ordered(try limited(to: share(wanted))) == [wanted, 0])
    #expect(ordered(try limited(to: share(wanted + 1))) == [wanted, 1])
    #expect(ordered(try limited(to: share(2 * wanted))) == [wanted, wanted])
    // A part of a step is room for it.
    #expect(ordered(try limited(to: "0.1%")) == [2, 0])
    #expect(ordered(try limited(to: "0.1000001%")) == [3, 0])
  }

  @Test(
    "what was ordered counts to the end of its block, or of its window", arguments: [true, false])
  func roomReturns(isBlock: Bool) throws {
    // The window began with the first block, a minute before.
    for (seconds, isRoom) in [(Int64(239), isBlock), (240, true)] {
      var venue = try pair(
        isBlock
          ? [(key: "liquidation.blockShare", value: "5%")]
          : [
            (key: "liquidation.windowShare", value: "5%"),
            (key: "liquidation.window", value: "300s"),
          ])
      #expect(ordered(venue) == [100, 0])
      try venue.submit(venue.report(venue.order(of: 1), size: 0))
      try venue.block(after: seconds)
      #expect(ordered(venue) == [isRoom ? 100 : 0, 0])
    }
  }

  @Test("a window without a length is refused, and so is a choice there is not")
  func refusals() throws {
    #expect(throws: ParameterError.missing(key: "liquidation.window")) {
      try LiquidationParameters(
        ParameterFixture.set([(key: "liquidation.windowShare", value: "10%")]))
    }
    #expect(throws: ParameterError.self) {
      try LiquidationParameters(
        ParameterFixture.set([(key: "liquidation.choice", value: "3")]))
    }
  }
}
