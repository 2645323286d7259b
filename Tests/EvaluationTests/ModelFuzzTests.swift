// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Foundation
import NumericalMethods
import Testing

/// Requests whose numbers come from everywhere a `Double` can be: each is answered with finite
/// numbers or refused, and none stops the program.
@Suite("Random questions to the models")
struct ModelFuzzTests {
  /// A million requests in the long run.
  private static let count =
    ProcessInfo.processInfo.environment["PLIMSOLL_FULL"] == "1" ? 100_000 : 600

  @Test("every answer is finite, every other request is refused", arguments: 0..<10)
  func questions(seed: UInt64) {
    var evaluator = Clone.evaluator
    var draws = RandomQuestions(seed: seed)
    var answered = 0
    for _ in 0..<Self.count {
      let question = draws.next()
      let line = evaluator.answer(question)
      // JSON has no NaN: a value that is none would be written as null.
      #expect(!line.text.contains("null"), "\(question) → \(line.text)")
      if line.isAnswered { answered += 1 }
    }
    #expect(answered > Self.count / 6, "a good part of the questions is sensible")
  }
}

private struct RandomQuestions {
  private var generator: SplitMix64

  init(seed: UInt64) { generator = SplitMix64(seed: seed) }

  mutating func next() -> String {
    switch generator.next() % 7 {
    case 0: black()
    case 1: scholes()
    case 2, 3: model()
    case 4: implied()
    case 5: smile()
    default: surface()
    }
  }

  /// Mostly a number between two, now and then one from the edges of what there is.
  private mutating func number(_ low: Double, _ high: Double) -> String {
    let draw = generator.next()
    guard draw % 16 == 0 else {
      return "\(low + (high - low) * generator.nextUnit())"
    }
    let edges = [
      "0", "-0.0", "-1", "1e-320", "1e308", "-1e308", "1", "1e9", "1e-9", "\(low)", "\(high)",
      "0.9999999999999999", "1e15", "1e-160", "\"NaN\"", "1e-30",
    ]
    return edges[Int(draw >> 8) % edges.count]
  }

  private mutating func pick(_ words: [String]) -> String {
    words[Int(generator.next() % UInt64(words.count))]
  }

  private mutating func option() -> String {
    #""forward":\#(number(50, 150)),"strike":\#(number(20, 300)),"years":\#(number(0, 3)),"#
      + #""right":"\#(pick(["call", "put"]))","payoff":"\#(pick(["linear", "inverse"]))""#
  }

  private mutating func black() -> String {
    #"{"kind":"option.price","model":"black76","volatility":\#(number(0, 3)),"#
      + #""greeks":true,\#(option())}"#
  }

  private mutating func scholes() -> String {
    #"{"kind":"option.price","model":"blackScholes","spot":\#(number(50, 150)),"#
      + #""strike":\#(number(20, 300)),"rate":\#(number(-0.2, 0.3)),"yield":\#(number(-0.1, 0.1)),"#
      + #""volatility":\#(number(0, 3)),"years":\#(number(0, 5)),"greeks":true,"#
      + #""right":"\#(pick(["call", "put"]))"}"#
  }

