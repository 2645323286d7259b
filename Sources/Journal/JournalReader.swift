// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Ledger

/// Reads a journal, checking every record against its checksum on the way.
///
/// A reader changes nothing in the journal and keeps writers away while it is open. Readers may
/// be many; a writer's own reader sees everything the writer has appended.
public final class JournalReader {
  /// What the journal says about itself.
  public let header: JournalHeader
  let file: JournalFile

  /// Opens a journal for reading.
  ///
  /// The header, the schema, the end of the journal and the mark are checked here; the records
  /// are checked as they are read.
  /// - Throws: ``JournalError``, naming the file; ``JournalError/alreadyOpen(path:)`` while a
  ///   writer has it.
  public static func open(_ path: String) throws(JournalError) -> JournalReader {
    let path = try JournalPath(path)
    try path.requireFile()
    let mark = try HighWaterMark.forReading(path)
    return try JournalReader(JournalFile(path, .reading, mark: mark))
  }

  init(_ file: JournalFile) throws(JournalError) {
    self.file = file
    header = try file.read { db in try JournalHeader(readFrom: db, path: file.path.file) }
    try checkEnd()
  }

  /// The sequence number of the last record; 0 in an empty journal.
  public var lastSequence: Int {
    get throws(JournalError) { try tip().records }
  }

  /// The chain hash after the last record; the genesis hash in an empty journal.
  public var lastChainHash: ChainHash {
    get throws(JournalError) { try tip().chainHash }
  }

  /// The records from a sequence number to the end, one after the other, in bounded memory.
  ///
  /// - Parameter first: 1 to one after the last record.
  public func records(from first: Int = 1) throws(JournalError) -> RecordCursor {
    try RecordCursor(self, from: first)
  }

  /// Calls `body` with every record from a sequence number to the end, in order.
  ///
  /// - Throws: ``JournalError``, or what `body` throws.
  public func forEachRecord(
    from first: Int = 1, _ body: (StoredRecord) throws -> Void
  ) throws {
    var cursor = try records(from: first)
    while let record = try cursor.next() { try body(record) }
  }

  /// The newest snapshot at or before a record; nil if there is none.
  ///
  /// - Parameter sequence: By default the last record.
  public func latestSnapshot(
    atOrBefore sequence: Int? = nil
  ) throws(JournalError) -> JournalSnapshot? {
    try file.read { db in
      let limit = sequence ?? .max
      let row = try SnapshotRow.latest(atOrBefore: limit, db, path: file.path.file)
      guard let row else { return nil }
      let previous = try SnapshotRow.checksum(before: row.snapshot.sequence, db, header)
      try row.check(after: previous, db, header)
      return row.snapshot
    }
  }

  func tip() throws(JournalError) -> JournalTip {
    try file.read { db in try JournalTip(readFrom: db, path: file.path.file) }
  }
}
