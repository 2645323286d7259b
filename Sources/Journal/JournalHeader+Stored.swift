// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Ledger

extension JournalHeader {
  /// Reads the one header row and its checksum.
  init(readFrom db: Database, path: String) throws {
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT id, engine_version, numbers_version, parameter_hash, genesis_hash, created_by,
        checksum FROM header
        """)
    let values = rows.first.map { row in (0..<7).map { StoredValue(row[$0]) } } ?? []
    guard rows.count == 1, values[0].integer == 1, let engine = values[1].utf8,
      let numbers = values[2].utf8, let parameters = values[3].chainHash,
      let genesis = values[4].chainHash, let createdBy = values[5].utf8,
      let stored = values[6].checksum
    else { throw JournalError.corruptFile(path: path, reason: "the header is not one") }
    let header = try? JournalHeader(
      engineVersion: engine, numbersVersion: numbers, parameterHash: parameters,
      genesisHash: genesis, createdBy: createdBy)
    guard let header, header.checksum == stored else {
      throw JournalError.corruptFile(path: path, reason: "the header differs from its checksum")
    }
    self = header
  }

  func insert(in db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO header (id, engine_version, numbers_version, parameter_hash, genesis_hash,
        created_by, checksum) VALUES (1, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        Data(engineVersion.utf8), Data(numbersVersion.utf8), Data(parameterHash.bytes),
        Data(genesisHash.bytes), Data(createdBy.utf8), Data(checksum.bytes),
      ])
  }
}
