// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Parameters
import Quantities
import Testing

@testable import RiskEngine

/// P19 to P36 of RELIABILITY, held against every event of a history.
///
/// It keeps a ledger of its own, to which it applies the recorded events one at a time, and
/// decides anew what each had to be: prices, limits, candidates, ranks, cuts, shares and what the
/// fund had left. Of the engine it takes the valuation of the block alone: equities and
/// requirements, which other suites hold against models of their own.
struct WaterfallWatch {
  /// How often each thing was there to be checked.
  private(set) var seen: [String: Int] = [:]
  private(set) var state: LedgerState
  var rules: VenueRules
  var valuation: Valuation?
  /// What an account in liquidation held when it began, by instrument.
  var initial: [AccountID: [InstrumentID: Int64]] = [:]
  /// Between which changes of the market or the parameters each order was sent.
  var sent: [OrderID: Int] = [:]
  var epoch = 0
  /// Who lacked margin at the end of the last block without being in liquidation.
  var lacking: Set<AccountID> = []
  /// Who owed at the end of this block and of the one before what its fund had, and the universes
  /// whose funds have paid anybody in between.
  var (owed, stillOwed): (Set<AccountID>, Set<AccountID>) = ([], [])
  var paying: Set<RiskUniverse> = []
  /// Who was sent a trade that helped in this liquidation.
  var helped: Set<AccountID> = []
  var deleveraging: DeleveragingRun?
  var sharing: SharingRun?
  var auction: AuctionRun?
  /// Profit that is being sold, and what was sold before it in this command.
  var bargain: Bargain?
  var bargains: [Bargain] = []
  /// Coins that the fund is being given for others.
  var conversion: Conversion?
  /// The account as it was when its positions began to be closed against others, and the last of
  /// them that was.
  var pass: (account: Account, last: InstrumentID)?
  /// A cut that is being booked, and what the winner was worth before it.
  var cut: (trade: Trade, winner: AccountID, worth: Int128)?
  /// What the window of draws leaves of each fund.
  var drawable: [WatchedFund: Int64] = [:]
  /// Orders that are out, of which a fund has promised a part: instrument and ledger units.
  var setAside: [AccountID: (instrument: InstrumentID, units: Int64)] = [:]
  /// By fund, the sum of those.
  var allSetAside: [WatchedFund: Int64] = [:]
  /// Who has ever held an instrument.
  private(set) var holders: [InstrumentID: Set<AccountID>] = [:]
  /// Steps by which an allocation has cut more or less than was to be closed, in absolute terms.
  var overshoot: Int128 = 0

  /// Says in which world something does not hold.
  let hold: WorldPromise

  init(_ engine: Engine, world: UInt64) {
    hold = WorldPromise(world: world)
    state = engine.state
    rules = engine.rules
    valuation = engine.valuation
    for account in state.accounts {
      for position in account.portfolio.positions {
        holders[position.instrument, default: []].insert(account.id)
      }
      if let order = account.liquidation?.order { setAside(order) }
    }
  }

  /// Takes in a command and what came of it; `engine` is as it was after them.
  mutating func take(_ command: Command, _ events: [LedgerEvent], _ engine: Engine) {
    (rules, valuation) = (engine.rules, engine.valuation)
    switch command {
    case .advanceBlock, .changeParameters, .listInstrument, .restart: epoch += 1
    default: break
    }
    for event in events {
      before(event)
      let trade = opening(of: event)
      state.apply(event)
      after(event, trade)
    }
    finishRuns(before: nil)
    hold(bargain == nil, "P31: a winner gives and is not paid")
    hold(conversion == nil, "P30: the fund takes coins for nothing")
    (pass, bargain, bargains, conversion) = (nil, nil, [], nil)
    if case .advanceBlock = command { checkLiveness() }
  }

  mutating func note(_ what: String) { seen[what, default: 0] += 1 }

  func account(_ id: AccountID) -> Account? { state.index(of: id).map { state.accounts[$0] } }

