// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Testing

/// A file of the repository as the rules see it.
struct SourceFile: CustomTestStringConvertible {
  /// Relative to the repository, with `/`.
  let path: String
  let lines: [String]
  let tokens: [Token]
  let comments: [CodeComment]

  init(path: String, text: String) {
    self.path = path
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if lines.last == "" { lines.removeLast() }
    self.lines = lines
    let isCode = ["swift", "c", "h"].contains { path.hasSuffix(".\($0)") }
    let lexer = Lexer(isCode ? text : "", isC: !path.hasSuffix(".swift"))
    tokens = lexer.tokens
    comments = lexer.comments
  }

  /// The target whose sources the file belongs to.
  var target: String? {
    let parts = path.split(separator: "/")
    return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
  }

  var name: String { path.split(separator: "/").last.map(String.init) ?? path }
  var isSwift: Bool { path.hasSuffix(".swift") }
  var isC: Bool { path.hasSuffix(".c") || path.hasSuffix(".h") }
  var testDescription: String { path }

  /// The text of the token at `index`, or nothing outside the file.
  func word(_ index: Int) -> String {
    tokens.indices.contains(index) ? tokens[index].text : ""
  }

  /// Whether the tokens from `start` on are those of `phrase`.
  func matches(_ phrase: [String], at start: Int) -> Bool {
    start + phrase.count <= tokens.count
      && phrase.indices.allSatisfy { tokens[start + $0].text == phrase[$0] }
  }

  /// The index just past the bracket that closes the one at `open`.
  func end(ofBracketAt open: Int) -> Int {
    var depth = 0
    var index = open
    while index < tokens.count {
      switch tokens[index].text {
      case "(", "[", "{": depth += 1
      case ")", "]", "}": depth -= 1
      default: break
      }
      index += 1
      if depth == 0 { return index }
    }
    return index
  }
}

/// A breach of a rule, printed as `file:line: rule: what to do`.
struct Finding: Equatable, CustomStringConvertible {
  let path: String
  let line: Int
  let rule: String
  let remedy: String

  var description: String { "\(path):\(line): \(rule): \(remedy)" }
}

/// One thing the style asks for that a program can see.
struct Rule: Sendable, CustomTestStringConvertible {
  let name: String
  /// Why the rule is there.
  let reason: String
  /// The lines that break it, each with what to do.
  private let breaches: @Sendable (SourceFile) -> [(line: Int, remedy: String)]

  init(
    _ name: String, because reason: String,
    breaches: @escaping @Sendable (SourceFile) -> [(line: Int, remedy: String)]
  ) {
    self.name = name
    self.reason = reason
    self.breaches = breaches
  }

  func check(_ file: SourceFile) -> [Finding] {
    breaches(file).map {
      Finding(path: file.path, line: $0.line, rule: name, remedy: $0.remedy)
    }
  }

  var testDescription: String { name }
}
