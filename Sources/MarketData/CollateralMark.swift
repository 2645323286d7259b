// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// What an asset counts for as collateral, where that is not simply its index.
@frozen
public struct CollateralMark: Hashable, Sendable {
  public let asset: Asset
  /// At most the index and the redemption value; it falls at once and rises slowly.
  ///
  /// Debts do not use it.
  public let price: Price
  /// From when on a rise is counted.
  public let since: Timestamp
  /// Whether index and redemption value are both of this block.
  public let isFresh: Bool
  /// The share of every amount that counts in margin under the venue-wide cap, at most one.
  public let countedShare: Rate

  @inlinable
  public init(
    asset: Asset, price: Price, since: Timestamp, isFresh: Bool = true,
    countedShare: Rate = .one
  ) {
    self.asset = asset
    self.price = price
    self.since = since
    self.isFresh = isFresh
    self.countedShare = countedShare
  }
}
