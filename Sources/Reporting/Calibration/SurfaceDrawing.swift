// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
import Quantities

/// Draws a surface as SVG: facets from the farthest to the nearest, seen from above in parallel.
///
/// Moneyness runs along the front, time to expiry from the front to the back on the right,
/// as its logarithm; volatility upward. What is nearer hides what is behind it, because a row
/// that is later in time is never in front of an earlier one, seen from here.
struct SurfaceDrawing {
  let chart: SurfaceChart

  private static let width = 1_080.0
  private static let height = 600.0
  /// Cosine and sine of the turn around the vertical, about 32°.
  private static let turn = (cosine: 0.848, sine: 0.530)
  private static let across = 330.0
  /// How much of the depth is seen from above, and how tall the box is, in pixels.
  private static let tilt = 0.32
  private static let tall = 245.0

  private let heights: ClosedRange<Double>
  private let widths: ClosedRange<Double>
  private let firstTime: Double
  private let timeSpan: Double

  init(_ chart: SurfaceChart) {
    self.chart = chart
    let shown = chart.volatility
    let room = 0.05 * (shown.upperBound - shown.lowerBound)
    heights = max(shown.lowerBound - room, 0)...(shown.upperBound + room)
    widths = chart.moneyness
    firstTime = Elementary.log(chart.days.lowerBound)
    timeSpan = Elementary.log(chart.days.upperBound) - firstTime
  }

  var markup: Markup {
    """
    <div class="scroll"><svg viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" role="img" \
    aria-label="Surface of volatility over moneyness and time to expiry.">
    \(walls)\(facets)\(moneynessAxis)\(timeAxis)\(volatilityAxis)</svg></div>

    """
  }

  // MARK: Places

  /// A point of the box, its sides from 0 to 1, on the page.
  private func place(_ u: Double, _ v: Double, _ w: Double) -> (x: Double, y: Double) {
    let (cosine, sine) = Self.turn
    let (u, v) = (2 * u - 1, 2 * v - 1)
    let depth = v * cosine - u * sine
    let x = Self.width / 2 + Self.across * (u * cosine + v * sine)
    let floor = Self.height - 60 - Self.across * Self.tilt * (cosine + sine)
    return (x, floor - Self.across * Self.tilt * depth - Self.tall * (w - 0.12))
  }

  private func text(_ u: Double, _ v: Double, _ w: Double) -> String {
    let place = place(u, v, w)
    return ChartFrame.text(place.x) + " " + ChartFrame.text(place.y)
  }

  private func u(_ moneyness: Double) -> Double {
    (moneyness - widths.lowerBound) / (widths.upperBound - widths.lowerBound)
  }

  private func v(_ days: Double) -> Double {
    timeSpan > 0 ? (Elementary.log(days) - firstTime) / timeSpan : 0
  }

  private func w(_ volatility: Double) -> Double {
    (volatility - heights.lowerBound) / (heights.upperBound - heights.lowerBound)
  }

  // MARK: The surface

  private var facets: Markup {
    var runs: [(shade: Int, path: String)] = []
    let points = chart.rows.map { row in
      let back = v(row.days)
      return zip(row.moneyness, row.volatility).map { text(u($0), back, w($1)) }
    }
    for row in (0..<(points.count - 1)).reversed() {
      for column in 0..<(SurfaceChart.columns - 1) {
        let corners = [(row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column)]
        let middle = corners.reduce(0) { $0 + w(chart.rows[$1.0].volatility[$1.1]) } / 4
        let shade = min(max(Int((middle * 8).rounded(.down)), 0), 7) + 1
        let path = "M" + corners.map { points[$0.0][$0.1] }.joined(separator: "L") + "z"
        // One element for neighbors of one shade keeps the page small.
        if runs.last?.shade == shade {
          runs[runs.count - 1].path += path
        } else {
          runs.append((shade, path))
        }
      }
    }
    return runs.map { run -> Markup in
      "<path class=\"facet\" style=\"--c:var(--h\(run.shade))\" d=\"\(run.path)\"/>\n"
    }.joined()
  }

  // MARK: The box

  /// Round values inside a range, at most seven.
  private func ticks(_ range: ClosedRange<Double>) -> [(value: Double, units: Int64)] {
    guard let lower = range.lowerBound.units(decimals: SmileChart.decimals),
      let upper = range.upperBound.units(decimals: SmileChart.decimals), lower < upper
    else { return [] }
    let frame = ChartFrame(width: 100, height: 100, left: 0, times: [], values: lower...upper)
    let scale = Double(powerOfTen(SmileChart.decimals))
    return frame.valueTicks.map { (Double($0) / scale, $0) }
  }

  /// Floor and the two walls behind, with lines at round values.
  private var walls: Markup {
    var path = "M\(text(0, 0, 0))L\(text(1, 0, 0))L\(text(1, 1, 0))L\(text(0, 1, 0))z"
    for tick in ticks(heights) {
      let w = w(tick.value)
      path += "M\(text(0, 0, w))L\(text(0, 1, w))L\(text(1, 1, w))"
    }
    for tick in ticks(widths) {
      let u = u(tick.value)
      path += "M\(text(u, 0, 0))L\(text(u, 1, 0))L\(text(u, 1, 1))"
    }
    for tick in chart.dayTicks {
      let v = v(tick.days)
      path += "M\(text(1, v, 0))L\(text(0, v, 0))L\(text(0, v, 1))"
    }
    return "<path class=\"grid\" d=\"\(path)\"/>\n"
  }

  private func label(
    _ text: String, at place: (x: Double, y: Double), by shift: (x: Double, y: Double),
    anchor: Markup
  ) -> Markup {
    """
    <text class="tick \(anchor)" x="\(ChartFrame.text(place.x + shift.x))" \
    y="\(ChartFrame.text(place.y + shift.y))">\(text)</text>

    """
  }

  private var moneynessAxis: Markup {
    let labels = ticks(widths).map { tick in
      label(
        NumberText.grouped(tick.units, decimals: SmileChart.decimals),
        at: place(u(tick.value), 0, 0), by: (-5, 18), anchor: "end")
    }
    let name = label(
      "standard deviations from the forward", at: place(0.5, 0, 0), by: (-40, 46), anchor: "end")
    return labels.joined() + name
  }

  private var timeAxis: Markup {
    let labels = chart.dayTicks.map { tick in
      label(tick.label, at: place(1, v(tick.days), 0), by: (9, 13), anchor: "start")
    }
    let name = label("time to expiry", at: place(1, 0.5, 0), by: (48, 34), anchor: "start")
    return labels.joined() + name
  }

  private var volatilityAxis: Markup {
    let labels = ticks(heights).map { tick in
      label(
        NumberText.grouped(tick.units, decimals: SmileChart.decimals - 2) + " %",
        at: place(0, 0, w(tick.value)), by: (-8, 4), anchor: "end")
    }
    let name = label("volatility", at: place(0, 0, 1), by: (-8, -14), anchor: "end")
    return labels.joined() + name
  }
}
