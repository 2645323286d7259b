// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Quantities

/// The unit value at which a pool takes a position over: the mark, moved against the account by a
/// share of itself, never beyond the account's bankruptcy value.
///
/// - Parameters:
///   - size: The position, not zero.
///   - unitValue: Its mark, ledger units per step.
///   - bankruptcyUnitValue: Where the position's share of the account's equity is used up.
///   - discount: Between 0 and 1.
/// - Returns: Rounded against the account; `nil` where bankruptcy lies on the other side of the
///   mark, for a pool pays nothing for positions.
public func takeoverUnitValue(
  of contract: Contract, size: Size, unitValue: Int64, bankruptcyUnitValue: Int64, discount: Rate
) -> Int64? {
  let room = size.sign * (unitValue - bankruptcyUnitValue)
  guard room >= 0 else { return nil }
  let moved = min(discount.share(of: abs(unitValue), rounding: .up), room)
  return clampedUnitValue(Int128(unitValue) - Int128(size.sign * moved), contract)
}

/// The steps of each position that make up a share of all, rounded toward zero.
///
/// - Parameter share: Between 0 and 1; 1 is everything.
public func proRata(_ sizes: [Size], share: Rate) -> [Size] {
  sizes.map { Size(steps: $0.sign * share.share(of: $0.magnitude.steps, rounding: .down)) }
}

/// The smallest share that suffices, to a billionth, all if none does.
///
/// By bisection, in 30 questions; where a larger share may suffice less, some share that suffices.
public func leastShare(_ suffices: (Rate) -> Bool) -> Rate {
  var low: Int64 = 0
  var high = Rate.one.billionths
  while low + 1 < high {
    let middle = (low + high) / 2
    if suffices(Rate(billionths: middle)) { high = middle } else { low = middle }
  }
  return Rate(billionths: high)
}

/// The largest share up to a limit that fits, to a billionth; zero if none does.
///
/// By bisection, in 31 questions; what is returned was asked for, so that nothing is taken that
/// does not fit, also where a smaller share may fit less.
public func largestShare(upTo limit: Rate, _ fits: (Rate) -> Bool) -> Rate {
  if limit > .zero, fits(limit) { return limit }
  var low: Int64 = 0
  var high = limit.billionths
  while low + 1 < high {
    let middle = (low + high) / 2
    if fits(Rate(billionths: middle)) { low = middle } else { high = middle }
  }
  return Rate(billionths: low)
}

/// How a pool reduces a position: so much of it, and at what price at worst.
public struct UnwindingSlice: Hashable, Sendable {
  /// Steps, positive.
  public let size: Size
  /// At least zero, at most the contract's highest price.
  public let limit: Price

  /// - Parameters:
  ///   - held: The position, not zero.
  ///   - share: The part of it, rounded up to a step.
  ///   - slippage: How much worse than the mark the price may be, as a share of the mark; rounded
  ///     so that it is no worse.
  public init(
    of held: Size, in contract: Contract, mark: Price, share: Rate, slippage: Rate
  ) {
    let whole = held.magnitude.steps
    size = Size(steps: min(max(share.share(of: whole, rounding: .up), 1), whole))
    let room = slippage.share(of: mark.steps, rounding: .down)
    limit = Price(
      steps: min(max(mark.steps - held.sign * room, 0), contract.highestPrice.steps))
  }
}
