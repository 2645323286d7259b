// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension ParameterDefinition {
  /// The parameters of value at risk (``ValueAtRiskParameters``); margin reads none of them.
  public static let valueAtRisk: [ParameterDefinition] = [
    ParameterDefinition(
      "var.confidence", .rate, 500_000_000...999_999_000,
      "probability that a loss stays within value at risk"),
    ParameterDefinition(
      "var.horizon", .duration, 60_000_000_000...8_640_000_000_000_000,
      "time ahead at which a book is revalued"),
    ParameterDefinition("var.paths", .count, 10_000...1_000_000, "simulated paths"),
    ParameterDefinition(
      "var.stepsPerDay", .count, 1...1_000, "steps of a path's variance per day of the horizon"),
    ParameterDefinition(
      "var.response.down", .rate, -10_000_000_000...10_000_000_000,
      "relative move of volatility per unit of a fall's ln(F'/F), in scenarios of the past"),
    ParameterDefinition(
      "var.response.up", .rate, -10_000_000_000...10_000_000_000, "the same of a rise's"),
    ParameterDefinition(
      "var.volatilityOfVolatility", .rate, 0...10_000_000_000,
      "standard deviation of one day's relative move of volatility"),
    ParameterDefinition(
      "var.correlation", .rate, -1_000_000_000...1_000_000_000,
      "between one day's return and the move of volatility"),
    ParameterDefinition(
      "var.svcj.initialVariance", .rate, 0...100_000_000_000,
      "variance per year now, of the model that is simulated"),
    ParameterDefinition(
      "var.svcj.meanVariance", .rate, 0...100_000_000_000, "variance per year it returns to"),
    ParameterDefinition(
      "var.svcj.meanReversion", .rate, 0...1_000_000_000_000, "rate of return, per year"),
    ParameterDefinition(
      "var.svcj.volatilityOfVariance", .rate, 0...100_000_000_000,
      "of the variance's root, per square root of a year"),
    ParameterDefinition(
      "var.svcj.correlation", .rate, -999_900_000...999_900_000,
      "between the forward and its variance"),
    ParameterDefinition(
      "var.svcj.jumpIntensity", .rate, 0...1_000_000_000_000, "jumps per year"),
    ParameterDefinition(
      "var.svcj.meanJump", .rate, -5_000_000_000...5_000_000_000,
      "mean jump of the forward's logarithm where the variance does not jump"),
    ParameterDefinition(
      "var.svcj.jumpDeviation", .rate, 0...5_000_000_000, "its standard deviation"),
    ParameterDefinition(
      "var.svcj.meanVarianceJump", .rate, 0...100_000_000_000,
      "mean jump of the variance, per year"),
    ParameterDefinition(
      "var.svcj.jumpCorrelation", .rate, -10_000_000_000...10_000_000_000,
      "what a unit of the variance's jump adds to the logarithm's"),
  ]
}
