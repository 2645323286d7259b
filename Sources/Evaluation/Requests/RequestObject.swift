// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// One object of a request while its fields are read.
///
/// Every field is asked for by name; ``end()`` then refuses those nobody asked for, so that a
/// misspelt field is never ignored.
struct RequestObject {
  /// Where the object stands, such as `positions[2]`; empty for the request itself.
  let path: String
  private let members: [JSONMember]
  private var asked: [String] = []

  init(_ value: JSONValue, at path: String) throws(EvaluationRefusal) {
    guard case .object(let members) = value else {
      throw EvaluationRefusal(
        .wrongType, "expected an object in braces, not \(value.typeName)",
        field: path.isEmpty ? nil : path)
    }
    self.path = path
    self.members = members
  }

  /// The path of a field of this object.
  func place(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

  func refusal(
    _ code: EvaluationRefusal.Code, _ name: String, _ message: String
  ) -> EvaluationRefusal {
    EvaluationRefusal(code, message, field: place(name))
  }

  /// Whether the request states a field; does not count as reading it.
  func states(_ name: String) -> Bool { members.contains { $0.name == name } }

  /// - Throws: A refusal of the first field that was not asked for.
  func end() throws(EvaluationRefusal) {
    guard members.count > 0, let stranger = members.first(where: { !asked.contains($0.name) })
    else { return }
    let known = asked.joined(separator: ", ")
    throw refusal(.unknownField, stranger.name, "no such field; there are: \(known)")
  }

  mutating func optional(_ name: String) -> JSONValue? {
    asked.append(name)
    return members.first { $0.name == name }?.value
  }

  mutating func required(_ name: String) throws(EvaluationRefusal) -> JSONValue {
    guard let value = optional(name) else { throw refusal(.missingField, name, "missing") }
    return value
  }

  /// The members of an object whose names are its content, such as parameters by key.
  mutating func entries() -> [JSONMember] {
    asked = members.map(\.name)
    return members
  }
}

// MARK: Types

extension RequestObject {
  mutating func text(_ name: String) throws(EvaluationRefusal) -> String {
    let value = try required(name)
    guard case .string(let text) = value else {
      throw refusal(.wrongType, name, "expected a text in quotation marks, not \(value.typeName)")
    }
    return text
  }

  /// A number of a model; amounts, prices of a ledger and rates are texts instead.
  mutating func number(_ name: String) throws(EvaluationRefusal) -> Double {
    let value = try required(name)
    guard case .number(let text) = value else {
      throw refusal(.wrongType, name, "expected a number, not \(value.typeName)")
    }
    guard let number = Double(text), number.isFinite else {
      throw refusal(.outOfBounds, name, "\(text) is beyond the largest number there is")
    }
    return number
  }

  mutating func number(_ name: String, default fallback: Double) throws(EvaluationRefusal) -> Double
  {
    states(name) ? try number(name) : skipped(name, fallback)
  }

  mutating func integer(
    _ name: String, in range: ClosedRange<Int64>
  ) throws(EvaluationRefusal) -> Int64 {
    let value = try required(name)
    guard case .number(let text) = value, text.allSatisfy({ $0.isNumber || $0 == "-" }) else {
      throw refusal(.wrongType, name, "expected a whole number, not \(value.typeName)")
    }
    guard let integer = Int64(text), range.contains(integer) else {
      throw refusal(
        .outOfBounds, name, "\(text) is outside \(range.lowerBound) … \(range.upperBound)")
    }
    return integer
  }

  mutating func flag(_ name: String, default fallback: Bool) throws(EvaluationRefusal) -> Bool {
    guard let value = optional(name) else { return fallback }
    guard case .boolean(let flag) = value else {
      throw refusal(.wrongType, name, "expected true or false, not \(value.typeName)")
    }
    return flag
  }

  /// One of some words; `fallback` where the field is absent and there is one.
  mutating func choice<Choice>(
    _ name: String, _ choices: [(word: String, choice: Choice)], default fallback: Choice? = nil
  ) throws(EvaluationRefusal) -> Choice {
    if let fallback, !states(name) { return skipped(name, fallback) }
    let word = try text(name)
    guard let found = choices.first(where: { $0.word == word }) else {
      let known = choices.map(\.word).joined(separator: ", ")
      throw refusal(.malformedField, name, "“\(word)” is none of \(known)")
    }
    return found.choice
  }

  mutating func object(_ name: String) throws(EvaluationRefusal) -> RequestObject {
    try RequestObject(try required(name), at: place(name))
  }

  mutating func optionalObject(_ name: String) throws(EvaluationRefusal) -> RequestObject? {
    guard let value = optional(name) else { return nil }
    return try RequestObject(value, at: place(name))
  }

  /// A list; empty where the field is absent and `isOptional`.
  mutating func list(
    _ name: String, atMost limit: Int, isOptional: Bool = false
  ) throws(EvaluationRefusal) -> [JSONValue] {
    guard !isOptional || states(name) else { return skipped(name, []) }
    let value = try required(name)
    guard case .array(let elements) = value else {
      throw refusal(.wrongType, name, "expected a list in brackets, not \(value.typeName)")
    }
    guard elements.count <= limit else {
      throw refusal(.tooMany, name, "\(elements.count) entries; at most \(limit)")
    }
    return elements
  }

  /// A list of finite numbers.
  mutating func numbers(
    _ name: String, atMost limit: Int, isOptional: Bool = false
  ) throws(EvaluationRefusal) -> [Double] {
    var numbers: [Double] = []
    for value in try list(name, atMost: limit, isOptional: isOptional) {
      guard case .number(let text) = value, let number = Double(text), number.isFinite else {
        throw refusal(.wrongType, name, "expected numbers, not \(value.typeName)")
      }
      numbers.append(number)
    }
    return numbers
  }

  /// Reads a list of objects one by one.
  mutating func objects<Element>(
    _ name: String, atMost limit: Int, isOptional: Bool = false,
    _ read: (inout RequestObject) throws(EvaluationRefusal) -> Element
  ) throws(EvaluationRefusal) -> [Element] {
    let values = try list(name, atMost: limit, isOptional: isOptional)
    var elements: [Element] = []
    elements.reserveCapacity(values.count)
    for (index, value) in values.enumerated() {
      var object = try RequestObject(value, at: "\(place(name))[\(index)]")
      elements.append(try read(&object))
      try object.end()
    }
    return elements
  }

  /// `fallback`, the field counting as asked for.
  private mutating func skipped<Value>(_ name: String, _ fallback: Value) -> Value {
    asked.append(name)
    return fallback
  }
}
