// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Parameters
import Quantities
import TestFixtures
import Testing

@testable import RiskEngine

/// One position closed against others, as the events tell it and as the rule has it.
struct DeleveragingRun {
  /// Somebody opposite, measured by the watch.
  struct Candidate {
    let account: AccountID
    let size: Int64
    /// At the execution value, millionths of the quote currency.
    let profit: Int64
    let notional: Int64
    let equity: Int64
    let exposure: Int64
  }

  let account: AccountID
  let instrument: InstrumentID
  let unitValue: Int64
  let record: DeleveragingAllocation?
  /// Ascending by account.
  let candidates: [Candidate]
  /// What is to be closed.
  let wanted: Int64
  /// The sign of the candidates' positions.
  let side: Int64
  let hold: WorldPromise
  var cuts: [(account: AccountID, steps: Int64)] = []

  var rule: UInt8 { record?.rule ?? 0 }
  var isWidened: Bool { record?.isWidened ?? false }

  /// Who can take part: a solvent account with a position, and a profit where the rule asks for it.
  var eligible: [Candidate] {
    candidates.filter {
      $0.equity > 0 && $0.size > 0 && (isWidened ? $0.notional > 0 : $0.profit > 0)
    }
  }

  /// P33, P34: the allocation is the rule's, to the step.
  func check() {
    let expected = isDraining ? nil : greedy()
    if let expected {
      hold(expected.count == cuts.count, "P33: \(expected) and not \(cuts)")
      for (one, other) in zip(expected, cuts) {
        hold(one == other, "P33: \(expected) and not \(cuts)")
      }
    } else {
      checkDraining()
    }
    let total = eligible.reduce(Int128(0)) { $0 + Int128($1.size) }
    let cut = cuts.reduce(Int128(0)) { $0 + Int128($1.steps) }
    hold(cut == min(Int128(wanted), total), "P34: \(cut) of \(wanted), \(total) there")
  }

  private var isDraining: Bool { rule == 1 }

  // MARK: The queues, written from their definitions

  private func greedy() -> [(AccountID, Int64)] {
    switch rule {
    case 0: inOrder(ranked { $0.profitTimesLeverage })
    case 2: inOrder(ranked { $0.priceRatioTimesLeverage(isLong: side > 0) })
    case 3: proRata()
    default: inOrder(drawn())
    }
  }

  private func ranked(_ rank: (Candidate) -> Int128) -> [Candidate] {
    eligible.sorted { one, other in
      let (left, right) = (rank(one), rank(other))
      return left == right ? one.account < other.account : left > right
    }
  }

  private func inOrder(_ queue: [Candidate]) -> [(AccountID, Int64)] {
    var left = wanted
    var cuts: [(AccountID, Int64)] = []
    for candidate in queue where left > 0 {
      cuts.append((candidate.account, min(left, candidate.size)))
      left -= min(left, candidate.size)
    }
    return cuts
  }

  /// dYdX: from a drawn account on, round the circle of ids.
  private func drawn() -> [Candidate] {
    guard let seed = record?.seed, !eligible.isEmpty else { return [] }
    var random = Seeded(seed)
    let first = Int(random.next() % UInt64(eligible.count))
    return Array(eligible[first...] + eligible[..<first])
  }

  /// The same part of everybody, by largest remainder, ties by account.
  private func proRata() -> [(AccountID, Int64)] {
    let total = eligible.reduce(Int128(0)) { $0 + Int128($1.size) }
    guard total > Int128(wanted) else { return eligible.map { ($0.account, $0.size) } }
    var parts = eligible.map { candidate in
      let exact = Int128(wanted) * Int128(candidate.size)
      return (account: candidate.account, steps: Int64(exact / total), rest: exact % total)
    }
    var left = wanted - parts.reduce(0) { $0 + $1.steps }
    let byRest = parts.indices.sorted {
      parts[$0].rest == parts[$1].rest ? $0 < $1 : parts[$0].rest > parts[$1].rest
    }
    for place in byRest where left > 0 {
      parts[place].steps += 1
      left -= 1
    }
    return parts.filter { $0.steps > 0 }.map { ($0.account, $0.steps) }
  }

