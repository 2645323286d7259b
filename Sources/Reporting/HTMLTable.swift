// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// A table of a page, always with a caption.
struct HTMLTable {
  let caption: Markup
  let columns: [Column]
  private(set) var rows: [(cells: [Markup], isMarked: Bool)] = []
  var footer: [Markup] = []

  struct Column {
    let title: Markup
    let kind: Kind

    enum Kind: String {
      case text
      case number
      /// Short texts that stay on one line, such as times.
      case short
      /// Keys and hashes.
      case code
    }

    static func text(_ title: Markup) -> Column { Column(title: title, kind: .text) }
    static func short(_ title: Markup) -> Column { Column(title: title, kind: .short) }
    static func number(_ title: Markup) -> Column { Column(title: title, kind: .number) }
    static func code(_ title: Markup) -> Column { Column(title: title, kind: .code) }
  }

  init(_ caption: Markup, _ columns: [Column]) {
    self.caption = caption
    self.columns = columns
  }

  /// - Parameter isMarked: Whether the row stands out.
  mutating func append(_ cells: [Markup], isMarked: Bool = false) {
    rows.append((cells, isMarked))
  }

  var markup: Markup {
    let heads = columns.map { column -> Markup in
      "<th scope=\"col\" class=\"\(column.kind.rawValue)\">\(column.title)</th>"
    }
    let body = rows.map { row -> Markup in
      "<tr\(row.isMarked ? " class=\"marked\"" : "" as Markup)>\(cells(row.cells))</tr>\n"
    }
    let foot: Markup =
      footer.isEmpty ? "" : "<tfoot>\n<tr>\(cells(footer))</tr>\n</tfoot>\n"
    return """
      <div class="scroll"><table>
      <caption>\(caption)</caption>
      <thead>
      <tr>\(heads.joined())</tr>
      </thead>
      <tbody>
      \(body.joined())</tbody>
      \(foot)</table></div>

      """
  }

  private func cells(_ cells: [Markup]) -> Markup {
    zip(cells.indices, zip(columns, cells)).map { position, pair -> Markup in
      let (column, cell) = pair
      return position == 0
        ? "<th scope=\"row\" class=\"\(column.kind.rawValue)\">\(cell)</th>"
        : "<td class=\"\(column.kind.rawValue)\">\(cell)</td>"
    }.joined()
  }
}
