// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension ParameterDefinition {
  /// The parameters of price ranges made from history.
  public static let range: [ParameterDefinition] = rangeTail + rangeForecast + rangeDevices

  private static let rangeTail: [ParameterDefinition] = [
    ParameterDefinition(
      "range.probability", .rate, 1_000...499_999_999,
      "probability that a day's loss passes the range, on each side"),
    ParameterDefinition(
      "range.horizon", .duration, 60_000_000_000...8_640_000_000_000_000,
      "time ahead that a range covers; it grows with the square root"),
    ParameterDefinition(
      "range.windowDays", .count, 20...10_000, "days of history whose tail makes the range"),
    ParameterDefinition(
      "range.ramp.largestRise", .rate, 1_000_000_001...100_000_000_000,
      "largest ratio of a day's range to the one before"),
    ParameterDefinition(
      "range.ramp.smallestFall", .rate, 0...999_999_999, "smallest such ratio"),
    ParameterDefinition(
      "range.calendar.minimumDays", .count, 14...10_000,
      "days that must be seen before weekends count apart"),
  ]

  private static let rangeForecast: [ParameterDefinition] = [
    ParameterDefinition(
      "range.longRun.minimumDays", .count, 1...10_000,
      "days that must be seen before there is a long-run volatility"),
    ParameterDefinition(
      "range.floor.share", .rate, 0...2_000_000_000,
      "least volatility, as a share of the long run"),
    ParameterDefinition(
      "range.forecastWeight", .rate, 0...1_000_000_000,
      "weight of the forecast against the long run, in logarithms of volatility"),
    ParameterDefinition(
      "range.exponential.decay", .rate, 1_000_000...999_999_999,
      "share of the past in the exponentially weighted mean of squared returns"),
    ParameterDefinition(
      "range.blend.decay", .rate, 1_000_000...999_999_999,
      "the same in that of daily variances, one of the three forecasts of the blend"),
    ParameterDefinition(
      "range.blend.logarithmic.days", .count, 50...10_000,
      "days that a regression of the logarithmic model sees at most"),
    ParameterDefinition(
      "range.blend.logarithmic.minimumDays", .count, 50...10_000, "days that it must see"),
    ParameterDefinition(
      "range.blend.logarithmic.refitDays", .count, 1...1_000,
      "days from one regression to the next"),
    ParameterDefinition(
      "range.blend.asymmetric.days", .count, 50...10_000,
      "days that a fit of the asymmetric recursion sees at most"),
    ParameterDefinition(
      "range.blend.asymmetric.minimumDays", .count, 50...10_000, "days that it must see"),
    ParameterDefinition(
      "range.blend.asymmetric.refitDays", .count, 1...1_000, "days from one fit to the next"),
  ]

  private static let rangeDevices: [ParameterDefinition] = [
    ParameterDefinition(
      "range.device.buffer", .rate, 0...1_000_000_000,
      "share added to a calm range, to be used up when ranges rise"),
    ParameterDefinition(
      "range.device.bufferDays", .count, 1...10_000,
      "days whose mean range says what is calm"),
    ParameterDefinition(
      "range.device.stressedWeight", .rate, 0...1_000_000_000,
      "weight of the widest range of plain history so far"),
    ParameterDefinition(
      "range.device.lookbackDays", .count, 20...10_000,
      "days of plain history below whose range none falls"),
  ]
}
