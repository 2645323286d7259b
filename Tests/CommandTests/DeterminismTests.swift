// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("The same inputs end at the same hash")
struct DeterminismTests {
  let folder = try! Folder()

  private func replay(
    _ program: Program, _ extra: [String] = [], _ environment: [String: String] = [:]
  ) throws -> Program.Outcome {
    try SmallMarket.write(to: folder)
    return try program.run(
      [
        "replay", "--market", folder.file("market"), "--out", folder.file("out"),
        "--population", "30", "--no-report", "--json",
      ] + extra, environment: environment)
  }

  /// The final hash of a replay of the small market.
  private func hash(
    _ program: Program, _ extra: [String] = [], _ environment: [String: String] = [:]
  ) throws -> String {
    try Summary(replay(program, extra, environment)).runs[0].hash
  }

  @Test("with hash seeding on and off")
  func hashSeeding() throws {
    let program = try Program.current()
    let seeded = try hash(program)
    #expect(try hash(program, [], ["SWIFT_DETERMINISTIC_HASHING": "1"]) == seeded)
    #expect(try hash(program) == seeded, "and with another seed")
  }

  @Test("with one thread, two, and more than there are processors")
  func threads() throws {
    let program = try Program.current()
    let one = try hash(program, ["--threads", "1"])
    #expect(try hash(program, ["--threads", "2"]) == one)
    #expect(try hash(program, ["--threads", "7"]) == one)
  }

  @Test("with each variant of the kernels that this processor runs")
  func variants() throws {
    let program = try Program.current()
    let refusal = try replay(program, ["--kernels", "abacus"])
    // Nothing but the names stands between “is none of” and the end of the line.
    let list = refusal.errors.firstMatch(of: /is none of (.+)/)?.1
    let names = list.map { $0.split(separator: ", ").map(String.init) } ?? []
    let widest = try hash(program)
    var compared = 0
    for name in names {
      let alone = try replay(program, ["--kernels", name, "--threads", "1"])
      if alone.errors.contains("this processor cannot run") { continue }
      #expect(try Summary(alone).runs[0].hash == widest, "\(name)")
      #expect(try hash(program, ["--kernels", name, "--threads", "2"]) == widest, "\(name)")
      compared += 1
    }
    #expect(compared >= 1, "of \(names)")
  }

  @Test(
    "from a debug and from a release build",
    .enabled(if: Program.ofEachConfiguration.count == 2, "only one of the two is built"))
  func configurations() throws {
    let hashes = try Program.ofEachConfiguration.map { try hash($0) }
    #expect(Set(hashes).count == 1)
  }

  @Test("when verified with another number of threads")
  func verifiedElsewhere() throws {
    let program = try Program.current()
    let expected = try hash(program, ["--threads", "2"])
    let journal = folder.file("out/journal.db")
    let verified = try Verified(
      program.run(["verify", journal, "--json", "--threads", "1"]))
    #expect(verified.hash == expected)
  }
}
