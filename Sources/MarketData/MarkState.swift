// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// The smoothed premium of a perpetual over its index, as the ledger keeps it.
@frozen
public struct PremiumState: Hashable, Sendable {
  /// Premium in 10^−15, finer than a ``Rate`` so that small steps are not lost to rounding.
  public let femtos: Int64
  /// The last sample; `nil` before the first one.
  public let time: Timestamp?

  /// Units of ``femtos`` in a premium of one.
  @inlinable
  public static var femtosPerOne: Int64 { 1_000_000_000_000_000 }
  /// No premium, no history.
  @inlinable
  public static var unobserved: PremiumState { PremiumState(femtos: 0, time: nil) }

  @inlinable
  public init(femtos: Int64, time: Timestamp?) {
    self.femtos = femtos
    self.time = time
  }

  /// Perpetual ÷ index − 1, smoothed; rounded half to even.
  @inlinable
  public var basis: Rate {
    Rate(billionths: Int64(Int128(femtos).divided(by: 1_000_000, rounding: .halfEven)))
  }
}

/// The running average of a settlement window: Σ price × time and how much of it is covered.
@frozen
public struct SettlementWindow: Hashable, Sendable {
  public let start: Timestamp
  public let end: Timestamp
  /// Σ price steps × nanoseconds, exact.
  public let sum: Int128
  /// Nanoseconds of the window for which there was a price.
  public let covered: TimeSpan
  /// The last block observed.
  public let time: Timestamp
  /// The index of that block; `nil` when it was not fresh.
  public let price: Price?

  /// A window in which nothing was observed yet.
  @inlinable
  public init(start: Timestamp, end: Timestamp) {
    self.init(
      start: start, end: end, sum: 0, covered: .zero, time: Timestamp(nanoseconds: .min),
      price: nil)
  }

  /// A window with every field as it was stored.
  @inlinable
  public init(
    start: Timestamp, end: Timestamp, sum: Int128, covered: TimeSpan, time: Timestamp,
    price: Price?
  ) {
    self.start = start
    self.end = end
    self.sum = sum
    self.covered = covered
    self.time = time
    self.price = price
  }
}
