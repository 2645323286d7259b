// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
public import Quantities

/// A deleveraging that brings every account it touches to one leverage.
public struct LeverageDraining: Hashable, Sendable {
  /// Exposure ÷ equity at which the accounts that are touched end, unless their position is gone
  /// before, in 2^−32, to within a step; negative when even hedges had to be broken.
  public let level: Int64
  /// Sorted by account.
  public let cuts: [DeleveragingCut]
}

/// Closes positions so that the highest leverage among those who stay becomes as low as it can.
///
///     cut_i = min(s_i, s_i (n_i − ℓ e_i)⁺ ÷ v_i),   Σ cut_i = Q
///
/// with size s, exposure n, equity e and notional v: water flows off the highest leverage first.
/// An account whose position hedges another has little or negative exposure, so a hedged pair is
/// broken only when nothing else is left (ℓ < 0). Splitting an account in two, or merging two of
/// the same leverage, changes nothing but rounding. Source of the rule: “Risk-based
/// auto-deleveraging”, arXiv 2603.15963 (2026), where it minimizes expected loss.
///
/// Exact in whole steps: ℓ is the lowest multiple of 2^−32 at which no more than `size` is cut,
/// and what is missing then comes from the accounts that one multiple less would cut further,
/// lowest account first. Leverages beyond ± 2^31 count as equal.
/// - Parameters:
///   - size: Steps to close, positive.
///   - candidates: Each account once, in any order; those without profit at the execution value,
///     without equity or without size are left out.
///   - requiresProfit: `false` takes those without a profit too, for when the winners do not
///     suffice.
/// - Returns: Cuts whose sizes sum to `size`, or to all there is.
public func drainLeverage(
  of size: Size, among candidates: [DeleveragingCandidate], requiresProfit: Bool = true
) -> LeverageDraining {
  let eligible = candidates.filter { requiresProfit ? $0.isEligible : $0.isSolvent }
    .sorted { $0.account < $1.account }
  let basin = Basin(eligible)
  let wanted = min(Int128(size.steps), basin.total)
  guard wanted > 0 else { return LeverageDraining(level: Basin.highest, cuts: []) }
  let level = basin.level(cutting: wanted)
  var missing = wanted
  var steps = eligible.map { candidate in
    // Only beyond the highest level is more cut than is wanted.
    let cut = min(Int128(candidate.cut(at: level)), missing)
    missing -= cut
    return Int64(cut)
  }
  for (place, candidate) in eligible.enumerated() where missing > 0 {
    let further = level > Basin.lowest ? candidate.cut(at: level - 1) : candidate.size.steps
    let added = min(Int128(further - steps[place]), missing)
    steps[place] += Int64(added)
    missing -= added
  }
  let cuts = zip(eligible, steps).filter { $1 > 0 }
    .map { DeleveragingCut(account: $0.account, size: Size(steps: $1)) }
  return LeverageDraining(level: level, cuts: cuts)
}

/// All candidates, asked together what a level would cut.
private struct Basin {
  static let highest = Int64.max
  static let lowest = -Int64.max
  /// Bits behind the point of a level.
  static let fraction: Int128 = 32

  let candidates: [DeleveragingCandidate]
  let total: Int128

  init(_ candidates: [DeleveragingCandidate]) {
    self.candidates = candidates
    total = candidates.reduce(0) { $0 + Int128($1.size.steps) }
  }

  /// The lowest level that cuts no more than `wanted`; the highest of all if none does.
  func level(cutting wanted: Int128) -> Int64 {
    guard missing(from: wanted, at: Self.lowest) < 0 else { return Self.lowest }
    guard missing(from: wanted, at: Self.highest) >= 0 else { return Self.highest }
    // `above` cuts no more than is wanted, `below` more.
    var (above, below) = bracket(wanted)
    let (undecided, wanted) = divide(above, below, wanted)
    while below < above - 1 {
      let middle = below + Int64((Int128(above) - Int128(below)) / 2)
      if undecided.missing(from: wanted, at: middle) >= 0 { above = middle } else { below = middle }
    }
    return above
  }

  /// Two levels with the one that is sought between them, as near as the estimate allows.
  private func bracket(_ wanted: Int128) -> (above: Int64, below: Int64) {
    let guess = estimate(cutting: wanted)
    let first = missing(from: wanted, at: guess.level)
    // As far beyond the guess as would make up for what it misses, were it not for whole steps.
    let distance = min(Double(first.magnitude) * guess.levelsPerStep * 1.25, Double(1 << 62))
    var width = Int128(distance) + 1
    var (above, below) = (Int128(guess.level), Int128(guess.level))
    if first >= 0 {
      repeat {
        above = below
        below -= width
        width *= 4
      } while below > Int128(Self.lowest) && missing(from: wanted, at: Self.clamped(below)) >= 0
    } else {
      repeat {
        below = above
        above += width
        width *= 4
      } while above < Int128(Self.highest) && missing(from: wanted, at: Self.clamped(above)) < 0
    }
    return (Self.clamped(above), Self.clamped(below))
  }

