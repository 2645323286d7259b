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

@Suite("Deleveraging by every rule")
struct DeleveragingTests {
  private let perpetual = Contracts.btcPerpetual

  /// Account 1 is long 1 BTC from 8,000 with 500 USD; 2 to 5 are each short 0.6 with 3,000, 600,
  /// 600 and 900 USD; nothing is in the fund.
  private func crowd(
    _ changes: [(key: String, value: String)], before: (inout Venue) throws -> Void = { _ in }
  ) throws -> Venue {
    var venue = try Venue.marked(changes)
    try venue.open(1, .cross, usd: "500")
    for (id, usd) in [(2 as UInt32, "3000"), (3, "600"), (4, "600"), (5, "900")] {
      try venue.open(id, .cross, usd: usd)
      try venue.submit(venue.trade(perpetual, buyer: 0, seller: id, size: 600))
    }
    try venue.take(1, 1_000, of: perpetual)
    try before(&venue)
    try venue.block(btc: "7400")
    return venue
  }

  private func allocations(_ venue: Venue) -> [DeleveragingAllocation] {
    venue.records.flatMap(\.events).compactMap { event in
      guard case .deleveragingAllocated(let allocation) = event else { return nil }
      return allocation
    }
  }

  private func cutsTaken(_ venue: Venue) -> [Trade] {
    venue.records.flatMap(\.events).compactMap { event in
      guard case .traded(let trade) = event, trade.cause == .deleveraging else { return nil }
      return trade
    }
  }

  // Leverages at 7,400 with the position closed at 7,500: 4,440 USD against 3,300, 900, 900 and
  // 1,200. Drained to one of 1.9733…, 1,000 steps are 360 + 360 + 280.
  @Test(
    "each rule takes whom it says, to the step",
    arguments: [
      ("0", [-600, 0, -200, -600]), ("1", [-600, -240, -240, -320]),
      ("2", [-600, 0, -200, -600]), ("3", [-350, -350, -350, -350]),
    ])
  func rules(rule: String, left: [Int64]) throws {
    let venue = try crowd([(key: "deleveraging.rule", value: rule)])
    #expect((2...5).map { venue.size($0, perpetual) } == left)
    #expect(venue.size(1, perpetual) == 0 && venue.size(0, perpetual) == 1_400)
    #expect(cutsTaken(venue).allSatisfy { $0.price == Price(steps: 7_500_00000000) }, "P35")
    #expect(venue.balance(1) == 0 && venue.account(1).liquidation == nil)
    let recorded = allocations(venue)
    #expect(recorded.count == (rule == "0" ? 0 : 1), "the oldest rule's trades are its record")
    guard let record = recorded.first else { return }
    // 1.9733… × 2^32, to a step of 7.40 USD of the smallest equity.
    let isDrained = rule == "1"
    let level: Int64 = isDrained ? 8_475_401_955 : 0
    #expect(abs(record.level - level) <= (isDrained ? 35_400_000 : 0))
    #expect(record.rule == UInt8(rule) && record.size == Size(steps: 1_000))
    #expect(record.account == AccountID(1) && !record.isWidened && record.seed == 0)
    #expect(Int(record.cuts) == cutsTaken(venue).count)
  }

  @Test("a drawn start is recorded, and anyone finds the same cuts from it")
  func randomStart() throws {
    let venue = try crowd([(key: "deleveraging.rule", value: "4")])
    let record = try #require(allocations(venue).first)
    let candidates = (2...5).map { id in
      DeleveragingCandidate(
        account: AccountID(UInt32(id)), size: Size(steps: 600), profit: 1, notional: 1, equity: 1)
    }
    let cuts = allocateDeleveraging(
      of: record.size, among: candidates, side: .sell, by: .randomStart(seed: record.seed))
    #expect(cuts.map(\.account) == cutsTaken(venue).map(\.buyer))
    #expect(cuts.map(\.size) == cutsTaken(venue).map(\.size))
    #expect(cuts.map(\.size.steps) == [600, 400])
  }

  @Test("at the mark winners keep all they have won, and what is missing is shared")
  func atMark() throws {
    let venue = try crowd([(key: "deleveraging.price", value: "1")])
    #expect(cutsTaken(venue).allSatisfy { $0.price == Price(steps: 7_400_00000000) }, "P35")
    // Account 3 is closed out with 360 USD of profit. 100 USD are missing: the others bear them in
    // proportion 360 : 120 : 360 of profits that are still open.
    #expect(venue.balance(3) == 960_000_000)
    #expect(try venue.equity(2) == 3_360_000_000 - 42_857_143)
    #expect(try venue.equity(5) == 1_260_000_000 - 42_857_143)
    #expect(try venue.equity(4) == 960_000_000 - 14_285_714)
    #expect(venue.account(1).liquidation == nil && venue.balance(1) == 0)
  }

