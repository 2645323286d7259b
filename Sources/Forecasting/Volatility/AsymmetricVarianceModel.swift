// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// The variance recursion with a term for falls (GJR): h' = ω + (α + γ·1{r < 0})r² + βh.
///
/// ω makes the long-run variance that of the window (variance targeting); α, γ and the
/// persistence α + γ/2 + β maximize the Gaussian likelihood by a search along the axes from the
/// fit before, with steps halved from 0.04 to 0.00125. Equal input gives equal bits.
/// Source: L. Glosten, R. Jagannathan, D. Runkle, J. Finance 48 (1993), 1779-1801.
public struct AsymmetricVarianceModel: Hashable, Sendable {
  public let regressionDays: Int
  public let minimumDays: Int
  public let refitInterval: Int

  /// - Throws: ``ForecastingError/outOfBounds(_:)`` unless 50 ≤ `minimumDays` ≤
  ///   `regressionDays` ≤ 10,000 and 1 ≤ `refitInterval` ≤ 1,000.
  public init(
    regressionDays: Int, minimumDays: Int, refitInterval: Int
  ) throws(ForecastingError) {
    try checkRefits(
      regressionDays: regressionDays, minimumDays: minimumDays, refitInterval: refitInterval)
    self.regressionDays = regressionDays
    self.minimumDays = minimumDays
    self.refitInterval = refitInterval
  }

  public func forecast(_ returns: ReturnSeries) throws(ForecastingError) -> VolatilityPath {
    let first = minimumDays
    guard returns.count >= first else { throw .tooFewDays(needed: first, found: returns.count) }
    let logReturns = returns.logReturns
    var shape = VarianceShape(reaction: 0.05, fallReaction: 0.05, persistence: 0.955)
    var longRun = 0.0
    var variance = 0.0
    var values: [Double] = []
    for day in first...returns.count {
      if (day - first) % refitInterval == 0 {
        let window = logReturns[max(0, day - regressionDays)..<day]
        longRun = window.reduce(0) { $0 + $1 * $1 } / Double(window.count)
        guard longRun > 0 else { throw .malformedValue(day: day) }
        shape = VarianceLikelihood(window: window, longRun: longRun).best(from: shape)
        variance = longRun
        for value in window { variance = shape.next(after: variance, value, longRun) }
      } else {
        variance = shape.next(after: variance, logReturns[day - 1], longRun)
      }
      values.append(variance.squareRoot())
    }
    return try VolatilityPath(firstDay: first, values: values)
  }
}

/// α, γ and α + γ/2 + β of the recursion.
struct VarianceShape {
  var reaction: Double
  var fallReaction: Double
  var persistence: Double

  var memory: Double { persistence - reaction - 0.5 * fallReaction }

  var isPermitted: Bool {
    reaction >= 0 && reaction + fallReaction >= 0 && memory >= 0 && persistence <= 0.999
  }

  func next(after variance: Double, _ value: Double, _ longRun: Double) -> Double {
    let weight = value < 0 ? reaction + fallReaction : reaction
    return (1 - persistence) * longRun + weight * (value * value) + memory * variance
  }
}

/// Twice the negative Gaussian log likelihood of a window, up to a constant.
struct VarianceLikelihood {
  let window: ArraySlice<Double>
  let longRun: Double

  func loss(_ shape: VarianceShape) -> Double {
    guard shape.isPermitted else { return .infinity }
    var variance = longRun
    var sum = 0.0
    // One logarithm serves eight days: the product of eight ratios stays far inside the range.
    var product = 1.0
    var factors = 0
    for value in window {
      product *= variance / longRun
      factors += 1
      if factors == 8 {
        sum += Elementary.log(product)
        product = 1
        factors = 0
      }
      sum += value * value / variance
      variance = shape.next(after: variance, value, longRun)
    }
    return sum + Elementary.log(product)
  }

  func best(from start: VarianceShape) -> VarianceShape {
    let axes: [WritableKeyPath<VarianceShape, Double>] = [
      \.reaction, \.fallReaction, \.persistence,
    ]
    var shape = start
    var least = loss(shape)
    var step = 0.04
    while step > 0.001 {
      var improved = false
      for axis in axes {
        for move in [step, -step] {
          var trial = shape
          trial[keyPath: axis] += move
          let loss = loss(trial)
          // Less by rounding alone is no progress; asking for more ends the search.
          if loss < least - 1e-6 {
            (shape, least, improved) = (trial, loss, true)
          }
        }
      }
      if !improved { step *= 0.5 }
    }
    return shape
  }
}
