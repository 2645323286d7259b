// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
  /// On one line, without spaces.
  public var compact: String {
    var bytes: [UInt8] = []
    write(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends the compact text; the same value always gives the same bytes.
  func write(to bytes: inout [UInt8]) {
    switch self {
    case .null: bytes += "null".utf8
    case .boolean(let value): bytes += (value ? "true" : "false").utf8
    case .number(let text): bytes += text.utf8
    case .string(let text): Self.writeQuoted(text, to: &bytes)
    case .array(let elements):
      bytes.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        element.write(to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        Self.writeQuoted(member.name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        member.value.write(to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  private static func writeQuoted(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): bytes += "\\\"".utf8
      case UInt8(ascii: "\\"): bytes += "\\\\".utf8
      case UInt8(ascii: "\n"): bytes += "\\n".utf8
      case UInt8(ascii: "\r"): bytes += "\\r".utf8
      case UInt8(ascii: "\t"): bytes += "\\t".utf8
      case 0..<0x20:
        let digits = String(byte, radix: 16)
        bytes += ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// For people: what fits into a line stands on one, the rest with an element or field a line.
  ///
  /// Ended by a line feed.
  public func indented(columns: Int = 96) -> String { lines(columns, depth: 0, used: 0) + "\n" }

  /// - Parameter used: Columns taken before and after the value on its line.
  private func lines(_ columns: Int, depth: Int, used: Int) -> String {
    let single = spaced
    if single.count + used <= columns { return single }
    let indent = String(repeating: "  ", count: depth + 1)
    let end = "\n" + String(repeating: "  ", count: depth)
    switch self {
    case .array(let elements) where !elements.isEmpty:
      let parts = elements.map {
        indent + $0.lines(columns, depth: depth + 1, used: indent.count + 1)
      }
      return "[\n" + parts.joined(separator: ",\n") + end + "]"
    case .object(let members) where !members.isEmpty:
      let parts = members.map { member in
        let name = indent + JSONValue.string(member.name).compact + ": "
        return name + member.value.lines(columns, depth: depth + 1, used: name.count + 1)
      }
      return "{\n" + parts.joined(separator: ",\n") + end + "}"
    default: return single
    }
  }

  /// On one line, with a space after each comma and colon.
  private var spaced: String {
    switch self {
    case .array(let elements): "[" + elements.map(\.spaced).joined(separator: ", ") + "]"
    case .object(let members):
      "{"
        + members.map { JSONValue.string($0.name).compact + ": " + $0.value.spaced }
        .joined(separator: ", ") + "}"
    default: compact
    }
  }
}
