// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A file of JSON lines that is written as its lines come.
///
/// What an earlier run left under its name stays until this one has begun.
final class LineFile {
  private static let chunk = 1 << 16

  private let path: String
  private var file: FileHandle?
  private var waiting = Data()

  init(_ path: String) { self.path = path }

  /// Empties the file; does nothing when called again.
  func begin() throws {
    guard file == nil else { return }
    guard FileManager.default.createFile(atPath: path, contents: nil),
      let opened = FileHandle(forWritingAtPath: path)
    else { throw LineFileError.unwritable(path, why: String(cString: strerror(errno))) }
    file = opened
  }

  func write(_ line: String) throws {
    try begin()
    waiting.append(contentsOf: line.utf8)
    waiting.append(UInt8(ascii: "\n"))
    if waiting.count >= Self.chunk { try flush() }
  }

  func finish() throws {
    try begin()
    try flush()
    try file?.close()
  }

  private func flush() throws {
    do { try file?.write(contentsOf: waiting) } catch {
      throw LineFileError.unwritable(path, why: "\(error.localizedDescription)")
    }
    waiting.removeAll(keepingCapacity: true)
  }
}

/// Files of lines that an earlier run left and that the run which writes a journal beside them does
/// not write.
///
/// Their lines would be of another chain than the journal. They stay until the run has begun.
final class ReplacedLines {
  private var paths: [String]

  init(_ paths: [String]) { self.paths = paths }

  /// Removes them, now that the run has begun; does nothing when called again.
  func discard() throws {
    for path in paths where unlink(path) != 0 && errno != ENOENT {
      throw LineFileError.unremovable(path, why: String(cString: strerror(errno)))
    }
    paths = []
  }
}

/// Why lines cannot be written, or not be removed.
enum LineFileError: Error, CustomStringConvertible {
  case unwritable(String, why: String)
  case unremovable(String, why: String)

  var description: String {
    switch self {
    case .unwritable(let path, let why): "\(path): cannot be written: \(why); check the folder"
    case .unremovable(let path, let why):
      "\(path): is of an earlier run and cannot be removed: \(why); check the folder"
    }
  }
}
