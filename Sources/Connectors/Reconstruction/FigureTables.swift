// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Quantities

/// The tables of a reconstruction's folder, each row checked.
struct FigureTables {
  let folder: String
  let manifest: ReconstructionManifest
  private(set) var venues: [ReconstructedVenue] = []
  private(set) var figures: [PriceFigure] = []
  private(set) var stalls: [Stall] = []
  private(set) var volatility: [VolatilityFigure] = []

  private let limits: ReadLimits

  init(folder: String, limits: ReadLimits) throws(ReadError) {
    self.folder = folder
    self.limits = limits
    guard exists(folder) else { throw .missing(path: folder) }
    manifest = try ReconstructionManifest(
      path: folder + "/reconstruction.json", limits: limits)
    try readVenues()
    try readStalls()
    try readVolatility()
    for name in try fileNames(inFolder: folder, limits: limits) {
      guard name.hasPrefix("figures-"), name.hasSuffix(".csv") else { continue }
      let text = String(name.dropFirst("figures-".count).dropLast(".csv".count))
      guard let base = try? AssetSymbol(text) else {
        throw .malformedName(
          path: folder + "/" + name, rule: "expected figures-BASE.csv such as figures-BTC.csv")
      }
      try readFigures(name, base: base)
    }
  }

  /// Calls `take` for every row; a fault stops the read, for a missing figure changes a path.
  private func readRows(
    _ name: String, _ columns: [String],
    _ take: (CSVTable, [Int]) throws(RowFault) -> Void
  ) throws(ReadError) {
    var table = try CSVTable(path: folder + "/" + name, limits: limits)
    try table.permit(columns)
    var indices: [Int] = []
    for column in columns { indices.append(try table.column(column)) }
    while try table.next() {
      do throws(RowFault) {
        if let fault = table.shapeFault { throw fault }
        try take(table, indices)
      } catch {
        throw .row(error)
      }
    }
  }

  private mutating func readVenues() throws(ReadError) {
    var venues: [ReconstructedVenue] = []
    let columns = ["base", "venue", "role", "usual_basis", "what", "source"]
    try readRows("venues.csv", columns) { (table, at) throws(RowFault) in
      let base = try table.symbol(at[0])
      let source = SourceID(try table.symbol(at[1]))
      if let first = venues.first(where: { $0.base == base && $0.source == source }) {
        throw table.fault(at[1], .duplicate(firstLine: first.place.line))
      }
      let role: SeriesRole =
        try table.word(at[2], of: ["votes", "reference"]) == "votes" ? .votes : .reference
      let basis = try table.rate(at[3])
      venues.append(
        ReconstructedVenue(
          base: base, source: source, role: role, usualBasis: basis, place: table.place))
    }
    self.venues = venues
  }

  private func names(of base: AssetSymbol) -> [String] {
    venues.filter { $0.base == base }.map(\.source.description)
  }

  private mutating func readFigures(_ name: String, base: AssetSymbol) throws(ReadError) {
    let columns = ["time_utc", "venue", "kind", "price", "what", "source"]
    var figures = figures
    try readRows(name, columns) { (table, at) throws(RowFault) in
      let time = try table.minute(at[0], in: manifest.window)
      let source = SourceID(try table.symbol(at[1]))
      guard venues.contains(where: { $0.base == base && $0.source == source }) else {
        throw table.fault(at[1], .unknownWord(permitted: names(of: base)))
      }
      let twin = figures.first { $0.base == base && $0.venue == source && $0.time == time }
      if let twin { throw table.fault(at[0], .duplicate(firstLine: twin.place.line)) }
      let word = try table.word(at[2], of: PriceFigure.Kind.allCases.map(\.rawValue))
      guard let kind = PriceFigure.Kind(rawValue: word) else {
        throw table.fault(at[2], .unknownWord(permitted: []))
      }
      let price = try table.price(at[3])
      guard !price.isRounded else { throw table.fault(at[3], .tooFine(decimals: 8)) }
      figures.append(
        PriceFigure(
          time: time, base: base, venue: source, kind: kind, price: price.price,
          what: try table.sentence(at[4]), citation: try table.sentence(at[5]),
          place: table.place))
    }
    self.figures = figures
    try checkBounds(base)
  }

