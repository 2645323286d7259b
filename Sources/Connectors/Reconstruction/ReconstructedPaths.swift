// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import NumericalMethods
import Quantities

/// The minute paths of one underlying, made from its figures.
///
/// The common level is a Brownian bridge in the logarithm through the common figures; each
/// venue is the common level times its basis, which reverts to the usual one between the
/// venue's own figures. Every figure is met exactly; a low is never undercut.
struct ReconstructedPaths {
  let base: AssetSymbol
  let tables: FigureTables

  /// One path per venue of the underlying, by source.
  func candles() throws(ReadError) -> [(venue: ReconstructedVenue, candles: [Candle])] {
    let deviations = try deviations()
    let common = try commonPath(deviations)
    let lowest = tables.figures.filter { $0.base == base }.map(\.price).min() ?? .zero
    return tables.venues.filter { $0.base == base }.sorted { $0.source < $1.source }
      .map { venue in
        let logarithms =
          venue.source == tables.manifest.commonVenue
          ? common : path(of: venue, over: common, deviations)
        let closes = closes(of: venue, logarithms, gridOf: lowest)
        return (venue, candles(of: venue, closes))
      }
  }

  private var window: Range<Timestamp> { tables.manifest.window }

  private func figures(of source: SourceID) -> [PriceFigure] {
    tables.figures.filter { $0.base == base && $0.venue == source }
      .sorted { $0.time < $1.time }
  }

  private func minute(of time: Timestamp) -> Int {
    Connectors.minute(of: time, after: window.lowerBound)
  }

  /// The logarithm of the common level at the end of each minute.
  private func commonPath(_ deviations: [Double]) throws(ReadError) -> [Double] {
    let figures = figures(of: tables.manifest.commonVenue)
    guard let first = figures.first, let last = figures.last,
      first.time == window.lowerBound, last.time == window.upperBound - .minute
    else {
      let path = "\(tables.folder)/figures-\(base).csv"
      throw .row(
        RowFault(
          place: FilePlace(path: path, line: 0), field: "time_utc",
          value: figures.first.map { "\($0.time)" } ?? "",
          reason: .contradiction(
            "expected figures of \(tables.manifest.commonVenue) for the first and the last "
              + "minute of the window, \(description(of: window))")))
    }
    let points = figures.map {
      GaussianBridge.Point(minute: minute(of: $0.time), value: Elementary.log($0.price.value))
    }
    var random = SplitMix64(parts: tables.manifest.seed, base.packed)
    let bridge = GaussianBridge(persistence: 1, variances: deviations.map { $0 * $0 })
    return bridge.path(through: points, from: points[0].value, &random)
  }

  /// The logarithm of a venue's price at the end of each minute.
  private func path(
    of venue: ReconstructedVenue, over common: [Double], _ deviations: [Double]
  ) -> [Double] {
    let points = figures(of: venue.source).map { figure in
      let minute = minute(of: figure.time)
      let basis = Elementary.log(figure.price.value) - common[minute]
      return GaussianBridge.Point(minute: minute, value: basis - venue.usualBasis)
    }
    let manifest = tables.manifest
    var random = SplitMix64(
      parts: manifest.seed, base.packed, venue.source.symbol.packed)
    let bridge = GaussianBridge(
      persistence: Elementary.exp(-1 / manifest.basisReversionMinutes),
      variances: deviations.map { ($0 * manifest.basisShare) * ($0 * manifest.basisShare) })
    let unusual = bridge.path(through: points, from: 0, &random)
    return zip(common, unusual).map { $0 + venue.usualBasis + $1 }
  }

  /// Each minute's deviation of the common level: the volatility figures, joined by straight
  /// lines.
  private func deviations() throws(ReadError) -> [Double] {
    let figures = tables.volatility.filter { $0.base == base }
    guard let first = figures.first else {
      throw .row(
        RowFault(
          place: FilePlace(path: tables.folder + "/volatility.csv", line: 0), field: "base",
          value: base.description,
          reason: .contradiction("expected at least one row of \(base)")))
    }
    var deviations: [Double] = []
    var before = first
    var next = 0
    for minute in 0..<minuteCount(window) {
      while next < figures.count, self.minute(of: figures[next].time) <= minute {
        before = figures[next]
        next += 1
      }
      var deviation = before.perMinute
      if next < figures.count, next > 0 {
        let start = self.minute(of: before.time)
        let length = Double(self.minute(of: figures[next].time) - start)
        let done = Double(minute - start) / length
        deviation += (figures[next].perMinute - before.perMinute) * done
      }
      deviations.append(deviation)
    }
    return deviations
  }

  /// The price at the end of each minute: on the grid, inside the bounds, exact at figures.
  private func closes(
    of venue: ReconstructedVenue, _ logarithms: [Double], gridOf reference: Price
  ) -> [Price] {
    let range = PathRange(bounds(of: venue.source), gridOf: reference)
    var closes = logarithms.map { range.price(ofLogarithm: $0) }
    for figure in figures(of: venue.source) { closes[minute(of: figure.time)] = figure.price }
    for stall in stalls(of: venue) {
      let figureMinutes = figures(of: venue.source).map(\.time)
      for minute in minute(of: stall.lowerBound)...minute(of: stall.upperBound) {
        let start = window.lowerBound + TimeSpan(seconds: Int64(minute) * 60)
        if !figureMinutes.contains(start) { closes[minute] = closes[minute - 1] }
      }
    }
    return closes
  }

  /// From the venue's low, else the common one, to the venue's high, else the common one.
  private func bounds(of source: SourceID) -> ClosedRange<Price> {
    let own = figures(of: source)
    let common = figures(of: tables.manifest.commonVenue)
    let low = own.first { $0.kind == .low } ?? common.first { $0.kind == .low }
    let high = own.first { $0.kind == .high } ?? common.first { $0.kind == .high }
    // A venue's own figures count even where they lie beyond a common bound.
    var lowest = low?.price ?? Price(steps: 1)
    var highest = high?.price ?? Price(steps: Price.limit)
    for figure in own {
      lowest = min(lowest, figure.price)
      highest = max(highest, figure.price)
    }
    return lowest...highest
  }

  private func stalls(of venue: ReconstructedVenue) -> [ClosedRange<Timestamp>] {
    tables.stalls.filter { $0.base == base && $0.source == venue.source }.map(\.minutes)
  }

  private func candles(of venue: ReconstructedVenue, _ closes: [Price]) -> [Candle] {
    let stalls = stalls(of: venue)
    let figureMinutes = figures(of: venue.source).map(\.time)
    var open = closes[0]
    return closes.enumerated().map { minute, close in
      let start = window.lowerBound + TimeSpan(seconds: Int64(minute) * 60)
      let isStalled = stalls.contains { $0.contains(start) }
      defer { open = close }
      return Candle(
        start: start, open: open, high: max(open, close), low: min(open, close), close: close,
        hasTrades: !isStalled || figureMinutes.contains(start))
    }
  }
}
