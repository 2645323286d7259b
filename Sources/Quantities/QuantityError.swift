// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Why a quantity cannot be made or combined.
public enum QuantityError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The exact result lies outside the field limit of its type.
  case overflow
  /// A floating-point value is NaN, infinite or outside the field limit.
  case notRepresentable
  /// Two amounts of different assets were combined.
  case assetMismatch(AssetSymbol, AssetSymbol)
  /// A divisor is zero.
  case divisionByZero
  /// A text is not a decimal number.
  case malformedDecimal(String)
  /// A decimal number has more digits after the point than the unit has.
  case tooFine(String, decimals: Int)
  /// A symbol is empty, too long or has characters outside A–Z, 0–9, `_`, `.`.
  case malformedSymbol(String)

  public var description: String {
    switch self {
    case .overflow: "the result lies outside the limit of its field"
    case .notRepresentable: "not a finite number inside the limit of its field"
    case .assetMismatch(let one, let other): "amounts of \(one) and \(other) do not combine"
    case .divisionByZero: "division by zero"
    case .malformedDecimal(let text): "“\(text)” is not a decimal number"
    case .tooFine(let text, let decimals): "“\(text)” has more than \(decimals) decimals"
    case .malformedSymbol(let text):
      "“\(text)” is not a symbol (1 to 8 characters of A–Z, 0–9, _ and .)"
    }
  }
}
