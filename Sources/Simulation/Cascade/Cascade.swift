// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
public import Parameters
import Quantities
public import RiskEngine

/// A crash of many markets at once, run through the engine: every account by the door, every
/// price by a block, every fill by a report.
///
/// ``open()`` brings the accounts in, ``crash()`` is the block in which prices fall, and
/// ``settle()`` answers orders and goes on until nobody is in liquidation any more. Everything is
/// a function of the plan and the parameters.
public struct Cascade {
  private let plan: CascadePlan
  private let world: CascadeWorld
  public private(set) var engine: Engine
  public private(set) var result: CascadeResult
  /// Sees every decision, and the engine after it.
  public var observer: ((_ decision: Decision, _ engine: Engine) -> Void)?
  private var orders: [LiquidationOrder] = []
  private var instant: Timestamp
  private let sealer: RecordSealer
  /// Of which the sealer does not know yet.
  private var unsealed: [Decision] = []

  /// Makers of each market; each holds positions in this market alone.
  private static let makersPerMarket = 4
  private static let makerDeposit: Int64 = 150_000_000_000_000
  /// A block every ten seconds, as the venue of 2025 would have had several.
  private static let interval = TimeSpan(seconds: 10)
  /// Blocks after which a cascade that has not ended is given up.
  private static let mostBlocks = 720

  /// Lists the markets and opens the makers' accounts.
  public init(
    _ plan: CascadePlan, parameters: ParameterSet, workers: AccountWorkers = .one
  ) throws {
    self.plan = plan
    world = try CascadeWorld(plan)
    let quote = try Asset(symbol: AssetSymbol("USD"), decimals: 6)
    let set = try Self.fitted(parameters, to: world.markets)
    (engine, _) = try Engine.open(quote: quote, parameters: set, workers: workers)
    sealer = RecordSealer(after: engine.hash)
    result = CascadeResult()
    instant = try Timestamp(iso8601: "2025-10-10T21:15:00Z")
    for market in world.markets {
      try submit(
        .listInstrument(
          Contract(
            id: market.instrument, name: "\(market.symbol)-PERP", underlying: market.symbol,
            kind: .perpetual, settlement: .linear, settlementAsset: quote,
            stepQuantity: Price.stepsPerOne, tick: Price(steps: 10_000),
            highestPrice: Price(steps: 2 * market.price.steps))))
    }
    try submit(block(of: \.price))
    for number in 0..<world.markets.count * Self.makersPerMarket {
      let id = AccountID(UInt32(number))
      try submit(.openAccount(id, .cross))
      try submit(.depositCollateral(id, Amount(units: Self.makerDeposit, asset: quote)))
    }
  }

  /// Opens every account and brings its positions in, against the makers, at the marks; then a
  /// block in which nothing moves, for a venue that crashes has had blocks before.
  public mutating func open() throws {
    let first = world.markets.count * Self.makersPerMarket
    let quote = engine.state.listing.quote
    for (number, account) in world.accounts.enumerated() {
      let id = AccountID(UInt32(first + number))
      try submit(.openAccount(id, .cross))
      try submit(.depositCollateral(id, Amount(units: account.deposit, asset: quote)))
      for (market, steps) in account.positions {
        let maker = Self.maker(of: market, number)
        try submit(
          .recordTrade(
            TradeReport(
              instrument: world.markets[market].instrument, buyer: steps > 0 ? id : maker,
              seller: steps > 0 ? maker : id, size: Size(steps: abs(steps)),
              price: world.markets[market].price, origin: .transfer)))
      }
    }
    try submit(block(of: \.price))
    finishRecords()
    result = CascadeResult()
  }

  /// The block in which every price falls at once.
  public mutating func crash() throws {
    try submit(block(of: \.crashed))
    result.insolvent = engine.risks.count { $0.equity < 0 }
    result.deficit = engine.risks.reduce(Int128(0)) { $0 + Int128(max(-$1.equity, 0)) }
    finishRecords()
  }

  /// Answers every order in full at the mark, or at its limit where that is worse for the book,
  /// block by block until no account is in liquidation.
  public mutating func settle() throws {
    while result.blocks < Self.mostBlocks {
      try answerOrders()
      guard result.endedLiquidations < result.liquidations else { break }
      try submit(block(of: \.crashed))
    }
    finishRecords()
  }

  private mutating func answerOrders() throws {
    var next = 0
    while next < orders.count {
      let order = orders[next]
      next += 1
      guard let market = engine.state.listing.index(of: order.instrument) else { continue }
      let mark = engine.state.marks[market].price
      let price = order.side == .sell ? max(order.limit, mark) : min(order.limit, mark)
      let maker = Self.maker(of: market, Int(order.account.number))
      try submit(
        .reportExecution(
          ExecutionReport(
            order: order.id,
            fills: [.init(counterparty: maker, size: order.size, price: price)])))
    }
    orders.removeAll(keepingCapacity: true)
  }

  private static func maker(of market: Int, _ number: Int) -> AccountID {
    AccountID(UInt32(market * makersPerMarket + number % makersPerMarket))
  }

  private mutating func submit(_ command: Command) throws {
    let decision = try engine.decide(command)
    observer?(decision, engine)
    for event in decision.events {
      if case .liquidationOrderIssued(let order) = event { orders.append(order) }
      result.take(event, engine.state)
    }
    unsealed.append(decision)
    if unsealed.count >= RecordSealer.groupSize { passRecordsOn() }
  }

  private mutating func passRecordsOn() {
    sealer.seal(unsealed)
    unsealed = []
    unsealed.reserveCapacity(RecordSealer.groupSize)
  }

  /// Waits until every record has its hash.
  private mutating func finishRecords() {
    passRecordsOn()
    engine.resume(at: sealer.finish())
  }

  /// The next block, with every market at one of its prices.
  private mutating func block(of price: KeyPath<CascadeMarket, Price>) throws -> Command {
    instant = instant + Self.interval
    let source = SourceID(try AssetSymbol("ORACLE"))
    let quote = engine.state.listing.quote.symbol
    var samples: [PriceSample] = []
    for market in world.markets {
      samples.append(
        PriceSample(
          source: source,
          feed: try FeedID(base: market.symbol, quote: quote, decimals: VenueRules.feedDecimals),
          mantissa: market[keyPath: price].steps, confidence: 0, publishedAt: instant))
    }
    return .advanceBlock(at: instant, samples: samples)
  }

  /// The parameters with one source for each market, and with guards that let the crash through:
  /// what is tried is the waterfall.
  private static func fitted(
    _ set: ParameterSet, to markets: [CascadeMarket]
  ) throws -> ParameterSet {
    try set.stating(
      UnguardedVenue.values(of: markets.map { "\($0.symbol)" }) + UnguardedVenue.wideTiers,
      source: "Cascade: one price for everybody, and no guard before the waterfall.")
  }
}
