// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
public import Margin
public import Parameters

/// A dated file of a venue's margin model: the layout of ``ParameterFile``, keys under `model`.
public struct ModelFile: Sendable {
  public let path: String
  /// What the file covers, what is left out of it, and what in it is house.
  public let description: String
  public let set: ParameterSet
  public let model: MarginModel

  /// The folder of the files that come with Plimsoll.
  public static let folder = "ParameterFiles/Models"

  /// Reads a model by name, such as `deribit-portfolio`, or by the path of its file.
  ///
  /// A text with a `/` or an ending `.json` is a path; a name is looked for in
  /// `ParameterFiles/Models` where ``ParameterFile/bundled()`` looks.
  /// - Parameter assignments: Single values changed, each as `key=value`.
  public static func load(
    _ nameOrPath: String, applying assignments: [String] = []
  ) throws(ParameterFileError) -> ModelFile {
    let isPath = nameOrPath.contains("/") || nameOrPath.hasSuffix(".json")
    let path = isPath ? nameOrPath : try bundledPath(of: nameOrPath)
    let document = try ParameterDocument(ParameterDocument.bytes(ofFile: path), path: path)
    var values: [ParameterValue] = []
    do throws(ParameterError) {
      for entry in document.entries {
        values.append(
          try ParameterSet.read(key: entry.key, text: entry.value, source: entry.source))
      }
    } catch { throw .parameter(path: path, fault(error)) }
    for assignment in assignments {
      let changed = try value(of: assignment)
      values.removeAll { $0.key == changed.key }
      values.append(changed)
    }
    do throws(ParameterError) {
      let set = try ParameterSet(name: document.name, date: document.date, values: values)
      return ModelFile(
        path: path, description: document.description, set: set, model: try MarginModel(set))
    } catch { throw .parameter(path: path, fault(error)) }
  }

  /// The names of the models that come with Plimsoll, sorted.
  public static func bundledNames() throws(ParameterFileError) -> [String] {
    let folder = try ParameterFile.bundledPath(of: folder)
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder)
        .filter { $0.hasSuffix(".json") }.map { String($0.dropLast(".json".count)) }.sorted()
    } catch { throw .unreadable(path: folder, why: error.localizedDescription) }
  }

  private static func bundledPath(of name: String) throws(ParameterFileError) -> String {
    let folder = try ParameterFile.bundledPath(of: folder)
    let path = "\(folder)/\(name).json"
    guard FileManager.default.fileExists(atPath: path) else {
      let known = try bundledNames().joined(separator: ", ")
      throw .unreadable(path: path, why: "there is no model “\(name)”; there are \(known)")
    }
    return path
  }

  /// Names the key that was probably meant, with the unknown one's symbols and row numbers.
  private static func fault(_ error: ParameterError) -> ParameterFault {
    guard case .unknown(let key) = error else { return ParameterFault(error, known: []) }
    let stated = key.split(separator: ".", omittingEmptySubsequences: false)
    let known = ParameterDefinition.model.map { definition in
      definition.key.split(separator: ".").enumerated().map { place, part in
        part == "*" && place < stated.count ? stated[place] : part
      }.joined(separator: ".")
    }
    return ParameterFault(error, known: known)
  }

  private static func value(
    of assignment: String
  ) throws(ParameterFileError) -> ParameterValue {
    let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { throw .malformedAssignment(assignment) }
    do throws(ParameterError) {
      return try ParameterSet.read(
        key: parts[0].trimmingCharacters(in: .whitespaces),
        text: parts[1].trimmingCharacters(in: .whitespaces), source: "set for this run")
    } catch { throw .assignment(assignment, fault(error)) }
  }
}
