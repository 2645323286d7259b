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

/// Why lines cannot be written.
enum LineFileError: Error, CustomStringConvertible {
  case unwritable(String, why: String)

  var description: String {
    switch self {
    case .unwritable(let path, let why): "\(path): cannot be written: \(why); check the folder"
    }
  }
}
