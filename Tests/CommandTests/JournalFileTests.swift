// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("A journal that is damaged, foreign or in use")
struct JournalFileTests {
  let folder = try! Folder()
  let program = try! Program.current()

  private static let isFull = ProcessInfo.processInfo.environment["PLIMSOLL_FULL"] == "1"

  private var replay: [String] {
    [
      "replay", "--market", folder.file("market"), "--out", folder.file("out"), "--no-report",
      "--json",
    ]
  }
  private var journal: String { folder.file("out/journal.db") }

  /// Writes a sound journal and returns its bytes and hash.
  private func record() throws -> (bytes: Data, hash: String) {
    try SmallMarket.write(to: folder)
    let summary = try Summary(program.run(replay + ["--population", "10"]))
    return (try folder.bytes("out/journal.db"), summary.runs[0].hash)
  }

  private func bytes(ofHexadecimal text: String) -> Data {
    var bytes = Data()
    var rest = text[...]
    while !rest.isEmpty {
      bytes.append(UInt8(rest.prefix(2), radix: 16) ?? 0)
      rest = rest.dropFirst(2)
    }
    return bytes
  }

  /// A copy of the journal with one bit of one byte flipped, verified.
  private func verify(_ sound: Data, flipping position: Data.Index) throws -> Program.Outcome {
    var bytes = sound
    bytes[position] ^= 1 << UInt8(position % 8)
    try folder.write("flipped/journal.db", bytes)
    return try program.run(["verify", folder.file("flipped/journal.db"), "--json"])
  }

  @Test("a flipped byte of a stored record fails verification, which names the record")
  func flippedRecord() throws {
    let (sound, _) = try record()
    // The name of a listed instrument stands in the command that lists it and in its event.
    let name = Data("BTC-27MAR20".utf8)
    var from = sound.startIndex
    var named = 0
    while let found = sound.range(of: name, in: from..<sound.endIndex), named < 4 {
      from = found.upperBound
      let outcome = try verify(sound, flipping: found.lowerBound + 2)
      #expect(outcome.code == 1 && outcome.output.isEmpty)
      if outcome.errors.firstMatch(of: /record [0-9]+/) != nil { named += 1 }
    }
    #expect(named >= 2, "a command and its event")
  }

  @Test("a flipped byte of a stored chain hash fails verification")
  func flippedHash() throws {
    let (sound, hash) = try record()
    let stored = bytes(ofHexadecimal: hash)
    var from = sound.startIndex
    var flipped = 0
    // In the last record, in the journal's tip, and in the last snapshot.
    while let found = sound.range(of: stored, in: from..<sound.endIndex) {
      from = found.upperBound
      let outcome = try verify(sound, flipping: found.lowerBound + 7)
      #expect(outcome.code == 1 && outcome.output.isEmpty)
      #expect(outcome.errors.firstMatch(of: /(record|snapshot after) [0-9]+|tip/) != nil)
      flipped += 1
    }
    #expect(flipped >= 2)
  }

  @Test("any other flipped byte is detected or changes nothing")
  func flippedAnywhere() throws {
    let (sound, hash) = try record()
    let flips = Self.isFull ? 400 : 12
    var detected = 0
    for flip in 0..<flips {
      let share = (Double(flip) * 0.618_033_988_75).truncatingRemainder(dividingBy: 1)
      let position = sound.startIndex + Int(Double(sound.count) * share)
      let outcome = try verify(sound, flipping: position)
      if outcome.code == 0 {
        #expect(try Verified(outcome).hash == hash, "byte \(position)")
      } else {
        #expect(outcome.code == 1 && !outcome.errors.isEmpty, "byte \(position)")
        detected += 1
      }
    }
    #expect(detected * 2 > flips, "most bytes of a journal are records")
  }

  @Test("a header that names another engine is refused")
  func foreignEngine() throws {
    let (sound, _) = try record()
    let engine = try #require(sound.range(of: Data("plimsoll-engine-".utf8)))
    let digit = engine.upperBound
    var bytes = sound
    bytes[digit] = sound[digit] == UInt8(ascii: "9") ? UInt8(ascii: "8") : UInt8(ascii: "9")
    try folder.write("foreign/journal.db", bytes)
    for verb in ["verify", "recover", "ranking"] {
      let outcome = try program.run([verb, folder.file("foreign/journal.db")])
      #expect(outcome.code == 1 && outcome.output.isEmpty)
      #expect(
        outcome.errors.contains("version") || outcome.errors.contains("header"),
        "\(outcome.errors)")
    }
  }

  @Test("a journal cut short is refused")
  func cutShort() throws {
    let (sound, _) = try record()
    for kept in [sound.count / 2, sound.count - 1, 100, 0] {
      try folder.write("cut/journal.db", sound.prefix(kept))
      let outcome = try program.run(["verify", folder.file("cut/journal.db")])
      #expect(outcome.code == 1 && outcome.errors.contains("journal.db"), "\(kept) bytes")
    }
  }

  @Test("what is no journal is refused, and not touched")
  func noJournal() throws {
    try folder.write("notes.txt", "Not a journal.")
    for verb in ["verify", "recover", "ranking"] {
      let outcome = try program.run([verb, folder.file("notes.txt")])
      #expect(outcome.code == 1 && outcome.errors.contains("notes.txt"), "\(outcome.errors)")
      let missing = try program.run([verb, folder.file("none.db")])
      #expect(missing.code == 1 && missing.errors.contains("there is no journal"))
    }
    #expect(try folder.read("notes.txt") == "Not a journal.")
    #expect(!folder.exists("none.db") && folder.names(in: "") == ["notes.txt"])
  }

  /// A replay stopped while it writes; it keeps its lock for as long as others need to try.
  private func stoppedWriter(_ output: Folder) throws -> Process? {
    for population in ["40", "400", "4000"] {
      let process = try program.start(replay + ["--population", population], in: output)
      while process.isRunning, !folder.exists("out/journal.db") { usleep(500) }
      kill(process.processIdentifier, SIGSTOP)
      if process.isRunning { return process }
      try FileManager.default.removeItem(atPath: folder.file("out"))
    }
    return nil
  }

  @Test("while one process writes, others may neither read, resume nor replace it")
  func inUse() throws {
    try SmallMarket.write(to: folder, minutes: 240)
    let output = try Folder()
    let writer = try #require(try stoppedWriter(output), "every replay ended too early")
    let attempts = [
      ["verify", journal], ["recover", journal], replay + ["--resume"], replay,
    ]
    for attempt in attempts {
      let outcome = try program.run(attempt)
      #expect(outcome.code == 1 && outcome.output.isEmpty)
      #expect(outcome.errors.contains("open elsewhere"), "\(attempt[0]): \(outcome.errors)")
    }
    kill(writer.processIdentifier, SIGCONT)
    let summary = try Summary(program.outcome(of: writer, in: output))
    #expect(try Verified(program.run(["verify", journal, "--json"])).hash == summary.runs[0].hash)
  }
}