  func contract(_ id: InstrumentID) -> Contract? {
    state.listing.index(of: id).map { state.listing.contracts[$0] }
  }

  func asset(of id: InstrumentID) -> Int? {
    contract(id).flatMap { state.listing.index(of: $0.settlementAsset) }
  }

  /// Follows what would else be asked of every account.
  private mutating func follow(_ event: LedgerEvent) {
    switch event {
    case .traded(let trade):
      holders[trade.instrument, default: []].formUnion([trade.buyer, trade.seller])
    case .positionMoved(let move): holders[move.instrument, default: []].insert(move.to)
    case .liquidationOrderIssued(let order): setAside(order)
    case .liquidationOrderClosed(let id, _, _): release(id)
    case .liquidationEnded(let id, _):
      release(id)
      initial[id] = nil
      helped.remove(id)
    case .parametersChanged: promiseAnew()
    default: break
    }
  }

  func isOpen(_ id: InstrumentID) -> Bool {
    contract(id).map { state.status(of: $0.underlying) == .open } ?? false
  }

  /// Equity over maintenance margin and buffer.
  func surplus(_ portfolio: Portfolio) -> Int128? {
    guard let risk = valuation?.risk(portfolio) else { return nil }
    return Int128(risk.equity) - Int128(risk.maintenanceMargin) - Int128(risk.liquidationBuffer)
  }

  // MARK: Event by event

  private mutating func before(_ event: LedgerEvent) {
    finishRuns(before: event)
    let isOfBargain = bargain != nil
    followBargain(event)
    if !isOfBargain { followConversion(event) }
    switch event {
    case .liquidationStarted(let id, let cause): checkStart(id, cause)
    case .liquidationOrderIssued(let order): checkOrder(order)
    case .quoteRequested(let request): checkSlice(request.sliced)
    case .keeperOffered(let offer): checkSlice(offer.sliced)
    case .rightsOffered(let sale): checkSlice(sale.sliced)
    case .liquidationStageEntered(let id, let stage): checkEntry(id, stage)
    case .deleveragingAllocated(let record): begin(record)
    case .traded(let trade) where trade.cause == .deleveraging: follow(trade)
    case .profitRealized(let id, let market, let units):
      prepare(market)
      begin(id, market, units)
    case .transferred(let transfer):
      forgetPromise(transfer)
      checkTransfer(transfer)
    case .auctionBidFilled(let fill): begin(fill)
    case .collateralSold(let fill): checkSale(fill)
    case .fundWindowOpened(let asset, let opening): openWindow(asset, opening, of: .common)
    case .inUniverse(let universe, .fundWindowOpened(let asset, let opening)):
      openWindow(asset, opening, of: universe)
    default: break
    }
  }

  private mutating func after(_ event: LedgerEvent, _ opened: [OpenedTrade]) {
    follow(event)
    switch event {
    case .traded(let trade):
      for one in opened { checkTrade(trade, one) }
      checkWinner(trade)
    case .transferred(let transfer): checkPaid(transfer)
    case .liquidationOrderIssued: checkSetAside()
    case .liquidationEnded(let id, let outcome): checkEnd(id, outcome)
    default: break
    }
  }

  /// What would be wrong without the moves of the ledger: ends what the next event is not part of.
  private mutating func finishRuns(before event: LedgerEvent?) {
    var isCut = false
    var isShare = false
    if let event {
      switch event {
      case .traded(let trade): isCut = trade.cause == .deleveraging
      case .profitRealized: isShare = true
      case .transferred(let transfer): isShare = transfer.reason == .socializedLoss
      default: break
      }
    }
    if !isCut, let run = deleveraging { finish(run) }
    if !isCut { deleveraging = nil }
    if !isShare, let run = sharing { finish(run) }
    if !isShare { sharing = nil }
    if let run = auction, !isPart(event) { finish(run) }
  }

