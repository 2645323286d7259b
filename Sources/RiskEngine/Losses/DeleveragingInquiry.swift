// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Ledger
public import Liquidation
public import Quantities

/// A position that was closed against others, with those who were asked: all that the allocation
/// is a function of, for anyone to make it again.
public struct DeleveragingInquiry: Hashable, Sendable {
  public let time: Timestamp
  public let block: UInt64
  /// Whose position was closed.
  public let account: AccountID
  public let contract: Contract
  /// How much was to be closed, on which side and by which rule.
  public let question: DeleveragingQuestion
  /// At which both sides traded.
  public let price: Price
  public let mark: Price
  /// Exposure ÷ equity at which those who were cut end, in 2^−32; absent under other rules than
  /// draining.
  public let level: Int64?
  /// In the order in which they traded.
  public let cuts: [DeleveragingCut]
  /// Sorted by account: all who were asked or, of many, those who were cut and the next in line.
  public let candidates: [DeleveragingCandidate]
  /// How many more were asked; as long as the most that are kept is not reached, none
  /// on whom a cut or the level depends.
  public let omitted: Int

  /// The digest that the journal's event has of the cuts, where the rule makes one.
  public var root: ChainHash { DeleveragingAllocation.root(of: cuts.map { ($0.account, $0.size) }) }
}
