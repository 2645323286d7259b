// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Every way a journal can refuse, each naming the file, the record or the value.
public enum JournalError: Error, Hashable, Sendable {
  /// There is no file at the path.
  case missing(path: String)
  /// The folder the journal should live in does not exist.
  case missingFolder(path: String)
  /// Something is already at a path a new journal needs; nothing is overwritten.
  case alreadyExists(path: String)
  /// The file is not a journal: a folder, another program's file, or a destroyed header.
  case notAJournal(path: String)
  /// A writer, or a reader that a writer would disturb, has the journal open.
  case alreadyOpen(path: String)
  /// The file may not be written by this user.
  case readOnly(path: String)
  /// The open connection does not sync every commit.
  case notDurable(path: String, found: String)
  /// The journal was written under another version than the one this program can vouch for.
  case unknownVersion(of: JournalVersion, found: String, supported: String)
  /// A header field is empty or too long; `limit` is in bytes of UTF-8.
  case headerFieldOutOfBounds(field: String, bytes: Int, limit: Int)
  /// A payload is longer than the journal stores in one record or snapshot.
  case payloadTooLarge(bytes: Int, limit: Int)
  /// A sequence number outside what the journal holds or may take next.
  case sequenceOutOfRange(sequence: Int, allowed: ClosedRange<Int>)
  /// The record with this sequence number is damaged, missing or not the one acknowledged.
  case corruptRecord(sequence: Int, reason: String)
  /// The snapshot after this sequence number is damaged.
  case corruptSnapshot(sequence: Int, reason: String)
  /// Damage outside any one record: header, tree structure, schema, tip or mark.
  case corruptFile(path: String, reason: String)
  /// Records that were acknowledged are no longer there.
  case recordsLost(path: String, acknowledged: Int, found: Int)
  /// The disk, or the quota, is full.
  case diskFull(path: String)
  /// The operating system refused a read, a write or a sync.
  case io(path: String, description: String)
  /// The journal was closed, or stopped for good at an earlier error.
  case unusable(path: String, since: String)
}

/// What a version in a journal is a version of.
public enum JournalVersion: String, Hashable, Sendable {
  /// The layout of the file.
  case format
  /// The rules that decide events.
  case engine
  /// The numerical functions, to the bit.
  case numbers
  /// The hash of the parameters at genesis.
  case parameters
}

extension JournalError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .missing(let path): "\(path): there is no journal"
    case .missingFolder(let path): "\(path): the folder does not exist; make it first"
    case .alreadyExists(let path):
      "\(path): already exists; resume it, move it away or choose another path"
    case .notAJournal(let path): "\(path): not a Plimsoll journal"
    case .alreadyOpen(let path):
      "\(path): open elsewhere; a journal has one writer, and readers only without it"
    case .readOnly(let path): "\(path): may not be written"
    case .notDurable(let path, let found):
      "\(path): commits would not be durable: found \(found)"
    case .unknownVersion(let subject, let found, let supported):
      "the journal's \(subject.rawValue) version is \(found); this program supports \(supported)"
    case .headerFieldOutOfBounds(let field, let bytes, let limit):
      "header field \(field) has \(bytes) bytes; 1 to \(limit) are allowed"
    case .payloadTooLarge(let bytes, let limit):
      "a payload of \(bytes) bytes; at most \(limit) are allowed"
    case .sequenceOutOfRange(let sequence, let allowed):
      "sequence \(sequence) is outside \(allowed.lowerBound) to \(allowed.upperBound)"
    case .corruptRecord(let sequence, let reason): "record \(sequence): \(reason)"
    case .corruptSnapshot(let sequence, let reason): "snapshot after \(sequence): \(reason)"
    case .corruptFile(let path, let reason): "\(path): damaged: \(reason)"
    case .recordsLost(let path, let acknowledged, let found):
      "\(path): \(acknowledged) records were acknowledged, \(found) are there"
    case .diskFull(let path): "\(path): no space left"
    case .io(let path, let description): "\(path): \(description)"
    case .unusable(let path, let reason): "\(path): unusable: \(reason)"
    }
  }
}
