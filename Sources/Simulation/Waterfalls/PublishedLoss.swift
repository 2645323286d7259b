// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Ledger
public import RiskEngine

/// A shared loss as it is published: who was asked, what they gave, and where the journal has it.
public struct PublishedLoss: Sendable {
  public let inquiry: LossInquiry
  /// The number of the engine's record in which it was decided, from 1.
  public let record: UInt64
  /// Of the chain at that record.
  public let hash: ChainHash
}

/// Collects the shared losses of the records since it was last asked.
struct SharedLossWatch {
  private var fresh: [PublishedLoss] = []

  /// Takes in one record; `engine` is as it was after it.
  mutating func take(_ record: Record, _ engine: Engine) {
    fresh += engine.sharedLosses.map {
      PublishedLoss(inquiry: $0, record: record.sequence, hash: record.hash)
    }
  }

  /// What was shared since it was last asked; empty where the engine keeps none.
  mutating func takeFresh() -> [PublishedLoss] {
    defer { fresh = [] }
    return fresh
  }
}
