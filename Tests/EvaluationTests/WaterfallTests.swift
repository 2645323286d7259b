// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Testing

@Suite("Waterfall")
struct WaterfallTests {
  static let table =
    #"{"convention":"wholePosition","measure":"quantity","rows":[{"upTo":"250","initial":"10%","#
    + #""maintenance":"5%"},{"initial":"20%","maintenance":"10%"}]}"#

  static func size(equity: String, extra: String = "", step: String = "0.001") -> JSONValue {
    answer(
      #"{"kind":"liquidation.size","table":\#(table),"position":{"size":"260","price":"50000","#
        + #""step":"\#(step)"},"equity":"\#(equity)","buffer":"20%"\#(extra)}"#)
  }

  // Expected: by hand. 250 BTC need 5 % × 50,000 × 250 × 1.2 = 750,000; one step needs 3 more or,
  // above 250, 10 % of everything.
  @Test(
    "closes the fewest steps that restore the account",
    arguments: [
      ("1560000", "0"), ("1559999.999999", "0.001"), ("1500000.000001", "10"),
      ("1200000", "10"), ("750000", "10"), ("749999.999999", "10.001"), ("3", "259.999"),
      ("2.999999", "260"), ("-1", "260"),
    ])
  func partialSize(equity: String, size: String) {
    let sized = Self.size(equity: equity)
    #expect(sized["size"] == .string(size))
    #expect(sized["isRestored"] == .boolean(equity != "-1"))
  }

  @Test("counts what closing costs, and never more than a slice")
  func costs() {
    // Closing x at 0.5 %: 1,200,000 − 250 x ≥ 750,000 for x = 10 still.
    #expect(
      Self.size(equity: "752500", extra: #","expectedCost":"0.5%""#)["size"] == .string("10"))
    #expect(
      Self.size(equity: "752499", extra: #","expectedCost":"0.5%""#)["size"] == .string("10.001"))
    let slice = Self.size(equity: "3", extra: #","sliceShare":"20%""#)
    #expect(slice["size"] == .string("52"))
    #expect(slice["isRestored"] == .boolean(false))
    let whole = Self.size(
      equity: "3", extra: #","sliceShare":"20%","wholeSliceNotional":"13000000""#)
    #expect(whole["size"] == .string("259.999"))
  }

  static func bankruptcy(_ instrument: String, _ size: String, _ mark: String, _ equity: String)
    -> JSONValue
  {
    answer(
      #"{"kind":"bankruptcy.price","instrument":{"type":"perpetual","#
        + #""underlying":"BTC"\#(instrument)},"#
        + #""size":"\#(size)","mark":"\#(mark)","equity":"\#(equity)"}"#
    )
  }

  // Expected: dYdX v4's documentation, long 0.1 with −4,501 and short 0.1 with 5,499 at 50,000:
  // bankrupt at 4,501 and 5,499 for the whole position.
  @Test(
    "the bankruptcy price leaves exactly nothing",
    arguments: [("0.1", "499", "45010"), ("-0.1", "499", "54990"), ("0.1", "-1", "50010")])
  func bankruptcyPrice(size: String, equity: String, price: String) {
    #expect(Self.bankruptcy("", size, "50000", equity)["bankruptcyPrice"] == .string(price))
  }

  @Test("the bankruptcy price of an inverse position is in coin terms")
  func inverseBankruptcy() {
    // 10,000 quote units at 10,000 hold one coin; with 0.25 coins more, 1.25 coins pay at 8,000.
    let inverse = #","settlement":"inverse","step":"100""#
    let price = Self.bankruptcy(inverse, "10000", "10000", "0.25")["bankruptcyPrice"]
    #expect(price == .string("8000"))
    let short = Self.bankruptcy(inverse, "-10000", "10000", "0.2")["bankruptcyPrice"]
    #expect(short == .string("12500"))
  }

  @Test("cuts add up to what is closed, or to all there is", arguments: ["1", "8", "8.00000001"])
  func cuts(size: String) {
    let cuts = answer(
      #"{"kind":"deleveraging.allocate","size":"\#(size)","candidates":["#
        + #"{"account":9,"size":"5","profit":"10","notional":"100","equity":"50"},"#
        + #"{"account":4,"size":"3","profit":"10","notional":"100","equity":"50"},"#
        + #"{"account":7,"size":"4","profit":"90","notional":"100","equity":"0"}]}"#)
    let expected =
      switch size {
      case "1": #"{"cuts":[{"account":4,"size":"1","rank":"0.2"}],"unallocated":"0"}"#
      case "8":
        #"{"cuts":[{"account":4,"size":"3","rank":"0.2"},{"account":9,"size":"5","rank":"0.2"}],"#
          + #""unallocated":"0"}"#
      default:
        #"{"cuts":[{"account":4,"size":"3","rank":"0.2"},{"account":9,"size":"5","rank":"0.2"}],"#
          + #""unallocated":"0.00000001"}"#
      }
    #expect(cuts.compact == expected)
  }

  @Test("a loss beyond the caps is left unshared", arguments: ["59.99", "60", "60.01"])
  func cappedLoss(loss: String) {
    let shares = answer(
      #"{"kind":"loss.socialize","decimals":2,"loss":"\#(loss)","cap":"60%","bearers":["#
        + #"{"account":2,"profit":"75"},{"account":1,"profit":"25"}]}"#)
    #expect(shares["shared"] == .string(loss == "60.01" ? "60" : loss))
    #expect(shares["unshared"] == .string(loss == "60.01" ? "0.01" : "0"))
    #expect(shares["shares"]?.elements.map { $0["account"] } == [.number("1"), .number("2")])
  }

  // Expected: Binance, Introduction to Funding Rates: F = P + clamp(0.01 % − P, ± 0.05 %).
  @Test(
    "the funding rate stays at the interest inside the band and is capped",
    arguments: [
      ("0", "0.0001"), ("0.06%", "0.0001"), ("0.0600001%", "0.000100001"), ("-0.04%", "0.0001"),
      ("-0.05%", "0"), ("0.8%", "0.0075"), ("0.7999999%", "0.007499999"), ("-0.81%", "-0.0075"),
    ])
  func fundingRate(premium: String, rate: String) {
    let answer = answer(
      #"{"kind":"funding.rate","premium":"\#(premium)","parameters":{"set":"default"}}"#)
    #expect(answer["rate"] == .string(rate))
  }

  @Test("funding of an inverse market sums to zero, and longs pay at a positive rate")
  func inverseFunding() {
    let settled = answer(
      #"{"kind":"funding.settle","instrument":{"type":"perpetual","underlying":"BTC","#
        + #""settlement":"inverse","step":"1"},"price":"7934.5","rate":"0.0003","positions":["#
        + #"{"account":1,"size":"1000"},{"account":2,"size":"-333"},{"account":3,"size":"-667"}]}"#)
    // 10^8 ÷ 7934.5 = 12,603.19 units a step; × 0.0003 = 3.78, rounded to 4.
    #expect(settled["perStep"] == .string("0.00000004"))
    #expect(settled["sum"] == .string("0"))
    #expect(settled["payments"]?.elements.first?["payment"] == .string("-0.00004"))
  }
}
