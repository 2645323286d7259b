// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// What one keeper of a replay did; money in millionths of the quote currency.
public struct KeeperFigures: Hashable, Sendable {
  /// Transactions for slices, or for a bid for one, that it found worth its gas.
  public internal(set) var sent = 0
  /// Of them, how many were in a block in time.
  public internal(set) var reached = 0
  /// Of those, how many took a slice or a part of one, at once or by the bid.
  public internal(set) var taken = 0
  /// For all that were in a block, whether they took anything or not.
  public internal(set) var gasPaid: Int64 = 0
  /// What it was paid: rewards, penalties, and what bidders in auctions receive.
  public internal(set) var rewards: Int64 = 0
  /// What it paid for rights to slices.
  public internal(set) var rightsPaid: Int64 = 0
  /// What it worked off in the book, at the marks.
  public internal(set) var closedValue: Int64 = 0
  /// What that cost against the marks, and all its fees.
  public internal(set) var cost: Int64 = 0
  /// What it holds at the end, longs and shorts together.
  public internal(set) var held: Int64 = 0
  /// What its account is worth at the end, less its capital and its gas.
  public internal(set) var result: Int64 = 0

  public init() {}

  /// Both together.
  public static func + (one: KeeperFigures, other: KeeperFigures) -> KeeperFigures {
    var sum = one
    sum.sent += other.sent
    sum.reached += other.reached
    sum.taken += other.taken
    sum.gasPaid = WaterfallCosts.sum(one.gasPaid, other.gasPaid)
    sum.rewards = WaterfallCosts.sum(one.rewards, other.rewards)
    sum.rightsPaid = WaterfallCosts.sum(one.rightsPaid, other.rightsPaid)
    sum.closedValue = WaterfallCosts.sum(one.closedValue, other.closedValue)
    sum.cost = WaterfallCosts.sum(one.cost, other.cost)
    sum.held = WaterfallCosts.sum(one.held, other.held)
    sum.result = WaterfallCosts.sum(one.result, other.result)
    return sum
  }
}

/// What came of the slices that a replay's engine offered to keepers.
public struct KeeperStory: Hashable, Sendable {
  public internal(set) var offered = 0
  /// Transactions that took a slice or a part of one.
  public internal(set) var taken = 0
  /// Nobody came in time, and the engine fell back on its own book or next stage.
  public internal(set) var fallbacks = 0
  /// Gas was dearer than what may be paid: not offered, and the engine fell back at once.
  public internal(set) var unprofitable = 0
  /// The price of the worst liquidation of a position against its mark, 1 for at the mark.
  public internal(set) var worstPrice = 1.0
  public internal(set) var keepers: [KeeperFigures] = []
  /// Absent where no rights were sold.
  public internal(set) var rights: RightsFigures?

  /// All keepers together.
  public var sum: KeeperFigures { keepers.reduce(KeeperFigures(), +) }
}
