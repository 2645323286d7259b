// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Journal
import Ledger
import Testing

@Suite struct RoundTripTests {
  let folder = try! TestFolder()
  var path: String { folder.file("a.journal") }

  @Test("gives back what was appended, in order, before and after closing")
  func roundTrip() throws {
    let sizes = [0, 1, 4_096, 70_000, 5 << 20, 3]
    let records = sizes.enumerated().map { sampleRecord($0 + 1, bytes: $1) }
    let writer = try JournalWriter.create(path, header: sampleHeader())
    #expect(writer.lastSequence == 0)
    #expect(writer.lastChainHash == hash(0))
    #expect(try writer.append(Array(records[..<2])) == 2)
    #expect(try writer.append([]) == 2)
    #expect(try writer.append(Array(records[2...])) == 6)
    #expect(try writer.reader.allRecords == records)
    #expect(try writer.reader.lastSequence == 6)
    try writer.close()

    let reader = try JournalReader.open(path)
    #expect(try reader.header == sampleHeader())
    #expect(try reader.allRecords == records)
    #expect(try reader.lastSequence == 6)
    #expect(try reader.lastChainHash == hash(6))
    let contents = try reader.verify()
    #expect(contents.records == 6)
    #expect(contents.chainHash == hash(6))
    #expect(contents.payloadBytes == sizes.reduce(0, +))
  }

  @Test("goes on where it ended when resumed")
  func resume() throws {
    let first = try JournalWriter.create(path, header: sampleHeader())
    try first.appendSamples(3)
    try first.close()
    let second = try JournalWriter.resume(path)
    #expect(second.lastSequence == 3)
    #expect(second.lastChainHash == hash(3))
    try second.appendSamples(2)
    #expect(try second.reader.allRecords == (1...5).map { sampleRecord($0) })
    try second.close()
    #expect(try JournalReader.open(path).verify().records == 5)
  }

  @Test("reads from any record to the end", arguments: [1, 2, 1_024, 1_025, 2_499, 2_500, 2_501])
  func start(first: Int) throws {
    let writer = try JournalWriter.create(path, header: sampleHeader())
    try writer.appendSamples(2_500, bytes: 10)
    var expected = first
    try writer.reader.forEachRecord(from: first) { stored in
      #expect(stored.sequence == expected)
      #expect(stored.record == sampleRecord(expected, bytes: 10))
      expected += 1
    }
    #expect(expected == 2_501)
  }

  @Test("refuses to read from before the first or beyond the next record", arguments: [0, 5])
  func outside(first: Int) throws {
    let writer = try JournalWriter.create(path, header: sampleHeader())
    try writer.appendSamples(3)
    #expect(throws: JournalError.sequenceOutOfRange(sequence: first, allowed: 1...4)) {
      try writer.reader.records(from: first)
    }
  }

  @Test("a reader left in the middle holds nothing up")
  func abandonedWalk() throws {
    let writer = try JournalWriter.create(path, header: sampleHeader())
    try writer.appendSamples(2_000, bytes: 10)
    var cursor = try writer.reader.records()
    #expect(try cursor.next()?.sequence == 1)
    try writer.appendSamples(500, bytes: 10)
    var last = 1
    while let stored = try cursor.next() { last = stored.sequence }
    #expect(last == 2_500)
    var another = try writer.reader.records()
    _ = try another.next()
    try writer.close()
  }

  @Test("gives back the newest snapshot at or before a record")
  func snapshots() throws {
    let writer = try JournalWriter.create(path, header: sampleHeader())
    #expect(try writer.reader.latestSnapshot() == nil)
    try writer.appendSnapshot([9], after: 0)
    try writer.appendSamples(4)
    try writer.appendSnapshot([1, 2], after: 2)
    try writer.appendSnapshot(Array(repeating: 7, count: 100_000), after: 4)
    try writer.appendSamples(2)
    try writer.close()
    let reader = try JournalReader.open(path)
    #expect(try reader.latestSnapshot()?.payload.count == 100_000)
    #expect(try reader.latestSnapshot()?.chainHash == hash(4))
    #expect(try reader.latestSnapshot(atOrBefore: 3)?.payload == [1, 2])
    #expect(try reader.latestSnapshot(atOrBefore: 2)?.sequence == 2)
    #expect(try reader.latestSnapshot(atOrBefore: 1)?.payload == [9])
    #expect(try reader.verify().snapshots == 3)
  }

  @Test("takes a snapshot only after the last one and within what is stored")
  func snapshotPlaces() throws {
    let writer = try JournalWriter.create(path, header: sampleHeader())
    try writer.appendSamples(5)
    try writer.appendSnapshot([1], after: 3)
    for sequence in [-1, 2, 3, 6] {
      #expect(throws: JournalError.sequenceOutOfRange(sequence: sequence, allowed: 4...5)) {
        try writer.appendSnapshot([2], after: sequence)
      }
    }
    try writer.appendSnapshot([2], after: 5)
    try writer.appendSamples(1)
    #expect(writer.lastSequence == 6)
  }

  @Test("refuses a payload one byte too long and goes on")
  func payloadLimit() throws {
    let limit = JournalRecord.maximumPayloadBytes
    let writer = try JournalWriter.create(path, header: sampleHeader())
    let large = JournalRecord(
      kind: .events, payload: [UInt8](repeating: 1, count: limit + 1), chainHash: hash(1))
    #expect(throws: JournalError.payloadTooLarge(bytes: limit + 1, limit: limit)) {
      try writer.append([sampleRecord(1), large])
    }
    #expect(writer.lastSequence == 0)
    let exact = JournalRecord(
      kind: .events, payload: [UInt8](repeating: 1, count: limit), chainHash: hash(1))
    #expect(try writer.append([exact]) == 1)
    #expect(try writer.reader.lastChainHash == hash(1))
  }

  @Test("moves a long log into the file while it runs")
  func checkpoints() throws {
    let writer = try JournalWriter.create(path, header: sampleHeader())
    for _ in 0..<24 { try writer.appendSamples(1, bytes: 2 << 20) }
    #expect(try read(path).count > 16 << 20)
    #expect(try read(path + "-wal").count < 24 << 20)
    #expect(try writer.reader.verify().records == 24)
  }
}
