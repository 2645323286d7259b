// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Oracles
import Parameters
import Quantities

// What assets count for as collateral.
extension Engine {
  /// Prices every asset with rules of its own as collateral, and takes its venue-wide share.
  ///
  /// Without such rules nothing is recorded.
  /// - Parameters:
  ///   - indices: The feeds that have an index in this block.
  ///   - earlier: The marks that the last block left.
  mutating func markCollateral(
    _ indices: [(base: AssetSymbol, index: IndexPrice)], since earlier: [CollateralMark],
    at instant: Timestamp
  ) throws(StepError) {
    guard !rules.collateral.isEmpty || !state.collateralMarks.isEmpty else { return }
    var marks: [CollateralMark] = []
    for rule in rules.collateral {
      guard let asset = state.listing.index(of: rule.asset) else { continue }
      let last = earlier.first { $0.asset == rule.asset }
      var target = Price(steps: Price.stepsPerOne)
      var isFresh = true
      if let underlying = rule.underlying {
        guard let market = state.market(of: underlying) else { continue }
        target = market.market.index
        isFresh = market.status == .open
      }
      if let base = rule.redemptionFeed {
        let redemption = state.feeds.first { $0.feed.base == base }?.index?.price
        target = min(target, redemption ?? target)
        isFresh = isFresh && indices.contains { $0.base == base }
      }
      let next = nextCollateralPrice(
        after: last, target: target, isFresh: isFresh, markUp: rule.markUp, now: instant)
      let share = countedShare(asset, rule.venueCap, price: next.price)
      marks.append(
        CollateralMark(
          asset: rule.asset, price: next.price, since: next.since, isFresh: isFresh,
          countedShare: share))
    }
    try emit(.collateralMarked(marks))
  }

  /// What a cap leaves of everything customers hold of an asset, rounded down.
  private func countedShare(_ asset: Int, _ cap: Int64?, price: Price) -> Rate {
    guard let cap else { return .one }
    let value = worth(state.houses[asset].customers, asset: asset, price: price)
    guard value > Int128(cap) else { return .one }
    return Rate(billionths: Int64(Int128(cap) * 1_000_000_000 / value))
  }

  /// Ledger units at a price, millionths of the quote currency, rounded up; 0 of a negative
  /// amount.
  private func worth(_ units: Int128, asset: Int, price: Price) -> Int128 {
    guard units > 0 else { return 0 }
    let whole = Int128(state.listing.collateral[asset].asset.unitsPerWhole) * 100
    let (product, overflows) = units.multipliedReportingOverflow(by: Int128(price.steps))
    return overflows ? 1 << 100 : product.divided(by: whole, rounding: .up)
  }

  /// Whether an asset has fresh prices: its index, and its redemption value where it has one; the
  /// quote currency always has.
  func isFresh(_ asset: Int) -> Bool {
    let collateral = state.listing.collateral[asset]
    guard let underlying = collateral.underlying else { return true }
    return state.status(of: underlying) == .open
      && (state.collateralMark(of: collateral.asset)?.isFresh ?? true)
  }

  /// Refuses a deposit that would take what customers hold of an asset above its venue-wide cap,
  /// or of an asset whose redemption value has never been seen.
  ///
  /// So nobody's collateral counts for less because another has deposited.
  func checkCollateralRules(_ asset: Int, adds units: Int64) throws(StepError) {
    let listed = state.listing.collateral[asset].asset
    guard let rule = rules.collateral.first(where: { $0.asset == listed }) else { return }
    if let base = rule.redemptionFeed {
      let isKnown = state.feeds.contains { $0.feed.base == base && $0.index != nil }
      guard isKnown else { throw .refused(.notMarked("the redemption of \(listed)")) }
    }
    guard let cap = rule.venueCap else { return }
    var price = Price(steps: Price.stepsPerOne)
    if let underlying = rule.underlying {
      guard let market = state.market(of: underlying) else {
        throw .refused(.notMarked(listed.description))
      }
      price = market.market.index
    }
    let customers = state.houses[asset].customers + Int128(units)
    guard worth(customers, asset: asset, price: price) <= Int128(cap) else {
      throw .refused(.collateralCapReached(listed.symbol, cap: cap))
    }
  }
}
