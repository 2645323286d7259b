// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Quantities

/// What a venue's contracts and coins would be worth after all underlyings have moved.
struct MovedMarket {
  let listing: Listing
  /// Ledger units per step, by dense index.
  let unitValues: [Int64]
  /// By collateral asset.
  let prices: [Price]

  /// Collateral and profits, millionths of the quote currency, rounded down asset by asset.
  func equity(of portfolio: borrowing Portfolio) -> Int128 {
    var equity: Int128 = 0
    for asset in prices.indices {
      var units = Int128(portfolio.balances[asset])
      for slot in portfolio.positions.indices {
        let position = portfolio.positions[slot]
        guard let index = listing.index(of: position.instrument),
          listing.contracts[index].settlementAsset == listing.collateral[asset].asset
        else { continue }
        units += Int128(position.unrealizedProfit(unitValue: unitValues[index]))
      }
      guard units != 0 else { continue }
      // Below 2^77 × 2^57.
      let (value, overflows) = units.multipliedReportingOverflow(by: Int128(prices[asset].steps))
      let whole = Int128(listing.collateral[asset].asset.unitsPerWhole) * 100
      equity += overflows ? 0 : value.divided(by: whole, rounding: .down)
    }
    return equity
  }
}

extension Valuation {
  /// The same venue after every index has moved to a part of itself, volatilities following spot as
  /// the surface says.
  ///
  /// - Parameter factor: What of an underlying's index it has moved to.
  /// - Returns: `nil` when a mark leaves its limits.
  func moved(_ state: LedgerState, by factor: (AssetSymbol) -> Rate) -> MovedMarket? {
    let now = state.snapshot
    func shift(_ price: Price, _ underlying: AssetSymbol) -> Price {
      let moved = Int128(price.steps) * Int128(factor(underlying).billionths) / 1_000_000_000
      return Price(steps: Int64(min(max(moved, 1), Int128(Price.limit))))
    }
    let markets = now.underlyings.map { market in
      UnderlyingMarket(
        underlying: market.underlying, index: shift(market.index, market.underlying),
        basis: market.basis, volatility: market.volatility)
    }
    let after = MarketSnapshot(
      time: now.time, underlyings: markets, settling: now.settling, liquidity: now.liquidity)
    do {
      var engine = try RequirementEngine(
        listing: state.listing, margin: rules.margin, surface: rules.surface, hasScenarios: false)
      try engine.advance(to: after)
      let prices = zip(state.listing.collateral, prices).map { collateral, price in
        collateral.underlying.map { shift(price, $0) } ?? price
      }
      return MovedMarket(
        listing: state.listing, unitValues: engine.marks.map(\.unitValue), prices: prices)
    } catch { return nil }
  }
}
