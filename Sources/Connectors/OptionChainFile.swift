// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Quantities

/// All listed options of one underlying at one time, as a venue published them.
public struct OptionChainSnapshot: Hashable, Sendable {
  public let time: Timestamp
  public let underlying: AssetSymbol
  /// In the order of the file.
  public var rows: [OptionChainRow]

  public init(time: Timestamp, underlying: AssetSymbol, rows: [OptionChainRow] = []) {
    self.time = time
    self.underlying = underlying
    self.rows = rows
  }
}

/// One option of a snapshot; prices are in coin.
public struct OptionChainRow: Hashable, Sendable {
  public let right: OptionRight
  /// Quote units per coin.
  public let strike: Double
  public let expiry: Timestamp
  /// The best bid and ask; nil where nobody quotes.
  public let bid: Double?
  public let ask: Double?
  /// The venue's own valuation, and the volatility behind it: 0.61 is 61 %.
  public let mark: Double
  public let markVolatility: Double
  /// The venue's forward of this expiry, quote units per coin.
  public let forward: Double

  public init(
    right: OptionRight, strike: Double, expiry: Timestamp, bid: Double?, ask: Double?,
    mark: Double, markVolatility: Double, forward: Double
  ) {
    self.right = right
    self.strike = strike
    self.expiry = expiry
    self.bid = bid
    self.ask = ask
    self.mark = mark
    self.markVolatility = markVolatility
    self.forward = forward
  }
}

/// Reads files of recorded option chains.
///
/// One row per option and snapshot, with the columns `ts_ms`, `currency`, `cp` (C or P), `strike`,
/// `expiry_ms`, `bid_price`, `ask_price` (both may be blank), `mark_price`, `mark_iv` and
/// `forward_price`; others are passed over. Rows of one snapshot and currency follow each other,
/// and times do not fall.
public enum OptionChainFile {
  /// What was read, and what was left out.
  public struct Reading: Sendable {
    public internal(set) var snapshots: [OptionChainSnapshot] = []
    public internal(set) var skipped: [RowFault] = []
  }

  /// Reads one file, gzip or plain.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - count: Reading ends after so many snapshots; nil reads all.
  ///   - badRows: What happens with a malformed row.
  ///   - limits: How much is read before the reader refuses.
  /// - Throws: ``ReadError``.
  public static func read(
    path: String, first count: Int? = nil, badRows: BadRowPolicy = .refuse,
    limits: ReadLimits = ReadLimits()
  ) throws(ReadError) -> Reading {
    var table = try CSVTable(path: path, limits: limits)
    let columns = try OptionChainColumns(table)
    var reading = Reading()
    var run = OptionChainRun()
    while try table.next() {
      do {
        if let underlying = try run.enter(table, columns) {
          if let count, reading.snapshots.count == count { break }
          reading.snapshots.append(OptionChainSnapshot(time: run.time, underlying: underlying))
        }
        let row = try columns.row(table, after: run.time)
        try run.note(row, table, columns)
        reading.snapshots[reading.snapshots.count - 1].rows.append(row)
      } catch {
        guard badRows == .skip else { throw .row(error) }
        reading.skipped.append(error)
      }
    }
    return reading
  }
}

/// The snapshot that the rows belong to now.
private struct OptionChainRun {
  private(set) var time = Timestamp(nanoseconds: 0)
  private var currency: String?
  private var lines: [Key: Int] = [:]
  private var known: Set<String> = []

  private struct Key: Hashable {
    let right: OptionRight
    let strike: Double
    let expiry: Timestamp
  }

  /// - Returns: The underlying of the snapshot that the row begins, if it begins one.
  mutating func enter(
    _ table: CSVTable, _ columns: OptionChainColumns
  ) throws(RowFault) -> AssetSymbol? {
    if let fault = table.shapeFault { throw fault }
    let time = Timestamp(milliseconds: try table.milliseconds(columns.time))
    let currency = table.text(columns.currency)
    guard time != self.time || currency != self.currency else { return nil }
    guard time >= self.time else {
      throw table.fault(columns.time, .outOfOrder(previous: self.time.description))
    }
    let underlying: AssetSymbol
    do {
      underlying = try AssetSymbol(currency)
    } catch {
      throw table.fault(columns.currency, .malformedSymbol)
    }
    if time != self.time { known = [] }
    guard known.insert(currency).inserted else {
      throw table.fault(
        columns.currency, .contradiction("expected the rows of a snapshot in one piece"))
    }
    self.time = time
    self.currency = currency
    lines = [:]
    return underlying
  }

  mutating func note(
    _ row: OptionChainRow, _ table: CSVTable, _ columns: OptionChainColumns
  ) throws(RowFault) {
    let key = Key(right: row.right, strike: row.strike, expiry: row.expiry)
    if let line = lines[key] { throw table.fault(columns.strike, .duplicate(firstLine: line)) }
    lines[key] = table.line
  }
}

private struct OptionChainColumns {
  let time: Int
  let currency: Int
  let right: Int
  let strike: Int
  let expiry: Int
  let bid: Int
  let ask: Int
  let mark: Int
  let markVolatility: Int
  let forward: Int

  init(_ table: CSVTable) throws(ReadError) {
    time = try table.column("ts_ms")
    currency = try table.column("currency")
    right = try table.column("cp")
    strike = try table.column("strike")
    expiry = try table.column("expiry_ms")
    bid = try table.column("bid_price")
    ask = try table.column("ask_price")
    mark = try table.column("mark_price")
    markVolatility = try table.column("mark_iv")
    forward = try table.column("forward_price")
  }

  func row(_ table: CSVTable, after time: Timestamp) throws(RowFault) -> OptionChainRow {
    let right: OptionRight
    switch table.text(self.right) {
    case "C": right = .call
    case "P": right = .put
    default: throw table.fault(self.right, .unknownWord(permitted: ["C", "P"]))
    }
    let expiry = Timestamp(milliseconds: try table.milliseconds(self.expiry))
    guard expiry > time else {
      throw table.fault(self.expiry, .contradiction("expected an expiry after the snapshot"))
    }
    return OptionChainRow(
      right: right, strike: try positive(table, strike), expiry: expiry,
      bid: try optional(table, bid), ask: try optional(table, ask),
      mark: try number(table, mark), markVolatility: try number(table, markVolatility),
      forward: try positive(table, forward))
  }

  private func optional(_ table: CSVTable, _ index: Int) throws(RowFault) -> Double? {
    table.fields[index].isEmpty ? nil : try number(table, index)
  }

  private func positive(_ table: CSVTable, _ index: Int) throws(RowFault) -> Double {
    let value = try number(table, index)
    guard value > 0 else { throw table.fault(index, .zero) }
    return value
  }

  /// A number that is not negative; digits finer than 10^-8 are rounded.
  private func number(_ table: CSVTable, _ index: Int) throws(RowFault) -> Double {
    guard !table.fields[index].isEmpty else { throw table.fault(index, .empty) }
    let steps: Int64
    do {
      steps = try DecimalField(table.bytes, table.fields[index]).steps
    } catch {
      throw table.fault(index, error)
    }
    guard steps >= 0 else { throw table.fault(index, .negative) }
    return Double(steps) / 1e8
  }
}
