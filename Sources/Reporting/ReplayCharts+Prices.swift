// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Quantities
import Simulation

extension ReplayCharts {
  /// One chart per underlying: every source, the accepted median, the perpetual's mark, rejected
  /// samples and the times without a quorum.
  var prices: [Chart] { runs.underlyings.map(priceChart) }

  private func priceChart(_ underlying: AssetSymbol) -> Chart {
    let markets = runs.results.map { result in
      result.points.map { point in point.markets.first { $0.underlying == underlying } }
    }
    var lines = sourceLines(markets[0])
    lines += indexLines(markets)
    let range = visibleRange(lines)
    let marks = rejectionMarks(underlying, within: range)
    let figure = MarketFigure(underlying, in: runs.first.points)
    let name = "\(underlying)/\(runs.first.quote)"
    let shown = Price(steps: range.upperBound).shownDecimals
    return Chart(
      id: "price-\(underlying.description.lowercased().replacing(".", with: "-"))",
      title: "\(name): sources and accepted median",
      caption: caption(marks), summary: figure.map(Self.summary) ?? "No price was accepted.",
      kind: .lines(
        LineChart(
          unit: ChartUnit(kind: .price(shown: shown)), axes: axes, lines: lines,
          marks: marks.shown, marksName: "rejected sample",
          bands: reduceOnlyTimes(markets[0]), bandsName: "reduce-only: no quorum",
          range: range)),
      isWide: true)
  }

  private static func summary(_ figure: MarketFigure) -> String {
    "\(figure.underlying): first \(figure.first.readable), lowest \(figure.lowest.readable) at "
      + "\(figure.lowestAt.readable) UTC, last \(figure.last.readable)."
  }

  /// What the picture shows: every price, unless it is far from all that was acted on.
  private func visibleRange(_ lines: [ChartLine]) -> ClosedRange<Int64> {
    let acted = lines.filter { $0.weight == .thick || $0.color == "--soft" }
      .flatMap { $0.values.compactMap(\.self) }
    let all = lines.flatMap { $0.values.compactMap(\.self) }
    guard let lowest = all.min(), let highest = all.max(), let bottom = acted.min(),
      let top = acted.max()
    else { return 0...Price.stepsPerOne }
    return max(lowest, bottom - bottom / 4)...min(highest, top + top / 4)
  }

  private func sourceLines(_ markets: [MarketPoint?]) -> [ChartLine] {
    let votes = Set(markets.flatMap { $0?.sources.filter(\.votes).map(\.source) ?? [] })
    let sources = Set(markets.flatMap { $0?.sources.map(\.source) ?? [] }).sorted()
    return sources.enumerated().map { position, source in
      let values = markets.map { market in
        market?.sources.first { $0.source == source }.flatMap { point in
          (1...Price.limit).contains(point.price.steps) ? point.price.steps : nil
        }
      }
      let isVoting = votes.contains(source)
      return ChartLine(
        name: isVoting ? "\(source)" : "\(source) (no vote)", color: "--c\(position % 10)",
        weight: isVoting ? .thin : .dashed, axis: 0, values: thinnings[0].thin(values))
    }
  }

  /// The medians of all runs that differ from the first one's, and the perpetual's mark.
  private func indexLines(_ markets: [[MarketPoint?]]) -> [ChartLine] {
    let perpetuals = markets[0].map { $0?.perpetual.steps }
    let perpetual = ChartLine(
      name: "perpetual mark", color: "--soft", axis: 0, values: thinnings[0].thin(perpetuals))
    var lines = [perpetual]
    let accepted = markets.map { $0.map { $0?.index?.steps } }
    for run in accepted.indices where run > 0 && accepted[run] != accepted[0] {
      lines.append(
        ChartLine(
          name: "accepted median, \(runs.names[run])", color: "--c5", weight: .dashed, axis: run,
          values: thinnings[run].thin(accepted[run])))
    }
    let median = ChartLine(
      name: "accepted median", color: "--ink", weight: .thick, axis: 0,
      values: thinnings[0].thin(accepted[0]))
    return lines + [median]
  }

  /// Neighboring blocks without a quorum, joined.
  private func reduceOnlyTimes(_ markets: [MarketPoint?]) -> [ClosedRange<Timestamp>] {
    let points = runs.first.points
    var bands: [ClosedRange<Timestamp>] = []
    var start: Timestamp?
    for (point, market) in zip(points, markets) {
      if market?.status == .reduceOnly {
        start = start ?? point.time
      } else if let begun = start {
        bands.append(begun...point.time)
        start = nil
      }
    }
    if let start, let last = points.last { bands.append(start...last.time) }
    return bands
  }
}

