// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Connectors
import Foundation
public import Quantities

/// Which recorded chains a backtest of option books uses.
public struct OptionChainChoice: Hashable, Sendable {
  /// Only this one; `nil` for all.
  public var underlying: AssetSymbol?
  /// Of the snapshots.
  public var times: ClosedRange<Timestamp>?
  /// Least and most time between the chains of a pair; the least is that of consecutive ones.
  public var least: TimeSpan
  public var most: TimeSpan

  /// Where the files of recorded chains are looked for.
  public static let folder = "../shared/data/options"
  /// How their names begin.
  public static let beginning = "deribit_chain_"

  public init(
    underlying: AssetSymbol? = nil, times: ClosedRange<Timestamp>? = nil, least: TimeSpan = .zero,
    most: TimeSpan = TimeSpan(seconds: 48 * 3_600)
  ) {
    self.underlying = underlying
    self.times = times
    self.least = least
    self.most = most
  }

  /// The recorded chains of a folder, sorted; empty where there is none.
  public static func recorded(in folder: String = folder) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasPrefix(beginning) }.sorted().map { "\(folder)/\($0)" }
  }

  /// Pairs of the snapshots that were read.
  public func pairs(_ snapshots: [OptionChainSnapshot]) throws(OptionBacktestError) -> OptionPairs {
    let chosen = snapshots.filter { snapshot in
      (underlying.map { $0 == snapshot.underlying } ?? true)
        && (times?.contains(snapshot.time) ?? true)
    }
    return try OptionPairs(chosen, least: least, most: most)
  }
}
