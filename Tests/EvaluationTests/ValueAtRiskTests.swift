// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Testing

@Suite("Value at risk questions")
struct ValueAtRiskTests {
  private static let residuals = (0..<200).map { "\(Double(($0 * 73) % 199 - 99) / 40)" }
    .joined(separator: ",")

  /// A request about one BTC perpetual at 100, with parts replaced.
  static func request(
    position: String = #"{"name":"P","type":"perpetual","underlying":"BTC","size":2}"#,
    years: String = "0.1", overrides: String = "", seed: String = "7",
    history: String = #"{"residuals":[\#(residuals)],"volatility":0.03}"#,
    market: String = ""
  ) -> String {
    #"{"kind":"margin.valueAtRisk","underlyings":[{"symbol":"BTC","index":100}],"#
      + #""expiries":[{"underlying":"BTC","forward":100,"years":\#(years)}],"#
      + #""positions":[\#(position)],"seed":\#(seed),"#
      + #""parameters":{"set":"default","overrides":{"var.stepsPerDay":"1"\#(overrides)}},"#
      + #""markets":[{"underlying":"BTC","history":\#(history)\#(market)}]}"#
  }

  private func estimates(_ request: String) -> [JSONValue] {
    var evaluator = Clone.evaluator
    return evaluator.answer(request).value["answer"]?["estimates"]?.elements ?? []
  }

  @Test("are answered by three methods, with interval, errors and worst scenarios where sampled")
  func answer() throws {
    let estimates = estimates(Self.request())
    #expect(estimates.map { $0["method"]?.text } == ["historical", "parametric", "monteCarlo"])
    let counts = estimates.map { $0["scenarios"]?.number }
    #expect(counts == [200, 0, 10_000])
    for estimate in estimates {
      let loss = try #require(estimate["valueAtRisk"]?.number)
      let shortfall = try #require(estimate["expectedShortfall"]?.number)
      // 200 quote units, about 3 % a day.
      #expect(loss > 6 && loss < 30 && shortfall >= loss)
    }
    #expect(estimates[2]["interval"]?.elements.count == 2)
    #expect(estimates[1]["interval"] == nil)
    #expect(estimates.map { $0["worst"]?.elements.count } == [5, 0, 5])
    // The worst day of the history: residual −99/40.
    let worst = estimates[0]["worst"]?.elements.first?["logMoves"]?.elements.first?.number
    #expect(abs(try #require(worst) + 2.475 * 0.03) <= 1e-15)
  }

