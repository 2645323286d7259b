// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// A JSON value that knows its line, with numbers kept as they were written.
struct PlacedJSON {
  let place: FilePlace
  let value: Value

  indirect enum Value {
    /// In the order of the file; keys are distinct.
    case object([Member])
    case array([PlacedJSON])
    case string(String)
    /// The characters of the file, so that no decimal digit is lost.
    case number(String)
    case bool(Bool)
    case null
  }

  struct Member {
    let key: String
    let place: FilePlace
    let value: PlacedJSON
  }

  init(place: FilePlace, value: Value) {
    self.place = place
    self.value = value
  }

  /// Reads a whole file, which must be one JSON value (RFC 8259).
  init(path: String, limits: ReadLimits) throws(ReadError) {
    let bytes = try Connectors.bytes(ofFile: path, limits: limits)
    do {
      self = try JSONScanner.read(bytes, path: path, limits: limits)
    } catch {
      throw .row(error)
    }
  }

  /// The members of an object whose keys are all permitted.
  func members(_ permitted: [String], field: String) throws(RowFault) -> [Member] {
    let members = try members(field: field)
    for member in members where !permitted.contains(member.key) {
      throw RowFault(
        place: member.place, field: "key", value: member.key,
        reason: .unknownWord(permitted: permitted))
    }
    return members
  }

  /// The members of an object with any keys.
  func members(field: String) throws(RowFault) -> [Member] {
    guard case .object(let members) = value else { throw fault(field, expected: "an object") }
    return members
  }

  func elements(field: String) throws(RowFault) -> [PlacedJSON] {
    guard case .array(let elements) = value else { throw fault(field, expected: "an array") }
    return elements
  }

  func string(field: String) throws(RowFault) -> String {
    guard case .string(let text) = value else { throw fault(field, expected: "a string") }
    return text
  }

  /// A number as written, whether or not it stands in quotation marks.
  func decimal(field: String) throws(RowFault) -> String {
    switch value {
    case .number(let text), .string(let text): return text
    default: throw fault(field, expected: "a decimal number")
    }
  }

  func fault(_ field: String, expected: String) -> RowFault {
    RowFault(
      place: place, field: field, value: summary, reason: .malformedJSON(expected: expected))
  }

  private var summary: String {
    switch value {
    case .object: "{…}"
    case .array: "[…]"
    case .string(let text): text
    case .number(let text): text
    case .bool(let flag): flag ? "true" : "false"
    case .null: "null"
    }
  }
}
