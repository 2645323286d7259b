// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// A table in plain text for a terminal: aligned columns, a rule under the heading.
public struct TextTable: Sendable {
  /// On which side the cells of a column are flush.
  public enum Alignment: Sendable {
    case left
    /// For numbers.
    case right
  }

  public let columns: [(title: String, alignment: Alignment)]
  public private(set) var rows: [[String]] = []

  /// - Parameter columns: Titles and alignments; without any title no heading is printed.
  public init(_ columns: [(title: String, alignment: Alignment)]) { self.columns = columns }

  /// Adds a row; missing cells are empty, surplus cells are left out.
  public mutating func append(_ cells: [String]) {
    let padding = [String](repeating: "", count: max(columns.count - cells.count, 0))
    rows.append(Array((cells.map(Self.visible) + padding).prefix(columns.count)))
  }

  /// The lines of the table, each ended, without blanks at their ends.
  public var text: String {
    let titles = columns.map(\.title)
    let hasHeading = titles.contains { !$0.isEmpty }
    let widths = columns.indices.map { column in
      max(titles[column].count, rows.map { $0[column].count }.max() ?? 0)
    }
    var lines = rows.map { line($0, widths) }
    if hasHeading {
      let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
      lines.insert(contentsOf: [line(titles, widths), rule], at: 0)
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    let padded = columns.indices.map { column in
      let blanks = String(repeating: " ", count: max(widths[column] - cells[column].count, 0))
      return columns[column].alignment == .left ? cells[column] + blanks : blanks + cells[column]
    }
    var line = padded.joined(separator: "  ")
    while line.hasSuffix(" ") { line.removeLast() }
    return line
  }

  /// A terminal must not take a cell's characters for commands.
  static func visible(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "\u{FFFD}" : $0 }))
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: true
    default: false
    }
  }
}