  @Test(
    "are answered with the same bytes for the same seed, and a model or volatility of one's own")
  func seeds() throws {
    var evaluator = Clone.evaluator
    let first = evaluator.answer(Self.request()).text
    #expect(evaluator.answer(Self.request()).text == first)
    #expect(evaluator.answer(Self.request(seed: "8")).text != first)
    let still = estimates(
      Self.request(
        market: #","dailyVolatility":0.02,"parameters":{"initialVariance":0.146,"#
          + #""meanVariance":0.146,"meanReversion":0,"volatilityOfVariance":0,"correlation":0,"#
          + #""jumpIntensity":0,"meanJump":0,"jumpDeviation":0,"meanVarianceJump":0,"#
          + #""jumpCorrelation":0}"#))
    // 200 × (1 − e^(−2.326 × 2 %)) in both: the model's volatility is 2 % a day too.
    for estimate in still.dropFirst() {
      #expect(abs(try #require(estimate["valueAtRisk"]?.number) - 9.13) <= 0.4)
    }
  }

  @Test("of two underlyings are joint where the request says so, and apart by default")
  func joint() throws {
    func request(_ joint: String) -> String {
      let history = #"{"residuals":[\#(Self.residuals)],"volatility":0.03}"#
      return #"{"kind":"margin.valueAtRisk","underlyings":[{"symbol":"BTC","index":100},"#
        + #"{"symbol":"ETH","index":100}],"positions":["#
        + #"{"name":"B","type":"perpetual","underlying":"BTC","size":1},"#
        + #"{"name":"E","type":"perpetual","underlying":"ETH","size":-1}],"seed":7\#(joint),"#
        + #""parameters":{"set":"default","overrides":{"var.stepsPerDay":"1"}},"#
        + #""markets":[{"underlying":"BTC","history":\#(history)},"#
        + #"{"underlying":"ETH","history":\#(history)}]}"#
    }
    let together = estimates(request(#","joint":"together""#))
    let apart = estimates(request(""))
    #expect(together.count == 3 && apart.count == 3)
    // A hedge of the same moves loses nothing; history takes the same days in either case.
    for (one, other) in zip(together, apart) {
      #expect(one["valueAtRisk"]?.number == 0)
      let isHistory = other["method"]?.text == "historical"
      let loss = try #require(other["valueAtRisk"]?.number)
      #expect(isHistory ? loss == 0 : loss > 3)
    }
    var evaluator = Clone.evaluator
    let unknown = evaluator.answer(request(#","joint":"both""#)).value
    #expect(unknown["error"]?["code"]?.text == "field.malformed")
  }

  /// Closes whose returns are a fixed pattern of 2 % a day and less.
  static func history(days: Int, extra: String = "") -> String {
    var closes = [100.0]
    for day in 0..<days {
      let ratio = 1 + Double((day * 73) % 199 - 99) / 5_000
      closes.append(closes[day] * ratio)
    }
    let list = closes.map { "\($0)" }.joined(separator: ",")
    return #"{"closes":[\#(list)],"firstDay":"2018-01-01T00:00:00Z"\#(extra)}"#
  }

  @Test("filter daily closes by the house's rule or another, floor and ramp in it")
  func closes() throws {
    let house = estimates(Self.request(history: Self.history(days: 1_100)))
    #expect(house[0]["scenarios"]?.number == 500)
    let loss = try #require(house[0]["valueAtRisk"]?.number)
    #expect(loss > 2 && loss < 8)
    let plain = estimates(
      Self.request(history: Self.history(days: 1_100, extra: #","rule":"historical""#)))
    // The largest fall of the pattern is 99/5000; at 99 % the range stays inside it.
    let worst = try #require(
      plain[0]["worst"]?.elements.first?["logMoves"]?.elements.first?.number)
    #expect(abs(worst + 0.020_0) <= 2e-5)
    #expect(plain[0] != house[0])
  }

  @Test(
    "are refused by field where something is wrong",
    arguments: [
      (request(overrides: #","var.confidence":"100%""#), "parameter.outOfBounds"),
      (request(overrides: #","var.horizon":"0s""#), "parameter.outOfBounds"),
      (request(overrides: #","var.paths":"1000000","var.horizon":"100d""#), "field.outOfBounds"),
      (request(history: #"{"residuals":[1,2,3],"volatility":0.03}"#), "field.outOfBounds"),
      (request(history: #"{"residuals":["1"],"volatility":0.03}"#), "field.type"),
      (request(history: #"{"residuals":[1]}"#), "field.missing"),
      (request(history: history(days: 900)), "field.outOfBounds"),
      (request(history: history(days: 1_100, extra: #","rule":"mine""#)), "field.malformed"),
      (
        request(history: history(days: 1_100, extra: #","volatility":0.03"#)), "field.unknown"
      ),
      (request(market: #","colour":1"#), "field.unknown"),
      (request(years: #"0.1,"fixed":-0.01"#), "field.outOfBounds"),
      (request(years: #"0.1,"fixed":0,"open":0"#), "field.outOfBounds"),
      (request(years: #"0.1,"open":1.01"#), "field.outOfBounds"),
      (
        request(
          position: #"{"name":"C","type":"option","underlying":"BTC","expiry":0,"right":"call","#
            + #""strike":100,"volatility":0.5,"size":1}"#, years: "0"), "field.inconsistent"
      ),
      (
        request(
          position: #"{"name":"C","type":"option","underlying":"BTC","expiry":0,"right":"call","#
            + #""strike":100,"size":1}"#), "field.missing"
      ),
      (
        #"{"kind":"margin.valueAtRisk","underlyings":[{"symbol":"BTC","index":100}],"seed":1,"#
          + #""parameters":{"set":"default"},"markets":[]}"#, "field.inconsistent"
      ),
      (
        #"{"kind":"margin.valueAtRisk","underlyings":[{"symbol":"BTC","index":100}],"seed":1,"#
          + #""parameters":{},"markets":[]}"#, "parameter.missing"
      ),
    ])
  func refusals(request: String, code: String) {
    var evaluator = Clone.evaluator
    #expect(evaluator.answer(request).value["error"]?["code"]?.text == code)
  }
}
