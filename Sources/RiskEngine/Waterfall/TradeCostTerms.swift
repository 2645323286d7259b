// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Liquidation
import Margin
import Quantities

/// What trading in one direction is expected to cost, millionths, rounded up: the share that is
/// stated, the taker's fee, and the price's move.
struct TradeCostTerms {
  /// Dense index of the instrument.
  let index: Int
  let rate: Rate
  let depth: Int64?
  let distance: Rate
  /// `nil` where none is expected or no volume is known.
  let impact: TradeImpact?

  func cost(of size: Size, notional: Int64) -> Int64 {
    let plain = rate.raised(by: depth, size, distance).share(of: notional, rounding: .up)
    guard let impact else { return plain }
    return Int64(clamping: Int128(plain) + Int128(impact.cost(of: notional)))
  }

  /// The same where only a part of the depth is left.
  ///
  /// What trading costs beyond the fee rises by 1 ÷ √part, as by the square-root law, and depth
  /// that was reported is that part of itself. No share is above the whole.
  /// - Parameters:
  ///   - part: Above 0, at most 1.
  ///   - fee: What of the rate is a fee.
  func thinned(to part: Rate, fee: Rate) -> TradeCostTerms {
    let root = part.value.squareRoot()
    let beyond = min((Double(rate.billionths - fee.billionths) / root).rounded(.up), 1e9)
    return TradeCostTerms(
      index: index, rate: min(Rate(billionths: fee.billionths + Int64(beyond)), .one),
      depth: depth.map { part.share(of: $0, rounding: .down) }, distance: distance,
      impact: impact.map { TradeImpact(factor: $0.factor / root, volume: $0.volume) })
  }

  /// Where a portfolio would stand after so much in a direction, at the mark and this cost.
  func outcome(
    of direction: TradeDirection, _ size: Size, for portfolio: Portfolio, _ valuation: Valuation,
    _ memory: inout RiskScratch
  ) -> TradeOutcome {
    let expected = cost(of: size, notional: valuation.notional(size, of: direction.instrument))
    let standing = valuation.standing(
      of: portfolio, trading: direction.side == .buy ? size : -size, of: index, cost: expected,
      &memory)
    return TradeOutcome(standing: standing, cost: expected)
  }
}

extension TradeDirection {
  /// Reducing a position, by so many steps at most; by all of it where none are stated.
  init(closing position: Position, most: Int64? = nil) {
    self.init(
      instrument: position.instrument, side: position.size.sign > 0 ? .sell : .buy,
      most: most ?? position.size.magnitude.steps)
  }
}

/// By how much a trade moves the price against itself: Y σ √(N ÷ V) of its notional N.
///
/// σ is of one day, V the ordinary daily volume of the underlying; an option counts with its whole
/// notional, which overstates what it takes from the market.
struct TradeImpact {
  /// Y σ, not negative.
  let factor: Double
  /// V, millionths of the quote currency, positive.
  let volume: Double

  /// Millionths, whole and rounded up.
  func cost(of notional: Int64) -> Double {
    let share = factor * (Double(notional) / volume).squareRoot()
    return min(share * Double(notional), 0x1p62).rounded(.up)
  }
}
