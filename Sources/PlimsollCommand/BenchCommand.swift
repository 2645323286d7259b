// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Reporting
import RiskEngine
import Simulation

/// The speed figures of the README, on this machine.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure the figures of the README on this machine.",
    discussion: """
      Every ratio compares two ways of doing the same in one run. With --json, a line a figure.

      Example: plimsoll bench --market ../shared/data
      """)

  @OptionGroup var market: MarketOptions

  @Option(name: .long, help: ArgumentHelp("Accounts of the replay.", valueName: "count"))
  var population = 10_000

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A program that prints QuantLib's times for the same jobs; ./dev bench builds it where "
        + "libquantlib0-dev is installed.", valueName: "path"))
  var quantlib: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Accounts of the margin figures; 0 leaves them out.", valueName: "count"))
  var marginAccounts = 1_000_000

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Bids of the auction as a stage, 10,000 if not stated; where stated, they are measured with "
        + "--kernels-only too.", valueName: "count"))
  var auctionBids: Int?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Draw the cost against the number of accounts here, as SVG, and beside it that of a pool.",
      valueName: "file"))
  var out: String?

  @Flag(name: .long, help: "Leave the replay and the margin of a venue out.")
  var kernelsOnly = false

  @Flag(name: .long, help: "Print a line of JSON for each figure.")
  var json = false

  func validate() throws {
    let range = 100...Engine.mostBids
    if let auctionBids, !range.contains(auctionBids) {
      throw ValidationError(
        "--auction-bids is from \(range.lowerBound) to \(range.upperBound), not \(auctionBids)")
    }
  }

  func run() throws {
    var figures = KernelBench.figures() + (try ModelBench.figures() + SurfaceBench.figures())
    if let quantlib { figures += try LibraryBench(program: quantlib).figures() }
    if !kernelsOnly {
      figures += try ReplayBench.figures(market: market.load(), accounts: population)
    }
    if !kernelsOnly, marginAccounts > 0 {
      figures += try MarginBench.figures(
        ParameterFile.bundled().set, accounts: marginAccounts,
        plot: out.map { URL(filePath: $0) })
    }
    if !kernelsOnly {
      figures += try WaterfallBench.figures(plot: out.map(poolPlot))
      figures += try DeleveragingBench.figures(ParameterFile.bundled().set)
    }
    if !kernelsOnly || auctionBids != nil {
      figures += try AuctionBench.figures(
        ParameterFile.bundled().set, bids: auctionBids ?? 10_000)
    }
    if json {
      for figure in figures { print(try encoded(figure)) }
      return
    }
    var table = TextTable([
      ("figure", .left), ("value", .right), ("unit", .left), ("baseline", .right),
      ("ratio", .right), ("goal", .right), ("", .left), ("against", .left),
    ])
    for figure in figures {
      table.append([
        figure.label, text(figure.value), figure.unit, figure.baseline.map(text) ?? "",
        figure.ratio.map { text($0) + "×" } ?? "", figure.goal.map(text) ?? "",
        figure.met.map { $0 ? "met" : "missed" } ?? "", figure.against ?? "",
      ])
    }
    print(table.text, terminator: "")
  }

  /// `cost.svg` → `cost-pool.svg`.
  private func poolPlot(_ path: String) -> URL {
    let file = URL(filePath: path)
    let name = file.deletingPathExtension().lastPathComponent
    return file.deletingLastPathComponent().appending(path: "\(name)-pool.svg")
  }

  /// Three significant digits and a half.
  private func text(_ value: Double) -> String {
    String(format: value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f", value)
  }
}
