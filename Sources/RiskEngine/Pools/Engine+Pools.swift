// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Parameters
import Quantities

// Deposits into backstop pools and withdrawals from them.
//
// Both wait until the pool is at rest and nothing is on its way to it: with a position its worth is
// an opinion, and whoever came or went at it would take from the others.
extension Engine {
  /// The most pools of one venue.
  static let mostPools = 64

  mutating func openPool(_ id: AccountID, markets: [AssetSymbol]) throws(StepError) {
    try checkNew(id)
    guard state.pools.count < Self.mostPools else {
      throw .refused(.outsideLimits("the number of pools"))
    }
    guard (1...BackstopPool.mostMarkets).contains(markets.count) else {
      throw .refused(.outsideLimits("the number of a pool's markets"))
    }
    var known: [AssetSymbol] = []
    for symbol in markets {
      guard state.listing.contracts.contains(where: { $0.underlying == symbol }) else {
        throw .refused(.unknownUnderlying(symbol))
      }
      guard !known.contains(symbol) else {
        throw .refused(.alreadyExists("\(symbol) in a pool's markets"))
      }
      known.append(symbol)
    }
    try checkUniverse(ofPool: id, known, state.parameters)
    try emit(.poolOpened(id, markets: known.sorted()))
  }

  mutating func deposit(
    _ amount: Amount, of id: AccountID, into poolID: AccountID, _ tranche: PoolTranche
  ) throws(StepError) {
    let holder = state.accounts[try account(id)]
    let pool = try pool(poolID)
    guard amount.asset == state.listing.quote else {
      throw .refused(.unknownAsset(amount.asset.symbol))
    }
    guard amount.units > 0 else { throw .refused(.notPositive("an amount")) }
    guard !holder.isInLiquidation else { throw .refused(.accountInLiquidation(id)) }
    try requireRest(of: pool)
    guard holder.portfolio.balances[0] >= amount.units else {
      throw .refused(.insufficientBalance(id, has: holder.portfolio.balances[0]))
    }
    guard pool.total <= Amount.limit - amount.units else {
      throw .refused(.outsideLimits("a pool"))
    }
    var after = holder.portfolio
    after.balances[0] -= amount.units
    if after.needsMargin {
      try requireInitialMargin(after, of: id, withoutProfits: true)
      try requireDebtCap(after, of: id, before: holder.portfolio)
    }
    let gains = pool.worth(of: id, tranche).gains[0]
    try move(amount.units, asset: 0, from: .account(id), to: .account(poolID), .poolDeposit)
    try pay(gains, of: poolID, to: id)
    try emit(
      .poolDeposited(
        PoolEntry(
          account: id, pool: poolID, tranche: tranche, units: amount.units, gains: gains)))
  }

  mutating func requestWithdrawal(
    of units: Int64, by id: AccountID, from poolID: AccountID, _ tranche: PoolTranche
  ) throws(StepError) {
    let pool = try pool(poolID)
    _ = try claim(of: id, in: pool, tranche)
    guard units > 0 else { throw .refused(.notPositive("an amount")) }
    let worth = pool.worth(of: id, tranche)
    guard units <= worth.units else {
      throw .refused(.claimTooSmall(id, poolID, has: worth.units))
    }
    let notice = PoolNotice(units: units, due: state.time + rules.pool.notice)
    try emit(.poolWithdrawalRequested(id, poolID, tranche, notice))
  }

  mutating func cancelWithdrawal(
    by id: AccountID, from poolID: AccountID, _ tranche: PoolTranche
  ) throws(StepError) {
    let pool = try pool(poolID)
    guard try claim(of: id, in: pool, tranche).notice != nil else {
      throw .refused(.withdrawalNotRequested(id, poolID))
    }
    try emit(.poolWithdrawalCancelled(id, poolID, tranche))
  }

  /// Pays what notice was given of, or what losses have left of it, and all gains.
  mutating func withdraw(
    by id: AccountID, from poolID: AccountID, _ tranche: PoolTranche
  ) throws(StepError) {
    let holder = state.accounts[try account(id)]
    let pool = try pool(poolID)
    guard let notice = try claim(of: id, in: pool, tranche).notice else {
      throw .refused(.withdrawalNotRequested(id, poolID))
    }
    guard state.time >= notice.due else {
      throw .refused(.noticeNotOver(poolID, due: notice.due))
    }
    guard state.time - notice.due <= rules.pool.window else {
      throw .refused(.noticeLapsed(poolID, due: notice.due))
    }
    try requireRest(of: pool)
    let worth = pool.worth(of: id, tranche)
    let (units, gains) = (min(notice.units, worth.units), worth.gains[0])
    guard holder.portfolio.balances[0] <= Amount.limit - units - gains else {
      throw .refused(.outsideLimits("a balance"))
    }
    if units > 0 {
      try move(units, asset: 0, from: .account(poolID), to: .account(id), .poolWithdrawal)
    }
    try pay(gains, of: poolID, to: id)
    try emit(
      .poolWithdrawn(
        PoolEntry(account: id, pool: poolID, tranche: tranche, units: units, gains: gains)))
  }

