// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("A replay killed at any moment")
struct CrashTests {
  let folder = try! Folder()
  let program = try! Program.current()

  /// Every case with `PLIMSOLL_FULL=1`: 100 kills of 200 accounts over six hours.
  private static let isFull = ProcessInfo.processInfo.environment["PLIMSOLL_FULL"] == "1"
  private static let kills = isFull ? 100 : 3

  private func arguments(into out: String) -> [String] {
    let inputs =
      Self.isFull
      ? ["--length", "6h", "--population", "200"]
      : ["--market", folder.file("market"), "--population", "30"]
    return ["replay"] + inputs + ["--out", folder.file(out), "--no-report", "--json"]
  }

  /// Waits until the journal has its name, or the process has ended.
  private func waitForJournal(_ process: Process, in out: String) {
    while process.isRunning, !folder.exists(out + "/journal.db") { usleep(500) }
  }

  /// The replay that nobody disturbs: its hash, and the seconds from its journal's first sign
  /// to its end.
  private func undisturbed() throws -> (hash: String, seconds: Double) {
    let output = try Folder()
    let process = try program.start(arguments(into: "whole"), in: output)
    waitForJournal(process, in: "whole")
    let start = Date()
    let summary = try Summary(program.outcome(of: process, in: output))
    return (summary.runs[0].hash, Date().timeIntervalSince(start))
  }

  /// Runs until a share of the undisturbed run's time with a journal has passed, then kills.
  ///
  /// - Returns: Whether the kill came before the end.
  private func kill(after seconds: Double, resuming: Bool) throws -> Bool {
    let output = try Folder()
    let process = try program.start(
      arguments(into: "out") + (resuming ? ["--resume"] : []), in: output)
    waitForJournal(process, in: "out")
    usleep(UInt32(seconds * 1_000_000))
    if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
    return try program.outcome(of: process, in: output).code == -1
  }

  @Test("resumes and ends at the hash of a run that nobody disturbed")
  func resumed() throws {
    try SmallMarket.write(to: folder, minutes: 240)
    let (hash, seconds) = try undisturbed()
    for round in 0..<Self.kills {
      // Golden-ratio steps: spread over the run however many rounds there are.
      var share = (0.35 + Double(round) * 0.618_033_988_75).truncatingRemainder(dividingBy: 1)
      var isInterrupted = false
      // A run that was faster than the first one and has ended is tried again, killed earlier.
      for _ in 0..<8 where !isInterrupted {
        try? FileManager.default.removeItem(atPath: folder.file("out"))
        isInterrupted = try kill(after: seconds * share, resuming: false)
        if !isInterrupted { share /= 2 }
      }
      #expect(isInterrupted, "round \(round)")
      // Every third time the resumed run is killed as well.
      if round % 3 == 2 { _ = try kill(after: seconds * share / 2, resuming: true) }
      let summary = try Summary(program.run(arguments(into: "out") + ["--resume"]))
      #expect(summary.runs[0].hash == hash, "round \(round), killed at \(share) of the run")
      let verified = try Verified(
        program.run(["verify", folder.file("out/journal.db"), "--json"]))
      #expect(verified.hash == hash, "round \(round)")
    }
  }

  @Test("is not resumed with other inputs, and its journal stays as it was")
  func otherInputs() throws {
    try SmallMarket.write(to: folder)
    let replay = [
      "replay", "--market", folder.file("market"), "--out", folder.file("out"), "--no-report",
      "--json",
    ]
    let hash = try Summary(program.run(replay + ["--population", "10"])).runs[0].hash
    let other = try program.run(replay + ["--population", "11", "--resume"])
    #expect(other.code == 1 && other.errors.contains("record "), "\(other.errors)")
    let verified = try Verified(
      program.run(["verify", folder.file("out/journal.db"), "--json"]))
    #expect(verified.hash == hash)
  }
}
