// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Parameters
import Quantities
import TestFixtures
import Testing

@Suite("Parameters of value at risk")
struct ValueAtRiskParameterTests {
  @Test("are stated in the default file, the model as it was published")
  func defaults() throws {
    let parameters = try ValueAtRiskParameters(ParameterFixture.set())
    #expect(parameters.confidence.billionths == 990_000_000)
    #expect(parameters.horizon.days == 1)
    #expect(parameters.paths == 10_000)
    #expect(parameters.stepsPerDay == 24)
    // QUANT, section 1.2 (a), BTC median.
    #expect(parameters.model.meanReversion.billionths == 13_376_951_000)
    #expect(parameters.model.jumpCorrelation.billionths == -30_299_000)
  }

  @Test("must all be stated", arguments: ParameterDefinition.valueAtRisk.map(\.key))
  func missing(key: String) throws {
    let set = try ParameterFixture.set()
    let rest = try ParameterSet(
      name: "rest", date: set.date, values: set.values.filter { $0.key != key })
    #expect(throws: ParameterError.missing(key: key)) { try ValueAtRiskParameters(rest) }
  }

  @Test("are refused where the jumps leave the forward without a mean")
  func mean() throws {
    let limit = try ParameterFixture.set([
      (key: "var.svcj.meanVarianceJump", value: "1"),
      (key: "var.svcj.jumpCorrelation", value: "0.99"),
    ])
    #expect(try ValueAtRiskParameters(limit).model.jumpCorrelation.value == 0.99)
    let beyond = try limit.setting(
      "var.svcj.jumpCorrelation", to: "0.990000001", source: "test")
    #expect(
      throws: ParameterError.inconsistent(
        key: "var.svcj.jumpCorrelation",
        reason: "times var.svcj.meanVarianceJump above 0.99: the forward has no mean")
    ) { try ValueAtRiskParameters(beyond) }
  }
}
