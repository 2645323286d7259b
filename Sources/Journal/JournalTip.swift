// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Ledger

/// Where the journal ends; rewritten in every transaction, so that an end cut off shows.
struct JournalTip: Hashable, Sendable {
  var records: Int
  var chainHash: ChainHash
  var recordChecksum: Checksum
  var snapshots: Int
  var snapshotChecksum: Checksum
}

extension JournalTip {
  /// The end of a journal that holds nothing yet: both checksum chains start at the header.
  init(empty header: JournalHeader) {
    let start = header.checksum
    self.init(
      records: 0, chainHash: header.genesisHash, recordChecksum: start, snapshots: 0,
      snapshotChecksum: start)
  }

  /// The tip as it is stored, not yet held against the rows it speaks of.
  init(readFrom db: Database, path: String) throws {
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT id, records, chain_hash, record_checksum, snapshots, snapshot_checksum FROM tip
        """)
    let values = rows.first.map { row in (0..<6).map { StoredValue(row[$0]) } } ?? []
    guard rows.count == 1, values[0].integer == 1, let records = values[1].integer, records >= 0,
      let chainHash = values[2].chainHash, let recordChecksum = values[3].checksum,
      let snapshots = values[4].integer, snapshots >= 0, let snapshotChecksum = values[5].checksum
    else { throw JournalError.corruptFile(path: path, reason: "the tip is not one") }
    self.init(
      records: records, chainHash: chainHash, recordChecksum: recordChecksum,
      snapshots: snapshots, snapshotChecksum: snapshotChecksum)
  }

  func insert(in db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO tip (records, chain_hash, record_checksum, snapshots, snapshot_checksum, id)
        VALUES (?, ?, ?, ?, ?, 1)
        """, arguments: columns)
  }

  func update(in db: Database) throws {
    let statement = try db.cachedStatement(
      sql: """
        UPDATE tip SET records = ?, chain_hash = ?, record_checksum = ?, snapshots = ?,
        snapshot_checksum = ? WHERE id = 1
        """)
    try statement.execute(arguments: columns)
  }

  private var columns: StatementArguments {
    [
      records, Data(chainHash.bytes), Data(recordChecksum.bytes), snapshots,
      Data(snapshotChecksum.bytes),
    ]
  }
}
