// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import GRDB
public import Ledger

/// What a journal holds, after all of it was read and found intact.
public struct JournalContents: Hashable, Sendable {
  /// How many records there are.
  public let records: Int
  /// How many snapshots there are.
  public let snapshots: Int
  /// The chain hash after the last record.
  public let chainHash: ChainHash
  /// The bytes of all payloads of records.
  public let payloadBytes: Int
}

extension JournalReader {
  /// Reads everything: each record, each snapshot, then the structure of the file itself.
  ///
  /// Records come first, so that damage inside one is reported by its sequence number.
  /// - Throws: ``JournalError`` for the first damage found.
  public func verify() throws(JournalError) -> JournalContents {
    var payloadBytes = 0
    var cursor = try records()
    while let stored = try cursor.next() { payloadBytes += stored.record.payload.count }
    try verifySnapshots()
    try verifyStructure()
    let tip = try tip()
    return JournalContents(
      records: tip.records, snapshots: tip.snapshots, chainHash: tip.chainHash,
      payloadBytes: payloadBytes)
  }

  private func verifySnapshots() throws(JournalError) {
    try file.read { db in
      var previous = header.checksum
      let rows = try Row.fetchCursor(
        db, sql: "SELECT \(SnapshotRow.columns) FROM snapshots ORDER BY sequence")
      while let row = try rows.next() {
        let snapshot = try SnapshotRow(row, path: file.path.file)
        try snapshot.check(after: previous, db, header)
        previous = snapshot.checksum
      }
    }
  }

  /// SQLite's own check of trees, pages and free space.
  private func verifyStructure() throws(JournalError) {
    try file.run { db in
      let row = try Row.fetchOne(db, sql: "PRAGMA integrity_check(1)")
      let finding = row.flatMap { StoredValue($0[0]).text } ?? "nothing was reported"
      guard finding == "ok" else {
        throw JournalError.corruptFile(path: file.path.file, reason: finding)
      }
    }
  }
}
