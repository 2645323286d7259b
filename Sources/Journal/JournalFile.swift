// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// One open connection to one journal, with its lock; what readers and the writer share.
final class JournalFile {
  enum Access {
    case appending
    case reading
  }

  let path: JournalPath
  let mark: HighWaterMark?
  private let queue: DatabaseQueue

  /// Opens an existing journal; the mark's lock must already be held.
  init(_ path: JournalPath, _ access: Access, mark: HighWaterMark?) throws(JournalError) {
    self.path = path
    self.mark = mark
    let isComplete = !path.hasWriteAheadLog
    let address = access == .reading && isComplete ? path.unchanging : path.file
    do {
      queue = try DatabaseQueue(path: address, configuration: Self.configuration(access))
      try read { db in try JournalSchema.check(db, path: path.file) }
      if isComplete { try requireWholePages() }
      if access == .appending { try requireDurability() }
    } catch {
      throw JournalError(error, at: path.file)
    }
  }

  deinit {
    // The connection must be gone before the lock is.
    try? queue.close()
  }

  static func configuration(_ access: Access) -> Configuration {
    var configuration = Configuration()
    configuration.label = "Plimsoll.Journal"
    configuration.readonly = access == .reading
    configuration.foreignKeysEnabled = false
    configuration.prepareDatabase { db in
      try db.execute(sql: "PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF")
      guard access == .appending else { return }
      // The writer checkpoints by itself, so that a failing sync is seen and not retried.
      try db.execute(
        sql: """
          PRAGMA locking_mode = EXCLUSIVE;
          PRAGMA synchronous = FULL;
          PRAGMA wal_autocheckpoint = 0;
          """)
    }
    return configuration
  }

  /// Refuses a file cut short inside its last page, the rest of which SQLite would read as zeros.
  ///
  /// Only without a write-ahead log: with one, the page may still be whole in the log.
  private func requireWholePages() throws {
    let attributes = try FileManager.default.attributesOfItem(atPath: path.file)
    let bytes = (attributes[.size] as? NSNumber)?.intValue ?? 0
    guard bytes % JournalSchema.pageBytes == 0 else {
      throw JournalError.corruptFile(path: path.file, reason: "its last page is cut short")
    }
  }

  /// Asks the open connection itself, because a library between may have changed what was set.
  func requireDurability() throws {
    let found = try queue.writeWithoutTransaction { db in
      try ["journal_mode", "synchronous", "locking_mode"].map { pragma in
        let value = try Row.fetchOne(db, sql: "PRAGMA \(pragma)").map { StoredValue($0[0]) }
        return value?.text ?? value?.integer.map(String.init) ?? "nothing"
      }
    }
    let expected = ["wal", "2", "exclusive"]
    guard found == expected else {
      throw JournalError.notDurable(
        path: path.file, found: "journal_mode, synchronous, locking_mode = \(found)")
    }
  }

  /// Reads within one consistent view of the file.
  func read<T>(_ body: (Database) throws -> T) throws(JournalError) -> T {
    do {
      return try queue.read(body)
    } catch {
      throw JournalError(error, at: path.file)
    }
  }

  /// Commits everything `body` writes, or nothing; returns after the sync.
  func write<T>(_ body: (Database) throws -> T) throws(JournalError) -> T {
    do {
      return try queue.write(body)
    } catch {
      throw JournalError(error, at: path.file)
    }
  }

  /// Runs outside a transaction, where checkpoints and integrity checks belong.
  func run<T>(_ body: (Database) throws -> T) throws(JournalError) -> T {
    do {
      return try queue.writeWithoutTransaction(body)
    } catch {
      throw JournalError(error, at: path.file)
    }
  }

  /// Closes the connection, then lets others have the journal.
  func close() throws(JournalError) {
    do {
      try queue.close()
    } catch {
      throw JournalError(error, at: path.file)
    }
    mark?.release()
  }
}

extension JournalError {
  /// Sorts what SQLite reports into the refusals a caller can act on.
  init(_ error: any Error, at path: String) {
    if let error = error as? JournalError {
      self = error
      return
    }
    guard let error = error as? DatabaseError else {
      self = .io(path: path, description: String(describing: error))
      return
    }
    let text = "\(error.message ?? "no message") (SQLite \(error.extendedResultCode.rawValue))"
    self =
      switch error.resultCode {
      case .SQLITE_NOTADB: .notAJournal(path: path)
      case .SQLITE_BUSY, .SQLITE_LOCKED: .alreadyOpen(path: path)
      case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH: .readOnly(path: path)
      case .SQLITE_FULL: .diskFull(path: path)
      case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_NOMEM, .SQLITE_INTERRUPT:
        .io(path: path, description: text)
      default: .corruptFile(path: path, reason: text)
      }
  }
}
