// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Refuses what a model that is fitted again and again cannot be fitted by: unless 50 ≤
/// `minimumDays` ≤ `regressionDays` ≤ 10,000 and 1 ≤ `refitInterval` ≤ 1,000.
func checkRefits(
  regressionDays: Int, minimumDays: Int, refitInterval: Int
) throws(ForecastingError) {
  guard minimumDays >= 50 else { throw .outOfBounds(.minimumDays) }
  guard regressionDays >= minimumDays, regressionDays <= 10_000 else {
    throw .outOfBounds(.regressionDays)
  }
  guard (1...1000).contains(refitInterval) else { throw .outOfBounds(.refitInterval) }
}
