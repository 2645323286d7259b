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

/// P19 to P28 and P30 to P36 of RELIABILITY, held against every event of a history.
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
  /// What was held of its instrument then.
  var ordered: [OrderID: Size] = [:]
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
  var takeover: TakeoverRun?
  /// The last pool that has taken over of somebody in this command.
  var takers: [AccountID: AccountID] = [:]
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
    let previous = state.time
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
    takers = [:]
    if case .advanceBlock = command { checkLiveness(since: previous) }
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
      // What somebody lacks once it was cut it lacks since this block.
      if trade.cause == .deleveraging { lacking.subtract([trade.buyer, trade.seller]) }
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
    case .traded(let trade) where trade.cause == .pool: follow(takeover: trade)
    case .conversionDecided(let decision): checkDecision(decision)
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
      followOwn(trade)
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
    endTakeover(before: event)
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
