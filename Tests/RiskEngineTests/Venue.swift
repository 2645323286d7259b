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

/// A small venue and everything that was done to it: two underlyings, perpetuals of both
/// settlements, a future and options, a maker, and as many customers as a test opens.
struct Venue {
  static let start = Timestamp(seconds: 1_583_971_200)
  static let expiry = start + TimeSpan(seconds: 3_600)
  static let maker = AccountID(0)

  private(set) var engine: Engine
  private(set) var commands: [Command] = []
  private(set) var records: [Record] = []
  private(set) var audit: Audit
  /// Whether every event is audited; an audit costs as much as the engine's step.
  private(set) var isAudited = true
  private(set) var prices: [(base: AssetSymbol, price: Price)] = []

  /// Limits of the oracle so wide that a test may move prices as it likes.
  static let wideOracle = [
    (key: "oracle.default.breakerLimit", value: "1000%"),
    (key: "oracle.default.breakerCeiling", value: "1000%"),
    (key: "oracle.default.jumpLimit", value: "100%"),
    (key: "oracle.default.deviationBand", value: "100%"),
    (key: "oracle.BTC_PERP.jumpLimit", value: "100%"),
    (key: "oracle.BTC_PERP.deviationBand", value: "100%"),
    (key: "oracle.ETH_PERP.jumpLimit", value: "100%"),
    (key: "oracle.ETH_PERP.deviationBand", value: "100%"),
    (key: "clearing.fundingInterval", value: "1d"),
  ]

  /// Without fees, so that a test of something else can count in whole dollars.
  static let noFees = [
    (key: "fees.maker", value: "0%"), (key: "fees.taker", value: "0%"),
    (key: "fees.option", value: "0%"),
  ]

  /// A venue that is listed and funded, but has not seen a price.
  static func unmarked(_ changes: [(key: String, value: String)] = []) throws -> Venue {
    var venue = try Venue(changes)
    for coin in [try Coins.btc, try Coins.eth] {
      try venue.submit(
        .acceptCollateral(CollateralAsset(asset: coin, underlying: coin.symbol)))
    }
    for contract in try Contracts.all { try venue.submit(.listInstrument(contract)) }
    return venue
  }

  /// A venue at BTC 8,000 and ETH 200 with a rich maker.
  static func marked(_ changes: [(key: String, value: String)] = []) throws -> Venue {
    var venue = try unmarked(changes)
    try venue.block(btc: "8000", eth: "200", after: 0)
    try venue.open(0, .cross, usd: "100000000")
    try venue.deposit(0, "5000", of: Coins.btc)
    return venue
  }

  private init(_ changes: [(key: String, value: String)]) throws {
    let parameters = try ParameterFixture.set(Self.wideOracle + Self.noFees + changes)
    let (engine, record) = try Engine.open(quote: Coins.usd, parameters: parameters)
    self.engine = engine
    commands = [record.command]
    records = [record]
    audit = try Audit(quote: Coins.usd, parameters: parameters)
    try audit.take(record, engine)
  }

  /// Takes a step that must succeed; every event is audited.
  @discardableResult
  mutating func submit(_ command: Command) throws -> [LedgerEvent] {
    let record = try engine.step(command)
    commands.append(command)
    records.append(record)
    if isAudited { try audit.take(record, engine) }
    return record.events
  }

  /// The refusal of a command; records a failure if it is accepted or leaves a trace.
  mutating func refusal(of command: Command) -> Refusal? {
    let (state, hash, sequence) = (engine.state, engine.hash, engine.sequence)
    defer {
      #expect(engine.state == state, "a refused command changes nothing")
      #expect(engine.hash == hash && engine.sequence == sequence)
    }
    do {
      _ = try engine.step(command)
      Issue.record("accepted: \(command)")
      return nil
    } catch {
      guard case .refused(let refusal) = error else {
        Issue.record("\(error)")
        return nil
      }
      return refusal
    }
  }

  /// Takes a step that may be refused; a refusal must leave no trace.
  ///
  /// - Returns: Whether the command was accepted.
  @discardableResult
  mutating func attempt(_ command: Command) throws -> Bool {
    let (state, hash, sequence) = (engine.state, engine.hash, engine.sequence)
    do {
      let record = try engine.step(command)
      commands.append(command)
      records.append(record)
      if isAudited { try audit.take(record, engine) }
      return true
    } catch StepError.refused {
      #expect(engine.state == state, "refused, but not without a trace: \(command)")
      #expect(engine.hash == hash && engine.sequence == sequence)
      return false
    }
  }

