// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Connectors
import Foundation
import Quantities
import Simulation

/// Keepers on a congested chain, and what a front-runner sees there.
struct KeepersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keepers",
    abstract: "Sell liquidations to keepers on a congested chain, and to a front-runner.",
    discussion: """
      Three ways of selling, in one lot and in several, on a chain where who pays most is first and
      on one with a base fee: what is sold for nothing, what the venue's pool has to take, what a
      front-runner gains by seeing bids, with sealed ones at a uniform price and where each winner
      pays what his lots displaced. Figures are means over seeds. Without --recorded gas is
      that of a built-in crash.

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

  @Flag(name: .long, help: "The gas of 12 March 2020, noon to 23:00 UTC, for the built-in one.")
  var recorded = false

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
  }

  func run() throws {
    let study = KeeperTables(
      profile: try profile(), span: recorded ? 43_200..<82_800 : 18_000..<43_200,
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

  private func profile() throws -> GasProfile {
    guard recorded else { return .crash }
    let start = try Timestamp(iso8601: "2020-03-12T00:00Z")
    guard
      let prices = try GasPrices.recorded(inReconstruction: MarketOptions.reconstruction)
    else {
      throw ValidationError("--recorded: \(MarketOptions.reconstruction) has no gas")
    }
    return .recorded(prices, from: start)
  }
}
