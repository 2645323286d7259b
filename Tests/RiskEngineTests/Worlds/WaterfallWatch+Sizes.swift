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

/// What is ordered of a position, or offered outside before the book has it.
struct SlicedOrder {
  let account: AccountID
  let instrument: InstrumentID
  let side: Side
  let size: Size
}

// P22, P30: how much one order takes, and whether another trade would have helped.
extension WaterfallWatch {
  /// An order that no offer outside was for, in the size that was decided for it.
  mutating func checkSize(of order: LiquidationOrder, _ account: Account) {
    let book = state.execution
    let offered =
      book.request(of: account.id)?.size ?? book.offer(of: account.id)?.left
      ?? book.sale(of: account.id)?.size
    if let offered {
      hold(order.size <= offered, "P22: more than was offered: \(order)")
      return
    }
    checkSlice(
      SlicedOrder(
        account: order.account, instrument: order.instrument, side: order.side,
        size: order.size))
  }

  /// P22: nothing is ordered beyond a slice, but for a rest that is worth less than is left
  /// (`liquidation.leastLeft`); and no such rest is left where the market has room for it, unless
  /// closing it with the rest would not lift the account.
  mutating func checkSlice(_ order: SlicedOrder) {
    guard let account = account(order.account), let valuation else { return }
    let held = account.portfolio.size(of: order.instrument)
    let share = sliceShare(of: account, valuation)
    let room = room(of: order.instrument)
    hold(order.size.steps <= room ?? .max, "P22: more than the market has room for: \(order)")
    guard held.sign == -order.side.sign else {
      let most = hedgeLimit(order.instrument, account.portfolio, share, valuation)
      hold(order.size.steps <= most, "P22: a hedge beyond its slice: \(order)")
      return
    }
    let (whole, most) = (held.magnitude, slice(held, of: order.instrument, share, valuation))
    let leastLeft = rules.liquidation.pace.leastLeft
    func worth(_ steps: Int64) -> Int64 {
      valuation.notional(Size(steps: steps), of: order.instrument)
    }
    if order.size.steps > most {
      note("P22 specks closed with a slice")
      hold(
        order.size == whole && worth(whole.steps - most) < leastLeft,
        "P22: beyond its slice of \(most): \(order)")
    }
    guard order.size < whole, let room, whole.steps <= room else { return }
    let left = worth(whole.steps - order.size.steps)
    guard left < leastLeft else { return }
    hold(
      account.liquidation?.stage == .partial && !isLifted(account, by: order, whole, valuation),
      "P22: a rest of \(left) is left: \(order)")
  }

  /// Whether closing all of a position would lift an account; not, as far as is known here, while
  /// collateral of it is for sale.
  private mutating func isLifted(
    _ account: Account, by order: SlicedOrder, _ whole: Size, _ valuation: Valuation
  ) -> Bool {
    guard account.collateralSale == nil, let now = surplus(account.portfolio),
      let contract = contract(order.instrument)
    else {
      note("P22 rests beside collateral for sale")
      return false
    }
    note("P22 rests that undo the relief")
    let trial = TrialTrade(
      account: account, contract: contract, side: order.side,
      asset: asset(of: order.instrument) ?? 0)
    return lift(trial, whole.steps, since: now, valuation) > Self.rounded
  }

  /// The largest part of a position that one order takes.
  private func sliceShare(of account: Account, _ valuation: Valuation) -> Rate {
    let risk = valuation.risk(account.portfolio)
    return rules.liquidation.slice(
      equity: risk.equity, maintenanceMargin: risk.maintenanceMargin)
  }

  private func slice(
    _ held: Size, of instrument: InstrumentID, _ share: Rate, _ valuation: Valuation
  ) -> Int64 {
    let steps = held.magnitude.steps
    let notional = valuation.notional(held.magnitude, of: instrument)
    guard notional > rules.liquidation.wholeSliceNotional else { return steps }
    return max(share.share(of: steps, rounding: .up), 1)
  }

  /// As many steps of a perpetual as have the notional of what is held of its underlying, or a
  /// slice of that.
  private func hedgeLimit(
    _ instrument: InstrumentID, _ portfolio: Portfolio, _ share: Rate, _ valuation: Valuation
  ) -> Int64 {
    guard let underlying = contract(instrument)?.underlying else { return 0 }
    var notional = portfolio.positions.reduce(Int128(0)) { sum, position in
      contract(position.instrument)?.underlying == underlying
        ? sum + Int128(valuation.notional(position.size, of: position.instrument)) : sum
    }
    let whole = Int128(rules.liquidation.wholeSliceNotional)
    notional = max(
      min(notional, whole), notional * Int128(share.billionths) / 1_000_000_000)
    let step = Int128(max(valuation.notional(Size(steps: 1), of: instrument), 1))
    let held = Int128(abs(portfolio.size(of: instrument).steps))
    return Int64(min(notional / step, Int128(Size.limit) - held))
  }

