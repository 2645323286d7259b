// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Money: an integer count of ledger units of one asset.
///
/// An account's amount is at most ``Amount/limit`` in size; sums over accounts are taken in
/// `Int128`. Addition of permitted amounts cannot overflow 64 bits (limit = 2^60).
@frozen
public struct Amount: Hashable, Sendable, CustomStringConvertible {
  public let units: Int64
  public let asset: Asset

  /// The largest number of units one field may hold, 2^60.
  @inlinable
  public static var limit: Int64 { 1 << 60 }

  @inlinable
  public init(units: Int64, asset: Asset) {
    self.units = units
    self.asset = asset
  }

  /// Makes ledger money from model output; the only way across.
  ///
  /// Charges round `.up` and credits `.down`, so dust falls to the insurance fund.
  /// - Throws: ``QuantityError/notRepresentable`` for NaN, infinities and overflow.
  public init(
    _ value: Double, of asset: Asset, rounding rule: FloatingPointRoundingRule
  ) throws(QuantityError) {
    let scaled = (value * Double(asset.unitsPerWhole)).rounded(rule)
    guard let units = Int64(exactly: scaled), units.magnitude <= Self.limit.magnitude
    else { throw .notRepresentable }
    self.init(units: units, asset: asset)
  }

  /// Reads a decimal number; a finer digit than the ledger unit is refused.
  public init(_ text: String, of asset: Asset) throws(QuantityError) {
    let units = try unitsFromDecimal(text, decimals: Int(asset.decimals))
    guard units.magnitude <= Self.limit.magnitude else { throw .overflow }
    self.init(units: units, asset: asset)
  }

  /// - Throws: ``QuantityError/assetMismatch(_:_:)`` or ``QuantityError/overflow``.
  public func adding(_ other: Amount) throws(QuantityError) -> Amount {
    guard asset == other.asset else { throw .assetMismatch(asset.symbol, other.asset.symbol) }
    let (sum, overflows) = units.addingReportingOverflow(other.units)
    guard !overflows, sum.magnitude <= Self.limit.magnitude else { throw .overflow }
    return Amount(units: sum, asset: asset)
  }

  @inlinable
  public static prefix func - (amount: Amount) -> Amount {
    Amount(units: -amount.units, asset: amount.asset)
  }

  public var description: String {
    "\(decimalText(units, decimals: Int(asset.decimals))) \(asset.symbol)"
  }
}
