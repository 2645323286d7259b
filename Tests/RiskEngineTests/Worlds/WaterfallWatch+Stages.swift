// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
import Quantities
import Testing

@testable import RiskEngine

// P23, P27, P30: the stages in their order, each when the one before is exhausted, and nobody who
// lacks margin is left alone.
extension WaterfallWatch {
  /// The venue's stages, as the ledger names them.
  private var stages: [LiquidationStage] {
    rules.liquidation.waterfall.stages.map { stage in
      switch stage {
      case .partial: .partial
      case .auction: .auction
      case .pool: .pool
      case .insuranceFund: .insuranceFund
      case .deleveraging: .deleveraging
      case .socializedLoss: .socializedLoss
      }
    }
  }

  mutating func checkEntry(_ id: AccountID, _ stage: LiquidationStage) {
    guard let account = account(id), let liquidation = account.liquidation else {
      hold.broken("P23: a stage of somebody who is not in liquidation")
      return
    }
    note("stage \(stage)")
    hold(stages.contains(stage), "P30: \(stage) is not in \(stages)")
    guard !account.portfolio.positions.isEmpty else {
      // What is left of a loss is asked of winners, wherever the account was.
      hold(stage == .socializedLoss, "P30: \(stage) without a position")
      let isDebtor = account.portfolio.balances.contains { $0 < 0 }
      hold(isDebtor, "P30: nothing is owed")
      return
    }
    let last = stages.firstIndex(of: liquidation.stage)
    let next = last.map { $0 + 1 } ?? 0
    hold(
      next < stages.count && stages[next] == stage,
      "P30: \(liquidation.stage) → \(stage) in \(stages)")
    checkNeed(account, liquidation)
    // What pools have taken may have left a coin without a price to decide.
    if liquidation.stage != .pool { checkPrices(of: account, "a stage") }
    checkExhausted(account, liquidation)
  }

  /// P23: who enters a stage was not restored by the one before.
  private mutating func checkNeed(_ account: Account, _ liquidation: LiquidationProgress) {
    guard let risk = valuation?.risk(account.portfolio), !rules.liquidation.pace.closesAll
    else { return }
    let buffer = lineBuffer(of: liquidation, risk)
    hold(risk.equity < risk.maintenanceMargin + buffer, "P23: restored, and goes on")
  }

  /// P30: nothing is left for the stage that is gone from.
  private mutating func checkExhausted(_ account: Account, _ liquidation: LiquidationProgress) {
    guard let valuation else { return }
    let isPatient = Int64(liquidation.emptyHanded) < rules.liquidation.patience
    let waitsAtItsPrice = rules.liquidation.sizing.fillable != nil
    switch liquidation.stage {
    case .partial where isPatient || waitsAtItsPrice:
      let risk = valuation.risk(account.portfolio)
      let line = rules.liquidation.pace.handover.share(of: risk.maintenanceMargin, rounding: .down)
      guard risk.equity > line, !rules.liquidation.keeper.skipsBook else { return }
      checkNothingToSend(account)
    case .insuranceFund where isPatient:
      note("P30 the fund is empty")
      for position in account.portfolio.positions {
        let asset = asset(of: position.instrument) ?? 0
        let fund = WatchedFund(asset, universe(of: position.instrument))
        let isEmpty = held(by: fund) == 0
        hold(
          isEmpty || windowRoom(of: fund) <= 0, "P30: the fund has not paid what it could")
        let common = WatchedFund(asset, .common)
        if isEmpty, fund != common, held(by: common) > 0 {
          note("P30 a universe's fund is empty beside a common one that is not")
        }
      }
    case .deleveraging:
      note("P30 nobody is left opposite")
      for position in account.portfolio.positions { checkNobody(opposite: position, account) }
    case .auction: checkAuctionOver(account, liquidation)
    case .pool: checkPoolsTakeNothing(of: account)
    default: break
    }
  }

  /// P30: an account whose orders the book might still take has none that is worth sending.
  private mutating func checkNothingToSend(_ account: Account) {
    if rules.liquidation.sizing.passesOnInfeasible, !isRestorable(account) {
      note("P30 no order restores")
      return
    }
    let next = stages.firstIndex(of: .partial).flatMap { stages.dropFirst($0 + 1).first }
    switch rules.liquidation.sizing.choice {
    case .mostRelief: checkNoOrderHelps(account)
    case .bestOfThree where (next == .auction || next == .pool) && isPartHelpful(account):
      note("P30 a part of everything helps")
    case .bestPerCost, .bestOfThree: checkNoTradeHelps(account)
    }
  }

