// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Parameters
import Quantities
import Testing

@testable import RiskEngine

/// What the fund of one risk universe holds of one asset.
struct WatchedFund: Hashable {
  /// By dense index.
  let asset: Int
  let universe: RiskUniverse

  init(_ asset: Int, _ universe: RiskUniverse) { (self.asset, self.universe) = (asset, universe) }
}

// P24, P30: whose fund pays for whom, and how much it may.
extension WaterfallWatch {
  /// The universe of an instrument; the common one for an unknown one.
  func universe(of id: InstrumentID) -> RiskUniverse {
    state.listing.index(of: id).map { state.universe(ofInstrument: $0) } ?? .common
  }

  func held(by fund: WatchedFund) -> Int64 { state.fund(fund.asset, of: fund.universe) }

  /// P30: the fund of a universe pays for what is of that universe; a claim on it follows whoever
  /// has it.
  mutating func checkFund(_ transfer: Transfer) {
    guard let universe = transfer.from.fundUniverse else { return }
    // What winners are paid back is paid to nobody who owes.
    guard transfer.reason != .lossRecovery, case .account(let id) = transfer.to,
      let account = account(id)
    else { return }
    paying.insert(universe)
    hold(
      account.universe == universe,
      "P30: the fund of the \(universe) pays \(id) of the \(account.universe)")
    if universe != .common { note("P30 a fund other than the common one paid") }
  }

  // MARK: The window

  mutating func openWindow(_ asset: Asset, _ opening: Int64, of universe: RiskUniverse) {
    guard let cap = rules.liquidation.losses.fund.window?.cap,
      let index = state.listing.index(of: asset)
    else {
      hold.broken("P30: a window where draws have none")
      return
    }
    drawable[WatchedFund(index, universe)] = cap.share(of: opening, rounding: .down)
  }

  /// P30: a fund pays for accounts in liquidation, or buys for them, within its window.
  mutating func checkCover(_ transfer: Transfer) {
    note("P30 covers")
    hold(rules.liquidation.waterfall.stages.contains(.insuranceFund), "P30: no such stage")
    guard let universe = transfer.from.fundUniverse,
      let index = state.listing.index(of: transfer.amount.asset)
    else {
      hold.broken("P30: covered by something else than a fund")
      return
    }
    guard rules.liquidation.losses.fund.window != nil else { return }
    let fund = WatchedFund(index, universe)
    let left = (drawable[fund] ?? 0) - transfer.amount.units
    hold(left >= 0, "P30: beyond the window's cap")
    drawable[fund] = left
  }

  /// What all draws may still take in the present window, or in one that would begin now; all there
  /// is without one.
  func windowRoom(of fund: WatchedFund) -> Int64 {
    guard let window = rules.liquidation.losses.fund.window else { return held(by: fund) }
    let asset = state.listing.collateral[fund.asset].asset
    let isOpen = state.losses(of: fund.universe).fund(asset).map {
      $0.windowStart.nanoseconds > 0 && state.time < $0.windowStart + window.length
    }
    return isOpen == true
      ? drawable[fund] ?? 0 : window.cap.share(of: held(by: fund), rounding: .down)
  }

  /// What a fund may still pay, beyond what it has promised to orders.
  func room(of fund: WatchedFund) -> Int64 {
    max(min(held(by: fund), windowRoom(of: fund)) - promised(by: fund), 0)
  }

  // MARK: Promises

  /// What a fund has promised to orders that are out.
  func promised(by fund: WatchedFund) -> Int64 { allSetAside[fund, default: 0] }

  /// What a fund holds beyond its promises.
  func free(_ fund: WatchedFund) -> Int64 { max(held(by: fund) - promised(by: fund), 0) }

  mutating func setAside(_ order: LiquidationOrder) {
    guard order.fundShare != 0 else { return }
    setAside[order.account] = (order.instrument, order.fundShare)
    promise(order.fundShare, for: order.instrument)
  }

  mutating func release(_ id: AccountID) {
    guard let (instrument, units) = setAside.removeValue(forKey: id) else { return }
    promise(-units, for: instrument)
  }

  /// Instruments may be in other universes under new parameters, and with them what is out.
  mutating func promiseAnew() {
    allSetAside = [:]
    for (instrument, units) in setAside.values { promise(units, for: instrument) }
  }

  private mutating func promise(_ units: Int64, for instrument: InstrumentID) {
    guard let asset = asset(of: instrument) else { return }
    allSetAside[WatchedFund(asset, universe(of: instrument)), default: 0] += units
  }

  /// P24: what a fund has promised to orders that are out it has.
  func checkSetAside() {
    for (fund, units) in allSetAside {
      hold(
        units <= held(by: fund),
        "P24: the fund of the \(fund.universe) has promised \(units) of \(held(by: fund))")
    }
  }
}
