// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import NumericalMethods

/// A price by simulation and how uncertain chance leaves it.
@frozen
public struct SimulatedPrice: Hashable, Sendable {
  /// Quote units.
  public var price: Double
  /// One standard deviation of the price over seeds, quote units.
  public var standardError: Double
}

extension SVCJPaths {
  /// Prices options of the paths' expiry by antithetic pairs, with the forward as control variate.
  ///
  /// The mean of F_T is F; what the sample's mean misses of it corrects each price by the
  /// regression on F_T over the same sample, a bias of the order of 1 / pairs.
  /// - Parameters:
  ///   - forward: Forward price now, quote units, from 2^-500 to 2^500.
  ///   - strikes: Quote units, from 2^-500 to 2^500.
  ///   - right: Call or put.
  ///   - pairCount: From 2 to 2^31; memory does not grow with it.
  /// - Returns: A price for each strike.
  /// - Throws: ``PricingError/outOfDomain(_:value:)``.
  public func prices(
    forward: Double, strikes: [Double], right: OptionRight, pairCount: Int
  ) throws(PricingError) -> [SimulatedPrice] {
    try Black76.check(forward, from: 0x1p-500, upTo: 0x1p500, .forward)
    for strike in strikes { try Black76.check(strike, from: 0x1p-500, upTo: 0x1p500, .strike) }
    try Black76.check(Double(pairCount), from: 2, upTo: 0x1p31, .pathCount)
    var moments = strikes.map { _ in PairMoments() }
    for pair in 0..<UInt32(pairCount) {
      // In units of the forward, so that squares stay in range.
      let first = Elementary.exp(end(of: pair).logarithmicReturn)
      let second = Elementary.exp(end(of: pair, isMirrored: true).logarithmicReturn)
      let control = 0.5 * (first + second) - 1
      for (index, strike) in strikes.enumerated() {
        let ratio = strike / forward
        let one = right.sign * (first - ratio)
        let two = right.sign * (second - ratio)
        moments[index].add(0.5 * ((one > 0 ? one : 0) + (two > 0 ? two : 0)), control)
      }
    }
    let found = moments.map { $0.estimate(Double(pairCount)) }
    guard found.allSatisfy({ $0.price.isFinite && $0.standardError.isFinite }) else {
      throw .unresolved(termLimit: pairCount)
    }
    return found.map {
      SimulatedPrice(price: forward * $0.price, standardError: forward * $0.standardError)
    }
  }
}

/// Running means and products of payoff and control.
private struct PairMoments {
  private var count = 0.0
  private var payoff = 0.0
  private var control = 0.0
  private var payoffSquares = 0.0
  private var controlSquares = 0.0
  private var products = 0.0

  /// Welford's update for two variables: Technometrics 4 (1962), 419-420.
  mutating func add(_ value: Double, _ known: Double) {
    count += 1
    let fromPayoff = value - payoff
    let fromControl = known - control
    payoff += fromPayoff / count
    control += fromControl / count
    payoffSquares += fromPayoff * (value - payoff)
    controlSquares += fromControl * (known - control)
    products += fromPayoff * (known - control)
  }

  func estimate(_ pairs: Double) -> SimulatedPrice {
    let slope = controlSquares > 0 ? products / controlSquares : 0
    let rest = payoffSquares - slope * products
    let variance = (rest > 0 ? rest : 0) / (pairs - 1) / pairs
    return SimulatedPrice(
      price: payoff - slope * control, standardError: variance.squareRoot())
  }
}
