// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Ledger
import RiskEngine

/// A deleveraging or a shared loss as it is published: who was asked, what they gave, and where the
/// journal has it.
public struct Published<Inquiry: Sendable>: Sendable {
  public let inquiry: Inquiry
  /// The number of the engine's record in which it was decided, from 1.
  public let record: UInt64
  /// Of the chain at that record.
  public let hash: ChainHash
}

/// What was published of the records since it was last asked; empty where the engine keeps none.
struct FreshInquiries {
  private(set) var deleveragings: [Published<DeleveragingInquiry>] = []
  private(set) var losses: [Published<LossInquiry>] = []

  var isEmpty: Bool { deleveragings.isEmpty && losses.isEmpty }

  /// Takes in one record; `engine` is as it was after it.
  mutating func take(_ record: Record, _ engine: Engine) {
    deleveragings += engine.deleveragings.map {
      Published(inquiry: $0, record: record.sequence, hash: record.hash)
    }
    losses += engine.sharedLosses.map {
      Published(inquiry: $0, record: record.sequence, hash: record.hash)
    }
  }
}
