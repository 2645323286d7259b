// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Margin
import Quantities

/// Draws a liquidation map as SVG.
struct LiquidationMapDrawing {
  let chart: LiquidationMapChart

  private static let width = 528.0
  private static let height = 320.0
  private static let left = 58.0
  private static let right = 514.0
  private static let top = 8.0
  private static let bottom = 264.0

  private var prices: [Double] { chart.map.prices.map(\.value) }
  private var levels: [Double] { chart.map.volatilities.map(\.value) }

  var markup: Markup {
    """
    <div class="scroll"><svg viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" role="img" \
    aria-label="Liquidation map of \(chart.map.underlying). \(chart.caption)">
    \(cells)\(lines)\(present)\(axes)</svg></div>
    <ul class="legend">\(legend)</ul>

    """
  }

  // MARK: Places

  /// The ends of the columns or rows: the middles between neighbors, and the outermost values.
  private static func ends(_ values: [Double]) -> [Double] {
    guard let first = values.first, let last = values.last else { return [] }
    let middles = zip(values, values.dropFirst()).map { ($0 + $1) / 2 }
    return [first] + middles + [last]
  }

  private func x(_ price: Double) -> Double {
    let (low, high) = (prices.first ?? 0, prices.last ?? 1)
    let part = (price - low) / max(high - low, 1e-12)
    return Self.left + (Self.right - Self.left) * min(max(part, 0), 1)
  }

  private func y(_ volatility: Double) -> Double {
    let (low, high) = (levels.first ?? 0, levels.last ?? 1)
    let part = (volatility - low) / max(high - low, 1e-12)
    return Self.bottom - (Self.bottom - Self.top) * min(max(part, 0), 1)
  }

  // MARK: Parts

  /// All cells of one class as one path; neighbors in a row are one rectangle.
  private var cells: Markup {
    let columns = Self.ends(prices).map(x)
    let rows = Self.ends(levels).map(y)
    var paths = Array(repeating: "", count: LiquidationMapChart.names.count)
    for (row, cells) in chart.map.cells.enumerated() {
      let classes = cells.map(LiquidationMapChart.place)
      var start = 0
      for column in 1...classes.count
      where column == classes.count || classes[column] != classes[start] {
        if let place = classes[start] {
          paths[place] +=
            "M\(ChartFrame.text(columns[start])) \(ChartFrame.text(rows[row]))"
            + "H\(ChartFrame.text(columns[column]))V\(ChartFrame.text(rows[row + 1]))"
            + "H\(ChartFrame.text(columns[start]))z"
        }
        start = column
      }
    }
    return zip(LiquidationMapChart.colors, paths).map { color, path -> Markup in
      path.isEmpty
        ? "" : "<path class=\"cell\" style=\"--c:var(\(color))\" d=\"\(path)\"/>\n"
    }.joined()
  }

  private var lines: Markup {
    chart.strokes.map { stroke -> Markup in
      let path = stroke.enumerated().map { place, point in
        "\(place == 0 ? "M" : "L")\(ChartFrame.text(x(point.price))) "
          + ChartFrame.text(y(point.volatility))
      }
      return "<path class=\"line waterline\" d=\"\(path.joined())\"/>\n"
    }.joined()
  }

  private var present: Markup {
    let (x, y) = (ChartFrame.text(x(chart.index)), ChartFrame.text(y(chart.volatility)))
    return """
      <circle class="present" cx="\(x)" cy="\(y)" r="5.5"/>\
      <path class="present" d="M\(x) \(y)m-10 0h20"/>

      """
  }

  private var axes: Markup {
    let across = Self.ticks(prices, decimals: 6).map { tick -> Markup in
      let x = ChartFrame.text(x(tick.value))
      return """
        <path class="grid" d="M\(x) \(ChartFrame.text(Self.bottom))v5"/>\
        <text class="tick middle" x="\(x)" y="\(ChartFrame.text(Self.bottom + 18))">\
        \(NumberText.grouped(tick.units, decimals: 6))</text>

        """
    }
    let up = Self.ticks(levels, decimals: 6).map { tick -> Markup in
      """
      <text class="tick end" x="\(ChartFrame.text(Self.left - 6))" \
      y="\(ChartFrame.text(y(tick.value)))" dy="4">\
      \(NumberText.grouped(tick.units, decimals: 4)) %</text>

      """
    }
    let middle = ChartFrame.text((Self.left + Self.right) / 2)
    return across.joined() + up.joined() + """
      <text class="tick middle" x="\(middle)" y="\(ChartFrame.text(Self.bottom + 38))">\
      price of \(chart.map.underlying)</text>

      """
  }

  /// Round values inside the range, at most seven.
  private static func ticks(_ values: [Double], decimals: Int) -> [(value: Double, units: Int64)] {
    guard let lower = values.first?.units(decimals: decimals),
      let upper = values.last?.units(decimals: decimals), lower < upper
    else { return [] }
    let frame = ChartFrame(width: 100, height: 100, left: 0, times: [], values: lower...upper)
    let scale = Double(powerOfTen(decimals))
    return frame.valueTicks.map { (Double($0) / scale, $0) }
  }

  /// The classes that the picture has, and the line.
  private var legend: Markup {
    let seen = chart.map.cells.joined().compactMap(LiquidationMapChart.place)
    let classes = LiquidationMapChart.names.indices.filter { seen.contains($0) }.map {
      place -> Markup in
      """
      <li><svg class="key" viewBox="0 0 22 10" aria-hidden="true">\
      <rect class="cell" style="--c:var(\(LiquidationMapChart.colors[place]))" width="22" \
      height="10"/></svg>\(LiquidationMapChart.names[place])</li>
      """
    }
    let line: Markup =
      chart.hasLine
      ? """
      <li><svg class="key" viewBox="0 0 22 10" aria-hidden="true">\
      <path class="line waterline" d="M1 5H21"/></svg>liquidation line</li>
      """ : ""
    return classes.joined() + line
  }
}
