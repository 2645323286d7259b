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
      ones a replay at the stated prices would list.

      Example: plimsoll margin book.csv --index BTC=7900 --index ETH=195
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

  @Option(
    name: .long, help: ArgumentHelp("Perpetual ÷ index − 1.", valueName: "BTC=0.1%"))
  var basis: [String] = []

  @Option(name: .long, help: ArgumentHelp("Time, ISO 8601 in UTC.", valueName: "time"))
  var at = "2020-03-12T00:00Z"

  @Option(name: .long, help: ArgumentHelp("Only this account.", valueName: "number"))
  var account: UInt32?

  @OptionGroup var parameters: ParameterOptions

  @Option(
    name: .long,
    help: ArgumentHelp("A parameter to change; repeatable.", valueName: "key=value"))
  var set: [String] = []

  @Flag(name: .long, help: "Print a line of JSON for each account.")
  var json = false

  func run() throws {
    let set = try parameters.load().applying(set).set
    let question = try MarginQuestion(
      markets: markets(set), at: instant(), parameters: set)
    var rows = try AccountBookReader.load(path: book)
    if let account {
      rows = rows.filter { $0.account.number == account }
      guard !rows.isEmpty else {
        throw ValidationError("--account: \(book) has no account \(account)")
      }
    }
    // All are asked before the first is printed: a refused book prints nothing.
    for answer in try rows.map(question.answer) {
      print(
        json
          ? try MarginText.json(answer, question.listing)
          : MarginText.table(answer, question.listing))
    }
  }

  private func instant() throws -> Timestamp {
    do { return try Timestamp(iso8601: at) } catch {
      throw ValidationError("--at: “\(at)” is no time like 2020-03-12T00:00Z")
    }
  }

  private func markets(_ set: ParameterSet) throws -> [UnderlyingMarket] {
    let longRun = try set.rate("surface.longRunVolatility")
    let highest = try set.rate("surface.volatility.highest")
    let volatilities = try assignments(volatility, "--volatility") { text in
      let rate = try Rate(text)
      guard rate > .zero, rate <= highest else {
        throw ValidationError("expected more than 0 and at most \(highest), where 1 is 100 %")
      }
      return rate
    }
    let bases = try assignments(basis, "--basis") { try Rate($0) }
    return try assignments(index, "--index") { try Price($0) }.map { symbol, price in
      UnderlyingMarket(
        underlying: symbol, index: price,
        basis: bases.first { $0.0 == symbol }?.1 ?? .zero,
        volatility: volatilities.first { $0.0 == symbol }?.1 ?? longRun)
    }
  }

  private func assignments<Value>(
    _ texts: [String], _ option: String, _ read: (String) throws -> Value
  ) throws -> [(AssetSymbol, Value)] {
    try texts.map { text in
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw ValidationError("\(option): “\(text)” is not of the form BTC=…")
      }
      do { return (try AssetSymbol(parts[0]), try read(parts[1])) } catch {
        throw ValidationError("\(option): “\(text)”: \(error)")
      }
    }
  }
}
