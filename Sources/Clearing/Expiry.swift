// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Quantities

/// What one size step of an expiring contract is worth at the settlement price of its
/// underlying, in ledger units of the settlement asset.
///
/// Futures end at the settlement price; options at their intrinsic value, in quote currency
/// (linear) or in coin (inverse: (S − K)⁺ ÷ S), at most the contract's highest price.
/// - Throws: ``QuantityError`` when the price lies outside the contract's limits.
public func settlementUnitValue(
  of contract: Contract, settlementPrice: Price
) throws(QuantityError) -> Int64 {
  guard case .option(let right, let strike, _) = contract.kind else {
    return try contract.unitValue(at: settlementPrice)
  }
  guard settlementPrice.steps > 0 else { throw .notRepresentable }
  let difference =
    right == .call
    ? settlementPrice.steps - strike.steps : strike.steps - settlementPrice.steps
  var payoff = Int128(max(difference, 0))
  if contract.settlement == .inverse {
    payoff = (payoff * Int128(Price.stepsPerOne))
      .divided(by: Int128(settlementPrice.steps), rounding: .halfEven)
  }
  let steps = min(payoff, Int128(contract.highestPrice.steps))
  return try contract.unitValue(at: Price(steps: Int64(steps)))
}
