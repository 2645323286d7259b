// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Quantities

/// Reads the candles of one file inside a window and checks each of them.
struct CandleFile {
  let path: String
  let step: TimeSpan
  /// Candles that start in this range are taken.
  let range: Range<Timestamp>
  let badRows: BadRowPolicy
  let limits: ReadLimits

  /// The candles of one venue, or of one column of values.
  struct Track {
    /// The word of the `venue` column, or the name of the column of values; else empty.
    let name: String
    var candles: [Candle] = []
    /// The time of the last row, in or outside the range, in milliseconds.
    fileprivate var lastMilliseconds: Int64?
  }

  /// What was read, and what was left out.
  struct Reading {
    var tracks: [Track] = []
    var skipped: [RowFault] = []
    var roundedPrices = 0
  }

  /// Reads a file of candles.
  /// - Parameters:
  ///   - permitted: The columns a user's file may have; `nil` for any.
  ///   - openRule: What `open` means, for the word of the `venue` column or `""`.
  func readCandles(
    permitted: [String]? = nil, openRule: (String) -> VenueSource.OpenRule
  ) throws(ReadError) -> Reading {
    var table = try CSVTable(path: path, limits: limits)
    if let permitted { try table.permit(permitted) }
    let columns = try CandleColumns(table)
    var reading = Reading()
    if columns.venue == nil { reading.tracks = [Track(name: "")] }
    while try table.next() {
      do {
        let isBeyond = try take(table, columns, openRule, into: &reading)
        if isBeyond { break }
      } catch {
        try skip(error, in: &reading)
      }
    }
    return reading
  }

  /// Reads columns of single values; a value that is missing was not published.
  func readValues(columns names: [String]) throws(ReadError) -> Reading {
    var table = try CSVTable(path: path, limits: limits)
    let time = try table.column("ts_ms")
    var columns: [Int] = []
    for name in names { columns.append(try table.column(name)) }
    var reading = Reading()
    reading.tracks = names.map { Track(name: $0) }
    while try table.next() {
      do {
        let isBeyond = try takeValues(table, time: time, columns, into: &reading)
        if isBeyond { break }
      } catch {
        try skip(error, in: &reading)
      }
    }
    return reading
  }

  private func skip(_ fault: RowFault, in reading: inout Reading) throws(ReadError) {
    guard badRows == .skip else { throw .row(fault) }
    reading.skipped.append(fault)
  }

  /// - Returns: Whether the row lies beyond the range, so that the rest need not be read.
  private func take(
    _ table: CSVTable, _ columns: CandleColumns, _ openRule: (String) -> VenueSource.OpenRule,
    into reading: inout Reading
  ) throws(RowFault) -> Bool {
    if let fault = table.shapeFault { throw fault }
    let name = columns.venue.map { table.text($0) } ?? ""
    let track = trackIndex(name, in: &reading)
    let start = try time(table, columns.time, &reading.tracks[track])
    guard start < range.upperBound else { return true }
    guard start >= range.lowerBound else { return false }
    let open = try table.price(columns.open)
    let high = try table.price(columns.high)
    let low = try table.price(columns.low)
    let close = try table.price(columns.close)
    guard high.price >= low.price else {
      throw table.fault(columns.high, .lowAboveHigh(low: low.price.description))
    }
    let inside = low.price...high.price
    guard inside.contains(close.price) else {
      throw table.fault(columns.close, outside(inside))
    }
    guard inside.contains(open.price) || openRule(name) == .previousClose else {
      throw table.fault(columns.open, outside(inside))
    }
    var hasTrades = true
    for column in columns.quantities {
      // Every column is checked, whatever the first one says.
      let isPositive = try table.isPositive(column)
      hasTrades = hasTrades && isPositive
    }
    reading.roundedPrices +=
      (open.isRounded ? 1 : 0) + (high.isRounded ? 1 : 0) + (low.isRounded ? 1 : 0)
      + (close.isRounded ? 1 : 0)
    reading.tracks[track].candles.append(
      Candle(
        start: start, open: open.price, high: high.price, low: low.price, close: close.price,
        hasTrades: hasTrades))
    return false
  }

  private func outside(_ candle: ClosedRange<Price>) -> RowFault.Reason {
    .outsideCandle(low: "\(candle.lowerBound)", high: "\(candle.upperBound)")
  }

  private func takeValues(
    _ table: CSVTable, time: Int, _ columns: [Int], into reading: inout Reading
  ) throws(RowFault) -> Bool {
    if let fault = table.shapeFault { throw fault }
    let start = try self.time(table, time, &reading.tracks[0])
    guard start < range.upperBound else { return true }
    guard start >= range.lowerBound else { return false }
    for (track, column) in columns.enumerated() where !table.fields[column].isEmpty {
      let value = try table.price(column)
      if value.isRounded { reading.roundedPrices += 1 }
      reading.tracks[track].candles.append(
        Candle(
          start: start, open: value.price, high: value.price, low: value.price,
          close: value.price, hasTrades: true))
    }
    return false
  }

  private func trackIndex(_ name: String, in reading: inout Reading) -> Int {
    if let index = reading.tracks.firstIndex(where: { $0.name == name }) { return index }
    reading.tracks.append(Track(name: name))
    return reading.tracks.count - 1
  }

  /// The row's time, on the grid and after the row before of the same track.
  private func time(
    _ table: CSVTable, _ column: Int, _ track: inout Track
  ) throws(RowFault) -> Timestamp {
    let milliseconds = try table.milliseconds(column)
    let start = Timestamp(milliseconds: milliseconds)
    guard start.nanoseconds % step.nanoseconds == 0 else {
      throw table.fault(column, .offGrid(stepSeconds: step.nanoseconds / 1_000_000_000))
    }
    if let last = track.lastMilliseconds, milliseconds <= last {
      throw table.fault(
        column, milliseconds == last ? .duplicateTime : .outOfOrder(previous: String(last)))
    }
    track.lastMilliseconds = milliseconds
    return start
  }
}

/// Where a candle's fields stand in a row.
private struct CandleColumns {
  let time: Int
  let open: Int
  let high: Int
  let low: Int
  let close: Int
  /// Volume and number of trades, as far as there are any.
  let quantities: [Int]
  let venue: Int?

  init(_ table: CSVTable) throws(ReadError) {
    time = try table.column("ts_ms")
    open = try table.column("open")
    high = try table.column("high")
    low = try table.column("low")
    close = try table.column("close")
    quantities = ["volume", "volume_contracts", "trades"]
      .compactMap(table.columns.firstIndex(of:))
    venue = table.columns.firstIndex(of: "venue")
  }
}