  private func isPart(_ event: LedgerEvent?) -> Bool {
    switch event {
    case .traded(let trade): trade.cause == .auction
    case .transferred(let transfer):
      transfer.reason == .auctionDiscount || transfer.reason == .auctionReward
    default: false
    }
  }
}

/// What must hold in a world; says which it was if it does not.
struct WorldPromise {
  let world: UInt64

  func callAsFunction(
    _ isKept: Bool, _ what: @autoclosure () -> String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    if !isKept { broken(what(), sourceLocation: sourceLocation) }
  }

  func broken(_ what: String, sourceLocation: SourceLocation = #_sourceLocation) {
    Issue.record("world \(world): \(what)", sourceLocation: sourceLocation)
  }
}

// MARK: Starts, orders and fills

/// An account in liquidation as it was before a trade of its own.
struct OpenedTrade {
  let account: Account
  let risk: AccountRisk?
}

extension WaterfallWatch {
  /// P19, P20, P21: who is liquidated lacks margin at fresh prices, and once.
  private mutating func checkStart(_ id: AccountID, _ cause: LiquidationCause) {
    note("P19 liquidations begun")
    guard let account = account(id), let valuation else {
      hold.broken("P19: a liquidation without an account or a price")
      return
    }
    let risk = valuation.risk(account.portfolio)
    hold(account.liquidation == nil, "P21: two liquidations of one account")
    hold(risk.equity == cause.equity && cause.time == state.time, "P19")
    hold(risk.maintenanceMargin == cause.maintenanceMargin, "P19")
    hold(risk.equity < risk.maintenanceMargin, "P19")
    for position in account.portfolio.positions { checkFresh(position.instrument) }
    if account.parent != nil { note("P28 sub-accounts in liquidation") }
    note("mode \(account.portfolio.mode)")
    initial[id] = Dictionary(
      uniqueKeysWithValues: account.portfolio.positions.map { ($0.instrument, $0.size.steps) })
  }

  /// P20: the price that a decision rests on was accepted in this block, from a quorum.
  func checkFresh(_ instrument: InstrumentID) {
    guard let contract = contract(instrument), let market = state.market(of: contract.underlying)
    else {
      hold.broken("P20: a decision about a market without a price")
      return
    }
    hold(market.status == .open && market.freshAt == state.time, "P20")
  }

  /// P21, P22, P24: one order at a time, which helps where it is filled whole, at its limit or
  /// better.
  private mutating func checkOrder(_ order: LiquidationOrder) {
    sent[order.id] = epoch
    checkFresh(order.instrument)
    guard let account = account(order.account), order.stage != .pool else { return }
    note("order of \(order.stage)")
    let held = account.portfolio.size(of: order.instrument)
    let isReduction = held.sign == -order.side.sign
    if isReduction { hold(order.size <= held.magnitude, "P22: more than there is") }
    hold(account.liquidation?.order == nil, "P21: a second order")
    checkSize(of: order, account)
    guard order.stage == .partial else {
      hold(isReduction, "P22: only a partial liquidation hedges")
      return
    }
    if !isReduction { note("P22 hedges") }
    guard let now = surplus(account.portfolio), let contract = contract(order.instrument),
      let value = try? contract.unitValue(at: order.limit),
      let then = surplus(filled(account.portfolio, order, unitValue: value))
    else {
      hold.broken("P22: an order that cannot be measured")
      return
    }
    hold(then > now, "P22: filled at its limit \(now) → \(then): \(order)")
    note("P22 partial orders")
    helped.insert(order.account)
  }

  private func filled(
    _ portfolio: Portfolio, _ order: LiquidationOrder, unitValue: Int64
  ) -> Portfolio {
    var after = portfolio
    after.balances[asset(of: order.instrument) ?? 0] += after.take(
      order.side == .buy ? order.size : -order.size, of: order.instrument, unitValue: unitValue)
    return after
  }

