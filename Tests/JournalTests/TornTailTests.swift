// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Journal
import Testing

/// What a crash leaves of the write-ahead log.
@Suite struct TornTailTests {
  let folder = try! TestFolder()
  var path: String { folder.file("a.journal") }

  /// Appends batches of different sizes and notes how long the log is after each.
  private func makeLog() throws -> (writer: JournalWriter, batches: [(log: Int, last: Int)]) {
    let writer = try JournalWriter.create(path, header: sampleHeader())
    var batches = [(log: 0, last: 0)]
    for count in [1, 3, 2, 40, 1, 5] {
      try writer.appendSamples(count, bytes: count == 2 ? 6_000 : 100)
      try batches.append((read(path + "-wal").count, writer.lastSequence))
    }
    return (writer, batches)
  }

  @Test("a log cut anywhere gives back exactly the batches that are whole in it")
  func cut() throws {
    let (writer, batches) = try makeLog()
    let log = try read(path + "-wal")
    let copy = try folder.copy(path, to: "b", withMark: false)
    var lengths = Array(stride(from: 0, through: log.count, by: 512))
    lengths += batches.flatMap { [$0.log - 1, $0.log, $0.log + 1] }
    for length in lengths where (0...log.count).contains(length) {
      try write(Array(log[..<length]), copy + "-wal")
      let whole = try #require(batches.last { $0.log <= length }).last
      let reader = try JournalReader.open(copy)
      #expect(try reader.verify().records == whole)
      #expect(try reader.lastChainHash == hash(whole))
    }
    try writer.close()
  }

  @Test("a writer goes on after what it recovered, and the marks agree")
  func resume() throws {
    let (writer, batches) = try makeLog()
    let log = try read(path + "-wal")
    for batch in batches {
      let copy = try folder.copy(path, to: "b", withMark: false)
      try? FileManager.default.removeItem(atPath: copy + ".mark")
      try write(Array(log[..<min(log.count, batch.log + 100)]), copy + "-wal")
      let resumed = try JournalWriter.resume(copy)
      #expect(resumed.lastSequence == batch.last)
      try resumed.appendSamples(2)
      try resumed.close()
      #expect(try JournalReader.open(copy).verify().records == batch.last + 2)
    }
    try writer.close()
  }

  @Test("with its mark, a log that lost an acknowledged batch is refused")
  func lost() throws {
    let (writer, batches) = try makeLog()
    let log = try read(path + "-wal")
    let copy = try folder.copy(path, to: "b", withMark: true)
    for batch in batches.dropLast() {
      try write(Array(log[..<batch.log]), copy + "-wal")
      let error = JournalError.recordsLost(path: copy, acknowledged: 52, found: batch.last)
      #expect(throws: error) { try JournalReader.open(copy) }
      #expect(throws: error) { try JournalWriter.resume(copy) }
    }
    try writer.close()
  }

  @Test("a flipped byte of the log loses a tail of whole batches, and the mark tells")
  func flipped() throws {
    let (writer, batches) = try makeLog()
    let log = try read(path + "-wal")
    let bare = try folder.copy(path, to: "b", withMark: false)
    let marked = try folder.copy(path, to: "c", withMark: true)
    let step = DamageTests.isFull ? 7 : 701
    for offset in stride(from: 0, to: log.count, by: step) {
      var bytes = log
      bytes[offset] ^= 0x20
      try write(bytes, bare + "-wal")
      try write(bytes, marked + "-wal")
      let found = try JournalReader.open(bare).verify().records
      #expect(batches.contains { $0.last == found }, "byte \(offset)")
      if found == 52 { continue }
      #expect(throws: JournalError.recordsLost(path: marked, acknowledged: 52, found: found)) {
        try JournalReader.open(marked)
      }
    }
    try writer.close()
  }
}
