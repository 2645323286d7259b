// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The program under test, run as its users run it: in a process of its own, from the root of
/// the repository.
struct Program {
  /// What a finished process left; the code is -1 after a signal.
  struct Outcome {
    let code: Int32
    let output: String
    let errors: String
  }

  let file: URL

  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardizedFileURL

  /// The program of the running build; `PLIMSOLL` in the environment names another.
  static func current() throws -> Program {
    if let stated = ProcessInfo.processInfo.environment["PLIMSOLL"] {
      return Program(file: URL(fileURLWithPath: stated, relativeTo: root).absoluteURL)
    }
    let besideTests = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appendingPathComponent("plimsoll")
    let candidates = [besideTests] + ["debug", "release"].map(built)
    let found = candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) }
    return Program(file: try #require(found, "no plimsoll is built; run swift build"))
  }

  /// The program of each build configuration that exists.
  static var ofEachConfiguration: [Program] {
    ["debug", "release"].map(built)
      .filter { FileManager.default.isExecutableFile(atPath: $0.path) }.map(Program.init)
  }

  private static func built(_ configuration: String) -> URL {
    root.appendingPathComponent(".build/\(configuration)/plimsoll")
  }

  /// Runs to the end.
  func run(
    _ arguments: [String], input: String = "", environment: [String: String] = [:]
  ) throws -> Outcome {
    let folder = try Folder()
    let process = try start(arguments, input: input, environment: environment, in: folder)
    return try outcome(of: process, in: folder)
  }

  /// Waits for the end of what ``start(_:input:environment:in:)`` began.
  func outcome(of process: Process, in folder: Folder) throws -> Outcome {
    process.waitUntilExit()
    return Outcome(
      code: process.terminationReason == .exit ? process.terminationStatus : -1,
      output: try folder.read("output"), errors: try folder.read("errors"))
  }

  /// Starts without waiting; what it writes goes to files of the folder, so no pipe can fill.
  func start(
    _ arguments: [String], input: String = "", environment: [String: String] = [:],
    in folder: Folder
  ) throws -> Process {
    try folder.write("input", input)
    for name in ["output", "errors"] { try folder.write(name, "") }
    let process = Process()
    process.executableURL = file
    process.arguments = arguments
    process.currentDirectoryURL = Self.root
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = try FileHandle(forReadingFrom: folder.url("input"))
    process.standardOutput = try FileHandle(forWritingTo: folder.url("output"))
    process.standardError = try FileHandle(forWritingTo: folder.url("errors"))
    try process.run()
    return process
  }
}

/// A folder of one test, removed with it.
final class Folder {
  let path: String

  init() throws {
    path =
      FileManager.default.temporaryDirectory
      .appendingPathComponent("plimsoll-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func url(_ name: String) -> URL { URL(fileURLWithPath: path + "/" + name) }

  func file(_ name: String) -> String { path + "/" + name }

  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: file(name)) }

  func read(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: url(name)), as: UTF8.self)
  }

  func bytes(_ name: String) throws -> Data { try Data(contentsOf: url(name)) }

  func write(_ name: String, _ text: String) throws { try write(name, Data(text.utf8)) }

  func write(_ name: String, _ bytes: Data) throws {
    try FileManager.default.createDirectory(
      at: url(name).deletingLastPathComponent(), withIntermediateDirectories: true)
    try bytes.write(to: url(name))
  }

  /// What is in a folder, by name; none where there is no folder.
  func names(in name: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: file(name))) ?? []).sorted()
  }
}
