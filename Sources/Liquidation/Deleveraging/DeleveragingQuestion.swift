// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Quantities

/// A position to close against others, as far as who is asked for how much depends on it.
public struct DeleveragingQuestion: Hashable, Sendable {
  /// Steps to close, positive.
  public let size: Size
  /// Of the candidates' positions.
  public let side: Side
  public let rule: DeleveragingRule
  /// `false` asks those without a profit too; only under ``DeleveragingRule/leverageDraining``.
  public let requiresProfit: Bool

  /// Up to so many candidates are all named.
  static let fewCandidates = 200
  /// Of more, so many are named besides those who are cut.
  static let nextInLine = 20

  public init(size: Size, side: Side, rule: DeleveragingRule, requiresProfit: Bool = true) {
    self.size = size
    self.side = side
    self.rule = rule
    self.requiresProfit = requiresProfit
  }

  /// Who gives how much.
  ///
  /// - Parameter candidates: Each account once, in any order.
  /// - Returns: Cuts in the order in which they trade, and where leverages are drained the level at
  ///   which those who are cut end, in 2^−32.
  public func allocate(
    among candidates: [DeleveragingCandidate]
  ) -> (cuts: [DeleveragingCut], level: Int64?) {
    guard rule == .leverageDraining else {
      return (allocateDeleveraging(of: size, among: candidates, side: side, by: rule), nil)
    }
    let draining = drainLeverage(of: size, among: candidates, requiresProfit: requiresProfit)
    return (draining.cuts, draining.level)
  }

  /// Those of the candidates to name so that anyone can find the same cuts and level: of many,
  /// all who are cut and the next in line, where those suffice; else everybody.
  ///
  /// - Parameters:
  ///   - cuts: What ``allocate(among:)`` found among the candidates.
  ///   - level: What it found beside them.
  /// - Returns: Sorted by account.
  public func witnesses(
    among candidates: [DeleveragingCandidate], cuts: [DeleveragingCut], level: Int64?
  ) -> [DeleveragingCandidate] {
    let sorted = candidates.sorted { $0.account < $1.account }
    guard candidates.count > Self.fewCandidates else { return sorted }
    var (named, others) = Self.divide(sorted, cuts)
    var line = RankedDraw(others.compactMap { one in key(of: one).map { (key: $0, one) } }) {
      $0.key != $1.key ? $0.key > $1.key : $0.1.account < $1.1.account
    }
    for _ in 0..<Self.nextInLine {
      guard let next = line.next() else { break }
      named.append(next.1)
    }
    named.sort { $0.account < $1.account }
    let found = allocate(among: named)
    return found.cuts == cuts && found.level == level ? named : sorted
  }

  /// Those who are cut.
  ///
  /// - Parameter candidates: Sorted by account.
  /// - Returns: Sorted by account.
  public static func cut(
    of candidates: [DeleveragingCandidate], _ cuts: [DeleveragingCut]
  ) -> [DeleveragingCandidate] {
    divide(candidates, cuts).cut
  }

  private static func divide(
    _ candidates: [DeleveragingCandidate], _ cuts: [DeleveragingCut]
  ) -> (cut: [DeleveragingCandidate], others: [DeleveragingCandidate]) {
    var accounts = cuts.map(\.account).sorted()[...]
    var (cut, others): ([DeleveragingCandidate], [DeleveragingCandidate]) = ([], [])
    for candidate in candidates {
      if candidate.account == accounts.first {
        accounts.removeFirst()
        cut.append(candidate)
      } else {
        others.append(candidate)
      }
    }
    return (cut, others)
  }

  /// Higher is asked first; `nil` for who is not asked at all.
  private func key(of candidate: DeleveragingCandidate) -> Int128? {
    guard requiresProfit ? candidate.isEligible : candidate.isSolvent else { return nil }
    guard rule == .leverageDraining else { return candidate.rank(by: rule, side: side) }
    return Int128(candidate.exposure) * 1_000_000_000 / Int128(candidate.equity)
  }
}
