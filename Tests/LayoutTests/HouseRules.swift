// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension Rule {
  static let header = Rule("header", because: "every file says what it belongs to") { file in
    var lines = file.lines[...]
    if lines.first?.hasPrefix("// swift-tools-version") == true { return [] }
    let expected = [
      "// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.",
      "// SPDX-License-Identifier: Apache-2.0",
    ]
    for (index, line) in expected.enumerated() where lines.popFirst() != line {
      return [(index + 1, "start the file with the two lines of its neighbours")]
    }
    return []
  }

  static let unfinished = Rule("unfinished", because: "main is finished at every commit") { file in
    let marks = ["TODO", "FIXME", "XXX", "HACK"]
    return file.comments.compactMap { comment in
      let words = comment.text.split { !$0.isLetter }
      guard let mark = words.first(where: { marks.contains(String($0)) }) else { return nil }
      return (comment.line, "“\(mark)”: do it, or write an issue")
    }
  }

  /// No compiler switch may change what the code means.
  static let buildSettings = Rule(
    "build-setting", because: "anyone must get the same bits from a plain build"
  ) { file in
    let banned = [
      "unsafeFlags", "-Ounchecked", "-ffast-math", "-funsafe-math", "-march", "-mcpu",
      "-enforce-exclusivity=unchecked", "-ffp-contract",
    ]
    return file.lines.indices.compactMap { index in
      let line = file.lines[index]
      let isComment = line.drop { $0 == " " }.prefix(2).contains { $0 == "#" || $0 == "/" }
      guard !isComment, let found = banned.first(where: { line.contains($0) }) else { return nil }
      return (index + 1, "“\(found)”: leave it out")
    }
  }

  /// Links between the pages of the repository lead somewhere.
  static func links(exists: @escaping @Sendable (String) -> Bool) -> Rule {
    Rule("link", because: "a page that leads nowhere costs a reader his trust") { file in
      file.lines.indices.flatMap { index in
        file.lines[index].links.compactMap { link in
          guard !link.contains("://"), !link.hasPrefix("#"), !link.hasPrefix("mailto:") else {
            return nil
          }
          let target = link.prefix { $0 != "#" }
          guard !exists(file.resolved(String(target))) else { return nil }
          return (index + 1, "“\(link)”: there is no such file")
        }
      }
    }
  }

  /// Kernels round after every operation, whatever the processor could do.
  ///
  /// A file is safe when it says so itself, when it includes a file that does, or when it is a
  /// body that each_variant.h includes after saying so.
  static func contraction(_ kernels: [SourceFile]) -> Rule {
    let phrase = "# pragma clang fp contract ( off )".split(separator: " ").map(String.init)
    let says: @Sendable (SourceFile) -> Bool = { file in
      file.tokens.indices.contains { file.matches(phrase, at: $0) }
    }
    let safe = Set(kernels.filter(says).map(\.name))
    return Rule("contraction", because: "a fused multiply-add rounds once and changes bits") {
      file in
      guard file.target == "Kernels", file.isC else { return [] }
      let tokens = file.tokens
      let wrong = tokens.indices.first {
        file.word($0) == "contract" && ["on", "fast"].contains(file.word($0 + 2))
      }
      if let wrong { return [(tokens[wrong].line, "write contract(off)")] }
      guard let body = file.bodies.first, tokens.contains(where: { $0.text == "double" }),
        !file.name.hasSuffix("_body.h"), !says(file), !file.includes.contains(where: safe.contains)
      else { return [] }
      return [(body.first, "write “#pragma clang fp contract(off)” before the first function")]
    }
  }

  /// Kernels call nothing but themselves.
  static let kernelIncludes = Rule("include", because: "libm differs from machine to machine") {
    file in
    guard file.target == "Kernels", file.isC else { return [] }
    let allowed = ["stddef", "stdint", "stdbool", "stdatomic", "string", "float"]
    return file.tokens.indices.compactMap { index in
      guard file.matches(["#", "include", "<"], at: index),
        !allowed.contains(file.word(index + 3))
      else { return nil }
      return (
        file.tokens[index].line, "“<\(file.word(index + 3)).h>”: kernels use IEEE operations only"
      )
    }
  }

  /// Every target has a page that says what it answers and where to start.
  ///
  /// `page` is the file `Sources/<Target>/<Target>.docc/<Target>.md`. C and programs have no
  /// symbols that a page could link to.
  static func page(of target: String, hasSymbols: Bool) -> Rule {
    Rule("page", because: "a newcomer starts from the page of a target") { page in
      let title = "# ``\(target)``"
      guard page.lines.first == title else { return [(1, "start the page with “\(title)”")] }
      let summary = page.lines.dropFirst().first { !$0.isEmpty } ?? ""
      guard summary.hasSuffix("."), !summary.hasPrefix("#") else {
        return [(2, "say in one sentence what \(target) answers")]
      }
      let symbols = Set(page.lines.dropFirst().flatMap(\.symbols))
      guard !hasSymbols || symbols.count >= 3 else {
        return [(1, "name three types to start with, as ``Symbol`` links")]
      }
      return []
    }
  }
}

extension SourceFile {
  /// The files of the same directory that a C file includes.
  fileprivate var includes: [String] {
    lines.compactMap { line in
      guard line.hasPrefix("#include \"") else { return nil }
      return String(line.dropFirst(10).prefix { $0 != "\"" })
    }
  }

  /// A path relative to this file, relative to the repository.
  fileprivate func resolved(_ link: String) -> String {
    var parts = path.split(separator: "/").dropLast().map(String.init)
    for part in link.split(separator: "/") {
      switch part {
      case ".": continue
      case "..": _ = parts.popLast()
      default: parts.append(String(part))
      }
    }
    return parts.joined(separator: "/")
  }
}

extension String {
  /// The targets of Markdown links and images in a line.
  fileprivate var links: [String] {
    components(between: "](", and: ")")
  }

  /// The names in double backticks in a line.
  fileprivate var symbols: [String] {
    components(between: "``", and: "``")
  }

  private func components(between open: String, and close: String) -> [String] {
    var found: [String] = []
    var rest = self[...]
    while let start = rest.firstRange(of: open)?.upperBound,
      let end = rest[start...].firstRange(of: close)
    {
      found.append(String(rest[start..<end.lowerBound]))
      rest = rest[end.upperBound...]
    }
    return found
  }
}
