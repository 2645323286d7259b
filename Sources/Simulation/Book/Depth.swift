// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import MarketData
import NumericalMethods
import Parameters
import Quantities

/// The book of one underlying: how deep it is now and what was taken from it.
///
/// All contracts of an underlying share one book, for whoever quotes one hedges in another.
struct Depth: Hashable, Sendable {
  let parameters: DepthParameters
  /// Taken from the bids and not yet back, quote units.
  private(set) var takenBids = 0.0
  /// Taken from the asks and not yet back, quote units.
  private(set) var takenAsks = 0.0
  private(set) var market: UnderlyingMarket?
  private(set) var time = Timestamp(nanoseconds: 0)
  /// What was recorded of it, where anything was.
  private(set) var recorded: RecordedDepth?
  /// The index within the window of the range, oldest first.
  private var recent: [PricePoint] = []

  private struct PricePoint: Hashable, Sendable {
    let time: Timestamp
    let price: Price
  }

  init(_ parameters: DepthParameters) { self.parameters = parameters }

  /// Takes in the market of a block: time passes and the book recovers.
  ///
  /// - Parameter recorded: What a book held by then; `nil` to go by the law of impact alone.
  mutating func observe(
    _ market: UnderlyingMarket, at instant: Timestamp, recorded: RecordedDepth? = nil
  ) {
    self.recorded = recorded
    if self.market != nil, instant > time {
      let elapsed = Double((instant - time).nanoseconds)
      let halfLives = elapsed / Double(parameters.recoveryHalfLife.nanoseconds)
      let left = Elementary.exp(-0.693_147_180_559_945_3 * halfLives)
      takenBids *= left
      takenAsks *= left
    }
    self.market = market
    time = instant
    recent.append(PricePoint(time: instant, price: market.index))
    let oldest = instant - parameters.rangeWindow
    recent.removeAll { $0.time < oldest }
  }

  /// High ÷ low − 1 of the index over the window.
  var range: Double {
    guard let low = recent.map(\.price).min(), let high = recent.map(\.price).max(),
      low > .zero
    else { return 0 }
    return Double(high.steps - low.steps) / Double(low.steps)
  }

  /// The share of the ordinary depth that is there: whole up to the calm range, then in inverse
  /// proportion to the range, never below the least share.
  var share: Double {
    let calm = parameters.calmRange.value
    guard range > calm else { return 1 }
    return max(calm / range, parameters.leastShare.value)
  }

  /// The cost for an order of a side of taking from the book as it is now.
  func curve(isOption: Bool, for side: Side) -> ImpactCurve {
    let spread = isOption ? parameters.optionSpread : parameters.spread
    if let recorded {
      return ImpactCurve(
        spread: spread.value, depth: side == .sell ? recorded.bids : recorded.asks,
        within: recorded.distance)
    }
    let volume = Double(parameters.dailyVolume) * 1e-6 * share
    // Variance is counted in years of 365 days, without closing hours.
    let annual = market?.volatility.value ?? 0
    return ImpactCurve(
      spread: spread.value, factor: parameters.impact.value,
      dailyVolatility: annual / 365.0.squareRoot(), volume: volume)
  }

  /// What orders of a side took and did not come back.
  func taken(by side: Side) -> Double { side == .sell ? takenBids : takenAsks }

  mutating func take(_ notional: Double, by side: Side) {
    if side == .sell { takenBids += notional } else { takenAsks += notional }
  }
}

/// What a recorded book held near its middle.
struct RecordedDepth: Hashable, Sendable {
  /// A share of the price, positive.
  let distance: Double
  /// Quote units, not negative.
  let bids: Double
  let asks: Double
}
