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

  /// The order statistic of a rank from 1.
  private func ranked(_ rank: Int) -> Double { profits[places[rank - 1]] }

  /// Value at risk is the quantile of Hyndman and Fan's definition 7, expected shortfall the mean
  /// at and below it, as ranges from history have them.
  ///
  /// The interval stands between the ranks np ± 1.96√(np(1 − p)), rounded outward: a binomial
  /// number of losses passes the true quantile, whatever the distribution. The standard error of
  /// value at risk is half the distance of the ranks one deviation away, that of the shortfall
  /// √((s² + confidence·(ES − VaR)²)/k) over the k losses in the tail (B. Manistre, G. Hancock,
  /// North American Actuarial J. 9 (2005), 129-156).
  func estimate(
    _ method: RangeMethod, confidence: Double, logMoves: (Int) -> [Double]
  ) -> RangeEstimate {
    let share = 1 - confidence
    let rank = share * Double(count - 1)
    let below = Int(rank)
    let above = below + 1 < count ? below + 1 : below
    let (least, next) = (ranked(below + 1), ranked(above + 1))
    let quantile = least + (rank - Double(below)) * (next - least)
    let (tail, variance, shortfall) = tail(at: quantile)
    let loss = 0 - quantile
    let mean = shortfall > loss ? shortfall : loss
    let excess = mean - loss
    let near = losses(at: ranks(share, deviations: 1))
    let wide = ranks(share, deviations: 1.959_963_984_540_054)
    let isWhole = wide.lowerBound >= 1 && wide.upperBound <= count
    return RangeEstimate(
      method: method, valueAtRisk: loss, expectedShortfall: mean,
      standardErrors: RangeEstimate.StandardErrors(
        0.5 * (near.upperBound - near.lowerBound),
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

  /// The ranks some deviations of a binomial number around a share, rounded outward.
  private func ranks(_ share: Double, deviations: Double) -> ClosedRange<Int> {
    let expected = Double(count) * share
    let reach = deviations * (expected * (1 - share)).squareRoot()
    return Int((expected - reach).rounded(.down))...(Int((expected + reach).rounded(.up)) + 1)
  }

  /// The losses at two ranks, which are moved into the sample.
  private func losses(at ranks: ClosedRange<Int>) -> ClosedRange<Double> {
    let lower = ranked(max(1, min(count, ranks.lowerBound)))
    let upper = ranked(max(1, min(count, ranks.upperBound)))
    return (0 - upper)...(0 - lower)
  }
}
