// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Parameters
import Quantities

// Commands that change one thing: every check comes before the first event.
extension Engine {
  mutating func decideAtDoor(_ command: Command) throws(StepError) {
    try requireCustomers(of: command)
    switch command {
    case .changeParameters(let set): try change(set)
    case .acceptCollateral(let asset): try accept(asset)
    case .listInstrument(let contract): try list(contract)
    case .openAccount(let id, let mode): try open(id, mode)
    case .depositCollateral(let id, let amount): try deposit(amount, to: id)
    case .withdrawCollateral(let id, let amount): try withdraw(amount, from: id)
    case .contributeToFund(let amount): try contribute(amount, to: .common)
    case .contributeToUniverse(let universe, let amount):
      try requireOwnFund(universe)
      try contribute(amount, to: universe)
    case .recordTrade(let report): try record(report)
    case .placeOrder(let id, let order): try place(order, for: id)
    case .cancelOrder(let id, let order): try cancel(order, of: id)
    case .restart(let instant): try restart(at: instant)
    case .openVenue: throw .refused(.alreadyExists("the venue"))
    case .advanceBlock, .reportExecution, .bidInAuction, .bidForCollateral, .takeOffer: break
    case .protectQuotes(let id, let symbol, let limits): try protect(id, symbol, limits)
    case .resetProtection(let id, let symbol): try resetProtection(id, symbol)
    case .openSubaccount(let id, let parent, let mode): try open(id, under: parent, mode)
    case .moveCollateral(let from, let to, let amount):
      try moveCollateral(amount, from: from, to: to)
    case .movePosition(let from, let to, let instrument, let size):
      try movePosition(of: instrument, size, from: from, to: to)
    case .changeMarginMode(let id, let mode): try changeMode(of: id, to: mode)
    case .openPool(let id, let markets): try openPool(id, markets: markets)
    case .depositToPool(let id, let pool, let tranche, let amount):
      try deposit(amount, of: id, into: pool, tranche)
    case .requestPoolWithdrawal(let id, let pool, let tranche, let units):
      try requestWithdrawal(of: units, by: id, from: pool, tranche)
    case .cancelPoolWithdrawal(let id, let pool, let tranche):
      try cancelWithdrawal(by: id, from: pool, tranche)
    case .withdrawFromPool(let id, let pool, let tranche):
      try withdraw(by: id, from: pool, tranche)
    case .registerMaker(let id): try registerMaker(id)
    case .releaseMaker(let id): try releaseMaker(id)
    case .openHedge(let id): try openHedge(id)
    case .reportDepth(let reports): try takeDepth(reports)
    case .answerRequest(let maker, let id, let price, let size):
      try answer(id, QuoteAnswer(maker: maker, price: price, size: size))
    case .registerRelayer(let id): try registerRelayer(id)
    case .releaseRelayer(let id): try releaseRelayer(id)
    case .relayAnswer(let relayer, let id, let answer): try relay(answer, to: id, by: relayer)
    case .reportGas(let perMillion): try takeGas(perMillion)
    case .commitBid(let bidder, let id, let digest): try commit(digest, of: bidder, to: id)
    case .revealBid(let bidder, let id, let bid): try reveal(bid, of: bidder, in: id)
    }
  }

  private mutating func change(_ set: ParameterSet) throws(StepError) {
    let next = try rules(set, for: state.listing)
    try checkUniverses(under: set)
    try checkDepegs(under: next)
    try emit(.parametersChanged(set), under: next, "the requirements under these parameters")
  }

  private mutating func accept(_ asset: CollateralAsset) throws(StepError) {
    guard state.listing.index(of: asset.asset) == nil else {
      throw .refused(.alreadyExists("collateral \(asset.asset)"))
    }
    guard state.listing.collateral.count < 64 else {
      throw .refused(.outsideLimits("the number of collateral assets"))
    }
    var listing = state.listing
    listing.accept(asset)
    let next = try rules(state.parameters, for: listing)
    try emit(.collateralAccepted(asset), under: next, "the scenarios of \(asset.asset)")
  }

  private mutating func list(_ contract: Contract) throws(StepError) {
    guard state.listing.index(of: contract.id) == nil else {
      throw .refused(.alreadyExists(contract.name))
    }
    if let last = state.listing.contracts.last, contract.id <= last.id {
      throw .refused(.notIncreasing("an instrument's id"))
    }
    guard state.listing.contracts.count < 65_000 else {
      throw .refused(.outsideLimits("the number of instruments"))
    }
    guard state.listing.index(of: contract.settlementAsset) != nil else {
      throw .refused(.unknownAsset(contract.settlementAsset.symbol))
    }
    if let expiry = contract.kind.expiry, expiry <= state.time {
      throw .refused(.expired(contract.id))
    }
    guard (try? contract.unitValue(at: contract.highestPrice)) != nil else {
      throw .refused(.outsideLimits("the value of a step of \(contract.name)"))
    }
    var next = rules
    // Another contract on what is followed already needs no further rules.
    if !rules.underlyings.contains(where: { $0.symbol == contract.underlying }) {
      var listing = state.listing
      listing.list(contract)
      next = try rules(state.parameters, for: listing)
    }
    try emit(.instrumentListed(contract), under: next, "the scenarios of \(contract.name)")
  }

  private mutating func open(_ id: AccountID, _ mode: MarginMode) throws(StepError) {
    try checkNew(id)
    try emit(.accountOpened(id, mode))
  }

