// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Evaluation
import Foundation
import Parameters
import Simulation

/// Answers questions given as JSON lines.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Answer JSON lines: prices, margins, liquidation sizes, loss sharing and more.",
    discussion: """
      Reads one request a line from the files, or from standard input, and writes one answer a \
      line, in order. A line that cannot be answered gets {"line":…,"error":{…}} with a stable \
      code and the field that is wrong, and the rest go on. Lines of several files are counted \
      through. Exit code 1 if any line was refused.

      Example: echo '{"kind":"funding.rate","premium":"0.08%","parameters":{"set":"default"}}' \
      | plimsoll evaluate
      """)

  @Argument(help: ArgumentHelp("Files of JSON lines; - is standard input.", valueName: "file"))
  var files: [String] = ["-"]

  @OptionGroup var parameters: ParameterOptions

  @Flag(name: .long, help: "List the kinds of questions and their schemas.")
  var schemas = false

  @Option(
    name: .long,
    help: ArgumentHelp("Print the worked example of a kind.", valueName: "kind"))
  var example: String?

  func validate() throws {
    guard let example, EvaluationKind(rawValue: example) == nil else { return }
    let known = EvaluationKind.allCases.map(\.rawValue).joined(separator: ", ")
    throw ValidationError("--example: “\(example)” is none of \(known)")
  }

  func run() throws {
    if schemas { return try listSchemas() }
    if let kind = example.flatMap(EvaluationKind.init) {
      return print(try schemaFolder().text(of: kind, .example), terminator: "")
    }
    let inputs = try files.map { (path: $0, handle: try open($0)) }
    var answers = AnswerStream(Evaluator(parameterSets: try parameterSets()))
    for input in inputs { try answers.answer(input.handle, path: input.path) }
    guard answers.isEveryLineAnswered else { throw ExitCode(1) }
  }

  /// The sets that requests may name, those of margin models included; questions that name none
  /// do without the files.
  private func parameterSets() throws -> [ParameterSet] {
    do {
      return [try parameters.load().set]
        + (try ModelFile.bundledNames().map { try ModelFile.load($0).set })
    } catch ParameterFileError.notFound { return [] }
  }

  private func open(_ file: String) throws -> FileHandle {
    guard file != "-" else { return .standardInput }
    guard let handle = FileHandle(forReadingAtPath: file) else {
      throw EvaluateError.unreadable(file, why: String(cString: strerror(errno)))
    }
    return handle
  }

  private func schemaFolder() throws -> SchemaFolder {
    var starts = [FileManager.default.currentDirectoryPath]
    if let program = Bundle.main.executableURL {
      starts.insert(program.resolvingSymlinksInPath().deletingLastPathComponent().path, at: 0)
    }
    guard let folder = SchemaFolder.find(inOrAbove: starts) else {
      throw EvaluateError.schemasNotFound(starts)
    }
    return folder
  }

  private func listSchemas() throws {
    let folder = try schemaFolder()
    let width = EvaluationKind.allCases.map(\.rawValue.count).max() ?? 0
    for kind in EvaluationKind.allCases {
      let space = String(repeating: " ", count: width - kind.rawValue.count + 2)
      print(kind.rawValue + space + kind.summary)
      for part in SchemaPart.allCases { print("  " + folder.path(of: kind, part)) }
    }
  }
}

/// Answers streams of lines as they come, in memory that does not grow with them.
private struct AnswerStream {
  private static let chunk = 1 << 16

  private var evaluator: Evaluator
  private var lineNumber = 0
  private var answers: [UInt8] = []
  private(set) var isEveryLineAnswered = true

  init(_ evaluator: Evaluator) {
    self.evaluator = evaluator
  }

  mutating func answer(_ input: FileHandle, path: String) throws {
    var cutter = LineCutter()
    var bytes = [UInt8](repeating: 0, count: Self.chunk)
    while true {
      // What has arrived, however little, so that a question is answered before the next.
      let count = read(input.fileDescriptor, &bytes, bytes.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw EvaluateError.unreadable(path, why: String(cString: strerror(errno)))
      }
      guard count > 0 else { break }
      cutter.cut(count == bytes.count ? bytes : Array(bytes[..<count])) { answer($0) }
      try flush()
    }
    cutter.end { answer($0) }
    try flush()
  }

  private mutating func answer(_ line: LineCutter.Line) {
    lineNumber += 1
    guard let answer = evaluator.answer(line, number: lineNumber) else { return }
    if !answer.isAnswered { isEveryLineAnswered = false }
    answer.write(to: &answers)
  }

  private mutating func flush() throws {
    guard !answers.isEmpty else { return }
    try FileHandle.standardOutput.write(contentsOf: answers)
    answers.removeAll(keepingCapacity: true)
  }
}

/// Why `evaluate` cannot begin or go on.
enum EvaluateError: Error, CustomStringConvertible {
  case unreadable(String, why: String)
  case schemasNotFound([String])

  var description: String {
    switch self {
    case .unreadable(let path, let why): "\(path): cannot be read: \(why); check the path"
    case .schemasNotFound(let folders):
      "there is no folder Schemas in or above \(folders.joined(separator: " or "))"
    }
  }
}