// MARK: Rejected samples

extension ReplayCharts {
  private struct Marks {
    var shown: [ChartMark] = []
    /// Rejections the marks stand for.
    var counted = 0
    /// Rejections that have no place in the picture.
    var elsewhere = 0
  }

  /// The most crosses in one chart.
  private static let mostMarks = 1_500

  /// One cross for each run of rejections of the same source for the same reason in
  /// neighboring blocks.
  private func rejectionMarks(_ underlying: AssetSymbol, within range: ClosedRange<Int64>) -> Marks
  {
    var runsOfRejections: [RejectionRun] = []
    var latest: [RejectionRun.Key: Int] = [:]
    var marks = Marks()
    let pause = blockLength
    let rejections = runs.first.rejections.filter {
      $0.rejected.sample.feed.base == underlying
    }
    for rejection in rejections {
      guard let price = rejection.rejected.sample.priceSteps, range.contains(price) else {
        marks.elsewhere += 1
        continue
      }
      let key = RejectionRun.Key(
        source: rejection.rejected.sample.source, reason: rejection.rejected.reason)
      if let position = latest[key],
        runsOfRejections[position].continues(to: rejection.time, pause: pause)
      {
        runsOfRejections[position].last = rejection.time
        runsOfRejections[position].count += 1
      } else {
        latest[key] = runsOfRejections.count
        runsOfRejections.append(RejectionRun(key: key, first: rejection.time, price: price))
      }
    }
    let drawn = runsOfRejections.prefix(Self.mostMarks)
    marks.shown = drawn.map(\.mark)
    marks.counted = drawn.reduce(0) { $0 + $1.count }
    marks.elsewhere += runsOfRejections.dropFirst(Self.mostMarks).reduce(0) { $0 + $1.count }
    return marks
  }

  private var blockLength: TimeSpan {
    let points = runs.first.points
    return points.count > 1 ? points[1].time - points[0].time : .minute
  }

  private func caption(_ marks: Marks) -> String {
    var text =
      "Every source at its own price; the thick line is the weighted median that a quorum stood "
      + "behind. Shaded: no quorum, positions can only be reduced and nothing is liquidated."
    if marks.counted > 0 {
      let shown = NumberText.grouped(Int64(marks.shown.count))
      text +=
        (marks.shown.count == 1 ? " The cross is" : " Each of the \(shown) crosses is")
        + " a sample, or a run of samples, that was rejected "
        + "(\(NumberText.grouped(Int64(marks.counted))) in all)."
    }
    if marks.elsewhere > 0 {
      text +=
        " \(NumberText.grouped(Int64(marks.elsewhere))) more are only in the table: their prices "
        + "lie outside the picture, or there are too many to draw."
    }
    let kept = runs.first.rejections.count
    if kept < runs.first.totals.rejectedSamples {
      text += " Crosses are drawn for the first \(NumberText.grouped(Int64(kept))) rejections only."
    }
    if thinnings[0].width > 1 {
      text += " Of every \(thinnings[0].width) blocks the lowest and the highest are drawn."
    }
    return text
  }
}

/// Rejections of one source for one reason in neighboring blocks.
private struct RejectionRun {
  struct Key: Hashable {
    let source: SourceID
    let reason: SampleRejection
  }

  let key: Key
  let first: Timestamp
  let price: Int64
  var last: Timestamp
  var count = 1

  init(key: Key, first: Timestamp, price: Int64) {
    self.key = key
    self.first = first
    self.price = price
    last = first
  }

  /// One block without a rejection does not end a run.
  func continues(to time: Timestamp, pause: TimeSpan) -> Bool {
    (time - last).nanoseconds <= 2 * pause.nanoseconds
  }

  var mark: ChartMark {
    let more = count == 1 ? "" : ", \(count) times until \(last.clockText)"
    return ChartMark(
      time: first, value: price, text: "\(key.source): \(key.reason)\(more)")
  }
}

extension PriceSample {
  /// The price in steps of 10^−8, unless the sample is not a price at all.
  fileprivate var priceSteps: Int64? {
    guard feed.decimals <= 8, mantissa > 0 else { return nil }
    let (steps, overflows) =
      mantissa.multipliedReportingOverflow(by: powerOfTen(8 - Int(feed.decimals)))
    return overflows ? nil : steps
  }
}
