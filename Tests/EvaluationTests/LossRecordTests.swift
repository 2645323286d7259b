// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Testing

@Suite("Shared losses and the records of them")
struct LossRecordTests {
  private func share(
    _ rule: String, loss: String = "30", _ bearers: String, record: String = ""
  ) -> JSONValue {
    answer(
      #"{"kind":"loss.socialize","decimals":0,"loss":"\#(loss)","cap":"50%","rule":"\#(rule)","#
        + #"\#(record)"bearers":[\#(bearers)]}"#)
  }

  private func units(_ answer: JSONValue) -> [String?]? {
    answer["shares"]?.elements.map { $0["units"]?.text }
  }

  // By hand: of 100 and 60 half may be taken, 50 and 30; with an equity of 20 of the first, 10 and
  // 30 by profit; by equity 30 × 20 ÷ 60 = 10 and 20.
  @Test("no profit counts beyond the equity of its account")
  func equity() {
    let other = #"{"account":2,"profit":"60","equity":"40"}"#
    let alone = share(
      "byProfit", loss: "40", #"{"account":1,"profit":"100"},{"account":2,"profit":"60"}"#)
    #expect(units(alone) == ["25", "15"] && alone["rate"] == .string("0.5"))
    let bounded = share(
      "byProfit", loss: "40",
      #"{"account":1,"profit":"100","equity":"20"},{"account":2,"profit":"60"}"#)
    #expect(units(bounded) == ["10", "30"] && bounded["rate"] == .string("1"))
    let byEquity = share("byEquity", #"{"account":1,"profit":"100","equity":"20"},\#(other)"#)
    #expect(units(byEquity) == ["10", "20"] && byEquity["rate"] == .string("0.5"))
    for equity in ["0", "-1"] {
      let nobody = share("byProfit", #"{"account":1,"profit":"100","equity":"\#(equity)"}"#)
      #expect(units(nobody) == [] && nobody["rate"] == nil && nobody["unshared"] == .string("30"))
    }
  }

  @Test("by size no balance gives more than it can", arguments: ["14", "15", "16", nil])
  func room(room: String?) {
    let stated = room.map { #","room":"\#($0)""# } ?? ""
    let shares = share(
      "bySize",
      #"{"account":1,"notional":"100","equity":"90"\#(stated)},"#
        + #"{"account":2,"notional":"100","equity":"90"}"#)
    #expect(units(shares) == (room == "14" ? ["14", "16"] : ["15", "15"]))
    for rule in ["byProfit", "byEquity"] {
      let refused = share(rule, #"{"account":1,"profit":"9","equity":"9","room":"1"}"#)
      #expect(refused.at("error", "field") == .string("bearers[0].room"))
    }
    let negative = share("bySize", #"{"account":1,"notional":"9","equity":"9","room":"-1"}"#)
    #expect(negative.at("error", "field") == .string("bearers[0].room"))
  }

  @Test("an answer says whether a record has its shares and its rate, to the unit")
  func agreement() {
    let bearers = #"{"account":1,"profit":"100"},{"account":2,"profit":"50"}"#
    func agrees(_ shares: String, rate: String = #""rate":"0.4","#) -> JSONValue? {
      share(
        "byProfit", bearers,
        record: #""record":{"venue":"x",\#(rate)"shares":[\#(shares)]},"#)["agrees"]
    }
    let first = #"{"account":1,"units":"20"}"#
    let second = #"{"account":2,"units":"10","note":"last"}"#
    #expect(share("byProfit", bearers)["agrees"] == nil)
    #expect(agrees("\(second),\(first)") == .boolean(true), "in any order")
    #expect(agrees(#"\#(first),\#(second),{"account":3,"units":"0"}"#) == .boolean(true))
    #expect(agrees(first) == .boolean(false))
    for units in ["9", "11"] {
      #expect(agrees(#"\#(first),{"account":2,"units":"\#(units)"}"#) == .boolean(false))
    }
    for rate in ["", #""rate":"0.399999999999","#, #""rate":"0.400000000001","#] {
      #expect(agrees("\(first),\(second)", rate: rate) == .boolean(false), "\(rate)")
    }
  }

  @Test(
    "a record that cannot be compared is refused",
    arguments: [
      ("{}", "record.shares"), ("[]", "record"),
      (#"{"shares":[{"account":1}]}"#, "record.shares[0].units"),
      (#"{"shares":[{"account":1,"units":"-1"}]}"#, "record.shares[0].units"),
      (#"{"shares":[{"account":1,"units":"0.1"}]}"#, "record.shares[0].units"),
      (#"{"shares":[{"units":"1"}]}"#, "record.shares[0].account"),
      (
        #"{"shares":[{"account":1,"units":"1"},{"account":1,"units":"0"}]}"#, "record.shares"
      ),
      (#"{"shares":[],"rate":0.5}"#, "record.rate"),
      (#"{"shares":[],"rate":"1.000000000001"}"#, "record.rate"),
      (#"{"shares":[],"rate":"-0.1"}"#, "record.rate"),
    ])
  func refusals(record: String, field: String) {
    let refused = share(
      "byProfit", #"{"account":1,"profit":"100"}"#, record: #""record":\#(record),"#)
    #expect(refused.at("error", "field") == .string(field))
  }

  // 2^60 millionths is the most of one field; a profit is the sum of two, an equity of many.
  @Test("equities and profits may be beyond one field, a notional may not")
  func bounds() {
    let most = "1152921504606846976"
    let beyond = "1152921504606846977"
    let shares = share(
      "byProfit", #"{"account":1,"profit":"\#(beyond)","equity":"9223372036854775807"}"#)
    #expect(units(shares) == ["30"])
    #expect(
      units(share("bySize", #"{"account":1,"notional":"\#(most)","equity":"\#(beyond)"}"#))
        == ["30"])
    let refused = share("bySize", #"{"account":1,"notional":"\#(beyond)","equity":"1"}"#)
    #expect(refused.at("error", "field") == .string("bearers[0].notional"))
  }
}
