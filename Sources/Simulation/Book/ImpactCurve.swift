// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// What taking from one side of a book costs, by how much was taken before.
///
/// An order that meets a fresh book pays, on average, half the spread plus Y·σ·√(size ÷ V) of the
/// price: the square-root law (J. Donier, J. Bonart, Market Microstructure and Liquidity 1,
/// 2015). So the first x of the book cost C(x) = s/2·x + κ·x^1.5 with κ = Yσ/√V, and its level at
/// x is dearer by the derivative, s/2 + 1.5κ√x. An order that finds d already taken pays
/// C(d + x) − C(d): cutting an order into pieces changes nothing.
struct ImpactCurve: Hashable, Sendable {
  /// s/2, as a share of the price.
  let halfSpread: Double
  /// κ, per square root of a quote unit.
  let slope: Double

  /// - Parameters:
  ///   - factor: Y.
  ///   - dailyVolatility: σ of one day, not annualized.
  ///   - volume: V, quote units a day, positive.
  init(spread: Double, factor: Double, dailyVolatility: Double, volume: Double) {
    halfSpread = 0.5 * spread
    slope = factor * dailyVolatility / volume.squareRoot()
  }

  /// The curve of the same law that a recorded depth lies on: its level at `depth` is `distance`
  /// worse than the mark.
  ///
  /// - Parameters:
  ///   - spread: Of what is quoted; not wider than the distance.
  ///   - depth: Recorded up to `distance` of the price, quote units; one at least.
  ///   - distance: A share of the price, positive.
  init(spread: Double, depth: Double, within distance: Double) {
    halfSpread = 0.5 * min(spread, distance)
    slope = (distance - halfSpread) / (1.5 * max(depth, 1).squareRoot())
  }

  /// The share of the price by which the level at `taken` quote units is worse than the mark.
  func marginal(at taken: Double) -> Double { halfSpread + 1.5 * slope * taken.squareRoot() }

  /// The average share of the price that an order pays which takes the book from `start` to
  /// `end`, `end` > `start` ≥ 0.
  func average(from start: Double, to end: Double) -> Double {
    // (end^1.5 − start^1.5) ÷ (end − start) without the cancellation.
    let product = (start * end).squareRoot()
    let roots = start.squareRoot() + end.squareRoot()
    return halfSpread + slope * ((start + product + end) / roots)
  }

  /// How much of a fresh book lies at levels no worse than `share` of the price; `nil` when
  /// nothing does, infinity when everything does.
  func reach(_ share: Double) -> Double? {
    guard share >= halfSpread else { return nil }
    let root = (share - halfSpread) / (1.5 * slope)
    return root.isNaN ? .infinity : root * root
  }
}
