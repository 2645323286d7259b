// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Connectors
import Forecasting
import Foundation
import Parameters
import Quantities
import Reporting
import Simulation

/// Tests what makes margins on what was recorded: by default, rules for price ranges.
struct BacktestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backtest",
    abstract: "Test margin ranges on daily prices, or margin models on option books.",
    subcommands: [RangeBacktestCommand.self, OptionBacktestCommand.self],
    defaultSubcommand: RangeBacktestCommand.self)
}

/// Tests rules for price ranges on recorded days.
struct RangeBacktestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ranges",
    abstract: "Test rules for margin ranges on recorded daily prices.",
    discussion: """
      Makes the range of every day from the days before it and compares it with what came, for \
      long and for short positions: how often it was passed and in which clusters, what it asked \
      for on average, how fast it moved, and how far losses went beyond it.

      Rules: \(RangeForecast.allCases.map(\.rawValue).joined(separator: ", ")).

      Example: plimsoll backtest ../shared/data/prices_1d/btc_usd_yahoo_1d_to_2024.csv.gz \
      --from 2018-11-15 --rule historical --rule plimsoll --out out/backtest
      """)

  @Argument(
    help: ArgumentHelp(
      "A CSV file of daily prices, plain or gzip: ts_ms or date, and open, high, low, close, or "
        + "close or price alone.", valueName: "file"))
  var file = "../shared/data/prices_1d/btc_usd_yahoo_1d_to_2024.csv.gz"

  @OptionGroup var parameters: ParameterOptions

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A rule, or all; repeatable, and the first one is what the others' losses are compared with.",
      valueName: "name"))
  var rule: [String] = ["all"]

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The probability that a range holds, on each side; by default that of the parameters.",
      valueName: "share"))
  var probability: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "First day, such as 2018-11-15; by default the first on which every rule has a range.",
      valueName: "day"))
  var from: String?

  @Option(name: .long, help: ArgumentHelp("Last day; by default the file's.", valueName: "day"))
  var to: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Show the largest increase over so many days too, beside 1 and 5.", valueName: "count"))
  var increaseDays = 30

  @Option(
    name: .long, help: ArgumentHelp("Folder for a report; none by default.", valueName: "folder"))
  var out: String?

  @Flag(name: .long, help: "Print a line of JSON for each rule.")
  var json = false

  func run() throws {
    let study = RangeStudy(
      rules: try rules(), probability: try passing(), from: try day(from, "--from"),
      to: try day(to, "--to"), increaseDays: try increases())
    let values = try RangeParameters(parameters.load().set)
    let reading = try DailyPriceFile.read(path: file)
    let result = try run(study, on: reading, values)
    let page = try out.map { try write(result, in: $0) }
    if json {
      for record in BacktestRecord.all(of: result) { print(try encoded(record)) }
      return
    }
    print(BacktestTable.text(result), terminator: "")
    if let page { print("\nReport: \(page)") }
  }

  private func run(
    _ study: RangeStudy, on reading: DailyPriceFile.Reading, _ values: RangeParameters
  ) throws -> BacktestStudy {
    let progress = Progress("backtest")
    defer { progress.finish() }
    return try study.run(reading, path: file, parameters: values) { done, total in
      progress.show(done, of: total)
    }
  }

  private func rules() throws -> [RangeForecast] {
    var rules: [RangeForecast] = []
    for name in rule {
      if name == "all" {
        rules += RangeForecast.allCases.filter { !rules.contains($0) }
      } else if let known = RangeForecast(rawValue: name) {
        guard !rules.contains(known) else {
          throw ValidationError("--rule: “\(name)” stands twice")
        }
        rules.append(known)
      } else {
        let names = RangeForecast.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("--rule: “\(name)” is none of all, \(names)")
      }
    }
    return rules
  }

  /// The probability of passing a range, from that of its holding.
  private func passing() throws -> Rate? {
    guard let probability else { return nil }
    guard let holding = try? ParameterUnit.rate.read(probability),
      (500_000_001...999_999_000).contains(holding)
    else {
      throw ValidationError(
        "--probability: “\(probability)” is no share above 50% and up to 99.9999%, such as 99.5%")
    }
    return Rate(billionths: 1_000_000_000 - holding)
  }

  private func day(_ text: String?, _ option: String) throws -> Timestamp? {
    guard let text else { return nil }
    guard text.utf8.count == 10, let day = try? Timestamp(iso8601: text) else {
      throw ValidationError("\(option): “\(text)” is no day like 2018-11-15")
    }
    return day
  }

  private func increases() throws -> [Int] {
    guard (1...1_000).contains(increaseDays) else {
      throw ValidationError("--increase-days: \(increaseDays) is not between 1 and 1000")
    }
    return Set([1, 5, increaseDays]).sorted()
  }

  private func write(_ study: BacktestStudy, in folder: String) throws -> String {
    try makeOutputFolder(folder)
    let page = folder + "/report.html"
    let html = BacktestReport.render(study, charts: ChartLibrary(folder: ".cache/charts"))
    try Data(html.utf8).write(to: URL(fileURLWithPath: page))
    return page
  }
}
