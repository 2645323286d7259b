// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import GRDB
import Ledger

extension JournalReader {
  /// Holds the tip against the last record and the last snapshot, and the mark against the tip.
  func checkEnd() throws(JournalError) {
    let position = try file.mark?.read()
    try file.read { db in
      let tip = try JournalTip(readFrom: db, path: file.path.file)
      try checkRecords(end: tip, db)
      try checkSnapshots(end: tip, db)
      if let position { try checkMark(position, end: tip, db) }
    }
  }

  private func checkRecords(end tip: JournalTip, _ db: Database) throws {
    var end = JournalTip(empty: header)
    let sql = "SELECT \(RecordRow.columns) FROM records ORDER BY sequence DESC LIMIT 1"
    if let row = try Row.fetchOne(db, sql: sql) {
      let sequence = max(1, StoredValue(row[0]).integer ?? 1)
      let last = try RecordRow(row, expected: sequence)
      try last.check(after: RecordRow.checksum(at: sequence - 1, db, header))
      end.records = sequence
      end.chainHash = last.stored.record.chainHash
      end.recordChecksum = last.checksum
    }
    guard end.records == tip.records else {
      throw JournalError.corruptRecord(
        sequence: min(end.records, tip.records) + 1,
        reason: "the journal counts \(tip.records) records and ends after \(end.records)")
    }
    guard end.chainHash == tip.chainHash, end.recordChecksum == tip.recordChecksum else {
      throw JournalError.corruptFile(
        path: file.path.file, reason: "the tip is not that of its last record")
    }
  }

  private func checkSnapshots(end tip: JournalTip, _ db: Database) throws {
    let count = try Row.fetchOne(db, sql: "SELECT count(*) FROM snapshots")
    let last = try SnapshotRow.checksum(before: .max, db, header)
    guard let count, StoredValue(count[0]).integer == tip.snapshots, last == tip.snapshotChecksum
    else {
      throw JournalError.corruptFile(
        path: file.path.file, reason: "the snapshots are not those the tip counts")
    }
  }

  /// Refuses a journal that ends before the last acknowledged record, or holds another one in
  /// its place.
  private func checkMark(
    _ mark: HighWaterMark.Position, end tip: JournalTip, _ db: Database
  ) throws {
    guard mark.sequence <= tip.records else {
      throw JournalError.recordsLost(
        path: file.path.file, acknowledged: mark.sequence, found: tip.records)
    }
    guard try RecordRow.checksum(at: mark.sequence, db, header) == mark.record else {
      throw JournalError.corruptRecord(
        sequence: mark.sequence, reason: "it is not the one that was acknowledged")
    }
  }

  /// The row of a snapshot that may be stored next.
  func nextSnapshot(
    _ payload: [UInt8], after sequence: Int, end tip: JournalTip
  ) throws(JournalError) -> SnapshotRow {
    try file.read { db in
      let last = try Row.fetchOne(db, sql: "SELECT max(sequence) FROM snapshots")
      let first = last.flatMap { StoredValue($0[0]).integer }.map { $0 + 1 } ?? 0
      guard first <= sequence, sequence <= tip.records else {
        throw JournalError.sequenceOutOfRange(
          sequence: sequence, allowed: min(first, tip.records)...tip.records)
      }
      let chainHash = try RecordRow.chainHash(at: sequence, db, header)
      let snapshot = JournalSnapshot(sequence: sequence, chainHash: chainHash, payload: payload)
      let record = try RecordRow.checksum(at: sequence, db, header)
      return SnapshotRow(
        snapshot,
        checksum: .snapshot(snapshot, record: record, previous: tip.snapshotChecksum))
    }
  }
}
