// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Testing

@Suite("Oracle and prices")
struct MarketTests {
  static let parameters =
    #"{"quorum":2,"sourceWeightCap":"40%","staleness":"60s","futureTolerance":"5s","#
    + #""highestPrice":"1000000","confidenceLimit":"5%","deviationBand":"5%","jumpLimit":"10%","#
    + #""jumpConfirmations":2,"breakerLimit":"20%","breakerCeiling":"50%","#
    + #""breakerTolerance":"10%","breakerConfirmations":3,"breakerPause":"120s"}"#

  static func block(
    _ time: String, _ samples: [(source: String, price: String)], last: JSONValue? = nil,
    parameters: String = parameters
  ) -> JSONValue {
    let list = samples.map {
      #"{"source":"\#($0.source)","price":"\#($0.price)","ageSeconds":0}"#
    }
    return answer(
      #"{"kind":"oracle.aggregate","feed":{"base":"BTC","quote":"USD"},"time":"\#(time)","#
        + #""samples":[\#(list.joined(separator: ","))],"#
        + (last.map { #""last":\#($0.compact),"# } ?? "") + #""parameters":\#(parameters)}"#)
  }

  @Test("the state of one answer is the last of the next request")
  func chain() throws {
    let first = Self.block(
      "2020-03-12T10:00:00Z", [("A", "100"), ("B", "101"), ("C", "102")])
    #expect(first.at("index", "price") == .string("101"))
    // C jumps alone: it is quarantined, and the index stays with the others.
    let second = Self.block(
      "2020-03-12T10:00:30.5Z", [("A", "100"), ("C", "150")], last: first["state"])
    #expect(second.at("index", "price") == .string("100.5"))
    #expect(second["rejected"]?.elements.first?["reason"] == .string("quarantined"))
    #expect(second["rejected"]?.elements.first?["sample"] == .number("1"))
    // Everybody silent for longer than staleness: below quorum, the index is not fresh.
    let third = Self.block("2020-03-12T10:02:00Z", [], last: second["state"])
    #expect(third["outcome"] == .string("belowQuorum"))
    #expect(third["silenced"]?.elements == [.string("A"), .string("B"), .string("C")])
    #expect(third.at("state", "phase") == .string("belowQuorum"))
    #expect(third.at("state", "index", "price") == .string("100.5"))
    // Half the price: the breaker pauses, and the pause is remembered.
    let fourth = Self.block(
      "2020-03-12T10:02:01Z", [("A", "50"), ("B", "50"), ("C", "50")], last: third["state"])
    #expect(fourth["outcome"] == .string("circuitBroken"))
    let fifth = Self.block(
      "2020-03-12T10:02:02Z", [("A", "50"), ("B", "51"), ("C", "50")], last: fourth["state"])
    #expect(fifth.at("break", "confirmations") == .number("1"))
    #expect(fifth.at("break", "since") == .string("2020-03-12T10:02:01Z"))
  }

  @Test("every state reads back as it was written")
  func states() {
    let sample = [("A", "100"), ("B", "100")]
    let fresh = Self.block("2020-03-12T10:00:00Z", sample)
    for moved in [sample, [("A", "150")], [], [("A", "40"), ("B", "40")]] {
      let next = Self.block("2020-03-12T10:00:00.000000001Z", moved, last: fresh["state"])
      // Nothing new happens at the same instant, so a state that was lost would show.
      let again = Self.block(
        "2020-03-12T10:00:00.000000001Z", [], last: next["state"])
      #expect(again.at("state", "sources") == next.at("state", "sources"))
      #expect(again.at("state", "phase") == next.at("state", "phase"))
    }
  }

  @Test("a named set states what the request does not, and its sources are not meant")
  func namedSet() {
    let answer = Self.block(
      "2020-03-12T10:00:00Z", [("A", "100"), ("B", "102"), ("C", "104")],
      parameters: #"{"set":"default","quorum":3}"#)
    #expect(answer.at("index", "price") == .string("102"))
    let four = Self.block(
      "2020-03-12T10:00:00Z", [("A", "100"), ("B", "102"), ("C", "104")],
      parameters: #"{"set":"default","quorum":4}"#)
    #expect(four.at("error", "code") == .string("parameter.inconsistent"))
  }

  @Test("stated sources vote alone, by their weight")
  func statedSources() {
    let sources =
      #""sources":[{"source":"A","weight":"1"},{"source":"B","weight":"0.1"},"#
      + #"{"source":"C","weight":"0.2","jumpLimit":"50%"}]"#
    let answer = Self.block(
      "2020-03-12T10:00:00Z", [("A", "100"), ("B", "101"), ("C", "102"), ("D", "103")],
      parameters: #"{"set":"default","quorum":3,"sourceWeightCap":"49.9999999%",\#(sources)}"#)
    #expect(answer.at("index", "price") == .string("101"))
    #expect(answer["rejected"]?.elements.first?["reason"] == .string("unknownSource"))
  }

  @Test("a time before the last block is refused")
  func timeGoesForward() {
    let first = Self.block("2020-03-12T10:00:00Z", [("A", "100"), ("B", "101")])
    let back = Self.block("2020-03-12T09:59:59.999999999Z", [], last: first["state"])
    #expect(back.at("error", "field") == .string("time"))
  }

  static func price(_ right: String, _ payoff: String, greeks: Bool = false) -> JSONValue {
    answer(
      #"{"kind":"option.price","model":"black76","forward":8000,"strike":9000,"volatility":0.9,"#
        + #""years":0.25,"right":"\#(right)","payoff":"\#(payoff)","greeks":\#(greeks)}"#)
  }

  @Test("an inverse option costs the linear price in coin, and keeps coin parity")
  func inverse() throws {
    let linear = try #require(Self.price("call", "linear")["price"]?.number)
    let call = try #require(Self.price("call", "inverse")["price"]?.number)
    let put = try #require(Self.price("put", "inverse")["price"]?.number)
    #expect(call == linear / 8_000)
    // c − p = 1 − K ÷ F, to the documented error of 1e-15 × (price + 1) for each.
    #expect(abs(call - put - (1 - 9_000.0 / 8_000)) <= 2e-15 * (call + put + 2))
  }

  @Test("Greeks come when they are asked for, the net delta with coin prices")
  func greeks() {
    #expect(Self.price("call", "linear")["greeks"] == nil)
    #expect(Self.price("call", "linear", greeks: true)["greeks"]?.members.count == 6)
    #expect(Self.price("put", "inverse", greeks: true).at("greeks", "netDelta") != nil)
  }
}
