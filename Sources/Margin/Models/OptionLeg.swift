// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import NumericalMethods
import Pricing
import Volatility

/// One option position ready to be valued in many scenarios.
///
/// While its settlement price is being averaged it is `open` options on the rest of the window,
/// as ``SettlingShare`` has it.
struct OptionLeg {
  let name: String
  let right: OptionRight
  let expiry: Int
  /// On what is still open; 0 where exercise is certain.
  let strike: Double
  /// Position × discount × open share.
  let scale: Double
  let forward: Double
  let years: Double
  let volatility: Double
  /// ln(strike ÷ forward).
  let logMoneyness: Double
  /// σ²τ with volatility up, unchanged and down.
  private let variances: (up: Double, unchanged: Double, down: Double)
  /// What it is worth beside the forward where exercise is certain.
  private let certain: Double?
  private let fixed: Double
  private let open: Double

  init?(
    _ position: ModelBook.Position, _ book: ModelBook, _ plan: ModelPlan
  ) throws(ModelError) {
    guard case .option(let right, let strike, let expiry, let volatility) = position.kind else {
      return nil
    }
    let terms = book.expiries[expiry]
    name = position.name
    self.right = right
    self.expiry = expiry
    forward = terms.forward
    years = terms.years
    self.volatility = volatility
    fixed = terms.fixed
    open = terms.open
    let rest = terms.open > 0 ? (strike - terms.fixed) / terms.open : 0
    let isCertain = !(rest > terms.forward * 1e-6)
    self.strike = isCertain ? 0 : rest
    let expected = terms.fixed + terms.open * terms.forward
    let isExercised = right.sign * (expected - strike) > 0
    certain = isCertain ? (isExercised ? right.sign * (terms.fixed - strike) : 0) : nil
    scale =
      isCertain
      ? position.quantity * terms.discount * (isExercised ? 1 : 0)
      : position.quantity * terms.discount * terms.open
    logMoneyness = isCertain ? 0 : Elementary.log(rest) - Elementary.log(terms.forward)
    var states = (up: volatility, down: volatility)
    if let moves = plan.moves(yearsToExpiry: terms.years) {
      if plan.isAdditive {
        states = (
          max(volatility + (moves.upFactor - 1), moves.minimumUp),
          max(volatility - (1 - moves.downFactor), 0)
        )
      } else {
        states = (moves.apply(.up, to: volatility), moves.apply(.down, to: volatility))
      }
    }
    variances = (
      (states.up * states.up) * years, (volatility * volatility) * years,
      (states.down * states.down) * years
    )
  }

  /// The position's value in quote units, were it settled in them, after the forward × `factor`.
  func value(factor: Double, _ state: VolatilityState) throws(ModelError) -> Double {
    let variance =
      switch state {
      case .up: variances.up
      case .unchanged: variances.unchanged
      case .down: variances.down
      }
    return try value(factor: factor, variance: variance)
  }

  func value(factor: Double, variance: Double) throws(ModelError) -> Double {
    if let certain {
      return scale * (certain + right.sign * (open * (forward * factor)))
    }
    do {
      return try scale
        * Black76.price(
          forward: forward * factor, strike: strike, totalVariance: variance, right: right)
    } catch { throw .outOfDomain(name) }
  }

  /// The settlement price expected after the forward × `factor`.
  func settlementPrice(factor: Double) -> Double { fixed + open * (forward * factor) }

  /// Delta to the forward and vega of the position.
  func greeks() throws(ModelError) -> (delta: Double, vega: Double) {
    if certain != nil { return (scale * right.sign * open, 0) }
    do {
      let greeks = try Black76.value(
        forward: forward, strike: strike, volatility: volatility, yearsToExpiry: years,
        right: right
      ).greeks
      return (scale * greeks.delta, scale * greeks.vega)
    } catch { throw .outOfDomain(name) }
  }
}
