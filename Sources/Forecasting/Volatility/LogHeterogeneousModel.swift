// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// The heterogeneous autoregression of log variance with leverage (log-HAR-L).
///
/// ln v = β₀ + β₁ ln v̄₁ + β₂ ln v̄₇ + β₃ ln v̄₃₀ + γ min(r, 0) + ε with means over the last 1, 7
/// and 30 days and the return r of the day before; the forecast is e^(ŷ + s²/2).
/// Source: F. Corsi, J. Financial Econometrics 7 (2009), 174-196, in logs with a leverage term.
public struct LogHeterogeneousModel: Hashable, Sendable {
  /// How many days a regression sees at most.
  public let regressionDays: Int
  /// How many days it must see.
  public let minimumDays: Int
  /// Days from one regression to the next.
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

  static let longestMean = 30

  public func forecast(_ returns: ReturnSeries) throws(ForecastingError) -> VolatilityPath {
    let first = Self.longestMean + minimumDays
    guard returns.count >= first else { throw .tooFewDays(needed: first, found: returns.count) }
    let logs = returns.dailyVariances.map { Elementary.log($0) }
    // Row i belongs to day i + 30.
    let rows = (Self.longestMean...returns.count).map { regressors(returns, logs, day: $0) }
    let targets = Array(logs[Self.longestMean...])
    var values: [Double] = []
    var coefficients: [Double] = []
    var correction = 0.0
    for day in first...returns.count {
      let row = day - Self.longestMean
      if (day - first) % refitInterval == 0 {
        let seen = max(0, row - regressionDays)..<row
        guard let fit = LeastSquares(rows: rows[seen], targets: targets[seen]) else {
          throw .singularRegression(day: day)
        }
        coefficients = fit.coefficients
        correction = 0.5 * fit.residualVariance
      }
      var logVariance = 0.0
      for (x, coefficient) in zip(rows[row], coefficients) { logVariance += x * coefficient }
      values.append(Elementary.exp(logVariance + correction).squareRoot())
    }
    return try VolatilityPath(firstDay: first, values: values)
  }

  private func regressors(_ returns: ReturnSeries, _ logs: [Double], day: Int) -> [Double] {
    let variances = returns.dailyVariances
    let week = variances[(day - 7)..<day].reduce(0, +) / 7
    let month = variances[(day - Self.longestMean)..<day].reduce(0, +) / Double(Self.longestMean)
    return [
      1, logs[day - 1], Elementary.log(week), Elementary.log(month),
      min(returns.logReturns[day - 1], 0),
    ]
  }
}
