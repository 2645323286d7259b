// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Takes a JSON text apart (RFC 8259), counting lines.
struct JSONScanner {
  private let bytes: [UInt8]
  private let path: String
  private let limits: ReadLimits
  private var position = 0
  private var line = 1
  private var valueCount = 0

  /// Deeper nesting has no use here and would cost stack.
  private static let depthLimit = 16

  static func read(
    _ bytes: [UInt8], path: String, limits: ReadLimits
  ) throws(RowFault) -> PlacedJSON {
    var scanner = JSONScanner(bytes: bytes, path: path, limits: limits)
    let value = try scanner.value(depth: 0)
    scanner.skipSpace()
    guard scanner.position == bytes.count else { throw scanner.fault("nothing more") }
    return value
  }

  private init(bytes: [UInt8], path: String, limits: ReadLimits) {
    self.bytes = bytes
    self.path = path
    self.limits = limits
  }

  private var place: FilePlace { FilePlace(path: path, line: line) }

  private mutating func value(depth: Int) throws(RowFault) -> PlacedJSON {
    skipSpace()
    valueCount += 1
    guard depth <= Self.depthLimit else { throw fault("at most \(Self.depthLimit) levels") }
    guard valueCount <= limits.rows else { throw fault("at most \(limits.rows) values") }
    let start = place
    switch peek ?? 0 {
    case UInt8(ascii: "{"):
      return PlacedJSON(place: start, value: .object(try members(depth: depth)))
    case UInt8(ascii: "["):
      return PlacedJSON(place: start, value: .array(try elements(depth: depth)))
    case UInt8(ascii: "\""): return PlacedJSON(place: start, value: .string(try string()))
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      return PlacedJSON(place: start, value: .number(try number()))
    default: return PlacedJSON(place: start, value: try word())
    }
  }

  private mutating func members(depth: Int) throws(RowFault) -> [PlacedJSON.Member] {
    position += 1
    var members: [PlacedJSON.Member] = []
    var lines: [String: Int] = [:]
    skipSpace()
    if take("}") { return members }
    repeat {
      skipSpace()
      let keyPlace = place
      guard peek == UInt8(ascii: "\"") else { throw fault("a key in quotation marks") }
      let key = try string()
      if let first = lines.updateValue(keyPlace.line, forKey: key) {
        throw RowFault(
          place: keyPlace, field: "key", value: key, reason: .duplicate(firstLine: first))
      }
      skipSpace()
      guard take(":") else { throw fault("a colon") }
      members.append(
        PlacedJSON.Member(key: key, place: keyPlace, value: try value(depth: depth + 1)))
      skipSpace()
    } while take(",")
    guard take("}") else { throw fault("a comma or }") }
    return members
  }

  private mutating func elements(depth: Int) throws(RowFault) -> [PlacedJSON] {
    position += 1
    var elements: [PlacedJSON] = []
    skipSpace()
    if take("]") { return elements }
    repeat {
      elements.append(try value(depth: depth + 1))
      skipSpace()
    } while take(",")
    guard take("]") else { throw fault("a comma or ]") }
    return elements
  }

  private mutating func string() throws(RowFault) -> String {
    position += 1
    var content: [UInt8] = []
    while let byte = peek, byte != UInt8(ascii: "\"") {
      guard byte >= 0x20 else { throw fault("a closing quotation mark on the same line") }
      position += 1
      if byte == UInt8(ascii: "\\") {
        content.append(contentsOf: Array(String(try escape()).utf8))
      } else {
        content.append(byte)
      }
      guard content.count <= limits.lineBytes else {
        throw fault("a text of at most \(limits.lineBytes) bytes")
      }
    }
    guard take("\"") else { throw fault("a closing quotation mark") }
    return String(decoding: content, as: UTF8.self)
  }

  private mutating func escape() throws(RowFault) -> Character {
    guard let letter = peek else { throw fault("an escaped character") }
    position += 1
    switch letter {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "u"):
      return try hexadecimal()
    default: throw fault("an escaped character")
    }
  }

  /// Four digits; characters beyond 16 bits are written plainly, not as two halves.
  private mutating func hexadecimal() throws(RowFault) -> Character {
    let digits = bytes[position...].prefix(4)
    guard digits.count == 4, digits.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
      let code = UInt32(String(decoding: digits, as: UTF8.self), radix: 16),
      let scalar = Unicode.Scalar(code)
    else { throw fault("four hexadecimal digits of one character") }
    position += 4
    return Character(scalar)
  }

  private mutating func number() throws(RowFault) -> String {
    let start = position
    while let byte = peek, Self.belongsToNumber(byte) { position += 1 }
    guard position - start <= 64 else { throw fault("a number of at most 64 characters") }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func word() throws(RowFault) -> PlacedJSON.Value {
    for (text, value) in [
      ("true", PlacedJSON.Value.bool(true)), ("false", .bool(false)), ("null", .null),
    ] where bytes[position...].starts(with: Array(text.utf8)) {
      position += text.utf8.count
      return value
    }
    throw fault("a JSON value")
  }

  private static func belongsToNumber(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"),
      UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
      true
    default: false
    }
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ mark: Unicode.Scalar) -> Bool {
    guard let byte = peek, UInt32(byte) == mark.value else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d {
      if byte == 0x0a { line += 1 }
      position += 1
    }
  }

  private func fault(_ expected: String) -> RowFault {
    let end = min(position + 12, bytes.count)
    let rest = bytes[min(position, end)..<end].prefix { $0 != 0x0a }
    return RowFault(
      place: place, field: "JSON", value: String(decoding: rest, as: UTF8.self),
      reason: .malformedJSON(expected: expected))
  }
}
