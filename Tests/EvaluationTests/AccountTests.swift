// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Testing

@Suite("Accounts")
struct AccountTests {
  /// The grid of QUANT's vectors: Deribit's form with ± 16 % in four steps and three volatilities.
  static let grid: String = {
    var rows: [String] = []
    for step in -4...4 {
      for state in ["up", "unchanged", "down"] {
        rows.append(#"{"spot":\#(Double(step) * 0.04),"volatility":"\#(state)"}"#)
      }
    }
    return #"[{"grid":[\#(rows.joined(separator: ","))]}]"#
  }()

  static let overrides =
    #""surface.shock.exponent.long":"0.13","surface.shock.smallestUp":"0","#
    + #""surface.shock.up":"50%","surface.shock.down":"25%","surface.shock.exponent.short":"0.3","#
    + #""surface.shock.minimumVolatility":"50%","surface.shock.shortestExpiry":"1d","#
    + #""margin.provision.closeFee":"0","margin.shortOptionMinimum":"0""#

  static func option(
    _ name: String, _ right: String, _ strike: Int, days: Int, _ volatility: Double
  ) -> String {
    // Days from 2020-01-01.
    let expiry = days == 7 ? "2020-01-08" : days == 30 ? "2020-01-31" : "2020-03-31"
    return
      #"{"name":"\#(name)","type":"option","underlying":"BTC","right":"\#(right)","#
      + #""strike":"\#(strike)","expiry":"\#(expiry)","volatility":\#(volatility),"step":"0.01"}"#
  }

  // Expected: QUANT §3.1, an independent NumPy run, four decimals. Tolerance: 1e-4, in which the
  // rounding of 100 steps to whole millionths is at most half.
  @Test(
    "any grid reproduces the published vectors",
    arguments: [
      (
        [
          option("A", "call", 100_000, days: 30, 0.5), option("B", "put", 100_000, days: 30, 0.5),
        ], [-1.0, -1], 11_278.0516, 0.16
      ),
      ([option("A", "put", 90_000, days: 7, 0.6)], [-1], 8_275.5566, -0.16),
      (
        [
          option("A", "put", 90_000, days: 7, 0.6),
          #"{"name":"F","type":"perpetual","underlying":"BTC","step":"0.001"}"#,
        ], [1, 1], 10_204.2836, -0.16
      ),
      (
        [
          option("A", "call", 100_000, days: 7, 0.55),
          option("B", "call", 100_000, days: 90, 0.5),
        ], [-1, 1], 5_045.6411, -0.16
      ),
    ] as [([String], [Double], Double, Double)])
  func gridVectors(
    instruments: [String], sizes: [Double], loss: Double, spot: Double
  ) throws {
    let positions = zip(instruments, sizes).map { instrument, size in
      let name = instrument.split(separator: "\"")[3]
      return #"{"instrument":"\#(name)","size":"\#(size)","entry":"mark"}"#
    }
    let account = answer(
      #"{"kind":"margin.requirement","mode":"portfolio","market":{"time":"2020-01-01","#
        + #""underlyings":[{"symbol":"BTC","index":"100000"}]},"#
        + #""instruments":[\#(instruments.joined(separator: ","))],"#
        + #""positions":[\#(positions.joined(separator: ","))],"scenarios":\#(Self.grid),"#
        + #""parameters":{"set":"default","without":["margin.netting.","margin.size.","#
        + #""margin.basis.","margin.peg.","margin.set.","margin.twist.","margin.tierShare"],"#
        + #""overrides":{\#(Self.overrides)}}}"#)
    let scan = try #require(account["scans"]?.elements.first)
    let found = try #require(scan["loss"]?.text.flatMap(Double.init))
    #expect(abs(found - loss) <= 1e-4)
    #expect(scan.at("binding", "spot")?.number == spot)
    #expect(account["initialMargin"] == scan["loss"])
  }

  static func cross(_ kind: String, index: String, extra: String = "") -> String {
    #"{"kind":"\#(kind)",\#(extra)"mode":"cross","market":{"time":"2020-03-12","#
      + #""underlyings":[{"symbol":"BTC","index":"\#(index)","volatility":0.9}]},"#
      + #""instruments":[{"name":"P","type":"perpetual","underlying":"BTC","step":"0.001"},"#
      + #"{"name":"I","type":"perpetual","underlying":"BTC","settlement":"inverse","step":"1"},"#
      + #"{"name":"O","type":"option","underlying":"BTC","right":"put","strike":"7000","#
      + #""expiry":"2020-03-27","step":"0.01"}],"#
      + #""collateral":[{"asset":"USD","amount":"1000"},{"asset":"BTC","amount":"0.4"}],"#
      + #""positions":[{"instrument":"P","size":"1.5","entry":"8000"},"#
      + #"{"instrument":"I","size":"2500","entry":"7900"},"#
      + #"{"instrument":"O","size":"-0.5","entry":"300"}],"parameters":{"set":"default"}}"#
  }

  @Test("the liquidation price is where the requirement says liquidation starts")
  func liquidationPrice() throws {
    let prices = answer(
      Self.cross("liquidation.price", index: "7934.5", extra: #""underlying":"BTC","#))
    let below = try #require(prices.at("liquidation", "below"))
    #expect(below["crossing"] == .string("at"))
    let first = try #require(below["price"]?.text)
    let last = try #require(below["lastHealthy"]?.text)
    let at = answer(Self.cross("margin.requirement", index: first))
    let before = answer(Self.cross("margin.requirement", index: last))
    #expect(at["isLiquidatable"] == .boolean(true))
    #expect(before["isLiquidatable"] == .boolean(false))
    let bankrupt = try #require(prices.at("bankruptcy", "below", "price")?.text)
    let ruin = answer(Self.cross("margin.requirement", index: bankrupt))
    #expect(ruin["equity"]?.text?.hasPrefix("-") == true)
  }

  @Test("the lines of a requirement add up to its margins")
  func lines() throws {
    let account = answer(Self.cross("margin.requirement", index: "7934.5"))
    for (name, total) in [("initial", "initialMargin"), ("maintenance", "maintenanceMargin")] {
      let lines = try #require(account["charges"]?.elements)
      #expect(lines.count >= 4)
      let sum = lines.reduce(0) { $0 + (millionths($1[name]) ?? 0) }
      #expect(sum == millionths(account[total]))
    }
  }

  /// Decimal text as an integer, so that sums are exact.
  private func millionths(_ value: JSONValue?) -> Int? {
    guard let parts = value?.text?.split(separator: "."), let whole = Int(parts[0]) else {
      return nil
    }
    let digits = parts.count > 1 ? String(parts[1]) : ""
    let fraction = digits + String(repeating: "0", count: 6 - digits.count)
    return whole * 1_000_000 + (Int(fraction) ?? 0)
  }

  @Test("open orders are charged to initial margin only")
  func orders() {
    let order = #""orders":[{"instrument":"P","side":"buy","size":"1","limit":"7934.5"}],"#
    let plain = answer(Self.cross("margin.requirement", index: "7934.5"))
    let open = answer(Self.cross("margin.requirement", index: "7934.5", extra: order))
    #expect(open["maintenanceMargin"] == plain["maintenanceMargin"])
    // 5 % of one more base unit.
    #expect(
      millionths(open["initialMargin"]) == (millionths(plain["initialMargin"]) ?? 0) + 396_725_000)
  }

  @Test("quotes under a protection are charged up to its limit and the order that crosses it")
  func protection() {
    func initial(_ limits: String, isQuote: Bool = true) -> Int? {
      let quotes = [String](
        repeating:
          #"{"instrument":"P","side":"buy","size":"1","limit":"7934.5","quote":\#(isQuote)}"#,
        count: 4)
      let extra =
        #""orders":[\#(quotes.joined(separator: ","))],"protections":[\#(limits)],"#
      return millionths(
        answer(Self.cross("margin.requirement", index: "7934.5", extra: extra))["initialMargin"])
    }
    let plain = millionths(
      answer(Self.cross("margin.requirement", index: "7934.5"))["initialMargin"])
    func above(_ orders: Int) -> Int? { plain.map { $0 + orders * 396_725_000 } }
    #expect(initial("") == above(4))
    #expect(initial(#"{"underlying":"BTC","quantity":"2"}"#) == above(3))
    #expect(initial(#"{"underlying":"BTC","quantity":"2"}"#, isQuote: false) == above(4))
    #expect(initial(#"{"underlying":"BTC","quantity":"2","delta":"1"}"#) == above(2))
    #expect(initial(#"{"underlying":"BTC","vega":"1"}"#) == above(4))
    for (limits, field) in [
      (#"{"underlying":"BTC"}"#, "protections[0].quantity"),
      (#"{"underlying":"BTC","delta":"0"}"#, "protections[0].delta"),
      (#"{"underlying":"BTC","vega":"1"},{"underlying":"BTC","vega":"1"}"#, "protections"),
    ] {
      let extra = #""protections":[\#(limits)],"#
      let refused = answer(Self.cross("margin.requirement", index: "7934.5", extra: extra))
      #expect(refused.at("error", "field") == .string(field))
    }
    let order =
      #""orders":[{"instrument":"P","side":"buy","size":"1","limit":"7934.5","quote":true,"#
      + #""reduceOnly":true}],"#
    let refused = answer(Self.cross("margin.requirement", index: "7934.5", extra: order))
    #expect(refused.at("error", "field") == .string("orders[0].quote"))
  }

  @Test("a size step divides every size or is refused")
  func step() {
    let refused = answer(
      Self.cross("margin.requirement", index: "7934.5").replacing("\"1.5\"", with: "\"1.5005\""))
    #expect(refused.at("error", "field") == .string("instruments[0].step"))
  }
}
