// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// Prices of one source over one interval, and when in it trading last happened.
@frozen
public struct Candle: Hashable, Sendable {
  public let start: Timestamp
  public let open: Price
  public let high: Price
  public let low: Price
  public let close: Price
  /// Whether the source traded in the interval; without trades the prices are old ones repeated.
  public let hasTrades: Bool

  @inlinable
  public init(
    start: Timestamp, open: Price, high: Price, low: Price, close: Price, hasTrades: Bool
  ) {
    self.start = start
    self.open = open
    self.high = high
    self.low = low
    self.close = close
    self.hasTrades = hasTrades
  }
}
