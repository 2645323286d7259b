// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
public import Parameters
import Quantities
import RiskEngine

/// A small venue with the real engine: one perpetual, a rich maker, a full fund.
///
/// A value: every strategy plays on a copy of its own.
public struct AttackVenue: Sendable {
  private(set) var engine: Engine
  private var orders: [LiquidationOrder] = []
  private var instant: Timestamp
  private var price: Price
  /// What the attacker's net position has earned by moves of the mark: exposure, not attack.
  private(set) var exposure: Int64 = 0
  private(set) var deposited: Int64 = 0
  private(set) var withdrawn: Int64 = 0
  /// Refused commands do not count as harm; how many were accepted is for the tests.
  private(set) var accepted = 0

  static let maker = AccountID(0)
  static let outsider = AccountID(1)
  static let instrument = InstrumentID(0)
  static let opening = Price(steps: 10_000 * Price.stepsPerOne)
  private static let source = "Attack search: one price for everybody, guards out of the way."

  /// Opens the venue: at 10,000, a thousandth of a coin a step.
  ///
  /// - Parameters:
  ///   - changes: Values that replace those of the set.
  public init(_ parameters: ParameterSet, _ changes: [(key: String, value: String)]) throws {
    let quote = try Asset(symbol: AssetSymbol("USD"), decimals: 6)
    let set = try Self.fitted(parameters, changes)
    (engine, _) = try Engine.open(quote: quote, parameters: set)
    instant = try Timestamp(iso8601: "2020-03-12T00:00:00Z")
    price = Self.opening
    let contract = try Contract(
      id: Self.instrument, name: "C-PERP", underlying: AssetSymbol("C"), kind: .perpetual,
      settlement: .linear, settlementAsset: quote, stepQuantity: 100_000,
      tick: Price(steps: 10_000), highestPrice: Price(steps: 100_000 * Price.stepsPerOne))
    _ = try engine.step(.listInstrument(contract))
    _ = try engine.step(try block())
    for id in [Self.maker, Self.outsider] {
      _ = try engine.step(.openAccount(id, .cross))
      _ = try engine.step(
        .depositCollateral(id, Amount(units: 1_000_000_000_000_000, asset: quote)))
    }
    _ = try engine.step(.contributeToFund(Amount(units: 10_000_000_000_000, asset: quote)))
  }

  static func fitted(
    _ set: ParameterSet, _ changes: [(key: String, value: String)]
  ) throws -> ParameterSet {
    // A payment by the hour would be exposure, too.
    let usual =
      UnguardedVenue.values(of: ["C"]) + [(key: "clearing.fundingInterval", value: "1d")]
    return try set.stating(
      usual.filter { usual in !changes.contains { $0.key == usual.key } }
        + displaced(by: changes, in: set) + changes,
      source: source)
  }

  /// Stages of a set that stand where others are put, switched off: a ground tries some stages of
  /// a waterfall and states where they stand.
  private static func displaced(
    by changes: [(key: String, value: String)], in set: ParameterSet
  ) -> [(key: String, value: String)] {
    func isRank(_ key: String) -> Bool { key.hasPrefix("waterfall.") && key.hasSuffix(".rank") }
    let taken = Set(changes.filter { isRank($0.key) }.compactMap { Int64($0.value) })
    return set.values.filter { value in
      isRank(value.key) && value.raw > 0 && taken.contains(value.raw)
        && !changes.contains { $0.key == value.key }
    }.map { (key: $0.key, value: "0") }
  }
}

// MARK: What the attacker can do

extension AttackVenue {
  /// Takes a command, or leaves no trace of it.
  @discardableResult
  mutating func attempt(_ command: Command) -> Bool {
    guard let record = try? engine.step(command) else { return false }
    accepted += 1
    for event in record.events {
      if case .liquidationOrderIssued(let order) = event { orders.append(order) }
    }
    return true
  }

  mutating func open(_ id: AccountID, deposit: Int64) {
    attempt(.openAccount(id, .cross))
    let amount = Amount(units: deposit, asset: engine.state.listing.quote)
    if attempt(.depositCollateral(id, amount)) { deposited += deposit }
  }

  mutating func withdraw(_ id: AccountID, _ units: Int64) {
    guard units > 0 else { return }
    let amount = Amount(units: units, asset: engine.state.listing.quote)
    if attempt(.withdrawCollateral(id, amount)) { withdrawn += units }
  }

  /// - Parameter offset: Hundredths of a percent from the mark.
  mutating func trade(
    buyer: AccountID, seller: AccountID, steps: Int64, offset: Int64 = 0
  ) {
    let tick: Int64 = 10_000
    let agreed = (markSteps + markSteps / 10_000 * offset) / tick * tick
    attempt(
      .recordTrade(
        TradeReport(
          instrument: Self.instrument, buyer: buyer, seller: seller, size: Size(steps: steps),
          price: Price(steps: agreed))))
  }

  /// The next block, a minute later, at a price; what the attacker's net position earns by it is
  /// put aside as exposure.
  mutating func move(to next: Int64, attackers: [AccountID]) {
    let net = attackers.reduce(0) { $0 + size($1) }
    let before = unitValue
    price = Price(steps: max(next, Price.stepsPerOne) / 10_000 * 10_000)
    // Orders and bids are decided at the new marks, so the position is that of before.
    guard let command = try? block(), attempt(command) else { return }
    exposure += net * (unitValue - before)
  }

