// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Why a line has no answer: a stable code, words for people, and the field that is wrong.
public struct EvaluationRefusal: Error, Hashable, Sendable, CustomStringConvertible {
  /// Codes never change their meaning; programs may rely on them.
  public enum Code: String, Hashable, Sendable, CaseIterable {
    /// The line has more bytes than ``Evaluator/lineLimit``.
    case lineTooLong = "line.tooLong"
    /// A text is not UTF-8.
    case encoding = "json.encoding"
    /// The line is not one JSON object.
    case syntax = "json.syntax"
    /// Lists and objects stand inside one another beyond ``Evaluator/depthLimit``.
    case tooDeep = "json.depth"
    /// A name stands twice in one object.
    case repeatedName = "json.repeatedName"
    /// There is no such kind of question.
    case unknownKind = "kind.unknown"
    case missingField = "field.missing"
    case unknownField = "field.unknown"
    /// A text where a number belongs, or the like.
    case wrongType = "field.type"
    /// A text that does not read as what the field holds.
    case malformedField = "field.malformed"
    case outOfBounds = "field.outOfBounds"
    /// Fields that do not fit together.
    case inconsistent = "field.inconsistent"
    /// More entries than the list may have.
    case tooMany = "list.tooLong"
    /// There is no parameter set of that name.
    case unknownParameterSet = "parameterSet.unknown"
    case unknownParameter = "parameter.unknown"
    case missingParameter = "parameter.missing"
    case malformedParameter = "parameter.malformed"
    case parameterOutOfBounds = "parameter.outOfBounds"
    case inconsistentParameter = "parameter.inconsistent"
    /// A number outside the domain of the pricing model.
    case outOfDomain = "model.outOfDomain"
    /// Something held depends on a price that the request does not state.
    case unpriced = "market.unpriced"
    /// A mark, a scenario or an amount leaves the field that holds it.
    case outOfRange = "margin.outOfRange"
  }

  public let code: Code
  public let message: String
  /// The path of the field, such as `positions[2].size`; `nil` where none is to blame.
  public let field: String?

  public init(_ code: Code, _ message: String, field: String? = nil) {
    self.code = code
    self.message = message
    self.field = field
  }

  public var description: String {
    [code.rawValue, field, message].compactMap(\.self).joined(separator: ": ")
  }

  init(_ fault: JSONFault) {
    let place = "after byte \(fault.offset)"
    switch fault.reason {
    case .unexpected(let expected): self.init(.syntax, "\(place): expected \(expected)")
    case .encoding: self.init(.encoding, "\(place): not UTF-8")
    case .depth(let limit):
      self.init(.tooDeep, "\(place): more than \(limit) lists and objects inside one another")
    case .repeatedName(let name):
      self.init(.repeatedName, "\(place): “\(name)” stands twice in one object; keep one")
    }
  }
}
