// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// How a liquidation chooses what to trade and how much at once.
public struct SizingParameters: Hashable, Sendable {
  /// Which trade a partial liquidation makes.
  public enum Choice: Int64, Hashable, Sendable, CaseIterable {
    /// The position whose closing frees most margin is reduced.
    case mostRelief
    /// The reduction or hedge that frees most margin for what it costs; none that raises it.
    case bestPerCost
    /// The same, unless a part of everything together frees more for its cost and the next stage
    /// is one that sells such parts: then the account goes there.
    case bestOfThree
  }

  public let choice: Choice
  /// Whether an account that no single order restores goes on to the next stage at once, instead of
  /// selling what helps a little.
  public let passesOnInfeasible: Bool
  /// The factor Y of the square-root law in the expected cost; 0 for a cost in proportion.
  public let impact: Rate
  /// The largest share of a market's open interest that liquidations may trade in one block, and
  /// in one window; `nil` for no limit.
  public let blockShare: Rate?
  public let windowShare: Rate?
  /// How long a window is; the next begins with the first block after its end.
  public let window: TimeSpan
  /// The expected cost of trading an option, as a share of notional; `nil` where it is that of
  /// everything else.
  public let optionCost: Rate?
  /// How far from the mark the limit of an order lies at most; `nil` where only the bankruptcy
  /// price and what the fund may add limit it.
  public let fillable: FillablePrice?

  /// The furthest limit of an order, as a share of the position's maintenance margin: nothing at
  /// the line, ``spread`` where equity is gone.
  ///
  /// Source: dYdX v4, fillable price.
  public struct FillablePrice: Hashable, Sendable {
    /// How soon the largest distance is reached: where the fraction 1 ÷ adjustment of maintenance
    /// margin is lost.
    public let adjustment: Rate
    /// The largest distance.
    public let spread: Rate
  }

  /// - Throws: ``ParameterError/missing(key:)`` for a share of a window without its length, and for
  ///   an adjustment of a fillable price without its spread.
  init(_ set: ParameterSet) throws(ParameterError) {
    let choice = "liquidation.choice"
    let stated = set.states(choice) ? try set.raw(choice) : Choice.mostRelief.rawValue
    guard let known = Choice(rawValue: stated) else {
      throw .inconsistent(key: choice, reason: "no such choice")
    }
    self.choice = known
    let infeasible = "liquidation.infeasible"
    passesOnInfeasible = set.states(infeasible) ? try set.raw(infeasible) == 1 : false
    impact = set.states("liquidation.impact") ? try set.rate("liquidation.impact") : .zero
    let block = "liquidation.blockShare"
    blockShare = set.states(block) ? try set.rate(block) : nil
    let share = "liquidation.windowShare"
    windowShare = set.states(share) ? try set.rate(share) : nil
    let length = "liquidation.window"
    guard windowShare == nil || set.states(length) else { throw .missing(key: length) }
    window = set.states(length) ? try set.duration(length) : TimeSpan(nanoseconds: 0)
    let option = "liquidation.expectedOptionCost"
    optionCost = set.states(option) ? try set.rate(option) : nil
    let (spread, adjustment) = ("liquidation.fillableSpread", "liquidation.fillableAdjustment")
    guard set.states(spread) || !set.states(adjustment) else { throw .missing(key: spread) }
    fillable =
      set.states(spread)
      ? FillablePrice(
        adjustment: set.states(adjustment) ? try set.rate(adjustment) : .one,
        spread: try set.rate(spread)) : nil
  }

  /// Whether what liquidations trade is counted.
  public var isThrottled: Bool { blockShare != nil || windowShare != nil }
}

extension ParameterDefinition {
  static let sizing: [ParameterDefinition] = [
    ParameterDefinition(
      "liquidation.choice", .count, 0...2,
      "0: reduce what frees most; 1: reduce or hedge what frees most for its cost; 2: the same, "
        + "but on to an auction or pool where a part of everything frees more"),
    ParameterDefinition(
      "liquidation.infeasible", .flag, 0...1,
      "whether an account that no single order restores goes on to the next stage at once"),
    ParameterDefinition(
      "liquidation.impact", .rate, 0...10_000_000_000,
      "factor of the square-root law in the cost a liquidation expects"),
    ParameterDefinition(
      "liquidation.blockShare", .rate, 1_000_000...1_000_000_000,
      "largest share of open interest that liquidations may trade in a block"),
    ParameterDefinition(
      "liquidation.windowShare", .rate, 1_000_000...1_000_000_000,
      "largest share of open interest that liquidations may trade in a window"),
    ParameterDefinition(
      "liquidation.window", .duration, 1_000_000_000...86_400_000_000_000,
      "length of the window in which liquidations are counted"),
    ParameterDefinition(
      "liquidation.expectedOptionCost", .rate, 0...1_000_000_000,
      "expected cost of closing an option, as a share of notional, when an order is sized"),
    ParameterDefinition(
      "liquidation.fillableSpread", .rate, 0...1_000_000_000,
      "furthest limit of an order from the mark, as a share of the position's maintenance margin"),
    ParameterDefinition(
      "liquidation.fillableAdjustment", .rate, 0...100_000_000_000,
      "how much sooner than at no equity an order's limit is that far from the mark"),
  ]
}
