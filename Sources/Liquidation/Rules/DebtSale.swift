// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// Collateral under the hammer until a debt is raised; what is left over goes back.
///
/// Source: Maker, Liquidations 2.0, `clip.sol` and `abaci.sol`. The asking price comes from a
/// ``PricePath`` over the price of the collateral.
@frozen
public struct DebtSale: Hashable, Sendable {
  /// Collateral for sale, 10^−8 of base units, 0 to 2^60.
  public private(set) var lot: Int64
  /// What has still to be raised, millionths of the quote currency, 0 to 2^60.
  public private(set) var debt: Int64
  /// A sale may not leave a smaller debt than this while there is collateral left.
  public let leastDebt: Int64

  /// - Returns: `nil` for numbers below zero or above 2^60.
  public init?(lot: Int64, debt: Int64, leastDebt: Int64 = 0) {
    let range = 0...Amount.limit
    guard range.contains(lot), range.contains(debt), range.contains(leastDebt) else { return nil }
    self.lot = lot
    self.debt = debt
    self.leastDebt = leastDebt
  }

  /// What one bid came to.
  @frozen
  public struct Sale: Hashable, Sendable {
    /// Collateral sold, 10^−8 of base units.
    public let size: Int64
    /// Millionths of the quote currency.
    public let paid: Int64
    /// Collateral that goes back to the debtor because the debt is raised.
    public let returned: Int64

    @inlinable
    public init(size: Int64, paid: Int64, returned: Int64) {
      self.size = size
      self.paid = paid
      self.returned = returned
    }
  }

  /// Why a bid is refused.
  public enum Refusal: Error, Hashable, Sendable {
    /// Nothing is for sale.
    case ended
    /// Nothing is asked for, or at no price: nothing is given away.
    case notPositive
    /// The bidder pays no more than this and the asking price is above it.
    case aboveLimit
    /// What would be left of the debt is too little to be auctioned, and there is no smaller sale.
    case tooSmallRest
  }

  /// Whether there is nothing to raise or nothing to sell any more.
  public var isEnded: Bool { lot == 0 || debt == 0 }

  /// Sells up to so much at the asking price: no more than the lot, and no more than raises the
  /// debt; a sale that would leave too small a debt is cut so that the least one is left.
  ///
  /// - Parameters:
  ///   - size: 10^−8 of base units.
  ///   - limit: The most a bidder pays for a base unit.
  /// - Returns: What was sold; what is paid is rounded up, so no size is free.
  public mutating func take(
    _ size: Int64, at price: Price, limit: Price
  ) throws(Refusal) -> Sale {
    guard !isEnded else { throw .ended }
    guard size > 0, price > .zero else { throw .notPositive }
    guard price <= limit else { throw .aboveLimit }
    var slice = min(size, lot)
    var paid = Self.cost(slice, price)
    if paid > Int128(debt) {
      paid = Int128(debt)
      // Nobody pays for nothing.
      slice = min(slice, max(Self.affordable(debt, price), 1))
    } else if paid < Int128(debt), slice < lot, Int128(debt) - paid < Int128(leastDebt) {
      guard debt > leastDebt else { throw .tooSmallRest }
      slice = min(slice, Self.affordable(debt - leastDebt, price))
      guard slice > 0 else { throw .tooSmallRest }
      paid = min(Self.cost(slice, price), Int128(debt - leastDebt))
    }
    lot -= slice
    debt -= Int64(paid)
    guard debt == 0 else { return Sale(size: slice, paid: Int64(paid), returned: 0) }
    defer { lot = 0 }
    return Sale(size: slice, paid: Int64(paid), returned: lot)
  }

  /// Millionths for so much collateral, rounded up; below 2^60 × 2^63.
  private static func cost(_ size: Int64, _ price: Price) -> Int128 {
    (Int128(size) * Int128(price.steps)).divided(by: 10_000_000_000, rounding: .up)
  }

  /// The most collateral that so much pays for.
  private static func affordable(_ money: Int64, _ price: Price) -> Int64 {
    Int64(clamping: Int128(money) * 10_000_000_000 / Int128(price.steps))
  }
}
