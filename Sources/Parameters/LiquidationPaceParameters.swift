// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// When accounts are looked at, how much an order takes at least, and who earns the penalty.
///
/// What is not stated is as this venue works: every block, without grace, no more than restores
/// the account, and the whole penalty for the insurance fund.
public struct LiquidationPace: Hashable, Sendable {
  /// Liquidations begin only in the first block at or after a whole multiple of this since 1970;
  /// zero for every block.
  public let checkInterval: TimeSpan
  /// How long an account that has been called may put things right before anything is sold.
  public let grace: TimeSpan
  /// The smallest part of a position that one order takes, though less would restore the account;
  /// never more than a slice.
  public let leastShare: Rate
  /// Whether a liquidation ends only when no position is left, restored or not.
  public let closesAll: Bool
  /// The book is left to the next stage at this multiple of the maintenance margin, or below;
  /// zero for an account that has nothing left.
  public let handover: Rate
  /// How much larger slices become as an account sinks below maintenance margin: by this times
  /// the share of it that is lost, of what a slice leaves out; zero for slices of one size.
  public let urgency: Rate
  /// The part of the penalty that goes to whoever takes the position; the rest is the fund's.
  public let keeperShare: Rate
  /// What would be left of a position and is worth less than this is closed with the rest,
  /// millionths of the quote currency; zero to leave any.
  public let leastLeft: Int64
  /// Whether orders that can only reduce stay in the book when a liquidation begins, and only the
  /// others are removed.
  public let keepsReducing: Bool

  init(_ set: ParameterSet) throws(ParameterError) {
    checkInterval = TimeSpan(nanoseconds: try set.stated("liquidation.checkInterval") ?? 0)
    grace = TimeSpan(nanoseconds: try set.stated("liquidation.grace") ?? 0)
    leastShare = Rate(billionths: try set.stated("liquidation.leastShare") ?? 0)
    closesAll = try set.stated("liquidation.closesAll") == 1
    handover = Rate(billionths: try set.stated("liquidation.handover") ?? 0)
    urgency = Rate(billionths: try set.stated("liquidation.urgency") ?? 0)
    keeperShare = Rate(billionths: try set.stated("liquidation.keeperShare") ?? 0)
    leastLeft = try set.stated("liquidation.leastLeft") ?? 0
    keepsReducing = try set.stated("liquidation.keepsReducing") == 1
  }

  /// Whether liquidations may begin in a block, given the time of the block before it.
  public func checks(at time: Timestamp, since previous: Timestamp) -> Bool {
    guard checkInterval > .zero else { return true }
    let length = checkInterval.nanoseconds
    return time.nanoseconds / length > previous.nanoseconds / length
  }
}

extension LiquidationParameters {
  /// The largest part of a position that one order of an account may take.
  ///
  /// s + (1 − s) · min(1, urgency · (M − E) ÷ M): near the line slowly, so that the book can
  /// recover; near nothing at once, so that no debt is left.
  /// - Parameters:
  ///   - equity: E, millionths of the quote currency.
  ///   - maintenanceMargin: M, in the same.
  public func slice(equity: Int64, maintenanceMargin: Int64) -> Rate {
    guard pace.urgency > .zero, maintenanceMargin > 0, equity < maintenanceMargin else {
      return sliceShare
    }
    let whole = Int128(Rate.one.billionths)
    let lost = Int128(maintenanceMargin) - max(Int128(equity), 0)
    let grown = (lost * Int128(pace.urgency.billionths))
      .divided(by: Int128(maintenanceMargin), rounding: .down)
    let share = Int128(sliceShare.billionths)
    let more = ((whole - share) * min(grown, whole)).divided(by: whole, rounding: .down)
    return Rate(billionths: Int64(clamping: share + more))
  }
}

extension ParameterSet {
  /// The raw integer of a parameter, if it is stated.
  fileprivate func stated(_ key: String) throws(ParameterError) -> Int64? {
    states(key) ? try raw(key) : nil
  }
}

extension ParameterDefinition {
  static let pace: [ParameterDefinition] = [
    ParameterDefinition(
      "liquidation.checkInterval", .duration, 0...604_800_000_000_000,
      "time from one look at margins to the next, 0 to look in every block"),
    ParameterDefinition(
      "liquidation.grace", .duration, 0...604_800_000_000_000,
      "time an account has after its margin call before anything is sold"),
    ParameterDefinition(
      "liquidation.leastShare", .rate, 0...1_000_000_000,
      "smallest part of a position one liquidation order takes"),
    ParameterDefinition(
      "liquidation.closesAll", .flag, 0...1,
      "whether a liquidation ends only when no position is left"),
    ParameterDefinition(
      "liquidation.handover", .rate, 0...1_000_000_000,
      "multiple of maintenance margin at which the next stage takes over from the book"),
    ParameterDefinition(
      "liquidation.urgency", .rate, 0...100_000_000_000,
      "how much larger slices become as equity sinks below maintenance margin"),
    ParameterDefinition(
      "liquidation.keeperShare", .rate, 0...1_000_000_000,
      "part of the penalty that goes to whoever takes the position"),
    ParameterDefinition(
      "liquidation.leastLeft", .money, 0...1_000_000_000_000_000,
      "notional of a position below which nothing is left of it, dust"),
    ParameterDefinition(
      "liquidation.keepsReducing", .flag, 0...1,
      "whether orders that can only reduce stay in the book when a liquidation begins"),
  ]
}
