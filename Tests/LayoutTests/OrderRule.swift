// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension Rule {
  /// The core never walks a dictionary or a set: their order changes from run to run.
  ///
  /// Sees the names that a file declares as `[K: V]`, `Dictionary` or `Set`, and after a point
  /// the properties so declared in `others`; walking one is `for … in`, `.keys`, `.values`, a
  /// conversion to an array, or a method that visits elements one by one. A result that cannot
  /// depend on order says so on its line or the line before: `// order-free: why`.
  static func order(_ layers: Layers, others: [SourceFile]) -> Rule {
    let properties = unorderedProperties(of: others)
    return Rule(
      "order", because: "hash seeding would change the order of events, and so every hash"
    ) { file in
      guard layers.isCore(file.target), file.isSwift else { return [] }
      let names = file.unorderedNames
      let waived = Set(
        file.comments.filter { $0.text.hasPrefix("// order-free: ") }
          .flatMap { [$0.line, $0.line + 1] })
      return file.tokens.indices.compactMap { index in
        let name = file.word(index)
        let isProperty = file.word(index - 1) == "." && properties.contains(name)
        guard isProperty || names.contains(name), file.isWalked(at: index),
          !waived.contains(file.tokens[index].line)
        else { return nil }
        return (
          file.tokens[index].line,
          "“\(name)” has no order; sort by a stated key (`.sorted`), or keep an array"
        )
      }
    }
  }

  /// Properties that have no order wherever they are declared.
  private static func unorderedProperties(of files: [SourceFile]) -> Set<String> {
    let declared = files.flatMap(\.typedVariables)
    let ordered = Set(declared.filter { !$0.isUnordered }.map(\.name))
    return Set(declared.filter(\.isUnordered).map(\.name)).subtracting(ordered)
  }
}

extension SourceFile {
  /// Variables that state their type.
  fileprivate var typedVariables: [(name: String, isUnordered: Bool)] {
    tokens.indices.compactMap { index in
      guard ["let", "var"].contains(word(index - 1)), word(index + 1) == ":" else { return nil }
      return (word(index), isUnorderedType(at: index + 2))
    }
  }

  /// Methods whose result, or side effect, depends on the order of the elements.
  private static let visits: Set<String> = [
    "map", "flatMap", "compactMap", "filter", "reduce", "forEach", "first", "enumerated", "min",
    "max", "joined", "popFirst", "removeFirst", "makeIterator", "lazy", "prefix", "dropFirst",
    "elementsEqual", "index", "startIndex", "indices",
  ]

  /// Names declared in this file with a type that has no order.
  fileprivate var unorderedNames: Set<String> {
    var names: Set<String> = []
    for index in tokens.indices where tokens[index].kind == .word {
      let isUnordered =
        switch word(index + 1) {
        case ":": isUnorderedType(at: index + 2)
        case "=" where ["let", "var"].contains(word(index - 1)): isUnorderedType(at: index + 2)
        default: false
        }
      if isUnordered { names.insert(word(index)) }
    }
    return names
  }

  /// Whether `[K: V]`, `Dictionary<…>` or `Set<…>` stands at `index`, as a type or its call.
  private func isUnorderedType(at start: Int) -> Bool {
    var index = start
    while ["inout", "borrowing", "consuming", "some", "any"].contains(word(index)) { index += 1 }
    if ["Set", "Dictionary"].contains(word(index)) { return ["<", "("].contains(word(index + 1)) }
    guard word(index) == "[" else { return false }
    let end = end(ofBracketAt: index)
    var depth = 0
    for inner in index..<end {
      switch word(inner) {
      case "[", "(", "<": depth += 1
      case "]", ")", ">": depth -= 1
      case ":" where depth == 1: return true
      default: break
      }
    }
    return false
  }

  /// Whether the elements of the collection named at `index` are visited one after another.
  fileprivate func isWalked(at index: Int) -> Bool {
    let next = word(index + 1)
    let member = next == "." ? word(index + 2) : next == "?" ? word(index + 3) : ""
    if member == "sorted" { return false }
    if ["keys", "values"].contains(member) { return !isSorted(after: index + 2) }
    if Self.visits.contains(member) { return true }
    if isWholeArgument(at: index), ["Array", "zip"].contains(callee(of: index)) {
      return !isSorted(after: index + 1)
    }
    return isLoopSequence(at: index)
  }

  /// Whether `.sorted` follows the token at `index`.
  private func isSorted(after index: Int) -> Bool {
    word(index + 1) == "." && ["sorted", "count", "isEmpty", "contains"].contains(word(index + 2))
  }

  private func isWholeArgument(at index: Int) -> Bool {
    ["(", ","].contains(word(index - 1)) && [")", ","].contains(word(index + 1))
  }

  /// The function whose argument list opens directly before the token at `index`.
  private func callee(of index: Int) -> String {
    word(index - 1) == "(" ? word(index - 2) : ""
  }

  /// Whether a `for … in` ends its sequence with the name at `index`.
  private func isLoopSequence(at index: Int) -> Bool {
    guard ["{", "where"].contains(word(index + 1)) else { return false }
    var start = index
    while word(start - 1) == "." { start -= 2 }
    guard word(start - 1) == "in" else { return false }
    var before = start - 2
    while before >= 0, tokens[before].line >= tokens[start].line - 2 {
      if word(before) == "for" { return true }
      if ["{", "}"].contains(word(before)) { return false }
      before -= 1
    }
    return false
  }
}
