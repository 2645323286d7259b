// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Why a text is not the JSON that ``JSONReader`` takes, and where.
public struct JSONFault: Error, Hashable, Sendable {
  public enum Reason: Hashable, Sendable {
    /// Something else than expected.
    case unexpected(expected: String)
    /// A string is not UTF-8, or half of a surrogate pair.
    case encoding
    /// Lists and objects inside one another beyond the limit.
    case depth(limit: Int)
    /// A name stands twice in one object, so that one of the two values would be lost.
    case repeatedName(String)
  }

  public let reason: Reason
  /// Bytes before the place.
  public let offset: Int
}

/// A strict reader of JSON (RFC 8259): UTF-8 only, no name twice in one object, nothing after the
/// value, a stated depth; numbers are kept as text, so that no digit is lost.
public struct JSONReader {
  let bytes: ArraySlice<UInt8>
  var place: Int
  private let depthLimit: Int

  private init(_ bytes: ArraySlice<UInt8>, depthLimit: Int) {
    self.bytes = bytes
    place = bytes.startIndex
    self.depthLimit = depthLimit
  }

  /// Reads one value that fills `bytes`, apart from white space.
  ///
  /// - Parameter depthLimit: The most lists and objects inside one another.
  public static func read(
    _ bytes: ArraySlice<UInt8>, depthLimit: Int = 16
  ) throws(JSONFault) -> JSONValue {
    var reader = JSONReader(bytes, depthLimit: depthLimit)
    let value = try reader.value(depth: 0)
    reader.skipSpace()
    guard reader.place == bytes.endIndex else { throw reader.unexpected("the end of the line") }
    return value
  }

  private mutating func value(depth: Int) throws(JSONFault) -> JSONValue {
    skipSpace()
    guard let byte = peek else { throw unexpected("a value") }
    switch byte {
    case UInt8(ascii: "{"):
      guard depth < depthLimit else { throw fault(.depth(limit: depthLimit)) }
      return .object(try members(depth: depth + 1))
    case UInt8(ascii: "["):
      guard depth < depthLimit else { throw fault(.depth(limit: depthLimit)) }
      return .array(try elements(depth: depth + 1))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .boolean(true))
    case UInt8(ascii: "f"): return try word("false", .boolean(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
    default: throw unexpected("a value")
    }
  }

  private mutating func members(depth: Int) throws(JSONFault) -> [JSONMember] {
    place += 1
    var members: [JSONMember] = []
    var names = NameSet()
    skipSpace()
    if take(UInt8(ascii: "}")) { return members }
    while true {
      skipSpace()
      let start = place
      guard peek == UInt8(ascii: "\"") else { throw unexpected("a name in quotation marks") }
      let name = try string()
      guard names.insert(name, among: members) else {
        throw JSONFault(reason: .repeatedName(name), offset: start - bytes.startIndex)
      }
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw unexpected("“:”") }
      members.append(JSONMember(name, try value(depth: depth)))
      skipSpace()
      if take(UInt8(ascii: "}")) { return members }
      guard take(UInt8(ascii: ",")) else { throw unexpected("“,” or “}”") }
    }
  }

  private mutating func elements(depth: Int) throws(JSONFault) -> [JSONValue] {
    place += 1
    var elements: [JSONValue] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return elements }
    while true {
      elements.append(try value(depth: depth))
      skipSpace()
      if take(UInt8(ascii: "]")) { return elements }
      guard take(UInt8(ascii: ",")) else { throw unexpected("“,” or “]”") }
    }
  }

  private mutating func word(
    _ text: StaticString, _ value: JSONValue
  ) throws(JSONFault) -> JSONValue {
    for index in 0..<text.utf8CodeUnitCount where !take(text.utf8Start[index]) {
      throw unexpected("“\(text)”")
    }
    return value
  }

  private mutating func number() throws(JSONFault) -> String {
    let start = place
    _ = take(UInt8(ascii: "-"))
    // A leading zero stands alone.
    if !take(UInt8(ascii: "0")) { try digits() }
    if take(UInt8(ascii: ".")) { try digits() }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      try digits()
    }
    return String(decoding: bytes[start..<place], as: UTF8.self)
  }

  private mutating func digits() throws(JSONFault) {
    let start = place
    while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { place += 1 }
    guard place > start else { throw unexpected("a digit") }
  }
}

// MARK: Steps

extension JSONReader {
  var peek: UInt8? { place < bytes.endIndex ? bytes[place] : nil }

  mutating func take(_ byte: UInt8) -> Bool {
    guard peek == byte else { return false }
    place += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
      place += 1
    }
  }

  func fault(_ reason: JSONFault.Reason) -> JSONFault {
    JSONFault(reason: reason, offset: place - bytes.startIndex)
  }

  func unexpected(_ expected: String) -> JSONFault { fault(.unexpected(expected: expected)) }
}

/// The names of one object: compared one by one while they are few, by hash when they are many.
private struct NameSet {
  private static let few = 16
  private var names: Set<String> = []

  /// - Parameter members: What was inserted before.
  /// - Returns: Whether the name is new.
  mutating func insert(_ name: String, among members: [JSONMember]) -> Bool {
    guard members.count >= Self.few else { return !members.contains { $0.name == name } }
    if names.isEmpty { names = Set(members.map(\.name)) }
    return names.insert(name).inserted
  }
}
