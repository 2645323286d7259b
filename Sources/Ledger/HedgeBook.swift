// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// An order by which the venue hedges its imbalance, or gives a hedge back, and why.
@frozen
public struct HedgeOrder: Hashable, Sendable {
  public let order: LiquidationOrder
  public let underlying: AssetSymbol
  /// The takers' net delta at the index when it was decided, millionths of the quote currency.
  public let imbalance: Int64
  /// The mark from which its cost is counted, ledger units per step.
  public let unitValue: Int64
  /// What it was expected to cost, and what it costs at worst, ledger units of the quote currency.
  public let expectedCost: Int64
  public let worstCost: Int64
  /// Whether it closes no more than is held.
  public let isReducing: Bool

  @inlinable
  public init(
    order: LiquidationOrder, underlying: AssetSymbol, imbalance: Int64, unitValue: Int64,
    expectedCost: Int64, worstCost: Int64, isReducing: Bool
  ) {
    self.order = order
    self.underlying = underlying
    self.imbalance = imbalance
    self.unitValue = unitValue
    self.expectedCost = expectedCost
    self.worstCost = worstCost
    self.isReducing = isReducing
  }
}

/// The account by which the insurance fund hedges what takers hold of the house, and what that has
/// cost.
///
/// It is an account like any other: its positions are marked, margined, funded and settled. What
/// it has it has from the fund, and at rest all of it goes back.
public struct HedgeBook: Hashable, Sendable {
  /// Its ledger account.
  public let account: AccountID
  /// The order that is out, if one is.
  public internal(set) var order: HedgeOrder?
  /// What the fund has given and not got back, ledger units of the quote currency.
  ///
  /// It is in the account, or was lost by it. What was gained beyond is the fund's for good.
  public internal(set) var drawn: Int64
  /// When the last window of costs began; zero before the first.
  public internal(set) var windowStart: Timestamp
  /// What the orders of this window have cost, ledger units of the quote currency.
  public internal(set) var windowCost: Int64
  /// What all orders have cost.
  public internal(set) var cost: Int64

  public init(account: AccountID) {
    self.account = account
    order = nil
    drawn = 0
    windowStart = Timestamp(nanoseconds: 0)
    windowCost = 0
    cost = 0
  }

  mutating func charge(_ units: Int64) {
    // Held to the field: a sum beyond it leaves no budget either way.
    windowCost = Int64(clamping: Int128(windowCost) + Int128(units))
    cost = Int64(clamping: Int128(cost) + Int128(units))
  }
}
