// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDBSQLite
import Journal
import Testing

/// A disk that fails at each of its operations in turn.
///
/// A process that dies is tried at every third operation, a full disk at every other write; at
/// all of them with `PLIMSOLL_FULL=1`. A power failure is always tried at every one.
@Suite struct StorageFaultTests {
  let folder = try! TestFolder()
  var path: String { folder.file("a.journal") }

  /// What became of one run of the same work on a failing disk.
  private struct Outcome {
    var acknowledged = 0
    var attempted = 0
    var error: JournalError?
  }

  /// Three batches of three records, a snapshot, a batch of two, and an orderly end.
  private func work(_ path: String) throws -> Outcome {
    let writer = try JournalWriter.resume(path)
    var outcome = Outcome(acknowledged: writer.lastSequence, attempted: writer.lastSequence)
    do throws(JournalError) {
      for count in [3, 3, 3, 0, 2] {
        outcome.attempted += count
        if count == 0 {
          try writer.appendSnapshot(Array(repeating: 5, count: 9_000), after: 7)
        } else {
          let first = writer.lastSequence + 1
          try writer.append((first..<first + count).map { sampleRecord($0, bytes: 1_500) })
        }
        outcome.acknowledged = writer.lastSequence
      }
      try writer.close()
    } catch {
      outcome.error = error
      let again = #expect(throws: JournalError.self) {
        try writer.append([sampleRecord(writer.lastSequence + 1)])
      }
      guard case .unusable = again else {
        Issue.record("went on after \(error)")
        return outcome
      }
    }
    return outcome
  }

  /// Creates a fresh journal at a path of its own.
  private func makeJournal(_ name: String) throws -> String {
    let path = folder.file(name)
    try JournalWriter.create(path, header: sampleHeader()).close()
    return path
  }

  private func operations() throws -> [FaultyDisk.Operation] {
    let path = try makeJournal("count")
    let disk = FaultyDisk(prefix: path, operation: .max, fault: .crash)
    defer { disk.remove() }
    let outcome = try work(path)
    #expect(outcome.acknowledged == 11)
    return disk.log
  }

  /// Runs the work with one fault and tells what a fresh start finds.
  private func run(
    _ index: Int, _ fault: FaultyDisk.Fault, losingPower: Bool
  ) throws -> (outcome: Outcome, found: Int) {
    let path = try makeJournal("f\(index)")
    let disk = FaultyDisk(prefix: path, operation: index, fault: fault)
    let outcome = try work(path)
    #expect(disk.hasFailed)
    disk.remove()
    if losingPower { try disk.losePower() }
    let resumed = try JournalWriter.resume(path)
    let contents = try resumed.reader.verify()
    #expect(
      try resumed.reader.allRecords
        == (0..<contents.records).map { sampleRecord($0 + 1, bytes: 1_500) })
    try resumed.appendSamples(1)
    try resumed.close()
    return (outcome, contents.records)
  }

  @Test("a crash at any operation loses nothing acknowledged and keeps no half batch")
  func crash() throws {
    for index in try operations().indices where DamageTests.isFull || index % 3 == 0 {
      let (outcome, found) = try run(index, .crash, losingPower: false)
      #expect(found == outcome.acknowledged || found == outcome.attempted, "operation \(index)")
    }
  }

  @Test("a crash inside any write loses nothing acknowledged and keeps no half batch")
  func tornCrash() throws {
    for (index, operation) in try operations().enumerated() where operation == .write {
      let (outcome, found) = try run(index, .tornCrash, losingPower: false)
      #expect(found == outcome.acknowledged || found == outcome.attempted, "operation \(index)")
    }
  }

  @Test("a power failure at any operation takes only what was not acknowledged")
  func powerFailure() throws {
    for index in try operations().indices {
      let (outcome, found) = try run(index, .crash, losingPower: true)
      #expect(found == outcome.acknowledged || found == outcome.attempted, "operation \(index)")
    }
  }

  @Test("a crash while a journal is being created leaves none, and the way free")
  func creation() throws {
    var index = 0
    while true {
      let path = folder.file("c\(index)")
      let disk = FaultyDisk(prefix: path + ".unfinished", operation: index, fault: .crash)
      defer { index += 1 }
      do {
        try JournalWriter.create(path, header: sampleHeader()).close()
        disk.remove()
        if !disk.hasFailed { break }
        // Only tidying up after the finished layout failed.
      } catch is JournalError {
        disk.remove()
        #expect(throws: JournalError.missing(path: path)) { try JournalReader.open(path) }
        try JournalWriter.create(path, header: sampleHeader()).close()
      }
      #expect(try JournalReader.open(path).verify().records == 0, "operation \(index)")
    }
    #expect(index > 5)
  }

  @Test("stops for good at the first failing sync")
  func sync() throws {
    let syncs = try operations().enumerated().filter { $0.element == .sync }.map(\.offset)
    #expect(syncs.count >= 5)
    for index in syncs {
      let (outcome, found) = try run(
        index, .once(code: SQLITE_IOERR | (4 << 8)), losingPower: false)
      guard case .io = outcome.error else {
        Issue.record("operation \(index): \(String(describing: outcome.error))")
        continue
      }
      #expect(found == outcome.acknowledged || found == outcome.attempted, "operation \(index)")
    }
  }

  @Test("stops for good when the disk is full")
  func full() throws {
    for (index, operation) in try operations().enumerated()
    where operation == .write && (DamageTests.isFull || index % 2 == 0) {
      let (outcome, found) = try run(index, .once(code: SQLITE_FULL), losingPower: false)
      guard case .diskFull = outcome.error else {
        Issue.record("operation \(index): \(String(describing: outcome.error))")
        continue
      }
      #expect(found == outcome.acknowledged || found == outcome.attempted, "operation \(index)")
    }
  }
}
