// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
public import Parameters
import Quantities
import RiskEngine

/// A dated set of parameters as its file states it.
///
/// ```json
/// {
///   "name": "house-2020-03-12",
///   "date": "2020-03-12",
///   "description": "What the venue ran with on that day.",
///   "parameters": [
///     {"key": "margin.buffer", "value": "20%", "source": "where the number comes from"}
///   ]
/// }
/// ```
///
/// Every value stands in quotation marks, in the unit of its key, and has a source; every
/// parameter that some reader needs is stated, and none that no reader knows.
public struct ParameterFile: Sendable {
  public let path: String
  public let description: String
  /// The values of the file, with those of ``assignments`` in their place.
  public private(set) var set: ParameterSet
  /// The `key=value` texts that were applied, in their order.
  public private(set) var assignments: [String]

  /// The set that comes with Plimsoll.
  public static let defaultName = "plimsoll-2020-03-12.json"

  /// Bytes of a parameter file.
  public static let sizeLimit = 1 << 20
  /// Parameters of a file.
  public static let countLimit = 10_000

  /// Reads and checks a file.
  public static func load(path: String) throws(ParameterFileError) -> ParameterFile {
    try read(ParameterDocument.bytes(ofFile: path), path: path)
  }

  private static func read(
    _ bytes: Data, path: String
  ) throws(ParameterFileError) -> ParameterFile {
    let document = try ParameterDocument(bytes, path: path)
    do throws(ParameterError) {
      var values: [ParameterValue] = []
      for entry in document.entries {
        values.append(
          try ParameterSet.read(key: entry.key, text: entry.value, source: entry.source))
      }
      let set = try ParameterSet(name: document.name, date: document.date, values: values)
      try set.requireComplete()
      return ParameterFile(
        path: path, description: document.description, set: set, assignments: [])
    } catch {
      throw .parameter(
        path: path, ParameterFault(error, known: ParameterDefinition.all.map(\.key)))
    }
  }

  /// Reads the set that comes with Plimsoll, from `ParameterFiles` in the first folder that has
  /// it: those in and above the program's own, then those in and above the working folder.
  public static func bundled() throws(ParameterFileError) -> ParameterFile {
    try load(path: bundledPath(of: "ParameterFiles/" + defaultName))
  }

  /// The first file or folder of a name, in the places of ``bundled()``.
  static func bundledPath(of name: String) throws(ParameterFileError) -> String {
    var starts = [FileManager.default.currentDirectoryPath]
    if let program = Bundle.main.executableURL {
      starts.insert(program.resolvingSymlinksInPath().deletingLastPathComponent().path, at: 0)
    }
    for start in starts {
      var folder = URL(fileURLWithPath: start).standardizedFileURL
      while true {
        let path = folder.appendingPathComponent(name).path
        if FileManager.default.fileExists(atPath: path) { return path }
        let parent = folder.deletingLastPathComponent().standardizedFileURL
        guard parent.path != folder.path else { break }
        folder = parent
      }
    }
    throw .notFound(name: name, folders: starts)
  }

  /// This file with single values changed, each given as `key=value`; the last one counts.
  ///
  /// A key that only `default` is stated for may be stated for one symbol: then it holds there.
  public func applying(
    _ assignments: [String]
  ) throws(ParameterFileError) -> ParameterFile {
    var changed = self
    for assignment in assignments { try changed.apply(assignment) }
    do throws(ParameterError) {
      try changed.set.requireComplete()
    } catch {
      throw .assignment(
        assignments.joined(separator: " "), ParameterFault(error, known: set.values.map(\.key)))
    }
    return changed
  }

  /// The same file with another set in the place of its own.
  func with(_ set: ParameterSet) -> ParameterFile {
    ParameterFile(path: path, description: description, set: set, assignments: assignments)
  }

  private mutating func apply(_ assignment: String) throws(ParameterFileError) {
    let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { throw .malformedAssignment(assignment) }
    let key = parts[0].trimmingCharacters(in: .whitespaces)
    let text = parts[1].trimmingCharacters(in: .whitespaces)
    guard !key.isEmpty, !text.isEmpty else { throw .malformedAssignment(assignment) }
    do throws(ParameterError) {
      let value = try ParameterSet.read(key: key, text: text, source: "set for this run")
      set = try ParameterSet(
        name: set.name, date: set.date, values: set.values.filter { $0.key != key } + [value])
    } catch {
      throw .assignment(assignment, ParameterFault(error, known: set.values.map(\.key)))
    }
    assignments.append("\(key)=\(text)")
  }
}

extension ParameterSet {
  /// Asks every reader whether it finds what it needs.
  func requireComplete() throws(ParameterError) {
    if let stray = values.first(where: { $0.key.hasPrefix("model.") }) {
      throw .inconsistent(
        key: stray.key, reason: "margin models have files of their own (ParameterFiles/Models)")
    }
    _ = try SurfaceParameters(self)
    _ = try RangeParameters(self)
    _ = try MarginParameters(self)
    _ = try LiquidationParameters(self)
    _ = try ClearingParameters(self)
    _ = try BookParameters(self)
    for base in feedBases {
      _ = try FeedParameters(self, feed: base)
      if !base.description.hasSuffix("_PERP") { _ = try MarkParameters(self, underlying: base) }
    }
  }

  /// The feeds that the set names, sorted.
  private var feedBases: [AssetSymbol] {
    var bases: [AssetSymbol] = []
    for value in values where value.key.hasPrefix("oracle.") {
      let parts = value.key.split(separator: ".")
      guard parts.count > 2, let base = try? AssetSymbol(String(parts[1])) else { continue }
      if bases.last != base { bases.append(base) }
    }
    return bases
  }
}
