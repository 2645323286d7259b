// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// What it costs to work a position off in one underlying's book.
///
/// Cut into m pieces, half of each piece's trace gone before the next, a position of x pays impact
/// on x ÷ m instead of x, and bears the market meanwhile: sold evenly over T it is exposed to
/// σ√(T/3), the root of ∫(1 − t/T)²dt·σ². A bidder takes the number of pieces at which both
/// together are least.
struct HedgeCost {
  let curve: ImpactCurve
  /// Taken from that side of the book and not yet back, quote units.
  let taken: Double
  /// Time after which half of what was taken has come back, seconds.
  let halfLife: Double
  /// Of the underlying over one second, not annualized.
  let volatility: Double
  /// Standard deviations that the bidder is paid for.
  let aversion: Double
  /// Seconds.
  let patience: Double

  /// The cheapest way to work off a size: its average cost as a share of it, and how long it
  /// takes.
  /// - Parameter size: Quote units, positive.
  func cheapest(_ size: Double) -> (share: Double, seconds: Double) {
    var best = (share: curve.average(from: taken, to: taken + size), seconds: 0.0)
    var pieces = 2.0
    while (pieces - 1) * halfLife <= patience {
      let seconds = (pieces - 1) * halfLife
      let impact = curve.average(from: taken, to: taken + size / pieces)
      let risk = aversion * volatility * (seconds / 3).squareRoot()
      if impact + risk < best.share { best = (impact + risk, seconds) }
      pieces *= 2
    }
    return best
  }
}
