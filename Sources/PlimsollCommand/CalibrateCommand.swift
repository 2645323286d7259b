// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Connectors
import Foundation
import Quantities
import Reporting
import Volatility

/// Makes models from what was recorded: by default, a surface from an option chain.
struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Fit a volatility surface to an option chain, or jumps to daily prices.",
    subcommands: [SurfaceCalibrateCommand.self, JumpCalibrateCommand.self],
    defaultSubcommand: SurfaceCalibrateCommand.self)
}

/// Fits an arbitrage-free surface to a recorded option chain.
struct SurfaceCalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "surface",
    abstract: "Fit an arbitrage-free volatility surface to a recorded option chain.",
    discussion: """
      Prints the fit of every expiry, the quotes it left out and why, and what a search for \
      arbitrage finds; a self-contained page shows smiles and surface.

      Example: plimsoll calibrate ../shared/data/options/deribit_chain_2026-03.csv.gz \
      --at 2026-03-05 --underlying BTC
      """)

  @Argument(help: "A CSV file of option-chain snapshots, plain or gzip.")
  var chain: String

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Which snapshot: the last one of a day, minute or second, ISO 8601 in UTC; the last of the "
        + "file by default.",
      valueName: "time"))
  var at: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Only this underlying; all by default.", valueName: "symbol"))
  var underlying: String?

  @Option(name: .long, help: ArgumentHelp("Folder for the report.", valueName: "folder"))
  var out = "out/calibrate"

  @Flag(inversion: .prefixedNo, help: "Write the report.")
  var report = true

  @Flag(name: .long, help: "Print a line of JSON for each underlying.")
  var json = false

  func run() throws {
    let choice = try SnapshotChoice(at: at, underlying: underlying)
    let snapshots = try choice.select(
      from: OptionChainFile.read(path: chain).snapshots, of: chain)
    // All are fitted before the first is printed: a refused chain prints nothing.
    let calibrated = try snapshots.map { snapshot in
      do throws(SurfaceRefusal) {
        return try CalibratedChain(snapshot)
      } catch {
        throw CalibrationRefusal(path: chain, snapshot: snapshot, refusal: error)
      }
    }
    let page = out + "/report.html"
    if report {
      try makeOutputFolder(out)
      let html = CalibrationReport.render(
        calibrated, file: chain, charts: ChartLibrary(folder: ".cache/charts"))
      try Data(html.utf8).write(to: URL(fileURLWithPath: page))
    }
    for chain in calibrated {
      print(json ? try encoded(CalibrationRecord(chain)) : CalibrationTable.text(chain))
    }
    if report, !json { print("Report: \(page)") }
  }
}

/// Why a snapshot has no surface, with its place.
struct CalibrationRefusal: Error, CustomStringConvertible {
  let path: String
  let snapshot: OptionChainSnapshot
  let refusal: SurfaceRefusal

  var description: String {
    "\(path): no surface for \(snapshot.underlying) of \(snapshot.time): \(refusal); \(remedy)"
  }

  private var remedy: String {
    switch refusal {
    case .withoutQuotes:
      "a quote counts with a bid and an ask near each other, out of the money, "
        + "an hour or more before expiry; choose another snapshot with --at"
    default: "correct the rows of this snapshot, or choose another with --at"
    }
  }
}
