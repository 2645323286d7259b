// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Kernels
import Pricing
import Quantities
import Volatility

/// One option in all scenarios of its underlying, as columns for the vector pricer.
///
/// Places: the scenarios, then the present, then the skew scenarios; whole blocks of eight, so
/// that no place is priced outside a vector.
struct OptionBatch: Sendable {
  private var forwards: [Double]
  private var strikes: [Double]
  private var variances: [Double]
  private var signs: [Double]
  /// Undiscounted, quote units per base unit.
  private(set) var values: [Double]

  init(capacity: Int) {
    // An option in every place from the start: padding must be something that has a price.
    let places = (capacity + 7) / 8 * 8
    forwards = Array(repeating: 1, count: places)
    strikes = Array(repeating: 1, count: places)
    variances = Array(repeating: 0, count: places)
    signs = Array(repeating: 1, count: places)
    values = Array(repeating: 0, count: places)
  }

  /// Prices one option everywhere.
  /// - Parameter logMoneyness: ln(strike ÷ forward) now.
  mutating func price(
    _ right: OptionRight, strike: Double, logMoneyness: Double, volatility: Double,
    _ expiry: MarkedExpiry, _ plan: GridPlan
  ) {
    let forward = expiry.forward.value
    let present = plan.shifts.count
    for lane in 0..<present { forwards[lane] = forward * (1 + plan.shifts[lane]) }
    for place in present..<forwards.count { forwards[place] = forward }
    for place in strikes.indices {
      strikes[place] = strike
      signs[place] = right.sign
    }
    fillVariances(logMoneyness: logMoneyness, volatility: volatility, expiry, plan)
    plimsoll_black76_price(forwards, strikes, variances, signs, &values, values.count)
  }

  private mutating func fillVariances(
    logMoneyness: Double, volatility: Double, _ expiry: MarkedExpiry, _ plan: GridPlan
  ) {
    let years = expiry.years
    let present = plan.shifts.count
    let moves = expiry.shockMoves
    if plan.volatilityFollowsSpot, let smile = expiry.smile {
      let before = smile.volatility(logMoneyness: logMoneyness)
      for lane in 0..<present {
        let after = smile.volatility(
          logMoneyness: logMoneyness, afterMove: plan.logShifts[lane])
        let followed = volatility + (after - before)
        let shocked = moves.apply(plan.states[lane], to: followed > 0 ? followed : 0)
        variances[lane] = (shocked * shocked) * years
      }
    } else {
      let up = moves.apply(.up, to: volatility)
      let down = moves.apply(.down, to: volatility)
      let byState = (up * up * years, volatility * volatility * years, down * down * years)
      for lane in 0..<present {
        switch plan.states[lane] {
        case .up: variances[lane] = byState.0
        case .unchanged: variances[lane] = byState.1
        case .down: variances[lane] = byState.2
        }
      }
    }
    if !plan.isOfSpotAndState {
      for lane in 0..<present {
        let factor = plan.volatilityFactors[lane]
        let elapsed = plan.elapsedYears[lane]
        let share = elapsed == 0 ? 1 : years > elapsed ? (years - elapsed) / years : 0
        variances[lane] *= (factor * factor) * share
      }
    }
    for place in present..<variances.count { variances[place] = volatility * volatility * years }
    for skew in plan.skews.indices {
      let factor = expiry.skewMoves.factor(plan.skews[skew], logMoneyness: logMoneyness)
      let skewed = volatility * factor
      variances[present + 1 + skew] = (skewed * skewed) * years
    }
  }
}
