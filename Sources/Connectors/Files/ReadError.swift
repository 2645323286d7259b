// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Why a file could not be read; always names the place and what would be right.
public enum ReadError: Error, Hashable, Sendable, CustomStringConvertible {
  /// There is no such file or folder.
  case missing(path: String)
  /// The file exists but cannot be read as what it should be.
  case unreadable(path: String, why: String)
  /// A gzip file is damaged or cut off.
  case malformedArchive(path: String, why: String)
  /// A limit of ``ReadLimits`` is passed.
  case limitExceeded(place: FilePlace, what: String, limit: Int)
  /// The header lacks a column.
  case missingColumn(path: String, column: String, found: [String])
  /// The header has a column that has no meaning here.
  case unknownColumn(path: String, column: String, permitted: [String])
  /// The header names a column twice.
  case repeatedColumn(path: String, column: String)
  /// A row, or an entry of a JSON file, says something impossible.
  case row(RowFault)
  /// A file's name does not follow the convention, so its contents have no meaning.
  case malformedName(path: String, rule: String)
  /// Two files claim the same source.
  case conflictingFiles(one: String, other: String, rule: String)
  /// A window is empty or its ends are not on whole minutes.
  case malformedWindow(String)
  /// No file has prices of an underlying in the window.
  case uncovered(underlying: String, window: String, folder: String, covered: [String])

  public var description: String {
    switch self {
    case .missing(let path):
      "\(path): there is no such file or folder; check the path"
    case .unreadable(let path, let why):
      "\(path): cannot be read: \(why)"
    case .malformedArchive(let path, let why):
      "\(path): damaged gzip file (\(why)); fetch or pack it again"
    case .limitExceeded(let place, let what, let limit):
      "\(place): \(what) is above the limit of \(limit); split the file"
    case .missingColumn(let path, let column, let found):
      "\(path), line 1: no column “\(column)”; found \(found.joined(separator: ","))"
    case .unknownColumn(let path, let column, let permitted):
      "\(path), line 1: unknown column “\(column)”; permitted: \(permitted.joined(separator: ","))"
    case .repeatedColumn(let path, let column):
      "\(path), line 1: column “\(column)” stands twice; keep one"
    case .row(let fault):
      fault.description
    case .malformedName(let path, let rule):
      "\(path): the file's name says too little; \(rule)"
    case .conflictingFiles(let one, let other, let rule):
      "\(one) and \(other) contradict each other; \(rule)"
    case .malformedWindow(let text):
      "the window \(text) is not one; its start must come before its end, both on whole minutes"
    case .uncovered(let underlying, let window, let folder, let covered):
      covered.isEmpty
        ? "\(folder): no prices of \(underlying) in \(window); no file here has any"
        : "\(folder): no prices of \(underlying) in \(window); there are "
          + covered.joined(separator: "; ")
    }
  }
}

/// Where in a file something stands.
public struct FilePlace: Hashable, Sendable, CustomStringConvertible {
  public let path: String
  /// Counted from 1; 0 stands for the file as a whole.
  public let line: Int

  public init(path: String, line: Int) {
    self.path = path
    self.line = line
  }

  public var description: String { line == 0 ? path : "\(path), line \(line)" }
}

/// What a reader does with a malformed row.
public enum BadRowPolicy: Sendable {
  /// The read stops with ``ReadError/row(_:)``.
  case refuse
  /// The row is left out, counted and listed.
  case skip
}

/// How much a reader takes in before it refuses; every input has a limit.
public struct ReadLimits: Sendable {
  /// Bytes of a file as it lies on disk.
  public var fileBytes: Int
  /// Bytes of a file after unpacking.
  public var unpackedBytes: Int
  public var lineBytes: Int
  public var rows: Int
  /// Files of one folder.
  public var files: Int

  public init(
    fileBytes: Int = 256 << 20, unpackedBytes: Int = 1 << 30, lineBytes: Int = 4_096,
    rows: Int = 10_000_000, files: Int = 1_000
  ) {
    self.fileBytes = fileBytes
    self.unpackedBytes = unpackedBytes
    self.lineBytes = lineBytes
    self.rows = rows
    self.files = files
  }
}
