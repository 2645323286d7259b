// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Simulation

/// A search for strategies that take money from the venue.
struct AttacksCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attacks",
    abstract: "Search for strategies that take money from the venue.",
    discussion: """
      Every strategy plays on a copy of a small venue with the real engine: blind draws and a \
      climb from the best of them. Ends with code 1 if one of them made a profit or broke an \
      invariant.

      Example: plimsoll attacks --strategies 20000 --family pools
      """)

  @OptionGroup var parameters: ParameterOptions

  @Option(name: .long, help: ArgumentHelp("Strategies of each family.", valueName: "count"))
  var strategies = 10_000

  @Option(
    name: .long,
    help: ArgumentHelp("A family; may be repeated, all by default.", valueName: "name"))
  var family: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp("The chain of strategies to begin with.", valueName: "number"))
  var first: UInt64 = 1

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Print one strategy of the family step by step instead, in ledger units.",
      valueName: "number"))
  var trace: UInt64?

  @Option(name: .long, help: ArgumentHelp("Threads that play.", valueName: "count"))
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @Flag(name: .long, help: "Print a line of JSON for each family.")
  var json = false

  func validate() throws {
    guard (1...100_000_000).contains(strategies) else {
      throw ValidationError("--strategies: \(strategies) is not between 1 and 100,000,000")
    }
    guard (1...256).contains(threads) else {
      throw ValidationError("--threads: \(threads) is not between 1 and 256")
    }
    let families = try chosen()
    guard trace == nil || families.count == 1 else {
      throw ValidationError("--trace: a number means a strategy of one family; state --family")
    }
  }

  func run() throws {
    let search = try ScriptSearch(try parameters.load().set)
    if let trace, let family = try chosen().first { return try printSteps(search, family, trace) }
    var isSafe = true
    if !json {
      let columns = ["strategies", "liquidated", "best profit", "number", "least loss", "s"]
      print(row("family", columns))
    }
    for family in try chosen() {
      var finding = ScriptSearch.Finding(family)
      let spent = seconds {
        finding = search.run(family, from: first, count: strategies, threads: threads)
      }
      isSafe = isSafe && finding.bestProfit <= 0 && finding.broken == 0
      print(json ? try encoded(AttackFigures(finding, seconds: spent)) : line(finding, spent))
    }
    guard isSafe else { throw ExitCode(1) }
  }

  private func printSteps(
    _ search: ScriptSearch, _ family: AttackFamily, _ number: UInt64
  ) throws {
    guard let traced = search.trace(family, number: number) else { return }
    for line in traced.lines { print(line) }
    let (gain, closed) = traced.steps.reduce((0, 0)) { ($0.0 + $1.gain, $0.1 + $1.closed) }
    let ground = search.strategy(family, number: number).map { ", on \($0.outcome.ground)" } ?? ""
    print("in all: gain \(gain), closed \(closed)\(ground)")
  }

  /// The families asked for, in the order of their declaration.
  private func chosen() throws -> [AttackFamily] {
    let names = AttackFamily.allCases.map { "\($0)" }
    for name in family where !names.contains(name) {
      throw ValidationError("--family: “\(name)” is none of \(names.joined(separator: ", "))")
    }
    return AttackFamily.allCases.filter { family.isEmpty || family.contains("\($0)") }
  }

  private func line(_ finding: ScriptSearch.Finding, _ spent: Double) -> String {
    let figures = AttackFigures(finding, seconds: spent)
    var text = row(
      figures.family,
      [
        "\(figures.strategies)", "\(figures.liquidated)", "\(finding.bestProfit)",
        "\(finding.bestNumber)", figures.leastLoss.map { "\($0)" } ?? "–",
        String(format: "%.1f", spent),
      ])
    if finding.bestProfit > 0 { text += "  a profit" }
    if finding.broken > 0 { text += "  broke an invariant: \(finding.brokenNumber)" }
    return text
  }

  private func row(_ name: String, _ columns: [String]) -> String {
    columns.reduce(name.padding(toLength: 18, withPad: " ", startingAt: 0)) { text, column in
      text + String(repeating: " ", count: max(14 - column.count, 1)) + column
    }
  }
}

/// What a search found in one family, for machines.
private struct AttackFigures: Encodable {
  let family: String
  let strategies: Int
  /// In how many an account of the attacker came into liquidation.
  let liquidated: Int
  /// Millionths of the quote currency.
  let bestProfit: Int64
  let bestNumber: UInt64
  /// Of what a liquidation closed, millionths; absent where none closed enough.
  let leastLoss: Int64?
  /// The strategy that lost it.
  let leastNumber: UInt64?
  /// Strategies that broke an invariant.
  let broken: Int
  /// How many strategies touched what.
  let touches: [String: Int]
  /// What was touched on which of the venues; one on which nothing was is left out.
  let grounds: [String: [String]]
  let seconds: Double

  init(_ finding: ScriptSearch.Finding, seconds: Double) {
    family = "\(finding.family)"
    strategies = finding.strategies
    liquidated = finding.liquidations
    bestProfit = finding.bestProfit
    bestNumber = finding.bestNumber
    leastLoss = finding.leastLoss == .max ? nil : finding.leastLoss
    leastNumber = finding.leastLoss == .max ? nil : finding.leastNumber
    broken = finding.broken
    touches = Dictionary(
      uniqueKeysWithValues: AttackTouch.allCases.map { ("\($0)", finding.touches[$0.rawValue]) })
    let reached = AttackGround.allCases.map { ("\($0)", finding.touched(on: $0).map { "\($0)" }) }
    grounds = Dictionary(uniqueKeysWithValues: reached.filter { !$1.isEmpty })
    self.seconds = seconds
  }
}
