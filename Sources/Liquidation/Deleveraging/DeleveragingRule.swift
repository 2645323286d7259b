// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import NumericalMethods
public import Quantities

/// Who gives up a position first when one has to be closed against others.
public enum DeleveragingRule: Hashable, Sendable {
  /// Everybody to one leverage: ``drainLeverage(of:among:requiresProfit:)``.
  case leverageDraining
  /// The highest profit × leverage first: ``DeleveragingCandidate/rank``. Source: BitMEX.
  case profitTimesLeverage
  /// The highest (mark ÷ entry) × (notional ÷ equity) first, a short's ratio the other way up.
  ///
  /// Source: Hyperliquid, “Auto-deleveraging”; the text does not say how a short is meant.
  case priceRatioTimesLeverage
  /// Everybody the same part of a position, by largest remainder, ties by account.
  case proRata
  /// Account by account from a drawn one on, without rank. Source: dYdX v4, `deleveraging.go`.
  case randomStart(seed: UInt64)
}

/// Whose positions are closed against a bankrupt one, by a stated rule.
///
/// Every rule leaves alone who has no profit at the execution value or no equity.
/// - Parameters:
///   - size: Steps to close, positive.
///   - side: The side of the candidates' positions.
///   - candidates: Each account once, in any order; the result does not depend on it.
/// - Returns: Cuts whose sizes sum to `size`, or to all there is.
public func allocateDeleveraging(
  of size: Size, among candidates: [DeleveragingCandidate], side: Side, by rule: DeleveragingRule
) -> [DeleveragingCut] {
  switch rule {
  case .leverageDraining: drainLeverage(of: size, among: candidates).cuts
  case .profitTimesLeverage: allocateDeleveraging(of: size, among: candidates)
  case .priceRatioTimesLeverage:
    draw(size, candidates) { $0.priceRatioTimesLeverage(side) }
  case .proRata: shareSize(size, candidates)
  case .randomStart(let seed): goRound(size, candidates, seed: seed)
  }
}

extension DeleveragingCandidate {
  /// Whether a deleveraging may touch it at all.
  var isEligible: Bool { profit > 0 && isSolvent }

  /// Whether it can take part in any deleveraging, were it in profit.
  var isSolvent: Bool { equity > 0 && size.steps > 0 && notional > 0 }

  /// Its place in the queue of a rule, for everybody to see: higher is touched first, 0 is never
  /// touched while others suffice.
  ///
  /// Rules that rank nobody give everybody the same.
  public func rank(by rule: DeleveragingRule, side: Side) -> Int128 {
    guard isEligible else { return 0 }
    switch rule {
    case .profitTimesLeverage: return rank
    case .priceRatioTimesLeverage: return max(priceRatioTimesLeverage(side), 1)
    case .proRata, .randomStart: return 1
    case .leverageDraining:
      // In billionths; a hedge counts as the lowest there is.
      return max(Int128(exposure) * 1_000_000_000 / Int128(equity), 1)
    }
  }

  /// (mark ÷ entry) × (notional ÷ equity) of a long, (entry ÷ mark) × … of a short, 10^−12.
  fileprivate func priceRatioTimesLeverage(_ side: Side) -> Int128 {
    let mark = Int128(notional)
    let entry = side == .buy ? max(mark - Int128(profit), 1) : mark + Int128(profit)
    let (above, below) = side == .buy ? (mark, entry) : (entry, mark)
    let ratio = above * 1_000_000 / below
    let leverage = mark * 1_000_000 / Int128(equity)
    let (rank, overflows) = ratio.multipliedReportingOverflow(by: leverage)
    return overflows ? .max : rank
  }
}

/// The highest rank first, ties by account.
private func draw(
  _ size: Size, _ candidates: [DeleveragingCandidate],
  rank: (DeleveragingCandidate) -> Int128
) -> [DeleveragingCut] {
  let ranked = candidates.filter(\.isEligible).map { (rank: rank($0), candidate: $0) }
  var draw = RankedDraw(ranked) { one, other in
    if one.rank != other.rank { return one.rank > other.rank }
    return one.candidate.account < other.candidate.account
  }
  return take(size) { draw.next()?.candidate }
}

private func goRound(
  _ size: Size, _ candidates: [DeleveragingCandidate], seed: UInt64
) -> [DeleveragingCut] {
  let circle = candidates.filter(\.isEligible).sorted { $0.account < $1.account }
  guard !circle.isEmpty else { return [] }
  var random = SplitMix64(seed: seed)
  var places = Int(random.next() % UInt64(circle.count))..<Int.max
  let last = places.lowerBound + circle.count
  return take(size) {
    guard let place = places.popFirst(), place < last else { return nil }
    return circle[place % circle.count]
  }
}

/// All of each, one after the other, until nothing is missing.
private func take(
  _ size: Size, from next: () -> DeleveragingCandidate?
) -> [DeleveragingCut] {
  var remaining = size.steps
  var cuts: [DeleveragingCut] = []
  while remaining > 0, let candidate = next() {
    let taken = min(remaining, candidate.size.steps)
    cuts.append(DeleveragingCut(account: candidate.account, size: Size(steps: taken)))
    remaining -= taken
  }
  return cuts
}

private func shareSize(
  _ size: Size, _ candidates: [DeleveragingCandidate]
) -> [DeleveragingCut] {
  let bearers = candidates.filter(\.isEligible)
    .map { LossBearer(account: $0.account, profit: $0.size.steps) }
  return shareLoss(size.steps, among: bearers, cap: Rate(billionths: 1_000_000_000))
    .map { DeleveragingCut(account: $0.account, size: Size(steps: $0.units)) }
}

/// Where an account stands in a queue, for everybody to see.
public struct QueuePlace: Hashable, Sendable {
  /// 1 for those who are touched first; accounts of one rank share it.
  public let place: Int
  /// How many stand in the queue.
  public let count: Int
  /// The share of the queue at this place or behind it, in hundredths, rounded up: 100 is the next
  /// to be touched, the lowest is the last.
  ///
  /// Venues that publish a queue show five lights; this is the light in hundredths.
  public let quantile: Int

  public init(place: Int, count: Int, quantile: Int) {
    self.place = place
    self.count = count
    self.quantile = quantile
  }
}

/// Where each account stands in the queue.
///
/// - Parameter ranks: By account; higher is touched first.
/// - Returns: By the place in `ranks`; those without rank (at most 0) have none.
public func deleveragingQueue(_ ranks: [Int128]) -> [QueuePlace?] {
  let sorted = ranks.filter { $0 > 0 }.sorted()
  return ranks.map { rank in
    guard rank > 0 else { return nil }
    // How many stand at this rank or behind it.
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] <= rank { low = middle + 1 } else { high = middle }
    }
    return QueuePlace(
      place: sorted.count - low + 1, count: sorted.count,
      quantile: (low * 100 + sorted.count - 1) / sorted.count)
  }
}
