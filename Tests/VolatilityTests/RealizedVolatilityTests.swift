// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Parameters
import Quantities
import Testing
import Volatility

@Suite("Realized volatility")
struct RealizedVolatilityTests {
  private func parameters() throws -> RealizedVolatilityParameters {
    RealizedVolatilityParameters(
      halfLife: .hour, lowest: try Rate("10%"), highest: try Rate("400%"))
  }

  @Test("loses half its variance in a half-life of standstill")
  func halfLife() throws {
    let after = try parameters().volatility(
      after: Rate("200%"), logReturn: 0, elapsed: .hour)
    // 2 ÷ √2, to the billionth.
    #expect(after == Rate(billionths: 1_414_213_562))
  }

  @Test("stays where returns are as large as it says")
  func stationary() throws {
    // 0.8²·(one minute in years) = r².
    let minuteReturn = 0.8 * (1.0 / 525_600).squareRoot()
    var volatility = try Rate("80%")
    for _ in 0..<100 {
      volatility = try parameters().volatility(
        after: volatility, logReturn: -minuteReturn, elapsed: .minute)
    }
    #expect(abs(volatility.billionths - 800_000_000) <= 1)
  }

  @Test("stays between floor and cap, whatever the return")
  func limits() throws {
    let parameters = try parameters()
    #expect(
      parameters.volatility(after: parameters.lowest, logReturn: 0, elapsed: .day)
        == parameters.lowest)
    for logReturn in [1e3, -1e200, .infinity, .nan] {
      let after = parameters.volatility(
        after: parameters.highest, logReturn: logReturn, elapsed: .minute)
      #expect(after == parameters.highest)
    }
    #expect(
      try parameters.volatility(after: Rate("5%"), logReturn: 1, elapsed: .zero)
        == parameters.lowest)
  }

  @Test("takes the return from two prices")
  func prices() throws {
    let parameters = try parameters()
    let rise = parameters.volatility(
      after: try Rate("80%"), from: try Price("8000"), to: try Price("8100"), elapsed: .minute)
    let same = parameters.volatility(
      after: try Rate("80%"), from: try Price("8000"), to: try Price("8000"), elapsed: .minute)
    #expect(rise > same)
    // ln(8100/8000) = 0.0124225199985571 (mpmath, 16 digits).
    let direct = parameters.volatility(
      after: try Rate("80%"), logReturn: 0.012_422_519_998_557_1, elapsed: .minute)
    #expect(abs(rise.billionths - direct.billionths) <= 1)
  }
}
