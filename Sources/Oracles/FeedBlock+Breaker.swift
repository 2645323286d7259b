// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Parameters
import Quantities

extension FeedBlock {
  /// Accepts a median, or pauses the feed when it is too far from the last accepted price.
  ///
  /// Moves are measured from an anchor that is renewed at most once a minute, so that many small
  /// blocks cannot add up to more than the limit of their minute.
  /// - Parameter votersAnew: Voters that published after the last confirmation of a pause.
  func breakerVerdict(_ index: IndexPrice, votersAnew: Int) -> Verdict {
    guard let anchor = state.anchor else { return accepted(index, renewsAnchor: true) }
    let elapsed = nanoseconds(from: anchor.time, to: time)
    let move = abs(index.price.steps - anchor.price.steps)
    guard case .circuitBroken(let pause) = state.phase else {
      guard isBeyond(move, limit(elapsed), of: anchor.price.steps) else {
        return accepted(index, renewsAnchor: elapsed >= minute)
      }
      return broken(index.price, since: time)
    }
    // During a pause time alone does not widen the limit: back near the anchor, or confirmed.
    if !isBeyond(move, parameters.breaker.limit, of: anchor.price.steps) {
      return accepted(index, renewsAnchor: true)
    }
    let step = abs(index.price.steps - pause.level.steps)
    if isBeyond(step, parameters.breaker.tolerance, of: pause.level.steps) {
      return broken(index.price, since: pause.since)
    }
    return confirmed(index, pause, isAnew: votersAnew >= Int(parameters.quorum))
  }

  private func confirmed(_ index: IndexPrice, _ pause: CircuitBreak, isAnew: Bool) -> Verdict {
    let confirmations = pause.confirmations + (isAnew ? 1 : 0)
    if confirmations >= parameters.breaker.confirmations, time >= pause.until {
      return accepted(index, renewsAnchor: true)
    }
    let kept = CircuitBreak(
      level: index.price, since: pause.since, until: pause.until, confirmations: confirmations,
      confirmedAt: isAnew ? time : pause.confirmedAt)
    return Verdict(outcome: .circuitBroken(kept), anchor: state.anchor)
  }

  private func accepted(_ index: IndexPrice, renewsAnchor: Bool) -> Verdict {
    Verdict(
      outcome: .accepted(index),
      anchor: renewsAnchor ? PriceAnchor(price: index.price, time: time) : state.anchor)
  }

  /// A pause that starts, or starts again because the level moved on.
  private func broken(_ level: Price, since: Timestamp) -> Verdict {
    let until = Int128(time.nanoseconds) + Int128(parameters.breaker.pause.nanoseconds)
    let pause = CircuitBreak(
      level: level, since: since, until: Timestamp(nanoseconds: Int64(clamping: until)),
      confirmations: 0, confirmedAt: time)
    return Verdict(outcome: .circuitBroken(pause), anchor: state.anchor)
  }

  private var minute: Int128 { Int128(TimeSpan.minute.nanoseconds) }

  /// The largest move permitted after `elapsed` nanoseconds: the limit for up to a minute, then
  /// in proportion, never above the ceiling.
  private func limit(_ elapsed: Int128) -> Rate {
    let breaker = parameters.breaker
    let scaled = Int128(breaker.limit.billionths) * max(elapsed, minute) / minute
    return Rate(billionths: Int64(min(scaled, Int128(breaker.ceiling.billionths))))
  }
}
