// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Testing

/// A text that breaks a rule on one line, and a neighbour of it that does not.
struct RuleCase: Sendable, CustomTestStringConvertible {
  let rule: Rule
  let path: String
  let line: Int
  let bad: String
  let good: String

  init(_ rule: Rule, in path: String, line: Int = 1, bad: String, good: String) {
    self.rule = rule
    self.path = path
    self.line = line
    self.bad = bad
    self.good = good
  }

  var testDescription: String { "\(rule.name): \(String(reflecting: bad.prefix(40)))" }
}

@Suite("A rule")
struct RuleTests {
  @Test("names the line that breaks it", arguments: RuleCase.all)
  func bad(example: RuleCase) {
    let findings = example.rule.check(SourceFile(path: example.path, text: example.bad))
    #expect(findings.map(\.line) == [example.line])
    #expect(findings.allSatisfy { $0.path == example.path && !$0.remedy.isEmpty })
  }

  @Test("lets the neighbour pass", arguments: RuleCase.all)
  func good(example: RuleCase) {
    let findings = example.rule.check(SourceFile(path: example.path, text: example.good))
    #expect(findings.isEmpty)
  }

  @Test(
    "has an example that breaks it",
    arguments: House.codeRules + House.pageRules
      + House.buildRules + [.page(of: "Quantities", hasSymbols: true)])
  func coverage(rule: Rule) {
    #expect(RuleCase.all.contains { $0.rule.name == rule.name })
    #expect(!rule.reason.isEmpty)
  }

  @Test("asks for a row of the table for an unknown target")
  func unknownTarget() {
    let findings = Rule.imports(RuleCase.layers)
      .check(SourceFile(path: "Sources/Unknown/A.swift", text: "struct A {}"))
    #expect(findings.map(\.line) == [1])
  }

  @Test("reports file, line, rule and remedy in one line")
  func report() {
    let finding = Finding(path: "Sources/A/B.swift", line: 7, rule: "trap", remedy: "use as?")
    #expect(finding.description == "Sources/A/B.swift:7: trap: use as?")
  }

  @Test("does not look into comments and strings, but into the code inside strings")
  func lexer() {
    let rule = Rule.machine(RuleCase.layers)
    let quiet = ##"""
      // Task { await print("Date") }
      /* Date /* Date */ Date */
      let text = "Date() \" Date"
      let raw = #"Date \(Date) " Date"#
      let long = """
        Date " Date
        """
      """##
    #expect(rule.check(SourceFile(path: RuleCase.core, text: quiet)).isEmpty)
    let loud = "let text = \"at \\(Date() + (1)) and \\(\"\\(Date())\")\"\n\nlet end = Date()\n"
    let lines = rule.check(SourceFile(path: RuleCase.core, text: loud)).map(\.line)
    #expect(lines == [1, 1, 3])
  }
}

extension RuleCase {
  static let core = "Sources/Margin/Example.swift"

  static let layers = Layers(
    table: """
      | target | holds | may import (ours) | packages, system |
      |---|---|---|---|
      | Quantities | money | – | – |
      | Kernels | loops | – | – |
      | Margin | requirements | Quantities, Kernels | – |
      | Ledger | money | all above | Crypto |
      | Oracles | prices | Quantities | – |
      | Liquidation | decisions | all above | – |
      | RiskEngine | one step | all above | – |
      | Journal | a file | Quantities, Ledger | GRDB, Foundation |
      """.split(separator: "\n").map(String.init))

  static let all = shape + names + imports + determinism + order + house
}
