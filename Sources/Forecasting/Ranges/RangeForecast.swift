// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Parameters

/// The named ways from a return series to ranges; ``RangeForecaster`` makes them.
public enum RangeForecast: String, CaseIterable, Hashable, Sendable {
  /// Plain historical simulation.
  case historical
  /// Filtered by exponentially weighted squared returns.
  case exponential
  /// Filtered by the heterogeneous autoregression of log variance.
  case logarithmic
  /// Filtered by the blend of three forecasts.
  case blended = "blend"
  /// The blend, floored at a share of the long run before returns are divided by it, with a ramp.
  case flooredBlend
  /// The blend with a buffer that is used up when ranges rise: device (a).
  case bufferedBlend
  /// The blend with a weight on the widest range of plain history so far: device (b).
  case stressedBlend
  /// The blend, never below the range of plain history over a long look-back: device (c).
  case lookbackBlend
  /// The rule of the house: a part of the blend's movement around the long run, floored as above,
  /// one range for both sides, weekends apart, with the same ramp.
  case plimsoll
}

extension RangeForecast {
  /// The first day for which the rule has a range, in a series that is long enough.
  public func firstDay(with parameters: RangeParameters) -> Int {
    let logarithmic = LogHeterogeneousModel.longestMean + parameters.blend.logarithmic.minimumDays
    let blend = max(
      logarithmic, ExponentialWeighting.firstDays, parameters.blend.asymmetric.minimumDays)
    let filter =
      switch self {
      case .historical: 0
      case .exponential: ExponentialWeighting.firstDays
      case .logarithmic: logarithmic
      case .blended, .bufferedBlend, .stressedBlend, .lookbackBlend: blend
      case .flooredBlend, .plimsoll: max(blend, parameters.longRunDays)
      }
    return filter + parameters.windowDays
  }
}
