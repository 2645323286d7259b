// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The files of this clone, read once.
enum Repository {
  static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Swift and C of the project, in the order of their paths.
  static let code =
    files(under: ["Sources", "Tests", "Examples"], endings: ["swift", "c", "h"])
    + ["Package.swift"].compactMap(file)

  static let sources = code.filter { $0.target != nil && !isSystemLibrary($0.target) }
  static let coreSources = sources.filter { layers.isCore($0.target) && $0.isSwift }
  static let kernels = sources.filter { $0.target == "Kernels" }

  static let pages =
    files(
      under: ["Decisions", "Datasets", "Examples", "Schemas", "Parameters"],
      endings: ["md"])
    + ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]
    .compactMap(file)

  /// What decides how code is built.
  static let buildFiles =
    files(under: ["Scripts", ".ci"], endings: nil)
    + ["Package.swift", "dev"].compactMap(file)

  /// The directories of `Sources` that hold a target of ours.
  static let targets = Array(Set(sources.compactMap(\.target))).sorted()

  static let layers = file("ARCHITECTURE.md").map { Layers(table: $0.lines) } ?? Layers(table: [])

  /// Whether a target only names a library of the machine.
  private static func isSystemLibrary(_ target: String?) -> Bool {
    exists("Sources/\(target ?? "")/module.modulemap")
  }

  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
  }

  static func file(_ path: String) -> SourceFile? {
    guard let text = try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    else { return nil }
    return SourceFile(path: path, text: text)
  }

  private static func files(under folders: [String], endings: [String]?) -> [SourceFile] {
    folders.flatMap { folder in
      let paths = FileManager.default.subpaths(atPath: root.appendingPathComponent(folder).path)
      return (paths ?? []).sorted()
        .filter { path in endings?.contains { path.hasSuffix(".\($0)") } ?? true }
        .compactMap { file("\(folder)/\($0)") }
    }
  }
}
