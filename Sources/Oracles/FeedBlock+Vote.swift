// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Parameters
import Quantities

extension FeedBlock {
  /// Counts the votes: median, band, median of those inside the band, breaker.
  mutating func vote() -> Verdict {
    let all = votes { _ in true }
    guard all.count >= quorum else { return belowQuorum(voters: all.count) }
    let first = Ballot(all, cap: parameters.sourceWeightCap)
    let center = first.median
    let inside = first.votes.filter { isInBand($0.price, around: center) }
    guard inside.count < first.votes.count else { return judge(first) }

    for position in statements.indices {
      guard let current = statements[position].current, votes(statements[position]),
        !isInBand(current.price.steps, around: center), let sample = statements[position].sample
      else { continue }
      reject(sample, .outsideDeviationBand)
    }
    // Those inside must be a quorum and a majority: where no majority agrees, nobody is right.
    let weightInside = inside.reduce(0) { $0 + $1.weight }
    guard inside.count >= quorum, weightInside * 2 > first.total else {
      return belowQuorum(voters: inside.count)
    }
    let survivors = votes { isInBand($0, around: center) }
    return judge(Ballot(survivors, cap: parameters.sourceWeightCap))
  }

  private var quorum: Int { Int(parameters.quorum) }

  private func votes(_ statement: Statement) -> Bool {
    statement.current?.standing == .voting
  }

  private func votes(where isCounted: (Int64) -> Bool) -> [Vote] {
    var votes: [Vote] = []
    votes.reserveCapacity(statements.count)
    for (position, statement) in statements.enumerated() where self.votes(statement) {
      guard let price = statement.current?.price.steps, isCounted(price) else { continue }
      let weight = Int128(statement.parameters.weight.billionths)
      votes.append(Vote(price: price, position: position, weight: weight))
    }
    return votes
  }

  private func isInBand(_ price: Int64, around center: Int64) -> Bool {
    !isBeyond(abs(price - center), parameters.deviationBand, of: center)
  }

  /// Too few votes: a pause stays a pause, and its confirmations start again.
  private func belowQuorum(voters: Int) -> Verdict {
    guard case .circuitBroken(let pause) = state.phase else {
      return Verdict(outcome: .belowQuorum(voters: Int32(voters)), anchor: state.anchor)
    }
    let kept = CircuitBreak(
      level: pause.level, since: pause.since, until: pause.until, confirmations: 0,
      confirmedAt: time)
    return Verdict(outcome: .circuitBroken(kept), anchor: state.anchor)
  }

  private func judge(_ ballot: Ballot) -> Verdict {
    let index = IndexPrice(
      price: Price(steps: ballot.median), confidence: Price(steps: confidence(ballot)),
      voters: Int32(ballot.votes.count))
    var newest = 0
    if case .circuitBroken(let pause) = state.phase {
      for vote in ballot.votes {
        guard let current = statements[vote.position].current else { continue }
        if current.publishedAt > pause.confirmedAt { newest += 1 }
      }
    }
    return breakerVerdict(index, votersAnew: newest)
  }

  /// The larger of what the sources say themselves (weighted median) and how far they disagree.
  private func confidence(_ ballot: Ballot) -> Int64 {
    let spread = ballot.halfInterquartileRange
    let stated = ballot.votes.map { vote in
      Vote(
        price: statements[vote.position].current?.confidence.steps ?? 0, position: vote.position,
        weight: vote.weight)
    }
    guard stated.contains(where: { $0.price > 0 }) else { return spread }
    return max(spread, Ballot(stated, cap: .one).median)
  }
}
