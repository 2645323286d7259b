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

/// A loss that winners or both sides share, as the events tell it.
struct SharingRun {
  let market: InstrumentID
  let asset: Int
  /// What each could give, by account: its profit in the market, at most its equity, capped; by
  /// size, its equity, at most the notional.
  let caps: [AccountID: Int64]
  /// In proportion to which the uncapped give, where the rule is not by profit: equities, or
  /// notionals at the mark.
  let weights: [AccountID: Int64]
  /// Solvent accounts with a profit to sell, before anything was given.
  let winners: [Bargain]
  var debtor: AccountID?
  /// What was owed and not covered; known with the first who gives.
  var loss: Int64?
  var given: [AccountID: Int64] = [:]
}

// P28, P30, P31: what is charged, who covers it, and that nobody pays while another still has to.
extension WaterfallWatch {
  mutating func checkTransfer(_ transfer: Transfer) {
    checkFund(transfer)
    checkPayer(transfer)
    switch transfer.reason {
    case .socializedLoss: share(transfer)
    case .insuranceCover: checkCover(transfer)
    default: break
    }
  }

  /// What a transfer has left behind.
  mutating func checkPaid(_ transfer: Transfer) {
    switch transfer.reason {
    case .liquidationPenalty, .relayFee, .keeperReward, .conversionFee, .auctionDiscount:
      checkCharge(transfer)
    case .insuranceCover:
      guard case .account(let id) = transfer.to, let account = account(id),
        account.liquidation != nil, let valuation,
        let asset = state.listing.index(of: transfer.amount.asset)
      else { return }
      // P30: a cover is no gift; a unit of a coin is worth more than a millionth.
      hold(account.portfolio.balances[asset] <= 0, "P30: covered more than was owed")
      let unit = valuation.quote(1, asset: asset) + 1
      let left = Int128(valuation.risk(account.portfolio).equity) + doubt(about: account.portfolio)
      hold(left <= unit, "P30: covered more than was lost")
      hold(isFresh(asset), "P30: covered a debt without a price")
      if hasDoubt(account.portfolio) { note("P30 covered beside coins without a price") }
    default: break
    }
  }

  /// P28: no charge of a liquidation makes a debt of what was none.
  private mutating func checkCharge(_ transfer: Transfer) {
    guard case .account(let id) = transfer.from, let account = account(id),
      account.liquidation != nil, let valuation
    else { return }
    note("P28 charges")
    let equity = valuation.risk(account.portfolio).equity
    // An auction pays its bidder in several assets, each rounded.
    let dust: Int64 = transfer.reason == .auctionDiscount ? 1_000 : 1
    hold(equity >= -dust, "P28: \(transfer.reason) of \(transfer.amount.units) left \(equity)")
  }

  // MARK: Sharing

  /// The first of a loss settles who could give how much, before he has given.
  mutating func prepare(_ market: InstrumentID) {
    guard sharing == nil, let valuation, let asset = asset(of: market),
      let mark = valuation.mark(of: market)?.unitValue
    else { return }
    var caps: [AccountID: Int64] = [:]
    var weights: [AccountID: Int64] = [:]
    var winners: [Bargain] = []
    let isBySize = rules.liquidation.losses.sharing == .bySize
    for account in holders(of: market)
    where account.liquidation == nil && !state.isPool(account.id) {
      let slot = account.portfolio.slot(of: market)
      guard slot.isHeld else { continue }
      let position = account.portfolio.positions[slot.index]
      let profit = position.size.steps * mark - position.cost
      let equity = valuation.units(
        ofQuote: valuation.risk(account.portfolio).equity, asset: asset, rounding: .down)
      if min(profit, equity) > 0 {
        winners.append(
          Bargain(
            winner: account.id, market: market, asset: asset, given: 0,
            portfolio: account.portfolio, profit: profit))
      }
      let notional = abs(position.size.steps * mark)
      let share = rules.liquidation.socializedShare.share(
        of: max(isBySize ? equity : min(profit, equity), 0), rounding: .down)
      let cap = isBySize ? min(share, notional) : share
      guard cap > 0 else { continue }
      caps[account.id] = cap
      weights[account.id] = isBySize ? notional : equity
    }
    sharing = SharingRun(
      market: market, asset: asset, caps: caps, weights: weights, winners: winners)
  }

  /// P31, and P30 to the unit: while winners give, the fund has nothing that could be used.
  private mutating func share(_ transfer: Transfer) {
    if sharing == nil, case .account(let to) = transfer.to,
      let market = account(to)?.liquidation?.market
    {
      prepare(market)
    }
    guard case .account(let payer) = transfer.from, case .account(let to) = transfer.to,
      let debtor = account(to), let valuation, var run = sharing
    else {
      hold.broken("P31: a loss is shared that nobody has")
      return
    }
    if run.loss == nil {
      hold(isFresh(run.asset), "P31: a loss without a price")
      let deficit = deficit(of: debtor.portfolio)
      hold(
        Int128(doubt(about: debtor.portfolio)) * 100 <= Int128(deficit),
        "P31: a loss beside coins without a price")
      run.loss = min(
        -debtor.portfolio.balances[run.asset],
        valuation.units(ofQuote: deficit, asset: run.asset, rounding: .up))
      run.debtor = to
      hold(
        debtor.liquidation?.market == run.market, "P31: winners of another market are charged")
      checkFundIsEmpty(run, of: debtor.universe)
    }
    hold(run.debtor == to, "P31: given to somebody else")
    hold(state.listing.index(of: transfer.amount.asset) == run.asset, "P31: another asset")
    run.given[payer, default: 0] += transfer.amount.units
    sharing = run
  }

