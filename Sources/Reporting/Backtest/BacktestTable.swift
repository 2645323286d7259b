// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

/// How rules did, as aligned lines for a terminal.
public enum BacktestTable {
  /// The widest line of a note.
  private static let width = 98

  public static func text(_ study: BacktestStudy) -> String {
    var parts = [
      "\(study.title), \(study.span): \(NumberText.grouped(Int64(study.days.count))) days\n"
        + "\(study.measure), at \(BacktestText.exactShare(1 - study.probability)) on each side\n"
    ]
    for side in study.sides {
      let rows = side.rows.map { BacktestText(row: $0) }
      parts.append(side.title + "\n")
      for group in BacktestText.groups(study) {
        var table = TextTable([("Rule", .left)] + group.columns.map { ($0.title, .right) })
        for row in rows { table.append([row.row.title] + group.columns.map { $0.cell(row) }) }
        parts.append(table.text)
      }
    }
    parts.append(BacktestText.notes(study).map(wrapped).joined())
    return parts.joined(separator: "\n")
  }

  private static func wrapped(_ sentence: String) -> String {
    var lines = [""]
    for word in sentence.split(separator: " ") {
      if lines[lines.count - 1].isEmpty {
        lines[lines.count - 1] = String(word)
      } else if lines[lines.count - 1].count + word.count < width {
        lines[lines.count - 1] += " " + word
      } else {
        lines.append("  " + word)
      }
    }
    return lines.map { $0 + "\n" }.joined()
  }
}