  private mutating func model() -> String {
    let name = pick(["merton", "heston", "bates", "svcj"])
    var fields: [String] = []
    if name == "merton" {
      fields.append(#""volatility":\#(number(0.05, 2))"#)
    } else {
      fields.append(
        #""initialVariance":\#(number(0.01, 1.5)),"meanVariance":\#(number(0.01, 1.5))"#)
      fields.append(#""meanReversion":\#(number(0, 20)),"correlation":\#(number(-1, 1))"#)
      fields.append(#""volatilityOfVariance":\#(number(0, 4))"#)
    }
    if name != "heston" {
      fields.append(#""jumpIntensity":\#(number(0, 20)),"meanJump":\#(number(-0.3, 0.2))"#)
      fields.append(#""jumpDeviation":\#(number(0, 0.4))"#)
    }
    if name == "svcj" {
      fields.append(#""meanVarianceJump":\#(number(0, 2)),"jumpCorrelation":\#(number(-0.6, 0.3))"#)
    }
    let greeks = generator.next() % 8 == 0
    return #"{"kind":"option.price","model":"\#(name)","greeks":\#(greeks),"#
      + #""parameters":{\#(fields.joined(separator: ","))},\#(option())}"#
  }

  private mutating func implied() -> String {
    #"{"kind":"option.impliedVolatility","price":\#(number(0, 60)),\#(option())}"#
  }

  private mutating func smile() -> String {
    let smile =
      switch generator.next() % 3 {
      case 0:
        #"{"convention":"raw","a":\#(number(-0.02, 0.3)),"b":\#(number(0, 1.5)),"#
          + #""rho":\#(number(-1, 1)),"m":\#(number(-0.5, 0.5)),"sigma":\#(number(0, 1))}"#
      case 1:
        #"{"convention":"jumpWing","variance":\#(number(0, 1)),"skew":\#(number(-0.5, 0.5)),"#
          + #""putWing":\#(number(0, 2)),"callWing":\#(number(0, 2)),"#
          + #""minimumVariance":\#(number(0, 0.2)),"years":\#(number(0, 2))}"#
      default:
        #"{"convention":"ssvi","theta":\#(number(0, 1)),"rho":\#(number(-1, 1)),"#
          + #""psi":\#(number(0, 3))}"#
      }
    let places = "[\(number(-2, 2)),\(number(-2, 2)),\(number(-20, 20))]"
    switch generator.next() % 3 {
    case 0:
      return #"{"kind":"smile.value","smile":\#(smile),"years":\#(number(0, 2)),"#
        + #""logMoneyness":\#(places)}"#
    case 1:
      return #"{"kind":"smile.density","smile":\#(smile),"logMoneyness":\#(places)}"#
    default:
      return #"{"kind":"smile.convert","smile":\#(smile),"years":\#(number(0, 2)),"#
        + #""to":"\#(pick(["raw", "jumpWing", "ssvi"]))"}"#
    }
  }

  private mutating func surface() -> String {
    let days = ["13", "20", "27"].prefix(1 + Int(generator.next() % 3))
    guard generator.next() % 2 == 0 else {
      let slices = days.map { day in
        #"{"expiry":"2020-03-\#(day)T08:00:00Z","forward":\#(number(50, 150)),"#
          + #""theta":\#(number(0, 0.5)),"rho":\#(number(-1, 1)),"psi":\#(number(0, 2))}"#
      }
      return #"{"kind":"surface.shock","surface":{"time":"2020-03-12T00:00:00Z","#
        + #""slices":[\#(slices.joined(separator: ","))]},"spotMove":\#(number(-0.9, 2)),"#
        + #""shock":{"skewTwist":\#(number(-2, 2)),"smileTwist":\#(number(-0.9, 4)),"#
        + #""termTwist":\#(number(-0.9, 0.9)),"level":"\#(pick(["up", "down", "unchanged"]))","#
        + #""parameters":{"set":"default"}}}"#
    }
    let expiries = days.map { day in
      let quotes = (0..<Int(generator.next() % 7)).map { _ in
        let bid = number(0.5, 8)
        return #"{"right":"\#(pick(["call", "put"]))","strike":\#(number(70, 140)),"bid":\#(bid),"#
          + #""ask":\#(generator.next() % 4 == 0 ? number(1, 9) : bid)}"#
      }
      return #"{"expiry":"2020-03-\#(day)T08:00:00Z","forward":\#(number(90, 110)),"#
        + #""quotes":[\#(quotes.joined(separator: ","))]}"#
    }
    return #"{"kind":"surface.fit","time":"2020-03-12T00:00:00Z","#
      + #""expiries":[\#(expiries.joined(separator: ","))]}"#
  }
}
