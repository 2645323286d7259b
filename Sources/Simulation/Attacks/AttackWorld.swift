// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Parameters
import Quantities
import RiskEngine

/// A small venue with the real engine and every feature that its ground has, as one attacker under
/// several names sees it; a value, so that every strategy plays on a copy of its own.
///
/// It lists a perpetual, a future and a call on one coin and its spot market, takes the coin as
/// collateral, and has a rich maker, outsiders who take what is on offer a little off the mark, and
/// an insurance fund. Where the coin is in a risk universe of its own, the future is on another of
/// the same price, which is not, and has a maker and outsiders of its own.
struct AttackWorld: Sendable {
  var engine: Engine
  var instant: Timestamp
  var purse = AttackPurse()
  /// What the engine has on offer and nobody has answered yet.
  var orders: [LiquidationOrder] = []
  var sales: [CollateralSale] = []
  /// What was touched, a bit each.
  var touches: UInt32 = 0
  /// Whether an account of the attacker came into liquidation.
  var isLiquidated = false
  /// Value of what liquidations have closed of the attacker's, ledger units.
  var liquidatedNotional: Int64 = 0
  /// While an order is answered that the fund, or winners, pay for: what its account still pays
  /// itself, ledger units.
  var ownLeft: Int64?
  /// The unit value at which an honest maker has answered an account's last request.
  var answeredAt: [AccountID: Int64] = [:]
  /// Every step, where somebody wants to know.
  var trace: AttackTrace?
  /// Whether an invariant broke; no strategy may get that far.
  var isBroken = false
  /// The underlyings; a second one is in another risk universe.
  let coins: [String]

  static let maker = AccountID(0)
  static let outsider = AccountID(1)
  static let depositor = AccountID(2)
  /// Those of the second underlying.
  static let farMaker = AccountID(3)
  static let farOutsider = AccountID(4)
  static let pool = AccountID(5)
  static let hedge = AccountID(6)
  /// Of the first name: the owner's own, one that holds one instrument apart, another below it.
  static let first = AccountID(10)
  static let apart = AccountID(11)
  static let below = AccountID(12)
  /// Of the second name.
  static let second = AccountID(13)
  static let secondApart = AccountID(14)
  /// Of the third name, margined as a portfolio.
  static let third = AccountID(15)
  /// Of the fourth, a registered maker.
  static let quoting = AccountID(16)
  static let attackers = [first, apart, below, second, secondApart, third, quoting]

  static let perpetual = InstrumentID(0)
  static let future = InstrumentID(1)
  static let call = InstrumentID(2)
  static let opening = Price(steps: 10_000 * Price.stepsPerOne)
  static let tick: Int64 = 10_000

  /// - Parameter changes: Values that replace those of the ground.
  init(
    _ ground: AttackGround, _ parameters: ParameterSet,
    _ changes: [(key: String, value: String)] = []
  ) throws {
    let quote = try Asset(symbol: AssetSymbol("USD"), decimals: 6)
    let own = ground.changes.filter { change in
      !changes.contains { $0.key == change.key }
    }
    coins = ground.fundApart == nil ? ["C"] : ["C", "D"]
    let set = try AttackVenue.fitted(parameters, own + changes)
    (engine, _) = try Engine.open(quote: quote, parameters: set)
    instant = try Timestamp(iso8601: "2020-03-12T00:00:00Z")
    let coin = try Asset(symbol: AssetSymbol("C"), decimals: 8)
    try take(.acceptCollateral(CollateralAsset(asset: coin, underlying: AssetSymbol("C"))))
    for contract in try Self.contracts(quote, at: instant, coins) {
      try take(.listInstrument(contract))
    }
    try take(try block(at: Self.opening))
    let far = isApart ? [Self.farMaker, Self.farOutsider] : []
    for id in [Self.maker, Self.outsider, Self.depositor] + far {
      try take(.openAccount(id, .cross))
      try take(.depositCollateral(id, Amount(units: 1_000_000_000_000_000, asset: quote)))
    }
    try take(.registerMaker(Self.maker))
    if ground.hasPool {
      try take(.openPool(Self.pool, markets: [AssetSymbol("C")]))
      for tranche in PoolTranche.allCases {
        let units: Int64 = tranche == .senior ? 1_000_000_000_000 : 200_000_000_000
        let deposit = Amount(units: units, asset: quote)
        try take(.depositToPool(Self.depositor, Self.pool, tranche, deposit))
      }
    }
    if ground.hasHedge { try take(.openHedge(Self.hedge)) }
    try openAttackers()
    try take(.contributeToFund(Amount(units: ground.fund * 1_000_000, asset: quote)))
    guard let apart = ground.fundApart else { return }
    let amount = Amount(units: apart * 1_000_000, asset: quote)
    try take(.contributeToUniverse(Self.universe, amount))
  }

  private mutating func openAttackers() throws {
    try take(.openAccount(Self.first, .cross))
    try take(.openSubaccount(Self.apart, under: Self.first, .isolated))
    try take(.openSubaccount(Self.below, under: Self.first, .cross))
    try take(.openAccount(Self.second, .cross))
    try take(.openSubaccount(Self.secondApart, under: Self.second, .isolated))
    try take(.openAccount(Self.third, .portfolio))
    try take(.openAccount(Self.quoting, .cross))
    try take(.registerMaker(Self.quoting))
  }

