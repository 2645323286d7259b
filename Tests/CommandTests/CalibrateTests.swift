// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("calibrate, from a file of quotes to a surface")
struct CalibrateTests {
  let folder = try! Folder()

  private func calibrate(_ path: String, _ extra: [String] = []) throws -> Program.Outcome {
    try Program.current().run(["calibrate", path, "--out", folder.file("out")] + extra)
  }

  // MARK: Answers

  @Test("finds the parameters behind the quotes")
  func parameters() throws {
    let outcome = try calibrate(SmallChain.write(to: folder), ["--json"])
    try #require(outcome.code == 0, "\(outcome.errors)")
    let answers = try Calibrated.lines(outcome)
    #expect(answers.map(\.underlying) == ["BTC", "ETH"], "a line for each, of the last snapshot")
    for answer in answers {
      #expect(answer.time == "2026-01-02T09:18:05.456Z")
      #expect(answer.expiries.count == SmallChain.days.count)
      for (expiry, days) in zip(answer.expiries, SmallChain.days) {
        let years = Double(days) / 365
        let (theta, psi) = SmallChain.smile(years: years)
        // Prices have eight decimals; the middle of two prices is not that of two volatilities.
        #expect(abs((expiry.theta ?? 0) / theta - 1) < 2e-3)
        #expect(abs((expiry.rho ?? 0) - SmallChain.rho) < 1e-2)
        #expect(abs((expiry.psi ?? 0) / psi - 1) < 2e-2)
        #expect(abs((expiry.atTheMoneyVolatility ?? 0) - SmallChain.volatility) < 5e-4)
        let skew = SmallChain.rho * psi / (2 * (theta * years).squareRoot())
        #expect(abs((expiry.skew ?? 0) / skew - 1) < 3e-2)
        #expect(abs(expiry.yearsToExpiry - years) < 1e-12)
        #expect((expiry.medianError ?? 1) < 5e-4)
      }
      #expect(answer.arbitrage.pointsPerExpiry == 601)
      #expect(answer.arbitrage.butterflyViolations == 0)
      #expect(answer.arbitrage.calendarViolations == 0)
    }
  }

