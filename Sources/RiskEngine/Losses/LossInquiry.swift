// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Liquidation
public import Quantities

/// A loss that others were asked to bear, with those who were asked: all that their shares are a
/// function of, for anyone to find them again.
public struct LossInquiry: Hashable, Sendable {
  public let time: Timestamp
  public let block: UInt64
  /// Whose loss it was.
  public let account: AccountID
  /// In which its last position was closed.
  public let contract: Contract
  /// In which it is owed.
  public let asset: Asset
  public let question: LossQuestion
  /// What each gave, in the order in which they gave it; empty where nobody had anything.
  public let shares: [LossShare]
  /// The part that everybody gave who was not at its cap, 10^−12; see
  /// ``/Liquidation/LossQuestion/rate(among:)``.
  public let rate: Int64?
  /// Sorted by account: all who were asked.
  public let candidates: [LossCandidate]
  /// How many more were asked; none as long as the most that are kept is not reached.
  ///
  /// Without them the shares need not follow from the candidates.
  public let omitted: Int
}
