// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import RiskEngine

/// The command line.
///
/// Exit codes: 0 done, 1 refused or a failed check, 2 wrong usage.
@main
struct Plimsoll: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plimsoll",
    abstract: "A real-time margin and liquidation engine for crypto derivatives.",
    discussion: """
      Replays recorded crashes through the whole engine, verifies journals bit for bit, and
      answers margin questions.

      Example: plimsoll replay --market ../shared/data --out out/black-thursday
      """,
    version: "\(EngineVersion.engine), \(EngineVersion.numbers)",
    subcommands: [
      ReplayCommand.self, VerifyCommand.self, RecoverCommand.self, RankingCommand.self,
      MarginCommand.self,
      CalibrateCommand.self, BacktestCommand.self, EvaluateCommand.self, BenchCommand.self,
      CascadeCommand.self,
      WaterfallsCommand.self,
      AttacksCommand.self,
      KeepersCommand.self,
    ])

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      leave(error)
    }
  }

  /// Says what went wrong and ends with the house's exit code.
  private static func leave(_ error: any Error) -> Never {
    if exitCode(for: error).isSuccess { exit(withError: error) }
    if let code = error as? ExitCode { Foundation.exit(code.rawValue) }
    let isUsage = exitCode(for: error) == .validationFailure
    let message = isUsage ? fullMessage(for: error) : "plimsoll: \(error)"
    FileHandle.standardError.write(Data((message + "\n").utf8))
    Foundation.exit(isUsage ? 2 : 1)
  }
}
