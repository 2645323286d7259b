// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Quantities

/// What an attacker owns of a pool whose positions are still open, in both tranches.
///
/// A result of the pool that is not settled yet counts as it will be: a loss falls on the junior
/// tranche first, of a gain that tranche has its share.
struct AttackStake: Sendable {
  /// What all depositors of a tranche own, and what he does, ledger units.
  private struct Part: Sendable {
    let total: Int64
    let own: Int64
  }

  private let senior: Part
  private let junior: Part
  /// Of a gain, billionths.
  private let juniorShare: Int64
  /// What he has gained and not fetched, ledger units.
  let gains: Int64

  init(in pool: BackstopPool, _ juniorShare: Rate) {
    var (owned, gained) = ([PoolTranche: Int64](), Int64(0))
    for tranche in PoolTranche.allCases {
      for id in AttackWorld.attackers {
        let worth = pool.worth(of: id, tranche)
        owned[tranche, default: 0] += worth.units
        gained += worth.gains[0]
      }
    }
    senior = Part(total: pool.senior.total, own: owned[.senior] ?? 0)
    junior = Part(total: pool.junior.total, own: owned[.junior] ?? 0)
    self.juniorShare = juniorShare.billionths
    gains = gained
  }

  /// What he would be left with, 10^−10 ledger units, if the pool's account were worth as much now.
  ///
  /// - Parameter equity: 10^−10 ledger units; below zero nothing is lost any more.
  func worth(_ equity: Int128, rounding: RoundingDirection) -> Int128 {
    let result = max(equity, 0) - Int128(senior.total + junior.total) * AttackPurse.unit
    let first = Self.divided(result, senior, junior, share: juniorShare)
    return Self.worth(of: senior, result - first, rounding)
      + Self.worth(of: junior, first, rounding)
  }

  /// What of a result is the junior tranche's.
  private static func divided(
    _ result: Int128, _ senior: Part, _ junior: Part, share: Int64
  ) -> Int128 {
    if junior.total == 0 { return 0 }
    if result <= 0 { return max(result, -Int128(junior.total) * AttackPurse.unit) }
    return senior.total == 0 ? result : result * Int128(share) / 1_000_000_000
  }

  private static func worth(
    of part: Part, _ result: Int128, _ rounding: RoundingDirection
  ) -> Int128 {
    guard part.own > 0, part.total > 0 else { return 0 }
    let all = Int128(part.total) * AttackPurse.unit + result
    return (all * Int128(part.own)).divided(by: Int128(part.total), rounding: rounding)
  }
}
