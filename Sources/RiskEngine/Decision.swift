// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Ledger

/// A step that was taken, before its record has a hash.
public struct Decision: Sendable {
  /// Of the record to be, from 1 without gaps.
  public let sequence: UInt64
  public let command: Command
  public let events: [LedgerEvent]

  /// The record, given the hash of the one before.
  public func sealed(after previous: ChainHash) -> Record {
    Record(sequence: sequence, command: command, events: events, after: previous)
  }
}
