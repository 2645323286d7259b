// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// How history becomes a price range.
public struct RangeParameters: Hashable, Sendable {
  /// The probability that a day's loss passes the range, on each side.
  public let probability: Rate
  /// Time ahead; a range grows with its square root.
  public let horizon: TimeSpan
  /// Days of history in the tail.
  public let windowDays: Int
  /// The largest and the smallest ratio of a day's range to the one before.
  public let largestRise: Rate
  public let smallestFall: Rate
  /// Days that must be seen before weekends count apart.
  public let calendarDays: Int
  /// Days that must be seen before there is a long-run volatility.
  public let longRunDays: Int
  /// The least volatility as a share of the long run.
  public let floorShare: Rate
  /// The weight of the forecast against the long run.
  public let forecastWeight: Rate
  /// The share of the past in the exponentially weighted mean of squared returns.
  public let exponentialDecay: Rate
  public let blend: BlendParameters
  public let devices: RangeDeviceParameters

  public init(_ set: ParameterSet) throws(ParameterError) {
    probability = try set.rate("range.probability")
    horizon = try set.duration("range.horizon")
    windowDays = try set.days("range.windowDays")
    largestRise = try set.rate("range.ramp.largestRise")
    smallestFall = try set.rate("range.ramp.smallestFall")
    calendarDays = try set.days("range.calendar.minimumDays")
    longRunDays = try set.days("range.longRun.minimumDays")
    floorShare = try set.rate("range.floor.share")
    forecastWeight = try set.rate("range.forecastWeight")
    exponentialDecay = try set.rate("range.exponential.decay")
    blend = try BlendParameters(set)
    devices = try RangeDeviceParameters(set)
    guard devices.lookbackDays >= windowDays else {
      throw .inconsistent(key: "range.device.lookbackDays", reason: "fewer than range.windowDays")
    }
  }
}

/// The three forecasts of a blend.
public struct BlendParameters: Hashable, Sendable {
  /// The share of the past in the exponentially weighted mean of daily variances.
  public let decay: Rate
  public let logarithmic: RefitParameters
  public let asymmetric: RefitParameters

  init(_ set: ParameterSet) throws(ParameterError) {
    decay = try set.rate("range.blend.decay")
    logarithmic = try RefitParameters(set, "range.blend.logarithmic")
    asymmetric = try RefitParameters(set, "range.blend.asymmetric")
  }
}

/// How much a fitted model sees, and how often it is fitted.
public struct RefitParameters: Hashable, Sendable {
  /// The most days that a fit sees.
  public let days: Int
  /// The days that it must see.
  public let minimumDays: Int
  /// Days from one fit to the next.
  public let refitDays: Int

  init(_ set: ParameterSet, _ prefix: String) throws(ParameterError) {
    days = try set.days(prefix + ".days")
    minimumDays = try set.days(prefix + ".minimumDays")
    refitDays = try set.days(prefix + ".refitDays")
    guard minimumDays <= days else {
      throw .inconsistent(
        key: prefix + ".minimumDays", reason: "more than \(prefix).days, which a fit sees at most")
    }
  }
}

/// The devices against procyclicality that regulators name.
///
/// Source: Commission Delegated Regulation (EU) 153/2013, article 28.
public struct RangeDeviceParameters: Hashable, Sendable {
  /// The share added to a calm range, to be used up when ranges rise.
  public let buffer: Rate
  /// The days whose mean range says what is calm.
  public let bufferDays: Int
  /// The weight of the widest range of plain history so far.
  public let stressedWeight: Rate
  /// The days of plain history below whose range none falls; not fewer than the window.
  public let lookbackDays: Int

  init(_ set: ParameterSet) throws(ParameterError) {
    buffer = try set.rate("range.device.buffer")
    bufferDays = try set.days("range.device.bufferDays")
    stressedWeight = try set.rate("range.device.stressedWeight")
    lookbackDays = try set.days("range.device.lookbackDays")
  }
}

extension ParameterSet {
  /// A number of days; the bounds of every such key lie inside an `Int`.
  fileprivate func days(_ key: String) throws(ParameterError) -> Int { Int(try raw(key)) }
}