  /// The accounts in liquidation whose trade this is, before it.
  private func opening(of event: LedgerEvent) -> [OpenedTrade] {
    guard case .traded(let trade) = event, trade.cause != .matching, trade.cause != .transfer
    else { return [] }
    return [trade.buyer, trade.seller].compactMap { account($0) }
      .filter { $0.liquidation != nil }
      .map { OpenedTrade(account: $0, risk: valuation?.risk($0.portfolio)) }
  }

  /// P22, P24: what is left is less, the account stands better, and no fill makes it owe more than
  /// was set aside.
  private mutating func checkTrade(_ trade: Trade, _ opened: OpenedTrade) {
    guard let account = account(opened.account.id) else { return }
    note("P22 trades \(trade.cause)")
    let held = opened.account.portfolio.size(of: trade.instrument)
    let now = account.portfolio.size(of: trade.instrument)
    let order = opened.account.liquidation?.order
    let isHedge = order?.stage == .partial && held.sign != -(order?.side.sign ?? 0)
    if isHedge {
      // What a hedge has opened is closed as what was there before.
      initial[account.id]?[trade.instrument] = now.steps
    } else {
      hold(now.magnitude < held.magnitude, "P22: nothing was closed: \(trade)")
      hold(now.sign == 0 || now.sign == held.sign, "P22: turned round")
      if let first = initial[account.id]?[trade.instrument] {
        hold(
          now.steps.magnitude <= first.magnitude,
          "P22: more than there was at first: \(now) of \(first)")
      }
    }
    guard trade.cause == .liquidation, let order, let risk = opened.risk,
      sent[order.id] == epoch, let after = valuation?.risk(account.portfolio)
    else { return }
    if order.stage == .partial { checkHelp(room(after) - room(risk), trade, order) }
    guard risk.equity >= 0, !rules.isBorneByWinners(at: order.stage) else { return }
    note("P24 fills of solvent accounts")
    let aside = valuation?.quote(order.fundShare, asset: asset(of: order.instrument) ?? 0) ?? 0
    hold(after.equity >= -(aside + 1), "P24: \(risk.equity) → \(after.equity), \(order)")
  }

  /// What an order promised was of the account as it stood: coins that come in or go out since may
  /// turn a fill that helped into one that does not.
  ///
  /// Money moves equity alone.
  private mutating func forgetPromise(_ transfer: Transfer) {
    guard transfer.amount.asset != state.listing.quote else { return }
    for case .account(let id) in [transfer.from, transfer.to]
    where transfer.from == .outside || transfer.to == .outside {
      if let order = account(id)?.liquidationOrder { sent[order.id] = nil }
    }
  }

  /// P22: a whole fill has helped; a part has where the requirement is convex, but for what is
  /// rounded.
  private mutating func checkHelp(_ gain: Int128, _ trade: Trade, _ order: LiquidationOrder) {
    let isWhole = trade.size == order.size
    note("P22 partial fills\(isWhole ? "" : " of a part")")
    if isWhole {
      hold(gain > 0, "P22: the fill of \(order) did not help: \(gain)")
    } else if gain < -4 {
      note("P22 parts that did not help")
    }
  }

  private func room(_ risk: AccountRisk) -> Int128 {
    Int128(risk.equity) - Int128(risk.maintenanceMargin) - Int128(risk.liquidationBuffer)
  }

  /// P23, P28: restored, or closed without a debt; no third outcome.
  private mutating func checkEnd(_ id: AccountID, _ outcome: LiquidationOutcome) {
    guard let account = account(id), let valuation else { return }
    note("P23 \(outcome)")
    switch outcome {
    case .closed:
      hold(account.portfolio.positions.isEmpty, "P23: closed with a position")
      hold(!account.portfolio.balances.contains { $0 < 0 }, "P28: closed with a debt")
    case .restored:
      let risk = valuation.risk(account.portfolio)
      hold(
        risk.equity >= risk.maintenanceMargin + risk.liquidationBuffer, "P23: below its line")
    }
  }
}
