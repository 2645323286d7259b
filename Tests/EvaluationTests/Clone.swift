// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Foundation
import Parameters
import Quantities

/// The files of this clone that the tests read.
enum Clone {
  static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static let schemas = SchemaFolder(path: root.appendingPathComponent("Schemas").path)

  static func read(_ path: String) throws -> JSONValue {
    try JSONReader.read(Array(try Data(contentsOf: URL(fileURLWithPath: path)))[...])
  }

  /// The parameter file that comes with Plimsoll.
  static func defaultSet() throws -> ParameterSet {
    let path = root.appendingPathComponent("ParameterFiles/plimsoll-2020-03-12.json").path
    let file = try read(path)
    var values: [ParameterValue] = []
    for entry in file["parameters"]?.elements ?? [] {
      values.append(
        try ParameterSet.read(
          key: entry["key"]?.text ?? "", text: entry["value"]?.text ?? "", source: "file"))
    }
    return try ParameterSet(
      name: file["name"]?.text ?? "", date: CivilDate(year: 2020, month: 3, day: 12)!,
      values: values)
  }

  /// An evaluator with the default set, as the command line makes it.
  static let evaluator: Evaluator = {
    do { return Evaluator(parameterSets: [try defaultSet()]) } catch {
      fatalError("the default parameter file does not load: \(error)")
    }
  }()
}

extension JSONValue {
  var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
  var members: [JSONMember] { if case .object(let members) = self { members } else { [] } }
  var text: String? { if case .string(let text) = self { text } else { nil } }
  var number: Double? { if case .number(let text) = self { Double(text) } else { nil } }

  /// The value at the end of a path of names.
  func at(_ path: String...) -> JSONValue? {
    path.reduce(Optional(self)) { value, name in value?[name] }
  }
}

/// The answer to a request, without its envelope; the whole refusal if it is refused.
func answer(_ request: String) -> JSONValue {
  var evaluator = Clone.evaluator
  let line = evaluator.answer(request)
  return line.value["answer"] ?? line.value
}