  // MARK: Draining

  /// One level ℓ, the lowest that takes no more than is wanted: everybody is cut to it, and what
  /// whole steps have left comes from whom the next lower level would cut further, by account.
  private func checkDraining() {
    guard let level = record?.level else {
      hold.broken("P33: leverages drained without a record")
      return
    }
    let all = eligible
    let total = all.reduce(Int128(0)) { $0 + Int128($1.size) }
    let goal = min(Int128(wanted), total)
    func sum(_ level: Int128) -> Int128 { all.reduce(0) { $0 + $1.cut(to: level) } }
    if level < .max { hold(sum(Int128(level)) <= goal, "P33: too low a level") }
    if level > -Int64.max, goal < total {
      hold(sum(Int128(level) - 1) > goal, "P33: not the lowest level")
    }
    var steps = all.map { min($0.cut(to: Int128(level)), goal) }
    var left = goal - steps.reduce(0, +)
    for (place, candidate) in all.enumerated() where left > 0 {
      let further =
        level > -Int64.max ? candidate.cut(to: Int128(level) - 1) : Int128(candidate.size)
      let added = min(further - steps[place], left)
      steps[place] += added
      left -= added
    }
    let expected = zip(all, steps).filter { $1 > 0 }.map { ($0.account, Int64($1)) }
    hold(expected.count == cuts.count, "P33: \(expected) and not \(cuts)")
    for (one, other) in zip(expected, cuts) {
      hold(one == other, "P33: \(expected) and not \(cuts)")
    }
    checkLeverage()
  }

  /// The highest leverage among the candidates never rises: nobody is cut below who is not the
  /// highest.
  private func checkLeverage() {
    func isHigher(_ one: Candidate, _ cut: Int64, than level: Int64) -> Bool {
      // What is left of the exposure over equity, against the level in 2^−32.
      let left = Int128(one.exposure) - Int128(one.notional) * Int128(cut) / Int128(one.size)
      return (left << 32) > (Int128(level) + 1) * Int128(one.equity) + (Int128(one.notional) << 32)
    }
    guard let level = record?.level, level < .max else { return }
    for candidate in eligible {
      let cut = cuts.first { $0.account == candidate.account }?.steps ?? 0
      guard cut < candidate.size else { continue }
      hold(!isHigher(candidate, cut, than: level), "P33: left above the level")
    }
  }
}

extension DeleveragingRun.Candidate {
  /// BitMEX: profit ÷ notional × notional ÷ equity, both in millionths, rounded down.
  fileprivate var profitTimesLeverage: Int128 {
    guard notional > 0 else { return 0 }
    return (Int128(profit) * 1_000_000 / Int128(notional))
      * (Int128(notional) * 1_000_000 / Int128(equity))
  }

  /// Hyperliquid: mark ÷ entry × notional ÷ equity; a short's ratio the other way up.
  fileprivate func priceRatioTimesLeverage(isLong: Bool) -> Int128 {
    let mark = Int128(notional)
    let entry = isLong ? max(mark - Int128(profit), 1) : mark + Int128(profit)
    let ratio = isLong ? mark * 1_000_000 / entry : entry * 1_000_000 / mark
    return ratio * (mark * 1_000_000 / Int128(equity))
  }

  /// s · (n − ℓ e) ÷ v in whole steps, between nothing and all.
  fileprivate func cut(to level: Int128) -> Int128 {
    let excess = Int128(exposure) - floorShift(level * Int128(equity))
    guard excess > 0 else { return 0 }
    return min(Int128(size) * min(excess, Int128(notional)) / Int128(notional), Int128(size))
  }

  private func floorShift(_ value: Int128) -> Int128 { value >> 32 }
}
