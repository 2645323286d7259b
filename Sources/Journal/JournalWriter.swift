// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import GRDB
public import Ledger

/// Appends to a journal; the only one that may, for as long as it lives.
///
/// Nothing is acknowledged before it is on the disk: ``append(_:)`` and
/// ``appendSnapshot(_:after:)`` return after the sync of their commit. After the first failure
/// the writer is unusable, because what a disk holds after a failed sync can only be found out
/// by reading it again: close it, and resume the journal.
public final class JournalWriter {
  /// Reads the journal through the writer's own connection.
  public let reader: JournalReader

  private let file: JournalFile
  private let mark: HighWaterMark
  private var tip: JournalTip
  private var stoppedSince: String?
  /// Bytes committed to the write-ahead log since it was last moved into the file.
  private var uncheckedBytes = 0

  /// Creates a journal; there must be nothing at the path.
  ///
  /// A crash leaves either the whole empty journal or none.
  /// - Throws: ``JournalError``, naming the file; ``JournalError/alreadyExists(path:)`` if
  ///   there is anything at the path.
  public static func create(
    _ path: String, header: JournalHeader
  ) throws(JournalError) -> JournalWriter {
    let path = try JournalPath(path)
    try path.requireNothing()
    let mark = try HighWaterMark.forWriting(path)
    try path.requireNothing()
    path.removeUnfinished()
    do {
      let queue = try DatabaseQueue(
        path: path.unfinished, configuration: JournalFile.configuration(.appending))
      try JournalSchema.create(header, in: queue)
      try queue.close()
    } catch {
      throw JournalError(error, at: path.file)
    }
    let tip = JournalTip(empty: header)
    try mark.write(HighWaterMark.Position(sequence: 0, record: tip.recordChecksum))
    try mark.sync()
    try path.publish()
    path.removeUnfinished()
    return try JournalWriter(path, mark)
  }

  /// Opens an existing journal to append to it.
  ///
  /// What a crash left in the write-ahead log is recovered: every acknowledged batch, and of
  /// the last unacknowledged one all or nothing.
  /// - Throws: ``JournalError``, naming the file.
  public static func resume(_ path: String) throws(JournalError) -> JournalWriter {
    let path = try JournalPath(path)
    try path.requireFile()
    let mark = try HighWaterMark.forWriting(path)
    do {
      try path.requireWritable()
      return try JournalWriter(path, mark)
    } catch {
      mark.removeIfNeverWritten()
      throw error
    }
  }

  private init(_ path: JournalPath, _ mark: HighWaterMark) throws(JournalError) {
    file = try JournalFile(path, .appending, mark: mark)
    self.mark = mark
    reader = try JournalReader(file)
    tip = try reader.tip()
    try mark.write(HighWaterMark.Position(sequence: tip.records, record: tip.recordChecksum))
  }

  /// What the journal says about itself.
  public var header: JournalHeader { reader.header }

  /// The sequence number of the last record; 0 in an empty journal.
  public var lastSequence: Int { tip.records }

  /// The chain hash after the last record; the genesis hash in an empty journal.
  public var lastChainHash: ChainHash { tip.chainHash }

  /// Stores records, all or none, and returns once they are on the disk.
  ///
  /// - Returns: The sequence number of the last record.
  /// - Throws: ``JournalError/payloadTooLarge(bytes:limit:)`` with nothing changed; after any
  ///   other error nothing more can be appended.
  @discardableResult
  public func append(_ records: [JournalRecord]) throws(JournalError) -> Int {
    for record in records {
      try Self.checkLength(record.payload, limit: JournalRecord.maximumPayloadBytes)
    }
    var end = tip
    let rows = records.map { record in
      let row = RecordRow(record, after: end)
      end.records = row.stored.sequence
      end.chainHash = record.chainHash
      end.recordChecksum = row.checksum
      return row
    }
    if rows.isEmpty { return tip.records }
    let bytes = records.reduce(0) { $0 + $1.payload.count }
    try commit(end, bytes: bytes) { db in
      for row in rows { try row.insert(in: db) }
    }
    return tip.records
  }

  /// Stores the state after a record, and returns once it is on the disk.
  ///
  /// - Parameters:
  ///   - payload: The canonical bytes of the state.
  ///   - sequence: The last record whose effects the state includes: after the last snapshot's,
  ///     at most the last record.
  /// - Throws: ``JournalError/payloadTooLarge(bytes:limit:)`` and
  ///   ``JournalError/sequenceOutOfRange(sequence:allowed:)`` with nothing changed; after any
  ///   other error nothing more can be appended.
  public func appendSnapshot(
    _ payload: [UInt8], after sequence: Int
  ) throws(JournalError) {
    try Self.checkLength(payload, limit: JournalSnapshot.maximumPayloadBytes)
    try refuseIfStopped()
    let row = try reader.nextSnapshot(payload, after: sequence, end: tip)
    var end = tip
    end.snapshots += 1
    end.snapshotChecksum = row.checksum
    try commit(end, bytes: payload.count) { db in try row.insert(in: db) }
  }

  /// Moves everything into the one file, and gives up the journal.
  public func close() throws(JournalError) {
    try stopping { () throws(JournalError) in
      try checkpoint()
      try mark.sync()
    }
    stoppedSince = "closed"
    try file.close()
  }
}

extension JournalWriter {
  /// How much may wait in the write-ahead log: 16 MiB.
  private static let uncheckedBytesLimit = 16 << 20

  private static func checkLength(_ payload: [UInt8], limit: Int) throws(JournalError) {
    guard payload.count <= limit else {
      throw .payloadTooLarge(bytes: payload.count, limit: limit)
    }
  }

  private func refuseIfStopped() throws(JournalError) {
    if let stoppedSince { throw .unusable(path: file.path.file, since: stoppedSince) }
  }

  /// Runs one step that must succeed; if it does not, it was the last one.
  private func stopping(_ step: () throws(JournalError) -> Void) throws(JournalError) {
    try refuseIfStopped()
    do {
      try step()
    } catch {
      stoppedSince = error.description
      throw error
    }
  }

  private func commit(
    _ end: JournalTip, bytes: Int, _ body: (Database) throws -> Void
  ) throws(JournalError) {
    try stopping { () throws(JournalError) in
      // Before the batch and not after it: if moving the log fails, nothing new was promised.
      if uncheckedBytes >= Self.uncheckedBytesLimit { try checkpoint() }
      try file.write { db in
        try body(db)
        try end.update(in: db)
      }
      tip = end
      uncheckedBytes += bytes + 2 * JournalSchema.pageBytes
      let position = HighWaterMark.Position(sequence: end.records, record: end.recordChecksum)
      try mark.write(position)
    }
  }

  /// Moves the write-ahead log into the file and syncs both.
  private func checkpoint() throws(JournalError) {
    try file.run { db in
      let frames = try db.checkpoint(.passive)
      guard frames.walFrameCount == frames.checkpointedFrameCount else {
        throw JournalError.io(path: file.path.file, description: "a checkpoint was held up")
      }
    }
    uncheckedBytes = 0
  }
}
