// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Testing

/// The rules of the house, and the files they hold for.
enum House {
  /// Rules for Swift and C.
  static let codeRules: [Rule] = [
    .header, .fileLength, .lineLength, .functionLength, .unfinished, .emptyWords,
    .versionNumbers, .negatedBooleans, .spelling, .moduleNames(Repository.targets),
    .imports(Repository.layers), .machine(Repository.layers), .arithmetic(Repository.layers),
    .globalState(Repository.layers), .order(Repository.layers, others: Repository.coreSources),
    .exactTargets, .modelNumbers, .traps, .forcedUnwraps, .kernelIncludes,
    .contraction(Repository.kernels),
  ]
  static let pageRules: [Rule] = [.links(exists: Repository.exists)]
  static let buildRules: [Rule] = [.buildSettings]

  /// Fails with one line for each finding.
  static func expectNone(_ findings: [Finding]) {
    guard !findings.isEmpty else { return }
    let list = findings.map(\.description).joined(separator: "\n")
    Issue.record("\(findings.count) breaches\n\(list)")
  }
}

@Suite("The layout")
struct LayoutTests {
  @Test("of every code file keeps the rule", arguments: House.codeRules)
  func code(rule: Rule) {
    House.expectNone(Repository.code.flatMap(rule.check))
  }

  @Test("of every page keeps the rule", arguments: House.pageRules)
  func pages(rule: Rule) {
    #expect(!Repository.pages.isEmpty)
    House.expectNone(Repository.pages.flatMap(rule.check))
  }

  @Test("of the manifest and the scripts keeps the rule", arguments: House.buildRules)
  func build(rule: Rule) {
    #expect(Repository.buildFiles.contains { $0.path == "Package.swift" })
    House.expectNone(Repository.buildFiles.flatMap(rule.check))
  }

  @Test("has a page for every target", arguments: Repository.targets)
  func page(target: String) throws {
    let path = "Sources/\(target)/\(target).docc/\(target).md"
    let page = try #require(Repository.file(path), "write \(path)")
    let isLibrary =
      target != "Kernels" && target != "AllocationCounter" && target != "PlimsollCommand"
    House.expectNone(Rule.page(of: target, hasSymbols: isLibrary).check(page))
  }

  @Test("is the one of the table in ARCHITECTURE.md")
  func table() {
    #expect(Repository.layers.rows.map(\.target).sorted() == Repository.targets)
  }

  @Test("has a table in which every target imports only targets above it")
  func direction() {
    var above: Set<String> = []
    for row in Repository.layers.rows {
      let unknown = row.ours.filter { !above.contains($0) }
      #expect(unknown.isEmpty, "\(row.target) imports \(unknown), which do not stand above it")
      above.insert(row.target)
    }
  }

  @Test("keeps files, clocks and threads out of the core's rows")
  func coreRows() {
    let core = Repository.layers.rows.filter { !$0.isEdge }
    #expect(core.last?.target == "RiskEngine")
    #expect(core.flatMap(\.others).allSatisfy { $0 == "Crypto" })
  }
}
