// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Parameters
import Quantities

// A source that moves far from what it said itself, and away from what the others say, is wrong or
// first. It is set aside until the others follow, it returns, or enough new samples confirm it.
// It is never silenced for staying behind: only the one that moves is judged.

extension FeedBlock {
  /// Judges which live sources vote and which are quarantined.
  mutating func judgeJumps() {
    let ballot = ballotIfNeeded()
    for position in statements.indices where statements[position].isLive {
      guard let current = statements[position].current else { continue }
      let standing = standing(of: statements[position], current, at: position, ballot)
      stand(position, standing)
      if standing != .voting, let sample = statements[position].sample {
        reject(sample, .quarantined)
      }
    }
  }

  /// All live statements, quarantined ones too; `nil` when no source has to be compared.
  private func ballotIfNeeded() -> Ballot? {
    var isNeeded = false
    var votes: [Vote] = []
    for statement in statements where statement.isLive {
      if let previous = statement.previous, let current = statement.current {
        isNeeded = isNeeded || hasJumped(current, from: previous, statement.parameters)
      }
    }
    guard isNeeded else { return nil }
    for (position, statement) in statements.enumerated() where statement.isLive {
      guard let current = statement.current else { continue }
      let weight = Int128(statement.parameters.weight.billionths)
      votes.append(Vote(price: current.price.steps, position: position, weight: weight))
    }
    return Ballot(votes, cap: parameters.sourceWeightCap)
  }

  private func standing(
    of statement: Statement, _ current: SourceState, at position: Int, _ ballot: Ballot?
  ) -> SourceStanding {
    guard let previous = statement.previous, let ballot,
      hasJumped(current, from: previous, statement.parameters),
      isAway(current, from: previous, statement.parameters, ballot.middle(without: position))
    else { return .voting }
    let isNew = statement.sample != nil
    switch previous.standing {
    case .voting, .silent: return isNew ? .quarantined(confirmations: 0) : previous.standing
    case .quarantined(let confirmations):
      guard isNew else { return previous.standing }
      let distance = abs(current.price.steps - previous.price.steps)
      let isConfirmed = !isBeyond(
        distance, statement.parameters.jumpLimit, of: previous.price.steps)
      guard isConfirmed else { return .quarantined(confirmations: 0) }
      let reached = confirmations + 1
      return reached >= parameters.jumpConfirmations
        ? .voting : .quarantined(confirmations: reached)
    }
  }

  /// Whether the source has moved beyond its limit from the last price it stated unsuspected.
  private func hasJumped(
    _ current: SourceState, from previous: SourceState, _ limits: SourceParameters
  ) -> Bool {
    let reference = previous.reference.steps
    return isBeyond(abs(current.price.steps - reference), limits.jumpLimit, of: reference)
  }

  /// Whether the source is beyond its limit from the others, and further from them than it was.
  ///
  /// - Parameter middle: The median of the others; an interval when it is tied, so that neither
  ///   half can drive the other into quarantine; `nil` when there are no others.
  private func isAway(
    _ current: SourceState, from previous: SourceState, _ limits: SourceParameters,
    _ middle: ClosedRange<Int64>?
  ) -> Bool {
    guard let middle else { return true }
    let price = current.price.steps
    let distance = middle.distance(to: price)
    let nearest = price < middle.lowerBound ? middle.lowerBound : middle.upperBound
    return isBeyond(distance, limits.jumpLimit, of: nearest)
      && distance > middle.distance(to: previous.reference.steps)
  }
}

extension ClosedRange<Int64> {
  /// How far `value` lies outside; zero inside.
  ///
  /// - Precondition: bounds and value are prices in steps, so the difference cannot overflow.
  fileprivate func distance(to value: Int64) -> Int64 {
    Swift.max(lowerBound - value, value - upperBound, 0)
  }
}
