// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

extension Contract {
  /// The value of one size step at `price`, in ledger units of the settlement asset.
  ///
  /// Rounded once, half to even; a position is worth its size times this integer, exactly, so
  /// the positions of a market always sum to zero, at any price, without a residue.
  ///
  /// Linear contracts and options: quantity × price. Inverse futures and perpetuals:
  /// −quantity ÷ price (BitMEX and Deribit value them so), so that profit is
  /// quantity × (1/entry − 1/price).
  /// - Throws: ``QuantityError/notRepresentable`` for a price of zero or below (inverse), or a
  ///   price above ``highestPrice``.
  public func unitValue(at price: Price) throws(QuantityError) -> Int64 {
    guard price.steps >= 0, price <= highestPrice else { throw .notRepresentable }
    let perWhole = Int128(settlementAsset.unitsPerWhole)
    let value: Int128
    if isReciprocal {
      guard price.steps > 0 else { throw .notRepresentable }
      let dividend = Int128(stepQuantity) * perWhole
      value = -dividend.divided(by: Int128(price.steps), rounding: .halfEven)
    } else {
      let product = Int128(stepQuantity) * Int128(price.steps) * perWhole
      value = product.divided(by: 10_000_000_000_000_000, rounding: .halfEven)
    }
    guard let units = Int64(exactly: value), units.magnitude <= Self.unitValueLimit.magnitude
    else { throw .overflow }
    return units
  }

  /// The largest unit value, 2^29 ledger units: times a size limit of 2^31 it stays below 2^60.
  public static var unitValueLimit: Int64 { 1 << 29 }

  /// The price at which one size step is worth `unitValue`; the inverse of ``unitValue(at:)``
  /// up to rounding, toward the account that must pay when `rounding` says so.
  public func price(
    ofUnitValue value: Int64, rounding: RoundingDirection
  ) throws(QuantityError) -> Price {
    let perWhole = Int128(settlementAsset.unitsPerWhole)
    let steps: Int128
    if isReciprocal {
      guard value < 0 else { throw .notRepresentable }
      let dividend = Int128(stepQuantity) * perWhole
      steps = dividend.divided(by: -Int128(value), rounding: rounding)
    } else {
      let dividend = Int128(value) * 10_000_000_000_000_000
      steps = dividend.divided(by: Int128(stepQuantity) * perWhole, rounding: rounding)
    }
    guard steps >= 0, steps <= Int128(highestPrice.steps) else { throw .notRepresentable }
    return Price(steps: Int64(steps))
  }
}