  /// Those whose cuts differ between two levels, and what is wanted of them: nobody else's cut
  /// depends on where between the two the level comes to lie.
  private func divide(
    _ above: Int64, _ below: Int64, _ wanted: Int128
  ) -> (undecided: Basin, wanted: Int128) {
    var wanted = wanted
    let undecided = candidates.filter { candidate in
      let cut = candidate.cut(at: above)
      guard cut == candidate.cut(at: below) else { return true }
      wanted -= Int128(cut)
      return false
    }
    return (Basin(undecided), wanted)
  }

  private static func clamped(_ level: Int128) -> Int64 {
    Int64(min(max(level, Int128(lowest)), Int128(highest)))
  }

  /// What is still wanted beyond what a level cuts; negative where it cuts more.
  private func missing(from wanted: Int128, at level: Int64) -> Int128 {
    var left = wanted
    let candidates = candidates.span
    for place in candidates.indices {
      left -= Int128(candidates[place].cut(at: level))
    }
    return left
  }
}

// MARK: A first guess

extension Basin {
  /// A level in binary floating point, and how many multiples of 2^−32 make one step; where it
  /// lies decides how long the search takes, and nothing else.
  fileprivate func estimate(cutting wanted: Int128) -> (level: Int64, levelsPerStep: Double) {
    var search = LevelSearch(
      terms: candidates.map(LevelSearch.Terms.init), goal: Double(wanted))
    let level = search.level()
    let unit = Double(1 << 32)
    return (
      Self.clamped(Int128((level * unit).rounded())),
      search.steepness > 0 ? unit / search.steepness : 1
    )
  }
}

/// Newton's method on the sum of all cuts, inside a bracket; whose cut the bracket decides already
/// is asked no more, so that most steps ask few.
private struct LevelSearch {
  struct Terms {
    let size: Double
    let exposure: Double
    let equity: Double
    /// Steps per millionth.
    let density: Double
    /// The leverage above which nothing is cut, and the one below which all is.
    let top: Double
    let bottom: Double

    init(_ candidate: DeleveragingCandidate) {
      size = Double(candidate.size.steps)
      exposure = Double(candidate.exposure)
      equity = Double(candidate.equity)
      let notional = Double(candidate.notional)
      density = size / notional
      top = exposure / equity
      bottom = (exposure - notional) / equity
    }
  }

  /// Of those whom the bracket does not decide.
  var terms: [Terms]
  /// Steps that they, and those who are cut in part, are to give.
  var goal: Double
  /// Of those who are cut in part wherever in the bracket: constant − slope × level.
  var constant = 0.0
  var slope = 0.0
  /// Steps more for a level lower by 1, where the search last asked.
  var steepness = 0.0

  private static let limit = Double(1 << 31)
  /// What a cut in part loses to whole steps, on average.
  private static let lost = 0.5

  init(terms: [Terms], goal: Double) {
    self.terms = terms
    self.goal = goal
  }

  mutating func level() -> Double {
    var low = -Self.limit
    var high = min(terms.reduce(0) { max($0, $1.top) } + 1, Self.limit)
    // Nearly always there is something left to drain at no leverage at all.
    var level = 0.0
    for step in 0..<256 {
      let excess: Double
      (excess, steepness) = self.excess(at: level)
      if excess > 0 { low = level } else { high = level }
      narrow(low, high)
      if terms.isEmpty, slope > 0 {
        steepness = slope
        return min(max((constant - goal) / slope, low), high)
      }
      guard high - low > 1e-10 else { break }
      let next = level + excess / steepness
      // Kinks can throw a step to and fro; every third one halves.
      level = next > low && next < high && step % 3 < 2 ? next : (low + high) / 2
    }
    return level
  }

  private func excess(at level: Double) -> (excess: Double, steepness: Double) {
    var sum = constant - slope * level - goal
    var steepness = slope
    for term in terms {
      let cut = (term.exposure - level * term.equity) * term.density
      if cut >= term.size {
        sum += term.size
      } else if cut > 0 {
        sum += cut - Self.lost
        steepness += term.equity * term.density
      }
    }
    return (sum, steepness)
  }

  private mutating func narrow(_ low: Double, _ high: Double) {
    var kept = 0
    for place in terms.indices {
      let term = terms[place]
      if term.top <= low { continue }
      if term.bottom >= high {
        goal -= term.size
      } else if term.top >= high, term.bottom <= low {
        constant += term.exposure * term.density - Self.lost
        slope += term.equity * term.density
      } else {
        terms[kept] = term
        kept += 1
      }
    }
    terms.removeLast(terms.count - kept)
  }
}

extension DeleveragingCandidate {
  /// Whole steps that a level leaves no room for.
  @inline(__always)
  fileprivate func cut(at level: Int64) -> Int64 {
    let room = (Int128(level) * Int128(equity)) >> Basin.fraction
    let excess = Int128(exposure) - room
    guard excess > 0 else { return 0 }
    guard excess < Int128(notional) else { return size.steps }
    // Below 2^31 steps × 2^63: the quotient is below the size.
    let product = UInt64(size.steps).multipliedFullWidth(by: UInt64(excess))
    return Int64(UInt64(notional).dividingFullWidth(product).quotient)
  }
}
