// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Parameters

extension WaterfallFile {
  /// This waterfall with single values changed or added, to stand beside itself on one crash.
  ///
  /// - Parameter text: `key=value,key=value`, after `name:` if it is to have a name of its own;
  ///   the name in the comparison is this waterfall's and that.
  /// - Throws: ``ParameterFileError/malformedAssignment(_:)``, and
  ///   ``ParameterFileError/assignment(_:_:)`` for a value that its key does not have, a key
  ///   stated twice, and one that is no parameter of a waterfall.
  public func varied(_ text: String) throws(ParameterFileError) -> WaterfallFile {
    // The first colon before the first sign of equality ends a name.
    let head = text.prefix { $0 != "=" }
    let label = head.firstIndex(of: ":").map {
      text[..<$0].trimmingCharacters(in: .whitespaces)
    }
    let assignments = head.firstIndex(of: ":").map { text[text.index(after: $0)...] } ?? text[...]
    guard label != "" else { throw .malformedAssignment(text) }
    var values: [ParameterValue] = []
    for assignment in assignments.split(separator: ",", omittingEmptySubsequences: false) {
      let value = try Self.value(String(assignment))
      guard !values.contains(where: { $0.key == value.key }) else {
        throw Self.refusal(assignment, .inconsistent(key: value.key, reason: "stated twice"))
      }
      values.append(value)
    }
    let stated = assignments.trimmingCharacters(in: .whitespaces)
    do throws(ParameterError) {
      let varied = try ParameterSet(
        name: "\(set.name), \(label ?? stated)", date: set.date,
        values: set.values.filter { old in !values.contains { $0.key == old.key } } + values)
      return WaterfallFile(
        path: path, description: "As \(set.name), but for \(stated). \(description)", set: varied)
    } catch { throw Self.refusal(assignments, error) }
  }

  private static func value(
    _ assignment: String
  ) throws(ParameterFileError) -> ParameterValue {
    let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      .map { $0.trimmingCharacters(in: .whitespaces) }
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
      throw .malformedAssignment(assignment)
    }
    do throws(ParameterError) {
      let value = try ParameterSet.read(key: parts[0], text: parts[1], source: "set for this run")
      guard permits(value.key) else {
        throw .inconsistent(
          key: value.key, reason: "no parameter of a waterfall; state it in a parameter file")
      }
      return value
    } catch { throw refusal(assignment[...], error) }
  }

  private static func refusal(
    _ assignment: Substring, _ error: ParameterError
  ) -> ParameterFileError {
    .assignment(String(assignment), fault(error))
  }
}
