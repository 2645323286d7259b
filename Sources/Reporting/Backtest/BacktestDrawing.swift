// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
import Quantities

/// Draws the pictures of a backtest as SVG: what is seen without the chart library and in print.
struct BacktestDrawing {
  let chart: BacktestChart
  let days: [Timestamp]

  /// Decimals of the values of a frame.
  private static let decimals = 6
  private static let mostGroups = 540

  var markup: Markup {
    switch chart.kind {
    case .band(let prices): band(prices)
    case .requirements(let traces): requirements(traces)
    case .years(let years, let traces, let expected): bars(years, traces, expected)
    case .movement(let traces): points(traces)
    }
  }

  private func frame(_ values: ClosedRange<Double>) -> ChartFrame {
    ChartFrame(
      width: chart.isWide ? 1_080 : 528, height: chart.isWide ? 340 : 300, left: 62, times: days,
      values: Self.span(values.lowerBound, values.upperBound))
  }

  /// A value of a frame; pictures do not reach beyond what an integer holds.
  private static func units(_ value: Double) -> Int64 { value.units(decimals: decimals) ?? 0 }

  private static func span(_ one: Double, _ other: Double) -> ClosedRange<Int64> {
    let (first, second) = (units(one), units(other))
    return min(first, second)...max(first, second)
  }

  private func svg(_ frame: ChartFrame, _ content: Markup, legend: [Markup]) -> Markup {
    let list: Markup = legend.isEmpty ? "" : "<ul class=\"legend\">\(legend.joined())</ul>\n"
    return """
      <div class="scroll"><svg viewBox="0 0 \(Int(frame.width)) \(Int(frame.height))" role="img" \
      aria-label="\(chart.title). \(chart.caption)">
      \(content)</svg></div>
      \(list)
      """
  }

  private func key(_ name: String, _ shape: Markup) -> Markup {
    """
    <li><svg class="key" viewBox="0 0 22 10" aria-hidden="true">\(shape)</svg>\(name)</li>
    """
  }

  private func lineKey(_ trace: BacktestTrace, shape: String) -> Markup {
    key(trace.name, "<path class=\"\(shape)\" style=\"--c:var(\(trace.color))\" d=\"M1 5H21\"/>")
  }
}

// MARK: Axes

extension BacktestDrawing {
  private func rows(_ frame: ChartFrame, _ ticks: [(value: Int64, label: String)]) -> Markup {
    ticks.map { tick -> Markup in
      let y = ChartFrame.text(frame.y(tick.value))
      let (left, right) = (ChartFrame.text(frame.left), ChartFrame.text(frame.right))
      return """
        <path class="grid" d="M\(left) \(y)H\(right)"/>\
        <text class="tick end" x="\(ChartFrame.text(frame.left - 6))" y="\(y)" dy="4">\
        \(tick.label)</text>

        """
    }.joined()
  }

  private func below(_ frame: ChartFrame, at x: Double, _ label: String) -> Markup {
    let (x, bottom) = (ChartFrame.text(x), ChartFrame.text(frame.bottom))
    return """
      <path class="grid" d="M\(x) \(bottom)v5"/>\
      <text class="tick middle" x="\(x)" y="\(ChartFrame.text(frame.bottom + 18))">\(label)</text>

      """
  }

  /// New years, or every so many where there are many; months where there are few days.
  private func timeAxis(_ frame: ChartFrame) -> Markup {
    let (first, last) = (CivilDate.split(frame.times.lowerBound).date.year, frame.times.upperBound)
    let years = CivilDate.split(last).date.year - first
    guard years >= 2 else {
      return frame.timeTicks.map { below(frame, at: frame.x($0.time), $0.label) }.joined()
    }
    let step = max(1, (years + 9) / 10)
    return stride(from: first + 1, through: first + years, by: Int64.Stride(step))
      .compactMap { year -> Markup? in
        let start = CivilDate(year: year, month: 1, day: 1)?.midnight
        return start.map { below(frame, at: frame.x($0), String(year)) }
      }.joined()
  }

  /// 1, 2 and 5 times powers of ten inside a frame of logarithms, as per cent for shares.
  private func logarithmicAxis(_ frame: ChartFrame, isShare: Bool = false) -> Markup {
    var ticks: [(value: Int64, label: String)] = []
    for power in 0...17 {
      for digit in [1, 2, 5] as [Int64] {
        // In units of 10^−8, the least that a price can be.
        let steps = digit * powerOfTen(power)
        let value = Self.units(Elementary.log(Double(steps) / 1e8))
        guard frame.values.contains(value) else { continue }
        let label = NumberText.grouped(steps, decimals: isShare ? 6 : 8) + (isShare ? " %" : "")
        ticks.append((value, label))
      }
    }
    return rows(frame, ticks)
  }
}

// MARK: Lines

extension BacktestDrawing {
  /// The lowest and the highest value of each group of neighbors, in their order.
  private func thinned(_ values: [Double]) -> [(day: Int, value: Double)] {
    let width = max(1, (values.count + Self.mostGroups - 1) / Self.mostGroups)
    guard width > 2 else { return values.enumerated().map { ($0, $1) } }
    return stride(from: 0, to: values.count, by: width).flatMap { start in
      let group = start..<min(start + width, values.count)
      let lowest = group.min { values[$0] < values[$1] } ?? start
      let highest = group.max { values[$0] < values[$1] } ?? start
      return (lowest == highest ? [lowest] : [min(lowest, highest), max(lowest, highest)])
        .map { ($0, values[$0]) }
    }
  }

  private func path(_ values: [Double], in frame: ChartFrame) -> String {
    thinned(values).enumerated().map { index, point in
      (index == 0 ? "M" : "L") + frame.point(days[point.day], Self.units(point.value))
    }.joined()
  }

