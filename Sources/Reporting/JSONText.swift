// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

/// A JSON value that keeps the order of its fields and writes numbers from integers.
indirect enum JSONText {
  case string(String)
  case integer(Int64)
  /// Units of 10^−`decimals`.
  case decimal(Int64, decimals: Int)
  case boolean(Bool)
  case null
  case array([JSONText])
  case object([(String, JSONText)])

  static func integer(_ value: Int) -> JSONText { .integer(Int64(value)) }

  /// On one line, safe to stand inside an HTML script element.
  var compact: String {
    var text = ""
    write(to: &text, indent: nil)
    return text
  }

  /// With a field per line, ended by a line feed.
  var indented: String {
    var text = ""
    write(to: &text, indent: 0)
    return text + "\n"
  }

  private func write(to text: inout String, indent: Int?) {
    switch self {
    case .string(let value): Self.quote(value, to: &text)
    case .integer(let value): text += String(value)
    case .decimal(let units, let decimals): text += decimalText(units, decimals: decimals)
    case .boolean(let value): text += value ? "true" : "false"
    case .null: text += "null"
    case .array(let values):
      Self.write(values, brackets: ("[", "]"), to: &text, indent: indent) { value, text, depth in
        value.write(to: &text, indent: depth)
      }
    case .object(let fields):
      Self.write(fields, brackets: ("{", "}"), to: &text, indent: indent) { field, text, depth in
        Self.quote(field.0, to: &text)
        text += depth == nil ? ":" : ": "
        field.1.write(to: &text, indent: depth)
      }
    }
  }

  private static func write<Item>(
    _ items: [Item], brackets: (String, String), to text: inout String, indent: Int?,
    item write: (Item, inout String, Int?) -> Void
  ) {
    text += brackets.0
    let depth = items.isEmpty ? nil : indent.map { $0 + 1 }
    for (position, item) in items.enumerated() {
      if position > 0 { text += "," }
      if let depth { text += "\n" + String(repeating: "  ", count: depth) }
      write(item, &text, depth)
    }
    if let indent, depth != nil { text += "\n" + String(repeating: "  ", count: indent) }
    text += brackets.1
  }

  /// Escapes what JSON asks for, and `<`, `>`, `&`, so that no text can end a script element.
  private static func quote(_ value: String, to text: inout String) {
    text += "\""
    // Most texts need nothing.
    if value.utf8.allSatisfy(isPlain) { text += value } else { escape(value, to: &text) }
    text += "\""
  }

  /// Of ASCII, what stands for itself.
  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "<"), UInt8(ascii: ">"),
      UInt8(ascii: "&"):
      false
    default: (0x20...0x7E).contains(byte)
    }
  }

  private static func escape(_ value: String, to text: inout String) {
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "<", ">", "&", "\u{0}"..."\u{1F}", "\u{7F}", "\u{2028}", "\u{2029}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
  }
}
