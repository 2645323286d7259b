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

/// An account in liquidation as it was before a trade of its own.
struct OpenedTrade {
  let account: Account
  let risk: AccountRisk?
}

// P19 to P25, P28: starts, orders, fills and ends.
extension WaterfallWatch {
  /// P19, P20, P21: who is liquidated lacks margin at fresh prices, and once.
  mutating func checkStart(_ id: AccountID, _ cause: LiquidationCause) {
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
    checkPrices(of: account, "a start")
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
  mutating func checkOrder(_ order: LiquidationOrder) {
    sent[order.id] = epoch
    checkFresh(order.instrument)
    guard let account = account(order.account), order.stage != .pool else { return }
    note("order of \(order.stage)")
    // What pools took a moment ago may have left a coin without a price to decide.
    if account.liquidation?.stage != .pool { checkPrices(of: account, "an order") }
    // Whoever has won the right to a slice pays before the order that it fills.
    if state.execution.sale(of: order.account) == nil { checkStillBelow(account, "an order") }
    let held = account.portfolio.size(of: order.instrument)
    ordered[order.id] = held
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
      let then = surplus(filled(account.portfolio, order, order.size, unitValue: value))
    else {
      hold.broken("P22: an order that cannot be measured")
      return
    }
    hold(then > now, "P22: filled at its limit \(now) → \(then): \(order)")
    note("P22 partial orders")
    helped.insert(order.account)
  }

  private func filled(
    _ portfolio: Portfolio, _ order: LiquidationOrder, _ size: Size, unitValue: Int64
  ) -> Portfolio {
    var after = portfolio
    after.balances[asset(of: order.instrument) ?? 0] += after.take(
      order.side == .buy ? size : -size, of: order.instrument, unitValue: unitValue)
    return after
  }

  /// The accounts in liquidation whose trade this is, before it.
  func opening(of event: LedgerEvent) -> [OpenedTrade] {
    guard case .traded(let trade) = event, trade.cause != .matching, trade.cause != .transfer
    else { return [] }
    return [trade.buyer, trade.seller].compactMap { account($0) }
      .filter { $0.liquidation != nil }
      .map { OpenedTrade(account: $0, risk: valuation?.risk($0.portfolio)) }
  }

  /// What an account in liquidation has traded itself, to reduce its risk, is closed as what was
  /// there before.
  mutating func followOwn(_ trade: Trade) {
    guard trade.cause == .matching || trade.cause == .transfer else { return }
    for id in [trade.buyer, trade.seller] where initial[id] != nil {
      let now = account(id)?.portfolio.size(of: trade.instrument).steps
      initial[id]?[trade.instrument] = now
    }
  }

  /// P22, P24: what is left is less, the account stands better, and no fill makes it owe more than
  /// was set aside.
  mutating func checkTrade(_ trade: Trade, _ opened: OpenedTrade) {
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
    if trade.cause == .liquidation { checkTerms(trade, order) }
    guard trade.cause == .liquidation, let order, let risk = opened.risk,
      sent[order.id] == epoch, let after = valuation?.risk(account.portfolio)
    else { return }
    if order.stage == .partial { checkHelp(room(after) - room(risk), trade, order, opened.account) }
    guard !rules.isBorneByWinners(at: order.stage) else { return }
    let aside = valuation?.quote(order.fundShare, asset: asset(of: order.instrument) ?? 0) ?? 0
    if risk.equity >= 0 {
      note("P24 fills of solvent accounts")
      hold(after.equity >= -(aside + 1), "P24: \(risk.equity) → \(after.equity), \(order)")
    } else {
      note("P24 fills of insolvent accounts")
      // Coins and profits are valued apart, each rounded.
      hold(
        after.equity >= risk.equity - aside - 4,
        "P24: worse by more than was promised: \(risk.equity) → \(after.equity), \(order)")
    }
  }

  /// P24, P25: whenever an order is filled, at its limit or better, and before its end.
  private func checkTerms(_ trade: Trade, _ order: LiquidationOrder?) {
    guard let order else {
      hold.broken("P24: a liquidation without an order")
      return
    }
    let isWithin = order.side == .sell ? trade.price >= order.limit : trade.price <= order.limit
    hold(isWithin, "P24: \(trade.price) for \(order)")
    hold(state.time < order.expiresAt, "P25: filled after its end: \(order)")
    hold(trade.size <= order.size, "P22: more than was ordered")
  }

  /// What an order promised was of the account as it stood: coins that come in or go out since may
  /// turn a fill that helped into one that does not.
  ///
  /// Money moves equity alone.
  mutating func forgetPromise(_ transfer: Transfer) {
    guard transfer.amount.asset != state.listing.quote else { return }
    for case .account(let id) in [transfer.from, transfer.to]
    where transfer.from == .outside || transfer.to == .outside {
      if let order = account(id)?.liquidationOrder { sent[order.id] = nil }
    }
  }

  /// P22: a whole fill has helped; a part has where the requirement is convex, but for what is
  /// rounded.
  private mutating func checkHelp(
    _ gain: Int128, _ trade: Trade, _ order: LiquidationOrder, _ account: Account
  ) {
    guard trade.size != order.size else {
      note("P22 partial fills")
      hold(gain > 0, "P22: the fill of \(order) did not help: \(gain)")
      return
    }
    note("P22 partial fills of a part")
    // What follows a part may take back some of what it has gained.
    guard ordered[order.id] == account.portfolio.size(of: order.instrument),
      isConcave(order, through: trade.size, of: account)
    else {
      if gain < -4 { note("P22 parts that did not help") }
      return
    }
    note("P22 parts where the requirement is convex")
    hold(gain >= -Self.roundedOfParts, "P22: \(trade.size) of \(order) did not help: \(gain)")
  }

  /// What 64 stretches, each no steeper than the last but for four millionths, may dip below zero
  /// before they rise above it.
  private static let roundedOfParts: Int128 = 5_000

  /// Whether no part of an order, filled at its limit, gains more a step than those before it.
  private func isConcave(
    _ order: LiquidationOrder, through part: Size, of account: Account
  ) -> Bool {
    guard let contract = contract(order.instrument), let now = surplus(account.portfolio),
      let value = try? contract.unitValue(at: order.limit)
    else { return false }
    let stride = max(order.size.steps / 64, 1)
    let sizes = Set(Swift.stride(from: stride, through: order.size.steps, by: Int(stride)))
      .union([part.steps, order.size.steps]).sorted()
    let gains = sizes.map { steps in
      let trial = filled(account.portfolio, order, Size(steps: steps), unitValue: value)
      return (surplus(trial) ?? 0) - now
    }
    return isConcave(gains, sizes)
  }

  private func room(_ risk: AccountRisk) -> Int128 {
    Int128(risk.equity) - Int128(risk.maintenanceMargin) - Int128(risk.liquidationBuffer)
  }

  /// P23, P28: restored, or closed without a debt; no third outcome.
  mutating func checkEnd(_ id: AccountID, _ outcome: LiquidationOutcome) {
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
