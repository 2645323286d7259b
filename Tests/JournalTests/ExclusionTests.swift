// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Testing

@testable import Journal

@Suite struct ExclusionTests {
  let folder = try! TestFolder()
  var path: String { folder.file("a.journal") }

  @Test("really syncs every commit, as the open connection says itself")
  func durable() throws {
    let writer = try JournalWriter.create(path, header: sampleHeader())
    let expected = [
      ("synchronous", 2.databaseValue), ("journal_mode", "wal".databaseValue),
      ("locking_mode", "exclusive".databaseValue), ("wal_autocheckpoint", 0.databaseValue),
      ("cell_size_check", 1.databaseValue),
    ]
    for (pragma, value) in expected {
      let found = try writer.reader.file.run { db in
        try DatabaseValue.fetchOne(db, sql: "PRAGMA \(pragma)")
      }
      #expect(found == value, "\(pragma)")
    }
  }

  @Test("refuses a connection that does not sync every commit")
  func notDurable() throws {
    let writer = try JournalWriter.create(path, header: sampleHeader())
    try writer.reader.file.run { try $0.execute(sql: "PRAGMA synchronous = NORMAL") }
    let error = #expect(throws: JournalError.self) { try writer.reader.file.requireDurability() }
    #expect(
      error
        == .notDurable(
          path: path,
          found: #"journal_mode, synchronous, locking_mode = ["wal", "1", "exclusive"]"#))
  }

  @Test("refuses a second writer and a reader while a writer lives")
  func secondInProcess() throws {
    do {
      let writer = try JournalWriter.create(path, header: sampleHeader())
      #expect(throws: JournalError.alreadyOpen(path: path)) { try JournalWriter.resume(path) }
      #expect(throws: JournalError.alreadyOpen(path: path)) { try JournalReader.open(path) }
      try writer.appendSamples(1)
      withExtendedLifetime(writer) {}
    }
    #expect(try JournalWriter.resume(path).lastSequence == 1)
  }

  @Test("refuses a second writer that comes by another name")
  func secondByLink() throws {
    let writer = try JournalWriter.create(path, header: sampleHeader())
    let link = folder.file("link")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
    #expect(throws: JournalError.alreadyOpen(path: path)) { try JournalWriter.resume(link) }
    try writer.close()
    #expect(try JournalReader.open(link).lastSequence == 0)
  }

  @Test("refuses a second writer that comes through a linked folder")
  func secondByFolder() throws {
    let link = folder.path + "-link"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.path)
    defer { unlink(link) }
    let writer = try JournalWriter.create(link + "/a.journal", header: sampleHeader())
    #expect(throws: JournalError.alreadyOpen(path: path)) { try JournalWriter.resume(path) }
    #expect(throws: JournalError.alreadyOpen(path: path)) {
      try JournalReader.open(link + "/a.journal")
    }
    try writer.close()
    #expect(try JournalWriter.resume(path).lastSequence == 0)
  }

  @Test("lets many readers in, and no writer among them")
  func readers() throws {
    try JournalWriter.create(path, header: sampleHeader()).close()
    let first = try JournalReader.open(path)
    let second = try JournalReader.open(path)
    #expect(throws: JournalError.alreadyOpen(path: path)) { try JournalWriter.resume(path) }
    #expect(try first.lastSequence == second.lastSequence)
  }

  @Test("a reader changes nothing and leaves nothing behind")
  func readerIsQuiet() throws {
    try JournalWriter.create(path, header: sampleHeader()).close()
    let before = try read(path)
    _ = try JournalReader.open(path).verify()
    #expect(try read(path) == before)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(names.sorted() == ["a.journal", "a.journal.mark"])
  }

  @Test("keeps other programs out of the file, and yields to one that was first")
  func foreignConnection() throws {
    let writer = try JournalWriter.create(path, header: sampleHeader())
    try writer.appendSamples(1)
    let error = #expect(throws: DatabaseError.self) {
      try DatabaseQueue(path: path).write { try $0.execute(sql: "DELETE FROM records") }
    }
    #expect(error?.resultCode == .SQLITE_BUSY)
    try writer.close()
    let foreign = try DatabaseQueue(path: path)
    try foreign.writeWithoutTransaction { db in
      try db.execute(sql: "BEGIN IMMEDIATE")
      #expect(throws: JournalError.alreadyOpen(path: path)) { try JournalWriter.resume(path) }
      try db.execute(sql: "COMMIT")
    }
  }

  @Test("nothing more can be appended after closing")
  func closed() throws {
    let writer = try JournalWriter.create(path, header: sampleHeader())
    try writer.close()
    let error = JournalError.unusable(path: path, since: "closed")
    #expect(throws: error) { try writer.appendSamples(1) }
    #expect(throws: error) { try writer.appendSnapshot([], after: 0) }
    #expect(throws: error) { try writer.close() }
  }

  @Test("a user who may only read can read, and is refused as a writer", .enabled(if: onLinux))
  func readOnly() throws {
    let writer = try JournalWriter.create(path, header: sampleHeader())
    try writer.appendSamples(3)
    try writer.close()
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
    try withoutPrivileges { () throws in
      #expect(try JournalReader.open(path).verify().records == 3)
      #expect(throws: JournalError.readOnly(path: path + ".mark")) {
        try JournalWriter.resume(path)
      }
    }
    // The mark alone being writable must not be enough.
    chmod(path + ".mark", 0o666)
    try withoutPrivileges { () throws in
      #expect(throws: JournalError.readOnly(path: path)) { try JournalWriter.resume(path) }
      #expect(throws: JournalError.readOnly(path: folder.file("b.mark"))) {
        try JournalWriter.create(folder.file("b"), header: sampleHeader())
      }
    }
  }
}

#if os(Linux)
  let onLinux = true
#else
  let onLinux = false
#endif

/// Runs with the file rights of nobody, on this thread only; as root every file is writable.
private func withoutPrivileges(_ body: () throws -> Void) throws {
  typealias SetUser = @convention(c) (UInt32) -> CInt
  let symbol = try #require(dlsym(dlopen(nil, RTLD_NOW), "setfsuid"))
  let setUser = unsafeBitCast(symbol, to: SetUser.self)
  guard getuid() == 0 else { return try body() }
  _ = setUser(65_534)
  defer { _ = setUser(0) }
  try body()
}
