// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// One table of an explanation, the same on a terminal and on a page.
public struct ExplanationTable: Sendable {
  public let caption: String
  public let columns: [(title: String, alignment: TextTable.Alignment)]
  public private(set) var rows: [(cells: [String], isMarked: Bool)] = []
  /// What a reader must know besides, below the table.
  public var note = ""

  init(_ caption: String, _ columns: [(title: String, alignment: TextTable.Alignment)]) {
    self.caption = caption
    self.columns = columns
  }

  /// - Parameter isMarked: Whether the row stands out on a page: sums, and what binds.
  mutating func append(_ cells: [String], isMarked: Bool = false) {
    rows.append((cells, isMarked))
  }

  /// Caption, aligned columns and note, each ended by a line feed.
  public var text: String {
    var table = TextTable(columns)
    for row in rows { table.append(row.cells) }
    return caption + "\n" + table.text + (note.isEmpty ? "" : note + "\n")
  }

  var markup: Markup {
    guard columns.contains(where: { !$0.title.isEmpty }) else { return sentence }
    var table = HTMLTable(
      "\(caption)",
      columns.map { $0.alignment == .left ? .text("\($0.title)") : .number("\($0.title)") })
    for row in rows { table.append(row.cells.map { "\($0)" }, isMarked: row.isMarked) }
    return table.markup
      + (note.isEmpty ? "" : "<p class=\"note\">\(note)</p>\n" as Markup)
  }

  /// What has no columns is no table on a page.
  private var sentence: Markup {
    "<p><strong>\(caption):</strong> \(rows.flatMap(\.cells).joined(separator: " "))</p>\n"
  }
}
