// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Cuts a stream of bytes into lines, in memory that does not grow with the stream.
///
/// A line ends with a line feed, or with the stream; a carriage return before it belongs to the
/// white space of JSON. Of a line beyond the limit nothing is kept but the fact.
public struct LineCutter {
  /// One line of the stream.
  public enum Line: Hashable, Sendable {
    case whole(ArraySlice<UInt8>)
    case tooLong
  }

  /// The most bytes of a line.
  public let limit: Int
  private var beginning: [UInt8] = []
  private var isTooLong = false

  public init(limit: Int = Evaluator.lineLimit) {
    self.limit = limit
  }

  /// Takes the next bytes of the stream and gives the lines that end in them.
  public mutating func cut(_ bytes: [UInt8], _ body: (Line) throws -> Void) rethrows {
    var start = bytes.startIndex
    while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      try finish(bytes[start..<end], body)
      start = end + 1
    }
    keep(bytes[start...])
  }

  /// Gives what stands after the last line feed, if anything does.
  public mutating func end(_ body: (Line) throws -> Void) rethrows {
    guard isTooLong || !beginning.isEmpty else { return }
    try finish([], body)
  }

  private mutating func finish(
    _ rest: ArraySlice<UInt8>, _ body: (Line) throws -> Void
  ) rethrows {
    defer {
      beginning.removeAll(keepingCapacity: true)
      isTooLong = false
    }
    guard !beginning.isEmpty || isTooLong else {
      return try body(rest.count <= limit ? .whole(rest) : .tooLong)
    }
    keep(rest)
    try body(isTooLong ? .tooLong : .whole(beginning[...]))
  }

  private mutating func keep(_ bytes: ArraySlice<UInt8>) {
    guard !isTooLong, beginning.count + bytes.count <= limit else {
      isTooLong = true
      beginning.removeAll(keepingCapacity: true)
      return
    }
    beginning += bytes
  }
}
