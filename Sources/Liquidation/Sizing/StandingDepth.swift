// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Ledger
public import Parameters
public import Quantities

/// How many steps of one side of a book have stood there over a window.
///
/// The largest depth that was there, or more, for all of the known time in the window but a
/// tolerated part of it; and never more than is there now. Without tolerance it is the least
/// depth of the window. Time before the first report is not known and does not count, so what
/// has been reported once counts at once, but never for more than it is.
/// - Parameters:
///   - side: Of the order that would take it: a sale meets bids.
///   - instant: Now, not before the last report.
/// - Returns: `nil` where nothing was reported.
public func standingDepth(
  of market: MarketDepth, side: Side, at instant: Timestamp, _ terms: StandingDepthParameters
) -> Int64? {
  guard let last = market.spans.last else { return nil }
  let steps = { (span: DepthSpan) -> Int64 in side == .sell ? span.bids : span.asks }
  let oldest = Int128(instant.nanoseconds) - Int128(terms.window.nanoseconds)
  var known: Int128 = 0
  var stands: [(steps: Int64, time: Int128)] = []
  for (place, span) in market.spans.enumerated() {
    let isLast = place + 1 == market.spans.count
    let end = Int128(isLast ? instant.nanoseconds : market.spans[place + 1].from.nanoseconds)
    let time = end - max(Int128(span.from.nanoseconds), oldest)
    guard time >= 0, isLast || time > 0 else { continue }
    stands.append((steps(span), time))
    known += time
  }
  stands.sort { $0.steps < $1.steps }
  // 2^63 × 10^9 stays far below 2^127.
  let tolerated = known * Int128(terms.tolerance.billionths) / Int128(Rate.one.billionths)
  var lower: Int128 = 0
  for stand in stands {
    lower += stand.time
    if lower > tolerated || stand.steps == stands.last?.steps {
      return min(stand.steps, steps(last))
    }
  }
  return steps(last)
}

/// What taking so many steps is expected to cost, as a share of notional, where the reported depth
/// lies evenly from the mark to its distance: the mean of the way, rounded up.
///
/// - Parameters:
///   - size: Steps, not negative; beyond the depth it counts as all of it.
///   - depth: Steps, not negative.
public func costOfDepth(_ size: Size, of depth: Int64, distance: Rate) -> Rate {
  let taken = min(Int128(size.steps.magnitude), Int128(max(depth, 1)))
  let cost = (Int128(distance.billionths) * taken).divided(
    by: 2 * Int128(max(depth, 1)), rounding: .up)
  return Rate(billionths: Int64(clamping: cost))
}

/// The same where the whole size is taken at once: what the depth does not give lies beyond its
/// distance, and costs that at least.
public func leastCost(of size: Size, through depth: Int64, distance: Rate) -> Rate {
  let (whole, given) = (Int128(size.steps.magnitude), Int128(max(depth, 0)))
  guard whole > given else { return costOfDepth(size, of: depth, distance: distance) }
  // distance × (1 − depth ÷ 2 size); below 2^63 × 2^65.
  let cost = (Int128(distance.billionths) * (2 * whole - given)).divided(
    by: 2 * whole, rounding: .up)
  return Rate(billionths: Int64(clamping: cost))
}
