// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Quantities

/// One account of a book as its file describes it.
///
/// Amounts stay the texts of the file, checked as numbers but not yet measured in an asset's
/// unit or a contract's step: the engine does that and can refuse with the place.
public struct AccountRow: Hashable, Sendable {
  public let account: AccountID
  public let mode: MarginMode
  public let place: FilePlace
  /// In the order of the file; an asset occurs once.
  public let collateral: [CollateralRow]
  /// In the order of the file; an instrument occurs once.
  public let positions: [PositionRow]
}

/// Collateral of an account.
public struct CollateralRow: Hashable, Sendable {
  public let asset: AssetSymbol
  /// A decimal number that is not negative, as written.
  public let quantity: String
  public let place: FilePlace
}

/// A position of an account.
public struct PositionRow: Hashable, Sendable {
  /// The instrument's name, for example `BTC-PERP`.
  public let instrument: String
  /// A decimal number, not zero, as written; long is positive.
  public let size: String
  /// A decimal number above zero, as written.
  public let entryPrice: String
  public let place: FilePlace
}
