// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Connectors
import Quantities
import Simulation

/// Keepers on a congested chain, and what a front-runner sees there.
struct KeepersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keepers",
    abstract: "Sell liquidations to keepers on a congested chain, and to a front-runner.",
    discussion: """
      Three ways of selling, in one lot and in several, on a chain where who pays most is first \
      and on one with a base fee: what is sold for nothing, what the venue's pool has to take, \
      what a front-runner gains by seeing bids, with sealed ones at a uniform price and where \
      each winner pays what his lots displaced. Figures are means over seeds. Gas is that of a \
      built-in crash; with --recorded or --market that of 12 March 2020, noon to 23:00 UTC.

      Example: plimsoll keepers --recorded --lots 1 --lots 16
      """)

  @Option(name: .long, help: ArgumentHelp("Seeds to take the mean of.", valueName: "count"))
  var seeds = 8

  @Option(name: .long, help: ArgumentHelp("The first of them.", valueName: "number"))
  var first: UInt64 = 1

  @Option(name: .long, help: ArgumentHelp("Auctions of a seed.", valueName: "count"))
  var auctions = 200

  @Option(
    name: .long, help: ArgumentHelp("Rounds of a seed with the front-runner.", valueName: "count"))
  var rounds = 500

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Into how many lots a sale is cut; may be repeated, 1, 4 and 16 by default.",
      valueName: "count"))
  var lots: [Int] = []

  @Flag(name: .long, help: "The gas of the committed reconstruction: recorded hours, rounded.")
  var recorded = false

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A recorded collection: the gas of its file onchain/ethereum_gas_price_intraday… instead.",
      valueName: "folder"))
  var market: String?

  @Flag(name: .long, help: "Print a line of JSON for each row.")
  var json = false

  func validate() throws {
    for (name, value, range) in [
      ("--seeds", seeds, 1...1_000), ("--auctions", auctions, 1...100_000),
      ("--rounds", rounds, 1...100_000),
    ] where !range.contains(value) {
      throw ValidationError(
        "\(name): \(value) is not between \(range.lowerBound) and \(range.upperBound)")
    }
    for count in lots where !(1...64).contains(count) {
      throw ValidationError("--lots: \(count) is not between 1 and 64")
    }
    guard !recorded || market == nil else {
      throw ValidationError(
        "--recorded is the gas of the reconstruction, --market that of a collection: state one")
    }
  }

  func run() throws {
    let gas = try recordedGas()
    let study = KeeperTables(
      profile: gas ?? .crash, span: gas == nil ? 18_000..<43_200 : Self.recordedSpan,
      seeds: (0..<seeds).map { first &+ UInt64($0) }, auctions: auctions, rounds: rounds,
      lots: lots.isEmpty ? [1, 4, 16] : lots)
    if json {
      for row in study.inclusion { print(try encoded(row)) }
      for row in study.sales { print(try encoded(row)) }
      for row in study.frontRunner { print(try encoded(row)) }
      return
    }
    print(study.text)
  }

  /// Noon to 23:00, seconds of the day.
  private static let recordedSpan: Range<Int64> = 43_200..<82_800

  /// The gas of 12 March 2020; `nil` where the built-in crash is asked for.
  private func recordedGas() throws -> GasProfile? {
    guard recorded || market != nil else { return nil }
    let day = try Timestamp(iso8601: MarketOptions.blackThursday)
    let prices =
      if let market {
        try GasPrices.recorded(inCollection: market)
      } else {
        try GasPrices.recorded(inReconstruction: MarketOptions.reconstruction)
      }
    guard let prices else {
      throw GasError.missing(for: market == nil ? "--recorded" : "--market", in: market)
    }
    let span = Self.recordedSpan
    guard let first = prices.points.first, first.time <= day + TimeSpan(seconds: span.lowerBound),
      let last = prices.points.last, last.time >= day + TimeSpan(seconds: span.upperBound - 3_600)
    else { throw GasError.otherDays(in: market) }
    return .recorded(prices, from: day)
  }
}