  /// A low that another figure of its venue undercuts is a contradiction, and so for highs.
  private func checkBounds(_ base: AssetSymbol) throws(ReadError) {
    for bound in figures where bound.base == base && bound.kind != .level {
      for figure in figures where figure.base == base && figure.venue == bound.venue {
        let isBeyond =
          bound.kind == .low ? figure.price < bound.price : figure.price > bound.price
        guard isBeyond else { continue }
        throw .row(
          RowFault(
            place: figure.place, field: "price", value: figure.price.description,
            reason: .contradiction(
              "expected a price not beyond the \(bound.kind.rawValue) of line "
                + "\(bound.place.line), \(bound.price)")))
      }
    }
  }

  private mutating func readStalls() throws(ReadError) {
    var stalls: [Stall] = []
    let columns = [
      "base", "venue", "first_minute_utc", "last_minute_utc", "what", "source",
    ]
    try readRows("stalls.csv", columns) { (table, at) throws(RowFault) in
      let first = try table.minute(at[2], in: manifest.window)
      let last = try table.minute(at[3], in: manifest.window)
      guard first <= last else {
        throw table.fault(at[3], .contradiction("expected a minute not before \(first)"))
      }
      guard first > manifest.window.lowerBound else {
        throw table.fault(at[2], .contradiction("expected a minute after the window's first"))
      }
      let base = try table.symbol(at[0])
      let source = SourceID(try table.symbol(at[1]))
      guard venues.contains(where: { $0.base == base && $0.source == source }) else {
        throw table.fault(at[1], .unknownWord(permitted: names(of: base)))
      }
      stalls.append(Stall(base: base, source: source, minutes: first...last))
    }
    self.stalls = stalls
  }

  private mutating func readVolatility() throws(ReadError) {
    var rows: [VolatilityFigure] = []
    let columns = ["base", "time_utc", "minute_volatility", "what", "source"]
    try readRows("volatility.csv", columns) { (table, at) throws(RowFault) in
      let base = try table.symbol(at[0])
      let time = try table.minute(at[1], in: manifest.window)
      if let last = rows.last(where: { $0.base == base }), last.time >= time {
        throw table.fault(at[1], .outOfOrder(previous: last.time.description))
      }
      let value = try table.rate(at[2])
      guard value > 0 else { throw table.fault(at[2], value < 0 ? .negative : .zero) }
      guard value <= 0.1 else { throw table.fault(at[2], .tooLarge(limit: "0.1")) }
      rows.append(VolatilityFigure(base: base, time: time, perMinute: value))
    }
    volatility = rows
  }
}

extension CSVTable {
  func symbol(_ index: Int) throws(RowFault) -> AssetSymbol {
    do {
      return try AssetSymbol(text(index))
    } catch {
      throw fault(index, .malformedSymbol)
    }
  }

  /// One of the permitted words.
  func word(_ index: Int, of permitted: [String]) throws(RowFault) -> String {
    let word = text(index)
    guard permitted.contains(word) else {
      throw fault(index, .unknownWord(permitted: permitted))
    }
    return word
  }

  func sentence(_ index: Int) throws(RowFault) -> String {
    let sentence = text(index)
    guard !sentence.isEmpty else { throw fault(index, .empty) }
    return sentence
  }

  /// A fraction of at most one in size, with at most nine decimals.
  func rate(_ index: Int) throws(RowFault) -> Double {
    let rate: Rate
    do {
      rate = try Rate(text(index))
    } catch .tooFine {
      throw fault(index, .tooFine(decimals: 9))
    } catch {
      throw fault(index, .malformedNumber)
    }
    guard rate.value.magnitude <= 1 else { throw fault(index, .tooLarge(limit: "1")) }
    return rate.value
  }

  /// A time in the window, on a whole minute.
  func minute(_ index: Int, in window: Range<Timestamp>) throws(RowFault) -> Timestamp {
    let time: Timestamp
    do {
      time = try Timestamp(iso8601: text(index))
    } catch {
      throw fault(index, .malformedTime)
    }
    guard time.nanoseconds % TimeSpan.minute.nanoseconds == 0 else {
      throw fault(index, .offGrid(stepSeconds: 60))
    }
    guard window.contains(time) else {
      throw fault(
        index, .contradiction("expected a time of the window \(description(of: window))"))
    }
    return time
  }
}
