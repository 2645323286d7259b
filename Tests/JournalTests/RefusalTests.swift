// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Journal
import Ledger
import Testing

@Suite struct RefusalTests {
  let folder = try! TestFolder()
  var path: String { folder.file("a.journal") }

  private func makeJournal(records: Int = 3) throws {
    let writer = try JournalWriter.create(path, header: sampleHeader())
    try writer.appendSamples(records)
    try writer.close()
  }

  private func execute(_ sql: String) throws {
    let queue = try DatabaseQueue(path: path)
    try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
    try queue.close()
  }

  @Test("names a journal that is not there")
  func missing() throws {
    #expect(throws: JournalError.missing(path: path)) { try JournalReader.open(path) }
    #expect(throws: JournalError.missing(path: path)) { try JournalWriter.resume(path) }
    #expect(throws: JournalError.missing(path: "")) { try JournalReader.open("") }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
  }

  @Test("names a folder that is not there")
  func missingFolder() throws {
    let inside = folder.file("no/a.journal")
    #expect(throws: JournalError.missingFolder(path: folder.file("no"))) {
      try JournalWriter.create(inside, header: sampleHeader())
    }
    #expect(throws: JournalError.missingFolder(path: folder.file("no"))) {
      try JournalReader.open(inside)
    }
  }

  @Test("does not create over anything", arguments: ["", "-wal", "-journal"])
  func existing(suffix: String) throws {
    try write([1, 2, 3], path + suffix)
    #expect(throws: JournalError.alreadyExists(path: path + suffix)) {
      try JournalWriter.create(path, header: sampleHeader())
    }
    #expect(try read(path + suffix) == [1, 2, 3])
  }

  @Test("creates where an earlier creation was cut short")
  func unfinished() throws {
    try write([1, 2, 3], path + ".unfinished")
    try write([], path + ".mark")
    try makeJournal()
    #expect(try JournalReader.open(path).verify().records == 3)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(names.sorted() == ["a.journal", "a.journal.mark"])
  }

  @Test("refuses what is not a journal, and leaves it as it was")
  func foreign() throws {
    let texts: [[UInt8]] = [
      [], [0], Array("SQLite format 3\0".utf8), Array(repeating: 7, count: 9_000),
    ]
    for bytes in texts {
      try write(bytes, path)
      #expect(throws: JournalError.notAJournal(path: path)) { try JournalReader.open(path) }
      #expect(throws: JournalError.notAJournal(path: path)) { try JournalWriter.resume(path) }
      #expect(try read(path) == bytes)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.journal"])
    }
    #expect(throws: JournalError.notAJournal(path: folder.path)) {
      try JournalReader.open(folder.path)
    }
    #expect(throws: JournalError.notAJournal(path: folder.path)) {
      try JournalWriter.resume(folder.path)
    }
  }

  @Test("refuses another program's database")
  func foreignDatabase() throws {
    try execute("CREATE TABLE records (sequence INTEGER PRIMARY KEY)")
    #expect(throws: JournalError.notAJournal(path: path)) { try JournalReader.open(path) }
    #expect(throws: JournalError.notAJournal(path: path)) { try JournalWriter.resume(path) }
  }

  @Test("refuses tables that are not exactly a journal's")
  func foreignTables() throws {
    try makeJournal()
    try execute("CREATE TRIGGER t AFTER INSERT ON records BEGIN DELETE FROM snapshots; END")
    let error = JournalError.corruptFile(path: path, reason: "the tables are not a journal's")
    #expect(throws: error) { try JournalReader.open(path) }
    #expect(throws: error) { try JournalWriter.resume(path) }
  }

  @Test("refuses an unknown format by its number", arguments: [0, 2, 77])
  func format(found: Int) throws {
    try makeJournal()
    try execute("PRAGMA user_version = \(found)")
    let error = JournalError.unknownVersion(of: .format, found: "\(found)", supported: "1")
    #expect(throws: error) { try JournalReader.open(path) }
    #expect(throws: error) { try JournalWriter.resume(path) }
  }

  @Test("refuses other rules, numbers and parameters by name")
  func versions() throws {
    let header = try sampleHeader()
    try header.require(engineVersion: "1.0.0", numbersVersion: "7", parameterHash: hash(-1))
    #expect(
      throws: JournalError.unknownVersion(of: .engine, found: "1.0.0", supported: "1.0.1")
    ) {
      try header.require(engineVersion: "1.0.1", numbersVersion: "7", parameterHash: hash(-1))
    }
    #expect(throws: JournalError.unknownVersion(of: .numbers, found: "7", supported: "8")) {
      try header.require(engineVersion: "1.0.0", numbersVersion: "8", parameterHash: hash(-1))
    }
    let error = #expect(throws: JournalError.self) {
      try header.require(engineVersion: "1.0.0", numbersVersion: "7", parameterHash: hash(-2))
    }
    #expect(error?.description.hasPrefix("the journal's parameters version is 7d8e9f") == true)
  }

  @Test("bounds the texts of the header", arguments: [0, 1, 256, 257])
  func headerTexts(bytes: Int) throws {
    let text = String(repeating: "x", count: bytes)
    if (1...256).contains(bytes) {
      let writer = try JournalWriter.create(path, header: sampleHeader(engine: text))
      #expect(writer.header.engineVersion == text)
    } else {
      #expect(
        throws: JournalError.headerFieldOutOfBounds(
          field: "engineVersion", bytes: bytes, limit: 256)
      ) { try sampleHeader(engine: text) }
    }
  }

  @Test("keeps any text, even one with a zero byte")
  func oddText() throws {
    let writer = try JournalWriter.create(path, header: sampleHeader(engine: "a\0ü\n"))
    try writer.close()
    #expect(try JournalReader.open(path).header.engineVersion == "a\0ü\n")
  }

  @Test("opens a path with signs that mean something in an address", arguments: ["a?b=c#d %41"])
  func oddPath(name: String) throws {
    let path = folder.file(name)
    let writer = try JournalWriter.create(path, header: sampleHeader())
    try writer.appendSamples(2)
    try writer.close()
    #expect(try JournalReader.open(path).verify().records == 2)
  }

  @Test("says when acknowledged records are gone, though the file is whole")
  func olderCopy() throws {
    try makeJournal(records: 3)
    let older = try read(path)
    let writer = try JournalWriter.resume(path)
    try writer.appendSamples(2)
    try writer.close()
    try write(older, path)
    let error = JournalError.recordsLost(path: path, acknowledged: 5, found: 3)
    #expect(throws: error) { try JournalReader.open(path) }
    #expect(throws: error) { try JournalWriter.resume(path) }
  }

  @Test("says when another journal stands in its place")
  func exchanged() throws {
    try makeJournal(records: 3)
    let other = try JournalWriter.create(folder.file("b"), header: sampleHeader())
    try other.appendSamples(4, bytes: 50)
    try other.close()
    try write(read(folder.file("b")), path)
    let error = JournalError.corruptRecord(
      sequence: 3, reason: "it is not the one that was acknowledged")
    #expect(throws: error) { try JournalReader.open(path) }
  }

  @Test("a journal copied without its mark can be read and resumed")
  func withoutMark() throws {
    try makeJournal(records: 3)
    let copy = try folder.copy(path, to: "b", withMark: false)
    #expect(try JournalReader.open(copy).verify().records == 3)
    let writer = try JournalWriter.resume(copy)
    try writer.appendSamples(1)
    try writer.close()
    #expect(try read(copy + ".mark").count == 80)
  }
}
