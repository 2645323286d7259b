// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Parameters

/// Answers questions about prices, margin and the waterfall, one JSON line each.
///
/// A request is an object with a `kind`, an optional `id`, which comes back in the answer, and the
/// fields of its kind. An answer is `{"line":1,"id":…,"kind":…,"answer":{…}}`, a refusal
/// `{"line":1,"id":…,"error":{"code":…,"message":…,"field":…}}`. The same line gets the same
/// bytes, whatever came before it.
public struct Evaluator: Sendable {
  /// The most bytes of a line.
  public static let lineLimit = 1 << 20
  /// The most lists and objects inside one another.
  public static let depthLimit = 16

  private var parameters: ParameterShelf

  /// - Parameter parameterSets: What requests may name as `parameters.set`; the first also goes
  ///   by the name `default`.
  public init(parameterSets: [ParameterSet] = []) {
    parameters = ParameterShelf(parameterSets)
  }

  /// Answers one line of a stream.
  ///
  /// - Parameter number: Of the line in the stream, from 1.
  /// - Returns: `nil` for a line of white space, which asks nothing.
  public mutating func answer(_ line: LineCutter.Line, number: Int) -> EvaluatedLine? {
    switch line {
    case .tooLong:
      return refused(
        EvaluationRefusal(.lineTooLong, "more than \(Self.lineLimit) bytes"), number, id: nil)
    case .whole(let bytes):
      guard bytes.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { return nil }
      return answer(bytes, number)
    }
  }

  /// Answers one request given as text.
  public mutating func answer(_ request: String) -> EvaluatedLine {
    answer(Array(request.utf8)[...], 1)
  }

  private mutating func answer(_ bytes: ArraySlice<UInt8>, _ number: Int) -> EvaluatedLine {
    let value: JSONValue
    do { value = try JSONReader.read(bytes, depthLimit: Self.depthLimit) } catch {
      return refused(EvaluationRefusal(error), number, id: nil)
    }
    var id: JSONValue?
    do throws(EvaluationRefusal) {
      guard case .object = value else {
        throw EvaluationRefusal(.syntax, "expected an object in braces, not \(value.typeName)")
      }
      var request = try RequestObject(value, at: "")
      id = try readID(&request)
      let kind = try readKind(&request)
      let answer = try kind.answer(&request, &parameters)
      try request.end()
      return EvaluatedLine(
        .fields([
          ("line", .integer(number)), ("id", id), ("kind", .string(kind.rawValue)),
          ("answer", answer),
        ]), isAnswered: true)
    } catch {
      return refused(error, number, id: id)
    }
  }

  private func readID(_ request: inout RequestObject) throws(EvaluationRefusal) -> JSONValue? {
    switch request.optional("id") {
    case nil: return nil
    case .string(let text)? where text.utf8.count <= 256: return .string(text)
    case .number(let text)? where text.utf8.count <= 256: return .number(text)
    default:
      throw request.refusal(.wrongType, "id", "expected a text or number of at most 256 bytes")
    }
  }

  private func readKind(
    _ request: inout RequestObject
  ) throws(EvaluationRefusal) -> EvaluationKind {
    let name = try request.text("kind")
    guard let kind = EvaluationKind(rawValue: name) else {
      let known = EvaluationKind.allCases.map(\.rawValue).joined(separator: ", ")
      throw request.refusal(.unknownKind, "kind", "“\(name)” is none of \(known)")
    }
    return kind
  }

  private func refused(
    _ refusal: EvaluationRefusal, _ number: Int, id: JSONValue?
  ) -> EvaluatedLine {
    let error = JSONValue.fields([
      ("code", .string(refusal.code.rawValue)), ("message", .string(refusal.message)),
      ("field", refusal.field.map(JSONValue.string)),
    ])
    return EvaluatedLine(
      .fields([("line", .integer(number)), ("id", id), ("error", error)]), isAnswered: false)
  }
}

/// The answer to one line.
public struct EvaluatedLine: Hashable, Sendable {
  public let value: JSONValue
  /// Whether the line has an answer; `false` for a refusal.
  public let isAnswered: Bool

  init(_ value: JSONValue, isAnswered: Bool) {
    self.value = value
    self.isAnswered = isAnswered
  }

  /// Appends the line, ended by a line feed.
  public func write(to bytes: inout [UInt8]) {
    value.write(to: &bytes)
    bytes.append(UInt8(ascii: "\n"))
  }

  public var text: String { value.compact }
}
