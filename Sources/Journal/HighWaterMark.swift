// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The small file beside a journal: the lock that keeps writers apart, and the last record
/// acknowledged.
///
/// The lock belongs to the open file, so the kernel releases it when the process dies, however
/// it dies. The mark is written after each commit and never ahead of one. It is not synced: it
/// survives a killed process exactly, and after a power failure it may name an earlier record,
/// never a later one. A journal that ends before its mark has lost acknowledged records, which
/// nothing inside the journal itself could show.
final class HighWaterMark {
  struct Position: Hashable {
    let sequence: Int
    let record: Checksum
  }

  static let byteCount = 80
  private static let magic = Array("PLIMMARK".utf8)

  private let descriptor: CInt
  private let path: String

  private init(_ path: String, flags: CInt, lock: CInt) throws(JournalError) {
    descriptor = open(path, flags | O_CLOEXEC, 0o644)
    self.path = path
    guard descriptor >= 0 else { throw .lastSystemError(at: path) }
    while flock(descriptor, lock | LOCK_NB) != 0 {
      if errno == EWOULDBLOCK { throw .alreadyOpen(path: path) }
      if errno != EINTR { throw .lastSystemError(at: path) }
    }
  }

  deinit {
    guard descriptor >= 0 else { return }
    // Explicitly: a child process that is just being started still has the file open for a moment.
    release()
    close(descriptor)
  }

  /// Takes the lock of the one writer.
  static func forWriting(_ path: JournalPath) throws(JournalError) -> HighWaterMark {
    do {
      return try HighWaterMark(path.mark, flags: O_RDWR | O_CREAT, lock: LOCK_EX)
    } catch {
      throw error.naming(path)
    }
  }

  /// Keeps writers away while a reader reads; nil for a journal copied without its mark.
  static func forReading(_ path: JournalPath) throws(JournalError) -> HighWaterMark? {
    guard FileManager.default.fileExists(atPath: path.mark) else { return nil }
    do {
      return try HighWaterMark(path.mark, flags: O_RDONLY, lock: LOCK_SH)
    } catch {
      throw error.naming(path)
    }
  }

  /// The last record acknowledged; nil in a mark that was never written.
  ///
  /// - Throws: ``JournalError/corruptFile(path:reason:)`` for a mark that is not exactly as
  ///   this program writes it.
  func read() throws(JournalError) -> Position? {
    var buffer = [UInt8](repeating: 0, count: Self.byteCount + 1)
    let count = pread(descriptor, &buffer, buffer.count, 0)
    if count < 0 { throw .lastSystemError(at: path) }
    if count == 0 { return nil }
    let sequence = buffer[8..<16].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard count == Self.byteCount, Array(buffer[..<8]) == Self.magic,
      let number = Int(exactly: sequence), let record = Checksum(bytes: Array(buffer[16..<48])),
      Checksum.mark(sequence: number, record: record).bytes == Array(buffer[48..<80])
    else { throw .corruptFile(path: path, reason: "the mark differs from its checksum") }
    return Position(sequence: number, record: record)
  }

  /// Moves the mark; the record must be committed.
  func write(_ position: Position) throws(JournalError) {
    let number = (0..<8).map { UInt8(truncatingIfNeeded: position.sequence >> (56 - 8 * $0)) }
    let sum = Checksum.mark(sequence: position.sequence, record: position.record)
    let bytes = Self.magic + number + position.record.bytes + sum.bytes
    guard pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else {
      throw .lastSystemError(at: path)
    }
  }

  /// Makes the mark durable; for the first one, and at an orderly end.
  func sync() throws(JournalError) {
    guard fsync(descriptor) == 0 else { throw .lastSystemError(at: path) }
  }

  /// Lets others have the journal, while this object lives on.
  func release() {
    flock(descriptor, LOCK_UN)
  }

  /// Takes back a mark that was made on the way to a file that turned out not to be a journal.
  func removeIfNeverWritten() {
    var status = stat()
    if fstat(descriptor, &status) == 0, status.st_size == 0 { unlink(path) }
  }
}

extension JournalError {
  /// The same refusal, naming the journal rather than the file beside it.
  fileprivate func naming(_ path: JournalPath) -> JournalError {
    if case .alreadyOpen = self { return .alreadyOpen(path: path.file) }
    return self
  }
}
