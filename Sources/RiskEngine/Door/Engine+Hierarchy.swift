// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Parameters
import Quantities

// Accounts of one owner, and what may go between them.
//
// Nothing that a move does makes money. A position goes at what it cost, so that its profit stays
// unrealized on the other side; both sides stand by the rule of withdrawals afterwards, in which
// unrealized profit counts for nothing. So what can leave the venue after any moves could have
// left it from one account that held everything.
extension Engine {
  /// How many accounts may lie above one.
  static let deepestSubaccount = 3

  mutating func open(
    _ id: AccountID, under parent: AccountID, _ mode: MarginMode
  ) throws(StepError) {
    let above = try account(parent)
    try checkNew(id)
    guard state.depth(of: above) < Self.deepestSubaccount else {
      throw .refused(.subaccountTooDeep(parent))
    }
    try emit(.subaccountOpened(id, under: parent, mode))
  }

  mutating func moveCollateral(
    _ amount: Amount, from: AccountID, to: AccountID
  ) throws(StepError) {
    let (giver, receiver) = try sides(from, to)
    try requireNoCall(giver)
    guard let asset = state.listing.index(of: amount.asset) else {
      throw .refused(.unknownAsset(amount.asset.symbol))
    }
    guard amount.units > 0 else { throw .refused(.notPositive("an amount")) }
    var given = giver.portfolio
    guard given.balances[asset] >= amount.units else {
      throw .refused(.insufficientBalance(from, has: given.balances[asset]))
    }
    given.balances[asset] -= amount.units
    var received = receiver.portfolio
    received.balances[asset] += amount.units
    guard received.balances[asset] <= Amount.limit else {
      throw .refused(.outsideLimits("a balance"))
    }
    try checkGiver(given, since: giver)
    try checkReceiver(received, since: receiver)
    try emit(
      .transferred(
        Transfer(from: .account(from), to: .account(to), amount: amount, reason: .ownMove)))
  }

  mutating func movePosition(
    of instrument: InstrumentID, _ size: Size, from: AccountID, to: AccountID
  ) throws(StepError) {
    let (giver, receiver) = try sides(from, to)
    try requireNoCall(receiver)
    let contract = try movable(instrument)
    guard size.steps > 0 else { throw .refused(.notPositive("a size")) }
    let held = giver.portfolio.size(of: instrument)
    guard size <= held.magnitude else {
      throw .refused(.positionTooSmall(from, instrument, has: held.magnitude))
    }
    let moved = held.sign < 0 ? -size : size
    let before = receiver.portfolio.size(of: instrument)
    guard (before + moved).isPermitted else { throw .refused(.outsideLimits("a position")) }
    try checkIsolation(receiver.portfolio, of: instrument, to)
    let isFull = receiver.portfolio.positions.count >= Int(rules.clearing.positionLimit)
    guard before != .zero || !isFull else { throw .refused(.tooManyPositions(to)) }
    guard let asset = state.listing.index(of: contract.settlementAsset) else {
      throw .refused(.unknownAsset(contract.settlementAsset.symbol))
    }
    var given = giver.portfolio
    let cost = given.give(moved, of: instrument)
    var received = receiver.portfolio
    received.balances[asset] += received.receive(moved, of: instrument, cost: cost)
    guard received.balances[asset].magnitude <= Amount.limit.magnitude else {
      throw .refused(.outsideLimits("a balance"))
    }
    try checkGiver(given, since: giver)
    if receiver.universe == universe(of: instrument) {
      try checkReceiver(received, since: receiver)
    } else {
      // Who goes on to another universe takes no loss along: standing no worse is not enough.
      try requireInitialMargin(received, of: to, withoutProfits: true)
      try requireDebtCap(received, of: to, before: receiver.portfolio)
    }
    try emit(
      .positionMoved(
        PositionMove(from: from, to: to, instrument: instrument, size: moved, cost: cost)))
  }

  mutating func changeMode(of id: AccountID, to mode: MarginMode) throws(StepError) {
    let holder = state.accounts[try account(id)]
    guard !holder.isInLiquidation else { throw .refused(.accountInLiquidation(id)) }
    var after = holder.portfolio
    after.mode = mode
    let instruments = after.positions.map(\.instrument) + after.orders.map(\.instrument)
    if let first = instruments.first { try checkIsolation(after, of: first, id) }
    if after.needsMargin { try requireInitialMargin(after, of: id) }
    try emit(.marginModeChanged(id, mode))
  }

  // MARK: Checks

  /// Both sides of a move: two accounts of one owner, neither in liquidation.
  private func sides(
    _ from: AccountID, _ to: AccountID
  ) throws(StepError) -> (giver: Account, receiver: Account) {
    let (giver, receiver) = (try account(from), try account(to))
    guard giver != receiver else { throw .refused(.sameAccount(from)) }
    guard state.owner(of: giver) == state.owner(of: receiver) else {
      throw .refused(.differentOwners(from, to))
    }
    for index in [giver, receiver] where state.accounts[index].isInLiquidation {
      throw .refused(.accountInLiquidation(state.accounts[index].id))
    }
    return (state.accounts[giver], state.accounts[receiver])
  }

  /// A contract that is traded now, in an open market.
  private func movable(_ instrument: InstrumentID) throws(StepError) -> Contract {
    guard let index = state.listing.index(of: instrument) else {
      throw .refused(.unknownInstrument(instrument))
    }
    let mark = index < state.marks.count ? state.marks[index].price : .zero
    let contract = try tradable(instrument, at: mark).contract
    guard state.status(of: contract.underlying) == .open else {
      throw .refused(.marketIsReduceOnly(contract.underlying))
    }
    return contract
  }

  /// Who gives stands as after a withdrawal.
  private func checkGiver(_ after: Portfolio, since holder: Account) throws(StepError) {
    guard after.needsMargin else { return }
    try requireInitialMargin(after, of: holder.id, withoutProfits: true)
    try requireDebtCap(after, of: holder.id, before: holder.portfolio)
  }

  /// Who receives stands so too, or no worse than before; in the universe it was in.
  private func checkReceiver(_ after: Portfolio, since holder: Account) throws(StepError) {
    guard after.needsMargin else { return }
    guard let valuation else { throw .refused(.notMarked("the account's instruments")) }
    try requireFreshPrices(after)
    try requireDebtCap(after, of: holder.id, before: holder.portfolio)
    func room(_ portfolio: Portfolio) -> (equity: Int64, initialMargin: Int64) {
      let risk = valuation.risk(portfolio)
      var locked = feesOfOrders(portfolio, valuation) + valuation.unrealizedGains(portfolio)
      if rules.clearing.withdrawsStressedProfit { locked -= valuation.stressedGains(portfolio) }
      return (risk.equity - locked, risk.initialMargin)
    }
    let stands = room(after)
    guard stands.equity < stands.initialMargin else { return }
    let stood = room(holder.portfolio)
    guard stands.equity - stands.initialMargin < stood.equity - stood.initialMargin
    else { return }
    throw .refused(
      .belowInitialMargin(
        holder.id, equity: stands.equity, initialMargin: stands.initialMargin))
  }
}

extension Portfolio {
  /// Whether there is anything that margin has to stand for.
  var needsMargin: Bool {
    !positions.isEmpty || !orders.isEmpty || balances.contains { $0 < 0 }
  }
}
