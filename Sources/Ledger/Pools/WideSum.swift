// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// An unsigned sum in 256 bits: what a pool's gains add up to before they are divided.
@frozen
public struct WideSum: Hashable, Sendable {
  public var high: UInt128
  public var low: UInt128

  public static let zero = WideSum(high: 0, low: 0)

  @inlinable
  public init(high: UInt128, low: UInt128) {
    self.high = high
    self.low = low
  }

  /// a × b.
  init(_ a: UInt128, times b: UInt128) {
    (high, low) = a.multipliedFullWidth(by: b)
  }

  static func + (one: WideSum, other: WideSum) -> WideSum {
    let (low, carries) = one.low.addingReportingOverflow(other.low)
    return WideSum(high: one.high &+ other.high &+ (carries ? 1 : 0), low: low)
  }

  /// - Precondition: `one` ≥ `other`.
  static func - (one: WideSum, other: WideSum) -> WideSum {
    let (low, borrows) = one.low.subtractingReportingOverflow(other.low)
    return WideSum(high: one.high &- other.high &- (borrows ? 1 : 0), low: low)
  }

  /// The quotient, rounded down.
  ///
  /// - Precondition: `divisor` is not 0.
  func divided(by divisor: UInt128) -> WideSum {
    let (first, rest) = high.quotientAndRemainder(dividingBy: divisor)
    return WideSum(high: first, low: divisor.dividingFullWidth((rest, low)).quotient)
  }

  /// `units` × this ÷ `divisor`, rounded down but for ``ProductSum/nearness``; `nil` where that
  /// leaves 63 bits.
  func share(of units: UInt64, over divisor: UInt128) -> Int64? {
    let (overflow, top) = high.multipliedFullWidth(by: UInt128(units))
    guard overflow == 0 else { return nil }
    let near = WideSum(high: 0, low: divisor >> UInt128(ProductSum.nearness))
    let product = WideSum(high: top, low: 0) + WideSum(low, times: UInt128(units)) + near
    let quotient = product.divided(by: divisor)
    guard product.high >= top, quotient.high == 0 else { return nil }
    return Int64(exactly: quotient.low)
  }

  /// Shifted down by so many bits, rounded down.
  func shifted(down bits: Int) -> WideSum {
    if bits >= 256 { return .zero }
    if bits >= 128 { return WideSum(high: 0, low: high >> UInt128(bits - 128)) }
    if bits == 0 { return self }
    return WideSum(
      high: high >> UInt128(bits),
      low: (low >> UInt128(bits)) | (high << UInt128(128 - bits)))
  }
}
