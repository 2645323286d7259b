// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
public import Ledger
import Quantities

/// Who was called before liquidation in a replay, how far, and what became of it.
public struct MarginCallSummary: Hashable, Sendable {
  /// One step of the ladder; each account is counted at every step down to its furthest.
  public struct Row: Hashable, Sendable {
    public let step: MarginCall
    /// How often an account came down to this very step.
    public internal(set) var calls = 0
    /// The accounts that were on this step or a later one at any time.
    public internal(set) var accounts = 0
    /// Of them, those whose liquidation began at or after that.
    public internal(set) var liquidated = 0
    /// The others that no step holds any more at the end.
    public internal(set) var recovered = 0
    /// The others that are still on the ladder.
    public var standing: Int { accounts - liquidated - recovered }

    public init(
      step: MarginCall, calls: Int = 0, accounts: Int = 0, liquidated: Int = 0, recovered: Int = 0
    ) {
      self.step = step
      self.calls = calls
      self.accounts = accounts
      self.liquidated = liquidated
      self.recovered = recovered
    }
  }

  /// From the first step to the last.
  public internal(set) var rows: [Row]
  /// Orders that calls cancelled.
  public internal(set) var ordersCancelled: Int
  /// Liquidations that began, with a call in an earlier block or without.
  public internal(set) var liquidations: Int
  /// Those of accounts that no earlier block had called.
  public internal(set) var withoutNotice: Int

  public init(rows: [Row], ordersCancelled: Int = 0, liquidations: Int = 0, withoutNotice: Int = 0)
  {
    self.rows = rows
    self.ordersCancelled = ordersCancelled
    self.liquidations = liquidations
    self.withoutNotice = withoutNotice
  }

  /// The steps an account may be on, from the first to the last.
  public static let steps = MarginCall.allCases.filter { $0 != .none }
}

/// How many accounts stood on which step of the ladder after each block.
public struct MarginCallHistory: Hashable, Sendable {
  /// One count for each of ``MarginCallSummary/steps``: accounts not in liquidation.
  public var points: [[Int]] = []

  public init() {}
}

/// Follows the ladder before liquidation through a replay.
struct MarginCallWatch {
  private(set) var history = MarginCallHistory()
  private var standings: [AccountID: Standing] = [:]
  private var calls: [MarginCall: Int] = [:]
  private var ordersCancelled = 0
  private var liquidations = 0
  private var withoutNotice = 0

  private struct Standing {
    var step = MarginCall.none
    var furthest = MarginCall.none
    /// The furthest step it had been on when a liquidation of it last began.
    var liquidatedFrom = MarginCall.none
    var isInLiquidation = false
    /// When it last left the state of not being called.
    var calledAt: Timestamp?
  }

  mutating func take(_ event: LedgerEvent) {
    switch event {
    case .marginCalled(let id, let step, let cause):
      var standing = standings[id] ?? Standing()
      if step > standing.step { calls[step, default: 0] += 1 }
      if standing.step == .none { standing.calledAt = cause.time }
      standing.step = step
      standing.furthest = max(standing.furthest, step)
      standings[id] = standing
    case .liquidationStarted(let id, let cause):
      liquidations += 1
      let isCalled = calledAt(id).map { $0 < cause.time } ?? false
      if !isCalled { withoutNotice += 1 }
      guard var standing = standings[id] else { return }
      standing.liquidatedFrom = standing.furthest
      standing.isInLiquidation = true
      standings[id] = standing
    case .liquidationEnded(let id, _): standings[id]?.isInLiquidation = false
    case .orderRemoved(_, _, .marginCall): ordersCancelled += 1
    default: break
    }
  }

  /// Since when an account has been on the ladder; `nil` if it is not.
  func calledAt(_ id: AccountID) -> Timestamp? {
    guard let standing = standings[id], standing.step != .none else { return nil }
    return standing.calledAt
  }

  /// Ends a block.
  mutating func record() {
    var counts = [Int](repeating: 0, count: MarginCallSummary.steps.count)
    for standing in standings.values where !standing.isInLiquidation && standing.step != .none {
      counts[Int(standing.step.rawValue) - 1] += 1
    }
    history.points.append(counts)
  }

  var summary: MarginCallSummary {
    var rows = MarginCallSummary.steps.map { step in
      MarginCallSummary.Row(step: step, calls: calls[step] ?? 0)
    }
    for standing in standings.values {
      for index in rows.indices where standing.furthest >= rows[index].step {
        rows[index].accounts += 1
        if standing.liquidatedFrom >= rows[index].step {
          rows[index].liquidated += 1
        } else if standing.step == .none {
          rows[index].recovered += 1
        }
      }
    }
    return MarginCallSummary(
      rows: rows, ordersCancelled: ordersCancelled, liquidations: liquidations,
      withoutNotice: withoutNotice)
  }
}
