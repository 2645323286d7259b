// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// What an account could give toward a deficit.
@frozen
public struct HaircutBearer: Hashable, Sendable {
  public let account: AccountID
  /// In proportion to which it gives: its equity, or the notional of its position; ledger units,
  /// positive.
  public let weight: Int64
  /// The most it gives, at most the weight; ledger units.
  public let cap: Int64

  /// - Parameter profit: Unrealized, ledger units, any sign.
  @inlinable
  public init(account: AccountID, equity: Int64, profit: Int64) {
    self.init(account: account, weight: equity, cap: profit)
  }

  /// - Parameter cap: At most the weight counts, at least nothing.
  @inlinable
  public init(account: AccountID, weight: Int64, cap: Int64) {
    self.account = account
    self.weight = weight
    self.cap = max(min(cap, weight), 0)
  }
}

/// Shares a deficit so that everybody gives the same part of its equity, or of its position, and
/// nobody more than its cap: the profit, or the equity.
///
///     given_i = min(η e_i, c_i),   Σ given_i = B
///
/// Whoever is capped gives the cap; the others share the rest in proportion to e. Splitting
/// an account changes nothing but rounding. Source: T. Chitra, “Autodeleveraging: Impossibilities
/// and optimization”, arXiv 2512.01112, where capped pro rata is the one rule that is proof
/// against splitting, free of scale and monotone. Exact to the unit by largest remainder, ties by
/// account.
/// - Parameters:
///   - deficit: Ledger units, positive.
///   - bearers: Each account once, in any order; the result does not depend on it.
/// - Returns: Positive shares sorted by account; their sum is `deficit`, or the caps' sum if that
///   is less.
public func shareCappedProRata(_ deficit: Int64, among bearers: [HaircutBearer]) -> [LossShare] {
  guard let haircut = Haircut(deficit, among: bearers) else { return [] }
  var shares = haircut.capped.map { LossShare(account: $0.account, units: $0.cap) }
  if haircut.remaining > 0 {
    // Nobody's exact share is above its cap, which is whole, so no share rounded up is either.
    let others = haircut.others.map { LossBearer(account: $0.account, profit: $0.weight) }
    shares += shareLoss(Int64(haircut.remaining), among: others, cap: .one)
  }
  return shares.filter { $0.units > 0 }.sorted { $0.account < $1.account }
}

/// The rate η at which ``shareCappedProRata(_:among:)`` cuts: the lowest at which all together give
/// the deficit or, where that is beyond their caps, all of these.
///
/// - Returns: 10^−12, rounded half to even, at most 10^12; `nil` where nobody has anything to give.
public func haircutRate(_ deficit: Int64, among bearers: [HaircutBearer]) -> Int64? {
  guard let haircut = Haircut(deficit, among: bearers) else { return nil }
  // Each of the others gives its part of what the capped leave; without others, who gives the
  // largest part of its weight is the last of the capped.
  var (given, weight) = (haircut.remaining, haircut.weight)
  if haircut.others.isEmpty, let last = haircut.capped.last {
    (given, weight) = (Int128(last.cap), Int128(last.weight))
  }
  guard weight > 0 else { return nil }
  return Int64((given * 1_000_000_000_000).divided(by: weight, rounding: .halfEven))
}

/// Who gives its cap, and what is left to the others in proportion.
private struct Haircut {
  /// By the part of its weight that each can give, the smallest first.
  let capped: ArraySlice<HaircutBearer>
  let others: ArraySlice<HaircutBearer>
  /// Of the deficit, and of the weights, without those of the capped.
  let remaining: Int128
  let weight: Int128

  /// `nil` without a deficit, or anybody who can give.
  init?(_ deficit: Int64, among bearers: [HaircutBearer]) {
    let able = bearers.filter { $0.cap > 0 }
    guard deficit > 0, !able.isEmpty else { return nil }
    // Whoever can give the smallest part of its equity reaches its cap first.
    let byTolerance = able.sorted { one, other in
      let (left, right) =
        (Int128(one.cap) * Int128(other.weight), Int128(other.cap) * Int128(one.weight))
      return left == right ? one.account < other.account : left < right
    }
    var remaining = Int128(deficit)
    var weight = able.reduce(Int128(0)) { $0 + Int128($1.weight) }
    var count = 0
    while count < byTolerance.count, remaining > 0 {
      let next = byTolerance[count]
      // η e > c, without a quotient.
      guard exceeds(remaining, Int128(next.weight), Int128(next.cap), weight) else { break }
      remaining -= Int128(next.cap)
      weight -= Int128(next.weight)
      count += 1
    }
    (capped, others) = (byTolerance.prefix(count), byTolerance[count...])
    (self.remaining, self.weight) = (remaining, weight)
  }
}

/// Whether a × b > c × d, of numbers that are not negative.
private func exceeds(_ a: Int128, _ b: Int128, _ c: Int128, _ d: Int128) -> Bool {
  let left = a.magnitude.multipliedFullWidth(by: b.magnitude)
  let right = c.magnitude.multipliedFullWidth(by: d.magnitude)
  return (left.high, left.low) > (right.high, right.low)
}
