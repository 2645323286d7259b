// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Testing

@Suite("Evaluator")
struct EvaluatorTests {
  static let good =
    #"{"kind":"funding.rate","premium":"0","parameters":{"interest":"0.01%","deadBand":"0.05%","#
    + #""cap":"0.75%"}}"#

  static func answers(_ lines: [String]) -> [EvaluatedLine?] {
    var evaluator = Clone.evaluator
    return lines.enumerated().map { index, line in
      evaluator.answer(.whole(Array(line.utf8)[...]), number: index + 1)
    }
  }

  @Test("answers in order, goes on after a bad line, and skips lines of white space")
  func order() {
    let answers = Self.answers([Self.good, "nonsense", " \t\r", Self.good])
    #expect(
      answers[0]?.text
        == #"{"line":1,"kind":"funding.rate","answer":{"rate":"0.0001"}}"#)
    #expect(answers[1]?.isAnswered == false)
    #expect(answers[1]?.value["line"] == .number("2"))
    #expect(answers[2] == nil)
    #expect(answers[3]?.value["line"] == .number("4"))
    #expect(answers[3]?.isAnswered == true)
  }

  @Test(
    "gives the id back as it came, with answers and refusals",
    arguments: [#""é\"\n""#, "12", "-1.50", #""""#])
  func id(text: String) {
    let good = Self.good.replacing("{\"kind\"", with: "{\"id\":\(text),\"kind\"")
    let bad = "{\"id\":\(text)}"
    let answers = Self.answers([good, bad])
    #expect(answers[0]?.text.hasPrefix("{\"line\":1,\"id\":\(text),\"kind\"") == true)
    #expect(answers[1]?.text.hasPrefix("{\"line\":2,\"id\":\(text),\"error\"") == true)
  }

  @Test("gives the same bytes whatever was asked before")
  func memory() throws {
    var evaluator = Clone.evaluator
    var requests: [String] = []
    for kind in EvaluationKind.allCases {
      let example = try Clone.read(Clone.schemas.path(of: kind, .example))
      requests.append(try #require(example["request"]).compact)
    }
    // More rules than are kept at once.
    for buffer in 1...20 {
      requests.append(
        #"{"kind":"margin.requirement","mode":"cross","market":{"time":"2020-03-12","#
          + #""underlyings":[]},"parameters":{"set":"default","overrides":{"margin.buffer":"#
          + #""\#(buffer)%"}}}"#)
    }
    let first = requests.map { evaluator.answer($0).text }
    let second = requests.reversed().map { evaluator.answer($0).text }
    #expect(first == second.reversed())
    for request in requests.prefix(3) {
      var fresh = Clone.evaluator
      #expect(first.contains(fresh.answer(request).text))
    }
  }

  @Test("takes a line at the limit of bytes")
  func longLine() {
    let padding = String(repeating: " ", count: Evaluator.lineLimit - Self.good.utf8.count)
    var cutter = LineCutter()
    var evaluator = Clone.evaluator
    var answers: [EvaluatedLine?] = []
    for line in [Self.good + padding, Self.good + padding + " "] {
      cutter.cut(Array(line.utf8) + [UInt8(ascii: "\n")]) {
        answers.append(evaluator.answer($0, number: answers.count + 1))
      }
    }
    #expect(answers.map { $0?.isAnswered } == [true, false])
  }
}
