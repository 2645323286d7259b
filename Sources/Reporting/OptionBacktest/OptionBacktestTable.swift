// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// How margin models did on option books, as aligned lines for a terminal.
public enum OptionBacktestTable {
  /// The widest line of a note.
  private static let width = 98

  public static func text(_ study: OptionBacktestStudy) -> String {
    let text = OptionBacktestText(study: study)
    let head = TextTable.visible("Option books on recorded chains, \(text.span)") + "\n"
    let tables = (text.models + text.kinds + [text.moves(5)]).map { part in
      let columns = part.columns.enumerated().map { place, title in
        (title: title, alignment: place == 0 ? TextTable.Alignment.left : .right)
      }
      var table = TextTable(columns)
      for row in part.rows { table.append(row) }
      return part.title + "\n" + table.text
    }
    let notes = text.notes.map(wrapped).joined()
    return ([head + wrapped(text.scope)] + tables + [notes]).joined(separator: "\n")
  }

  private static func wrapped(_ sentence: String) -> String {
    var lines = [""]
    for word in sentence.split(separator: " ") {
      let last = lines.count - 1
      if lines[last].isEmpty {
        lines[last] = String(word)
      } else if lines[last].count + word.count < width {
        lines[last] += " " + word
      } else {
        lines.append("  " + word)
      }
    }
    return lines.map { $0 + "\n" }.joined()
  }
}
