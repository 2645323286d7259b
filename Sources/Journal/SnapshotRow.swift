// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Ledger

/// One row of the table of snapshots, with the checksum it was stored under.
struct SnapshotRow {
  static let columns = "sequence, chain_hash, checksum, payload"

  let snapshot: JournalSnapshot
  let checksum: Checksum

  init(_ snapshot: JournalSnapshot, checksum: Checksum) {
    self.snapshot = snapshot
    self.checksum = checksum
  }

  /// Recognises a row of ``columns``.
  init(_ row: Row, path: String) throws {
    guard let sequence = StoredValue(row[0]).integer, sequence >= 0 else {
      throw JournalError.corruptFile(path: path, reason: "a snapshot has no place")
    }
    guard let chainHash = StoredValue(row[1]).chainHash,
      let checksum = StoredValue(row[2]).checksum, let payload = StoredValue(row[3]).bytes
    else { throw JournalError.corruptSnapshot(sequence: sequence, reason: "a column is not one") }
    snapshot = JournalSnapshot(sequence: sequence, chainHash: chainHash, payload: payload)
    self.checksum = checksum
  }

  /// The last snapshot taken at or before a record, unchecked; nil if there is none.
  static func latest(
    atOrBefore sequence: Int, _ db: Database, path: String
  ) throws -> SnapshotRow? {
    let statement = try db.cachedStatement(
      sql: """
        SELECT \(columns) FROM snapshots WHERE sequence <= ? ORDER BY sequence DESC LIMIT 1
        """)
    return try Row.fetchOne(statement, arguments: [sequence]).map { row in
      try SnapshotRow(row, path: path)
    }
  }

  /// The stored checksum of the snapshot before this one; of the header if it is the first.
  static func checksum(
    before sequence: Int, _ db: Database, _ header: JournalHeader
  ) throws -> Checksum {
    let statement = try db.cachedStatement(
      sql: """
        SELECT checksum FROM snapshots WHERE sequence < ? ORDER BY sequence DESC LIMIT 1
        """)
    guard let row = try Row.fetchOne(statement, arguments: [sequence]) else {
      return header.checksum
    }
    guard let checksum = StoredValue(row[0]).checksum else {
      throw JournalError.corruptSnapshot(sequence: sequence, reason: "the one before is damaged")
    }
    return checksum
  }

  /// Refuses a row that differs from what was stored, or that belongs to another record.
  func check(after previous: Checksum, _ db: Database, _ header: JournalHeader) throws {
    let sequence = snapshot.sequence
    let record = try RecordRow.checksum(at: sequence, db, header)
    guard checksum == .snapshot(snapshot, record: record, previous: previous) else {
      throw JournalError.corruptSnapshot(
        sequence: sequence, reason: "it differs from its checksum")
    }
    guard try snapshot.chainHash == RecordRow.chainHash(at: sequence, db, header) else {
      throw JournalError.corruptSnapshot(
        sequence: sequence, reason: "its chain hash is not the record's")
    }
  }

  func insert(in db: Database) throws {
    let statement = try db.cachedStatement(
      sql: "INSERT INTO snapshots (\(Self.columns)) VALUES (?, ?, ?, ?)")
    try statement.execute(arguments: [
      snapshot.sequence, Data(snapshot.chainHash.bytes), Data(checksum.bytes),
      Data(snapshot.payload),
    ])
  }
}
