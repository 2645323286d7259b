// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Evaluation
import NumericalMethods
import Testing

@Suite("Tiers")
struct TierTests {
  static func charge(_ table: String, _ position: String) -> JSONValue {
    answer(#"{"kind":"margin.tiers","table":\#(table),"position":\#(position)}"#)
  }

  /// Rates of the whole position rise with every base unit.
  static func sizeLinear(initial: String, maintenance: String, perUnit: String) -> String {
    #"{"convention":"wholePosition","measure":"quantity","rows":[{"initial":"\#(initial)","#
      + #""maintenance":"\#(maintenance)"}],"initialPerUnit":"\#(perUnit)","#
      + #""maintenancePerUnit":"\#(perUnit)"}"#
  }

  // Expected: Deribit, Linear Perpetual, its worked examples; exact.
  @Test(
    "reproduces Deribit's margins that rise with size",
    arguments: [
      ("2%", "1%", "0.005%", "25", "100000", "53125", "28125"),
      ("2%", "1%", "0.005%", "350", "100000", "1312500", "962500"),
      ("4%", "2%", "0.0005%", "25", "200", "200.625", "100.625"),
      ("4%", "2%", "0.0005%", "6000", "200", "84000", "60000"),
    ])
  func deribit(
    initial: String, maintenance: String, perUnit: String, size: String, price: String,
    expectedInitial: String, expectedMaintenance: String
  ) {
    let charge = Self.charge(
      Self.sizeLinear(initial: initial, maintenance: maintenance, perUnit: perUnit),
      #"{"size":"\#(size)","price":"\#(price)"}"#)
    #expect(charge["initial"] == .string(expectedInitial))
    #expect(charge["maintenance"] == .string(expectedMaintenance))
  }

  static let marginal =
    #"{"convention":"marginal","measure":"notional","rows":[{"upTo":"150000000","#
    + #""initial":"2.5%","maintenance":"1.25%"},{"initial":"5%","maintenance":"2.5%"}]}"#

  // Expected: Hyperliquid, margin tiers; maintenance = notional × rate − deduction.
  @Test(
    "is continuous where a marginal tier ends",
    arguments: [
      ("149999999.999999", 1, "1875000"), ("150000000", 1, "1875000"),
      ("150000000.000001", 2, "1875000.000001"), ("200000000", 2, "3125000"),
    ])
  func continuity(notional: String, tier: Int, maintenance: String) {
    let charge = Self.charge(Self.marginal, #"{"notional":"\#(notional)"}"#)
    #expect(charge["tier"] == .number("\(tier)"))
    #expect(charge["maintenance"] == .string(maintenance))
  }

  @Test(
    "charges the whole position by the tier its size falls into",
    arguments: [
      ("49.99999999", "0.025", "0.005"), ("50", "0.025", "0.005"),
      ("50.00000001", "0.05", "0.01"), ("250", "0.05", "0.01"), ("1000", "0.1", "0.025"),
      ("1000.00000001", "0.2", "0.05"),
    ])
  func wholePosition(size: String, rate: String, penalty: String) {
    let table =
      #"{"convention":"wholePosition","measure":"quantity","rows":["#
      + #"{"upTo":"50","initial":"5%","maintenance":"2.5%","penalty":"0.5%"},"#
      + #"{"upTo":"250","initial":"10%","maintenance":"5%","penalty":"1%"},"#
      + #"{"upTo":"1000","initial":"20%","maintenance":"10%","penalty":"2.5%"},"#
      + #"{"initial":"40%","maintenance":"20%","penalty":"5%"}]}"#
    let charge = Self.charge(table, #"{"size":"\#(size)","price":"1"}"#)
    #expect(charge["maintenanceRate"] == .string(rate))
    #expect(charge["penaltyRate"] == .string(penalty))
  }

  @Test("needs a size where the table counts one")
  func size() {
    let refused = Self.charge(
      Self.sizeLinear(initial: "2%", maintenance: "1%", perUnit: "1%"), #"{"notional":"1"}"#)
    #expect(refused.at("error", "field") == .string("position.size"))
  }

  @Test("agrees to the unit with what the engine charges an account", arguments: 1...24)
  func engine(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    func draw(_ range: ClosedRange<UInt64>) -> UInt64 {
      range.lowerBound + random.next() % (range.upperBound - range.lowerBound + 1)
    }
    let isMarginal = seed % 2 == 0
    let byQuantity = seed % 3 == 0
    let price = draw(1...1_000)
    let ends = [draw(1...400), draw(401...900)]
    let rates = [draw(1...9), draw(10...30), draw(31...90)]
    let size = draw(1...1_500)
    // Upper ends are whole steps of 0.01, as the engine has them.
    let upper = ends.map { end in
      let value = byQuantity ? end : end * price
      return "\(value / 100).\(value % 100 < 10 ? "0" : "")\(value % 100)"
    }
    var rows: [String] = []
    var keys = [#""margin.tiers.default.isMarginal":"\#(isMarginal)""#]
    keys += ["initialPerUnit", "maintenancePerUnit"].map {
      #""margin.tiers.default.\#($0)":"0""#
    }
    for (index, rate) in rates.enumerated() {
      let end = index < 2 ? #""upTo":"\#(upper[index])","# : ""
      rows.append(#"{\#(end)"initial":"\#(rate + 3)%","maintenance":"\#(rate)%"}"#)
      let row = "margin.tiers.default.row.\(index + 1)"
      let name = byQuantity ? "upperQuantity" : "upperNotional"
      if index < 2 { keys.append(#""\#(row).\#(name)":"\#(upper[index])""#) }
      keys.append(#""\#(row).initial":"\#(rate + 3)%""#)
      keys.append(#""\#(row).maintenance":"\#(rate)%""#)
      keys.append(#""\#(row).penalty":"0""#)
    }
    let text = "\(size / 100).\(size % 100 < 10 ? "0" : "")\(size % 100)"
    let alone = Self.charge(
      #"{"convention":"\#(isMarginal ? "marginal" : "wholePosition")","#
        + #""measure":"\#(byQuantity ? "quantity" : "notional")","#
        + #""rows":[\#(rows.joined(separator: ","))]}"#,
      #"{"size":"\#(text)","price":"\#(price)"}"#)
    let account = answer(
      #"{"kind":"margin.requirement","mode":"cross","market":{"time":"2020-03-12","#
        + #""underlyings":[{"symbol":"BTC","index":"\#(price)"}]},"#
        + #""instruments":[{"name":"P","type":"perpetual","underlying":"BTC","step":"0.01"}],"#
        + #""positions":[{"instrument":"P","size":"-\#(text)","entry":"mark"}],"#
        + #""parameters":{"set":"default","without":["margin.tiers."],"#
        + #""overrides":{\#(keys.joined(separator: ","))}}}"#)
    #expect(alone["initial"]?.text != nil)
    #expect(alone["initial"] == account["initialMargin"], "\(account)")
    #expect(alone["maintenance"] == account["maintenanceMargin"])
  }
}
