// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Profits of scenarios in rising order, and what their lower tail says.
struct LossSample: Sendable {
  /// The scenarios by profit, then by place.
  private let places: [Int]
  private let profits: [Double]

  /// - Precondition: There is a scenario, and every profit is finite.
  init(_ profits: [Double]) {
    self.profits = profits
    places = profits.indices.sorted { first, second in
      profits[first] < profits[second] || (profits[first] == profits[second] && first < second)
    }
  }

  private var count: Int { places.count }

  /// Linear between order statistics; places from 0, which are moved into the sample.
  private func profit(at place: Double) -> Double {
    let last = Double(count - 1)
    let inside = place < 0 ? 0 : place > last ? last : place
    let below = Int(inside)
    let above = below + 1 < count ? below + 1 : below
    let (least, next) = (ranked(below + 1), ranked(above + 1))
    return least + (inside - Double(below)) * (next - least)
  }

  /// The order statistic of a rank from 1.
  private func ranked(_ rank: Int) -> Double { profits[places[rank - 1]] }

  /// Value at risk is the quantile of Hyndman and Fan's definition 7, expected shortfall the mean
  /// at and below it, as ranges from history have them.
  ///
  /// The interval stands between the ranks np ± 1.96√(np(1 − p)), rounded outward: a binomial
  /// number of losses passes the true quantile, whatever the distribution. The standard error of
  /// value at risk is half the distance of the quantiles one deviation away, that of the shortfall
  /// √((s² + confidence·(ES − VaR)²)/k) over the k losses in the tail (B. Manistre, G. Hancock,
  /// North American Actuarial J. 9 (2005), 129-156).
  func estimate(
    _ method: RangeMethod, confidence: Double, logMoves: (Int) -> [Double]
  ) -> RangeEstimate {
    let share = 1 - confidence
    let place = share * Double(count - 1)
    let quantile = profit(at: place)
    let (tail, variance, shortfall) = tail(at: quantile)
    let loss = 0 - quantile
    let mean = shortfall > loss ? shortfall : loss
    let excess = mean - loss
    let reach = (Double(count) * share * (1 - share)).squareRoot()
    let near = profit(at: place + reach) - profit(at: place - reach)
    let wide = ranks(share)
    let isWhole = wide.lowerBound >= 1 && wide.upperBound <= count
    return RangeEstimate(
      method: method, valueAtRisk: loss, expectedShortfall: mean,
      standardErrors: RangeEstimate.StandardErrors(
        0.5 * near,
        ((variance + confidence * (excess * excess)) / Double(tail)).squareRoot()),
      interval: isWhole ? losses(at: wide) : nil,
      scenarioCount: count,
      worst: places.prefix(RangeEstimate.mostWorst).map { place in
        RangeEstimate.WorstScenario(
          place: place, loss: 0 - profits[place], logMoves: logMoves(place))
      })
  }

  /// How many profits lie at or below a limit, at least 1; the variance and minus the mean of them.
  private func tail(at limit: Double) -> (count: Int, variance: Double, shortfall: Double) {
    var sum = 0.0
    var found = 0
    // The least value is at or below every quantile, but interpolation may round below it.
    while found < count, found == 0 || ranked(found + 1) <= limit {
      found += 1
      sum += ranked(found)
    }
    let mean = sum / Double(found)
    var squares = 0.0
    for rank in 1...found {
      let distance = ranked(rank) - mean
      squares += distance * distance
    }
    return (found, found > 1 ? squares / Double(found - 1) : 0, 0 - mean)
  }

  /// The ranks between which the quantile lies, rounded outward.
  private func ranks(_ share: Double) -> ClosedRange<Int> {
    let expected = Double(count) * share
    let reach = 1.959_963_984_540_054 * (expected * (1 - share)).squareRoot()
    return Int((expected - reach).rounded(.down))...(Int((expected + reach).rounded(.up)) + 1)
  }

  private func losses(at ranks: ClosedRange<Int>) -> ClosedRange<Double> {
    (0 - ranked(ranks.upperBound))...(0 - ranked(ranks.lowerBound))
  }
}
