// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// What came of the rights to slices that a replay's engine sold by sealed bids; money in
/// millionths of the quote currency.
public struct RightsFigures: Hashable, Sendable {
  /// Sales, whether anybody bid or not.
  public internal(set) var sales = 0
  /// Ended before their time, each deposit given back.
  public internal(set) var withdrawn = 0
  /// Nobody bid the reserve, or no winner could carry what he had won.
  public internal(set) var unsold = 0
  /// Lots of all sales, and how many were sold.
  public internal(set) var lots = 0
  public internal(set) var lotsSold = 0
  /// Sealed bids, and how many were opened in time.
  public internal(set) var bids = 0
  public internal(set) var opened = 0
  /// Opened after the end or never, in sales that were settled.
  public internal(set) var unopened = 0
  /// What winners paid for them, to the accounts and, beyond what these gave, to the fund.
  public internal(set) var toAccounts: Int64 = 0
  public internal(set) var toFund: Int64 = 0
  /// Deposits that were lost to the fund.
  public internal(set) var forfeited: Int64 = 0

  public init() {}
}
