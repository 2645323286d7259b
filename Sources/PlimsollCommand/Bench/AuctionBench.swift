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

/// The stage of the auction as the engine goes through it: portfolios of four markets under the
/// hammer, and 10,000 accounts with positions of their own that bid for one after the other.
///
/// The bids of a portfolio are one command of one instant, as a venue gathers them. Timed is its
/// decision: the order of the bids, what each may take, the margin of both sides, and every event
/// recorded and applied.
struct AuctionBench {
  /// What a bidder wants, and so what becomes of his bid.
  private enum Intent: CaseIterable {
    /// A part of what is for sale, for no more than is paid: filled.
    case fair
    /// More than is paid.
    case dear
    /// More than he can carry.
    case poor
    /// A bid that came after it had expired.
    case late
    /// Less than the smallest part.
    case small

    /// Of those that are not filled: half wait for a better price, three of ten lack margin.
    static let others: [Intent] = [
      .dear, .poor, .dear, .late, .dear, .poor, .dear, .small, .poor, .dear,
    ]

    func isRefused(by refusal: Refusal) -> Bool {
      switch (self, refusal) {
      case (.dear, .auctionPriceTooHigh), (.poor, .belowInitialMargin), (.late, .bidStale),
        (.small, .bidTooSmall):
        true
      default: false
      }
    }
  }

  private var engine: Engine
  private var instant: Timestamp
  private var random = SplitMix64(seed: 11)
  /// Of the accounts from 1 on.
  private let intents: [Intent]
  private let debtors: [AccountID]
  private static let markets = 4
  /// A portfolio for each run: a bid changes what it is made on.
  private static let runs = 9
  /// Of a portfolio in each market, hundredths of a coin that is worth 10.
  private static let held: Int64 = 20_000_000
  /// Of a portfolio before the fall, millionths.
  private static let notional = Int64(markets) * held * 100_000

  /// With the house's smallest part of a hundredth few can be filled before all is sold, here
  /// at most some 25; with next to none every second one, as long as the portfolio lasts.
  static func figures(_ parameters: ParameterSet, bids: Int) throws -> [Figure] {
    var few = try AuctionBench(parameters, bids: bids, every: max(400, bids / 25), least: "1%")
    var many = try AuctionBench(parameters, bids: bids, every: 2, least: "0.001%")
    return [
      .below(
        "stage of \(bids) bids in an auction, \(few.fair) filled", try few.measured(), "ms",
        goal: 10),
      .below(
        "stage of \(bids) bids in an auction, \(many.fair) filled", try many.measured(), "ms",
        goal: 10),
    ]
  }

  /// How many are to be filled.
  private var fair: Int { intents.count { $0 == .fair } }

  private init(
    _ parameters: ParameterSet, bids: Int, every stride: Int, least share: String
  ) throws {
    let quote = try Asset(symbol: AssetSymbol("USD"), decimals: 6)
    (engine, _) = try Engine.open(
      quote: quote, parameters: Self.fitted(parameters, least: share))
    instant = try Timestamp(iso8601: "2020-03-12T00:00:00Z")
    intents = (0..<bids).map { number in
      number % stride == 0 ? .fair : Intent.others[number / 2 % Intent.others.count]
    }
    debtors = (1...Self.runs).map { AccountID(UInt32(bids + $0)) }
    for market in 0..<Self.markets { try list(market, quote) }
    try step(block(at: 10_000))
    try open(AccountID(0), deposit: 1_000_000_000_000_000)
    try openBidders()
    for id in debtors {
      try open(id, deposit: Self.notional / 100 * 12)
      for market in 0..<Self.markets { try trade(id, market, Self.held) }
    }
    // A fall that leaves half a hundredth of what they held before.
    try step(block(at: 8_850))
    try step(block(at: 8_850))
  }

  /// The auction as the first stage, one price for everybody, no guard before it.
  private static func fitted(_ set: ParameterSet, least share: String) throws -> ParameterSet {
    let stages = [
      (key: "waterfall.partial.rank", value: "0"), (key: "waterfall.auction.rank", value: "1"),
      (key: "auction.leastShare", value: share),
    ]
    return try set.stating(
      UnguardedVenue.values(of: (0..<markets).map { "C\($0)" }) + UnguardedVenue.wideTiers
        + stages, source: "bench")
  }

  // MARK: Measuring

  /// The shortest decision on all bids, milliseconds.
  /// - Throws: ``BenchError/unexpected(_:)`` if it was not on all of them, if others were filled
  ///   than should be, or if one was refused for another reason than it should.
  private mutating func measured() throws -> Double {
    var best = Double.infinity
    for id in debtors {
      guard let offer = engine.auctionOffer(of: id) else {
        throw BenchError.unexpected("nothing of account \(id) is for sale")
      }
      let bids = drawBids(on: offer)
      try requireRefusals(of: bids, on: id)
      var decision: Decision?
      let time = try seconds { decision = try engine.decide(.bidInAuction(id, bids)) }
      let fills = decision?.events.count { event in
        if case .auctionBidFilled = event { true } else { false }
      }
      guard fills == fair else {
        throw BenchError.unexpected("\(fills ?? 0) bids were filled instead of \(fair)")
      }
      // Once nothing is for sale, no further bid is looked at.
      guard engine.auctionOffer(of: id) != nil else {
        throw BenchError.unexpected("all was sold before \(bids.count) bids were looked at")
      }
      best = min(best, time * 1_000)
    }
    return best
  }

