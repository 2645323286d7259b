// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// A word, number or sign of code; comments are not code, and a string is one quotation mark.
struct Token: Equatable {
  enum Kind {
    case word
    case number
    case sign
  }

  let text: String
  let kind: Kind
  /// Counted from 1.
  let line: Int
  let followsSpace: Bool
}

/// A comment with the line on which it starts.
struct CodeComment: Equatable {
  let text: String
  let line: Int
}

/// Splits Swift or C into tokens, well enough to find calls, declarations and braces.
///
/// Code inside `\(…)` of a string is code; a bare-slash regular expression is not known.
struct Lexer {
  private let bytes: [UInt8]
  private let isC: Bool
  private var index = 0
  private var line = 1
  private(set) var tokens: [Token] = []
  private(set) var comments: [CodeComment] = []

  init(_ text: String, isC: Bool = false) {
    bytes = Array(text.utf8)
    self.isC = isC
    readCode(insideString: false)
  }

  private func byte(_ offset: Int = 0) -> UInt8 {
    index + offset < bytes.count ? bytes[index + offset] : 0
  }

  private mutating func advance() {
    if byte() == UInt8(ascii: "\n") { line += 1 }
    index += 1
  }

  /// Reads to the end of the text or, inside a string, past the parenthesis that ends the code.
  private mutating func readCode(insideString: Bool) {
    var depth = 0
    while index < bytes.count {
      let current = byte()
      if current == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "/") {
        readLineComment()
      } else if current == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "*") {
        readBlockComment()
      } else if let hashes = hashesBeforeQuote() {
        readString(hashes: hashes)
      } else if isC, current == UInt8(ascii: "'") {
        readCharacter()
      } else if isWordByte(current) {
        readWord()
      } else if current <= UInt8(ascii: " ") || current == UInt8(ascii: "`") {
        advance()
      } else {
        if current == UInt8(ascii: "(") { depth += 1 }
        if current == UInt8(ascii: ")") { depth -= 1 }
        if insideString, depth < 0 {
          advance()
          return
        }
        add(from: index, to: index + 1, .sign)
        advance()
      }
    }
  }

  private mutating func readLineComment() {
    let start = index
    while index < bytes.count, byte() != UInt8(ascii: "\n") { index += 1 }
    comments.append(CodeComment(text: text(start, index), line: line))
  }

  private mutating func readBlockComment() {
    let start = index
    let startLine = line
    var depth = 0
    repeat {
      if byte() == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "*"), depth == 0 || !isC {
        depth += 1
        index += 2
      } else if byte() == UInt8(ascii: "*"), byte(1) == UInt8(ascii: "/") {
        depth -= 1
        index += 2
      } else {
        advance()
      }
    } while depth > 0 && index < bytes.count
    comments.append(CodeComment(text: text(start, index), line: startLine))
  }

  /// The number of `#` before a string's quote, or `nil` when no string starts here.
  private func hashesBeforeQuote() -> Int? {
    var hashes = 0
    while byte(hashes) == UInt8(ascii: "#") { hashes += 1 }
    return byte(hashes) == UInt8(ascii: "\"") ? hashes : nil
  }

  private mutating func readString(hashes: Int) {
    index += hashes
    add(from: index, to: index + 1, .sign)
    let quotes = byte(1) == UInt8(ascii: "\"") && byte(2) == UInt8(ascii: "\"") && !isC ? 3 : 1
    index += quotes
    while index < bytes.count {
      if isRun(of: "\"", quotes, at: 0), isRun(of: "#", hashes, at: quotes) {
        index += quotes + hashes
        return
      }
      if byte() == UInt8(ascii: "\\"), isRun(of: "#", hashes, at: 1) {
        index += 1 + hashes
        if byte() == UInt8(ascii: "("), !isC {
          index += 1
          readCode(insideString: true)
          continue
        }
      } else if byte() == UInt8(ascii: "\n"), quotes == 1 {
        return
      }
      advance()
    }
  }

  private func isRun(of character: Unicode.Scalar, _ count: Int, at offset: Int) -> Bool {
    (0..<count).allSatisfy { byte(offset + $0) == UInt8(ascii: character) }
  }

  private mutating func readCharacter() {
    advance()
    while index < bytes.count, byte() != UInt8(ascii: "'") {
      if byte() == UInt8(ascii: "\\") { advance() }
      advance()
    }
    advance()
  }

  private mutating func readWord() {
    let start = index
    let isNumber = isDigit(byte())
    while isWordByte(byte()) || (isNumber && continuesNumber(from: start)) { index += 1 }
    add(from: start, to: index, isNumber ? .number : .word)
  }

  /// Whether the sign here belongs to a number: its point, or the sign of its exponent.
  private func continuesNumber(from start: Int) -> Bool {
    switch byte() {
    case UInt8(ascii: "."): return isDigit(byte(1))
    case UInt8(ascii: "-"), UInt8(ascii: "+"):
      let isHexadecimal =
        bytes[start] == UInt8(ascii: "0") && start + 1 < index
        && bytes[start + 1] == UInt8(ascii: "x")
      let last = bytes[index - 1] | 0x20
      return isDigit(byte(1)) && last == UInt8(ascii: isHexadecimal ? "p" : "e")
    default: return false
    }
  }

  private func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }

  private func isWordByte(_ byte: UInt8) -> Bool {
    let lower = byte | 0x20
    return isDigit(byte) || (lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z"))
      || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$") || byte >= 0x80
  }

  private mutating func add(from start: Int, to end: Int, _ kind: Token.Kind) {
    let followsSpace = start == 0 || bytes[start - 1] <= UInt8(ascii: " ")
    tokens.append(
      Token(text: text(start, end), kind: kind, line: line, followsSpace: followsSpace))
  }

  private func text(_ start: Int, _ end: Int) -> String {
    String(decoding: bytes[start..<min(end, bytes.count)], as: UTF8.self)
  }
}
