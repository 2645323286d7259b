// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// How large the insurance fund should be; millionths of the quote currency.
public struct FundTarget: Hashable, Sendable {
  /// The worst scenario's loss beyond margin of the two groups that lose most in it.
  public let coverTwo: Int64
  /// The mean of the worst thousandth of simulated shortfalls.
  public let expectedShortfall: Int64
  /// The larger of the two, with the addition, rounded up.
  public let target: Int64

  /// - Parameters:
  ///   - shortfalls: By scenario, then by account group: what the group loses beyond its margin;
  ///     negative where margin is left.
  ///   - simulated: The venue's shortfall on each simulated day, of either sign, in any order.
  ///   - addition: On top of the larger figure.
  /// Sources: cover-2: CPMI-IOSCO, Principles for financial market infrastructures (2012),
  /// principle 4; the expected shortfall counts the part of a day that the tail cuts.
  public init(shortfalls: [[Int64]], simulated: [Int64], addition: Rate) {
    coverTwo = shortfalls.map(Self.worstTwo).max() ?? 0
    expectedShortfall = Self.shortfall(simulated)
    let largest = max(coverTwo, expectedShortfall)
    let added = addition.share(of: largest, rounding: .up)
    target = Int64(clamping: Int128(largest) + Int128(added))
  }

  private static func worstTwo(_ shortfalls: [Int64]) -> Int64 {
    var (first, second) = (Int64(0), Int64(0))
    for shortfall in shortfalls where shortfall > second {
      if shortfall > first { (first, second) = (shortfall, first) } else { second = shortfall }
    }
    return Int64(clamping: Int128(first) + Int128(second))
  }

  /// Mean of the worst 0.1 %, rounded up; of fewer than a thousand days the worst alone.
  private static func shortfall(_ simulated: [Int64]) -> Int64 {
    guard !simulated.isEmpty else { return 0 }
    let sorted = simulated.map { max($0, 0) }.sorted(by: >)
    // In thousandths of a day: the tail holds `count` of them, each day a thousand.
    let tail = max(sorted.count, 1_000)
    var (left, sum) = (tail, Int128(0))
    for shortfall in sorted {
      guard left > 0 else { break }
      let weight = min(left, 1_000)
      sum += Int128(shortfall) * Int128(weight)
      left -= weight
    }
    return Int64(clamping: sum.divided(by: Int128(tail), rounding: .up))
  }
}

/// How far the fund has fallen below its highest stand.
public enum FundAlarm: Int, Hashable, Sendable, Comparable, CaseIterable {
  case none = 0
  /// A quarter is gone.
  case quarter = 25
  case half = 50
  case threeQuarters = 75

  /// - Parameters:
  ///   - balance: Ledger units.
  ///   - peak: The highest balance so far, ledger units.
  public init(balance: Int64, peak: Int64) {
    let gone = (Int128(peak) - Int128(max(balance, 0))) * 100
    let reached = Self.allCases.filter { $0 != .none && gone >= Int128(peak) * Int128($0.rawValue) }
    self = peak > 0 ? reached.max() ?? .none : .none
  }

  public static func < (one: FundAlarm, other: FundAlarm) -> Bool {
    one.rawValue < other.rawValue
  }
}

/// What a fund below its target asks of the venue.
public struct FundTightening: Hashable, Sendable {
  /// By how much fees into the fund rise for a day, as a share of themselves.
  public let feeRise: Rate
  /// Whether leverage is capped lower.
  public let lowersLeverage: Bool

  /// Fees rise below 70 % of the target, in a line up to `largestRise` where leverage falls too,
  /// below 30 %; rounded up.
  public init(balance: Int64, target: Int64, largestRise: Rate) {
    let part = Int128(max(balance, 0)) * 100
    let (upper, lower) = (Int128(target) * 70, Int128(target) * 30)
    lowersLeverage = part < lower
    guard target > 0, part < upper else {
      feeRise = .zero
      return
    }
    let depth = min(upper - part, upper - lower)
    // Below 2^70 × 2^30.
    let rise = (depth * Int128(min(largestRise.billionths, 1_000_000_000))).divided(
      by: upper - lower, rounding: .up)
    feeRise = Rate(billionths: Int64(rise))
  }
}

/// How much of the fund events may draw, each and together, in a window of time.
public struct FundAllowance: Hashable, Sendable {
  /// The largest part of the fund one event may draw.
  public let eventCap: Rate
  /// The largest part of the fund, as it stood when the window began, that all may draw in it.
  public let windowCap: Rate
  public let window: TimeSpan

  public init(eventCap: Rate, windowCap: Rate, window: TimeSpan) {
    self.eventCap = eventCap
    self.windowCap = windowCap
    self.window = window
  }

  /// What has been drawn since when.
  @frozen
  public struct Window: Hashable, Sendable {
    public var start: Timestamp
    /// The fund's balance then, ledger units.
    public var opening: Int64
    public var drawn: Int64

    @inlinable
    public init(start: Timestamp, opening: Int64, drawn: Int64 = 0) {
      self.start = start
      self.opening = opening
      self.drawn = drawn
    }
  }

  /// What an event may draw now, ledger units, and the window it falls into.
  ///
  /// A window begins with the first draw after the last one has ended; a draw never takes more than
  /// there is.
  public func draw(
    wanted: Int64, balance: Int64, at now: Timestamp, _ last: Window?
  ) -> (units: Int64, window: Window) {
    var current = last ?? Window(start: now, opening: balance)
    if now.nanoseconds - current.start.nanoseconds >= window.nanoseconds {
      current = Window(start: now, opening: balance)
    }
    let byEvent = eventCap.share(of: max(balance, 0), rounding: .down)
    let byWindow = windowCap.share(of: max(current.opening, 0), rounding: .down) - current.drawn
    let units = max(min(wanted, balance, byEvent, byWindow), 0)
    current.drawn += units
    return (units, current)
  }
}
