// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Connectors
import MarketData
public import Parameters
import Quantities

/// Fits the feeds of a parameter set to the sources that a market has.
///
/// A feed that could never reach its quorum in a market takes in every source that votes there,
/// with weight 1, and a quorum no larger than their number. Each value that is stated so stands
/// in the report's table of parameters with this reason; feeds that can reach their quorum stay
/// as they are.
public struct FeedFit: Sendable {
  let market: RecordedMarket
  /// Keys that were stated for this run and stay as they were stated.
  let kept: [String]

  public init(market: RecordedMarket, kept: [String] = []) {
    self.market = market
    self.kept = kept
  }

  /// The set, with what its feeds must state for this market.
  public func parameters(_ set: ParameterSet) throws -> ParameterSet {
    var values: [ParameterValue] = []
    for base in market.underlyings { values += try stated(for: base, in: set) }
    guard !values.isEmpty else { return set }
    let replaced = values.map(\.key)
    return try ParameterSet(
      name: set.name, date: set.date,
      values: set.values.filter { !replaced.contains($0.key) } + values)
  }

  /// What a feed must state beyond the set; nothing when it can reach its quorum.
  private func stated(for base: AssetSymbol, in set: ParameterSet) throws -> [ParameterValue] {
    let voters = market.series.filter { $0.role == .votes && $0.feed.base == base }
      .map(\.source.symbol).filter { Self.canBeStated($0, for: base) }
    let feed = try FeedParameters(set, feed: base)
    let known = feed.sources.map(\.source)
    guard voters.count(where: known.contains) < Int(feed.quorum) else { return [] }
    var values: [ParameterValue] = []
    for voter in voters {
      let key = Self.weightKey(voter, base)
      guard !set.states(key) else { continue }
      values.append(
        try ParameterSet.read(
          key: key, text: "1",
          source: "A source of this run's prices; equal weights, as none is known to be better."))
    }
    let quorum = "oracle.\(base).quorum"
    if voters.count < Int(feed.quorum), !kept.contains(quorum) {
      values.append(
        try ParameterSet.read(
          key: quorum, text: "\(voters.count)",
          source: "This run's prices have no more sources; the feed asks for \(feed.quorum)."))
    }
    return values
  }

  /// Whether a key can name the source; one with a dot in its name it cannot.
  private static func canBeStated(_ source: AssetSymbol, for base: AssetSymbol) -> Bool {
    (try? ParameterSet.definition(of: weightKey(source, base))) != nil
  }

  private static func weightKey(_ source: AssetSymbol, _ base: AssetSymbol) -> String {
    "oracle.\(base).source.\(source).weight"
  }
}
