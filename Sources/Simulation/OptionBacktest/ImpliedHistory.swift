// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
public import Parameters
import Quantities

/// What implied volatilities have done so far, and the scenarios that follow from them.
struct ImpliedHistory {
  private let parameters: ImpliedRangeParameters
  private var tracks: [AssetSymbol: Track] = [:]

  /// Chains further apart are not compared: months that were not recorded lie between them.
  private static let longestGap = TimeSpan(seconds: 36 * 3_600)
  /// To expiry of the volatility whose changes count, which is where venues state their moves.
  private static let years = TimeSpan(seconds: 30 * 86_400).years

  private struct Track {
    var time: Timestamp
    var volatility: Double
    /// Of squared logarithmic changes, each brought to the horizon.
    var squares = 0.0
    var changes = 0
  }

  init(_ parameters: ImpliedRangeParameters) {
    self.parameters = parameters
  }

  /// The values of a model's keys for these markets; every call has later ones.
  mutating func values(
    for markets: [OptionMarket]
  ) -> [ParameterValue] {
    var values: [ParameterValue] = []
    for market in markets {
      note(market)
      let key = "model.\(market.underlying)."
      let up = move(of: market.underlying)
      let down = up * parameters.volatility.downShare.value
      values.append(Self.value(key + "scan.range", parameters.range(of: market)))
      values.append(Self.value(key + "volatility.up", up))
      values.append(Self.value(key + "volatility.down", down))
    }
    return values
  }

  /// The relative move of volatility up.
  private func move(of symbol: AssetSymbol) -> Double {
    let terms = parameters.volatility
    guard let track = tracks[symbol], track.changes >= terms.minimumChanges else {
      return terms.cap.value
    }
    let deviation = (track.squares / Double(track.changes)).squareRoot()
    return held(terms.multiple.value * deviation, terms.floor.value, terms.cap.value)
  }

  private mutating func note(_ market: OptionMarket) {
    let volatility = market.atTheMoney(years: Self.years)
    guard var track = tracks[market.underlying] else {
      tracks[market.underlying] = Track(time: market.time, volatility: volatility)
      return
    }
    let span = market.time - track.time
    if span > .zero, span <= Self.longestGap {
      let change = Elementary.log(volatility / track.volatility)
      track.squares += change * change * (parameters.horizon.days / span.days)
      track.changes += 1
    }
    track.time = market.time
    track.volatility = volatility
    tracks[market.underlying] = track
  }

  private static func value(
    _ key: String, _ share: Double
  ) -> ParameterValue {
    let units = Int64(exactly: (share * 1e9).rounded(.toNearestOrEven)) ?? .max
    return ParameterValue(key: key, raw: units, source: "from implied volatility")
  }
}

extension ImpliedRangeParameters {
  /// The largest move of spot of the scenarios, a share of it.
  public func range(of market: OptionMarket) -> Double {
    let volatility = market.atTheMoney(years: tenor.years)
    return held(
      multiple.value * (volatility * horizon.years.squareRoot()), floor.value, cap.value)
  }
}

private func held(_ value: Double, _ floor: Double, _ cap: Double) -> Double {
  min(max(value, floor), cap)
}
