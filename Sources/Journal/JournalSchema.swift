// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The tables of a journal, and the checks that a file has exactly these and nothing else.
///
/// Payloads are the last column, so that a tip is read without walking a payload's pages.
enum JournalSchema {
  /// Marks the file as ours in SQLite's own header: "PLIM".
  static let applicationID = 0x504C_494D
  static let pageBytes = 4_096

  static let tables: [(name: String, sql: String)] = [
    (
      "header",
      "CREATE TABLE header (id INTEGER PRIMARY KEY, engine_version BLOB NOT NULL, "
        + "numbers_version BLOB NOT NULL, parameter_hash BLOB NOT NULL, "
        + "genesis_hash BLOB NOT NULL, created_by BLOB NOT NULL, checksum BLOB NOT NULL) STRICT"
    ),
    (
      "records",
      "CREATE TABLE records (sequence INTEGER PRIMARY KEY, kind INTEGER NOT NULL, "
        + "chain_hash BLOB NOT NULL, checksum BLOB NOT NULL, payload BLOB NOT NULL) STRICT"
    ),
    (
      "snapshots",
      "CREATE TABLE snapshots (sequence INTEGER PRIMARY KEY, chain_hash BLOB NOT NULL, "
        + "checksum BLOB NOT NULL, payload BLOB NOT NULL) STRICT"
    ),
    (
      "tip",
      "CREATE TABLE tip (id INTEGER PRIMARY KEY, records INTEGER NOT NULL, "
        + "chain_hash BLOB NOT NULL, record_checksum BLOB NOT NULL, snapshots INTEGER NOT NULL, "
        + "snapshot_checksum BLOB NOT NULL) STRICT"
    ),
  ]

  /// Lays out an empty database, in WAL mode from the start.
  static func create(_ header: JournalHeader, in queue: DatabaseQueue) throws {
    try queue.writeWithoutTransaction { db in
      try db.execute(
        sql: """
          PRAGMA page_size = \(pageBytes);
          PRAGMA auto_vacuum = NONE;
          PRAGMA journal_mode = WAL;
          PRAGMA synchronous = FULL;
          """)
    }
    try queue.write { db in
      try db.execute(
        sql: """
          PRAGMA application_id = \(applicationID);
          PRAGMA user_version = \(JournalHeader.formatVersion);
          """)
      for table in tables { try db.execute(sql: table.sql) }
      try header.insert(in: db)
      try JournalTip(empty: header).insert(in: db)
    }
    // Closing would do this too, but would not say if it failed.
    try queue.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) }
  }

  /// Refuses a file that is not a journal of this format, to the letter of its schema.
  ///
  /// The schema is compared as text: a flipped letter, an added trigger or view, or a page size
  /// this program never writes must not reach a statement.
  static func check(_ db: Database, path: String) throws {
    guard try integer("PRAGMA application_id", db) == applicationID else {
      throw JournalError.notAJournal(path: path)
    }
    let format = try integer("PRAGMA user_version", db)
    guard format == JournalHeader.formatVersion else {
      throw JournalError.unknownVersion(
        of: .format, found: format.map(String.init) ?? "none",
        supported: String(JournalHeader.formatVersion))
    }
    let settings = [("page_size", pageBytes), ("auto_vacuum", 0), ("freelist_count", 0)]
    for (pragma, expected) in settings {
      guard try integer("PRAGMA \(pragma)", db) == expected else {
        throw JournalError.corruptFile(path: path, reason: "\(pragma) is not \(expected)")
      }
    }
    let found = try Row.fetchAll(db, sql: "SELECT type, name, tbl_name, sql FROM sqlite_schema")
      .map { row in (0..<4).map { StoredValue(row[$0]).text } }
    guard found == tables.map({ ["table", $0.name, $0.name, $0.sql] }) else {
      throw JournalError.corruptFile(path: path, reason: "the tables are not a journal's")
    }
  }

  private static func integer(_ sql: String, _ db: Database) throws -> Int? {
    guard let row = try Row.fetchOne(db, sql: sql) else { return nil }
    return StoredValue(row[0]).integer
  }
}