  /// Goes on without an audit, for good.
  mutating func stopAudit() { isAudited = false }

  /// Puts another engine in the place of this one, as after a recovery.
  mutating func replaceEngine(_ engine: Engine) { self.engine = engine }

  /// Changes how accounts are spread over workers.
  mutating func setWorkers(_ workers: AccountWorkers) { engine.workers = workers }
}

// MARK: Doing things

extension Venue {
  /// A block some seconds after the last, with every source at these prices.
  @discardableResult
  mutating func block(
    btc: String? = nil, eth: String? = nil, after seconds: Int64 = 60
  ) throws -> [LedgerEvent] {
    if let btc { try set("BTC", btc) }
    if let eth { try set("ETH", eth) }
    return try submit(nextBlock(after: seconds))
  }

  /// A block without a single sample.
  @discardableResult
  mutating func silentBlock(after seconds: Int64 = 300) throws -> [LedgerEvent] {
    try submit(.advanceBlock(at: now + TimeSpan(seconds: seconds), samples: []))
  }

  /// The block that would be next, with every source at the present prices.
  ///
  /// - Parameters:
  ///   - nanoseconds: So much later than the seconds say.
  ///   - silent: The feeds that say nothing.
  func nextBlock(
    after seconds: Int64 = 60, nanoseconds: Int64 = 0, silent: [String] = []
  ) -> Command {
    let instant = now + TimeSpan(seconds: seconds) + TimeSpan(nanoseconds: nanoseconds)
    var samples: [PriceSample] = []
    for feed in engine.rules.feeds {
      let name = feed.id.base.description
      let base = name.hasSuffix("_PERP") ? String(name.dropLast(5)) : name
      guard !silent.contains(base), let price = price(of: name) ?? price(of: base) else { continue }
      for source in feed.parameters.sources {
        samples.append(
          PriceSample(
            source: SourceID(source.source), feed: feed.id, mantissa: price.steps,
            confidence: 0, publishedAt: instant))
      }
    }
    return .advanceBlock(at: instant, samples: samples)
  }

  var now: Timestamp { max(engine.state.time, Self.start) }

  func price(of base: String) -> Price? {
    prices.first { $0.base.description == base }?.price
  }

  mutating func set(_ base: String, _ price: String) throws {
    let symbol = try AssetSymbol(base)
    prices.removeAll { $0.base == symbol }
    prices.append((symbol, try Price(price)))
  }

  mutating func open(_ id: UInt32, _ mode: MarginMode, usd: String? = nil) throws {
    try submit(.openAccount(AccountID(id), mode))
    if let usd { try deposit(id, usd, of: Coins.usd) }
  }

  mutating func deposit(_ id: UInt32, _ text: String, of asset: Asset) throws {
    try submit(.depositCollateral(AccountID(id), Amount(text, of: asset)))
  }

  mutating func fund(_ text: String, of asset: Asset) throws {
    try submit(.contributeToFund(Amount(text, of: asset)))
  }

  /// A trade at a price, by default the mark.
  func trade(
    _ instrument: InstrumentID, buyer: UInt32, seller: UInt32, size: Int64,
    price: String? = nil, order: OrderID? = nil
  ) throws -> Command {
    var agreed = mark(instrument).price
    if let price { agreed = try Price(price) }
    return .recordTrade(
      TradeReport(
        instrument: instrument, buyer: AccountID(buyer), seller: AccountID(seller),
        size: Size(steps: size), price: agreed, order: order))
  }

  /// An account buys from the maker (or sells to it, for a negative size) at the mark.
  mutating func take(_ id: UInt32, _ size: Int64, of instrument: InstrumentID) throws {
    let command =
      size > 0
      ? try trade(instrument, buyer: id, seller: 0, size: size)
      : try trade(instrument, buyer: 0, seller: id, size: -size)
    try submit(command)
  }

