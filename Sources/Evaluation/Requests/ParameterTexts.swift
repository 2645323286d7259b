// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Parameters
import Quantities

/// Parameters that a request states one by one, checked as those of parameter files are.
struct ParameterTexts: Hashable, Sendable {
  private struct Entry: Hashable {
    /// The path of the field the text comes from, for refusals.
    let field: String?
    let key: String
    let text: String
  }

  private var entries: [Entry] = []

  mutating func add(_ key: String, _ text: String, field: String?) {
    entries.append(Entry(field: field, key: key, text: text))
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

  /// States what a reader insists on though it plays no part in the answer: keys that are still
  /// absent get the lowest value they may have.
  mutating func fill(where isFilled: (String) -> Bool) {
    for definition in ParameterDefinition.all
    where isFilled(definition.key) && !entries.contains(where: { $0.key == definition.key }) {
      add(definition.key, definition.unit.text(definition.bounds.lowerBound), field: nil)
    }
  }

  func set() throws(EvaluationRefusal) -> ParameterSet {
    var values: [ParameterValue] = []
    for entry in entries {
      do throws(ParameterError) {
        values.append(
          try ParameterSet.read(key: entry.key, text: entry.text, source: "request"))
      } catch { throw EvaluationRefusal(error, at: entry.field) }
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
