// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Journal
import Testing

/// What another process may do, and what is left when a process is killed.
///
/// The other process is this test program itself, started again for ``OtherProcess`` alone.
@Suite(.enabled(if: onLinux, "starts its own program through /proc"))
struct ProcessTests {
  let folder = try! TestFolder()
  var path: String { folder.file("a.journal") }

  private func start(_ role: Role) throws -> (process: Process, output: FileHandle) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = ["--testing-library", "swift-testing", "--filter", "OtherProcess"]
    process.environment = ProcessInfo.processInfo.environment.merging(
      [Role.key: role.rawValue, Role.pathKey: path]) { $1 }
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    return (process, pipe.fileHandleForReading)
  }

  /// The words after the mark on the lines the other process wrote for this one.
  private func answers(_ output: [UInt8]) -> [Substring] {
    let text = String(decoding: output, as: UTF8.self)
    return text.split(separator: "\n").compactMap { line in
      line.hasPrefix(Role.mark) ? line.dropFirst(Role.mark.count) : nil
    }
  }

  private func run(_ role: Role) throws -> [Substring] {
    let (process, output) = try start(role)
    let bytes = try output.readToEnd() ?? Data()
    process.waitUntilExit()
    return answers(Array(bytes))
  }

  @Test("another process is refused while a writer lives, and let in afterwards")
  func secondProcess() throws {
    let writer = try JournalWriter.create(path, header: sampleHeader())
    try writer.appendSamples(3)
    let refusal = "\(JournalError.alreadyOpen(path: path))"
    #expect(try run(.open) == ["writer \(refusal)", "reader \(refusal)"])
    try writer.close()
    #expect(try run(.open) == ["writer 3", "reader 3"])
    let reader = try JournalReader.open(path)
    #expect(try run(.open) == ["writer \(refusal)", "reader 3"])
    withExtendedLifetime(reader) {}
  }

  @Test("a killed writer loses nothing it acknowledged, leaves no half batch and no lock")
  func killed() throws {
    for round in 1...3 {
      try? FileManager.default.removeItem(atPath: path)
      let writer = try JournalWriter.create(path, header: sampleHeader())
      try writer.close()
      let (process, output) = try start(.append)
      var bytes: [UInt8] = []
      while answers(bytes).count < 20 * round {
        let more = output.availableData
        try #require(!more.isEmpty, "the other process ended by itself")
        bytes += more
      }
      kill(process.processIdentifier, SIGKILL)
      bytes += try output.readToEnd() ?? Data()
      process.waitUntilExit()
      let complete = bytes[...(bytes.lastIndex(of: 10) ?? 0)]
      let acknowledged = try #require(answers(Array(complete)).last.flatMap { Int($0) })

      let bare = try folder.copy(path, to: "b", withMark: false)
      #expect(try JournalReader.open(bare).verify().records >= acknowledged)
      let resumed = try JournalWriter.resume(path)
      #expect(resumed.lastSequence >= acknowledged)
      #expect(resumed.lastSequence % Role.batch == 0)
      let records = try resumed.reader.allRecords
      #expect(records == (0..<records.count).map { sampleRecord($0 + 1) })
      try resumed.close()
    }
  }
}

/// What the other process is asked to do, through its environment.
private enum Role: String {
  /// Try to open the journal, and say what came of it.
  case open
  /// Append until killed, and say what was acknowledged.
  case append

  static let key = "PLIMSOLL_JOURNAL_ROLE"
  static let pathKey = "PLIMSOLL_JOURNAL_PATH"
  static let mark = "journal: "
  static let batch = 3

  static var current: Role? {
    ProcessInfo.processInfo.environment[key].flatMap { Role(rawValue: $0) }
  }
}

/// What the second process does; not a test of anything by itself.
@Suite(.enabled(if: Role.current != nil, "runs only when another test starts it"))
struct OtherProcess {
  private func say(_ text: String) {
    FileHandle.standardOutput.write(Data("\n\(Role.mark)\(text)\n".utf8))
  }

  @Test("does what the first process asked for")
  func act() throws {
    let path = try #require(ProcessInfo.processInfo.environment[Role.pathKey])
    switch Role.current {
    case .open:
      do {
        let writer = try JournalWriter.resume(path)
        say("writer \(writer.lastSequence)")
        try writer.close()
      } catch {
        say("writer \(error)")
      }
      do {
        say("reader \(try JournalReader.open(path).lastSequence)")
      } catch {
        say("reader \(error)")
      }
    case .append:
      let writer = try JournalWriter.resume(path)
      while true {
        try writer.appendSamples(Role.batch)
        say("\(writer.lastSequence)")
      }
    case nil: break
    }
  }
}