  /// Answers an order: some of it, or all, at a price, or nothing.
  func report(
    _ order: LiquidationOrder, size: Int64? = nil, price: Price? = nil, with other: UInt32 = 0
  ) -> Command {
    let size = size.map { Size(steps: $0) } ?? order.size
    let fill = ExecutionReport.Fill(
      counterparty: AccountID(other), size: size, price: price ?? order.limit)
    return .reportExecution(
      ExecutionReport(order: order.id, fills: size == .zero ? [] : [fill]))
  }
}

// MARK: Scenes

extension Venue {
  /// The margin on the difference between two contracts of an underlying, before it doubles.
  static let basis = (key: "margin.basis.default.rate", value: "2.25%")

  /// Takes from an account all that is not its initial margin.
  mutating func withdrawToInitialMargin(_ id: UInt32) throws {
    let risk = try #require(engine.valuation).risk(account(id).portfolio)
    try submit(
      .withdrawCollateral(
        AccountID(id), Amount(units: risk.equity - risk.initialMargin, asset: Coins.usd)))
  }

  /// Brings an account to its initial margin, doubles ``basis``, and makes a block.
  mutating func doubleBasis(against id: UInt32) throws {
    try withdrawToInitialMargin(id)
    try submit(
      .changeParameters(
        engine.state.parameters.setting(Self.basis.key, to: "4.5%", source: "test")))
    try block()
  }

  /// Account 1, long 1 BTC from 8,000 and so many steps of ETH with 589 dollars, at 7,600 and 190:
  /// the engine has sent an order for the BTC.
  static func ordered(eth steps: Int64 = 0) throws -> Venue {
    var venue = try Venue.marked()
    try venue.open(1, .cross, usd: "589")
    try venue.take(1, 1_000, of: Contracts.btcPerpetual)
    if steps != 0 { try venue.take(1, steps, of: Contracts.ethPerpetual) }
    try venue.block(btc: "7600", eth: "190")
    return venue
  }

  /// Account 1 has so many units of ETH and USD and owes satoshi, lost with one step of the inverse
  /// perpetual that it sold at another price; the fund has a bitcoin.
  static func owingSatoshi(eth: Int64, usd: Int64, soldAt price: String) throws -> Venue {
    var venue = try Venue.marked()
    try venue.fund("1", of: Coins.btc)
    try venue.open(1, .cross, usd: "1")
    try venue.submit(.depositCollateral(AccountID(1), Amount(units: eth, asset: Coins.eth)))
    let inverse = Contracts.btcInverse
    try venue.submit(venue.trade(inverse, buyer: 1, seller: 0, size: 1))
    try venue.submit(venue.trade(inverse, buyer: 0, seller: 1, size: 1, price: price))
    try venue.submit(
      .withdrawCollateral(AccountID(1), Amount(units: 1_000_000 - usd, asset: Coins.usd)))
    return venue
  }

  /// The stages that were entered, by whomever, in order.
  var stagesEntered: [LiquidationStage] {
    records.flatMap(\.events).compactMap { event in
      guard case .liquidationStageEntered(_, let stage) = event else { return nil }
      return stage
    }
  }
}

// MARK: Looking

extension Venue {
  func account(_ id: UInt32) -> Account {
    engine.state.accounts[engine.state.index(of: AccountID(id)) ?? 0]
  }

  /// The mark of an instrument; zero before its first block.
  func mark(_ instrument: InstrumentID) -> InstrumentMark {
    let marks = engine.state.marks
    guard let index = engine.state.listing.index(of: instrument), index < marks.count else {
      return InstrumentMark(price: .zero, unitValue: 0)
    }
    return marks[index]
  }

  /// The order an account waits for.
  func order(of id: UInt32) throws -> LiquidationOrder {
    try #require(account(id).liquidation?.order)
  }

  func stage(of id: UInt32) -> LiquidationStage? { account(id).liquidation?.stage }

  func balance(_ id: UInt32, _ asset: Int = 0) -> Int64 {
    account(id).portfolio.balances[asset]
  }

  func size(_ id: UInt32, _ instrument: InstrumentID) -> Int64 {
    account(id).portfolio.size(of: instrument).steps
  }

  func equity(_ id: UInt32) throws -> Int64 {
    try #require(engine.valuation).risk(account(id).portfolio).equity
  }

  func insuranceFund(_ asset: Int = 0) -> Int64 { engine.state.houses[asset].insuranceFund }
}
