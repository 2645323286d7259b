// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The first name that stands twice in one object of a JSON text, with its line.
///
/// Foundation's reader keeps one of the two values and says nothing.
/// - Parameter json: A text that Foundation has read, so that every string ends and every
///   bracket has its counterpart.
func repeatedName(inJSON json: [UInt8]) -> (name: String, line: Int)? {
  // The names of each open object; nothing for an open list.
  var open: [Set<String>?] = []
  var line = 1
  var index = 0
  while index < json.count {
    let byte = json[index]
    switch byte {
    case UInt8(ascii: "\n"): line += 1
    case UInt8(ascii: "{"): open.append([])
    case UInt8(ascii: "["): open.append(nil)
    case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = open.popLast()
    case UInt8(ascii: "\""):
      let end = endOfString(json, from: index)
      if let object = open.indices.last, isFollowedByColon(json, after: end) {
        let name = unescaped(json[index...end])
        if open[object]?.insert(name).inserted == false { return (name, line) }
      }
      index = end
    default: break
    }
    index += 1
  }
  return nil
}

/// The index of the quotation mark that ends the string begun at `start`.
private func endOfString(_ json: [UInt8], from start: Int) -> Int {
  var index = start + 1
  while index < json.count - 1, json[index] != UInt8(ascii: "\"") {
    index += json[index] == UInt8(ascii: "\\") ? 2 : 1
  }
  return min(index, json.count - 1)
}

private func isFollowedByColon(_ json: [UInt8], after end: Int) -> Bool {
  let spaces = [UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t")]
  return json[(end + 1)...].first { !spaces.contains($0) } == UInt8(ascii: ":")
}

private func unescaped(_ string: ArraySlice<UInt8>) -> String {
  let list = Data([UInt8(ascii: "[")] + string + [UInt8(ascii: "]")])
  let decoded = try? JSONSerialization.jsonObject(with: list) as? [String]
  return decoded?.first ?? String(decoding: string, as: UTF8.self)
}
