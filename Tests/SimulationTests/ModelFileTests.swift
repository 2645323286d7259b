// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Parameters
import Quantities
import Simulation
import Testing

@Suite("Files of margin models")
struct ModelFileTests {
  private static let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent(ModelFile.folder).path

  private func path(_ name: String) -> String { "\(Self.folder)/\(name).json" }

  /// Writes a file for one test and returns its path.
  private func written(_ text: String) throws -> String {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("model-\(UUID().uuidString).json")
    try Data(text.utf8).write(to: url)
    return url.path
  }

  @Test("each loads, under its own name and with words about what it leaves out")
  func bundled() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder)
    #expect(files.count >= 10)
    for file in files.sorted() {
      let model = try ModelFile.load("\(Self.folder)/\(file)")
      #expect(model.set.name + ".json" == file)
      #expect(model.description.count > 80)
    }
  }

  @Test("take changes of single values, for one underlying too")
  func changes() throws {
    let file = try ModelFile.load(
      path("paradex-scan"),
      applying: ["model.default.scan.range=20%", "model.SOL.scan.range = 30%"])
    #expect(try file.set.rate("model.default.scan.range") == Rate("20%"))
    #expect(try file.set.rate("model.SOL.scan.range") == Rate("30%"))
    #expect(throws: ParameterFileError.self) {
      _ = try ModelFile.load(path("paradex-scan"), applying: ["model.default.scan.range"])
    }
    #expect(throws: ParameterFileError.self) {
      _ = try ModelFile.load(path("paradex-scan"), applying: ["model.default.scan.range=95%"])
    }
  }

  @Test("with a misspelt key name the one that was probably meant")
  func misspelt() throws {
    let text = """
      {"name": "own", "date": "2026-01-01", "description": "x", "parameters": [
      {"key": "model.default.scan.ranges", "value": "10%", "source": "x"}]}
      """
    do {
      _ = try ModelFile.load(try written(text))
      Issue.record("not refused")
    } catch {
      #expect("\(error)".contains("did you mean model.default.scan.range?"))
    }
  }

  @Test("with parameters that are not of a model are refused by key")
  func strange() throws {
    let text = """
      {"name": "own", "date": "2026-01-01", "description": "x", "parameters": [
      {"key": "margin.buffer", "value": "10%", "source": "x"}]}
      """
    do {
      _ = try ModelFile.load(try written(text))
      Issue.record("not refused")
    } catch {
      #expect("\(error)".contains("margin.buffer"))
      #expect("\(error)".contains("not a parameter of a margin model"))
    }
  }

  @Test("that are not there say where they were looked for")
  func absent() {
    #expect(throws: ParameterFileError.self) { _ = try ModelFile.load("no-such-model") }
    #expect(throws: ParameterFileError.missing(path: "/nowhere/model.json")) {
      _ = try ModelFile.load("/nowhere/model.json")
    }
  }
}
