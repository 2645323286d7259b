// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Connectors
import Foundation
import Parameters
import Quantities
import Reporting
import Simulation

/// Runs one crash under several waterfalls.
struct WaterfallsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "waterfalls",
    abstract: "Run one crash under several waterfalls: the same accounts, depth and prices.",
    discussion: """
      Without names it runs every waterfall in ParameterFiles/Waterfalls, the house's own first: \
      venues of today and the generations before them. Prints what each cost traders and the \
      fund, and with --out writes a page with charts beside the table.

      With --keepers, waterfalls that leave a part of the penalty to whoever takes a position, and \
      those with auctions, have nobody but keepers for it, who pay yesterday's price of gas and \
      come when their transactions do. The others run as without.

      With --vary, the first waterfall stands beside itself with single values changed.

      Example: plimsoll waterfalls plimsoll derive dydx --market ../shared/data --out out/crash
      Example: plimsoll waterfalls plimsoll --market ../shared/data --vary \
      'depth:liquidation.depthWindow=10min,liquidation.depthPart=30%,liquidation.depthDistance=1%'
      """)

  @Argument(help: "Names of waterfalls, or files; all that come with Plimsoll by default.")
  var waterfalls: [String] = []

  @OptionGroup var market: MarketOptions
  @OptionGroup var parameters: ParameterOptions
  @OptionGroup var engine: EngineOptions

  @Option(name: .long, help: ArgumentHelp("Accounts of the population.", valueName: "count"))
  var population = 2_000

  @Option(name: .long, help: ArgumentHelp("Seed of the population.", valueName: "number"))
  var seed: UInt64 = 20_200_312

  @Flag(
    name: .long,
    help: "Sweep threshold, buffer and penalty of the first waterfall as well.")
  var frontier = false

  @Flag(
    name: .long,
    help: "Leave what waterfalls pay others for to keepers on a congested chain.")
  var keepers = false

  @Option(name: .long, help: ArgumentHelp("Folder for the page.", valueName: "folder"))
  var out: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Run the first waterfall once more with these values, beside itself; may be repeated.",
      valueName: "[name:]key=value,…"))
  var vary: [String] = []

  @Flag(name: .long, help: "Print the table as JSON.")
  var json = false

  func validate() throws {
    guard (1...1_000_000).contains(population) else {
      throw ValidationError("--population: \(population) is not between 1 and 1000000")
    }
  }

  func run() throws {
    let names = waterfalls.isEmpty ? try WaterfallFile.bundledNames() : waterfalls
    let named = try names.map(WaterfallFile.load)
    let varied = try named.first.map { first in try vary.map { try first.varied($0) } } ?? []
    let files = [named.first].compactMap(\.self) + varied + named.dropFirst()
    try requireOwnNames(files)
    let file = try parameters.load()
    let prices = try market.load()
    let gas = try market.gas(from: prices.window.lowerBound)
    guard !keepers || gas != nil else {
      throw GasError.missing(for: "--keepers", in: market.market)
    }
    // What is wrong with a file is said before the first minute is run.
    for waterfall in files { _ = try waterfall.over(file) }
    if let out { try makeOutputFolder(out) }
    let comparison = WaterfallComparison(
      title: ReplayTitle.text(prices), market: prices, file: file,
      accounts: .population(count: population, seed: seed), workers: try engine.workers(),
      gas: gas, isLeftToKeepers: keepers)
    let runs = try files.map { waterfall in
      try followed(waterfall.set.name) { try comparison.run(waterfall, progress: $0) }
    }
    let points = try frontier ? sweep(comparison, files[0]) : []
    print(json ? WaterfallTable.json(runs, points) : WaterfallTable.text(runs, points))
    guard let out else { return }
    let page = out + "/waterfalls.html"
    let html = WaterfallReport.render(runs, points)
    try Data(html.utf8).write(to: URL(fileURLWithPath: page))
    if !json { print("Page: \(page)") }
  }

  /// A run is known by its name: by it the table and the page say which is worse than which.
  private func requireOwnNames(_ files: [WaterfallFile]) throws {
    var names: Set<String> = []
    for file in files where !names.insert(file.set.name).inserted {
      throw ValidationError(
        "two runs would be called “\(file.set.name)”; list each waterfall once, and state a name "
          + "before the values of a --vary: name:key=value")
    }
  }

  private func sweep(
    _ comparison: WaterfallComparison, _ waterfall: WaterfallFile
  ) throws -> [FrontierPoint] {
    let sweep = try FrontierSweep(waterfall, over: comparison)
    return try sweep.cases.map { one in
      try followed(one.title) { try sweep.run(one, progress: $0) }
    }
  }

  /// Runs something with a progress bar of its own.
  private func followed<Result>(
    _ title: String, _ run: ((Int, Int) -> Void) throws -> Result
  ) throws -> Result {
    let progress = Progress(title)
    defer { progress.finish() }
    return try run { done, total in progress.show(done, of: total) }
  }
}