  /// Refuses an id that is taken or lower than one given before.
  func checkNew(_ id: AccountID) throws(StepError) {
    guard state.index(of: id) == nil else { throw .refused(.alreadyExists(id.description)) }
    if let last = state.accounts.last, id <= last.id {
      throw .refused(.notIncreasing("an account's id"))
    }
  }

  private mutating func deposit(_ amount: Amount, to id: AccountID) throws(StepError) {
    let holder = state.accounts[try account(id)]
    let asset = try checkDeposit(amount)
    try checkCollateralRules(asset, adds: amount.units)
    let balance = holder.portfolio.balances[asset] + amount.units
    guard balance <= Amount.limit else { throw .refused(.outsideLimits("a balance")) }
    try emit(
      .transferred(
        Transfer(from: .outside, to: .account(id), amount: amount, reason: .deposit)))
  }

  private mutating func contribute(
    _ amount: Amount, to universe: RiskUniverse
  ) throws(StepError) {
    let asset = try checkDeposit(amount)
    guard amount.units <= fundSpace(asset, of: universe) else {
      throw .refused(.outsideLimits("the insurance fund"))
    }
    try move(
      amount.units, asset: asset, from: .outside, to: .fund(of: universe), .fundContribution)
  }

  /// Refuses a universe that has no fund of its own: one that no parameter states, and the common
  /// one, whose fund has a command of its own and which has no number in a record.
  private func requireOwnFund(_ universe: RiskUniverse) throws(StepError) {
    guard universe != .common, universe.isStated(in: state.parameters) else {
      throw .refused(.unknownUniverse(universe))
    }
  }

  /// The dense index of an asset that may be deposited in this amount.
  ///
  /// In a marked venue an asset without a price is refused: its holder could neither be charged
  /// nor cleared.
  private func checkDeposit(_ amount: Amount) throws(StepError) -> Int {
    guard let asset = state.listing.index(of: amount.asset) else {
      throw .refused(.unknownAsset(amount.asset.symbol))
    }
    guard amount.units > 0 else { throw .refused(.notPositive("an amount")) }
    let total = -state.houses[asset].outside + Int128(amount.units)
    guard total <= Int128(rules.clearing.depositLimit) else {
      throw .refused(.outsideLimits("the venue's deposits of \(amount.asset)"))
    }
    if let underlying = state.listing.collateral[asset].underlying, !state.marks.isEmpty {
      guard state.market(of: underlying) != nil else {
        throw .refused(.notMarked(amount.asset.description))
      }
    }
    return asset
  }

  /// Unrealized profit does not leave the venue, and neither does cash that is not there.
  private mutating func withdraw(_ amount: Amount, from id: AccountID) throws(StepError) {
    let index = try account(id)
    guard let asset = state.listing.index(of: amount.asset) else {
      throw .refused(.unknownAsset(amount.asset.symbol))
    }
    guard amount.units > 0 else { throw .refused(.notPositive("an amount")) }
    let holder = state.accounts[index]
    guard !holder.isInLiquidation else { throw .refused(.accountInLiquidation(id)) }
    try requireNoCall(holder)
    try requireOpenGate()
    guard holder.portfolio.balances[asset] >= amount.units else {
      throw .refused(.insufficientBalance(id, has: holder.portfolio.balances[asset]))
    }
    let house = state.houses[asset]
    let cash = -house.outside - Int128(amount.units)
    let locked = asset == 0 ? Int128(state.execution.deposits) : 0
    let kept = state.balance.total(in: amount.asset) + locked
    guard cash >= house.allFunds + Int128(house.fees) + kept else {
      throw .refused(.insufficientBalance(id, has: Int64(clamping: -house.outside)))
    }
    var after = holder.portfolio
    after.balances[asset] -= amount.units
    if after.needsMargin {
      try requireInitialMargin(after, of: id, withoutProfits: true)
      try requireDebtCap(after, of: id)
    }
    try emit(
      .transferred(
        Transfer(from: .account(id), to: .outside, amount: amount, reason: .withdrawal)))
  }

  private mutating func restart(at instant: Timestamp) throws(StepError) {
    let last = max(state.time, state.restartedAt ?? state.time)
    guard Timestamp.permitted.contains(instant), instant >= last else {
      throw .refused(.timeNotIncreasing(instant, last: last))
    }
    try emit(.engineRestarted(at: instant))
  }

  private func rules(
    _ set: ParameterSet, for listing: Listing
  ) throws(StepError) -> VenueRules {
    do { return try VenueRules(set, listing: listing) } catch {
      throw .refused(.parameters(error))
    }
  }

  /// Records a change of the listing or of the parameters, unless a venue that has a valuation
  /// would lose it: one contract or number must not stop the watch over every account.
  private mutating func emit(
    _ event: LedgerEvent, under next: VenueRules, _ subject: String
  ) throws(StepError) {
    var changed = state
    changed.apply(event)
    let revalued = try? Valuation(state: changed, rules: next)
    let isMarked = valuation != nil && !state.marks.isEmpty
    guard revalued != nil || !isMarked else { throw .refused(.outsideLimits(subject)) }
    try emit(event)
    rules = next
    valuation = revalued
    rows = nil
    venueIndex.noteMarketChanged()
  }

  /// The dense index of an account that must exist.
  func account(_ id: AccountID) throws(StepError) -> Int {
    guard let index = state.index(of: id) else { throw .refused(.unknownAccount(id)) }
    return index
  }
}
