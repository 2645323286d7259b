// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Parameters
import Quantities

/// The parameter sets that requests may name, and what was lately made of parameters.
struct ParameterShelf: Sendable {
  private let sets: [ParameterSet]
  private var choices = Recent<ParameterChoice, AccountParameters>()
  private var stated = Recent<ParameterTexts, ParameterSet>()

  init(_ sets: [ParameterSet]) {
    self.sets = sets
  }

  /// - Parameter place: The path of the field that names the set.
  func set(named name: String, at place: String) throws(EvaluationRefusal) -> ParameterSet {
    if let set = sets.first(where: { $0.name == name }) { return set }
    if name == "default", let first = sets.first { return first }
    let known = sets.isEmpty ? "no set" : sets.map(\.name).joined(separator: ", ")
    throw EvaluationRefusal(
      .unknownParameterSet, "“\(name)” is not at hand; there is \(known)", field: place)
  }

  /// What a choice says about margin and volatility.
  mutating func parameters(
    for choice: ParameterChoice
  ) throws(EvaluationRefusal) -> AccountParameters {
    if let known = choices[choice] { return known }
    let parameters = try AccountParameters(try set(for: choice), at: choice.place)
    choices.keep(parameters, for: choice)
    return parameters
  }

  /// The checked set of parameters that a request states one by one.
  mutating func set(of texts: ParameterTexts) throws(EvaluationRefusal) -> ParameterSet {
    if let known = stated[texts] { return known }
    let set = try texts.set()
    stated.keep(set, for: texts)
    return set
  }

  /// - Parameter beginnings: Of the keys that are taken over from a named set; `nil` takes all.
  func set(
    for choice: ParameterChoice, keeping beginnings: [String]? = nil
  ) throws(EvaluationRefusal) -> ParameterSet {
    var kept: [ParameterValue] = []
    if let name = choice.set {
      kept = try set(named: name, at: choice.place + ".set").values.filter { value in
        (beginnings?.contains { value.key.hasPrefix($0) } ?? true)
          && !choice.without.contains { value.key.hasPrefix($0) }
          && !choice.overrides.contains { $0.key == value.key }
      }
    }
    var values = kept
    for (key, text) in choice.overrides.map({ ($0.key, $0.text) }) {
      do throws(ParameterError) {
        values.append(try ParameterSet.read(key: key, text: text, source: "request"))
      } catch {
        throw EvaluationRefusal(error, at: "\(choice.place).overrides[“\(key)”]")
      }
    }
    do throws(ParameterError) {
      return try ParameterSet(name: "request", date: .first, values: values)
    } catch { throw EvaluationRefusal(error, at: choice.place) }
  }
}

/// The last few results, so that a stream of questions under one rule reads it once.
private struct Recent<Question: Hashable & Sendable, Answer: Sendable>: Sendable {
  private static var limit: Int { 16 }
  private var entries: [(question: Question, answer: Answer)] = []

  subscript(question: Question) -> Answer? {
    entries.first { $0.question == question }?.answer
  }

  mutating func keep(_ answer: Answer, for question: Question) {
    if entries.count == Self.limit { entries.removeFirst() }
    entries.append((question, answer))
  }
}

/// Which parameters a request wants: a named set, less what `without` begins, with overrides.
struct ParameterChoice: Hashable, Sendable {
  struct Override: Hashable, Sendable {
    let key: String
    let text: String
  }

  private static var mostOverrides: Int { 2_000 }

  let place: String
  let set: String?
  let without: [String]
  let overrides: [Override]

  init(_ request: inout RequestObject) throws(EvaluationRefusal) {
    place = request.path
    set = request.states("set") ? try request.text("set") : nil
    var without: [String] = []
    for value in try request.list("without", atMost: 256, isOptional: true) {
      guard case .string(let prefix) = value else {
        throw request.refusal(.wrongType, "without", "expected keys or their beginnings, as texts")
      }
      without.append(prefix)
    }
    self.without = without
    var overrides: [Override] = []
    if var stated = try request.optionalObject("overrides") {
      let members = stated.entries()
      guard members.count <= Self.mostOverrides else {
        throw EvaluationRefusal(
          .tooMany, "\(members.count) entries; at most \(Self.mostOverrides)", field: stated.path)
      }
      for member in members {
        guard case .string(let text) = member.value else {
          throw EvaluationRefusal(
            .wrongType, "expected a value in quotation marks, not \(member.value.typeName)",
            field: "\(stated.path)[“\(member.name)”]")
        }
        overrides.append(Override(key: member.name, text: text))
      }
    }
    self.overrides = overrides
    _ = request.optional("set")
    try request.end()
  }
}

/// What margin questions read from a parameter set.
struct AccountParameters: Sendable {
  let margin: MarginParameters
  let surface: SurfaceParameters

  init(_ set: ParameterSet, at place: String) throws(EvaluationRefusal) {
    do throws(ParameterError) {
      margin = try MarginParameters(set)
      surface = try SurfaceParameters(set)
    } catch { throw EvaluationRefusal(error, at: place) }
  }
}

extension EvaluationRefusal {
  init(_ error: ParameterError, at place: String?) {
    let code: Code =
      switch error {
      case .unknown: .unknownParameter
      case .missing: .missingParameter
      case .duplicate, .inconsistent: .inconsistentParameter
      case .malformed: .malformedParameter
      case .outOfBounds: .parameterOutOfBounds
      }
    self.init(code, error.description, field: place)
  }
}

extension CivilDate {
  /// The date of sets that requests state.
  static var first: CivilDate { CivilDate.split(Timestamp(nanoseconds: 0)).date }
}
