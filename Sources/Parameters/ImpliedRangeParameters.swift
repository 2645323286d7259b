// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// How implied volatility becomes the scenarios of a margin model.
///
/// With σ at the money at the tenor and h the horizon in years, the range is multiple × σ × √h,
/// held between floor and cap. The move of volatility is a multiple of the root mean square of its
/// recorded changes over the horizon, held between its own floor and cap.
public struct ImpliedRangeParameters: Hashable, Sendable {
  /// Time to expiry of the volatility.
  public let tenor: TimeSpan
  /// Time ahead that the range covers.
  public let horizon: TimeSpan
  /// Standard deviations.
  public let multiple: Rate
  /// Least and largest range.
  public let floor: Rate
  public let cap: Rate
  public let volatility: ImpliedShockParameters

  public init(_ set: ParameterSet) throws(ParameterError) {
    tenor = try set.duration("implied.tenor")
    horizon = try set.duration("implied.horizon")
    multiple = try set.rate("implied.range.multiple")
    floor = try set.rate("implied.range.floor")
    cap = try set.rate("implied.range.cap")
    volatility = try ImpliedShockParameters(set)
    guard floor <= cap else {
      throw .inconsistent(key: "implied.range.floor", reason: "above implied.range.cap")
    }
  }
}

/// How far scenarios move volatility at 30 days to expiry.
public struct ImpliedShockParameters: Hashable, Sendable {
  /// Of the root mean square of changes.
  public let multiple: Rate
  /// Least and largest move up.
  public let floor: Rate
  public let cap: Rate
  /// A move down, as a share of that up.
  public let downShare: Rate
  /// Changes that must have been recorded; before them the cap holds.
  public let minimumChanges: Int

  init(_ set: ParameterSet) throws(ParameterError) {
    multiple = try set.rate("implied.volatility.multiple")
    floor = try set.rate("implied.volatility.floor")
    cap = try set.rate("implied.volatility.cap")
    downShare = try set.rate("implied.volatility.downShare")
    minimumChanges = Int(try set.raw("implied.volatility.minimumChanges"))
    guard floor <= cap else {
      throw .inconsistent(
        key: "implied.volatility.floor", reason: "above implied.volatility.cap")
    }
  }
}