  private func requirements(_ traces: [BacktestTrace]) -> Markup {
    let all = traces.flatMap(\.values)
    let (least, most) = (Elementary.log(all.min() ?? 0.1), Elementary.log(all.max() ?? 1))
    let frame = frame(least...most)
    let lines = traces.map { trace -> Markup in
      """
      <path class="line \(trace.isProminent ? "normal" : "faint")" \
      style="--c:var(\(trace.color))" d="\(path(trace.values.map(Elementary.log), in: frame))"/>

      """
    }
    return svg(
      frame, logarithmicAxis(frame, isShare: true) + timeAxis(frame) + lines.joined(),
      legend: traces.map { lineKey($0, shape: "line") })
  }

  private func band(_ prices: BacktestPrices) -> Markup {
    let (lower, upper) = (prices.lower.map(Elementary.log), prices.upper.map(Elementary.log))
    let closes = prices.closes.map(Elementary.log)
    let all = lower + upper + closes
    let frame = frame((all.min() ?? 0)...(all.max() ?? 1))
    let back = thinned(lower).reversed().map {
      "L" + frame.point(days[$0.day], Self.units($0.value))
    }
    let crosses = prices.outside.map { day in
      let x = ChartFrame.text(frame.x(days[day]) - 2.5)
      return "M\(x) \(ChartFrame.text(frame.y(Self.units(closes[day])) - 2.5))l5 5m0-5l-5 5"
    }
    return svg(
      frame,
      """
      \(logarithmicAxis(frame))\(timeAxis(frame))\
      <path class="band" d="\(path(upper, in: frame))\(back.joined())z"/>
      <path class="line thin" style="--c:var(--c0)" d="\(path(closes, in: frame))"/>
      <path class="marks" d="\(crosses.joined())"/>

      """,
      legend: [
        key("close", "<path class=\"line\" style=\"--c:var(--c0)\" d=\"M1 5H21\"/>"),
        key("band of the day", "<rect class=\"band\" width=\"22\" height=\"10\"/>"),
        key("close outside", "<path class=\"marks\" d=\"M8.5 2.5l5 5m0-5l-5 5\"/>"),
      ])
  }
}

// MARK: Bars and points

extension BacktestDrawing {
  private func bars(
    _ years: [Int64], _ traces: [BacktestTrace], _ expected: [Double]
  ) -> Markup {
    let top = (traces.flatMap(\.values) + expected).max() ?? 1
    let frame = frame(0...max(1, top * 1.05))
    let slot = (frame.right - frame.left) / Double(max(1, years.count))
    let width = slot * 0.8 / Double(max(1, traces.count))
    let bottom = ChartFrame.text(frame.bottom)
    func left(_ year: Int) -> Double { frame.left + slot * (Double(year) + 0.1) }
    let layers = traces.enumerated().map { index, trace -> Markup in
      let bars = trace.values.enumerated().filter { $0.element > 0 }.map { year, count in
        let x = ChartFrame.text(left(year) + width * Double(index))
        let height = ChartFrame.text(frame.bottom - frame.y(Self.units(count)))
        return "M\(x) \(bottom)v-\(height)h\(ChartFrame.text(width * 0.9))v\(height)z"
      }
      return "<path class=\"bar\" style=\"--c:var(\(trace.color))\" d=\"\(bars.joined())\"/>\n"
    }
    let lines = expected.enumerated().map { year, count in
      "M\(ChartFrame.text(left(year))) \(ChartFrame.text(frame.y(Self.units(count))))"
        + "h\(ChartFrame.text(slot * 0.8))"
    }
    let names = years.enumerated().map { index, year in
      below(frame, at: frame.left + slot * (Double(index) + 0.5), String(year))
    }
    let unit = powerOfTen(Self.decimals)
    let ticks = frame.valueTicks.filter { $0 % unit == 0 }.map {
      (value: $0, label: NumberText.grouped($0 / unit))
    }
    return svg(
      frame,
      rows(frame, ticks) + names.joined() + layers.joined()
        + "<path class=\"limit\" d=\"\(lines.joined())\"/>\n",
      legend: traces.map { lineKey($0, shape: "line block") })
  }

  private func points(_ traces: [BacktestTrace]) -> Markup {
    let (means, ratios) = (traces.map { $0.values[0] }, traces.map { $0.values[1] })
    let frame = frame(0...((ratios.max() ?? 1) * 1.1))
    let (least, most) = ((means.min() ?? 0) * 0.9, (means.max() ?? 1) * 1.15)
    let span = max(most - least, 1e-9)
    func x(_ mean: Double) -> Double {
      frame.left + (frame.right - frame.left) * ((mean - least) / span)
    }
    let across = ChartFrame(
      width: frame.width, height: frame.height, left: frame.left, times: [],
      values: Self.span(least, most))
    let columns = across.valueTicks.map { tick in
      below(
        frame, at: x(Double(tick) / Double(powerOfTen(Self.decimals))),
        NumberText.grouped(tick, decimals: Self.decimals - 2) + " %")
    }
    let dots = traces.map { trace -> Markup in
      let place = ChartFrame.text(x(trace.values[0]))
      let height = ChartFrame.text(frame.y(Self.units(trace.values[1])))
      return """
        <path class="dots" style="--c:var(\(trace.color))" d="M\(place) \(height)h0"/>

        """
    }
    return svg(
      frame,
      rows(
        frame, frame.valueTicks.map { ($0, NumberText.grouped($0, decimals: Self.decimals)) })
        + columns.joined() + dots.joined(),
      legend: traces.map { lineKey($0, shape: "line block") })
  }
}
