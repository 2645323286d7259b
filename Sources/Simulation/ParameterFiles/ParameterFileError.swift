// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Parameters

/// Why a parameter file or an assignment is refused; names the place and what would be right.
public enum ParameterFileError: Error, Hashable, Sendable, CustomStringConvertible {
  case missing(path: String)
  case unreadable(path: String, why: String)
  case tooLarge(path: String, what: String, limit: Int)
  case malformedJSON(path: String, why: String)
  /// A name stands twice in one object, so that one of the two values would be lost.
  case repeatedName(path: String, line: Int, name: String)
  /// Something in the file has not the form described at ``ParameterFile``.
  case malformed(path: String, where: String, why: String)
  case parameter(path: String, ParameterFault)
  case malformedAssignment(String)
  case assignment(String, ParameterFault)
  case notFound(name: String, folders: [String])

  public var description: String {
    switch self {
    case .missing(let path): "\(path): there is no such file; check the path"
    case .unreadable(let path, let why): "\(path): cannot be read: \(why)"
    case .tooLarge(let path, let what, let limit): "\(path): \(what) is above the limit of \(limit)"
    case .malformedJSON(let path, let why): "\(path): not JSON: \(why)"
    case .repeatedName(let path, let line, let name):
      "\(path), line \(line): “\(name)” stands twice in one object; keep one"
    case .malformed(let path, let place, let why): "\(path): \(place): \(why)"
    case .parameter(let path, let fault): "\(path): \(fault)"
    case .malformedAssignment(let text): "“\(text)”: expected key=value, such as margin.buffer=25%"
    case .assignment(let text, let fault): "“\(text)”: \(fault)"
    case .notFound(let name, let folders):
      "there is no \(name) in or above \(folders.joined(separator: " or ")); give the path of a "
        + "parameter file"
    }
  }
}

/// A parameter error with the key that was probably meant.
public struct ParameterFault: Hashable, Sendable, CustomStringConvertible {
  public let message: String
  /// The known key most like an unknown one, if one is near.
  public let suggestion: String?

  public var description: String {
    suggestion.map { "\(message); did you mean \($0)?" } ?? message
  }

  init(_ error: ParameterError, known: [String]) {
    message = error.description
    guard case .unknown(let key) = error else {
      suggestion = nil
      return
    }
    let ranked = known.map { (distance: editDistance($0, key), key: $0) }
      .min { ($0.distance, $0.key) < ($1.distance, $1.key) }
    suggestion = ranked.flatMap { $0.distance <= max(2, key.utf8.count / 5) ? $0.key : nil }
  }
}

/// How many letters have to be put in, taken out or replaced to make one text from the other.
private func editDistance(_ one: String, _ other: String) -> Int {
  let target = Array(other.utf8)
  var row = Array(0...target.count)
  for (index, byte) in one.utf8.enumerated() {
    var diagonal = row[0]
    row[0] = index + 1
    for column in target.indices {
      let replaced = diagonal + (byte == target[column] ? 0 : 1)
      diagonal = row[column + 1]
      row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
    }
  }
  return row[target.count]
}
