// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("backtest, from a file of daily prices to rules side by side")
struct BacktestCommandTests {
  let folder = try! Folder()

  private func backtest(_ path: String, _ extra: [String] = []) throws -> Program.Outcome {
    try Program.current().run(["backtest", path] + extra)
  }

  private let both = ["--rule", "historical", "--rule", "exponential"]

  // MARK: Answers

  // By hand: returns of ±ln 1.01, two falls and a rise on known days; plain history first has a
  // range on day 501, the exponential filter on day 531, so that 69 days are tested.
  @Test("counts the days that pass a range, on either side")
  func counts() throws {
    let outcome = try backtest(SmallDays.write(to: folder), both + ["--json"])
    try #require(outcome.code == 0, "\(outcome.errors)")
    let answers = try Backtested.lines(outcome)
    #expect(answers.map(\.rule) == ["historical", "exponential"])
    for answer in answers {
      #expect(answer.days == 69 && answer.from == "2021-06-15" && answer.to == "2021-08-22")
      #expect(answer.probability == 0.005)
      #expect(answer.sides.map(\.side) == ["long", "short"])
      #expect(answer.shortfallCriticalValues.count == 2)
    }
    let (long, short) = (answers[0].sides[0], answers[0].sides[1])
    #expect(long.exceedances == 1 + 1 && short.exceedances == 1)
    #expect(abs(long.rate - 2.0 / 69) < 1e-15)
    #expect(long.rateFrom < long.rate && long.rate < long.rateTo)
    #expect(long.meanToHistorical == 1)
    // ln 2 less ln 1.01 on the first fall, from a window without one.
    #expect(abs((long.worstLossBeyond ?? 0) - (log(2.0) - log(1.01))) < 1e-9)
    #expect(long.comparedToFirst == nil && answers[1].sides[0].comparedToFirst != nil)
    #expect(long.largestIncreases.keys.sorted() == ["1", "30", "5"])
    #expect(folder.names(in: "out").isEmpty)
  }

  @Test("begins and ends where asked, with the probability that is asked for")
  func choice() throws {
    let path = try SmallDays.write(to: folder)
    let outcome = try backtest(
      path,
      [
        "--rule", "historical", "--json", "--from", "2021-06-01", "--to", "2021-07-20",
        "--probability", "97.5%", "--increase-days", "7",
      ])
    try #require(outcome.code == 0, "\(outcome.errors)")
    let answer = try #require(Backtested.lines(outcome).first)
    #expect(answer.from == "2021-06-01" && answer.to == "2021-07-20" && answer.days == 50)
    #expect(answer.probability == 0.025)
    #expect(answer.sides[0].largestIncreases.keys.sorted() == ["1", "5", "7"])
    // Day 560 is 14 July 2021.
    #expect(answer.sides[0].exceedances == 1 && answer.sides[1].exceedances == 0)
  }

  @Test("prints tables for people, and a page that stands alone when a folder is named")
  func table() throws {
    let path = try SmallDays.write(to: folder)
    let plain = try backtest(path, both)
    try #require(plain.code == 0, "\(plain.errors)")
    for part in [
      "days, 15 Jun 2021 to 22 Aug 2021: 69 days", "at 99.5 % on each side", "Long positions",
      "Short positions", "Historical simulation", "EWMA filter", "Kupiec p", "Peak to trough",
      "closes alone", "Z2: below 0",
    ] {
      #expect(plain.output.contains(part), "\(part)")
    }
    #expect(!plain.output.contains("Report:"))
    let outcome = try backtest(path, both + ["--out", folder.file("out")])
    #expect(outcome.output == plain.output + "\nReport: \(folder.file("out/report.html"))\n")
    #expect(folder.names(in: "out") == ["report.html"])
    let page = try folder.read("out/report.html")
    #expect(page.contains("<figure id=\"price\"") && page.contains("<figure id=\"short-years\""))
    // The chart library, inside the page where it is installed, names addresses in its comments.
    let scripts = try Regex("<script>[\\s\\S]*?</script>")
    let markup = page.replacing(scripts, with: "")
    for form in ["src=", "http:", "https:", "@import", "<script src"] {
      #expect(!markup.contains(form), "\(form)")
    }
  }

  @Test("takes settings from a parameter file")
  func parameters() throws {
    let file = Program.root.appendingPathComponent("ParameterFiles/plimsoll-2020-03-12.json")
    let text = try String(contentsOf: file, encoding: .utf8)
    let changed = text.replacing(
      "\"range.windowDays\", \"value\": \"500\"", with: "\"range.windowDays\", \"value\": \"400\"")
    #expect(changed != text)
    try folder.write("own.json", changed)
    let outcome = try backtest(
      SmallDays.write(to: folder),
      ["--rule", "historical", "--json", "--parameters", folder.file("own.json")])
    try #require(outcome.code == 0, "\(outcome.errors)")
    #expect(try Backtested.lines(outcome).map(\.days) == [199])
    // A longer horizon makes wider ranges; the test is one of single days all the same.
    try folder.write(
      "two.json",
      text.replacing(
        "\"range.horizon\", \"value\": \"1d\"", with: "\"range.horizon\", \"value\": \"2d\""))
    let path = try SmallDays.write(to: folder)
    let one = try backtest(path, ["--rule", "historical"])
    let two = try backtest(
      path, ["--rule", "historical", "--parameters", folder.file("two.json")])
    #expect(two.output.contains("The parameters ask for ranges of 48 h; they are tested for a day"))
    #expect(two.output.hasPrefix(one.output.prefix { $0 != "P" }))
  }

  // MARK: Refusals