  @Test("counts every quote once, with the reason why it does not count")
  func rejections() throws {
    let path = try SmallChain.write(to: folder) { lines in
      // Of the first expiry, the put at minus one and the call at a quarter, both out of the
      // money: no bid, then a bid above the ask.
      var fields = lines[6].components(separatedBy: ",")
      fields[5] = ""
      lines[6] = fields.joined(separator: ",")
      fields = lines[11].components(separatedBy: ",")
      fields.swapAt(5, 6)
      lines[11] = fields.joined(separator: ",")
    }
    let outcome = try calibrate(path, ["--json", "--at", "2026-01-01"])
    try #require(outcome.code == 0, "\(outcome.errors)")
    let answer = try #require(Calibrated.lines(outcome).first)
    let perExpiry = SmallChain.steps.count
    let expiries = SmallChain.days.count
    // At each strike one of both is in the money; the lowest put has too small a delta.
    #expect(
      answer.rejections == [
        "inTheMoney": perExpiry * expiries, "tooFarOut": expiries, "oneSided": 1, "crossed": 1,
      ])
    #expect(answer.quotes == 2 * perExpiry * expiries)
    #expect(answer.quotesUsed == (perExpiry - 1) * expiries - 2)
    #expect(answer.quotesUsed + answer.quotesRejected == answer.quotes)
    #expect(answer.expiries.map(\.quotesUsed) == [6, 8, 8])
  }

  @Test("prints the fit, the rejections and the check for people, and where the report is")
  func table() throws {
    let outcome = try calibrate(SmallChain.write(to: folder), ["--underlying", "BTC"])
    try #require(outcome.code == 0, "\(outcome.errors)")
    for part in [
      "BTC options of 2 Jan 2026 09:18:05 UTC: 54 quotes, 3 expiries", "Median error", "50.0",
      "in the money", "Arbitrage violations on 601 points per expiry",
      "butterfly: 0, calendar: 0", folder.file("out/report.html"),
    ] {
      #expect(outcome.output.contains(part), "\(part)")
    }
    #expect(!outcome.output.contains("ETH"))
    #expect(folder.names(in: "out") == ["report.html"])
  }

  @Test("the same file gives the same bytes; without a report it writes nothing")
  func again() throws {
    let path = try SmallChain.write(to: folder)
    let first = try calibrate(path)
    let page = try folder.bytes("out/report.html")
    #expect(try calibrate(path).output == first.output)
    #expect(try folder.bytes("out/report.html") == page)
    let other = try Program.current().run([
      "calibrate", path, "--no-report", "--out", folder.file("other"),
    ])
    #expect(other.code == 0 && folder.names(in: "other").isEmpty)
    #expect(!other.output.contains("Report"))
  }

  @Test("the report needs nothing from anywhere")
  func selfContained() throws {
    _ = try calibrate(SmallChain.write(to: folder))
    let pieces = try folder.read("out/report.html").components(separatedBy: "</script>")
    let report = pieces.map { $0.components(separatedBy: "<script")[0] }.joined()
    #expect(report.contains("id=\"surface-btc\"") && report.contains("id=\"smile-eth-2\""))
    for form in ["src=\"http", "href=\"http", "src=\"//", "url(http", "@import"] {
      #expect(!report.contains(form), "\(form)")
    }
  }

  // MARK: Which snapshot

  @Test(
    "--at is a day, a minute or a second",
    arguments: ["2026-01-01", "2026-01-01T09:18Z", "2026-01-01T09:18:05Z"])
  func choice(at: String) throws {
    let outcome = try calibrate(SmallChain.write(to: folder), ["--json", "--at", at])
    try #require(outcome.code == 0, "\(outcome.errors)")
    let answers = try Calibrated.lines(outcome)
    #expect(answers.map(\.time) == ["2026-01-01T09:18:05.123Z"])
  }

  @Test("a time or symbol that the file has not is wrong usage, and what it has is listed")
  func absent() throws {
    let path = try SmallChain.write(to: folder)
    for (extra, said) in [
      (["--at", "2026-01-03"], "2026-01-01T09:18:05Z, 2026-01-02T09:18:05Z"),
      (["--at", "2026-01-01T09:19Z"], "it has 2026-01-01T09:18:05Z"),
      (["--at", "2026-01-01T09:18:04Z"], "it has 2026-01-01T09:18:05Z"),
      (["--at", "2026-01-01", "--underlying", "ETH"], "it has BTC"),
      (["--underlying", "SOL"], "it has BTC and ETH"),
      (["--at", "noon"], "“noon” is no time like 2026-03-05"),
      (["--underlying", "b t c"], "--underlying"),
    ] {
      let outcome = try calibrate(path, extra)
      #expect(outcome.code == 2 && outcome.output.isEmpty)
      #expect(outcome.errors.contains(said), "\(outcome.errors)")
    }
    #expect(folder.names(in: "out").isEmpty)
  }

  // MARK: Refusals

  private func expectRefusal(
    of path: String, says parts: [String], at location: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try calibrate(path)
    #expect(outcome.code == 1 && outcome.output.isEmpty, sourceLocation: location)
    for part in parts {
      let isSaid = outcome.errors.contains(part)
      #expect(isSaid, "“\(part)” in: \(outcome.errors)", sourceLocation: location)
    }
    #expect(folder.names(in: "out").isEmpty, sourceLocation: location)
  }

  @Test("refuses a file that is not there, not of this kind or empty")
  func files() throws {
    try expectRefusal(of: folder.file("none.csv"), says: ["none.csv: there is no such file"])
    try folder.write("chain.csv", "ts_ms,open,close\n1,2,3\n")
    try expectRefusal(of: folder.file("chain.csv"), says: ["line 1: no column “currency”"])
    try folder.write("chain.csv", SmallChain.header + "\n")
    try expectRefusal(of: folder.file("chain.csv"), says: ["no row below the header"])
  }

  @Test("refuses a row that says something impossible, with its line and field")
  func rows() throws {
    let path = try SmallChain.write(to: folder) { lines in
      var fields = lines[4].components(separatedBy: ",")
      fields[3] = "-1"
      lines[4] = fields.joined(separator: ",")
    }
    try expectRefusal(of: path, says: ["chain.csv, line 5: field “strike” is “-1”"])
  }

  @Test("refuses a chain without a usable quote, and says what one is")
  func withoutQuotes() throws {
    let path = try SmallChain.write(to: folder) { lines in
      lines = lines.enumerated().map { index, line in
        var fields = line.components(separatedBy: ",")
        if index > 0, fields[1] == "ETH" { fields[6] = "" }
        return fields.joined(separator: ",")
      }
    }
    try expectRefusal(
      of: path,
      says: [
        "chain.csv: no surface for ETH of 2026-01-02T09:18:05.456Z: no expiry has a usable quote",
        "a quote counts with a bid and an ask",
      ])
  }

  // MARK: Recorded chains

  private static let recorded =
    (ProcessInfo.processInfo.environment["PLIMSOLL_DATA"]
      ?? Program.root.appendingPathComponent("../shared/data").standardizedFileURL.path)
    + "/options"
  private static let isRecorded = FileManager.default.fileExists(
    atPath: recorded + "/deribit_chain_2025-12.csv.gz")

  @Test(
    "fits the last recorded chains of a file, both coins, without arbitrage",
    .enabled(
      if: isRecorded, "needs the recorded collection; set PLIMSOLL_DATA to its folder"))
  func recordedChains() throws {
    let outcome = try calibrate(Self.recorded + "/deribit_chain_2025-12.csv.gz", ["--json"])
    try #require(outcome.code == 0, "\(outcome.errors)")
    let answers = try Calibrated.lines(outcome)
    #expect(answers.map(\.underlying) == ["BTC", "ETH"])
    for answer in answers {
      #expect(answer.arbitrage.butterflyViolations + answer.arbitrage.calendarViolations == 0)
      #expect(answer.quotesUsed > 100)
      for expiry in answer.expiries where expiry.yearsToExpiry * 365 >= 7 {
        #expect((expiry.medianError ?? 1) <= 0.007)
      }
    }
    #expect(folder.names(in: "out") == ["report.html"])
  }
}
