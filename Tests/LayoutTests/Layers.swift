// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// The import table of ARCHITECTURE.md: which target may know which.
struct Layers: Sendable {
  struct Row: Equatable, Sendable {
    let target: String
    /// Targets of ours it may import.
    let ours: [String]
    /// Packages and system modules it may import.
    let others: [String]
    /// Whether it may know the machine: files, clocks, threads.
    let isEdge: Bool
  }

  let rows: [Row]

  /// Reads the rows `| target | holds | ours | packages, system |` under a heading row that
  /// starts with `target`; `all above` stands for every row before it.
  ///
  /// Rows up to RiskEngine are the deterministic core, those after it are edges.
  init(table lines: [String]) {
    var rows: [Row] = []
    var isInside = false
    for line in lines {
      let cells = Self.cells(line)
      guard cells.count >= 4 else {
        isInside = false
        continue
      }
      if cells[0] == "target" { isInside = true }
      guard isInside, cells[0] != "target", !cells[0].hasPrefix("-") else { continue }
      let ours = Self.names(cells[2]).flatMap { $0 == "all above" ? rows.map(\.target) : [$0] }
      rows.append(
        Row(
          target: cells[0], ours: ours, others: Self.names(cells[3]),
          isEdge: rows.contains { $0.target == "RiskEngine" }))
    }
    self.rows = rows
  }

  subscript(target: String) -> Row? { rows.first { $0.target == target } }

  /// Whether a target belongs to the deterministic core.
  func isCore(_ target: String?) -> Bool {
    guard let target, let row = self[target] else { return false }
    return !row.isEdge
  }

  private static func cells(_ line: String) -> [String] {
    guard line.hasPrefix("|") else { return [] }
    return line.split(separator: "|", omittingEmptySubsequences: true).map(trimmed)
  }

  private static func names(_ cell: String) -> [String] {
    cell.split(separator: ",").map(trimmed).filter { !$0.isEmpty && $0 != "–" }
  }

  private static func trimmed(_ text: Substring) -> String {
    let isKept: (Character) -> Bool = { $0 != " " && $0 != "`" }
    guard let first = text.firstIndex(where: isKept), let last = text.lastIndex(where: isKept)
    else { return "" }
    return String(text[first...last])
  }
}

extension Rule {
  /// Every import is one that the table allows.
  static func imports(_ layers: Layers) -> Rule {
    Rule("import", because: "a newcomer must be able to trust the table of ARCHITECTURE.md") {
      file in
      guard let target = file.target, file.isSwift else { return [] }
      guard let row = layers[target] else {
        return [(1, "add a row for \(target) to the import table of ARCHITECTURE.md")]
      }
      return file.imports.compactMap { module, line in
        if module == "Foundation", !row.isEdge {
          return (line, "the core has no Foundation; pass what you need in as a value")
        }
        guard !row.ours.contains(module), !row.others.contains(module) else { return nil }
        return (line, "\(target) may not import \(module); move the code, or argue for the table")
      }
    }
  }
}

extension SourceFile {
  /// The modules a Swift file imports.
  var imports: [(module: String, line: Int)] {
    let kinds = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
    return tokens.indices.compactMap { index in
      guard word(index) == "import", word(index - 1) != "." else { return nil }
      let name = kinds.contains(word(index + 1)) ? index + 2 : index + 1
      return (word(name), tokens[index].line)
    }
  }
}
