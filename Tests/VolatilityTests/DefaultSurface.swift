// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Parameters
import Quantities

/// The surface parameters of the default file, with some changed.
func surfaceParameters(_ overrides: [(String, String)] = []) throws -> SurfaceParameters {
  struct Entry: Decodable {
    let key: String
    let value: String
    let source: String
  }
  struct File: Decodable { let parameters: [Entry] }
  let file = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().appending(path: "../../ParameterFiles/plimsoll-2020-03-12.json")
  let entries = try JSONDecoder().decode(File.self, from: Data(contentsOf: file)).parameters
  var values: [ParameterValue] = []
  for entry in entries where entry.key.hasPrefix("surface.") {
    values.append(
      try ParameterSet.read(key: entry.key, text: entry.value, source: entry.source))
  }
  guard let date = CivilDate(year: 2020, month: 1, day: 1) else {
    throw CocoaError(.coderInvalidValue)
  }
  var set = try ParameterSet(name: "default", date: date, values: values)
  for (key, value) in overrides { set = try set.setting(key, to: value, source: "test") }
  return try SurfaceParameters(set)
}
