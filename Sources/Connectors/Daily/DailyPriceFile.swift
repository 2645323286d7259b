// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import MarketData
public import Quantities

/// Reads a file of daily prices: the recorded collection's `prices_1d`, or a user's own.
///
/// One row a day, oldest first. The time stands in `ts_ms` (Unix milliseconds) or in `date`,
/// `time` or `timestamp` (`2020-03-12` or `2020-03-12T00:00Z`); the day is that of UTC. Prices
/// stand in `open`, `high`, `low` and `close`, else in `close` or `price` alone. Capitals in names
/// do not matter; other columns are passed over.
public enum DailyPriceFile {
  /// What was read, and what a reader of the result should know about it.
  public struct Reading: Sendable {
    /// One a day, each beginning at midnight UTC, in order; every day counts as traded.
    public internal(set) var candles: [Candle] = []
    /// Whether high and low are the day's; without them all four prices of a candle are its close.
    public let hasRanges: Bool
    /// The days without a row between the first and the last: a return over them spans them all.
    public internal(set) var gaps: [Range<Timestamp>] = []
    /// Prices with digits finer than 10^−8, which were rounded.
    public internal(set) var roundedPrices = 0

    /// The number of days without a row.
    public var missingDays: Int {
      gaps.reduce(0) { $0 + Int(($1.upperBound - $1.lowerBound).nanoseconds / dayLength) }
    }
  }

  /// The nanoseconds of a day.
  public static let dayLength: Int64 = 86_400_000_000_000

  /// Reads one file, gzip or plain.
  ///
  /// - Throws: ``ReadError``; a repeated day, a time that lies before the one above it and a price
  ///   that is not above zero are refused with their line.
  public static func read(
    path: String, limits: ReadLimits = ReadLimits()
  ) throws(ReadError) -> Reading {
    var table = try CSVTable(path: path, limits: limits)
    let columns = try DailyColumns(table)
    var reading = Reading(hasRanges: columns.hasRanges)
    while try table.next() {
      do {
        try take(table, columns, into: &reading)
      } catch {
        throw .row(error)
      }
    }
    guard !reading.candles.isEmpty else {
      throw .unreadable(
        path: path, why: "there is no row below the header; expected one row a day")
    }
    return reading
  }

  private static func take(
    _ table: CSVTable, _ columns: DailyColumns, into reading: inout Reading
  ) throws(RowFault) {
    if let fault = table.shapeFault { throw fault }
    let day = try columns.day(table)
    if let last = reading.candles.last?.start {
      guard day != last else {
        throw table.fault(
          columns.time,
          .contradiction("expected one row a day (UTC); a row above is of the same day"))
      }
      guard day > last else {
        throw table.fault(columns.time, .outOfOrder(previous: last.description))
      }
      let next = last + TimeSpan(nanoseconds: dayLength)
      if next < day { reading.gaps.append(next..<day) }
    }
    reading.candles.append(try columns.candle(table, day: day, rounded: &reading.roundedPrices))
  }
}

/// Where the fields of a day stand in a row.
private struct DailyColumns {
  let time: Int
  /// Whether the time is text rather than milliseconds.
  let isTimeText: Bool
  let open: Int
  let high: Int
  let low: Int
  let close: Int

  var hasRanges: Bool { open != close }

  init(_ table: CSVTable) throws(ReadError) {
    let names = table.columns.map { $0.lowercased() }
    for (index, name) in names.enumerated() where names[..<index].contains(name) {
      throw .repeatedColumn(path: table.path, column: table.columns[index])
    }
    func index(_ name: String) -> Int? { names.firstIndex(of: name) }
    func missing(_ name: String) -> ReadError {
      .missingColumn(path: table.path, column: name, found: table.columns)
    }
    let texts = ["date", "time", "timestamp"].compactMap(index)
    guard let time = index("ts_ms") ?? texts.first else { throw missing("ts_ms") }
    self.time = time
    isTimeText = index("ts_ms") == nil
    guard let close = index("close") ?? index("price") else { throw missing("close") }
    self.close = close
    let others = ["open", "high", "low"].map { ($0, index($0)) }
    // Some of the three would be a day whose range is guessed.
    let found = others.compactMap(\.1)
    if found.isEmpty {
      (open, high, low) = (close, close, close)
    } else if let absent = others.first(where: { $0.1 == nil }) {
      throw missing(absent.0)
    } else {
      (open, high, low) = (found[0], found[1], found[2])
    }
  }

  /// The midnight before the row's time.
  func day(_ table: CSVTable) throws(RowFault) -> Timestamp {
    let instant: Timestamp
    if isTimeText {
      do { instant = try Timestamp(iso8601: table.text(time)) } catch {
        throw table.fault(time, .malformedTime)
      }
      guard Timestamp.permitted.contains(instant) else { throw table.fault(time, .malformedTime) }
    } else {
      instant = Timestamp(milliseconds: try table.milliseconds(time))
    }
    return CivilDate.split(instant).date.midnight
  }

  func candle(
    _ table: CSVTable, day: Timestamp, rounded: inout Int
  ) throws(RowFault) -> Candle {
    let last = try table.price(close)
    guard hasRanges else {
      if last.isRounded { rounded += 1 }
      return Candle(
        start: day, open: last.price, high: last.price, low: last.price, close: last.price,
        hasTrades: true)
    }
    let first = try table.price(open)
    let highest = try table.price(high)
    let lowest = try table.price(low)
    guard highest.price >= lowest.price else {
      throw table.fault(high, .lowAboveHigh(low: lowest.price.description))
    }
    let inside = lowest.price...highest.price
    for (column, price) in [(open, first.price), (close, last.price)]
    where !inside.contains(price) {
      throw table.fault(
        column, .outsideCandle(low: "\(inside.lowerBound)", high: "\(inside.upperBound)"))
    }
    rounded += [first, highest, lowest, last].count(where: \.isRounded)
    return Candle(
      start: day, open: first.price, high: highest.price, low: lowest.price, close: last.price,
      hasTrades: true)
  }
}
