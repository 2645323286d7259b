// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

/// Draws charts as SVG: what is seen without the chart library, without scripts and in print.
///
/// Colors are variables of the page's style sheet, so a drawing follows the reader's scheme.
struct ChartDrawing {
  let chart: Chart

  /// The SVG element and its legend.
  var markup: Markup {
    switch chart.kind {
    case .lines(let lines): draw(lines)
    case .bars(let bars): draw(bars)
    case .heatMap(let map): draw(map)
    }
  }

  var width: Double { chart.isWide ? 1_080 : 528 }

  func frame(
    times: [Timestamp], values: ClosedRange<Int64>, left: Double = 62, rightMargin: Double = 24
  ) -> ChartFrame {
    ChartFrame(
      width: width, height: chart.isWide ? 340 : 264, left: left, rightMargin: rightMargin,
      times: times, values: values)
  }

  func svg(_ frame: ChartFrame, _ content: Markup, legend: [Markup]) -> Markup {
    let legend: Markup = legend.isEmpty ? "" : "<ul class=\"legend\">\(legend.joined())</ul>\n"
    return """
      <div class="scroll"><svg viewBox="0 0 \(Int(frame.width)) \(Int(frame.height))" role="img" \
      aria-label="\(chart.title). \(chart.summary)">
      \(content)</svg></div>
      \(legend)
      """
  }
}

// MARK: Axes and legend

extension ChartDrawing {
  func axes(_ frame: ChartFrame, _ unit: ChartUnit) -> Markup {
    let rows = frame.valueTicks.map { tick -> Markup in
      let y = ChartFrame.text(frame.y(tick))
      let (left, right) = (ChartFrame.text(frame.left), ChartFrame.text(frame.right))
      return """
        <path class="grid" d="M\(left) \(y)H\(right)"/>\
        <text class="tick end" x="\(ChartFrame.text(frame.left - 6))" y="\(y)" dy="4">\
        \(unit.label(tick))</text>

        """
    }
    return rows.joined() + timeAxis(frame)
  }

  func timeAxis(_ frame: ChartFrame) -> Markup {
    frame.timeTicks.map { tick -> Markup in
      let x = ChartFrame.text(frame.x(tick.time))
      let bottom = ChartFrame.text(frame.bottom)
      return """
        <path class="grid" d="M\(x) \(bottom)v5"/>\
        <text class="tick middle" x="\(x)" y="\(ChartFrame.text(frame.bottom + 18))">\
        \(tick.label)</text>

        """
    }.joined()
  }

  func key(_ name: String, color: String, shape: String) -> Markup {
    """
    <li><svg class="key" viewBox="0 0 22 10" aria-hidden="true">\
    <path class="\(shape)" style="--c:var(\(color))" d="M1 5H21"/></svg>\(name)</li>
    """
  }
}

// MARK: Lines

extension ChartDrawing {
  private func draw(_ lines: LineChart) -> Markup {
    let frame = frame(
      times: lines.axes.flatMap(\.self), values: Self.range(lines), left: lines.unit.labelRoom,
      rightMargin: lines.namesEnds ? 136 : 24)
    let paths = lines.lines.map { line -> Markup in
      let path = Self.path(line, times: lines.axes[line.axis], in: frame)
      let style: Markup = "style=\"--c:var(\(line.color))\""
      return "<path class=\"line \(line.weight.rawValue)\" \(style) d=\"\(path)\"/>\n"
    }
    let crosses = lines.marks.map { mark -> String in
      let (x, y) = (ChartFrame.text(frame.x(mark.time) - 2.5), frame.y(mark.value) - 2.5)
      return "M\(x) \(ChartFrame.text(y))l5 5m0-5l-5 5"
    }
    let marks: Markup =
      crosses.isEmpty ? "" : "<path class=\"marks\" d=\"\(crosses.joined())\"/>\n"
    let clip = "clip-\(chart.id)"
    let clipping: Markup = """
      <clipPath id="\(clip)"><rect x="\(ChartFrame.text(frame.left))" \
      y="\(ChartFrame.text(frame.top - 4))" width="\(ChartFrame.text(frame.right - frame.left))" \
      height="\(ChartFrame.text(frame.bottom - frame.top + 8))"/></clipPath>

      """
    return svg(
      frame,
      clipping + bands(lines, frame) + axes(frame, lines.unit)
        + "<g clip-path=\"url(#\(clip))\">\n\(paths.joined())\(marks)</g>\n"
        + (lines.namesEnds ? ends(lines, frame) : ""),
      legend: lines.namesEnds ? [] : legend(lines))
  }

