// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// What decides whether a keeper outside acts.
///
/// Source: QUANT 4.3: a keeper acts if bonus × Q > gas + impact × Q + φσ√latency × Q.
public struct KeeperEconomics: Hashable, Sendable {
  /// What is let off the price, as a share of it.
  public let bonus: Double
  /// What working off costs, as a share.
  public let impact: Double
  /// Of the price, per √second.
  public let deviation: Double
  /// How many deviations of a wait are counted: 2.67 is the 99 % expected shortfall of a normal
  /// number.
  public let tail: Double

  public init(bonus: Double, impact: Double, deviation: Double, tail: Double = 2.67) {
    self.bonus = bonus
    self.impact = impact
    self.deviation = deviation
    self.tail = tail
  }

  /// What is left of a notional of one, before gas; may be negative.
  ///
  /// - Parameter latencySeconds: From decision to inclusion, not negative.
  public func margin(latencySeconds: Double) -> Double {
    bonus - impact - tail * deviation * max(latencySeconds, 0).squareRoot()
  }

  /// The least notional worth a transaction, in the currency of the gas cost: the dust rule.
  ///
  /// - Returns: `nil` if no size is, or a number is not finite.
  public func leastSize(gasCost: Double, latencySeconds: Double) -> Double? {
    let margin = margin(latencySeconds: latencySeconds)
    guard margin > 0, gasCost >= 0 else { return nil }
    let least = gasCost / margin
    return least.isFinite ? least : nil
  }
}

/// What a keeper is paid for a transaction that cost so much: his cost and a profit, capped.
///
/// Source: Synthetix v3, keeper reward: the larger of cost + floor and cost × (1 + profit), at
/// most the cap.
/// - Parameters:
///   - cost: Of gas, ledger units, 0 to 2^60; clamped to it, as are floor and cap.
///   - floor: The least profit, ledger units.
///   - profitThousandths: As a share of the cost, 0 to 1,000.
///   - cap: The most that is paid, ledger units.
public func gasAwareReward(
  cost: Int64, floor: Int64, profitThousandths: Int64, cap: Int64
) -> Int64 {
  let most: Int64 = 1 << 60
  let (cost, floor, cap) = (
    min(max(cost, 0), most), min(max(floor, 0), most), min(max(cap, 0), most)
  )
  let share = Int128(min(max(profitThousandths, 0), 1_000))
  let profit = Int64(Int128(cost) * share / 1_000)
  return min(cost + max(floor, profit), cap)
}
