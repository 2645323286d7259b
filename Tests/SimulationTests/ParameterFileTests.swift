// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Parameters
import Quantities
import Simulation
import Testing

@Suite("A parameter file")
struct ParameterFileTests {
  private static let valid = #"{"key": "margin.buffer", "value": "20%", "source": "house"}"#

  /// A file in the shape of a parameter file, with these entries and nothing else.
  private func document(_ entries: [String]) -> String {
    let head = #""name": "test", "date": "2020-03-12", "description": "For a test.""#
    return "{\(head),\n\"parameters\": [\n\(entries.joined(separator: ",\n"))\n]}\n"
  }

  /// What loading a file with this text says.
  private func refusal(_ text: String) throws -> String {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("plimsoll-\(UUID().uuidString).json").path
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let error = #expect(throws: ParameterFileError.self) { try ParameterFile.load(path: path) }
    let message = try #require(error).description
    #expect(message.hasPrefix(path), "an error names its file: \(message)")
    return String(message.dropFirst(path.count))
  }

  @Test("of the repository is complete, sorted and every value has a source")
  func repositoryFile() throws {
    let file = try ParameterFile.load(path: MarkedVenue.parameterPath)
    #expect(file.set.name == "plimsoll-2020-03-12")
    #expect(file.set.date.description == "2020-03-12")
    #expect(file.set.values.count >= 160)
    #expect(file.set.values.allSatisfy { $0.source.count > 3 })
    _ = try BookParameters(file.set)
  }

  @Test("is found from the working folder")
  func bundled() throws {
    let loaded = try MarkedVenue.file.get()
    #expect(try ParameterFile.bundled().set == loaded.set)
  }

  @Test("that does not exist is refused with its path")
  func missing() {
    #expect(throws: ParameterFileError.missing(path: "/no/such.json")) {
      try ParameterFile.load(path: "/no/such.json")
    }
    #expect(throws: ParameterFileError.self) { try ParameterFile.load(path: "/") }
  }

  @Test(
    "of the wrong shape is refused, naming place and remedy",
    arguments: [
      ("{\"name\": ", "not JSON"),
      ("[]", "expected an object in braces"),
      ("{\"name\": \"a\", \"nmae\": \"b\"}", "unknown name “nmae”; permitted: name, date"),
      ("{\"name\": \"a\"}", "“date” is missing"),
      ("{\"name\": 5}", "“name” must stand in quotation marks"),
      ("{\"name\": \"a\", \"date\": \"12 March\"}", "expected one such as 2020-03-12"),
      (
        "{\"name\": \"a\", \"date\": \"2020-03-12\", \"description\": \"b\"}",
        "“parameters” must be a list"
      ),
    ])
  func shape(text: String, expected: String) throws {
    let message = try refusal(text)
    #expect(message.contains(expected), "\(message)")
  }

  @Test(
    "with a wrong entry is refused, naming the parameter",
    arguments: [
      (["5"], "parameter number 1: expected an object"),
      ([valid, "{\"value\": \"1\"}"], "parameter number 2: “key” is missing"),
      (["{\"key\": \"margin.buffer\", \"value\": \"20%\"}"], "margin.buffer: “source” is missing"),
      (
        ["{\"key\": \"margin.buffer\", \"value\": \"20%\", \"source\": \" \"}"],
        "margin.buffer: “source” is empty"
      ),
      (
        ["{\"key\": \"margin.buffer\", \"value\": 0.2, \"source\": \"a\"}"],
        "margin.buffer: “value” must stand in quotation marks"
      ),
      (
        ["{\"key\": \"margin.bufer\", \"value\": \"20%\", \"source\": \"a\"}"],
        "margin.bufer: there is no such parameter; did you mean margin.buffer?"
      ),
      (
        ["{\"key\": \"margin.buffer\", \"value\": \"x\", \"source\": \"a\"}"],
        "margin.buffer: “x”"
      ),
      (
        ["{\"key\": \"margin.buffer\", \"value\": \"101%\", \"source\": \"a\"}"],
        "margin.buffer: 1.01 is outside 0 … 1"
      ),
      ([valid, valid], "margin.buffer: stated twice"),
      ([valid], "missing; every parameter must be stated"),
    ])
  func entry(entries: [String], expected: String) throws {
    let message = try refusal(document(entries))
    #expect(message.contains(expected), "\(message)")
  }

  @Test("in which a name stands twice in one object is refused with the line")
  func repeatedName() throws {
    let twice = """
      {"key": "margin.buffer",
       "value": "20%", "source": "a \\" quoted: {\\"value\\": 1}",
       "v\\u0061lue": "30%"}
      """
    let message = try refusal(document([Self.valid, twice]))
    #expect(message.contains("line 6: “value” stands twice"), "\(message)")
  }

  @Test("above the limit of its size is refused")
  func tooLarge() throws {
    let filler = String(repeating: " ", count: ParameterFile.sizeLimit)
    #expect(try refusal(document([Self.valid]) + filler).contains("limit of 1048576"))
  }

  @Test("takes assignments, the last of one key counting")
  func assignments() throws {
    let file = try MarkedVenue.file.get()
    let changed = try file.applying(["margin.buffer=30%", " margin.buffer = 25% "])
    #expect(try changed.set.raw("margin.buffer") == 250_000_000)
    #expect(changed.assignments == ["margin.buffer=30%", "margin.buffer=25%"])
    #expect(changed.set.values.count == file.set.values.count)
    #expect(changed.set.values.first { $0.key == "margin.buffer" }?.source == "set for this run")
    #expect(try file.set.raw("margin.buffer") != 250_000_000)
  }

  @Test("lets an assignment state one symbol's value where only the default was stated")
  func overriding() throws {
    let file = try MarkedVenue.file.get()
    let changed = try file.applying(["book.ETH.calmRange=1%"])
    let book = try BookParameters(changed.set)
    #expect(book[try AssetSymbol("ETH")].calmRange.billionths == 10_000_000)
    #expect(book[try AssetSymbol("BTC")].calmRange.billionths == 4_000_000)
  }

  @Test(
    "refuses assignments that are none, or of a wrong key or value",
    arguments: [
      ("margin.buffer", "expected key=value"), ("=5", "expected key=value"),
      ("margin.buffer=", "expected key=value"),
      ("margin.bufer=5%", "did you mean margin.buffer?"),
      ("margin.buffer=200%", "outside 0 … 1"), ("margin.buffer=a lot", "margin.buffer: “a lot”"),
      ("surface.realized.highest=20%", "below the lowest"),
    ])
  func refusedAssignment(text: String, expected: String) throws {
    let file = try MarkedVenue.file.get()
    let error = #expect(throws: ParameterFileError.self) { try file.applying([text]) }
    let message = try #require(error).description
    #expect(message.contains(text) && message.contains(expected), "\(message)")
  }
}
