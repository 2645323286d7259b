// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Connectors
public import Ledger

/// The accounts a replay begins with, as the commands that open them in a marked venue.
public struct OpeningBook: Sendable {
  /// Accounts in order of id, then deposits, then trades, then resting orders.
  public let commands: [Command]
  public let makers: MakerRoster
  /// Without the makers.
  public let accountCount: Int
  /// Without the makers'.
  public let positionCount: Int
  public let orderCount: Int
  /// Accounts that were drawn but could not be given enough collateral for their positions.
  public let omittedCount: Int
  /// Where the accounts come from, in full sentences for the report.
  public let statement: String
  /// For each command the line of a file it comes from, if it comes from one.
  private let places: [FilePlace?]

  init(
    steps: [OpeningStep], makers: MakerRoster, accountCount: Int, positionCount: Int,
    orderCount: Int, omittedCount: Int, statement: String
  ) {
    commands = steps.map(\.command)
    places = steps.map(\.place)
    self.makers = makers
    self.accountCount = accountCount
    self.positionCount = positionCount
    self.orderCount = orderCount
    self.omittedCount = omittedCount
    self.statement = statement
  }

  /// The line of a file from which the command at an index comes.
  public func place(ofCommand index: Int) -> FilePlace? { places[index] }
}

/// One command of an opening book.
struct OpeningStep {
  let command: Command
  var place: FilePlace?
}
