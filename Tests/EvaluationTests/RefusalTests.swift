// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Testing

@Suite("Refusals")
struct RefusalTests {
  static let option =
    #""kind":"option.price","model":"black76","forward":1,"strike":1,"volatility":1"#
  static let tiers =
    #""kind":"margin.tiers","position":{"notional":"1"},"table":{"convention":"marginal","#
    + #""measure":"notional","rows":"#
  static let account =
    #""kind":"margin.requirement","mode":"cross","market":{"time":"2020-03-12","underlyings":"#
    + #"[{"symbol":"BTC","index":"8000"}]},"#
  static let perpetual = #"{"name":"P","type":"perpetual","underlying":"BTC"}"#

  /// One request for each code, and the field to blame.
  static let cases: [(code: EvaluationRefusal.Code, line: String, field: String?)] = [
    (.syntax, "{\"kind\":", nil),
    (.syntax, "[]", nil),
    (.encoding, #"{"kind":"\ud800"}"#, nil),
    (.tooDeep, String(repeating: "[", count: 17), nil),
    (.repeatedName, #"{"kind":"option.price","kind":"option.price"}"#, nil),
    (.unknownKind, #"{"kind":"option.prize"}"#, "kind"),
    (.missingField, #"{"id":1}"#, "kind"),
    (.missingField, "{\(option)}", "years"),
    (.unknownField, #"{\#(option),"years":1,"right":"call","greek":true}"#, "greek"),
    (.wrongType, #"{\#(option),"years":"1","right":"call"}"#, "years"),
    (.wrongType, #"{\#(option),"years":null,"right":"call"}"#, "years"),
    (.wrongType, #"{"id":[1],\#(option),"years":1,"right":"call"}"#, "id"),
    (.malformedField, #"{\#(option),"years":1,"right":"straddle"}"#, "right"),
    (.outOfBounds, #"{\#(option),"years":1e400,"right":"call"}"#, "years"),
    (.outOfDomain, #"{\#(option),"years":-1,"right":"call"}"#, "years"),
    (
      .inconsistent, #"{\#(tiers)[{"upTo":"1","initial":"1","maintenance":"1"}]}}"#, "table"
    ),
    (
      .malformedField,
      #"{\#(tiers)[{"upTo":"1e3","initial":"1","maintenance":"1"}]}}"#, "table.rows[0].upTo"
    ),
    (
      .wrongType, #"{\#(tiers)[{"initial":0.5,"maintenance":"1"}]}}"#, "table.rows[0].initial"
    ),
    (
      .tooMany,
      "{\(tiers)[\(Array(repeating: "{}", count: 65).joined(separator: ","))]}}", "table.rows"
    ),
    (.unknownParameterSet, #"{\#(account)"parameters":{"set":"house"}}"#, "parameters.set"),
    (
      .unknownParameter,
      #"{\#(account)"parameters":{"set":"default","overrides":{"margin.bufer":"1"}}}"#,
      "parameters.overrides[“margin.bufer”]"
    ),
    (.missingParameter, #"{\#(account)"parameters":{}}"#, "parameters"),
    (
      .missingParameter,
      #"{\#(account)"parameters":{"set":"default","without":["margin.buffer"]}}"#, "parameters"
    ),
    (
      .malformedParameter,
      #"{\#(account)"parameters":{"set":"default","overrides":{"margin.buffer":"a fifth"}}}"#,
      "parameters.overrides[“margin.buffer”]"
    ),
    (
      .parameterOutOfBounds,
      #"{\#(account)"parameters":{"set":"default","overrides":{"margin.buffer":"101%"}}}"#,
      "parameters.overrides[“margin.buffer”]"
    ),
    (
      .inconsistentParameter,
      #"{\#(account)"parameters":{"set":"default","overrides":{"margin.option.least":"1%"}}}"#,
      "parameters"
    ),
    (
      .unpriced,
      #"{\#(account)"collateral":[{"asset":"ETH","amount":"1"}],"parameters":{"set":"default"}}"#,
      "collateral[0].asset"
    ),
    (
      .outOfRange,
      #"{\#(account)"instruments":[{"name":"P","type":"perpetual","underlying":"BTC","step":"1"}],"#
        + #""parameters":{"set":"default"}}"#, nil
    ),
  ]

  @Test("every refusal has its code and names the field", arguments: 0..<cases.count)
  func refusal(index: Int) throws {
    let (code, line, field) = Self.cases[index]
    var evaluator = Clone.evaluator
    let answer = evaluator.answer(line)
    #expect(!answer.isAnswered)
    #expect(answer.value.at("error", "code") == .string(code.rawValue), "\(answer.text)")
    #expect(answer.value.at("error", "field") == field.map(JSONValue.string), "\(answer.text)")
    #expect(answer.value.at("error", "message")?.text?.isEmpty == false)
  }

  @Test("every code is refused with once")
  func everyCode() {
    let met = Set(Self.cases.map(\.code)).union([.lineTooLong])
    #expect(met == Set(EvaluationRefusal.Code.allCases))
  }

  @Test("a line beyond the limit is refused with its number")
  func lineTooLong() {
    var evaluator = Evaluator()
    let answer = evaluator.answer(.tooLong, number: 7)
    #expect(
      answer?.text
        == #"{"line":7,"error":{"code":"line.tooLong","message":"more than 1048576 bytes"}}"#)
  }

  @Test("names are refused where they are repeated or unknown")
  func names() {
    let parameters = #""parameters":{"set":"default"}"#
    let twice = answer(
      #"{\#(Self.account)"instruments":[\#(Self.perpetual),\#(Self.perpetual)],\#(parameters)}"#)
    #expect(twice.at("error", "field") == .string("instruments"))
    let stranger = answer(
      #"{\#(Self.account)"instruments":[\#(Self.perpetual)],\#(parameters),"#
        + #""positions":[{"instrument":"Q","size":"1","entry":"mark"}]}"#)
    #expect(stranger.at("error", "field") == .string("positions[0].instrument"))
  }

  @Test(
    "a size is refused below and above its bounds and taken at them",
    arguments: [
      ("0", false), ("0.00000001", true), ("0.000000001", false), ("-1", false),
      ("11529215046.06846976", true), ("11529215046.06846977", false),
    ])
  func bounds(size: String, isTaken: Bool) {
    let request =
      #"{"kind":"deleveraging.allocate","size":"\#(size)","candidates":[]}"#
    var evaluator = Evaluator()
    #expect(evaluator.answer(request).isAnswered == isTaken)
  }
}
