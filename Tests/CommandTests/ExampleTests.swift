// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("The examples")
struct ExampleTests {
  static let folder = Program.root.appendingPathComponent("Examples")

  /// The scripts' names, without their ending.
  static let names =
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
    .filter { $0.hasSuffix(".sh") }.map { String($0.dropLast(3)) }.sorted()

  @Test("there are some, each with what it must print")
  func complete() {
    #expect(Self.names.count >= 4)
    for name in Self.names {
      let expected = Self.folder.appendingPathComponent(name + ".expected").path
      #expect(FileManager.default.fileExists(atPath: expected), "\(name)")
    }
  }

  @Test("print exactly what stands beside them", arguments: names)
  func prints(name: String) throws {
    let scratch = try Folder()
    let bash = Program(file: URL(fileURLWithPath: "/usr/bin/env"))
    let outcome = try bash.run(
      ["bash", "Examples/\(name).sh"],
      environment: [
        "PLIMSOLL": try Program.current().file.path, "OUT": scratch.file("out"),
        "LC_ALL": "C.UTF-8",
      ])
    let expected = try String(
      contentsOf: Self.folder.appendingPathComponent(name + ".expected"), encoding: .utf8)
    #expect(outcome.code == 0, "\(outcome.errors)")
    #expect(outcome.output == expected)
  }
}