  private mutating func block() throws -> Command {
    instant = instant + .minute
    return try engine.block(at: price, instant)
  }

  /// Answers every order that is out: the attacker's part first, at his price, then outsiders.
  ///
  /// Outsiders buy a little below the mark and sell a little above it. Nobody buys dearer from the
  /// attacker than from them: where they have depth, his price is at least theirs.
  mutating func answer(_ strategy: AttackStrategy, by taker: AccountID) {
    let waiting = orders
    orders.removeAll(keepingCapacity: true)
    for order in waiting {
      let isSale = order.side == .sell
      let spread = markSteps / 2_000
      let honest = isSale ? markSteps - spread : markSteps + spread
      let limit = order.limit.steps
      var own = limit + (markSteps - limit) / 1_000 * strategy.priceThousandths
      let hasDepth = isSale ? honest >= limit : honest <= limit
      if hasDepth, strategy.outsideThousandths > 0 {
        own = isSale ? max(own, honest) : min(own, honest)
      }
      var fills: [ExecutionReport.Fill] = []
      var left = order.size.steps
      let taken = left * strategy.ownThousandths / 1_000
      for cut in 0..<strategy.cuts {
        let part = taken / strategy.cuts + (cut < taken % strategy.cuts ? 1 : 0)
        guard part > 0 else { continue }
        fills.append(.init(counterparty: taker, size: Size(steps: part), price: Price(steps: own)))
        left -= part
      }
      let outside = { (left: Int64) -> [ExecutionReport.Fill] in
        let rest = hasDepth ? left * strategy.outsideThousandths / 1_000 : 0
        guard rest > 0 else { return [] }
        return [
          .init(
            counterparty: Self.outsider, size: Size(steps: rest), price: Price(steps: honest))
        ]
      }
      let isTaken = attempt(
        .reportExecution(ExecutionReport(order: order.id, fills: fills + outside(left))))
      // Where his account may not take it, the others still may.
      if !isTaken {
        attempt(
          .reportExecution(
            ExecutionReport(order: order.id, fills: outside(order.size.steps))))
      }
    }
  }

  mutating func bid(_ strategy: AttackStrategy, by bidder: AccountID, for account: AccountID) {
    let bid = AuctionBid(
      bidder: bidder, share: Rate(billionths: strategy.bidThousandths * 1_000_000),
      leastReward: .zero, receivedAt: instant, expiresAt: instant + .hour)
    attempt(.bidInAuction(account, [bid]))
  }
}

// MARK: What he has

extension AttackVenue {
  var unitValue: Int64 { engine.state.marks.first?.unitValue ?? 0 }
  /// The mark, from which trades and depth are reckoned, whatever the index is.
  var markSteps: Int64 { engine.state.marks.first?.price.steps ?? price.steps }

  func portfolio(_ id: AccountID) -> Portfolio? {
    engine.state.index(of: id).map { engine.state.accounts[$0].portfolio }
  }

  func size(_ id: AccountID) -> Int64 {
    portfolio(id)?.size(of: Self.instrument).steps ?? 0
  }

  func risk(_ id: AccountID) -> AccountRisk? {
    guard let valuation = engine.valuation, let portfolio = portfolio(id) else { return nil }
    return valuation.risk(portfolio)
  }

  func isInLiquidation(_ id: AccountID) -> Bool {
    engine.state.index(of: id).map { engine.state.accounts[$0].liquidation != nil } ?? false
  }

  /// What initial margin covers of a notional of one, billionths, for a position of so many steps.
  func initialRate(steps: Int64) -> Int64 {
    guard let valuation = engine.valuation else { return 0 }
    var trial = Portfolio(mode: .cross, balances: [0])
    trial.balances[0] += trial.take(
      Size(steps: steps), of: Self.instrument, unitValue: unitValue)
    let notional = max(valuation.notional(Size(steps: steps), of: Self.instrument), 1)
    return Int64(Int128(valuation.risk(trial).initialMargin) * 1_000_000_000 / Int128(notional))
  }

  /// What all accounts of the attacker have gained beyond the moves of the mark, ledger units.
  ///
  /// A debt that he leaves behind is his gain: nobody can make him pay it.
  func profit(_ attackers: [AccountID]) -> Int64 {
    let equity = attackers.reduce(0) { $0 + max(risk($1)?.equity ?? 0, 0) }
    return equity + withdrawn - deposited - exposure
  }
}

extension Engine {
  /// A block of a venue with one oracle and one coin, or several at one price.
  func block(
    at price: Price, _ instant: Timestamp, of coins: [String] = ["C"]
  ) throws -> Command {
    let samples = try coins.map { coin in
      let feed = try FeedID(
        base: AssetSymbol(coin), quote: state.listing.quote.symbol,
        decimals: VenueRules.feedDecimals)
      return PriceSample(
        source: SourceID(try AssetSymbol("ORACLE")), feed: feed, mantissa: price.steps,
        confidence: 0, publishedAt: instant)
    }
    return .advanceBlock(at: instant, samples: samples)
  }
}
