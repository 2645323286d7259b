// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension JSONReader {
  /// Reads the string whose opening quotation mark comes next.
  mutating func string() throws(JSONFault) -> String {
    place += 1
    let start = place
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""):
        let text = try validated(start..<place)
        place += 1
        return text
      case UInt8(ascii: "\\"):
        return try escapedString(from: start)
      case 0..<0x20: throw unexpected("no control character inside a string")
      default: place += 1
      }
    }
    throw unexpected("a closing quotation mark")
  }

  private func validated(_ range: Range<Int>) throws(JSONFault) -> String {
    guard let text = String(validating: bytes[range], as: UTF8.self) else {
      throw JSONFault(reason: .encoding, offset: range.lowerBound - bytes.startIndex)
    }
    return text
  }

  /// The rest of a string that has an escape at the present place.
  private mutating func escapedString(from start: Int) throws(JSONFault) -> String {
    var text = try validated(start..<place)
    while true {
      switch peek {
      case UInt8(ascii: "\""):
        place += 1
        return text
      case UInt8(ascii: "\\"):
        place += 1
        text.unicodeScalars.append(try escapedScalar())
      case nil: throw unexpected("a closing quotation mark")
      default: text += try plainRun()
      }
    }
  }

  private mutating func plainRun() throws(JSONFault) -> String {
    let start = place
    while let byte = peek, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
      guard byte >= 0x20 else { throw unexpected("no control character inside a string") }
      place += 1
    }
    return try validated(start..<place)
  }

  private mutating func escapedScalar() throws(JSONFault) -> Unicode.Scalar {
    let byte = peek
    if byte == UInt8(ascii: "u") {
      place += 1
      return try unicodeScalar()
    }
    let scalar: Unicode.Scalar? =
      switch byte {
      case UInt8(ascii: "\""): "\""
      case UInt8(ascii: "\\"): "\\"
      case UInt8(ascii: "/"): "/"
      case UInt8(ascii: "b"): "\u{8}"
      case UInt8(ascii: "f"): "\u{C}"
      case UInt8(ascii: "n"): "\n"
      case UInt8(ascii: "r"): "\r"
      case UInt8(ascii: "t"): "\t"
      default: nil
      }
    guard let scalar else { throw unexpected("an escape that JSON knows") }
    place += 1
    return scalar
  }

  /// Four digits, or two times four for scalars beyond 16 bits.
  private mutating func unicodeScalar() throws(JSONFault) -> Unicode.Scalar {
    let first = try hexadecimal()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
      throw fault(.encoding)
    }
    let second = try hexadecimal()
    guard (0xDC00...0xDFFF).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw fault(.encoding) }
    return scalar
  }

  private mutating func hexadecimal() throws(JSONFault) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw unexpected("four hexadecimal digits")
      }
      value = value << 4 | UInt32(digit)
      place += 1
    }
    return value
  }
}
