// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension ParameterDefinition {
  /// The parameters of ranges made from implied volatility (``ImpliedRangeParameters``).
  public static let implied: [ParameterDefinition] = [
    ParameterDefinition(
      "implied.tenor", .duration, 86_400_000_000_000...31_536_000_000_000_000,
      "time to expiry of the volatility at the money that makes the range"),
    ParameterDefinition(
      "implied.horizon", .duration, 3_600_000_000_000...864_000_000_000_000,
      "time ahead that the range covers; it grows with the square root"),
    ParameterDefinition(
      "implied.range.multiple", .rate, 500_000_000...20_000_000_000,
      "standard deviations in the range"),
    ParameterDefinition(
      "implied.range.floor", .rate, 1_000_000...900_000_000, "least range"),
    ParameterDefinition(
      "implied.range.cap", .rate, 1_000_000...900_000_000, "largest range"),
    ParameterDefinition(
      "implied.volatility.multiple", .rate, 0...20_000_000_000,
      "move of volatility in root mean squares of its recorded changes over the horizon"),
    ParameterDefinition(
      "implied.volatility.floor", .rate, 0...10_000_000_000, "least move of volatility up"),
    ParameterDefinition(
      "implied.volatility.cap", .rate, 0...10_000_000_000, "largest move of volatility up"),
    ParameterDefinition(
      "implied.volatility.downShare", .rate, 0...1_000_000_000,
      "move down as a share of the move up"),
    ParameterDefinition(
      "implied.volatility.minimumChanges", .count, 1...10_000,
      "changes of volatility that must be recorded; before them the cap holds"),
  ]
}
