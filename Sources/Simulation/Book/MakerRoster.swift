// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// The accounts that stand behind a replay's book, some for each underlying.
///
/// They take what the other accounts do not take from each other, and every liquidation order
/// that finds a price. Their collateral is many times what they hold: they stand for the rest of
/// the market, which hedges elsewhere.
public struct MakerRoster: Hashable, Sendable {
  /// One underlying's makers, ascending.
  public struct Desk: Hashable, Sendable {
    public let underlying: AssetSymbol
    public let accounts: [AccountID]

    public init(underlying: AssetSymbol, accounts: [AccountID]) {
      self.underlying = underlying
      self.accounts = accounts
    }
  }

  /// In the order of the accounts.
  public let desks: [Desk]

  public init(desks: [Desk]) { self.desks = desks }

  /// So many makers for each underlying, numbered from `first`.
  public init(underlyings: [AssetSymbol], makersEach: Int, first: UInt32) {
    desks = underlyings.enumerated().map { index, underlying in
      let start = first + UInt32(index * makersEach)
      return Desk(
        underlying: underlying,
        accounts: (0..<UInt32(makersEach)).map { AccountID(start + $0) })
    }
  }

  /// Every maker, ascending.
  public var accounts: [AccountID] { desks.flatMap(\.accounts) }

  public subscript(underlying: AssetSymbol) -> [AccountID] {
    desks.first { $0.underlying == underlying }?.accounts ?? []
  }
}
