// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Parameters
import Quantities
import TestFixtures
import Testing

@Suite("Parameters of the venue's balance")
struct BalanceParameterTests {
  private func read(
    _ changes: [(key: String, value: String)], of symbol: String = "BTC"
  ) throws -> BalanceParameters {
    try BalanceParameters(ParameterFixture.set(changes), underlying: AssetSymbol(symbol))
  }

  private func missing(_ changes: [(key: String, value: String)]) throws -> String? {
    do {
      _ = try read(changes)
      return nil
    } catch ParameterError.missing(let key) { return key }
  }

  @Test("need not be stated, and nothing is asked then")
  func defaults() throws {
    let set = try ParameterFixture.file()
    #expect(!set.values.contains { $0.key.hasPrefix("balance.") })
    let parameters = try BalanceParameters(set, underlying: AssetSymbol("BTC"))
    #expect(parameters.entryFee == nil && parameters.funding == nil)
    #expect(try read([("balance.default.depth", "0")]).entryFee == nil)
    #expect(try read([("balance.default.velocity", "0")]).funding == nil)
  }

  @Test("an underlying's own numbers come before those of all")
  func stated() throws {
    let changes = [
      (key: "balance.default.depth", value: "50000"), (key: "balance.default.cost", value: "1%"),
      (key: "balance.BTC.cost", value: "2%"), (key: "balance.BTC.exponent", value: "2"),
      (key: "balance.ETH.threshold", value: "10"),
    ]
    let btc = try #require(try read(changes).entryFee)
    #expect(btc.depth == 50_000_000_000 && btc.threshold == 0)
    #expect(try btc.cost == Rate("2%") && btc.exponent == Rate("2"))
    #expect(try btc.rebateShare == Rate("80%") && btc.slopeCap == Rate("1%"))
    let eth = try #require(try read(changes, of: "ETH").entryFee)
    #expect(try eth.cost == Rate("1%") && eth.exponent == Rate("1.5"))
    #expect(eth.threshold == 10_000_000)
  }

  @Test("what one number needs beside it is asked for by name")
  func companions() throws {
    #expect(try missing([("balance.BTC.depth", "1")]) == "balance.default.cost")
    let velocity = [(key: "balance.default.velocity", value: "0.1%")]
    #expect(try missing(velocity) == "balance.default.largestImbalance")
    let largest = velocity + [(key: "balance.default.largestImbalance", value: "80000")]
    #expect(try missing(largest) == "balance.default.fundingCap")
    let whole = largest + [(key: "balance.default.fundingCap", value: "0.2%")]
    let funding = try #require(try read(whole).funding)
    #expect(try funding.premiumWeight == Rate("50%") && funding.impactNotional == 0)
    #expect(
      try missing(whole + [("balance.default.impactNotional", "1")]) == "balance.default.depth")
  }

  @Test("bounds")
  func bounds() throws {
    for (key, good, bad) in [
      ("depth", "0", "-0.000001"), ("cost", "0.000000001", "0"), ("cost", "1", "1.000000001"),
      ("exponent", "1", "0.999999999"), ("exponent", "3", "3.000000001"),
      ("slopeCap", "0.000000001", "0"), ("slopeCap", "1", "1.000000001"),
      ("rebateShare", "80%", "0.800000001"), ("threshold", "0", "-0.000001"),
      ("velocity", "1", "1.000000001"), ("largestImbalance", "1", "0.999999"),
      ("fundingCap", "0.000000001", "0"), ("fundingCap", "1", "1.000000001"),
      ("premiumWeight", "1", "1.000000001"), ("impactNotional", "0", "-0.000001"),
    ] {
      let key = "balance.default.\(key)"
      #expect(throws: Never.self) {
        try ParameterSet.read(key: key, text: good, source: "test")
      }
      #expect(throws: ParameterError.self, "\(key) = \(bad)") {
        try ParameterSet.read(key: key, text: bad, source: "test")
      }
    }
  }
}