  /// Steps that liquidations may order of a market now; `nil` where reports of its depth say so.
  func room(of instrument: InstrumentID) -> Int64? {
    guard !rules.liquidation.depth.isOn else { return nil }
    let sizing = rules.liquidation.sizing
    guard let flow = state.liquidationFlow, let index = state.listing.index(of: instrument)
    else { return Size.limit }
    let used = flow.ordered(instrument)
    var room = Size.limit
    for (share, steps) in [(sizing.blockShare, used.inBlock), (sizing.windowShare, used.inWindow)] {
      guard let share else { continue }
      let part = share.share(of: state.totals[index].openInterest, rounding: .up)
      room = min(room, max(part, 1) - steps)
    }
    return room
  }

  // MARK: The best trade

  /// P30: no reduction or hedge, in 64ths of what one order may trade, frees more than it is
  /// expected to cost and lifts the account at the marks, where every limit ends.
  ///
  /// Every size is tried. Where the requirement is not convex along a direction the engine
  /// promises no more than a search, and what it has missed is counted.
  mutating func checkNoTradeHelps(_ account: Account) {
    guard let valuation, let now = surplus(account.portfolio), !rules.liquidation.depth.isOn
    else { return }
    let share = sliceShare(of: account, valuation)
    var (isTried, isPromised) = (false, true)
    for (contract, side, most) in directions(of: account, share, valuation) where most > 0 {
      let sizes = sizes(through: most)
      let trial = TrialTrade(
        account: account, contract: contract, side: side, asset: asset(of: contract.id) ?? 0)
      let gains = sizes.map { gain(trial, $0, since: now, valuation) }
      let isConcave = isConcave(gains, sizes)
      isTried = true
      isPromised = isPromised && isConcave
      guard let best = gains.max(), best > Self.rounded else { continue }
      guard isConcave else {
        note("P30 a trade might help that is not convex")
        continue
      }
      // As much as there is room for must lift the account as well, and not by what is rounded.
      let least = min(sizes[0], room(of: contract.id) ?? 0)
      guard least > 0, lift(trial, least, since: now, valuation) > Self.rounded else { continue }
      hold(false, "P30: \(side) of \(contract.name) would have helped: \(best)")
    }
    guard isTried else { return }
    if rules.liquidation.sizing.isThrottled { note("P30 no trade helps beside a throttle") }
    note("P30 no trade helps\(isPromised ? "" : ", as far as was searched")")
    // What a trade costs lies between what this one frees and what that one freed.
    if isPromised, helped.contains(account.id) { note("P30 no trade helps after one that did") }
  }

  /// Whether one trade restores an account, whatever a slice may take: a 64th of a position or
  /// more, or of a hedge where hedges are chosen.
  func isRestorable(_ account: Account) -> Bool {
    guard let valuation, let now = surplus(account.portfolio) else { return false }
    let isHedged = rules.liquidation.sizing.choice != .mostRelief
    return directions(of: account, .one, valuation).contains { contract, side, most in
      let held = account.portfolio.size(of: contract.id)
      guard most > 0, isHedged || held.sign == -side.sign else { return false }
      let trial = TrialTrade(
        account: account, contract: contract, side: side, asset: asset(of: contract.id) ?? 0)
      return sizes(through: most).contains {
        now + gain(trial, $0, since: now, valuation) >= 0
      }
    }
  }

  /// Whether some part of everything a portfolio holds, in 64ths, frees more than its legs are
  /// expected to cost.
  func isPartHelpful(_ account: Account) -> Bool {
    let positions = account.portfolio.positions
    guard let valuation, let now = surplus(account.portfolio),
      account.portfolio.mode == .portfolio, positions.count > 1
    else { return false }
    return (Int64(1)...64).contains { part in
      var after = account.portfolio
      var cost: Int128 = 0
      for position in positions {
        guard let contract = contract(position.instrument),
          let mark = valuation.mark(of: contract.id)
        else { return false }
        let sold = Size(steps: position.size.steps * part / 64)
        after.balances[asset(of: contract.id) ?? 0] += after.take(
          -sold, of: contract.id, unitValue: mark.unitValue)
        cost += expectedCost(of: sold.magnitude, contract, valuation)
      }
      return (surplus(after) ?? 0) - now > cost
    }
  }

  /// A trade under trial.
  private struct TrialTrade {
    let account: Account
    let contract: Contract
    let side: Side
    let asset: Int
  }

  /// Millionths that equity, requirement and costs may lose in rounding.
  private static let rounded: Int128 = 4

