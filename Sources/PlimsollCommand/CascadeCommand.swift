// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Ledger
import Quantities
import RiskEngine
import Simulation

/// A crash like that of 10 October 2025, and how long it takes to resolve.
struct CascadeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cascade",
    abstract: "Crash many markets at once and measure how long it takes to resolve.",
    discussion: """
      The accounts are drawn after the published aggregates of Hyperliquid's 10 October 2025: \
      437,723 accounts in 162 markets, of which 63,637 are liquidated and 302 are insolvent.

      Example: plimsoll cascade --waterfall plimsoll --accounts 20000 --markets 20
      """)

  @OptionGroup var parameters: ParameterOptions
  @OptionGroup var options: EngineOptions

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The waterfall: a name, as in `plimsoll waterfalls`, or a file.",
      discussion: """
        “plain” has the queue by profit and leverage, as the venue of that day had one; “plimsoll” \
        is the house's own, which brings all winners of a market to one leverage.
        """,
      valueName: "waterfall"))
  var waterfall = "plain"

  @Option(name: .long, help: ArgumentHelp("Accounts besides the makers.", valueName: "count"))
  var accounts = CascadePlan.october2025.accounts

  @Option(name: .long, help: ArgumentHelp("Markets, 1 to 500.", valueName: "count"))
  var markets = CascadePlan.october2025.markets

  @Flag(name: .long, help: "Print a line of JSON for each figure.")
  var json = false

  func validate() throws {
    guard (100...2_000_000).contains(accounts) else {
      throw ValidationError("--accounts: \(accounts) is not between 100 and 2,000,000")
    }
    guard (1...500).contains(markets) else {
      throw ValidationError("--markets: \(markets) is not between 1 and 500")
    }
  }

  func run() throws {
    let plan = CascadePlan.october2025.scaled(accounts: accounts, markets: markets)
    let file = try WaterfallFile.load(waterfall).over(parameters.load())
    var cascade = try Cascade(plan, parameters: file.set, workers: options.workers())
    let opening = try seconds { try cascade.open() }
    let before = processorSeconds()
    let crash = try seconds { try cascade.crash() }
    let between = processorSeconds()
    let first = cascade.result
    let settling = try seconds { try cascade.settle() }
    let after = processorSeconds()
    let result = cascade.result
    let figures: [Figure] = [
      .below("accounts opened by the door", opening, "s"),
      .below("the block of the crash", crash, "s"),
      .below("orders, reports and blocks after it", settling, "s"),
      .below("everything resolved", crash + settling, "s", goal: 1),
      .below("processor time of the crash", between - before, "s"),
      .below("processor time after it", after - between, "s"),
      .below("blocks", Double(result.blocks), "blocks"),
      .below("events of the crash", Double(first.events), "events"),
      .below("events in all", Double(result.events), "events"),
      .below("liquidations", Double(result.liquidations), "accounts"),
      .below("ended", Double(result.endedLiquidations), "accounts"),
      .below("insolvent", Double(result.insolvent), "accounts"),
      .below("deficit", Double(result.deficit) * 1e-12, "million USD"),
      .below("sold into the book", Double(result.sold) * 1e-12, "million USD"),
      .below("deleveraged", Double(result.deleveraged) * 1e-12, "million USD"),
      .below("deleveraging fills", Double(result.deleveragingFills), "fills"),
      .below("accounts deleveraged", Double(result.deleveragedAccounts.count), "accounts"),
      .below("overshoots", Double(result.overshoots), "fills", goal: 0),
      .below("drawn from the fund", Double(result.fundDraw) * 1e-12, "million USD"),
      .below("socialized", Double(result.socialized) * 1e-12, "million USD"),
    ]
    for figure in figures {
      guard json else {
        let goal = figure.met.map { $0 ? "  met" : "  missed" } ?? ""
        print(
          figure.name.padding(toLength: 40, withPad: " ", startingAt: 0)
            + String(format: "%14.3f ", figure.value) + figure.unit + goal)
        continue
      }
      print(try encoded(figure))
    }
    // What a change for speed must leave as it is.
    if !json { print("hash  \(cascade.engine.hash)") }
  }
}
