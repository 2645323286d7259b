// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("calibrate jumps, from daily prices to Merton's parameters")
struct JumpCommandTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  private struct Answer: Decodable {
    struct Jump: Decodable {
      let day: String
      let logReturn: Double
    }
    struct Figures: Decodable {
      let intensityPerYear: Double
      let mean: Double
      let deviation: Double
    }
    struct Premium: Decodable {
      let name: String
      let long: [Double]
      let short: [Double]
    }
    let days: Int
    let from: String
    let to: String
    let jumps: [Jump]
    let seen: Figures
    let byLikelihood: Figures
    let margins: [Double]
    let premiums: [Premium]
  }

  private func jumps(_ path: String, _ extra: [String] = []) throws -> Program.Outcome {
    try Program.current().run(["calibrate", "jumps", path] + extra)
  }

  /// Six jumps: halved four times, raised by a half twice.
  private func file() throws -> String {
    var price = 1_000.0
    var lines = ["ts_ms,close", "\(SmallDays.time(0)),1000"]
    for day in 1..<600 {
      let jump = day % 100 == 50 ? (day % 300 == 250 ? 1.5 : 0.5) : nil
      price *= jump ?? (day % 2 == 0 ? 1 / 1.01 : 1.01)
      lines.append("\(SmallDays.time(day)),\(String(format: "%.8f", price))")
    }
    try folder.write("jumps.csv", lines.joined(separator: "\n") + "\n")
    return folder.file("jumps.csv")
  }

  @Test("finds the jumps of a file and what they cost, as JSON and as tables")
  func known() throws {
    let path = try file()
    let outcome = try jumps(path, ["--json"])
    try #require(outcome.code == 0, "\(outcome.errors)")
    let answer = try JSONDecoder().decode(Answer.self, from: Data(outcome.output.utf8))
    // 599 returns; the first thirty are a window.
    #expect(answer.days == 569)
    #expect(answer.jumps.map(\.logReturn).filter { $0 < 0 }.count == 4)
    #expect(answer.jumps.count == 6)
    #expect(abs(answer.seen.intensityPerYear - 6 * 365 / 569.0) < 1e-9)
    // (4·ln ½ + 2·ln 1½) ÷ 6
    #expect(abs(answer.seen.mean + 0.326_943_084_337) < 1e-6)
    #expect(answer.margins == [0.02, 0.05, 0.1, 0.15, 0.2, 0.3])
    #expect(
      answer.premiums.map(\.name) == [
        "parameters in use", "jumps as seen", "jumps by likelihood", "recorded days",
      ])
    // Four days of 569 lose half of the price, less the margin.
    let recorded = try #require(answer.premiums.last)
    #expect(abs(recorded.long[5] - 4 * 0.2 / 569) < 1e-9)
    #expect(abs(recorded.short[5] - 2 * 0.2 / 569) < 1e-9)
    // The specification's vectors at the example's parameters: 9.56 basis points at 2 %.
    let known = try #require(answer.premiums.first)
    #expect(abs(known.long[0] - 9.556e-4) < 5e-7)
    let table = try jumps(path)
    #expect(table.output.contains("569 days from 1 Feb 2020 to 22 Aug 2021; 6 returns beyond 4.0"))
    #expect(table.output.contains("by likelihood"))
    #expect(try jumps(path).output == table.output)
    let late = try jumps(path, ["--json", "--from", "2020-05-01", "--threshold", "6"])
    let later = try JSONDecoder().decode(Answer.self, from: Data(late.output.utf8))
    #expect(later.from == "2020-05-01")
    #expect(later.jumps.count == 5)
  }

  @Test("refuses what cannot be estimated, and leaves the surface its verb")
  func refusals() throws {
    let path = try SmallDays.write(to: folder)
    let cases: [([String], String)] = [
      ([], "3 jumps, and at least 5 are needed; lower --threshold"),
      (["--threshold", "1"], "--threshold is from 2 to 20"),
      (["--window", "9"], "--window from 10 to 1000"), (["--from", "soon"], "is no day like"),
      (["--from", "2030-01-01"], "an earlier --from"), (["--underlying", "?"], "is no symbol"),
    ]
    for (extra, says) in cases {
      let outcome = try jumps(path, extra)
      #expect(outcome.code != 0)
      #expect(outcome.output.isEmpty)
      let isSaid = outcome.errors.contains(says)
      #expect(isSaid, "“\(says)” in: \(outcome.errors)")
    }
    let chain = try Program.current().run([
      "calibrate", "surface", SmallChain.write(to: folder), "--no-report",
    ])
    #expect(chain.code == 0)
  }
}
