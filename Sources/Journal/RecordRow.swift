// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Ledger

/// One row of the table of records, with the checksum it was stored under.
struct RecordRow {
  static let columns = "sequence, kind, chain_hash, checksum, payload"

  let stored: StoredRecord
  let checksum: Checksum

  /// The row that follows the end of the journal.
  init(_ record: JournalRecord, after end: JournalTip) {
    stored = StoredRecord(sequence: end.records + 1, record: record)
    checksum = .record(sequence: stored.sequence, record, previous: end.recordChecksum)
  }

  /// Recognises a row of ``columns``.
  ///
  /// - Parameter expected: The sequence number this row must have if it is readable at all.
  init(_ row: Row, expected: Int) throws {
    guard let sequence = StoredValue(row[0]).integer, sequence == expected else {
      throw JournalError.corruptRecord(sequence: expected, reason: "it is not there")
    }
    guard let number = StoredValue(row[1]).integer, let code = UInt8(exactly: number),
      let kind = JournalRecord.Kind(rawValue: code), let chainHash = StoredValue(row[2]).chainHash,
      let checksum = StoredValue(row[3]).checksum, let payload = StoredValue(row[4]).bytes
    else { throw JournalError.corruptRecord(sequence: expected, reason: "a column is not one") }
    let record = JournalRecord(kind: kind, payload: payload, chainHash: chainHash)
    stored = StoredRecord(sequence: sequence, record: record)
    self.checksum = checksum
  }

  /// Refuses a row that differs from what was stored after `previous`.
  func check(after previous: Checksum) throws(JournalError) {
    let actual = Checksum.record(
      sequence: stored.sequence, stored.record, previous: previous)
    guard actual == checksum else {
      throw .corruptRecord(sequence: stored.sequence, reason: "it differs from its checksum")
    }
  }

  /// The stored checksum of a record; of the header at 0.
  static func checksum(
    at sequence: Int, _ db: Database, _ header: JournalHeader
  ) throws -> Checksum {
    if sequence == 0 { return header.checksum }
    let statement = try db.cachedStatement(
      sql: "SELECT checksum FROM records WHERE sequence = ?")
    let row = try Row.fetchOne(statement, arguments: [sequence])
    guard let row, let checksum = StoredValue(row[0]).checksum else {
      throw JournalError.corruptRecord(sequence: sequence, reason: "it is not there")
    }
    return checksum
  }

  /// The stored chain hash of a record; of genesis at 0.
  static func chainHash(
    at sequence: Int, _ db: Database, _ header: JournalHeader
  ) throws -> ChainHash {
    if sequence == 0 { return header.genesisHash }
    let statement = try db.cachedStatement(
      sql: "SELECT chain_hash FROM records WHERE sequence = ?")
    let row = try Row.fetchOne(statement, arguments: [sequence])
    guard let row, let hash = StoredValue(row[0]).chainHash else {
      throw JournalError.corruptRecord(sequence: sequence, reason: "it is not there")
    }
    return hash
  }

  func insert(in db: Database) throws {
    let statement = try db.cachedStatement(
      sql: "INSERT INTO records (\(Self.columns)) VALUES (?, ?, ?, ?, ?)")
    try statement.execute(arguments: [
      stored.sequence, Int(stored.record.kind.rawValue), Data(stored.record.chainHash.bytes),
      Data(checksum.bytes), Data(stored.record.payload),
    ])
  }
}