  /// The fair bids together take about half of what may be sold.
  private mutating func drawBids(on offer: AuctionOffer) -> [AuctionBid] {
    let part = offer.mostShare.billionths
    let least = engine.rules.liquidation.auction.leastShare.billionths
    let count = Int64(fair)
    return intents.enumerated().map { number, intent in
      let share =
        switch intent {
        case .fair, .dear, .late: part / (2 * count) * draw(900...1_100) / 1_000
        case .poor: part / 10
        case .small: least / 2
        }
      let percent = intent == .dear ? draw(110...300) : draw(0...90)
      return AuctionBid(
        bidder: AccountID(UInt32(number + 1)), share: Rate(billionths: share),
        leastReward: Rate(billionths: offer.reward.billionths * percent / 100),
        receivedAt: instant - TimeSpan(nanoseconds: draw(0...10_000_000_000)),
        expiresAt: intent == .late ? instant : instant + TimeSpan(seconds: 60))
    }
  }

  /// A bid of each kind that is not to be filled, alone: only then is its reason said.
  private mutating func requireRefusals(of bids: [AuctionBid], on id: AccountID) throws {
    for intent in Intent.allCases where intent != .fair {
      guard let number = intents.firstIndex(of: intent) else {
        throw BenchError.unexpected("no bid is \(intent)")
      }
      var reason: Refusal?
      do { _ = try engine.decide(.bidInAuction(id, [bids[number]])) } catch {
        guard case .refused(let refusal) = error else { throw error }
        reason = refusal
      }
      guard let reason, intent.isRefused(by: reason) else {
        let answer = reason.map { "refused: \($0)" } ?? "filled"
        throw BenchError.unexpected("a bid that is \(intent) was \(answer)")
      }
    }
  }

  // MARK: Commands

  private mutating func draw(_ range: ClosedRange<Int64>) -> Int64 {
    let width = UInt64(range.upperBound - range.lowerBound) + 1
    return range.lowerBound + Int64(random.next() % width)
  }

  private mutating func step(_ command: Command) throws { _ = try engine.decide(command) }

  private mutating func list(_ market: Int, _ quote: Asset) throws {
    try step(
      .listInstrument(
        Contract(
          id: InstrumentID(UInt32(market)), name: "C\(market)-PERP",
          underlying: AssetSymbol("C\(market)"), kind: .perpetual, settlement: .linear,
          settlementAsset: quote, stepQuantity: Price.stepsPerOne / 100,
          tick: Price(steps: 10_000), highestPrice: Price(steps: 20 * Price.stepsPerOne))))
  }

  /// Each holds a position of 1,000 to 6,000; who is to be filled can carry his part of every
  /// portfolio, twice its margin.
  private mutating func openBidders() throws {
    let part = Self.notional / Int64(fair) * Int64(Self.runs) * 11 / 20
    for (number, intent) in intents.enumerated() {
      let id = AccountID(UInt32(number + 1))
      let spare =
        switch intent {
        case .fair: part / 2
        case .poor: Int64(0)
        case .dear, .late, .small: draw(0...20_000_000_000)
        }
      try open(id, deposit: 2_000_000_000 + spare)
      try trade(id, number % Self.markets, draw(10_000...60_000))
    }
  }

  private mutating func open(_ id: AccountID, deposit: Int64) throws {
    try step(.openAccount(id, .cross))
    try step(.depositCollateral(id, Amount(units: deposit, asset: engine.state.listing.quote)))
  }

  /// Buys from account 0, at the mark before the fall.
  private mutating func trade(_ buyer: AccountID, _ market: Int, _ steps: Int64) throws {
    try step(
      .recordTrade(
        TradeReport(
          instrument: InstrumentID(UInt32(market)), buyer: buyer, seller: AccountID(0),
          size: Size(steps: steps), price: Price(steps: 10 * Price.stepsPerOne),
          origin: .transfer)))
  }

  /// The next block, a minute later, at a price in thousandths.
  private mutating func block(at thousandths: Int64) throws -> Command {
    instant = instant + TimeSpan(seconds: 60)
    let samples = try (0..<Self.markets).map { market in
      PriceSample(
        source: SourceID(try AssetSymbol("ORACLE")),
        feed: try FeedID(
          base: AssetSymbol("C\(market)"), quote: engine.state.listing.quote.symbol,
          decimals: VenueRules.feedDecimals),
        mantissa: thousandths * Price.stepsPerOne / 1_000, confidence: 0, publishedAt: instant)
    }
    return .advanceBlock(at: instant, samples: samples)
  }
}
