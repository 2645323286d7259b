// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
public import Parameters
import Quantities

/// The venue's default parameters, as the parameter file states them.
public enum ParameterFixture {
  private struct Document: Decodable {
    struct Entry: Decodable {
      let key: String
      let value: String
      let source: String
    }
    let parameters: [Entry]
  }

  private static let defaults: Result<ParameterSet, any Error> = Result {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../ParameterFiles/plimsoll-2020-03-12.json").standardized
    let document = try JSONDecoder().decode(Document.self, from: Data(contentsOf: file))
    return try ParameterSet(
      name: "defaults", date: CivilDate.split(Timestamp(seconds: 1_583_971_200)).date,
      values: document.parameters.map {
        try ParameterSet.read(key: $0.key, text: $0.value, source: $0.source)
      })
  }

  /// The defaults with some values changed.
  public static func set(_ changes: [(key: String, value: String)] = []) throws -> ParameterSet {
    var set = try defaults.get()
    for change in changes { set = try set.setting(change.key, to: change.value, source: "test") }
    return set
  }
}
