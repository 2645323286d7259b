// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Journal
import Ledger
import RiskEngine
import Simulation

/// Decides a journal again from its commands.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Recompute a journal from its commands and compare every hash.",
    discussion: """
      Reads the commands alone, decides everything again, and must arrive at the same hash \
      after every record. The first difference is named. Exit code 1 if there is any.

      Example: plimsoll verify out/black-thursday/journal.db
      """)

  @Argument(help: "The journal to verify.")
  var journal: String

  @OptionGroup var engine: EngineOptions

  @Flag(name: .long, help: "Print the result as JSON.")
  var json = false

  func run() throws {
    let reader = try JournalReader.open(journal)
    let contents = try reader.verify()
    let progress = Progress("verify")
    let verification = try verify(reader, workers: try engine.workers()) { done, total in
      progress.show(done, of: total)
    }
    progress.finish()
    let digest = verification.engine.state.digest
    if json {
      let answer = VerifyAnswer(
        journal: journal, records: verification.records, events: verification.events,
        bytes: contents.payloadBytes, hash: verification.engine.hash.description,
        state: digest.description)
      print(try encoded(answer))
      return
    }
    print("Every decision was made again and every hash agrees.")
    print("  records  \(verification.records)")
    print("  events   \(verification.events)")
    print("  hash     \(verification.engine.hash)")
    print("  state    \(digest)")
  }
}

/// The answer of `verify --json`.
private struct VerifyAnswer: Encodable {
  let journal: String
  let records: Int
  let events: Int
  let bytes: Int
  let hash: String
  let state: String
}

/// Rebuilds the state that a journal records.
struct RecoverCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recover",
    abstract: "Rebuild the state a journal records, without deciding anything again.",
    discussion: "Example: plimsoll recover out/black-thursday/journal.db")

  @Argument(help: "The journal to read.")
  var journal: String

  @Flag(name: .long, help: "Print the result as JSON.")
  var json = false

  func run() throws {
    let engine = try recover(JournalReader.open(journal), workers: .one)
    if json {
      let answer = RecoverAnswer(
        journal: journal, records: engine.sequence, time: "\(engine.state.time)",
        accounts: engine.state.accounts.count, hash: engine.hash.description,
        state: engine.state.digest.description)
      return print(try encoded(answer))
    }
    print("  records  \(engine.sequence)")
    print("  time     \(engine.state.time)")
    print("  accounts \(engine.state.accounts.count)")
    print("  hash     \(engine.hash)")
    print("  state    \(engine.state.digest)")
  }
}

/// The answer of `recover --json`.
private struct RecoverAnswer: Encodable {
  let journal: String
  let records: UInt64
  /// ISO 8601 in UTC.
  let time: String
  let accounts: Int
  let hash: String
  let state: String
}
