// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Margin
import Quantities

/// How far margin covered what accounts lost from one block to the next.
///
/// An account's loss is what its equity fell between two measurements, whatever the reason: prices,
/// funding, fees, the cost of its own liquidation. It is set against what the account was
/// required at the first of the two. Accounts without a requirement then are not counted.
public struct MarginCoverage: Hashable, Sendable {
  /// Accounts that had a requirement.
  public var accounts = 0
  /// Accounts that lost more than their maintenance margin.
  public var beyondMaintenanceCount = 0
  /// Accounts that lost more than their initial margin.
  public var beyondInitialCount = 0
  /// Σ of all losses, millionths of the quote currency.
  public var losses: Int64 = 0
  /// Σ of what losses exceeded maintenance margins by.
  public var beyondMaintenance: Int64 = 0
  /// Σ of what losses exceeded initial margins by.
  public var beyondInitial: Int64 = 0

  public init() {}

  /// - Parameters:
  ///   - before: Every account at one block, by dense index.
  ///   - after: The same accounts at the next; those opened since are left out.
  public init(from before: [AccountRisk], to after: [AccountRisk]) {
    for (earlier, later) in zip(before, after) where earlier.maintenanceMargin > 0 {
      accounts += 1
      let loss = earlier.equity - later.equity
      guard loss > 0 else { continue }
      losses = sum(losses, loss)
      if loss > earlier.maintenanceMargin {
        beyondMaintenanceCount += 1
        beyondMaintenance = sum(beyondMaintenance, loss - earlier.maintenanceMargin)
      }
      if loss > earlier.initialMargin {
        beyondInitialCount += 1
        beyondInitial = sum(beyondInitial, loss - earlier.initialMargin)
      }
    }
  }

  public static func += (total: inout Self, block: Self) {
    total.accounts += block.accounts
    total.beyondMaintenanceCount += block.beyondMaintenanceCount
    total.beyondInitialCount += block.beyondInitialCount
    total.losses = total.sum(total.losses, block.losses)
    total.beyondMaintenance = total.sum(total.beyondMaintenance, block.beyondMaintenance)
    total.beyondInitial = total.sum(total.beyondInitial, block.beyondInitial)
  }

  private func sum(_ one: Int64, _ other: Int64) -> Int64 {
    Int64(clamping: Int128(one) + Int128(other))
  }
}
