// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// A JSON value as it stands in a text: numbers keep their digits, objects their order.
///
/// Made by ``JSONReader``, which permits no name twice in one object, and by answers.
public enum JSONValue: Hashable, Sendable {
  case null
  case boolean(Bool)
  /// The text of a number, in JSON's grammar; never NaN or infinite.
  case number(String)
  case string(String)
  case array([JSONValue])
  case object([JSONMember])

  /// What a refusal calls a value of this type.
  var typeName: String {
    switch self {
    case .null: "null"
    case .boolean: "true or false"
    case .number: "a number"
    case .string: "a text"
    case .array: "a list"
    case .object: "an object"
    }
  }
}

/// A name and its value in an object.
public struct JSONMember: Hashable, Sendable {
  public let name: String
  public let value: JSONValue

  public init(_ name: String, _ value: JSONValue) {
    self.name = name
    self.value = value
  }
}

extension JSONValue {
  /// The value of a name in an object; `nil` where there is none.
  public subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// The shortest number that reads back as `value`; `null` for NaN and infinities, which JSON
  /// cannot say.
  public static func number(_ value: Double) -> JSONValue {
    guard value.isFinite else { return .null }
    let text = "\(value)"
    return .number(text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
  }

  static func integer(_ value: some BinaryInteger) -> JSONValue { .number(String(value)) }

  /// An object from its fields; those that are `nil` are left out.
  static func fields(_ fields: [(String, JSONValue?)]) -> JSONValue {
    .object(fields.compactMap { name, value in value.map { JSONMember(name, $0) } })
  }
}
