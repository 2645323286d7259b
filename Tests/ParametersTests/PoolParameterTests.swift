// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Parameters
import Quantities
import TestFixtures
import Testing

@Suite("Parameters of backstop pools")
struct PoolParameterTests {
  @Test("need not be stated, and no pool has a place in the waterfall then")
  func defaults() throws {
    let set = try ParameterFixture.file()
    #expect(!set.values.contains { $0.key.hasPrefix("pool.") })
    let parameters = try PoolParameters(set)
    #expect(parameters.discount == (try? Rate("0.5%")) && parameters.fee == .zero)
    #expect(parameters.openingShare == .zero && parameters.notice == .day)
    #expect(parameters.openingJuniorShare == .zero)
    #expect(try !LiquidationParameters(set).waterfall.stages.contains(.pool))
  }

  @Test("are read as stated, and held to their bounds")
  func stated() throws {
    let set = try ParameterFixture.set([
      (key: "pool.leverage", value: "0.1"), (key: "pool.marketCap", value: "12.5"),
      (key: "pool.window", value: "1s"), (key: "pool.juniorShare", value: "100%"),
    ])
    let parameters = try PoolParameters(set)
    #expect(parameters.leverage == (try? Rate("0.1")) && parameters.marketCap == 12_500_000)
    #expect(parameters.window == TimeSpan(seconds: 1) && parameters.juniorShare == .one)
    for (key, value) in [
      ("pool.leverage", "0.099999999"), ("pool.window", "0.999999999s"),
      ("pool.juniorShare", "1.000000001"), ("pool.discount", "0.200000001"),
      ("pool.openingJuniorShare", "1.000000001"), ("pool.marketCap", "-0.000001"),
      ("pool.leastDiscount", "0.200000001"),
    ] {
      #expect(throws: ParameterError.self, "\(key) = \(value)") {
        try ParameterSet.read(key: key, text: value, source: "test")
      }
    }
  }

  @Test("the least discount is at most the discount")
  func leastDiscount() throws {
    let discount = (key: "pool.discount", value: "0.5%")
    let same = try ParameterFixture.set([discount, (key: "pool.leastDiscount", value: "0.5%")])
    #expect(try PoolParameters(same).leastDiscount == Rate(billionths: 5_000_000))
    let more = try ParameterFixture.set([
      discount, (key: "pool.leastDiscount", value: "0.5000001%"),
    ])
    #expect(
      throws: ParameterError.inconsistent(
        key: "pool.leastDiscount", reason: "above pool.discount")
    ) { _ = try PoolParameters(more) }
    #expect(try PoolParameters(ParameterFixture.set([])).leastDiscount == .zero)
  }
}
