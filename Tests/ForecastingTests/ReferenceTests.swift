// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Forecasting
import Foundation
import Testing

/// The rows of forecasting_gamma.csv, which says how they were made.
private struct ReferenceRow {
  let inputs: [Double]
  let expected: Double

  static func rows(_ name: String) throws -> [ReferenceRow] {
    let file = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
      .appending(path: "../../ReferenceValues/forecasting_gamma.csv").standardized
    let text = try String(contentsOf: file, encoding: .utf8)
    return try text.split(separator: "\n").filter { $0.hasPrefix(name + ",") }.map { line in
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      return ReferenceRow(
        inputs: fields[1...3].compactMap { Double($0) },
        expected: try #require(Double(fields[4])))
    }
  }
}

// Expected: mpmath, 60 digits, rounded to 17. Tolerances: the documented bounds.
@Suite("The distributions behind a backtest")
struct ReferenceTests {
  @Test("have the logarithm of the gamma function")
  func logGamma() throws {
    let rows = try ReferenceRow.rows("logGamma")
    #expect(rows.count == 69)
    for row in rows {
      let error = (IncompleteGamma.logGamma(row.inputs[0]) - row.expected).magnitude
      #expect(error <= 5e-15 * max(1, row.expected.magnitude), "\(row)")
    }
    #expect(IncompleteGamma.logGamma(0) == .infinity)
    #expect(IncompleteGamma.logGamma(.nan) == .infinity)
  }

  @Test("have the incomplete gamma function")
  func upper() throws {
    let rows = try ReferenceRow.rows("upper")
    #expect(rows.count == 203)
    for row in rows {
      let value = IncompleteGamma.upper(row.inputs[0], row.inputs[1])
      let error = (value - row.expected).magnitude
      #expect(error <= 1e-12, "\(row)")
      if row.inputs[1] >= row.inputs[0] + 1 {
        #expect(error <= 1e-11 * row.expected, "\(row)")
      }
    }
  }

  // The critical values of QUANT section 3.7, three decimals: 5 % and 1 %.
  @Test(
    "give χ² its critical values",
    arguments: [(1, 3.841, 0.05), (1, 6.635, 0.01), (2, 5.991, 0.05), (2, 9.210, 0.01)])
  func chiSquared(degrees: Int, statistic: Double, probability: Double) throws {
    let tail = try IncompleteGamma.chiSquaredTail(statistic, degreesOfFreedom: degrees)
    #expect(abs(tail / probability - 1) < 5e-4)
    #expect(throws: ForecastingError.outOfBounds(.degreesOfFreedom)) {
      try IncompleteGamma.chiSquaredTail(statistic, degreesOfFreedom: 0)
    }
    #expect(throws: ForecastingError.outOfBounds(.degreesOfFreedom)) {
      try IncompleteGamma.chiSquaredTail(.nan, degreesOfFreedom: degrees)
    }
  }

  @Test("give Kupiec's ratio and the binomial sum")
  func counts() throws {
    for row in try ReferenceRow.rows("kupiec") {
      let statistic = try ExceedanceTest.coverageStatistic(
        exceedances: Int(row.inputs[0]), observations: Int(row.inputs[1]),
        probability: row.inputs[2])
      #expect((statistic - row.expected).magnitude <= 1e-10 * max(1, row.expected), "\(row)")
    }
    for row in try ReferenceRow.rows("binomial") {
      let sum = try TrafficLight.cumulative(
        Int(row.inputs[0]), observations: Int(row.inputs[1]), probability: row.inputs[2])
      #expect((sum - row.expected).magnitude <= 1e-10, "\(row)")
    }
  }
}
