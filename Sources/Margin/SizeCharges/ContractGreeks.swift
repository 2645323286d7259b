// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import NumericalMethods
import Pricing
public import Quantities

/// What one size step of a contract moves with its underlying and its volatility, in integers that
/// sum exactly.
@frozen
public struct ContractGreeks: Hashable, Sendable {
  /// 10^−8 of base units.
  public let delta: Int64
  /// What delta gains when the forward rises by 1 %: 10^−8 of base units.
  public let gamma: Int64
  /// 10^−8 of the quote currency per point (0.01) of volatility.
  public let vega: Int64

  @inlinable
  public init(delta: Int64, gamma: Int64, vega: Int64) {
    self.delta = delta
    self.gamma = gamma
    self.vega = vega
  }

  @inlinable
  public static var zero: ContractGreeks { ContractGreeks(delta: 0, gamma: 0, vega: 0) }
}

extension RequirementEngine {
  /// The Greeks of a contract at the engine's market, as margins and protections read them: futures
  /// and perpetuals by their size, options on their forward at the volatility of their mark
  /// (Black 1976); each rounded once, half to even.
  ///
  /// - Returns: Zero for a contract without a price.
  public func contractGreeks(of instrument: InstrumentID) -> ContractGreeks {
    guard let index = layout.index(of: instrument), charges[index].isPriced else { return .zero }
    return ContractGreeks(
      delta: deltaQuantity(index), gamma: gammaQuantity(index), vega: vegaQuantity(index))
  }

  /// What one size step's delta gains when the forward rises by 1 %, 10^−8 of base units.
  ///
  /// φ(d₁) ÷ (σ√τ) × 0.01 of the quantity, of which only the open share counts while the
  /// settlement price is averaged.
  private func gammaQuantity(_ index: Int) -> Int64 {
    guard let (distance, open) = openDistance(index) else { return 0 }
    let expiry = marked.expiries[layout.places[index].expiry]
    let deviation = marked.volatilities[index] * expiry.years.squareRoot()
    guard deviation > 0 else { return 0 }
    let density = Normal.density(distance / deviation + 0.5 * deviation)
    let perStep = Double(charges[index].baseQuantity) * (density / deviation * (open * 0.01))
    return Int64(min(perStep, Double(QuoteFills.most)).rounded(.toNearestOrEven))
  }
}