  private mutating func pay(
    _ gains: Int64, of pool: AccountID, to id: AccountID
  ) throws(StepError) {
    guard gains > 0 else { return }
    try move(gains, asset: 0, from: .pool(pool), to: .account(id), .poolGain)
  }

  // MARK: Checks

  private func pool(_ id: AccountID) throws(StepError) -> BackstopPool {
    guard let place = state.poolIndex(of: id) else { throw .refused(.unknownPool(id)) }
    return state.pools[place]
  }

  private func claim(
    of id: AccountID, in pool: BackstopPool, _ tranche: PoolTranche
  ) throws(StepError) -> PoolClaim {
    _ = try account(id)
    guard let claim = pool.claim(of: id, tranche) else {
      throw .refused(.noClaim(id, pool.id))
    }
    return claim
  }

  /// Refuses while the pool's account holds anything else than its deposits, or may yet be given
  /// something.
  private func requireRest(of pool: BackstopPool) throws(StepError) {
    let account = state.accounts[try account(pool.id)]
    guard account.portfolio.positions.isEmpty, !account.isInLiquidation, pool.order == nil,
      account.portfolio.balances[0] == pool.total, !isAwaited(pool)
    else { throw .refused(.poolIsEngaged(pool.id)) }
  }

  /// Whether positions may yet come to a pool: an account in liquidation that has not been past the
  /// pools holds some of its markets.
  ///
  /// So nobody leaves between an auction and the takeover that follows it, and nobody joins then to
  /// share in what others have stood ready for.
  private func isAwaited(_ pool: BackstopPool) -> Bool {
    guard rules.liquidation.waterfall.stages.contains(.pool) else { return false }
    return state.accounts.indices.contains { index in
      guard venueIndex.isInLiquidation(index),
        let stage = state.accounts[index].liquidation?.stage, rules.precedesPool(stage)
      else { return false }
      return state.accounts[index].portfolio.positions.contains { position in
        state.listing.index(of: position.instrument)
          .map { pool.covers(state.listing.contracts[$0].underlying) } ?? false
      }
    }
  }

  /// Refuses a command by which an account that is the engine's would act as a customer's.
  func requireCustomers(of command: Command) throws(StepError) {
    guard !state.pools.isEmpty || state.hedge != nil else { return }
    for id in command.actors { try requireCustomer(id) }
  }

  /// Refuses a pool's account, and the one by which the fund hedges.
  func requireCustomer(_ id: AccountID) throws(StepError) {
    if state.isPool(id) { throw .refused(.poolAccount(id)) }
    if state.isHedge(id) { throw .refused(.hedgeAccount(id)) }
  }
}

extension VenueRules {
  /// Whether an account at a stage has the pools still before it.
  func precedesPool(_ stage: LiquidationStage) -> Bool {
    if stage == .cancelOrders || stage == .pool { return true }
    var next = self.stage(after: stage)
    while let reached = next, reached != .pool { next = self.stage(after: reached) }
    return next == .pool
  }
}

extension Command {
  /// The accounts that a command lets act, but for what is reported of the book's fills.
  fileprivate var actors: [AccountID] {
    switch self {
    case .depositCollateral(let id, _), .withdrawCollateral(let id, _), .placeOrder(let id, _),
      .cancelOrder(let id, _), .protectQuotes(let id, _, _), .resetProtection(let id, _),
      .changeMarginMode(let id, _), .openSubaccount(_, under: let id, _),
      .depositToPool(let id, _, _, _), .requestPoolWithdrawal(let id, _, _, _),
      .cancelPoolWithdrawal(let id, _, _), .withdrawFromPool(let id, _, _):
      [id]
    case .recordTrade(let report): [report.buyer, report.seller]
    case .moveCollateral(let from, let to, _), .movePosition(let from, let to, _, _): [from, to]
    case .answerRequest(let id, _, _, _), .takeOffer(let id, _, _, _),
      .commitBid(let id, _, _), .revealBid(let id, _, _):
      [id]
    case .relayAnswer(let id, _, let answer): [id, answer.maker]
    case .bidInAuction(_, let bids): bids.map(\.bidder)
    case .bidForCollateral(_, _, let bids): bids.map(\.bidder)
    case .openVenue, .changeParameters, .acceptCollateral, .listInstrument, .openAccount,
      .contributeToFund, .contributeToUniverse, .advanceBlock, .reportExecution, .restart,
      .openPool, .registerMaker, .releaseMaker, .openHedge, .reportDepth, .reportGas,
      .registerRelayer, .releaseRelayer:
      []
    }
  }
}
