// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
public import Quantities

/// How far a market may move before all trigger intervals are made anew.
@frozen
public struct TriggerReach: Hashable, Sendable {
  /// Relative move of the index, for underlyings with options and for others.
  public var optionIndex: Double
  public var linearIndex: Double
  /// Move of the basis, as a share of the index, either way.
  public var basis: Double
  /// Relative move of the volatility level, either way, of underlyings with options.
  public var volatility: Double
  public var time: TimeSpan
  /// The same of others, whose size charges alone depend on it.
  public var linearVolatility: Double

  /// - Parameters:
  ///   - optionIndex: Above 0, at most 0.5; of underlyings with options.
  ///   - linearIndex: Above 0, at most 0.5; of all others.
  ///   - basis: 0 to 0.001.
  ///   - volatility: 0 to 0.5.
  ///   - linearVolatility: 0 to 0.5.
  public init(
    optionIndex: Double = 0.02, linearIndex: Double = 0.2, basis: Double = 0.000_05,
    volatility: Double = 0.002_5, time: TimeSpan = TimeSpan(seconds: 60),
    linearVolatility: Double = 0.05
  ) {
    precondition((0.000_001...0.5).contains(optionIndex), "reach of the index")
    precondition((0.000_001...0.5).contains(linearIndex), "reach of the index")
    precondition((0...0.001).contains(basis), "reach of the basis")
    precondition((0...0.5).contains(volatility), "reach of the volatility")
    precondition((0...0.5).contains(linearVolatility), "reach of the volatility")
    self.optionIndex = optionIndex
    self.linearIndex = linearIndex
    self.basis = basis
    self.volatility = volatility
    self.time = time
    self.linearVolatility = linearVolatility
  }
}

/// An interval of doubles; a bound on a number that is not known closer.
struct Bracket: Sendable {
  var low: Double
  var high: Double

  static let zero = Bracket(low: 0, high: 0)

  init(low: Double, high: Double) {
    self.low = low
    self.high = high
  }

  /// The smallest that holds all of these.
  init(_ first: Double, _ others: Double...) {
    low = first
    high = first
    for other in others {
      low = min(low, other)
      high = max(high, other)
    }
  }

  var width: Double { high - low }
  var magnitude: Double { max(abs(low), abs(high)) }

  func joined(_ other: Bracket) -> Bracket {
    Bracket(low: min(low, other.low), high: max(high, other.high))
  }

  /// All products of one number of each.
  static func * (left: Bracket, right: Bracket) -> Bracket {
    Bracket(
      left.low * right.low, left.low * right.high, left.high * right.low,
      left.high * right.high)
  }

  static func + (left: Bracket, right: Bracket) -> Bracket {
    Bracket(low: left.low + right.low, high: left.high + right.high)
  }

  static func * (left: Double, right: Bracket) -> Bracket {
    Bracket(left * right.low, left * right.high)
  }
}

/// The markets of one underlying for which its intervals hold.
///
/// Prices are counted in multiples y of the index at the reference, where the box is
/// 1 − reach ≤ y ≤ 1 + reach.
struct UnderlyingBox: Sendable {
  let reference: Price
  let reach: Double
  let basis: Bracket
  let level: Bracket
  let firstTime: Timestamp
  let lastTime: Timestamp

  /// - Parameters:
  ///   - hasOptions: Whether options narrow the reach.
  ///   - usesVolatility: Whether the volatility matters.
  init(
    _ market: UnderlyingMarket, at time: Timestamp, _ reach: TriggerReach, hasOptions: Bool,
    usesVolatility: Bool
  ) {
    reference = market.index
    self.reach = hasOptions ? reach.optionIndex : reach.linearIndex
    basis = Bracket(
      low: market.basis.value - reach.basis, high: market.basis.value + reach.basis)
    let level = market.volatility.value
    let spread = hasOptions ? reach.volatility : reach.linearVolatility
    self.level =
      usesVolatility
      ? Bracket(low: level * (1 - spread), high: level * (1 + spread))
      : Bracket(low: 0, high: .infinity)
    firstTime = time
    lastTime = time + reach.time
  }

  var index: Bracket { Bracket(low: 1 - reach, high: 1 + reach) }

  /// The index as a multiple of the reference.
  func multiple(_ index: Price) -> Double { index.value / reference.value }

  func contains(_ market: UnderlyingMarket, at time: Timestamp) -> Bool {
    let y = multiple(market.index)
    let basis = market.basis.value
    let level = market.volatility.value
    return y >= 1 - reach && y <= 1 + reach && basis >= self.basis.low
      && basis <= self.basis.high && level >= self.level.low && level <= self.level.high
      && time >= firstTime && time <= lastTime
  }
}