  /// Closing no position as a whole, at its mark, would lift the account's surplus.
  ///
  /// Whoever waits for room in the best market does not go on: what there is no room for as a whole
  /// is not asked for.
  private mutating func checkNoOrderHelps(_ account: Account) {
    guard let valuation, let now = surplus(account.portfolio), !rules.liquidation.depth.isOn
    else { return }
    for position in account.portfolio.positions {
      guard let contract = contract(position.instrument),
        let mark = valuation.mark(of: contract.id),
        contract.kind.expiry.map({ $0 > state.time }) ?? true
      else { continue }
      // Whole positions are what is for sale only where they are not cut to slices.
      let notional = valuation.notional(position.size, of: contract.id)
      guard notional <= rules.liquidation.wholeSliceNotional,
        position.size.magnitude.steps <= room(of: contract.id) ?? 0
      else { continue }
      note("P30 no order helps")
      if rules.liquidation.sizing.isThrottled { note("P30 no order helps beside a throttle") }
      var after = account.portfolio
      after.balances[asset(of: contract.id) ?? 0] += after.take(
        -position.size, of: contract.id, unitValue: mark.unitValue)
      let then = surplus(after) ?? 0
      hold(then <= now, "P30: closing \(contract.name) would have helped")
    }
  }

  private func checkNobody(opposite position: Position, _ account: Account) {
    guard let contract = contract(position.instrument),
      contract.kind.expiry.map({ $0 > state.time }) ?? true,
      valuation?.mark(of: contract.id) != nil
    else { return }
    let value = executionValue(of: contract.id, in: account.portfolio)
    let winners = candidates(
      against: position.size, of: contract.id, at: value, winning: true, isDraining: false)
    hold(
      !winners.contains { $0.equity > 0 && $0.profit > 0 && $0.notional > 0 },
      "P30: \(contract.name) could have been closed against somebody")
  }

  private mutating func checkAuctionOver(_ account: Account, _ liquidation: LiquidationProgress) {
    guard let auction = liquidation.auction, let risk = valuation?.risk(account.portfolio)
    else { return }
    let end = rules.liquidation.auction.duration(of: auction.round.phase)
    let isOver = auction.elapsed.nanoseconds >= end.nanoseconds + auction.extended.nanoseconds
    let isTurned = (risk.equity > 0) != (auction.round.phase == .solvent)
    let mayTurn = Int64(auction.restarts) < rules.liquidation.auction.restarts
    note("P30 auctions over")
    hold(
      isOver || (isTurned && !mayTurn) || (risk.equity <= 0 && fundIsPoor(account, risk, auction)),
      "P30: an auction that was not over: \(account.id), \(risk), \(auction)")
  }

  /// Whether the fund could pay nobody for taking a portfolio that is worth nothing: what one event
  /// may cost is paid, or the rest is needed for the debt.
  private func fundIsPoor(
    _ account: Account, _ risk: AccountRisk, _ auction: AuctionProgress
  ) -> Bool {
    let whole = state.listing.collateral.indices.reduce(Int128(0)) { sum, asset in
      let free = free(WatchedFund(asset, account.universe))
      return isFresh(asset) ? sum + Int128(valuation?.quote(free, asset: asset) ?? 0) : sum
    }
    let paid = Int128(auction.fundPaid)
    let cap = (whole + paid) * Int128(rules.liquidation.fundEventCap.billionths) / 1_000_000_000
    return cap - paid <= 0 || whole + Int128(risk.equity) <= 0
  }

  // MARK: Liveness

