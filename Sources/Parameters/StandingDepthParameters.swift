// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// How far the depth of a market's book limits a slice; without a window it does not.
///
/// Depth counts only as long as it stands: what appears for a moment before a slice is cut does
/// not enlarge it. Source of the rule: the POPCAT attack of 12 November 2025, where caps followed
/// a wall of orders that was then taken away.
public struct StandingDepthParameters: Hashable, Sendable {
  /// Over which depth must have stood; zero where it is not looked at.
  public let window: TimeSpan
  /// The part of the window in which there may have been less; zero for the least of it.
  public let tolerance: Rate
  /// The largest part of the standing depth that the slices of a block may take.
  public let part: Rate
  /// How far from the mark the reported depth reaches: taking all of it costs half of this.
  public let distance: Rate

  init(_ set: ParameterSet) throws(ParameterError) {
    func stated(_ key: String, _ usual: Int64) throws(ParameterError) -> Int64 {
      set.states(key) ? try set.raw(key) : usual
    }
    window = TimeSpan(nanoseconds: try stated("liquidation.depthWindow", 0))
    tolerance = Rate(billionths: try stated("liquidation.depthTolerance", 0))
    part = Rate(billionths: try stated("liquidation.depthPart", Rate.one.billionths))
    distance = Rate(billionths: try stated("liquidation.depthDistance", 0))
  }

  public var isOn: Bool { window > .zero }
}

extension ParameterDefinition {
  static let standingDepth: [ParameterDefinition] = [
    ParameterDefinition(
      "liquidation.depthWindow", .duration, 0...86_400_000_000_000,
      "time over which depth must have stood to count for a slice, 0 to look at no depth"),
    ParameterDefinition(
      "liquidation.depthTolerance", .rate, 0...500_000_000,
      "part of that time in which there may have been less"),
    ParameterDefinition(
      "liquidation.depthPart", .rate, 1_000_000...1_000_000_000,
      "largest part of the standing depth that the slices of a block may take"),
    ParameterDefinition(
      "liquidation.depthDistance", .rate, 0...100_000_000,
      "how far from the mark reported depth reaches; taking all of it costs half of this"),
  ]
}
