// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// What the venue's own hedge may cost and bind; none of it need be stated, and then nothing is
/// hedged.
///
/// Keys are `hedge.` + name. Money is in millionths of the quote currency.
public struct HedgeParameters: Hashable, Sendable {
  /// The most of the insurance fund that is in the hedge account or was lost by it; 0 for no hedge.
  public let capital: Int64
  /// The most that a hedge may cost at worst, fee included, as a share of what is traded.
  public let mostCost: Rate
  /// The most that one order may cost at worst.
  public let orderCost: Int64
  /// The most that all orders of a window may cost.
  public let windowCost: Int64
  /// How long costs are counted together.
  public let window: TimeSpan
  /// What the account is given when it takes a position, as a multiple of its initial margin.
  public let margin: Rate

  /// - Throws: ``ParameterError/inconsistent(key:reason:)`` for an order that may cost more than
  ///   its window, or a window that may cost more than there is.
  public init(_ set: ParameterSet) throws(ParameterError) {
    func raw(_ name: String, usual: Int64) throws(ParameterError) -> Int64 {
      let key = "hedge.\(name)"
      return set.states(key) ? try set.raw(key) : usual
    }
    capital = try raw("capital", usual: 0)
    mostCost = Rate(billionths: try raw("mostCost", usual: 10_000_000))
    // Without limits of their own, orders and windows are limited by the capital alone.
    windowCost = try raw("windowCost", usual: HedgeBand.limit)
    orderCost = try raw("orderCost", usual: windowCost)
    window = TimeSpan(nanoseconds: try raw("window", usual: 86_400_000_000_000))
    margin = Rate(billionths: try raw("margin", usual: 1_500_000_000))
    guard orderCost <= windowCost else {
      throw .inconsistent(
        key: "hedge.orderCost", reason: "one order may cost more than its window")
    }
    guard capital == 0 || !set.states("hedge.windowCost") || windowCost <= capital else {
      throw .inconsistent(
        key: "hedge.windowCost", reason: "a window may cost more than the capital")
    }
  }

  /// Whether anything may be hedged.
  public var isOn: Bool { capital > 0 }
}

/// From which imbalance on an underlying is hedged, and how far; millionths of the quote currency.
///
/// Keys are `hedge.` + underlying, or `default` for all others.
public struct HedgeBand: Hashable, Sendable {
  /// Above it a hedge is bought.
  public let threshold: Int64
  /// Down to it, and no further; the hedge is given back where the imbalance falls below.
  public let target: Int64
  /// No order is smaller, unless it closes a position.
  public let leastOrder: Int64
  /// No order is larger.
  public let mostOrder: Int64

  /// The largest amount of any field.
  public static var limit: Int64 { 1_000_000_000_000_000_000 }

  /// - Precondition: 0 ≤ `target` < `threshold`, 0 < `mostOrder`.
  public init(threshold: Int64, target: Int64, leastOrder: Int64, mostOrder: Int64) {
    self.threshold = threshold
    self.target = target
    self.leastOrder = leastOrder
    self.mostOrder = mostOrder
  }

  /// - Returns: `nil` where no threshold is stated, or zero.
  /// - Throws: ``ParameterError/missing(key:)`` for a threshold without a capital,
  ///   ``ParameterError/inconsistent(key:reason:)`` for a target that is not below the threshold,
  ///   a least order that does not fit between the two, or that is above the largest, and for an
  ///   underlying of another risk universe: the hedge is the common fund's.
  public init?(_ set: ParameterSet, underlying: AssetSymbol) throws(ParameterError) {
    func key(_ name: String) -> String {
      let own = "hedge.\(underlying).\(name)"
      return set.states(own) ? own : "hedge.default.\(name)"
    }
    func raw(_ name: String, usual: Int64) throws(ParameterError) -> Int64 {
      set.states(key(name)) ? try set.raw(key(name)) : usual
    }
    threshold = try raw("threshold", usual: 0)
    guard threshold > 0 else { return nil }
    guard RiskUniverse(of: underlying, in: set) == .common else {
      throw .inconsistent(key: key("threshold"), reason: "\(underlying) is in another universe")
    }
    guard set.states("hedge.capital") else { throw .missing(key: "hedge.capital") }
    target = try raw("target", usual: threshold / 2)
    leastOrder = try raw("leastOrder", usual: 0)
    mostOrder = try raw("mostOrder", usual: Self.limit)
    guard target < threshold else {
      throw .inconsistent(key: key("target"), reason: "it is not below the threshold")
    }
    guard leastOrder <= threshold - target else {
      throw .inconsistent(
        key: key("leastOrder"), reason: "it does not fit between target and threshold")
    }
    guard leastOrder <= mostOrder else {
      throw .inconsistent(key: key("leastOrder"), reason: "it is above the largest order")
    }
  }
}
