// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Journal
import Ledger
import Testing

/// A folder of one test, gone when the test is.
final class TestFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "plimsoll-journal-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func file(_ name: String) -> String { path + "/" + name }

  /// A copy of a journal as a crash would leave it: its files, whatever their state.
  func copy(_ from: String, to name: String, withMark: Bool) throws -> String {
    let target = file(name)
    for suffix in ["", "-wal"] + (withMark ? [".mark"] : []) {
      try? FileManager.default.removeItem(atPath: target + suffix)
      if FileManager.default.fileExists(atPath: from + suffix) {
        try FileManager.default.copyItem(atPath: from + suffix, toPath: target + suffix)
      }
    }
    return target
  }
}

func read(_ path: String) throws -> [UInt8] {
  try Array(Data(contentsOf: URL(fileURLWithPath: path)))
}

func write(_ bytes: [UInt8], _ path: String) throws {
  try Data(bytes).write(to: URL(fileURLWithPath: path))
}

func hash(_ seed: Int) -> ChainHash {
  ChainHash(bytes: (0..<32).map { UInt8(truncatingIfNeeded: seed &* 131 &+ $0 &* 17) })!
}

func sampleHeader(engine: String = "1.0.0") throws -> JournalHeader {
  try JournalHeader(
    engineVersion: engine, numbersVersion: "7", parameterHash: hash(-1), genesisHash: hash(0),
    createdBy: "a test")
}

/// The record every test stores at this place: its bytes follow from its number.
func sampleRecord(_ sequence: Int, bytes: Int = 100) -> JournalRecord {
  JournalRecord(
    kind: sequence % 2 == 1 ? .command : .events,
    payload: (0..<min(bytes, 256)).map { UInt8(truncatingIfNeeded: ($0 &+ 1) &* (sequence &+ 3)) }
      + [UInt8](repeating: UInt8(truncatingIfNeeded: sequence), count: max(0, bytes - 256)),
    chainHash: hash(sequence))
}

extension JournalWriter {
  /// Appends the next sample records as one batch.
  func appendSamples(_ count: Int, bytes: Int = 100) throws {
    let first = lastSequence + 1
    try append((first..<first + count).map { sampleRecord($0, bytes: bytes) })
  }
}

extension JournalReader {
  var allRecords: [JournalRecord] {
    get throws {
      var records: [JournalRecord] = []
      try forEachRecord { stored in
        records.append(stored.record)
        #expect(stored.sequence == records.count)
      }
      return records
    }
  }
}