  @Test(
    "the fund pays the way to the mark as far as it reaches, and winners the rest",
    arguments: [(0, 7_500), (1, 7_499), (99, 7_401), (100, 7_400), (1_000, 7_400)])
  func funded(fund: Int, price: Int64) throws {
    let usd = try Coins.usd
    // All of the fund may be spent on one account, and on nothing but this: orders get none of it.
    let changes =
      LastStages.changes([.deleveraging, .insuranceFund]) + [
        (key: "deleveraging.price", value: "2"), (key: "insuranceFund.eventCap", value: "100%"),
      ]
    let venue = try crowd(changes) { venue in
      if fund > 0 { try venue.fund("\(fund)", of: usd) }
    }
    #expect(cutsTaken(venue).allSatisfy { $0.price == Price(steps: price * 100_000_000) })
    #expect(!cutsTaken(venue).isEmpty)
    #expect(venue.account(1).liquidation == nil && venue.balance(1) == 0)
    #expect(venue.engine.state.houses[0].insuranceFund == Int64(max(fund - 100, 0)) * 1_000_000)
  }

  @Test("a hedged pair is not broken while another choice exists", arguments: ["0", "1"])
  func hedge(rule: String) throws {
    let venue = try crowd([(key: "deleveraging.rule", value: rule)]) { venue in
      // The most leveraged of all by itself; with its future it has no exposure.
      try venue.open(6, .portfolio, usd: "800")
      try venue.submit(
        venue.trade(Contracts.btcFuture, buyer: 6, seller: 0, size: 600))
      try venue.submit(venue.trade(perpetual, buyer: 0, seller: 6, size: 600))
    }
    let isBroken = venue.size(6, perpetual) != -600
    #expect(isBroken == (rule == "0"))
    #expect(venue.size(1, perpetual) == 0)
  }

  @Test(
    "a long of what moves with it hedges a short as far as netting says", arguments: [false, true])
  func factorHedge(isNetted: Bool) throws {
    let netting = ["BTC", "ETH"].flatMap { symbol in
      [
        (key: "margin.netting.\(symbol).correlation", value: "100%"),
        (key: "margin.netting.\(symbol).offsetCap", value: "50%"),
      ]
    }
    let rule = (key: "deleveraging.rule", value: "1")
    let venue = try crowd([rule] + (isNetted ? netting : [])) { venue in
      // 4,266.67 USD of ETH count as 18 ÷ 16 of it.
      try venue.open(6, .cross, usd: "1200")
      try venue.take(6, 2_133, of: Contracts.ethPerpetual)
      try venue.submit(venue.trade(perpetual, buyer: 0, seller: 6, size: 600))
    }
    #expect((venue.size(6, perpetual) == -600) == isNetted)
    #expect(venue.size(1, perpetual) == 0)
  }

  @Test("coins hedge too: a short against the coin it is margined in stays")
  func coinHedge() throws {
    let venue = try crowd([(key: "deleveraging.rule", value: "1")]) { venue in
      try venue.open(6, .cross)
      try venue.deposit(6, "0.6", of: Coins.btc)
      try venue.submit(venue.trade(perpetual, buyer: 0, seller: 6, size: 600))
    }
    #expect(venue.size(6, perpetual) == -600)
    #expect((2...5).map { venue.size($0, perpetual) } == [-600, -240, -240, -320])
  }

  @Test("when the winners do not suffice, draining asks the rest of the side; queues do not")
  func widening() throws {
    for rule in ["0", "1", "3"] {
      var venue = try Venue.marked([(key: "deleveraging.rule", value: rule)])
      try venue.open(1, .cross, usd: "500")
      try venue.take(1, 1_000, of: perpetual)
      try venue.block(btc: "7510")
      // The maker keeps 300 in profit; 700 are with one who entered below the bankruptcy price.
      try venue.open(2, .cross, usd: "5000")
      try venue.submit(venue.trade(perpetual, buyer: 0, seller: 2, size: 700, price: "7450"))
      try venue.block(btc: "7400")
      let widens = rule == "1"
      #expect(venue.size(0, perpetual) == 0)
      #expect(venue.size(1, perpetual) == (widens ? 0 : 700))
      #expect(venue.size(2, perpetual) == (widens ? 0 : -700))
      guard widens else { continue }
      #expect(allocations(venue).map(\.isWidened) == [false, true])
      #expect(allocations(venue).map(\.size.steps) == [1_000, 700])
      // 0.7 BTC sold at 7,450 are bought back at 7,500.
      #expect(venue.balance(2) == 4_965_000_000)
    }
  }

