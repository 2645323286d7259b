// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Foundation
import Testing

@Suite("Schemas")
struct SchemaTests {
  @Test(
    "the worked example of each kind is answered byte for byte",
    arguments: EvaluationKind.allCases)
  func example(kind: EvaluationKind) throws {
    let text = try Clone.schemas.text(of: kind, .example)
    let example = try JSONReader.read(Array(text.utf8)[...])
    let request = try #require(example["request"])
    var evaluator = Clone.evaluator
    let answered = evaluator.answer(request.compact)
    #expect(answered.isAnswered)
    let written = JSONValue.object([
      JSONMember("description", try #require(example["description"])),
      JSONMember("request", request), JSONMember("answer", answered.value),
    ])
    #expect(written.indented() == text)
  }

  @Test("each file of the folder belongs to a kind, and each kind has all its files")
  func files() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Clone.schemas.path)
    let expected = EvaluationKind.allCases.flatMap { kind in
      SchemaPart.allCases.map { kind.fileName($0) }
    }
    #expect(Set(names) == Set(expected + ["README.md"]))
  }

  @Test("each schema says what it is of, and refuses fields it does not know")
  func headings() throws {
    for kind in EvaluationKind.allCases {
      for part in [SchemaPart.request, .answer] {
        let schema = try Clone.read(Clone.schemas.path(of: kind, part))
        #expect(schema["$schema"] == .string("https://json-schema.org/draft/2020-12/schema"))
        let name = "urn:plimsoll:evaluate:1:\(kind.rawValue):\(part.rawValue)"
        #expect(schema["$id"] == .string(name))
      }
      let request = try Clone.read(Clone.schemas.path(of: kind, .request))
      #expect(request["additionalProperties"] == .boolean(false))
      #expect(request.at("properties", "kind", "const") == .string(kind.rawValue))
    }
  }

  @Test("definitions of one name are the same in every schema")
  func definitions() throws {
    var known: [String: JSONValue] = [:]
    for kind in EvaluationKind.allCases {
      for part in [SchemaPart.request, .answer] {
        let schema = try Clone.read(Clone.schemas.path(of: kind, part))
        for member in schema["$defs"]?.members ?? [] {
          let definition = known[member.name] ?? member.value
          #expect(definition == member.value, "\(kind.fileName(part)): \(member.name)")
          known[member.name] = definition
        }
      }
    }
    let codes = known["refusal"]?.at("properties", "error", "properties", "code", "enum")
    #expect(
      codes?.elements.map(\.text) == EvaluationRefusal.Code.allCases.map { .some($0.rawValue) })
  }

  @Test("the table of kinds is whole")
  func table() throws {
    let page = try String(contentsOfFile: Clone.schemas.path + "/README.md", encoding: .utf8)
    for kind in EvaluationKind.allCases {
      let links = SchemaPart.allCases.map { "(\(kind.fileName($0)))" }
      let row = page.split(separator: "\n").first { $0.hasPrefix("| `\(kind.rawValue)` |") }
      #expect(row?.contains(kind.summary) == true, "\(kind.rawValue)")
      for link in links { #expect(row?.contains(link) == true, "\(kind.rawValue): \(link)") }
    }
    for code in EvaluationRefusal.Code.allCases {
      #expect(page.contains("| `\(code.rawValue)` |"), "\(code.rawValue)")
    }
  }

  @Test(
    "requests, answers and refusals satisfy the schemas by an independent validator",
    .enabled(if: Validator.isAvailable, "python3 has no jsonschema"))
  func validation() throws {
    var evaluator = Clone.evaluator
    var cases: [JSONValue] = []
    for kind in EvaluationKind.allCases {
      let example = try Clone.read(Clone.schemas.path(of: kind, .example))
      let request = try #require(example["request"])
      cases.append(Validator.check(kind, .request, request, isValid: true))
      cases.append(
        Validator.check(kind, .answer, evaluator.answer(request.compact).value, isValid: true))
      let misspelt = JSONValue.object(request.members + [JSONMember("colour", .null)])
      cases.append(Validator.check(kind, .request, misspelt, isValid: false))
      let refused = evaluator.answer(misspelt.compact)
      #expect(!refused.isAnswered)
      cases.append(Validator.check(kind, .answer, refused.value, isValid: true))
    }
    #expect(try Validator.run(cases) == "")
  }
}

/// The `jsonschema` package of Python, where the machine has it.
private enum Validator {
  static let script = """
    import json, sys, jsonschema
    for case in json.load(sys.stdin):
        schema = json.load(open(case["schema"]))
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        if validator.is_valid(case["value"]) != case["isValid"]:
            errors = [e.message[:200] for e in validator.iter_errors(case["value"])]
            print(case["schema"], case["isValid"], errors)
    """

  static let isAvailable = (try? python(["-c", "import jsonschema"], input: ""))?.status == 0

  static func check(
    _ kind: EvaluationKind, _ part: SchemaPart, _ value: JSONValue, isValid: Bool
  ) -> JSONValue {
    .object([
      JSONMember("schema", .string(Clone.schemas.path(of: kind, part))),
      JSONMember("value", value), JSONMember("isValid", .boolean(isValid)),
    ])
  }

  /// What the validator finds wrong; empty when nothing is.
  static func run(_ cases: [JSONValue]) throws -> String {
    let result = try python(["-c", script], input: JSONValue.array(cases).compact)
    return result.status == 0 ? result.output : "the validator failed: \(result.output)"
  }

  private static func python(
    _ arguments: [String], input: String
  ) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3"] + arguments
    let (source, sink) = (Pipe(), Pipe())
    process.standardInput = source
    process.standardOutput = sink
    process.standardError = sink
    try process.run()
    source.fileHandleForWriting.write(Data(input.utf8))
    try source.fileHandleForWriting.close()
    let output = String(decoding: sink.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, output)
  }
}
