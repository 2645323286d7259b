// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import NumericalMethods
import Parameters
import Quantities
import RiskEngine
import Simulation

/// The stage of deleveraging as the engine goes through it: one market, 100,000 accounts that win,
/// and insolvent ones that are closed against them one by one, a block each.
///
/// Each block is measured against one in which nobody is closed: between them lie gathering the
/// winners, the allocation, and every event recorded and applied.
struct DeleveragingBench {
  private var engine: Engine
  private var instant: Timestamp
  /// Of insolvent accounts that wait for the book.
  private var orders: [OrderID] = []
  private static let winners = 100_000
  private static let insolvent = 10
  private static let first = UInt32(winners + 1)

  /// By the lowest highest leverage, a tenth of all that is held, of everybody a part; by the queue
  /// of profit × leverage, a hundredth of it, of the best.
  static func figures(_ parameters: ParameterSet) throws -> [Figure] {
    var drained = try DeleveragingBench(parameters, rule: 1, part: 10)
    var queued = try DeleveragingBench(parameters, rule: 0, part: 100)
    let (all, few) = (try drained.measured(), try queued.measured())
    precondition(all.cuts == winners, "everybody is cut")
    precondition(few.cuts >= winners / 200, "a hundredth takes many of the best")
    return [
      .below("stage of \(winners) accounts drained, all cut", all.stage, "ms", goal: 20),
      .below("stage of \(winners) accounts drained, records sealed", all.sealing, "ms"),
      .below("stage of \(winners) accounts queued, \(few.cuts) cut", few.stage, "ms", goal: 20),
      .below("block of \(winners) accounts without the stage", all.idle, "ms"),
    ]
  }

  private init(_ parameters: ParameterSet, rule: Int, part: Int64) throws {
    let quote = try Asset(symbol: AssetSymbol("USD"), decimals: 6)
    (engine, _) = try Engine.open(quote: quote, parameters: Self.fitted(parameters, rule: rule))
    instant = try Timestamp(iso8601: "2020-03-12T00:00:00Z")
    try step(
      .listInstrument(
        Contract(
          id: InstrumentID(0), name: "C-PERP", underlying: AssetSymbol("C"), kind: .perpetual,
          settlement: .linear, settlementAsset: quote, stepQuantity: Price.stepsPerOne,
          tick: Price(steps: 10_000), highestPrice: Price(steps: 20 * Price.stepsPerOne))))
    try step(block(at: 10_000))
    try open(AccountID(0), deposit: 1_000_000_000_000_000)
    var random = SplitMix64(seed: 5)
    var held: Int64 = 0
    for number in 1...UInt32(Self.winners) {
      let steps = Int64(random.next() % 101) + 50
      // From four to four and two fifths of what it has in the market.
      let deposit = steps * 10_000_000 * 1_000 / (4_000 + Int64(random.next() % 401))
      try open(AccountID(number), deposit: deposit)
      try trade(AccountID(0), AccountID(number), steps)
      held += steps
    }
    for number in 0..<UInt32(Self.insolvent) {
      let id = AccountID(Self.first + number)
      let steps = held / part - (part == Int64(Self.insolvent) ? 1 : 0)
      try open(id, deposit: steps * 2_500_000)
      try trade(id, AccountID(0), steps)
    }
    try step(.contributeToFund(Amount(units: 1_000_000, asset: quote)))
    try step(block(at: 10_000))
    // A fall of 30 %, of which they can bear 25: what is left is on offer at what the fund has.
    try step(block(at: 7_000))
  }

  /// One price for everybody, no guard before the waterfall, and an order that finds nobody once
  /// is the last.
  private static func fitted(_ set: ParameterSet, rule: Int) throws -> ParameterSet {
    let stage = [
      (key: "deleveraging.rule", value: "\(rule)"), (key: "liquidation.patience", value: "1"),
      (key: "liquidation.orderLife", value: "1h"),
    ]
    return try set.stating(
      UnguardedVenue.values(of: ["C"]) + UnguardedVenue.wideTiers + stage, source: "bench")
  }

  // MARK: Measuring

  /// Milliseconds, each the best of the insolvent accounts.
  private struct Measured {
    /// What the block of a deleveraging takes beyond an idle one.
    var stage = Double.infinity
    var idle = Double.infinity
    /// Hashing its record, which needs nothing of the engine.
    var sealing = Double.infinity
    /// Winners that were closed against, the fewest.
    var cuts = Int.max
  }

  private mutating func measured() throws -> Measured {
    var best = Measured()
    var whole = Double.infinity
    precondition(orders.count == Self.insolvent, "all wait for the book")
    for order in orders {
      best.idle = min(best.idle, try decided(block(at: 7_000)).milliseconds)
      try step(.reportExecution(ExecutionReport(order: order, fills: [])))
      let (decision, time) = try decided(block(at: 7_000))
      whole = min(whole, time)
      let cuts = decision.events.count { event in
        if case .traded(let trade) = event { trade.cause == .deleveraging } else { false }
      }
      best.cuts = min(best.cuts, cuts)
      best.sealing = min(best.sealing, seconds { _ = decision.sealed(after: engine.hash) } * 1_000)
    }
    best.stage = whole - best.idle
    return best
  }

  private mutating func decided(
    _ command: Command
  ) throws -> (decision: Decision, milliseconds: Double) {
    var decision: Decision?
    let time = try seconds { decision = try engine.decide(command) }
    guard let decision else { preconditionFailure("a command is decided or refused") }
    return (decision, time * 1_000)
  }

  // MARK: Commands

  private mutating func step(_ command: Command) throws {
    for event in try engine.decide(command).events {
      if case .liquidationOrderIssued(let order) = event { orders.append(order.id) }
    }
  }

  private mutating func open(_ id: AccountID, deposit: Int64) throws {
    try step(.openAccount(id, .cross))
    try step(.depositCollateral(id, Amount(units: deposit, asset: engine.state.listing.quote)))
  }

  /// At the mark before the fall.
  private mutating func trade(_ buyer: AccountID, _ seller: AccountID, _ steps: Int64) throws {
    try step(
      .recordTrade(
        TradeReport(
          instrument: InstrumentID(0), buyer: buyer, seller: seller, size: Size(steps: steps),
          price: Price(steps: 10 * Price.stepsPerOne), origin: .transfer)))
  }

  /// The next block, ten seconds later, at a price in thousandths.
  private mutating func block(at thousandths: Int64) throws -> Command {
    instant = instant + TimeSpan(seconds: 10)
    let feed = try FeedID(
      base: AssetSymbol("C"), quote: engine.state.listing.quote.symbol,
      decimals: VenueRules.feedDecimals)
    let sample = PriceSample(
      source: SourceID(try AssetSymbol("ORACLE")), feed: feed,
      mantissa: thousandths * Price.stepsPerOne / 1_000, confidence: 0, publishedAt: instant)
    return .advanceBlock(at: instant, samples: [sample])
  }
}