  private static func contracts(
    _ quote: Asset, at instant: Timestamp, _ coins: [String]
  ) throws -> [Contract] {
    let expiry = instant + TimeSpan(seconds: 7 * 86_400)
    let strike = Price(steps: 10_200 * Price.stepsPerOne)
    let kinds: [(name: String, kind: ContractKind)] = [
      ("C-PERP", .perpetual), ("C-WEEK", .future(expiry: expiry)),
      ("C-CALL", .option(.call, strike: strike, expiry: expiry)), ("C-SPOT", .spot),
    ]
    return try kinds.enumerated().map { place, contract in
      let id = InstrumentID(UInt32(place))
      let coin = id == future ? coins[coins.count - 1] : "C"
      return try Contract(
        id: id, name: contract.name, underlying: AssetSymbol(coin), kind: contract.kind,
        settlement: .linear, settlementAsset: quote, stepQuantity: 100_000,
        tick: Price(steps: tick), highestPrice: Price(steps: 100_000 * Price.stepsPerOne))
    }
  }

  private mutating func take(_ command: Command) throws { _ = try engine.step(command) }

  /// The next block, a minute later.
  fileprivate mutating func block(at price: Price) throws -> Command {
    instant = instant + .minute
    return try engine.block(at: price, instant, of: coins)
  }
}

// MARK: Universes

extension AttackWorld {
  /// The risk universe of C, where it is in one of its own.
  static let universe = RiskUniverse(1)

  /// Whether the future is in another risk universe than everything else.
  var isApart: Bool { coins.count > 1 }

  /// The honest other side of a market: an account trades in one universe.
  func maker(of instrument: InstrumentID) -> AccountID {
    isApart && instrument == Self.future ? Self.farMaker : Self.maker
  }

  func outsider(of instrument: InstrumentID) -> AccountID {
    isApart && instrument == Self.future ? Self.farOutsider : Self.outsider
  }
}

// MARK: Steps

extension AttackWorld {
  /// Takes a command, or leaves no trace of it.
  @discardableResult
  mutating func attempt(_ command: Command) -> Bool {
    reckonTrace()
    let record: Record
    do { record = try engine.step(command) } catch {
      if case .broken = error { isBroken = true }
      return false
    }
    trace?.append(command, record.events)
    for event in record.events {
      if let touch = AttackTouch(event) { touches |= 1 << touch.rawValue }
      switch event {
      case .liquidationOrderIssued(let order): orders.append(order)
      case .collateralOffered(let sale): sales.append(sale)
      case .liquidationStarted(let id, _):
        isLiquidated = isLiquidated || Self.attackers.contains(id)
      case .traded(let trade): note(trade)
      case .auctionBidFilled(let fill) where Self.attackers.contains(fill.bidder):
        purse.serve(for: fill.fundPaid, atMost: fill.notional / 2_000)
      case .fundingSettled(let id, _, let unitPayment):
        purse.note(funding: unitPayment, of: Int(id.number))
      default: break
      }
    }
    return true
  }

  /// Reckons the last step of the trace, if there is one.
  mutating func reckonTrace() {
    guard var told = trace else { return }
    told.reckon(self)
    trace = told
  }

  private mutating func note(_ trade: Trade) {
    switch trade.cause {
    case .matching, .transfer: return
    case .liquidation, .deleveraging, .auction, .pool, .unwinding, .hedge: break
    }
    let value = trade.size.steps * trade.unitValue
    liquidatedNotional = min(liquidatedNotional + value, Int64.max >> 2)
    noteAnswered(trade)
    guard var own = ownLeft, trade.cause == .liquidation,
      Self.attackers.contains(trade.buyer), Self.attackers.contains(trade.seller)
    else { return }
    let mark = unitValue(trade.instrument)
    purse.serve(
      for: trade.size.steps * abs(trade.unitValue - mark),
      atMost: trade.size.steps * (mark / 2_000), after: &own)
    ownLeft = own
  }

  /// What an honest maker has answered binds it: from then on a move is the attacker's.
  private mutating func noteAnswered(_ trade: Trade) {
    let isSale = trade.buyer == Self.maker
    guard trade.cause == .liquidation, isSale || trade.seller == Self.maker,
      let answered = answeredAt[isSale ? trade.seller : trade.buyer]
    else { return }
    let moved = trade.size.steps * (unitValue(trade.instrument) - answered)
    purse.note(exposure: isSale ? -moved : moved)
  }

  /// The next block at a price; what the marks alone did to the attacker's accounts is put aside.
  mutating func move(to price: Price) {
    guard let command = try? block(at: price) else { return }
    purse.beginMarking(self)
    guard attempt(command) else { return purse.cancelMarking() }
    purse.endMarking(self)
  }

  func account(_ id: AccountID) -> Account? {
    engine.state.index(of: id).map { engine.state.accounts[$0] }
  }

  func size(_ id: AccountID, _ instrument: InstrumentID) -> Int64 {
    account(id)?.portfolio.size(of: instrument).steps ?? 0
  }

  func markSteps(_ instrument: InstrumentID) -> Int64 {
    let marks = engine.state.marks
    return Int(instrument.number) < marks.count ? marks[Int(instrument.number)].price.steps : 0
  }

  func unitValue(_ instrument: InstrumentID) -> Int64 {
    let marks = engine.state.marks
    return Int(instrument.number) < marks.count ? marks[Int(instrument.number)].unitValue : 0
  }

  func risk(_ id: AccountID) -> AccountRisk? {
    guard let valuation = engine.valuation, let account = account(id) else { return nil }
    return valuation.risk(account.portfolio)
  }

  func quote(_ units: Int64) -> Amount { Amount(units: units, asset: engine.state.listing.quote) }
  func coins(_ units: Int64) -> Amount {
    Amount(units: units, asset: engine.state.listing.collateral[1].asset)
  }
}
