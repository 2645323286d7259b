// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Why a forecast, a range or a backtest was refused.
public enum ForecastingError: Error, Hashable, Sendable {
  /// A price of a bar is not a positive finite number, or lies outside the bar's low and high.
  case malformedPrice(bar: Int)
  /// A bar does not begin after the bar before, or not between 1970 and 2200.
  case unorderedTime(bar: Int)
  /// Arrays that belong together differ in length.
  case lengthMismatch(expected: Int, found: Int)
  /// There are fewer days than the rule needs.
  case tooFewDays(needed: Int, found: Int)
  /// The days asked for are not covered by the volatility forecast and its window.
  case uncoveredDays(first: Int, end: Int)
  /// A number is not finite or not positive where it must be.
  case malformedValue(day: Int)
  /// A parameter lies outside its bounds.
  case outOfBounds(ForecastingParameter)
  /// The columns of a regression depend on each other.
  case singularRegression(day: Int)
  /// There are too few jumps to say anything of them.
  case tooFewJumps(needed: Int, found: Int)
}

/// A parameter that a refusal names.
public enum ForecastingParameter: String, Hashable, Sendable {
  case decay
  case minimumDays
  case regressionDays
  case refitInterval
  case longRunShare
  case forecastWeight
  case windowDays
  case probability
  case horizonDays
  case largestRise
  case smallestFall
  case degreesOfFreedom
  case increaseDays
  case buffer
  case stressedWeight
  case level
  case runs
  case observations
  case threshold
}
