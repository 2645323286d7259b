// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import MarketData
import Parameters
public import Quantities

/// What contracts and coins are exposed to one underlying, factor-adjusted.
public struct FactorExposures: Sendable {
  /// β·Δ·S of a size step by dense index, 10^−12 of the quote currency, rounded toward zero and
  /// kept within ± 2^62.
  public let contracts: [Int64]
  /// β of each collateral asset, billionths; 0 of the quote currency.
  public let collateral: [Int64]
}

extension RequirementEngine {
  /// How contracts and coins move with one underlying.
  ///
  /// Δ is the delta of a step in base quantity, S the index. Within the underlying β is 1; another
  /// underlying w counts only where netting is stated for both, with what it is expected to move
  /// when this one, u, moves by one: β = ρ_u ρ_w R_w ÷ R_u, of the correlations with the common
  /// factor and the ranges of the scenario grids.
  public func factorExposures(to underlying: AssetSymbol) -> FactorExposures {
    let betas = layout.underlyings.map { beta(of: $0, to: underlying) }
    let contracts = charges.indices.map { index -> Int64 in
      let slot = layout.places[index].underlying
      guard betas[slot] != 0, let market = marked.markets[slot] else { return 0 }
      // 10^−8 base units × 10^−8 quote to 10^−12 quote.
      let limit = Int128(1) << 62
      let (product, overflows) = Int128(deltaQuantity(index))
        .multipliedReportingOverflow(by: Int128(market.index.steps))
      guard !overflows else { return 0 }
      let plain = min(max(product / 10_000, -limit), limit)
      return Int64(min(max(plain * Int128(betas[slot]) / 1_000_000_000, -limit), limit))
    }
    let collateral = layout.listing.collateral.map { asset in
      asset.underlying.map { beta(of: $0, to: underlying) } ?? 0
    }
    return FactorExposures(contracts: contracts, collateral: collateral)
  }

  /// Billionths, at most a thousand.
  private func beta(of other: AssetSymbol, to underlying: AssetSymbol) -> Int64 {
    let one = Rate.one.billionths
    guard other != underlying else { return one }
    let (own, its) = (parameters.terms.netting[underlying], parameters.terms.netting[other])
    guard own.offsetCap > .zero, its.offsetCap > .zero else { return 0 }
    let range = max(parameters.scan.ranges[underlying].billionths, 1)
    let joint =
      Int128(own.correlation.billionths) * Int128(its.correlation.billionths) / Int128(one)
    let beta = joint * Int128(parameters.scan.ranges[other].billionths) / Int128(range)
    return Int64(min(max(beta, 0), Int128(one) * 1_000))
  }
}