  /// 64ths of the most, and the most.
  private func sizes(through most: Int64) -> [Int64] {
    let stride = max(most / 64, 1)
    let sizes = Array(Swift.stride(from: stride, through: most, by: Int(stride)))
    return sizes.last == most ? sizes : sizes + [most]
  }

  /// - Parameter share: The largest part that one order takes.
  private func directions(
    of account: Account, _ share: Rate, _ valuation: Valuation
  ) -> [(contract: Contract, side: Side, most: Int64)] {
    let portfolio = account.portfolio
    let held = portfolio.positions.compactMap { contract($0.instrument) }
    func isTraded(_ contract: Contract) -> Bool {
      contract.kind.expiry.map { $0 > state.time } ?? true
        && valuation.mark(of: contract.id) != nil
    }
    var directions = held.filter(isTraded).map { contract in
      let size = portfolio.size(of: contract.id)
      let most = slice(size, of: contract.id, share, valuation)
      return (contract, size.sign > 0 ? Side.sell : .buy, most)
    }
    guard portfolio.mode == .portfolio else { return directions }
    let isFull = portfolio.positions.count >= Int(rules.clearing.positionLimit)
    for underlying in Set(held.filter(\.isOption).map(\.underlying)) {
      let perpetual = state.listing.contracts.first { contract in
        guard case .perpetual = contract.kind else { return false }
        return contract.underlying == underlying && contract.settlement == .linear
      }
      guard let perpetual, isTraded(perpetual) else { continue }
      let size = portfolio.size(of: perpetual.id)
      guard size != .zero || !isFull else { continue }
      let most = hedgeLimit(perpetual.id, portfolio, share, valuation)
      for side in [Side.buy, .sell] where size.sign != -side.sign {
        directions.append((perpetual, side, most))
      }
    }
    return directions
  }

  /// How much the account's surplus rises by a trade at the mark, its expected cost deducted.
  private func gain(
    _ trial: TrialTrade, _ steps: Int64, since now: Int128, _ valuation: Valuation
  ) -> Int128 {
    let cost = expectedCost(of: Size(steps: steps), trial.contract, valuation)
    return lift(trial, steps, since: now, valuation) - cost
  }

  /// How much the account's surplus rises by a trade at the mark.
  private func lift(
    _ trial: TrialTrade, _ steps: Int64, since now: Int128, _ valuation: Valuation
  ) -> Int128 {
    guard let mark = valuation.mark(of: trial.contract.id) else { return 0 }
    var after = trial.account.portfolio
    let size = Size(steps: steps)
    after.balances[trial.asset] += after.take(
      trial.side == .buy ? size : -size, of: trial.contract.id, unitValue: mark.unitValue)
    return (surplus(after) ?? 0) - now
  }

  /// Spread and fee in proportion, and Y σ √(N ÷ V) of the notional N, each rounded up.
  private func expectedCost(
    of size: Size, _ contract: Contract, _ valuation: Valuation
  ) -> Int128 {
    let sizing = rules.liquidation.sizing
    let stated = contract.isOption ? sizing.optionCost : nil
    let fee = contract.isOption ? rules.fees.option : rules.fees.taker
    let rate = (stated ?? rules.liquidation.expectedCost).billionths + fee.billionths
    let notional = valuation.notional(size, of: contract.id)
    let cost = (Int128(rate) * Int128(notional)) / 1_000_000_000 + 1
    let factor = sizing.impact.value
    guard factor > 0, let market = state.market(of: contract.underlying),
      let volume = rules.margin.terms.size[contract.underlying].dailyVolume
    else { return cost }
    let daily = market.market.volatility.value / 365.0.squareRoot()
    let part = (Double(notional) / Double(volume)).squareRoot()
    return cost + Int128((factor * daily * part * Double(notional)).rounded(.up))
  }

  /// Whether no stretch gains more a step than the one before it, but for rounding.
  func isConcave(_ gains: [Int128], _ sizes: [Int64]) -> Bool {
    var (last, gained): (Int64, Int128) = (0, 0)
    var before: (rise: Int128, run: Int128)?
    for (size, gain) in zip(sizes, gains) {
      let (rise, run) = (gain - gained, Int128(size - last))
      if let before, (rise - Self.rounded) * before.run > (before.rise + Self.rounded) * run {
        return false
      }
      before = (rise, run)
      (last, gained) = (size, gain)
    }
    return true
  }
}

extension QuoteRequest {
  var sliced: SlicedOrder {
    SlicedOrder(account: account, instrument: instrument, side: side, size: size)
  }
}

extension KeeperOffer {
  var sliced: SlicedOrder {
    SlicedOrder(account: account, instrument: instrument, side: side, size: size)
  }
}

extension RightsSale {
  var sliced: SlicedOrder {
    SlicedOrder(account: account, instrument: instrument, side: side, size: size)
  }
}