  @Test("an option that cannot be meant is wrong usage")
  func usage() throws {
    let path = try SmallDays.write(to: folder)
    for (extra, said) in [
      (["--rule", "guess"], "--rule: “guess” is none of all, historical, exponential"),
      (["--rule", "plimsoll", "--rule", "plimsoll"], "--rule: “plimsoll” stands twice"),
      (["--probability", "0.5%"], "--probability: “0.5%” is no share above 50%"),
      (["--probability", "50%"], "--probability: “50%”"),
      (["--probability", "100%"], "--probability: “100%”"),
      (["--probability", "likely"], "--probability: “likely”"),
      (["--from", "June"], "--from: “June” is no day like 2018-11-15"),
      (["--to", "2021-06-31"], "--to: “2021-06-31” is no day"),
      (["--increase-days", "0"], "--increase-days: 0 is not between 1 and 1000"),
      (["--increase-days", "1001"], "--increase-days: 1001 is not"),
    ] {
      let outcome = try backtest(path, extra)
      #expect(outcome.code == 2 && outcome.output.isEmpty)
      #expect(outcome.errors.contains(said), "\(outcome.errors)")
    }
  }

  private func expectRefusal(
    _ path: String, _ extra: [String] = [], says parts: [String],
    at location: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try backtest(path, extra + ["--out", folder.file("out")])
    #expect(outcome.code == 1 && outcome.output.isEmpty, sourceLocation: location)
    for part in parts {
      let isSaid = outcome.errors.contains(part)
      #expect(isSaid, "“\(part)” in: \(outcome.errors)", sourceLocation: location)
    }
    #expect(folder.names(in: "out").isEmpty, sourceLocation: location)
  }

  @Test("refuses days too few for its rules, and says how many they need")
  func tooShort() throws {
    let path = try SmallDays.write(to: folder)
    // Plain history needs 500 returns before the first of 31 days, and one price more than returns.
    try expectRefusal(
      path, ["--rule", "historical", "--to", "2021-06-14"],
      says: ["days.csv: these rules need 532 days of prices", "there are 531"])
    try expectRefusal(
      path, ["--rule", "historical", "--from", "2021-05-15"],
      says: ["no range before 16 May 2021; begin there or later"])
    try folder.write("one.csv", "ts_ms,close\n1577836800000,1\n")
    try expectRefusal(folder.file("one.csv"), says: ["need 1062 days", "there are 1"])
    let enough = try backtest(
      path, ["--rule", "historical", "--json", "--from", "2021-05-16", "--to", "2021-06-15"])
    #expect(try Backtested.lines(enough).map(\.days) == [31])
    // 530 days for the fits, 500 for the window, 31 that are tested.
    try expectRefusal(path, says: ["these rules need 1062 days of prices", "there are 600"])
  }

  @Test("refuses a file that is not there, not of this kind or says something impossible")
  func files() throws {
    try expectRefusal(folder.file("none.csv"), says: ["none.csv: there is no such file"])
    try folder.write("other.csv", "ts_ms,bid\n1,2\n")
    try expectRefusal(folder.file("other.csv"), says: ["line 1: no column “close”"])
    let negative = try SmallDays.write(to: folder) { $0[4] = "\(SmallDays.time(3)),-1" }
    try expectRefusal(negative, says: ["days.csv, line 5: field “close” is “-1”"])
    let twice = try SmallDays.write(to: folder) { $0[5] = $0[4] }
    try expectRefusal(twice, says: ["days.csv, line 6: field “ts_ms”", "one row a day (UTC)"])
    let flat = try SmallDays.write(to: folder) { lines in
      lines = lines.enumerated().map { $0 == 0 ? $1 : $1.prefix { $0 != "," } + ",7" }
    }
    try expectRefusal(flat, ["--rule", "historical"], says: ["hardly move"])
    let even = try SmallDays.write(to: folder) { lines in
      lines = ["ts_ms,close"] + (0..<1_100).map { "\(SmallDays.time($0)),\(100 + $0 % 2)" }
    }
    try expectRefusal(even, ["--rule", "logarithmic"], says: ["move too evenly for a regression"])
  }

  // MARK: Recorded prices

  private static let recorded =
    (ProcessInfo.processInfo.environment["PLIMSOLL_DATA"]
      ?? Program.root.appendingPathComponent("../shared/data").standardizedFileURL.path)
    + "/prices_1d"
  private static let isRecorded = FileManager.default.fileExists(atPath: recorded)

  // Expected: QUANT section 3.3, the re-run on these days, within 2 %.
  @Test(
    "reproduces the published run of the simple rules on BTC, and reads ETH",
    .enabled(if: isRecorded, "needs the recorded collection; set PLIMSOLL_DATA to its folder"))
  func recordedDays() throws {
    let bitcoin = try backtest(
      Self.recorded + "/btc_usd_yahoo_1d_to_2024.csv.gz",
      both + ["--json", "--from", "2018-11-15"])
    try #require(bitcoin.code == 0, "\(bitcoin.errors)")
    let answers = try Backtested.lines(bitcoin)
    #expect(answers.map(\.days) == [2239, 2239])
    let published = [(11, 0.1166, 2.23, 1.18), (14, 0.1270, 4.92, 4.63)]
    for (answer, (count, mean, peakToTrough, rise)) in zip(answers, published) {
      let long = answer.sides[0]
      #expect(long.exceedances == count)
      #expect(abs(long.meanRequirement / mean - 1) < 0.02)
      #expect(abs(long.peakToTrough / peakToTrough - 1) < 0.02)
      #expect(abs((long.largestIncreases["1"] ?? 0) / rise - 1) < 0.02)
    }
    let ether = try backtest(
      Self.recorded + "/eth_usd_coingecko_1d_to_2024.csv.gz", ["--rule", "historical"])
    #expect(ether.code == 0 && ether.output.contains("The file has no row for 9 Aug 2015;"))
  }
}
