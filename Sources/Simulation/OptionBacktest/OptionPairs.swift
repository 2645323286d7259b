// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Connectors
public import Quantities

/// The markets of one time and those of a later one, the same underlyings in both.
public struct OptionPair: Sendable {
  /// In the order of the symbols.
  public let first: [OptionMarket]
  public let second: [OptionMarket]

  public var from: Timestamp { first[0].time }
  public var to: Timestamp { second[0].time }
}

/// Recorded chains, two by two.
///
/// Each snapshot is paired with the first one that lies at least so far behind it: with its
/// successor where nothing is asked. Where that one is too far away, as across a month that
/// was not recorded, there is no pair.
public struct OptionPairs: Sendable {
  public let pairs: [OptionPair]
  /// Snapshots without a partner, the last one among them.
  public let unpaired: Int

  /// Longest time between the two chains of a pair that may be asked for.
  public static let longestGap = TimeSpan(seconds: 7 * 86_400)

  /// - Parameters:
  ///   - snapshots: In any order; every underlying of a time at most once.
  ///   - least: Least time between the chains of a pair.
  ///   - most: Most time between them, at least `least`.
  /// - Throws: ``OptionBacktestError``.
  public init(
    _ snapshots: [OptionChainSnapshot], least: TimeSpan = .zero, most: TimeSpan
  ) throws(OptionBacktestError) {
    guard least >= .zero, least <= most, most <= Self.longestGap else {
      throw .setting("the time between two chains", lowest: "0", highest: "7 days")
    }
    let times = try Self.times(snapshots)
    var pairs: [OptionPair] = []
    for (place, markets) in times.enumerated() {
      let later = times[(place + 1)...].first { $0[0].time - markets[0].time >= least }
      guard let later, later[0].time - markets[0].time <= most,
        let pair = OptionPair(markets, later)
      else { continue }
      pairs.append(pair)
    }
    guard !pairs.isEmpty else { throw .withoutPairs(snapshots: snapshots.count) }
    self.pairs = pairs
    unpaired = times.count - pairs.count
  }

  /// The markets of each time, both in order.
  private static func times(
    _ snapshots: [OptionChainSnapshot]
  ) throws(OptionBacktestError) -> [[OptionMarket]] {
    let sorted = snapshots.sorted {
      $0.time != $1.time ? $0.time < $1.time : $0.underlying < $1.underlying
    }
    var times: [[OptionMarket]] = []
    for snapshot in sorted {
      let market = try OptionMarket(snapshot)
      guard let last = times.last?.last, last.time == market.time else {
        times.append([market])
        continue
      }
      guard last.underlying != market.underlying else {
        throw .repeatedSnapshot(time: market.time, underlying: market.underlying)
      }
      times[times.count - 1].append(market)
    }
    return times
  }
}

extension OptionPair {
  /// Keeps the underlyings of both; nil without any.
  fileprivate init?(_ markets: [OptionMarket], _ later: [OptionMarket]) {
    first = markets.filter { market in later.contains { $0.underlying == market.underlying } }
    second = later.filter { market in markets.contains { $0.underlying == market.underlying } }
    guard !first.isEmpty else { return nil }
  }
}
