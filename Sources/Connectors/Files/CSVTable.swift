// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// The rows of a comma-separated file with a header, read in place.
///
/// Fields are separated by commas; a field may stand in quotation marks, doubled inside. Lines
/// end with LF or CR LF; blank lines are passed over. A row's fields are ranges of bytes, so
/// that reading a number costs no memory.
struct CSVTable {
  let path: String
  let bytes: [UInt8]
  /// The names of the header, in order.
  private(set) var columns: [String] = []
  /// The line of the current row, from 1.
  private(set) var line = 0
  /// The bytes of each field of the current row.
  private(set) var fields: [Range<Int>] = []
  /// Whether a quoted field of the current row does not end.
  private(set) var hasOpenQuote = false

  private let limits: ReadLimits
  private var position = 0
  private var rowCount = 0

  /// Reads the header.
  init(path: String, bytes: [UInt8], limits: ReadLimits) throws(ReadError) {
    self.path = path
    self.bytes = bytes
    self.limits = limits
    // A byte-order mark is no part of the first column's name.
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { position = 3 }
    guard try advance() else {
      throw .unreadable(path: path, why: "it is empty; expected a header line")
    }
    columns = fields.indices.map { text($0) }
    for (index, column) in columns.enumerated() where columns[..<index].contains(column) {
      throw .repeatedColumn(path: path, column: column)
    }
  }

  init(path: String, limits: ReadLimits) throws(ReadError) {
    try self.init(
      path: path, bytes: Connectors.bytes(ofFile: path, limits: limits), limits: limits)
  }

  var place: FilePlace { FilePlace(path: path, line: line) }

  /// The position of a column that must be there.
  func column(_ name: String) throws(ReadError) -> Int {
    guard let index = columns.firstIndex(of: name) else {
      throw .missingColumn(path: path, column: name, found: columns)
    }
    return index
  }

  /// Refuses columns outside `permitted`.
  func permit(_ permitted: [String]) throws(ReadError) {
    if let stranger = columns.first(where: { !permitted.contains($0) }) {
      throw .unknownColumn(path: path, column: stranger, permitted: permitted)
    }
  }

  /// Moves to the next row.
  /// - Returns: `false` at the end of the file.
  mutating func next() throws(ReadError) -> Bool {
    guard try advance() else { return false }
    rowCount += 1
    guard rowCount <= limits.rows else {
      throw .limitExceeded(place: place, what: "the number of rows", limit: limits.rows)
    }
    return true
  }

  /// Why the current row cannot be taken apart as the header says, if so.
  var shapeFault: RowFault? {
    if hasOpenQuote {
      return RowFault(
        place: place, field: columns[min(fields.count, columns.count) - 1],
        value: fields.indices.last.map { text($0) } ?? "", reason: .openQuote)
    }
    guard fields.count != columns.count else { return nil }
    let whole = (fields.first?.lowerBound ?? 0)..<(fields.last?.upperBound ?? 0)
    return RowFault(
      place: place, field: "row", value: String(decoding: bytes[whole], as: UTF8.self),
      reason: .fieldCount(expected: columns.count, found: fields.count))
  }

  /// The text of a field, without quotation marks.
  func text(_ index: Int) -> String {
    let field = bytes[fields[index]]
    guard field.first == UInt8(ascii: "\""), field.count >= 2 else {
      return String(decoding: field, as: UTF8.self)
    }
    var content: [UInt8] = []
    var wasQuote = false
    for byte in field.dropFirst().dropLast() {
      let isQuote = byte == UInt8(ascii: "\"")
      if !(isQuote && wasQuote) { content.append(byte) }
      wasQuote = isQuote && !wasQuote
    }
    return String(decoding: content, as: UTF8.self)
  }

  /// A fault of one field of the current row.
  func fault(_ index: Int, _ reason: RowFault.Reason) -> RowFault {
    RowFault(place: place, field: columns[index], value: text(index), reason: reason)
  }

  private mutating func advance() throws(ReadError) -> Bool {
    while position < bytes.count {
      line += 1
      let start = position
      splitLine()
      guard position - start <= limits.lineBytes else {
        throw .limitExceeded(
          place: place, what: "the length of the line in bytes", limit: limits.lineBytes)
      }
      let isBlank = fields.count == 1 && fields[0].isEmpty
      if !isBlank { return true }
    }
    return false
  }

  private mutating func splitLine() {
    fields.removeAll(keepingCapacity: true)
    hasOpenQuote = false
    var fieldStart = position
    var index = position
    let end = bytes.count
    while index < end {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\n") { break }
      if byte == UInt8(ascii: ",") {
        fields.append(fieldStart..<index)
        fieldStart = index + 1
      } else if byte == UInt8(ascii: "\""), index == fieldStart {
        index = endOfQuotedField(from: index)
        continue
      }
      index += 1
    }
    let hasReturn = index > fieldStart && bytes[index - 1] == UInt8(ascii: "\r")
    fields.append(fieldStart..<(hasReturn ? index - 1 : index))
    position = index + 1
  }

  /// The index after the closing quotation mark, or of the line's end if there is none.
  private mutating func endOfQuotedField(from quote: Int) -> Int {
    var index = quote + 1
    while index < bytes.count, bytes[index] != UInt8(ascii: "\n") {
      if bytes[index] == UInt8(ascii: "\"") {
        let isDoubled = index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "\"")
        guard isDoubled else { return index + 1 }
        index += 1
      }
      index += 1
    }
    hasOpenQuote = true
    return index
  }
}