  /// The names of lines beside their last values, in the same order upward and none over another.
  private func ends(_ lines: LineChart, _ frame: ChartFrame) -> Markup {
    let space = 13.0
    let named = lines.lines.enumerated().compactMap { index, line in
      line.values.last(where: { $0 != nil }).flatMap(\.self)
        .map { (index: index, line: line, y: frame.y($0)) }
    }
    .sorted { $0.y != $1.y ? $0.y < $1.y : $0.index < $1.index }
    // Downward from the top as far as the one above asks, then upward from the bottom.
    var places = named.map { min(max($0.y, frame.top), frame.bottom) }
    for index in places.indices.dropFirst() {
      places[index] = max(places[index], places[index - 1] + space)
    }
    for index in places.indices.reversed() {
      let most = index + 1 < places.count ? places[index + 1] - space : frame.bottom
      places[index] = min(places[index], most)
    }
    return zip(named, places).map { end, place -> Markup in
      let (x, y) = (ChartFrame.text(frame.right + 22), ChartFrame.text(place + 4))
      let stroke =
        "M\(ChartFrame.text(frame.right)) \(ChartFrame.text(end.y))"
        + "L\(ChartFrame.text(frame.right + 9)) \(ChartFrame.text(place))H"
        + ChartFrame.text(frame.right + 19)
      return """
        <path class="line thin" style="--c:var(\(end.line.color))" d="\(stroke)"/>\
        <text class="end-name" style="--c:var(\(end.line.color))" x="\(x)" y="\(y)">\
        \(end.line.name)</text>

        """
    }.joined()
  }

  private func bands(_ lines: LineChart, _ frame: ChartFrame) -> Markup {
    lines.bands.map { band -> Markup in
      let x = frame.x(band.lowerBound)
      let width = max(frame.x(band.upperBound) - x, 1)
      return """
        <rect class="band" x="\(ChartFrame.text(x))" y="\(ChartFrame.text(frame.top))" \
        width="\(ChartFrame.text(width))" height="\(ChartFrame.text(frame.bottom - frame.top))"/>

        """
    }.joined()
  }

  private func legend(_ lines: LineChart) -> [Markup] {
    guard lines.lines.count > 1 || !lines.marks.isEmpty else { return [] }
    var entries = lines.lines.map { line in
      key(line.name, color: line.color, shape: "line \(line.weight.rawValue)")
    }
    if !lines.marks.isEmpty {
      entries.append(
        """
        <li><svg class="key" viewBox="0 0 22 10" aria-hidden="true">\
        <path class="marks" d="M8.5 2.5l5 5m0-5l-5 5"/></svg>\(lines.marksName)</li>
        """)
    }
    if !lines.bands.isEmpty {
      entries.append(
        """
        <li><svg class="key" viewBox="0 0 22 10" aria-hidden="true">\
        <rect class="band" width="22" height="10"/></svg>\(lines.bandsName)</li>
        """)
    }
    return entries
  }

  private static func range(_ lines: LineChart) -> ClosedRange<Int64> {
    if let range = lines.range { return range }
    let values = lines.lines.flatMap { $0.values.compactMap(\.self) }
    return min(values.min() ?? 0, 0)...max(values.max() ?? 0, 0)
  }

  /// A path that is interrupted where a value is missing; runs of equal values are one stroke.
  private static func path(
    _ line: ChartLine, times: [Timestamp], in frame: ChartFrame
  ) -> String {
    var path = ""
    var isDrawing = false
    for (position, value) in line.values.enumerated() {
      guard let value else {
        isDrawing = false
        continue
      }
      let isFlat =
        isDrawing && line.values[position - 1] == value
        && position + 1 < line.values.count && line.values[position + 1] == value
      if isFlat { continue }
      path += (isDrawing ? "L" : "M") + frame.point(times[position], value)
      isDrawing = true
    }
    return path
  }
}

// MARK: Bars

extension ChartDrawing {
  private func draw(_ bars: BarChart) -> Markup {
    let ends = [bars.starts.first, bars.starts.last.map { $0 + bars.interval }].compactMap(\.self)
    let frame = frame(
      times: ends, values: min(bars.bottom, 0)...max(bars.top, 0))
    // Where the next bar of an interval begins: above the axis, and below it.
    var floors = [(up: Int64, down: Int64)](repeating: (0, 0), count: bars.starts.count)
    let layers = bars.series.map { series -> Markup in
      var path = ""
      for (position, start) in bars.starts.enumerated() where series.values[position] != 0 {
        let value = series.values[position]
        let (low, high): (Int64, Int64)
        if value > 0 {
          (low, high) = (floors[position].up, floors[position].up + value)
          floors[position].up = high
        } else {
          (low, high) = (floors[position].down + value, floors[position].down)
          floors[position].down = low
        }
        let x = frame.x(start)
        let width = max((frame.x(start + bars.interval) - x) * 0.86, 0.5)
        let height = ChartFrame.text(frame.y(low) - frame.y(high))
        path += "M\(ChartFrame.text(x)) \(ChartFrame.text(frame.y(low)))v-\(height)"
        path += "h\(ChartFrame.text(width))v\(height)z"
      }
      return "<path class=\"bar\" style=\"--c:var(\(series.color))\" d=\"\(path)\"/>\n"
    }
    return svg(
      frame, axes(frame, bars.unit) + layers.joined(),
      legend: bars.series.map { key($0.name, color: $0.color, shape: "line block") })
  }
}
