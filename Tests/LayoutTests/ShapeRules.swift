// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension Rule {
  static let fileLength = Rule("file-length", because: "one main type or decision per file") {
    file in
    guard file.lines.count > 500 else { return [] }
    return [(501, "\(file.lines.count) lines, 500 are allowed; is there a missing concept?")]
  }

  static let lineLength = Rule("line-length", because: "two files fit beside each other") { file in
    file.lines.indices.compactMap { index in
      let columns = file.lines[index].count
      guard columns > 100 else { return nil }
      return (index + 1, "\(columns) columns, 100 are allowed; break the line")
    }
  }

  static let functionLength = Rule("function-length", because: "a function fits on a screen") {
    file in
    file.bodies.compactMap { body in
      let lines = body.last - body.first + 1
      guard lines > 60 else { return nil }
      return (body.first, "“\(body.name)” has \(lines) lines, 60 are allowed; name its parts")
    }
  }
}

extension SourceFile {
  typealias Body = (name: String, first: Int, last: Int)

  /// Functions, initializers, subscripts and computed variables with the lines they span.
  var bodies: [Body] { isSwift ? swiftBodies : cBodies }

  private var swiftBodies: [Body] {
    tokens.indices.compactMap { index in
      let isFunction =
        switch word(index) {
        case "func", "subscript": true
        case "init", "deinit":
          word(index - 1) != "." && ["(", "?", "<", "{"].contains(word(index + 1))
        default: false
        }
      let open =
        isFunction
        ? opening(ofFunctionAt: index) : word(index) == "var" ? opening(ofVariableAt: index) : nil
      guard let open else { return nil }
      let name = ["func", "var"].contains(word(index)) ? word(index + 1) : word(index)
      return (name, tokens[index].line, tokens[end(ofBracketAt: open) - 1].line)
    }
  }

  /// The brace that opens a function's body, or `nil` for a requirement of a protocol.
  private func opening(ofFunctionAt start: Int) -> Int? {
    var index = start + 1
    while index < tokens.count {
      switch word(index) {
      case "(", "[":
        index = end(ofBracketAt: index)
        continue
      case "{": return index
      case "}", "func", "var", "let", "init", "subscript", "case", "static", "associatedtype":
        return nil
      default: index += 1
      }
    }
    return nil
  }

  private func opening(ofVariableAt start: Int) -> Int? {
    var index = start + 1
    while index < tokens.count, tokens[index].line == tokens[start].line {
      if word(index) == "{" { return index }
      if word(index) == "=" { return nil }
      index += 1
    }
    return nil
  }

  /// Blocks at the top of a C file that follow a parameter list.
  private var cBodies: [Body] {
    var bodies: [Body] = []
    var index = 0
    while index < tokens.count {
      if word(index) == "{" {
        let end = end(ofBracketAt: index)
        if word(index - 1) == ")" {
          bodies.append(
            (functionName(before: index), tokens[index].line, tokens[end - 1].line))
        }
        index = end
      } else {
        index += 1
      }
    }
    return bodies
  }

  /// The name whose parameter list ends just before the brace at `open`.
  private func functionName(before open: Int) -> String {
    var index = open - 1
    var depth = 0
    while index >= 0 {
      if word(index) == ")" { depth += 1 }
      if word(index) == "(" { depth -= 1 }
      if depth == 0 { return word(index - 1) }
      index -= 1
    }
    return ""
  }
}
