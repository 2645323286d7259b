// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Connectors
public import Quantities

/// What gas costs in the course of a day.
public enum GasProfile: Sendable {
  /// The same all day, wei per gas.
  case constant(Int64)
  /// Twelve hours like those of 12 March 2020, in round numbers: 15 gwei, from the fourth hour a
  /// rise to 185 in six hours, then 80.
  case crash
  /// Recorded, from an instant on.
  case recorded(GasPrices, from: Timestamp)

  /// Nodes of ``crash``: second, wei per gas.
  private static let crashNodes: [(second: Int64, wei: Int64)] = [
    (0, 15_000_000_000), (10_800, 30_000_000_000), (18_000, 60_000_000_000),
    (25_200, 150_000_000_000), (32_400, 185_000_000_000), (39_600, 80_000_000_000),
  ]

  /// Wei per gas so many seconds after the start; before the first node and after the last, theirs.
  public func weiPerGas(after seconds: Int64) -> Int64 {
    switch self {
    case .constant(let wei): return min(max(wei, 0), highestGasPrice)
    case .recorded(let prices, let start):
      // A day has 86,400 seconds; a year later the last price holds anyway.
      let span = TimeSpan(seconds: min(max(seconds, 0), 31_536_000))
      return prices.weiPerGas(at: start + span)
    case .crash:
      let nodes = Self.crashNodes
      guard let next = nodes.firstIndex(where: { $0.second > seconds }) else {
        return nodes[nodes.count - 1].wei
      }
      guard next > 0 else { return nodes[0].wei }
      let (before, after) = (nodes[next - 1], nodes[next])
      let done = seconds - before.second
      return before.wei + (after.wei - before.wei) * done / (after.second - before.second)
    }
  }
}
