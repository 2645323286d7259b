// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Connectors
import Foundation
import Parameters
import Quantities
import Reporting
import Simulation

/// Tests margin models on random option books over recorded chains.
struct OptionBacktestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "options",
    abstract: "Test margin models on random option books over recorded chains.",
    discussion: """
      Draws books on the first of every two chains, asks each model what it requires of them, and \
      compares that with what they lose until the second chain: how often losses stay within, \
      what that costs on average, and how far losses go beyond it.

      A model's name with @implied behind it has range and move of volatility made from implied \
      volatility, known before each pair.

      Example: plimsoll backtest options --model deribit-portfolio --model derive-pmrm2 \
      --model plimsoll --model plimsoll@implied --out out/options
      """)

  @Argument(
    help: ArgumentHelp(
      "CSV files of option chains, plain or gzip; by default those of ../shared/data/options.",
      valueName: "file"))
  var files: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A model by name or path; repeatable, and the first one is what others are compared with.",
      valueName: "name"))
  var model: [String] = [
    "deribit-portfolio", "derive-pmrm2", "derive-standard", "paradex-scan", "okx-mr", "plimsoll",
    "plimsoll@implied",
  ]

  @Option(name: .long, help: ArgumentHelp("Books on each pair of chains.", valueName: "count"))
  var books = 1_000

  @Option(name: .long, help: ArgumentHelp("Seed of the books.", valueName: "number"))
  var seed: UInt64 = 1

  @Option(
    name: .long,
    help: ArgumentHelp("Only this underlying; all by default.", valueName: "symbol"))
  var underlying: String?

  @Option(
    name: .long, help: ArgumentHelp("First day, such as 2026-02-01; UTC.", valueName: "day"))
  var from: String?

  @Option(name: .long, help: ArgumentHelp("Last day; by default the files'.", valueName: "day"))
  var to: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Least time between the chains of a pair, 0 to 168 h; 0 pairs neighbors.",
      valueName: "hours"))
  var apart = 0

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Change a value of @implied, such as implied.range.multiple=4; repeatable.",
      valueName: "key=value"))
  var set: [String] = []

  @Option(
    name: .long, help: ArgumentHelp("Folder for a report; none by default.", valueName: "folder"))
  var out: String?

  @Flag(name: .long, help: "Print a line of JSON for each model.")
  var json = false

  func run() throws {
    let choice = try choice()
    let range = try ImpliedRangeParameters.bundled(applying: set)
    let rules = try model.map { try OptionMarginRule.load($0, range: range) }
    let paths = files.isEmpty ? OptionChainChoice.recorded() : files
    guard !paths.isEmpty else {
      throw ValidationError("no file given, and \(OptionChainChoice.folder) has no chains")
    }
    let pairs = try choice.pairs(
      paths.flatMap { try OptionChainFile.read(path: $0).snapshots })
    let threads = ProcessInfo.processInfo.activeProcessorCount
    let study = OptionBacktestStudy(
      try run(OptionBacktest(rules: rules, books: books, seed: seed, threads: threads), pairs),
      origin: paths.joined(separator: ", "))
    let page = try out.map { try write(study, in: $0) }
    if json {
      for record in OptionBacktestRecord.all(of: study) { print(try encoded(record)) }
      return
    }
    print(OptionBacktestTable.text(study), terminator: "")
    if let page { print("\nReport: \(page)") }
  }

  private func run(
    _ backtest: OptionBacktest, _ pairs: OptionPairs
  ) throws -> OptionBacktestResult {
    let progress = Progress("backtest")
    defer { progress.finish() }
    return try backtest.run(pairs) { done, total in progress.show(done, of: total) }
  }

  private func choice() throws -> OptionChainChoice {
    var choice = OptionChainChoice()
    if let underlying {
      guard let symbol = try? AssetSymbol(underlying) else {
        throw ValidationError("--underlying: “\(underlying)” is no symbol, such as BTC")
      }
      choice.underlying = symbol
    }
    let first = try day(from, "--from") ?? Timestamp.permitted.lowerBound
    let last = try day(to, "--to").map { $0 + .day } ?? Timestamp.permitted.upperBound
    guard first < last else { throw ValidationError("--to lies before --from") }
    choice.times = first...last
    guard (0...168).contains(apart) else {
      throw ValidationError("--apart: \(apart) is not between 0 and 168")
    }
    choice.least = TimeSpan(seconds: Int64(apart) * 3_600)
    choice.most = max(choice.most, choice.least)
    return choice
  }

  private func day(_ text: String?, _ option: String) throws -> Timestamp? {
    guard let text else { return nil }
    guard text.utf8.count == 10, let day = try? Timestamp(iso8601: text) else {
      throw ValidationError("\(option): “\(text)” is no day like 2026-02-01")
    }
    return day
  }

  private func write(_ study: OptionBacktestStudy, in folder: String) throws -> String {
    try makeOutputFolder(folder)
    let page = folder + "/report.html"
    try Data(OptionBacktestReport.render(study).utf8).write(to: URL(fileURLWithPath: page))
    return page
  }
}
