// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Testing

@Suite("Which collateral is sold before positions")
struct CollateralConversionTests {
  private func ask(
    _ collateral: String, position: String? = nil, equity: String = "700", rest: String = ""
  ) -> JSONValue {
    let rival = position.map { #","position":{\#($0)}"# } ?? ""
    return answer(
      #"{"kind":"collateral.convert","equity":"\#(equity)","target":"735","#
        + #""collateral":[\#(collateral)]\#(rival)\#(rest)}"#)
  }

  private let ether = #"{"asset":"ETH","worth":"2048","haircut":"20%","cost":"1%"}"#
  private let bitcoin = #"{"asset":"BTC","worth":"100","haircut":"10%","cost":"4%"}"#

  // By hand: 0.2 freed for 0.01 is 335 for 16.75. A thousandth of 2,048 has whole costs.
  @Test("whichever costs less: one unit below, at and above the same cost")
  func rival() {
    for (cost, first) in [
      ("16.749999", "position"), ("16.75", "collateral"), ("16.750001", "collateral"),
    ] {
      #expect(
        ask(ether, position: #""freed":"335","cost":"\#(cost)""#)["first"] == .string(first),
        "\(cost)")
    }
    #expect(ask(ether)["worth"] == .string("184.21053"))
    #expect(ask("")["first"] == .string("none"))
    #expect(ask("", position: #""freed":"1","cost":"1""#)["first"] == .string("position"))
  }

  @Test("the stated order, then whatever is no dearer than the position")
  func order() {
    let both = bitcoin + "," + ether
    #expect(ask(both)["asset"] == .string("BTC") && ask(both)["worth"] == .string("100"))
    #expect(ask(both)["isRestored"] == .boolean(false))
    #expect(
      ask(both, position: #""freed":"335","cost":"100""#)["asset"] == .string("ETH"))
    #expect(
      ask(ether, equity: "700", rest: #","leastWorth":"184.210531""#)["worth"]
        == .string("184.210531"))
  }

  // All of 2,000 at once would cost 30 %: of a part x, 0.3 √x; further 0.45 √x of each unit. The
  // position frees 2 for 1, a unit 0.2 for 0.1: √x = 0.1 ÷ 0.45, x = 4.938 %, 98.77.
  @Test("with impact, the portion up to where a further unit costs as much as the position")
  func portion() {
    let thin = #"{"asset":"ETH","worth":"2000","haircut":"20%","impact":"30%"}"#
    let found = ask(thin, position: #""freed":"2","cost":"1""#)
    // Parts of a thousandth: the last one that is cheap enough, by its mean.
    let worth = Double(found["worth"]?.text ?? "") ?? .nan
    #expect(abs(worth - 98.77) < 2.1, "\(worth)")
  }

  @Test("what is out of bounds is refused, with its field")
  func refusals() {
    func field(_ value: JSONValue) -> JSONValue? { value.at("error", "field") }
    #expect(
      field(ask(#"{"asset":"ETH","worth":"1","haircut":"101%"}"#))
        == .string("collateral[0].haircut"))
    #expect(
      field(ask(#"{"asset":"ETH","worth":"-1","haircut":"1%"}"#)) == .string("collateral[0].worth"))
    #expect(
      field(ask(ether, position: #""freed":"0","cost":"1""#)) == .string("position.freed"))
    #expect(field(ask(ether, rest: #","leastWorth":"-1""#)) == .string("leastWorth"))
    #expect(field(ask(Array(repeating: ether, count: 65).joined(separator: ","))) != nil)
    #expect(field(ask(Array(repeating: ether, count: 64).joined(separator: ","))) == nil)
  }
}
