// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Margin
public import Parameters
import Quantities

/// A margin model of a backtest: as its file has it, or with a range from implied volatility.
public struct OptionMarginRule: Sendable {
  public let name: String
  let set: ParameterSet
  /// Makes the model's range from each pair's first chains and the pairs before.
  let range: ImpliedRangeParameters?

  /// What follows a model's name where implied volatility is to make its range.
  public static let suffix = "@implied"

  public init(name: String, set: ParameterSet, range: ImpliedRangeParameters? = nil) {
    self.name = name
    self.set = set
    self.range = range
  }

  /// Reads a model by name or path, with `@implied` behind it where implied volatility is to
  /// make its range.
  public static func load(
    _ name: String, range: ImpliedRangeParameters
  ) throws(ParameterFileError) -> OptionMarginRule {
    guard name.hasSuffix(suffix) else {
      return OptionMarginRule(name: name, set: try ModelFile.load(name).set)
    }
    let file = try ModelFile.load(String(name.dropLast(suffix.count)))
    return OptionMarginRule(name: name, set: file.set, range: range)
  }

  /// The model of each pair, from what is known at its first chains.
  func models(_ pairs: [OptionPair]) throws(OptionBacktestError) -> [MarginModel] {
    do throws(ParameterError) {
      guard let range else {
        let model = try MarginModel(set)
        return pairs.map { _ in model }
      }
      var history = ImpliedHistory(range)
      var models: [MarginModel] = []
      for pair in pairs {
        var values = set.values
        for value in history.values(for: pair.first) {
          values.removeAll { $0.key == value.key }
          values.append(value)
        }
        models.append(
          try MarginModel(ParameterSet(name: set.name, date: set.date, values: values)))
      }
      return models
    } catch { throw .parameter(model: name, error) }
  }
}

extension ImpliedRangeParameters {
  /// The set that comes with Plimsoll, single values changed.
  ///
  /// It is looked for where ``ModelFile`` finds its own, a folder above.
  /// - Parameter assignments: Each as `key=value`; the last one counts.
  public static func bundled(
    applying assignments: [String] = []
  ) throws(ParameterFileError) -> ImpliedRangeParameters {
    let models = try ModelFile.load("plimsoll").path
    let folder = URL(fileURLWithPath: models).deletingLastPathComponent()
    return try load(
      path: folder.deletingLastPathComponent().appendingPathComponent("implied-range.json").path,
      applying: assignments)
  }

  /// Reads a parameter file that states the keys `implied.…`.
  public static func load(
    path: String, applying assignments: [String] = []
  ) throws(ParameterFileError) -> ImpliedRangeParameters {
    let document = try ParameterDocument(ParameterDocument.bytes(ofFile: path), path: path)
    let known = ParameterDefinition.implied.map(\.key)
    var values: [ParameterValue] = []
    do throws(ParameterError) {
      for entry in document.entries {
        values.append(
          try ParameterSet.read(key: entry.key, text: entry.value, source: entry.source))
      }
    } catch { throw .parameter(path: path, ParameterFault(error, known: known)) }
    for assignment in assignments {
      let parts = assignment.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { throw .malformedAssignment(assignment) }
      do throws(ParameterError) {
        guard known.contains(parts[0]) else { throw .unknown(key: parts[0]) }
        let value = try ParameterSet.read(
          key: parts[0], text: parts[1], source: "set for this run")
        values.removeAll { $0.key == value.key }
        values.append(value)
      } catch { throw .assignment(assignment, ParameterFault(error, known: known)) }
    }
    do throws(ParameterError) {
      return try ImpliedRangeParameters(
        ParameterSet(name: document.name, date: document.date, values: values))
    } catch { throw .parameter(path: path, ParameterFault(error, known: known)) }
  }
}