  /// P27: after a block nobody lacks margin for a second block at fresh prices without being in
  /// liquidation, and nobody in liquidation waits for nothing.
  ///
  /// Where accounts are called at intervals, in the blocks that pass one.
  /// - Parameter previous: When the block before began.
  mutating func checkLiveness(since previous: Timestamp) {
    guard let valuation else { return }
    var now: Set<AccountID> = []
    (stillOwed, owed) = (owed, [])
    defer { paying = [] }
    let isChecked = rules.liquidation.pace.checks(at: state.time, since: previous)
    for account in state.accounts {
      let portfolio = account.portfolio
      let isHeld = !portfolio.positions.isEmpty || portfolio.balances.contains { $0 < 0 }
      guard isHeld else { continue }
      let risk = valuation.risk(portfolio)
      guard mayAct(on: portfolio, risk) else {
        if account.liquidation != nil { note("P27 halted") }
        continue
      }
      if isChecked, rules.liquidation.pace.checkInterval > .zero, lacking.contains(account.id) {
        note("P27 called at an interval")
      }
      if account.liquidation != nil {
        checkWaits(account)
        continue
      }
      guard risk.equity < risk.maintenanceMargin else { continue }
      hold(!isChecked || !lacking.contains(account.id), "P27: \(account.id) is not acted on")
      now.insert(account.id)
    }
    lacking = now
    checkBooks()
  }

  /// What the watch keeps by itself, from event to event, is what its ledger says.
  private func checkBooks() {
    var aside: [WatchedFund: Int64] = [:]
    for account in state.accounts {
      if let order = account.liquidation?.order, let asset = asset(of: order.instrument) {
        aside[WatchedFund(asset, universe(of: order.instrument)), default: 0] += order.fundShare
      }
      for position in account.portfolio.positions {
        hold(holders[position.instrument]?.contains(account.id) == true, "a holder is missed")
      }
    }
    hold(
      aside.filter { $1 != 0 } == allSetAside.filter { $1 != 0 },
      "what is set aside is not followed")
    let pursued = Set(state.accounts.filter { $0.liquidation != nil }.map(\.id))
    hold(Set(initial.keys).isSubset(of: pursued), "an end is missed")
  }

  private mutating func checkWaits(_ account: Account) {
    guard let liquidation = account.liquidation else { return }
    let book = state.execution
    let isOut =
      liquidation.order != nil || liquidation.auction != nil || liquidation.sale != nil
      || book.request(of: account.id) != nil || book.offer(of: account.id) != nil
      || book.sale(of: account.id) != nil
    guard !isOut else {
      note("P27 waits for an answer")
      return
    }
    guard !account.portfolio.positions.isEmpty else {
      note("P27 waits for the fund")
      checkFundCannotPay(account)
      return
    }
    let pace = rules.liquidation.pace
    let isInGrace =
      liquidation.stage == .cancelOrders && state.time < liquidation.cause.time + pace.grace
    let isThrottled = rules.liquidation.depth.isOn || lacksRoom(account)
    let isOver = account.portfolio.positions.allSatisfy { position in
      contract(position.instrument)?.kind.expiry.map { $0 <= state.time } ?? false
    }
    note("P27 waits for a time")
    hold(isInGrace || isThrottled || isOver, "P27: waits for nothing: \(account)")
  }

  /// Whether a market in which an account may be reduced or hedged has no room for an order now;
  /// what is ordered later in a block leaves it no more.
  private func lacksRoom(_ account: Account) -> Bool {
    guard rules.liquidation.sizing.isThrottled else { return false }
    let underlyings = Set(
      account.portfolio.positions.compactMap { contract($0.instrument)?.underlying })
    return state.listing.contracts.contains {
      underlyings.contains($0.underlying) && (room(of: $0.id) ?? 0) <= 0
    }
  }

  /// Debts without positions stay only while nobody who may pay has anything: not for a second
  /// block at whose end the fund has some of it and in which it paid nobody.
  private mutating func checkFundCannotPay(_ account: Account) {
    guard let valuation, rules.liquidation.waterfall.stages.contains(.insuranceFund),
      deficit(of: account.portfolio) > 1_000_000,
      // Winners of a market that has no price now are asked when it has.
      account.liquidation?.market.map(isOpen) ?? true
    else { return }
    for (asset, units) in account.portfolio.balances.enumerated()
    where units < 0 && isFresh(asset) {
      let room = room(of: WatchedFund(asset, account.universe))
      guard valuation.quote(room, asset: asset) > 1 else { continue }
      owed.insert(account.id)
      hold(
        !stillOwed.contains(account.id) || paying.contains(account.universe),
        "P27: \(account.id) owes \(units) of \(asset), the fund has \(room)")
    }
  }
}
