// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Testing

@Suite("Auctions, pools, funds and entry fees")
struct AuctionAndPoolTests {
  private func points(_ path: String, _ seconds: String, value: String? = nil) -> [JSONValue] {
    let sold = value.map { #","value":"\#($0)""# } ?? ""
    return answer(#"{"kind":"auction.price","path":{\#(path)},"seconds":[\#(seconds)]\#(sold)}"#)
      .at("points")?.elements ?? []
  }

  // Expected: by hand; the stairs are Maker's of ETH-A at launch, the exponential e^−0.001, e^−1.
  @Test(
    "each form of price falls as it says",
    arguments: [
      (
        #""type":"linear","start":"100%","end":"80%","duration":600"#, "0,300,600,601",
        ["1", "0.9", "0.8", "0.8"]
      ),
      (
        #""type":"twoSpeed","start":"95%","knee":"70%","fast":900,"end":"0","slow":43200"#,
        "450,900,22500,44100", ["0.825", "0.7", "0.35", "0"]
      ),
      (
        #""type":"stairs","start":"120%","cut":"99%","step":90"#, "89,90,180",
        ["1.2", "1.188", "1.17612"]
      ),
      (
        #""type":"exponential","start":"1","rate":"0.001""#, "0,1,1000",
        ["1", "0.999000499", "0.367879441"]
      ),
    ])
  func paths(path: String, seconds: String, factors: [String]) {
    #expect(points(path, seconds).map { $0["factor"]?.text } == factors)
  }

  @Test("a price is the factor's part of what is sold, rounded up")
  func prices() {
    let line = #""type":"linear","start":"100%","end":"0","duration":3"#
    #expect(
      points(line, "0,1,2,3", value: "10").map { $0["price"]?.text }
        == ["10", "6.666667", "3.333334", "0"])
  }

  // Expected: QUANT 4.2: 60 % a year is 1.07e-4 per root second; a tick of 12 s from 20 % above
  // gives 4.83e-4 a second and some seven minutes.
  @Test("the adaptive speed is answered beside the price")
  func adaptive() throws {
    let answer = answer(
      #"{"kind":"auction.price","seconds":[0],"path":{"type":"adaptive","start":"1.2","#
        + #""premium":0.2,"volatility":1.07e-4,"tick":12,"aversion":2.67,"leastTime":15,"#
        + #""mostTime":900}}"#)
    let rate = try #require(answer.at("speed", "rate")?.number)
    #expect(abs(rate / 4.83e-4 - 1) < 0.01)
    let time = try #require(answer.at("speed", "expectedSeconds")?.number)
    #expect(abs(time / 60 - 7) < 0.15)
  }

  // Source: Derive v2-core, unit values of DutchAuction.
  @Test(
    "bids of Derive's tests",
    arguments: [
      ("300", "440", #""factor":"1""#, "largestShare", "0.318181819"),
      ("300", "440", #""factor":"90%""#, "largestShare", "0.341463415"),
      ("300", "440", #""factor":"90%","share":"1""#, "bidderPays", "92.195123"),
      ("-100", "200", #""progress":"2%","share":"50%""#, "fundPays", "52"),
      ("-100", "200", #""progress":"50%""#, "fundPays", "200"),
    ])
  func bids(value: String, requirement: String, terms: String, field: String, expected: String) {
    let answer = answer(
      #"{"kind":"auction.bid","portfolio":{"value":"\#(value)","requirement":"\#(requirement)"},"#
        + terms + "}")
    #expect(answer[field] == .string(expected))
  }

  // Source: Derive v2-core, liquidationTests.json, Test1: afterward value 117.975011636 and
  // nothing missing; in millionths, of a share rounded up.
  @Test("after the largest bid the line is reached, as recorded")
  func recordedBid() throws {
    let answer = answer(
      #"{"kind":"auction.bid","portfolio":{"value":"119.306330","requirement":"266.876340"},"#
        + #""factor":"98%"}"#)
    let number = { (field: String) in Double(answer[field]?.text ?? "") ?? .nan }
    #expect(abs(number("largestShare") - 0.557941285) < 1e-8)
    #expect(abs(number("bidderPays") - 65.234608676) < 2e-6)
    #expect(abs(number("valueAfter") - 117.975011636) < 3e-6)
    #expect(number("excessAfter") >= 0 && number("excessAfter") < 3e-6)
  }

  private func pool(_ events: [String], assets: Int = 1) -> JSONValue {
    answer(
      #"{"kind":"pool.apply","decimals":0,"assets":\#(assets),"events":["#
        + events.joined(separator: ",") + "]}")
  }

  @Test("an emptied pool pays its gains, and begins anew")
  func emptied() {
    let events = [
      #"{"type":"deposit","claim":7,"units":"1000"}"#,
      #"{"type":"loss","units":"1000","gains":["600"]}"#,
      #"{"type":"deposit","claim":8,"units":"10"}"#,
      #"{"type":"loss","units":"1","gains":["8"]}"#,
      #"{"type":"withdraw","claim":7,"units":"0"}"#,
    ]
    let answer = pool(events)
    #expect(answer["epoch"] == .number("1") && answer["total"] == .string("9"))
    #expect(answer["payments"]?.elements.first?["gains"] == .array([.string("600")]))
    #expect(answer["claims"]?.elements.map { $0["units"]?.text } == ["9"])
    #expect(answer["unpaid"] == .array([.string("8")]))
  }

  @Test(
    "a pool refuses what it does not have",
    arguments: [
      (#"{"type":"withdraw","claim":1,"units":"101"}"#, "events[1].units"),
      (#"{"type":"withdraw","claim":2,"units":"1"}"#, "events[1].claim"),
      (#"{"type":"deposit","claim":1,"units":"1"}"#, "events[1].claim"),
      (#"{"type":"deposit","claim":2,"units":"1152921504606846877"}"#, "events[1].units"),
      (#"{"type":"loss","units":"101","gains":["0"]}"#, "events[1].units"),
      (#"{"type":"loss","units":"1","gains":[]}"#, "events[1].gains"),
      (#"{"type":"loss","units":"1","gains":["-1"]}"#, "events[1].gains[0]"),
      (#"{"type":"gain","units":"1"}"#, "events[1].type"),
    ])
  func poolRefusals(event: String, field: String) {
    let refused = pool([#"{"type":"deposit","claim":1,"units":"100"}"#, event])
    #expect(refused.at("error", "field") == .string(field))
  }

  private func fund(_ rest: String) -> JSONValue {
    answer(#"{"kind":"insurance.settle","balance":"1000",\#(rest)}"#)
  }

  @Test("a fund pays up to its caps, and the window ends to the nanosecond")
  func fundCaps() {
    let at = { (time: String, shortfall: String) in
      #"{"at":"2020-03-12T\#(time)Z","shortfall":"\#(shortfall)"}"#
    }
    let events = [
      at("10:00:00", "500"), at("10:30:00", "90"), at("10:59:59", "100"),
      at("10:59:59.999999999", "1"), at("11:00:00", "200"),
    ]
    let answer = fund(
      #""eventCap":"10%","windowCap":"25%","windowSeconds":3600,"events":["#
        + events.joined(separator: ",") + "]")
    #expect(
      answer["events"]?.elements.map { $0["paid"]?.text } == ["100", "90", "60", "0", "75"])
    #expect(answer["balance"] == .string("675") && answer["unpaid"] == .string("566"))
    #expect(answer["alarm"] == .number("25"))
  }

  @Test("a target, and what a fund below it asks", arguments: [("1428.571429", "0.000000001")])
  func fundTarget(target: String, rise: String) {
    let answer = { (shortfall: String) in
      fund(
        #""events":[],"largestRise":"25%","target":{"shortfalls":[["\#(shortfall)","-3"]]}"#)
    }
    // 70 % of 1,428.571428 is 999.9999996: the fund is above it; of a millionth more below.
    #expect(answer("1428.571428")["feeRise"] == .string("0"))
    #expect(answer(target)["feeRise"] == .string(rise))
    #expect(answer("3333.333333")["lowersLeverage"] == .boolean(false))
    #expect(answer("3333.333334")["lowersLeverage"] == .boolean(true))
  }

  @Test("times that run back, and money beyond the field, are refused")
  func fundRefusals() {
    let back = fund(
      #""events":[{"at":"2020-03-12T10:00:00Z"},{"at":"2020-03-12T09:59:59.999999999Z"}]"#)
    #expect(back.at("error", "field") == .string("events[1].at"))
    let much = fund(#""events":[{"at":"2020-03-12T10:00:00Z","paidIn":"1152921504606"}]"#)
    #expect(much.at("error", "field") == .string("events[0].paidIn"))
    #expect(fund(#""peak":"999.999999","events":[]"#).at("error", "field") == .string("peak"))
  }

  // Sources: GMX synthetics, README; Synthetix v3, AsyncOrder: 1,200, 100 on 10^6: 1,200.06.
  @Test(
    "entry fees of GMX and Synthetix",
    arguments: [
      (#""rule":"potential","exponent":2,"scale":0.2,"before":"0","after":"50000""#, "fee", "500"),
      (
        #""rule":"potential","exponent":2,"scale":0.2,"pot":"500","before":"50000","#
          + #""after":"25000""#,
        "fee", "-375"
      ),
      (
        #""rule":"potential","exponent":2,"scale":0.2,"pot":"374.999999","before":"50000","#
          + #""after":"25000""#, "fee", "-374.999999"
      ),
      (
        #""rule":"potential","exponent":1.5,"calibration":{"reference":"1000000","cost":"1000"},"#
          + #""before":"0","after":"-4000000""#, "fee", "8000"
      ),
      (
        #""rule":"skewedPrice","index":"1200","before":"0","after":"100","skewScale":"1000000""#,
        "price", "1200.06"
      ),
    ])
  func entryFees(terms: String, field: String, expected: String) {
    #expect(answer(#"{"kind":"entryFee",\#(terms)}"#)[field] == .string(expected))
  }

  @Test(
    "what has no fee is refused",
    arguments: [
      (#""rule":"potential","exponent":0.99,"scale":1,"before":"0","after":"1""#, "exponent"),
      (#""rule":"potential","exponent":3.01,"scale":1,"before":"0","after":"1""#, "exponent"),
      (#""rule":"potential","exponent":2,"scale":0,"before":"0","after":"1""#, "scale"),
      (#""rule":"potential","exponent":3,"scale":1e300,"before":"0","after":"1""#, "exponent"),
      (
        #""rule":"potential","exponent":2,"scale":1,"calibration":{"reference":"1","cost":"1"},"#
          + #""before":"0","after":"1""#, "scale"
      ),
      (
        #""rule":"skewedPrice","index":"1","before":"-2","after":"-0.00000002","skewScale":"1""#,
        "after"
      ),
    ])
  func entryFeeRefusals(terms: String, field: String) {
    #expect(answer(#"{"kind":"entryFee",\#(terms)}"#).at("error", "field") == .string(field))
  }

  @Test(
    "auctions without sense are refused",
    arguments: [
      (#""type":"linear","start":"50%","end":"51%","duration":1"#, "0", "path.end"),
      (#""type":"linear","start":"50%","end":"5%","duration":0"#, "0", "path.duration"),
      (#""type":"stairs","start":"1","cut":"99.91%","step":1"#, "0", "path.cut"),
      (#""type":"linear","start":"50%","end":"5%","duration":1"#, "-1", "seconds[0]"),
      (
        #""type":"adaptive","start":"1","premium":0,"volatility":1,"tick":1,"aversion":1,"#
          + #""leastTime":1,"mostTime":2"#, "0", "path.premium"
      ),
      (
        #""type":"adaptive","start":"1","premium":1,"volatility":1,"tick":1,"aversion":1,"#
          + #""leastTime":3,"mostTime":2"#, "0", "path.leastTime"
      ),
    ])
  func auctionRefusals(path: String, seconds: String, field: String) {
    let refused = answer(
      #"{"kind":"auction.price","path":{\#(path)},"seconds":[\#(seconds)]}"#)
    #expect(refused.at("error", "field") == .string(field))
  }

  @Test("a bid states the phase it is of, and cash is part of value")
  func bidRefusals() {
    let bid = { (terms: String) in
      answer(#"{"kind":"auction.bid","portfolio":{"value":"5","requirement":"9"\#(terms)}"#)
        .at("error", "field")
    }
    #expect(bid("}") == .string("factor"))
    #expect(bid(#"},"factor":"1","progress":"1""#) == .string("factor"))
    #expect(bid(#","reserved":"5.000001"},"factor":"1""#) == .string("portfolio.reserved"))
    #expect(bid(#","reserved":"5"},"factor":"1""#) == nil)
  }
}
