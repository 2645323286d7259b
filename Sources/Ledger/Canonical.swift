// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// A value with exactly one sequence of bytes, the same on every machine and in every process.
///
/// Integers are little-endian and of fixed width, texts and lists carry their length, enums a
/// tag byte. Nothing is optional by omission.
public protocol Canonical {
  func encode(to writer: inout CanonicalWriter)
  init(from reader: inout CanonicalReader) throws(CanonicalError)
}

/// Why bytes are not the canonical form of a value.
public enum CanonicalError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The bytes end before the value does.
  case truncated(offset: Int)
  /// A tag, symbol or field has a value that no encoder writes.
  case malformed(offset: Int, what: String)
  /// Bytes are left over after the value.
  case trailing(offset: Int)

  public var description: String {
    switch self {
    case .truncated(let offset): "bytes end at offset \(offset)"
    case .malformed(let offset, let what): "no canonical \(what) at offset \(offset)"
    case .trailing(let offset): "bytes left over at offset \(offset)"
    }
  }
}

/// Collects canonical bytes.
public struct CanonicalWriter: Sendable {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  public mutating func append(_ value: UInt8) { bytes.append(value) }

  public mutating func append(_ value: Bool) { bytes.append(value ? 1 : 0) }

  public mutating func append<Value: FixedWidthInteger>(_ value: Value) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  public mutating func append(_ text: String) {
    append(UInt32(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  public mutating func append(bytes blob: [UInt8]) {
    append(UInt32(blob.count))
    bytes.append(contentsOf: blob)
  }

  public mutating func append(_ value: some Canonical) { value.encode(to: &self) }

  /// A value that may be absent: whether it is there, then the value.
  public mutating func append(optional value: (some Canonical)?) {
    append(value != nil)
    if let value { append(value) }
  }

  /// A tag byte and the value that follows it.
  mutating func append(tag: UInt8, _ value: some Canonical) {
    append(tag)
    append(value)
  }

  public mutating func append<Element: Canonical>(list: [Element]) {
    append(UInt32(list.count))
    for element in list { element.encode(to: &self) }
  }
}

/// Reads canonical bytes; refuses everything a writer would not have written.
public struct CanonicalReader: Sendable {
  private let bytes: [UInt8]
  public private(set) var offset = 0

  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  public var isAtEnd: Bool { offset == bytes.count }

  public func requireEnd() throws(CanonicalError) {
    guard isAtEnd else { throw .trailing(offset: offset) }
  }

  public mutating func byte() throws(CanonicalError) -> UInt8 {
    guard offset < bytes.count else { throw .truncated(offset: offset) }
    defer { offset += 1 }
    return bytes[offset]
  }

  public mutating func bool() throws(CanonicalError) -> Bool {
    switch try byte() {
    case 0: return false
    case 1: return true
    default: throw malformed("boolean")
    }
  }

  public mutating func integer<Value: FixedWidthInteger>(
    _ type: Value.Type = Value.self
  ) throws(CanonicalError) -> Value {
    let width = Value.bitWidth / 8
    guard bytes.count - offset >= width else { throw .truncated(offset: offset) }
    let value = bytes.withUnsafeBytes {
      $0.loadUnaligned(fromByteOffset: offset, as: Value.self)
    }
    offset += width
    return Value(littleEndian: value)
  }

  public mutating func blob() throws(CanonicalError) -> [UInt8] {
    let count = Int(try integer(UInt32.self))
    guard bytes.count - offset >= count else { throw .truncated(offset: offset) }
    defer { offset += count }
    return Array(bytes[offset..<(offset + count)])
  }

  public mutating func text() throws(CanonicalError) -> String {
    let start = offset
    let utf8 = try blob()
    guard let text = String(validating: utf8, as: UTF8.self) else {
      throw .malformed(offset: start, what: "text")
    }
    return text
  }

  public mutating func value<Value: Canonical>(
    _ type: Value.Type = Value.self
  ) throws(CanonicalError) -> Value {
    try Value(from: &self)
  }

  public mutating func optional<Value: Canonical>(
    _ type: Value.Type = Value.self
  ) throws(CanonicalError) -> Value? {
    try bool() ? try value() : nil
  }

  public mutating func list<Element: Canonical>(
    of type: Element.Type = Element.self
  ) throws(CanonicalError) -> [Element] {
    let count = Int(try integer(UInt32.self))
    var list: [Element] = []
    list.reserveCapacity(min(count, bytes.count - offset))
    for _ in 0..<count { list.append(try Element(from: &self)) }
    return list
  }

  /// An enum of bytes without payload.
  public mutating func tag<Tag: RawRepresentable<UInt8>>(
    _ type: Tag.Type = Tag.self
  ) throws(CanonicalError) -> Tag {
    let raw = try byte()
    guard let tag = Tag(rawValue: raw) else { throw malformed("\(Tag.self)") }
    return tag
  }

  /// The error for a field that no encoder writes, at the present place.
  public func malformed(_ what: String) -> CanonicalError {
    .malformed(offset: offset, what: what)
  }
}

extension Canonical {
  /// The canonical bytes of this value.
  public var canonicalBytes: [UInt8] {
    var writer = CanonicalWriter()
    encode(to: &writer)
    return writer.bytes
  }

  /// The value of which `bytes` are the canonical form, whole.
  public init(canonicalBytes bytes: [UInt8]) throws(CanonicalError) {
    var reader = CanonicalReader(bytes)
    let value = try Self(from: &reader)
    try reader.requireEnd()
    self = value
  }
}
