// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import MarketData
public import Quantities

/// What an asset's price as collateral becomes in a block: down at once, up at most by a rate.
///
/// A rise is price × `markUp` × time since it was last counted, in milliseconds and at most an
/// hour, rounded down; while that is less than one step the time goes on counting. A price that
/// is not fresh never rises, and what it waits is not made up for.
/// - Parameters:
///   - last: The asset's last mark; without one the price is the target.
///   - target: The smaller of index and redemption value, each the last one accepted.
///   - isFresh: Whether both were accepted in this block.
///   - markUp: Largest rise per hour, at least 0; `nil` for no limit.
/// - Returns: The price, and from when on the next rise is counted.
public func nextCollateralPrice(
  after last: CollateralMark?, target: Price, isFresh: Bool, markUp: Rate?, now: Timestamp
) -> (price: Price, since: Timestamp) {
  guard let last, target > last.price else { return (target, now) }
  guard isFresh else { return (last.price, now) }
  guard let markUp else { return (target, now) }
  let hour = TimeSpan.hour.nanoseconds / nanosecondsPerMillisecond
  let elapsed = max(now.nanoseconds - last.since.nanoseconds, 0) / nanosecondsPerMillisecond
  // In 128 bits: 10^17 steps × 10^14 billionths × 3.6·10^6 ms < 2^127.
  let rate = Int128(min(markUp.billionths, 100_000_000_000_000))
  let product = Int128(last.price.steps) * rate * Int128(min(elapsed, hour))
  let rise = product / (Int128(Rate.one.billionths) * Int128(hour))
  guard rise > 0 else { return (last.price, last.since) }
  let steps = min(Int128(last.price.steps) + rise, Int128(target.steps))
  return (Price(steps: Int64(steps)), now)
}

private let nanosecondsPerMillisecond: Int64 = 1_000_000
