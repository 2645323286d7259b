// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Testing

@Suite("Margin models")
struct MarginModelTests {
  static let tiers =
    #"{"overrides":{"model.default.tier.row.1.initial":"4%","#
    + #""model.default.tier.row.1.maintenance":"2%"}}"#

  /// A request about one BTC perpetual at 100, with parts replaced.
  static func request(
    position: String = #"{"name":"P","type":"perpetual","underlying":"BTC","size":-2}"#,
    extra: String = "", parameters: String = tiers
  ) -> String {
    #"{"kind":"margin.model","underlyings":[{"symbol":"BTC","index":100,"basis":0.01}],"#
      + #""expiries":[{"underlying":"BTC","forward":101,"years":0.1}],\#(extra)"#
      + #""positions":[\#(position)],"models":[{"name":"M","parameters":\#(parameters)}]}"#
  }

  private func model(_ request: String) -> JSONValue? {
    var evaluator = Clone.evaluator
    return evaluator.answer(request).value["answer"]?["models"]?.elements.first
  }

  private func refusal(_ request: String) -> (code: String?, field: String?) {
    var evaluator = Clone.evaluator
    let error = evaluator.answer(request).value["error"]
    return (error?["code"]?.text, error?["field"]?.text)
  }

  @Test("charge what their parameters state, at the mark that the basis gives")
  func charge() {
    let answer = model(Self.request(extra: #""cash":50,"#))
    // 2 × 101 × 4 % and 2 %.
    #expect(answer?["equity"] == .string("50"))
    #expect(answer?["initialMargin"] == .string("8.08"))
    #expect(answer?["maintenanceMargin"] == .string("4.04"))
    #expect(answer?["excess"] == .string("41.92"))
    #expect(answer?["charges"]?.elements.first?["position"] == .string("P"))
  }

  @Test("say which position they have no rule for; the rest is answered")
  func notCovered() {
    let option =
      #"{"name":"C","type":"option","underlying":"BTC","expiry":0,"right":"call","strike":100,"#
      + #""volatility":0.5,"size":1}"#
    let answer = model(Self.request(position: option))
    #expect(answer?["notCovered"] == .string("C: the model has no rule for it"))
    #expect(answer?["initialMargin"] == nil)
  }

  @Test(
    "refuse what is wrong by field",
    arguments: [
      (#"{"overrides":{}}"#, "parameter.missing", "models[0].parameters"),
      (#"{"set":"default"}"#, "parameter.inconsistent", "models[0].parameters"),
      (#"{"set":"elsewhere"}"#, "parameterSet.unknown", "models[0].parameters.set"),
      (
        #"{"overrides":{"model.default.tier":"1"}}"#, "parameter.unknown",
        "models[0].parameters.overrides[“model.default.tier”]"
      ),
      (
        #"{"overrides":{"model.default.tier.row.1.initial":"101%"}}"#, "parameter.outOfBounds",
        "models[0].parameters.overrides[“model.default.tier.row.1.initial”]"
      ),
    ])
  func parameters(parameters: String, code: String, field: String) {
    let refused = refusal(Self.request(parameters: parameters))
    #expect(refused.code == code)
    #expect(refused.field == field)
  }

  @Test(
    "refuse positions that fit no market",
    arguments: [
      (#"{"name":"P","type":"perpetual","underlying":"ETH","size":1}"#, "market.unpriced"),
      (
        #"{"name":"F","type":"future","underlying":"BTC","expiry":1,"size":1}"#,
        "field.inconsistent"
      ),
      (#"{"name":"F","type":"future","underlying":"BTC","size":1}"#, "field.missing"),
      (
        #"{"name":"P","type":"perpetual","underlying":"BTC","size":1,"rowProfits":["1"]}"#,
        "field.type"
      ),
      (
        #"{"name":"P","type":"perpetual","underlying":"BTC","size":1e19}"#, "field.outOfBounds"
      ),
      (
        #"{"name":"P","type":"perpetual","underlying":"BTC","size":1,"colour":1}"#,
        "field.unknown"
      ),
    ])
  func positions(position: String, code: String) {
    #expect(refusal(Self.request(position: position)).code == code)
  }
}
