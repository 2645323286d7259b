// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Testing

/// What the kinds of the waterfall answer under rules beyond the engine's own.
@Suite("Rules of the waterfall")
struct WaterfallRuleTests {
  private func cuts(_ rule: String, _ size: String = "50") -> JSONValue {
    answer(
      #"{"kind":"deleveraging.allocate","size":"\#(size)",\#(rule),"candidates":["#
        + #"{"account":1,"size":"100","profit":"1","notional":"10000","equity":"1000"},"#
        + #"{"account":2,"size":"100","profit":"300","notional":"10000","equity":"2000"},"#
        + #"{"account":3,"size":"100","profit":"200","notional":"10000","equity":"5000","#
        + #""exposure":"0"}]}"#)
  }

  // By hand. Leverages 10, 5 and 0: 50 steps of 100 bring the first from 10 to 5.
  @Test(
    "each rule takes its own first",
    arguments: [
      (#""rule":"leverageDraining""#, "1:50"), (#""rule":"profitTimesLeverage""#, "2:50"),
      (#""rule":"priceRatioTimesLeverage""#, "1:50"),
      (#""rule":"proRata""#, "1:16.66666667 2:16.66666667 3:16.66666666"),
    ])
  func rules(rule: String, expected: String) {
    let cut = cuts(rule)["cuts"]?.elements.map {
      "\($0["account"]?.number.map { Int($0) } ?? -1):\($0["size"]?.text ?? "")"
    }
    #expect(cut?.joined(separator: " ") == expected)
  }

  @Test("draining states the leverage it ends at, and a hedge goes last")
  func level() throws {
    #expect(abs(try #require(cuts(#""rule":"leverageDraining""#)["level"]?.number) - 5) < 1e-6)
    let deep = cuts(#""rule":"leverageDraining""#, "201")
    #expect(
      deep["cuts"]?.elements.map { $0["size"]?.text } == ["100", "100", "1"],
      "the hedged pair is broken when nothing else is left")
    #expect(try #require(deep["level"]?.number) < 0)
    #expect(cuts(#""rule":"leverageDraining""#, "301")["level"] == nil)
    #expect(cuts(#""rule":"leverageDraining""#, "301")["unallocated"] == .string("1"))
  }

  /// Three accounts of 0.3 at leverages 10, 5 and 2; the second has no profit.
  private func stepped(_ more: String, size: String = "0.15", step: String = "0.1") -> JSONValue {
    answer(
      #"{"kind":"deleveraging.allocate","rule":"leverageDraining","size":"\#(size)","#
        + #""step":"\#(step)",\#(more)"candidates":["#
        + #"{"account":1,"size":"0.3","profit":"1","notional":"300","equity":"30"},"#
        + #"{"account":2,"size":"0.3","profit":"0","notional":"300","equity":"60"},"#
        + #"{"account":3,"size":"0.3","profit":"2","notional":"300","equity":"150"}]}"#)
  }

  @Test("sizes are whole steps, and cuts are too")
  func steps() {
    #expect(stepped("").at("error", "field") == .string("size"))
    let tenths = stepped("", size: "0.2")["cuts"]?.elements
    #expect(tenths?.map { $0["size"] } == [.string("0.2")])
    let thirds = stepped("", size: "0.3", step: "0.15")["cuts"]?.elements
    #expect(thirds?.map { $0["size"] } == [.string("0.15"), .string("0.15")])
    #expect(stepped("", step: "0.2").at("error", "field") == .string("size"))
    #expect(stepped("", size: "0.15", step: "0.00000001")["unallocated"] == .string("0"))
    for wrong in ["0", "10000.00000001", "0.000000001"] {
      #expect(stepped("", step: wrong).at("error", "field") == .string("step"), "\(wrong)")
    }
    let coarse = stepped("", size: "10000", step: "10000")
    #expect(coarse.at("error", "field") == .string("candidates[0].size"))
  }

  @Test("those without a profit are asked where the request says so, when leverages are drained")
  func withoutProfit() {
    let accounts = { (value: JSONValue) in value["cuts"]?.elements.map { $0["account"] } }
    #expect(accounts(stepped("", size: "0.5")) == [.number("1"), .number("3")])
    let all = #""requiresProfit":false,"#
    #expect(accounts(stepped(all, size: "0.5")) == [.number("1"), .number("2"), .number("3")])
    #expect(
      cuts(#""rule":"proRata","requiresProfit":false"#).at("error", "field")
        == .string("requiresProfit"))
    #expect(cuts(#""rule":"proRata","requiresProfit":true"#)["cuts"] != nil)
  }

  @Test("an answer says whether a record has its cuts and its level, to the step")
  func agreement() throws {
    let found = stepped("", size: "0.2")
    let level = try #require(found["level"])
    func agrees(_ cut: String, _ level: String, _ rest: String = "") -> JSONValue? {
      let record =
        #""record":{"venue":"x",\#(level)"accounts":[{"account":3,"cut":"0"},"#
        + #"{"account":1,"cut":"\#(cut)","leverage":"10"}\#(rest)]},"#
      return stepped(record, size: "0.2")["agrees"]
    }
    let stated = #""level":\#(level.compact),"#
    #expect(found["agrees"] == nil)
    #expect(agrees("0.2", stated) == .boolean(true))
    #expect(agrees("0.1", stated) == .boolean(false) && agrees("0.3", stated) == .boolean(false))
    for level in ["", #""level":3,"#] {
      #expect(agrees("0.2", level) == .boolean(false), "\(level)")
    }
    #expect(agrees("0.2", stated, #",{"account":2,"cut":"0.1"}"#) == .boolean(false))
    let twice = stepped(
      #""record":{"accounts":[{"account":1,"cut":"0"},{"account":1,"cut":"0.2"}]},"#, size: "0.2")
    #expect(twice.at("error", "field") == .string("record.accounts"))
    for (record, field) in [
      ("{}", "record.accounts"), (#"{"accounts":[{"account":1}]}"#, "record.accounts[0].cut"),
      (#"{"accounts":[{"account":1,"cut":"-0.1"}]}"#, "record.accounts[0].cut"),
      (#"{"accounts":[],"level":"2"}"#, "record.level"), ("[]", "record"),
    ] {
      let refused = stepped(#""record":\#(record),"#, size: "0.2")
      #expect(refused.at("error", "field") == .string(field), "\(record)")
    }
  }

  @Test("a position without value is named, and not drained")
  func worthless() {
    let one = #"{"account":1,"size":"5","profit":"1","notional":"0","equity":"10"}"#
    for (rule, left) in [("profitTimesLeverage", "0"), ("leverageDraining", "5")] {
      let found = answer(
        #"{"kind":"deleveraging.allocate","size":"5","rule":"\#(rule)","candidates":[\#(one)]}"#)
      #expect(found["unallocated"] == .string(left))
    }
    let negative = answer(
      #"{"kind":"deleveraging.allocate","size":"5","candidates":["#
        + #"{"account":1,"size":"5","profit":"1","notional":"-0.000001","equity":"10"}]}"#)
    #expect(negative.at("error", "field") == .string("candidates[0].notional"))
  }

  @Test("a drawn start needs a seed, and no other rule has one")
  func seeds() {
    let drawn = cuts(#""rule":"randomStart","seed":3"#)
    #expect(drawn["cuts"]?.elements.count == 1)
    #expect(cuts(#""rule":"randomStart""#).at("error", "field") == .string("seed"))
    #expect(cuts(#""rule":"proRata","seed":3"#).at("error", "field") == .string("seed"))
  }

  // By hand: everybody a tenth of equity, but the second has only 5 to give; 25 of 20 + 30 are left
  // to share by equity: 10 and 15.
  @Test("a loss shared by equity, capped at profits")
  func byEquity() {
    let shares = answer(
      #"{"kind":"loss.socialize","decimals":0,"loss":"30","cap":"50%","rule":"byEquity","#
        + #""bearers":[{"account":1,"profit":"200","equity":"200"},"#
        + #"{"account":2,"profit":"10","equity":"900"},"#
        + #"{"account":3,"profit":"400","equity":"300"},{"account":4,"profit":"-1","equity":"9"}]}"#
    )
    #expect(shares["shares"]?.elements.map { $0["units"]?.text } == ["10", "5", "15"])
    let missing = answer(
      #"{"kind":"loss.socialize","decimals":0,"loss":"30","cap":"1","rule":"byEquity","bearers":["#
        + #"{"account":1,"profit":"200"}]}"#)
    #expect(missing.at("error", "field") == .string("bearers[0].equity"))
  }

  // By hand: the second's third of 30 is above its equity of 9, so 21 are left to 100 + 300:
  // 5.25 and 15.75. Of half its equity 4 are whole, and 26 are left: 6.5 and 19.5.
  @Test(
    "a loss shared by size, longs and shorts, capped at equity",
    arguments: [("1", ["5", "9", "16"]), ("50%", ["7", "4", "19"]), ("1%", ["2", "3"])])
  func bySize(cap: String, units: [String]) {
    let shares = answer(
      #"{"kind":"loss.socialize","decimals":0,"loss":"30","cap":"\#(cap)","rule":"bySize","#
        + #""bearers":[{"account":1,"notional":"100","equity":"200"},"#
        + #"{"account":2,"notional":"200","equity":"9"},"#
        + #"{"account":3,"notional":"300","equity":"300"},"#
        + #"{"account":4,"notional":"500","equity":"-1"},"#
        + #"{"account":5,"notional":"0","equity":"9"}]}"#
    )
    #expect(shares["shares"]?.elements.map { $0["units"]?.text } == units)
    #expect(shares["unshared"] == .string(cap == "1%" ? "25" : "0"))
  }

  @Test(
    "sharing by size asks for notional and equity, and for no profit",
    arguments: [
      (#""equity":"1""#, "notional"), (#""notional":"1""#, "equity"),
      (#""notional":"-1","equity":"1""#, "notional"),
      (#""notional":"1","equity":"1","profit":"1""#, "profit"),
    ])
  func bySizeFields(stated: String, field: String) {
    let refused = answer(
      #"{"kind":"loss.socialize","decimals":0,"loss":"30","cap":"1","rule":"bySize","bearers":["#
        + #"{"account":1,\#(stated)}]}"#)
    #expect(refused.at("error", "field") == .string("bearers[0].\(field)"))
  }

  // Synthetix v3: a velocity in proportion to the skew; by hand.
  @Test(
    "a crowded side adds to the rate of funding",
    arguments: [
      ("500", 3_600, "0.0005"), ("1000", 3_600, "0.001"), ("1001", 3_600, "0.001"),
      ("-1000", 7_200, "-0.002"), ("1000", 999_999, "0.01"), ("0", 3_600, "0"),
    ])
  func crowding(imbalance: String, seconds: Int, rate: String) {
    let answer = answer(
      #"{"kind":"funding.rate","premium":"0","parameters":{"set":"default"},"#
        + #""crowding":{"rate":"0","imbalance":"\#(imbalance)","largestImbalance":"1000","#
        + #""velocity":"0.1%","cap":"1%","#
        + #""seconds":\#(seconds)}}"#)
    #expect(answer["crowdingRate"] == .string(rate))
    #expect(answer["rate"] == .string("0.0001"))
  }

  private func impact(
    _ position: String, _ rows: String, equity: String, cost: String, volatility: String
  ) -> JSONValue {
    answer(
      #"{"kind":"liquidation.size","table":{"convention":"wholePosition","measure":"notional","#
        + #""rows":[\#(rows)]},"position":{\#(position),"step":"1"},"equity":"\#(equity)","#
        + #""buffer":"20%","expectedCost":"\#(cost)","#
        + #""impact":{"volatility":\#(volatility),"volume":2e9}}"#)["impact"] ?? .null
  }

  // Expected: QUANT 4.1, the worked example, to the digits given.
  @Test("the sale that cures counts what it does to the price")
  func sale() throws {
    let rows = #"{"initial":"1%","maintenance":"0.5%"}"#
    let priced = impact(
      #""size":"1000000","price":"1""#, rows, equity: "4000", cost: "0.05%", volatility: "0.03")
    #expect(abs(try #require(priced["notional"]?.number) - 393_774.39) < 0.005)
    #expect(abs(try #require(priced["largestDeficit"]?.number) - 54_774) < 0.5)
    let free = impact(
      #""size":"1000000","price":"1""#, rows, equity: "4000", cost: "0.05%", volatility: "0")
    #expect(abs(try #require(free["notional"]?.number) - 363_636.3636) < 1e-4)
    #expect(free["largestDeficit"] == nil)
    let toxic = impact(
      #""size":"36600000","price":"1""#, rows, equity: "164700", cost: "0.05%",
      volatility: "0.03")
    #expect(toxic["isCurable"] == .boolean(false) && toxic["notional"] == nil)
  }

  // Expected: QUANT 4.1: 260 coins at 50,000, 5 % to 250 and 10 % above: ten coins suffice.
  @Test("through tiers ten coins are enough")
  func tiers() {
    let rows =
      #"{"upTo":"12500000","initial":"10%","maintenance":"5%"},"#
      + #"{"initial":"20%","maintenance":"10%"}"#
    let priced = impact(
      #""size":"260","price":"50000""#, rows, equity: "1200000", cost: "0", volatility: "0")
    #expect(priced["notional"] == .number("500000"))
  }

  // With marginal tiers the requirement is continuous: by hand, 15 of 12 and 8 at 10 and 20 %:
  // 20 need 1.2 × (20 × 20 % − 1.2) = 3.36; with 3 of equity 0.36 ÷ 0.24 = 1.5 must go.
  @Test("marginal tiers are solved with their deductions")
  func marginal() throws {
    let answer = answer(
      #"{"kind":"liquidation.size","table":{"convention":"marginal","measure":"notional","rows":["#
        + #"{"upTo":"12","initial":"10%","maintenance":"10%"},"#
        + #"{"initial":"20%","maintenance":"20%"}]},"#
        + #""position":{"size":"20","price":"1","step":"0.5"},"equity":"3","buffer":"20%","#
        + #""impact":{"volatility":0,"volume":1}}"#)
    #expect(answer["size"] == .string("1.5"))
    #expect(abs(try #require(answer.at("impact", "notional")?.number) - 1.5) < 1e-9)
  }

  // Source: dYdX v4, liquidations: BTC at 50,000, maintenance 10 %; FIELD 3.6.
  @Test(
    "dYdX: bankruptcy and fillable prices by maintenance margin",
    arguments: [
      ("0.1", "499", "1", "10%", "4501", "49999"), ("0.1", "499", "2", "10%", "4501", "49998"),
      ("0.1", "499", "1", "20%", "4501", "49998"),
      ("-0.1", "499", "1", "10%", "-5499", "50001"),
    ])
  func allotted(
    size: String, equity: String, adjustment: String, spread: String, value: String, price: String
  ) {
    let answer = answer(
      #"{"kind":"bankruptcy.price","instrument":{"type":"perpetual","underlying":"BTC"},"#
        + #""size":"\#(size)","mark":"50000","equity":"\#(equity)","allotment":{"#
        + #""positionMaintenance":"500","accountMaintenance":"500","spread":"\#(spread)","#
        + #""adjustment":"\#(adjustment)"}}"#)
    #expect(answer.at("allotted", "bankruptcyValue") == .string(value))
    #expect(answer.at("allotted", "fillablePrice") == .string(price))
  }

  @Test("an allotment is of quote money")
  func inverse() {
    let refused = answer(
      #"{"kind":"bankruptcy.price","instrument":{"type":"perpetual","underlying":"BTC","#
        + #""settlement":"inverse"},"size":"100","mark":"50000","equity":"1","#
        + #""allotment":{"positionMaintenance":"1","accountMaintenance":"1"}}"#)
    #expect(refused.at("error", "field") == .string("allotment"))
  }
}