  @Test(
    "nobody becomes insolvent by being asked",
    arguments: [
      (1_550 as Int64, false), (1_450, true),
    ])
  func solvency(future: Int64, isTouched: Bool) throws {
    var venue = try Venue.marked([(key: "deleveraging.rule", value: "1")])
    try venue.open(1, .cross, usd: "500")
    try venue.open(2, .cross, usd: "1020")
    try venue.submit(venue.trade(perpetual, buyer: 1, seller: 2, size: 1_000))
    try venue.take(2, future, of: Contracts.btcFuture)
    try venue.block(btc: "7000")
    #expect((venue.size(2, perpetual) == 0) == isTouched)
    #expect(try venue.equity(2) > 0)
  }

  @Test("everybody sees a place in the queue, as a quantile of the side")
  func places() throws {
    for rule in ["0", "1", "3"] {
      var venue = try Venue.marked([(key: "deleveraging.rule", value: rule)])
      #expect(venue.engine.deleveragingPlaces(in: perpetual).isEmpty)
      try venue.open(1, .cross, usd: "5000")
      for (id, usd) in [(2 as UInt32, "3000"), (3, "600"), (4, "600"), (5, "900")] {
        try venue.open(id, .cross, usd: usd)
        try venue.submit(venue.trade(perpetual, buyer: 0, seller: id, size: 600))
      }
      try venue.take(1, 1_000, of: perpetual)
      try venue.block(btc: "7900")
      let places = venue.engine.deleveragingPlaces(in: perpetual)
      #expect(places.map(\.account.number) == [0, 1, 2, 3, 4, 5])
      #expect(places.map(\.size.steps) == [1_400, 1_000, -600, -600, -600, -600])
      let ranked: [Int?] = rule == "3" ? [100, 100, 100, 100] : [25, 100, 100, 50]
      #expect(places.map(\.quantile) == [nil, nil] + ranked)
    }
    let venue = try Venue.marked()
    #expect(venue.engine.deleveragingPlaces(in: InstrumentID(99)).isEmpty)
  }

  /// Many shorts of random leverage; the leverages as they would stand at the bankruptcy price.
  @Test("drained: the highest leverage never rises, and those cut end at one", arguments: 0..<24)
  func draining(seed: UInt64) throws {
    var random = Seeded(seed)
    var venue = try Venue.marked([(key: "deleveraging.rule", value: "1")])
    let size = random.number(200...3_000)
    try venue.open(1, .cross, usd: "\(size / 2)")
    var shorts: [Int64] = [0]
    for id: UInt32 in 2...12 {
      try venue.open(id, .cross, usd: "\(random.number(800...9_000))")
      shorts.append(random.number(1...900))
      try venue.submit(venue.trade(perpetual, buyer: 0, seller: id, size: shorts[Int(id) - 1]))
    }
    try venue.take(1, size, of: perpetual)
    let cash = (2...12).map { venue.balance($0) }
    try venue.block(btc: "7400")
    let total = (2...12).reduce(Int64(0)) { $0 - venue.size($1, perpetual) }
    let cut = shorts.dropFirst().reduce(0, +) - total
    // The maker, if short, stands opposite with no leverage to speak of and is cut last.
    let makerCut = min(max(size - shorts.dropFirst().reduce(0, +), 0), size)
    #expect(cut + makerCut == size || venue.size(1, perpetual) > 0, "P34")
    let value = try #require(allocations(venue).first).unitValue
    let index = 7.4
    var (highestBefore, highestAfter) = (0.0, 0.0)
    let level = Double(try #require(allocations(venue).first).level) / 0x1p32
    for (place, id) in (UInt32(2)...12).enumerated() {
      let before = shorts[Int(id) - 1]
      let equity = Double(cash[place] + before * (8_000_000 - value)) / 1e6
      let (was, is_) = (Double(before) * index / equity, Double(-venue.size(id, perpetual)) * index)
      highestBefore = max(highestBefore, was)
      highestAfter = max(highestAfter, is_ / equity)
      let step = index / equity
      if -venue.size(id, perpetual) < before, venue.size(id, perpetual) < 0 {
        #expect(abs(is_ / equity - level) <= step, "P33: cut to the level, to a step")
      } else if venue.size(id, perpetual) == -before {
        #expect(was <= level + step, "P33: nobody above the level is left alone")
      }
    }
    #expect(highestAfter <= highestBefore, "P33")
  }
}
