// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Simulation

/// Which parameters a run uses.
struct ParameterOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "A dated parameter file; the house's own by default.", valueName: "file"))
  var parameters: String?

  func load() throws -> ParameterFile {
    try parameters.map { try ParameterFile.load(path: $0) } ?? ParameterFile.bundled()
  }
}
