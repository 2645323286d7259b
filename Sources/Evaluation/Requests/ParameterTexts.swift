// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Parameters
import Quantities

/// Parameters that a request states one by one, checked as those of parameter files are.
struct ParameterTexts {
  /// With the path of the field each comes from, for refusals.
  private var texts: [(field: String?, key: String, text: String)] = []

  mutating func add(_ key: String, _ text: String, field: String? = nil) {
    texts.append((field, key, text))
  }

  /// The field's value, else the fallback.
  mutating func add(
    _ name: String, _ key: String, of request: inout RequestObject, default fallback: String
  ) throws(EvaluationRefusal) {
    let text = request.states(name) ? try request.text(name) : fallback
    _ = request.optional(name)
    add(key, text, field: request.place(name))
  }

  /// The field's value, else that of a named set.
  mutating func add(
    _ name: String, _ key: String, of request: inout RequestObject, in set: ParameterSet?
  ) throws(EvaluationRefusal) {
    if !request.states(name), let set, let text = set.text(key) {
      return try add(name, key, of: &request, default: text)
    }
    add(key, try request.text(name), field: request.place(name))
  }

  /// - Parameter isFilled: Chooses keys that a reader insists on though they play no part in the
  ///   answer: where not stated, they get the lowest value they may have.
  func set(
    filling isFilled: (String) -> Bool = { _ in false }
  ) throws(EvaluationRefusal) -> ParameterSet {
    var values: [ParameterValue] = []
    for definition in ParameterDefinition.all
    where isFilled(definition.key) && !texts.contains(where: { $0.key == definition.key }) {
      values.append(
        ParameterValue(
          key: definition.key, raw: definition.bounds.lowerBound, source: "request"))
    }
    for (field, key, text) in texts {
      do throws(ParameterError) {
        values.append(try ParameterSet.read(key: key, text: text, source: "request"))
      } catch { throw EvaluationRefusal(error, at: field) }
    }
    do throws(ParameterError) {
      return try ParameterSet(name: "request", date: .first, values: values)
    } catch { throw EvaluationRefusal(error, at: nil) }
  }
}

extension ParameterSet {
  /// A value as text; `nil` where the set does not state it.
  func text(_ key: String) -> String? {
    guard let raw = try? raw(key), let definition = try? Self.definition(of: key) else {
      return nil
    }
    return definition.unit.text(raw)
  }
}
