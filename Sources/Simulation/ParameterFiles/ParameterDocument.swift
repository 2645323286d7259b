// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Quantities

/// The texts of a parameter file, taken apart but not yet understood.
struct ParameterDocument {
  struct Entry {
    let key: String
    let value: String
    let source: String
  }

  let name: String
  let date: CivilDate
  let description: String
  let entries: [Entry]

  /// - Parameter path: Where the bytes are from, for messages.
  init(_ bytes: Data, path: String) throws(ParameterFileError) {
    let root: Any
    do {
      root = try JSONSerialization.jsonObject(with: bytes)
    } catch {
      let reason = (error as NSError).userInfo["NSDebugDescription"] as? String
      throw .malformedJSON(path: path, why: reason ?? "\(error)")
    }
    if let repeated = repeatedName(inJSON: [UInt8](bytes)) {
      throw .repeatedName(path: path, line: repeated.line, name: repeated.name)
    }
    let reader = PlaceReader(path: path)
    let members = try reader.object(
      root, at: "the file", permitted: ["name", "date", "description", "parameters"])
    name = try reader.text("name", of: members, at: "the file")
    date = try reader.date(of: members)
    description = try reader.text("description", of: members, at: "the file")
    entries = try reader.entries(of: members)
  }

  /// Reads a whole file.
  static func bytes(ofFile path: String) throws(ParameterFileError) -> Data {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw .missing(path: path)
    }
    guard !isFolder.boolValue else {
      throw .unreadable(path: path, why: "it is a folder where a file is expected")
    }
    let bytes: Data
    do {
      let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      defer { try? handle.close() }
      // One byte more than permitted tells a file at the limit from one above it.
      bytes = try handle.read(upToCount: ParameterFile.sizeLimit + 1) ?? Data()
    } catch {
      throw .unreadable(path: path, why: error.localizedDescription)
    }
    guard bytes.count <= ParameterFile.sizeLimit else {
      throw .tooLarge(path: path, what: "the number of bytes", limit: ParameterFile.sizeLimit)
    }
    return bytes
  }
}

/// Takes values out of decoded JSON, saying where one is not what it should be.
private struct PlaceReader {
  let path: String

  func object(
    _ value: Any, at place: String, permitted: [String]
  ) throws(ParameterFileError) -> [String: Any] {
    guard let members = value as? [String: Any] else {
      throw .malformed(path: path, where: place, why: "expected an object in braces")
    }
    if let stranger = members.keys.filter({ !permitted.contains($0) }).min() {
      throw .malformed(
        path: path, where: place,
        why: "unknown name “\(stranger)”; permitted: \(permitted.joined(separator: ", "))")
    }
    return members
  }

  func text(
    _ name: String, of members: [String: Any], at place: String
  ) throws(ParameterFileError) -> String {
    guard let value = members[name] else {
      throw .malformed(path: path, where: place, why: "“\(name)” is missing")
    }
    guard let text = value as? String else {
      throw .malformed(
        path: path, where: place,
        why: "“\(name)” must stand in quotation marks, so that no digit is lost")
    }
    guard !text.allSatisfy(\.isWhitespace) else {
      throw .malformed(path: path, where: place, why: "“\(name)” is empty")
    }
    return text
  }

  func date(of members: [String: Any]) throws(ParameterFileError) -> CivilDate {
    let text = try text("date", of: members, at: "the file")
    guard text.utf8.count == 10, let midnight = try? Timestamp(iso8601: text) else {
      throw .malformed(
        path: path, where: "the file", why: "“date” is “\(text)”; expected one such as 2020-03-12")
    }
    return CivilDate.split(midnight).date
  }

  func entries(
    of members: [String: Any]
  ) throws(ParameterFileError) -> [ParameterDocument.Entry] {
    guard let values = members["parameters"] as? [Any] else {
      throw .malformed(
        path: path, where: "the file", why: "“parameters” must be a list in brackets")
    }
    guard values.count <= ParameterFile.countLimit else {
      throw .tooLarge(
        path: path, what: "the number of parameters", limit: ParameterFile.countLimit)
    }
    var entries: [ParameterDocument.Entry] = []
    for (index, value) in values.enumerated() {
      let number = "parameter number \(index + 1)"
      let members = try object(value, at: number, permitted: ["key", "value", "source"])
      let key = try text("key", of: members, at: number)
      let place = "parameter \(key)"
      entries.append(
        ParameterDocument.Entry(
          key: key, value: try text("value", of: members, at: place),
          source: try text("source", of: members, at: place)))
    }
    return entries
  }
}
