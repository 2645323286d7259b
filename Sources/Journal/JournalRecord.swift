// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Ledger

/// What the caller gives the journal to keep: canonical bytes and the chain hash after them.
///
/// The journal never looks inside a payload.
public struct JournalRecord: Hashable, Sendable {
  /// What a payload holds.
  public enum Kind: UInt8, Hashable, Sendable, CaseIterable {
    /// One command.
    case command = 1
    /// All events of the command in the record before.
    case events = 2
  }

  /// The longest payload of a record: 64 MiB.
  public static let maximumPayloadBytes = 64 << 20

  /// What the payload holds.
  public let kind: Kind
  /// The canonical bytes; may be empty.
  public let payload: [UInt8]
  /// The hash of the ledger's chain after this record.
  public let chainHash: ChainHash

  public init(kind: Kind, payload: [UInt8], chainHash: ChainHash) {
    self.kind = kind
    self.payload = payload
    self.chainHash = chainHash
  }
}

/// A record with its place in the journal.
public struct StoredRecord: Hashable, Sendable {
  /// 1 for the first record, then dense.
  public let sequence: Int
  /// What was stored.
  public let record: JournalRecord
}

/// The whole state after a record, so that recovery need not start at the first one.
public struct JournalSnapshot: Hashable, Sendable {
  /// The longest payload of a snapshot: 512 MiB.
  public static let maximumPayloadBytes = 512 << 20

  /// The last record whose effects the state includes; 0 for the state at genesis.
  public let sequence: Int
  /// The chain hash after that record.
  public let chainHash: ChainHash
  /// The canonical bytes of the state.
  public let payload: [UInt8]
}
