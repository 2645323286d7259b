// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Quantities
import Simulation

/// Which liquidations a report draws step by step.
struct TimelineOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "How many of the largest liquidations the report draws, 0 to \(TimelineChoice.mostLargest).",
      valueName: "count"))
  var timelines = TimelineChoice.usual

  @Option(
    name: .long,
    help: ArgumentHelp(
      "An account whose every liquidation the report draws, however small; repeatable.",
      valueName: "account"))
  var timeline: [String] = []

  func validate() throws { _ = try choice() }

  func choice() throws -> TimelineChoice {
    guard (0...TimelineChoice.mostLargest).contains(timelines) else {
      throw ValidationError(
        "--timelines: \(timelines) is not between 0 and \(TimelineChoice.mostLargest)")
    }
    let accounts = try timeline.map(Self.account)
    let count = Set(accounts).count
    guard count <= TimelineChoice.mostAccounts else {
      throw ValidationError(
        "--timeline: \(count) accounts are more than \(TimelineChoice.mostAccounts); "
          + "liquidations.jsonl has every one")
    }
    return TimelineChoice(largest: timelines, accounts: accounts)
  }

  /// The number of an account, as a file of accounts states it.
  private static func account(_ text: String) throws -> AccountID {
    let isNumber = text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    guard isNumber, let number = UInt32(text) else {
      throw ValidationError(
        "--timeline: “\(text)” is no account; expected a whole number from 0 to \(UInt32.max)")
    }
    return AccountID(number)
  }
}
