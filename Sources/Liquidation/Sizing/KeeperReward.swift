// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Parameters
import Quantities

/// What a transaction's gas costs, millionths of the quote currency, rounded up.
///
/// - Parameters:
///   - units: Gas, not negative.
///   - perMillion: The price of a million gas, millionths of the quote currency, not negative.
public func gasCost(units: Int64, perMillion: Int64) -> Int64 {
  let cost = Int128(max(units, 0)) * Int128(max(perMillion, 0))
  return Int64(clamping: cost.divided(by: 1_000_000, rounding: .up))
}

/// What a keeper is paid for taking a slice: its share of the notional, or its gas and a margin
/// where that is more, within the cap.
///
/// - Parameters:
///   - notional: Of the slice, millionths of the quote currency, not negative.
///   - gasCost: In the same, not negative.
///   - limit: What the account can pay, in the same.
/// - Returns: `nil` where cap or limit does not cover gas and margin: no keeper would come.
public func keeperReward(
  notional: Int64, gasCost: Int64, limit: Int64 = .max, _ terms: KeeperParameters
) -> Int64? {
  let least = leastReward(gasCost, terms)
  let most = min(terms.cap.share(of: notional, rounding: .down), limit)
  guard least <= Int128(most) else { return nil }
  return min(max(terms.bonus.share(of: notional, rounding: .down), Int64(least)), most)
}

/// The least notional that a keeper is offered: the smallest whose cap covers gas and margin.
///
/// Source: QUANT 4.3, Q = gas ÷ what is left of a notional of one, here what the venue lets at
/// most.
/// - Returns: `nil` if no notional is enough.
public func leastKeeperNotional(gasCost: Int64, _ terms: KeeperParameters) -> Int64? {
  let least = leastReward(gasCost, terms)
  guard least > 0 else { return 0 }
  guard terms.cap > .zero else { return nil }
  let notional = (least * Int128(Rate.one.billionths)).divided(
    by: Int128(terms.cap.billionths), rounding: .up)
  return notional <= Int128(Int64.max) ? Int64(notional) : nil
}

private func leastReward(_ gasCost: Int64, _ terms: KeeperParameters) -> Int128 {
  let cost = Int128(max(gasCost, 0))
  let margin = (cost * Int128(terms.margin.billionths)).divided(
    by: Int128(Rate.one.billionths), rounding: .up)
  return cost + margin
}
