// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Journal
import Ledger
import Testing

/// Every byte of a journal, changed.
///
/// By default every 29th byte and one of three masks; with `PLIMSOLL_FULL=1` all of them.
@Suite struct DamageTests {
  let folder = try! TestFolder()
  var path: String { folder.file("a.journal") }
  static let isFull = ProcessInfo.processInfo.environment["PLIMSOLL_FULL"] == "1"

  struct Content: Equatable {
    let header: JournalHeader
    let records: [JournalRecord]
    let snapshot: JournalSnapshot?
    let chainHash: ChainHash

    init(_ reader: JournalReader) throws {
      header = reader.header
      records = try reader.allRecords
      snapshot = try reader.latestSnapshot()
      chainHash = try reader.lastChainHash
    }
  }

  /// About 30 KB: small records, one over several pages, two snapshots.
  private func makeJournal() throws {
    let writer = try JournalWriter.create(path, header: sampleHeader())
    try writer.appendSamples(6)
    try writer.appendSnapshot(Array(repeating: 1, count: 300), after: 4)
    try writer.appendSamples(1, bytes: 9_000)
    try writer.appendSamples(4)
    try writer.appendSnapshot(Array(repeating: 2, count: 5_000), after: 11)
    try writer.appendSamples(2)
    try writer.close()
  }

  private func flips(_ count: Int) -> [(offset: Int, mask: UInt8)] {
    let masks: [UInt8] = [0x01, 0x80, 0xFF]
    if Self.isFull { return (0..<count).flatMap { offset in masks.map { (offset, $0) } } }
    // The first page is the one SQLite and the schema depend on.
    let offsets = (0..<count).filter { $0 < 100 || $0 % 29 == 0 }
    return offsets.map { ($0, masks[$0 % 3]) }
  }

  @Test("no flipped byte of the file goes unnoticed unless it changes nothing")
  func everyByte() throws {
    try makeJournal()
    let intact = try read(path)
    let content = try Content(JournalReader.open(path))
    let copy = try folder.copy(path, to: "b", withMark: false)
    var detected = 0
    let flips = flips(intact.count)
    for (offset, mask) in flips {
      var bytes = intact
      bytes[offset] ^= mask
      try write(bytes, copy)
      do {
        let reader = try JournalReader.open(copy)
        _ = try reader.verify()
        let found = try Content(reader)
        #expect(found == content, "byte \(offset) ^ \(mask)")
      } catch is JournalError {
        detected += 1
      }
    }
    // Most of the file is payload; what changes nothing is free space inside pages.
    #expect(detected * 2 > flips.count, "\(detected) of \(flips.count)")
  }

  @Test("no flipped byte lets a writer go on after other records than were stored")
  func resumingAfterDamage() throws {
    try makeJournal()
    let intact = try read(path)
    let last = try JournalReader.open(path).lastChainHash
    let copy = try folder.copy(path, to: "b", withMark: false)
    for (offset, mask) in flips(intact.count) where Self.isFull || offset % 5 == 0 {
      var bytes = intact
      bytes[offset] ^= mask
      try write(bytes, copy)
      for suffix in ["-wal", ".mark"] { unlink(copy + suffix) }
      do {
        let writer = try JournalWriter.resume(copy)
        #expect(writer.lastSequence == 13, "byte \(offset) ^ \(mask)")
        #expect(writer.lastChainHash == last, "byte \(offset) ^ \(mask)")
        try writer.appendSamples(1)
        try writer.close()
      } catch is JournalError {
        continue
      }
    }
  }

  @Test("damage inside a record names the record")
  func namesTheRecord() throws {
    try makeJournal()
    let intact = try read(path)
    for sequence in 1...13 {
      let payload = sampleRecord(sequence, bytes: sequence == 7 ? 9_000 : 100).payload
      let offset = try #require(intact.firstRange(of: payload.prefix(80))?.lowerBound)
      for place in [0, 40, 79] {
        var bytes = intact
        bytes[offset + place] ^= 0x10
        try write(bytes, path)
        let error = #expect(throws: JournalError.self) { try JournalReader.open(path).verify() }
        #expect(
          error == .corruptRecord(sequence: sequence, reason: "it differs from its checksum"))
      }
    }
  }

  @Test("a file cut short anywhere is refused")
  func cutShort() throws {
    try makeJournal()
    let intact = try read(path)
    for length in stride(from: 0, to: intact.count, by: 512) {
      try write(Array(intact[..<length]), path)
      #expect(throws: JournalError.self) { try JournalReader.open(path).verify() }
      #expect(throws: JournalError.self) { try JournalWriter.resume(path) }
    }
  }

  @Test("two pages exchanged, or one overwritten by another, are noticed")
  func misdirectedWrites() throws {
    try makeJournal()
    let intact = try read(path)
    let content = try Content(JournalReader.open(path))
    let pages = intact.count / 4_096
    for target in 0..<pages {
      for source in 0..<pages where source != target {
        var bytes = intact
        bytes.replaceSubrange(
          target * 4_096..<(target + 1) * 4_096,
          with: intact[source * 4_096..<(source + 1) * 4_096])
        try write(bytes, path)
        let error = #expect(throws: JournalError.self, "page \(source) over \(target)") {
          let reader = try JournalReader.open(path)
          _ = try reader.verify()
          #expect(try Content(reader) == content)
        }
        #expect(error != nil)
      }
    }
  }

  @Test("a flipped byte of the mark is noticed")
  func mark() throws {
    try makeJournal()
    let intact = try read(path + ".mark")
    for offset in intact.indices {
      var bytes = intact
      bytes[offset] ^= 0x04
      try write(bytes, path + ".mark")
      let error = JournalError.corruptFile(
        path: path + ".mark", reason: "the mark differs from its checksum")
      #expect(throws: error) { try JournalReader.open(path) }
      #expect(throws: error) { try JournalWriter.resume(path) }
    }
    try write(Array(intact.dropLast()), path + ".mark")
    #expect(throws: JournalError.self) { try JournalReader.open(path) }
  }
}
