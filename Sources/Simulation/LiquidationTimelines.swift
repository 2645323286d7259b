// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
public import Quantities
import RiskEngine

/// Which liquidations of a replay its page draws as timelines.
public struct TimelineChoice: Hashable, Sendable {
  /// How many of the largest.
  public let largest: Int
  /// Accounts of which every liquidation is drawn, however small: each once, as they were asked
  /// for.
  public let accounts: [AccountID]

  /// How many of the largest are drawn if nothing is said.
  public static let usual = 10
  /// The most of the largest; a page draws a thousand in some tens of megabytes.
  public static let mostLargest = 1_000
  /// The most accounts, each of which may have been liquidated in every block.
  public static let mostAccounts = 100

  /// - Parameters:
  ///   - largest: From 0 to ``mostLargest``; the nearest of them where it is not.
  ///   - accounts: The first ``mostAccounts`` of them count.
  public init(largest: Int = usual, accounts: [AccountID] = []) {
    self.largest = min(max(largest, 0), Self.mostLargest)
    var seen: Set<AccountID> = []
    self.accounts = Array(accounts.filter { seen.insert($0).inserted }.prefix(Self.mostAccounts))
  }
}

/// An account that was asked for.
public struct AskedAccount: Sendable {
  public let account: AccountID
  /// Whether the venue had it when the replay ended.
  public let isThere: Bool
  /// All of its liquidations, in the order in which they began.
  public let liquidations: [LiquidationStory]
}

/// Keeps the timelines that were chosen, in memory that does not grow with the others.
struct LiquidationTimelines {
  let choice: TimelineChoice
  /// Whether somebody takes every one as it ends.
  var keepsEnded = false
  private var candidates: [LiquidationStory] = []
  private var asked: [AccountID: [LiquidationStory]]
  private var ended: [LiquidationStory] = []

  /// How many candidates are sorted out at once.
  private static let room = 4_096

  init(_ choice: TimelineChoice = TimelineChoice()) {
    self.choice = choice
    asked = Dictionary(uniqueKeysWithValues: choice.accounts.map { ($0, []) })
  }

  /// A summary names the first few and lists ten, however few are drawn.
  private var kept: Int { max(choice.largest, TimelineChoice.usual) }

  /// Takes in one that has ended, or that the replay has left unfinished.
  mutating func take(_ story: LiquidationStory) {
    if keepsEnded { ended.append(story) }
    asked[story.account]?.append(story)
    candidates.append(story)
    // Only the largest are shown; keep the list short as it grows.
    if candidates.count > Self.room { candidates = largest }
  }

  /// Those that ended since it was last asked, where they are kept.
  mutating func takeEnded() -> [LiquidationStory] {
    defer { ended.removeAll(keepingCapacity: true) }
    return ended
  }

  /// By what was closed and deleveraged, then by account and time.
  var largest: [LiquidationStory] {
    let sorted = candidates.sorted { one, other in
      let (size, otherSize) = (
        one.closedValue + one.deleveragedValue, other.closedValue + other.deleveragedValue
      )
      if size != otherSize { return size > otherSize }
      return (one.account, one.cause.time) < (other.account, other.cause.time)
    }
    return Array(sorted.prefix(kept))
  }

  /// The accounts that were asked for, as the replay leaves them.
  func asked(_ engine: Engine) -> [AskedAccount] {
    choice.accounts.map { id in
      AskedAccount(
        account: id, isThere: engine.state.index(of: id) != nil, liquidations: asked[id] ?? [])
    }
  }
}
