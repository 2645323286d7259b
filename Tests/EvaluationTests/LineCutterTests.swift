// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Testing

@Suite("Lines")
struct LineCutterTests {
  /// All lines of a stream that arrives in chunks of `size` bytes.
  static func lines(_ text: String, chunk size: Int, limit: Int = 100) -> [LineCutter.Line] {
    var cutter = LineCutter(limit: limit)
    var lines: [LineCutter.Line] = []
    let bytes = Array(text.utf8)
    for start in stride(from: 0, to: bytes.count, by: size) {
      cutter.cut(Array(bytes[start..<min(start + size, bytes.count)])) { lines.append($0) }
    }
    cutter.end { lines.append($0) }
    return lines
  }

  static func whole(_ text: String) -> LineCutter.Line { .whole(Array(text.utf8)[...]) }

  @Test("gives the same lines however the stream is cut into chunks", arguments: 1...12)
  func chunks(size: Int) {
    let expected = ["one", "", "three", "4"].map(Self.whole)
    #expect(Self.lines("one\n\nthree\n4", chunk: size) == expected)
    #expect(Self.lines("one\n\nthree\n4\n", chunk: size) == expected)
  }

  @Test("gives nothing for an empty stream")
  func empty() {
    #expect(Self.lines("", chunk: 1).isEmpty)
  }

  @Test("permits the limit and not one byte more, and goes on after it", arguments: [1, 3, 64])
  func limit(size: Int) {
    let lines = Self.lines("1234\n12345\n123456\n12\n123456", chunk: size, limit: 5)
    #expect(
      lines == [
        Self.whole("1234"), Self.whole("12345"), .tooLong, Self.whole("12"), .tooLong,
      ])
  }
}
