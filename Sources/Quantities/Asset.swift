// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// The name of an asset, an underlying, a venue or a feed: 1 to 8 characters, packed in order.
///
/// Symbols compare as their texts do, hold no memory of their own and have one canonical form.
@frozen
public struct AssetSymbol: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The ASCII bytes, first character in the highest byte, zero-padded.
  public let packed: UInt64

  /// - Throws: ``QuantityError/malformedSymbol(_:)``.
  public init(_ text: String) throws(QuantityError) {
    let bytes = text.utf8
    guard (1...8).contains(bytes.count) else { throw .malformedSymbol(text) }
    var packed: UInt64 = 0
    for byte in bytes {
      guard Self.permits(byte) else { throw .malformedSymbol(text) }
      packed = packed << 8 | UInt64(byte)
    }
    self.packed = packed << (8 * UInt64(8 - bytes.count))
  }

  /// The symbol with these packed bytes, if they are in canonical form.
  public init?(packed: UInt64) {
    var seenEnd = false
    for shift in stride(from: 56, through: 0, by: -8) {
      let byte = UInt8(truncatingIfNeeded: packed >> UInt64(shift))
      if byte == 0 { seenEnd = true } else if seenEnd || !Self.permits(byte) { return nil }
    }
    guard packed != 0 else { return nil }
    self.packed = packed
  }

  /// Capital letters, digits, `_` and `.`.
  public static func permits(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: false
    }
  }

  @inlinable
  public static func < (left: Self, right: Self) -> Bool { left.packed < right.packed }

  public var description: String {
    var text = ""
    for shift in stride(from: 56, through: 0, by: -8) {
      let byte = UInt8(truncatingIfNeeded: packed >> UInt64(shift))
      guard byte != 0 else { break }
      text.unicodeScalars.append(Unicode.Scalar(byte))
    }
    return text
  }
}

/// Something an account can own, counted in a declared ledger unit of 10^−`decimals`.
@frozen
public struct Asset: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let symbol: AssetSymbol
  /// Digits after the point of the ledger unit, 0 to 8.
  public let decimals: UInt8

  /// - Throws: ``QuantityError/overflow`` for more than 8 decimals.
  public init(symbol: AssetSymbol, decimals: UInt8) throws(QuantityError) {
    guard decimals <= 8 else { throw .overflow }
    self.symbol = symbol
    self.decimals = decimals
  }

  /// Ledger units in one whole of the asset.
  @inlinable
  public var unitsPerWhole: Int64 { powerOfTen(Int(decimals)) }

  /// Orders by symbol, then by decimals.
  @inlinable
  public static func < (left: Self, right: Self) -> Bool {
    (left.symbol, left.decimals) < (right.symbol, right.decimals)
  }

  public var description: String { symbol.description }
}
