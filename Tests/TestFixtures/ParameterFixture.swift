// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
public import Parameters
import Quantities

/// The venue's default parameters, as the parameter file states them, but with plain stages of the
/// waterfall, one at a time, and without the terms beyond scenarios, tiers and haircuts: what is
/// not stated of these is neutral.
public enum ParameterFixture {
  private struct Document: Decodable {
    struct Entry: Decodable {
      let key: String
      let value: String
      let source: String
    }
    let parameters: [Entry]
  }

  private static let stated = Result { try read("plimsoll-2020-03-12.json") }

  private static let defaults: Result<ParameterSet, any Error> = Result {
    let set = try stated.get().overlaid(with: read("Waterfalls/plain.json"))
    return try ParameterSet(
      name: "defaults", date: set.date,
      values: set.values.filter { $0.key.wholeMatch(of: terms) == nil })
  }

  private static func read(_ name: String) throws -> ParameterSet {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../ParameterFiles/\(name)").standardized
    let document = try JSONDecoder().decode(Document.self, from: Data(contentsOf: file))
    return try ParameterSet(
      name: "defaults", date: CivilDate.split(Timestamp(seconds: 1_583_971_200)).date,
      values: document.parameters.map {
        try ParameterSet.read(key: $0.key, text: $0.value, source: $0.source)
      })
  }

  private static var terms: Regex<(Substring, Substring?)> {
    /margin\.(netting|size|basis|peg|twist|set|tierShare).*|.*\.volumeMultiple/
  }

  /// All of the parameter file, nothing left out.
  public static func file() throws -> ParameterSet { try stated.get() }

  /// The defaults with some values changed.
  public static func set(_ changes: [(key: String, value: String)] = []) throws -> ParameterSet {
    let set = try defaults.get()
    var values = set.values
    for change in changes {
      let value = try ParameterSet.read(key: change.key, text: change.value, source: "test")
      if let place = values.firstIndex(where: { $0.key == change.key }) {
        values[place] = value
      } else {
        values.append(value)
      }
    }
    return try ParameterSet(name: set.name, date: set.date, values: values)
  }
}