  private mutating func checkFundIsEmpty(_ run: SharingRun, of universe: RiskUniverse) {
    let stages = rules.liquidation.waterfall.stages
    guard let valuation, let fund = stages.firstIndex(of: .insuranceFund),
      let sharing = stages.firstIndex(of: .socializedLoss), fund < sharing
    else { return }
    note("P30 shared after the fund")
    for asset in state.listing.collateral.indices where isFresh(asset) {
      let left = room(of: WatchedFund(asset, universe))
      let worth =
        asset == run.asset
        ? left
        : valuation.units(
          ofQuote: valuation.quote(left, asset: asset), asset: run.asset, rounding: .down)
      if asset != run.asset, run.winners.isEmpty {
        // The asset owed is bought of winners: where both sides share, there may be none.
        if worth > 0 { note("P30 shared by size beside assets that nobody sells for") }
      } else if asset != run.asset, worth > 0, !isSold(run, for: left, of: asset) {
        note("P30 shared beside assets that no winner can bear")
      } else {
        hold(worth <= 0, "P30: the fund still has \(left) of \(asset)")
      }
    }
  }

  func isFresh(_ asset: Int) -> Bool {
    guard let underlying = state.listing.collateral[asset].underlying else { return true }
    return state.status(of: underlying) == .open
      && (state.collateralMark(of: state.listing.collateral[asset].asset)?.isFresh ?? true)
  }

  /// P31: capped and pro rata, to the unit.
  mutating func finish(_ run: SharingRun) {
    guard let loss = run.loss else { return }
    note("P31 losses shared by rule \(rules.liquidation.losses.sharing.rawValue)")
    let most = run.caps.values.reduce(Int128(0)) { $0 + Int128($1) }
    let given = run.given.values.reduce(Int128(0)) { $0 + Int128($1) }
    hold(given == min(Int128(loss), most), "P31: \(given) of \(loss), \(most) there")
    for (id, units) in run.given {
      guard let cap = run.caps[id] else {
        hold.broken("P31: \(id) has no part in the market and gives \(units)")
        continue
      }
      hold(units <= cap, "P31: beyond the cap")
      guard rules.liquidation.losses.sharing == .byProfit, most > Int128(loss) else { continue }
      let exact = Int128(loss) * Int128(cap)
      hold(abs(Int128(units) * most - exact) < most, "P31: \(units) of \(loss) is not its part")
    }
    if rules.liquidation.losses.sharing != .byProfit { checkParts(run) }
  }

  /// P31: whoever is not at its cap gives in proportion to its position or its equity, to the
  /// unit, and whoever is at its cap gives no larger a part.
  private mutating func checkParts(_ run: SharingRun) {
    let uncapped = run.caps.filter { run.given[$0.key, default: 0] < $0.value }.keys
    let given = uncapped.reduce(Int128(0)) { $0 + Int128(run.given[$1, default: 0]) }
    let weight = uncapped.reduce(Int128(0)) { $0 + Int128(run.weights[$1, default: 0]) }
    for id in uncapped {
      let units = Int128(run.given[id, default: 0])
      let exact = given * Int128(run.weights[id, default: 0])
      // Whoever is rounded up to its cap is not among them, which moves the others by a unit each.
      let slack = weight * Int128(run.caps.count)
      hold(abs(units * weight - exact) <= slack, "P31: \(units) of \(given) is not its part")
    }
    guard weight > 0 else { return }
    note("P31 losses shared in proportion by rule \(rules.liquidation.losses.sharing.rawValue)")
    for (id, cap) in run.caps where run.given[id] == cap {
      let own = Int128(run.weights[id, default: 0])
      let slack = (own + weight) * Int128(run.caps.count)
      hold(
        Int128(cap) * weight <= given * own + slack,
        "P31: \(cap) of \(id), who is capped, beside \(given) of the others")
    }
  }

  // MARK: Collateral

  /// P26: no coin is given away; its price is the one that was offered, or better.
  mutating func checkSale(_ fill: CollateralFill) {
    note("P26 collateral sold")
    guard let sale = account(fill.account)?.liquidation?.sale else {
      hold.broken("P26: sold without an offer")
      return
    }
    hold(fill.units > 0 && fill.units <= sale.left && fill.paid > 0, "P26: for nothing")
    let least =
      Int128(fill.units) * Int128(sale.limit.steps)
      / (Int128(sale.asset.unitsPerWhole) * 100)
    hold(Int128(fill.paid) + 1_000 >= least, "P26: below the limit")
  }
}
