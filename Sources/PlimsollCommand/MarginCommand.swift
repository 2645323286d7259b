// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Connectors
import Foundation
import Instruments
import Margin
import MarketData
import Parameters
import Quantities
import Reporting
import Simulation

/// What accounts need, why, and at what price they are liquidated.
struct MarginCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "margin",
    abstract: "Requirement, breakdown and liquidation prices of the accounts of a file.",
    discussion: """
      The file is a book of accounts (JSON or CSV, see Datasets/README.md). Instruments are the \
      ones a replay at the stated prices would list. --explain, --json and --out add the worst \
      scenarios, Greeks, the liquidation line over volatility, the cheapest trades that repair an \
      account and, with any --since option, what changed and why. --model puts venues' models side \
      by side.

      Example: plimsoll margin book.csv --index BTC=7900 --index ETH=195 --explain
      """)

  @Argument(help: "A JSON or CSV file of accounts.")
  var book: String

  @Option(
    name: .long,
    help: ArgumentHelp("The index price of an underlying; repeatable.", valueName: "BTC=7900"))
  var index: [String]

  @Option(
    name: .long,
    help: ArgumentHelp(
      "30-day volatility of an underlying; the long-run one by default.",
      valueName: "BTC=80%"))
  var volatility: [String] = []

  @Flag(
    inversion: .prefixedNo,
    help: "Take the long-run volatility for options whose underlying has none stated.")
  var defaultVolatility = true

  @Option(
    name: .long, help: ArgumentHelp("Perpetual ÷ index − 1.", valueName: "BTC=0.1%"))
  var basis: [String] = []

  @Option(name: .long, help: ArgumentHelp("Time, ISO 8601 in UTC.", valueName: "time"))
  var at = "2020-03-12T00:00Z"

  @Option(name: .long, help: ArgumentHelp("Only this account.", valueName: "number"))
  var account: UInt32?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "All there is of a contract, in its unit; larger positions are refused; repeatable.",
      valueName: "BTC-PERP=1000"))
  var openInterest: [String] = []

  @OptionGroup(title: "What changed since") var since: MarginSinceOptions

  @OptionGroup var parameters: ParameterOptions

  @Option(
    name: .long,
    help: ArgumentHelp("A parameter to change; repeatable.", valueName: "key=value"))
  var set: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A venue's margin model to compare: a name of ParameterFiles/Models, or a path; repeatable.",
      valueName: "name"))
  var model: [String] = []

  @Flag(name: .long, help: "Print everything that explains the requirement.")
  var explain = false

  @Option(
    name: .long,
    help: ArgumentHelp("Folder for a page with everything, in pictures.", valueName: "folder"))
  var out: String?

  @Flag(name: .long, help: "Print a line of JSON for each account, with everything.")
  var json = false

  func run() throws {
    let file = try parameters.load()
    let set = try file.applying(set).set
    let input = try MarginInput(
      prefix: "", index: index, basis: basis, volatility: volatility,
      highest: try set.rate("surface.volatility.highest"))
    let known = input.index.map(\.0)
    try input.check(known: known)
    let markets = input.markets(longRun: try set.rate("surface.longRunVolatility"))
    let time = try instant(at, option: "--at")
    let question = try MarginQuestion(
      markets: markets, at: time, parameters: set,
      since: try earlier(markets, time, file, known: known))
    let rows = try rows(of: book)
    let earlierRows = try since.sinceBook.map { try AccountBookReader.load(path: $0) } ?? []
    let limits = try limits(question)
    for row in rows {
      if let book = since.sinceBook, !earlierRows.contains(where: { $0.account == row.account }) {
        throw ValidationError("--since-book: \(book) has no account \(row.account.number)")
      }
      try question.check(row, limits: limits)
      if !defaultVolatility {
        try question.check(row, volatilities: input.volatility.map(\.0))
      }
    }
    try answer(rows, since: earlierRows, under: try models(), question)
  }

  /// All are asked before the first is printed: a refused book prints nothing.
  private func answer(
    _ rows: [AccountRow], since earlier: [AccountRow], under models: [MarginModel],
    _ question: MarginQuestion
  ) throws {
    guard explain || json || out != nil || since.isStated else {
      guard models.isEmpty else { return try compare(rows, under: models, question) }
      for answer in try rows.map(question.answer) {
        print(MarginText.table(answer, question.listing))
      }
      return
    }
    let explanations = try rows.map { row in
      try question.explain(
        row, since: earlier.first { $0.account == row.account }, under: models)
    }
    let page = try write(explanations)
    for explanation in explanations {
      if json {
        print(try encoded(MarginRecord(explanation)))
      } else if explain {
        print(MarginText.explanation(explanation))
      } else {
        print(MarginText.table(explanation.answer, question.listing))
        for table in MarginText.further(explanation) { print(table) }
      }
    }
    if let page, !json { print("Report: \(page)") }
  }

  /// The models alone, side by side.
  private func compare(
    _ rows: [AccountRow], under models: [MarginModel], _ question: MarginQuestion
  ) throws {
    let comparisons = try rows.map { try question.compare($0, under: models) }
    for (row, comparison) in zip(rows, comparisons) {
      print("\(row.account) (\(row.mode)), \(question.listing.quote)\n")
      print(ExplanationTable(comparison).text)
    }
  }

  private func models() throws -> [MarginModel] {
    try model.map { name in
      do { return try ModelFile.load(name).model } catch {
        throw ValidationError("--model: “\(name)”: \(error)")
      }
    }
  }

  /// Writes the page where one is asked for.
  private func write(_ explanations: [MarginExplanation]) throws -> String? {
    guard let out else { return nil }
    try makeOutputFolder(out)
    let page = out + "/report.html"
    let html = MarginReport.render(
      explanations, file: book, charts: ChartLibrary(folder: ".cache/charts"))
    try Data(html.utf8).write(to: URL(fileURLWithPath: page))
    return page
  }

  private func rows(of book: String) throws -> [AccountRow] {
    let rows = try AccountBookReader.load(path: book)
    guard let account else { return rows }
    let chosen = rows.filter { $0.account.number == account }
    guard !chosen.isEmpty else {
      throw ValidationError("--account: \(book) has no account \(account)")
    }
    return chosen
  }

  /// The moment of the `--since` options; what they leave out is as now.
  private func earlier(
    _ markets: [UnderlyingMarket], _ time: Timestamp, _ file: ParameterFile,
    known: [AssetSymbol]
  ) throws -> MarginMoment? {
    guard since.isStated else { return nil }
    let set = try file.applying(since.sinceSet).set
    let input = try MarginInput(
      prefix: "since-", index: since.sinceIndex, basis: since.sinceBasis,
      volatility: since.sinceVolatility, highest: try set.rate("surface.volatility.highest"))
    try input.check(known: known)
    let before = try since.sinceAt.map { try instant($0, option: "--since-at") } ?? time
    guard before <= time else {
      throw ValidationError("--since-at: “\(before)” is after --at, \(time)")
    }
    return MarginMoment(markets: input.changing(markets), time: before, parameters: set)
  }

  private func limits(_ question: MarginQuestion) throws -> [OpenInterestLimit] {
    try openInterest.map { text in
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw ValidationError("--open-interest: “\(text)” is not of the form BTC-PERP=1000")
      }
      guard let contract = question.listing.contracts.first(where: { $0.name == parts[0] }) else {
        throw ValidationError("--open-interest: “\(parts[0])” is not listed at these prices")
      }
      guard let units = try? unitsFromDecimal(parts[1], decimals: 8), units >= 0 else {
        throw ValidationError(
          "--open-interest: “\(text)”: expected a number that is not negative, at most 8 decimals")
      }
      return OpenInterestLimit(
        instrument: contract.name, steps: units / contract.stepQuantity)
    }
  }
}
