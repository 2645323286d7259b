// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import GRDB
import Ledger

/// A walk along the records of a journal, holding a few of them at a time.
///
/// Each record is checked against its checksum and its place before it is handed out; the end
/// is checked against the count the journal keeps. After an error the walk is over.
public struct RecordCursor {
  /// A read stops filling the buffer at the first record beyond either limit.
  private static let bufferedRecords = 1_024
  private static let bufferedBytes = 4 << 20

  private let reader: JournalReader
  private var position: Int
  private var previous: Checksum
  private var buffer: ArraySlice<StoredRecord> = []

  init(_ reader: JournalReader, from first: Int) throws(JournalError) {
    let end = try reader.tip().records + 1
    guard (1...end).contains(first) else {
      throw .sequenceOutOfRange(sequence: first, allowed: 1...end)
    }
    self.reader = reader
    position = first
    previous = try reader.file.read { db in
      try RecordRow.checksum(at: first - 1, db, reader.header)
    }
  }

  /// The next record; nil after the last.
  ///
  /// - Throws: ``JournalError/corruptRecord(sequence:reason:)`` with the number of the first
  ///   record that is damaged or missing.
  public mutating func next() throws(JournalError) -> StoredRecord? {
    if buffer.isEmpty { try fill() }
    return buffer.popFirst()
  }

  private mutating func fill() throws(JournalError) {
    let rows = try reader.file.read { [position] db in
      try Self.rows(from: position, db)
    }
    for row in rows {
      try row.check(after: previous)
      previous = row.checksum
    }
    position += rows.count
    buffer = rows.map(\.stored)[...]
    if rows.isEmpty { try checkEnd() }
  }

  private static func rows(from first: Int, _ db: Database) throws -> [RecordRow] {
    let statement = try db.cachedStatement(
      sql: """
        SELECT \(RecordRow.columns) FROM records WHERE sequence >= ? ORDER BY sequence
        """)
    let cursor = try Row.fetchCursor(statement, arguments: [first])
    var rows: [RecordRow] = []
    var bytes = 0
    while rows.count < bufferedRecords, bytes < bufferedBytes, let row = try cursor.next() {
      let record = try RecordRow(row, expected: first + rows.count)
      bytes += record.stored.record.payload.count
      rows.append(record)
    }
    return rows
  }

  private func checkEnd() throws(JournalError) {
    let tip = try reader.tip()
    guard tip.records == position - 1 else {
      throw .corruptRecord(sequence: position, reason: "it is not there")
    }
    guard tip.recordChecksum == previous else {
      throw .corruptFile(
        path: reader.file.path.file, reason: "the tip is not that of its last record")
    }
  }
}
