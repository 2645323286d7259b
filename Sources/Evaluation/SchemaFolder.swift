// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The folder `Schemas`: the shape of requests and answers of every kind, with worked examples.
public struct SchemaFolder: Sendable {
  public let path: String

  public init(path: String) {
    self.path = path
  }

  /// The nearest folder `Schemas` in or above one of the given folders, the first one first.
  public static func find(inOrAbove starts: [String]) -> SchemaFolder? {
    for start in starts {
      var folder = URL(fileURLWithPath: start).standardizedFileURL
      while true {
        let schemas = SchemaFolder(path: folder.appendingPathComponent("Schemas").path)
        let probe = schemas.path(of: .optionPrice, .example)
        if FileManager.default.fileExists(atPath: probe) { return schemas }
        let parent = folder.deletingLastPathComponent().standardizedFileURL
        guard parent.path != folder.path else { break }
        folder = parent
      }
    }
    return nil
  }

  public func path(of kind: EvaluationKind, _ part: SchemaPart) -> String {
    "\(path)/\(kind.fileName(part))"
  }

  /// The bytes of a schema or example.
  public func text(of kind: EvaluationKind, _ part: SchemaPart) throws -> String {
    try String(contentsOfFile: path(of: kind, part), encoding: .utf8)
  }
}
