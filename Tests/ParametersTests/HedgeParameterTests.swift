// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Parameters
import Quantities
import TestFixtures
import Testing

@Suite("Parameters of the hedge")
struct HedgeParameterTests {
  private typealias Changes = [(key: String, value: String)]

  private func band(_ changes: Changes, of symbol: String = "BTC") throws -> HedgeBand? {
    try HedgeBand(ParameterFixture.set(changes), underlying: AssetSymbol(symbol))
  }

  /// The key that a reader finds missing or contradicting.
  private func fault(_ changes: Changes) throws -> String? {
    do {
      _ = try HedgeParameters(ParameterFixture.set(changes))
      _ = try band(changes)
      return nil
    } catch {
      switch error as? ParameterError {
      case .missing(let key), .inconsistent(let key, _): return key
      default: throw error
      }
    }
  }

  @Test("need not be stated, and nothing is hedged then")
  func defaults() throws {
    let set = try ParameterFixture.file()
    #expect(!set.values.contains { $0.key.hasPrefix("hedge.") })
    let parameters = try HedgeParameters(set)
    #expect(!parameters.isOn && parameters.windowCost == HedgeBand.limit)
    #expect(try parameters.mostCost == Rate("1%") && parameters.margin == Rate("1.5"))
    #expect(parameters.orderCost == parameters.windowCost)
    #expect(try HedgeBand(set, underlying: AssetSymbol("BTC")) == nil)
    #expect(try band([("hedge.default.threshold", "0")]) == nil)
  }

  @Test("an underlying's own numbers come before those of all")
  func stated() throws {
    let changes = [
      (key: "hedge.capital", value: "1000"), (key: "hedge.default.threshold", value: "50000"),
      (key: "hedge.BTC.target", value: "10000"), (key: "hedge.BTC.leastOrder", value: "40000"),
      (key: "hedge.ETH.threshold", value: "7"), (key: "hedge.windowCost", value: "20"),
    ]
    #expect(
      try band(changes)
        == HedgeBand(
          threshold: 50_000_000_000, target: 10_000_000_000, leastOrder: 40_000_000_000,
          mostOrder: HedgeBand.limit))
    let eth = try #require(try band(changes, of: "ETH"))
    #expect(eth.threshold == 7_000_000 && eth.target == 3_500_000)
    let parameters = try HedgeParameters(ParameterFixture.set(changes))
    #expect(parameters.isOn && parameters.orderCost == 20_000_000)
  }

  @Test("what contradicts is refused by its key, and what just fits is not")
  func contradictions() throws {
    let capital = [(key: "hedge.capital", value: "1000")]
    let on = capital + [(key: "hedge.BTC.threshold", value: "100")]
    #expect(try fault([("hedge.BTC.threshold", "100")]) == "hedge.capital")
    for (key, good, bad) in [
      ("BTC.target", "99.999999", "100"), ("BTC.leastOrder", "50", "50.000001"),
      ("windowCost", "1000", "1000.000001"),
    ] {
      #expect(try fault(on + [("hedge.\(key)", good)]) == nil)
      #expect(try fault(on + [("hedge.\(key)", bad)]) == "hedge.\(key)")
    }
    let window = on + [(key: "hedge.windowCost", value: "10")]
    #expect(try fault(window + [("hedge.orderCost", "10")]) == nil)
    #expect(try fault(window + [("hedge.orderCost", "10.000001")]) == "hedge.orderCost")
    let least = on + [(key: "hedge.BTC.leastOrder", value: "10")]
    #expect(try fault(least + [("hedge.BTC.mostOrder", "10")]) == nil)
    #expect(try fault(least + [("hedge.BTC.mostOrder", "9.999999")]) == "hedge.BTC.leastOrder")
  }

  @Test("bounds")
  func bounds() throws {
    for (key, good, bad) in [
      ("capital", "0", "-0.000001"), ("mostCost", "10%", "10.0000001%"),
      ("mostCost", "0", "-0.000000001"), ("orderCost", "0", "-0.000001"),
      ("windowCost", "0", "-0.000001"), ("window", "1s", "0.999999999s"),
      ("margin", "1.1", "1.099999999"), ("margin", "10", "10.000000001"),
      ("default.threshold", "0", "-0.000001"), ("BTC.target", "0", "-0.000001"),
      ("ETH.leastOrder", "0", "-0.000001"), ("ETH.mostOrder", "0.000001", "0"),
    ] {
      #expect(throws: Never.self) {
        try ParameterSet.read(key: "hedge.\(key)", text: good, source: "test")
      }
      #expect(throws: ParameterError.self, "\(key) = \(bad)") {
        try ParameterSet.read(key: "hedge.\(key)", text: bad, source: "test")
      }
    }
  }
}
