// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What something costs against how much of it there is, as SVG with both axes in decades: a
/// straight line at 45° is a cost in proportion, a level one is the same cost for any size.
struct CostPlot {
  var title = "Full requirement against number of accounts"
  var across = "accounts"
  var up = "milliseconds, two threads, best of nine"
  /// Milliseconds by number of accounts, one curve a name.
  let curves: [(name: String, points: [(accounts: Double, milliseconds: Double)])]

  private static let width = 640.0
  private static let height = 480.0
  private static let margin = 70.0
  private static let colors = ["#1f4e79", "#b5482a", "#3a7d44"]

  var svg: String {
    let points = curves.flatMap(\.points)
    let across = decades(points.map(\.accounts))
    let up = decades(points.map(\.milliseconds))
    var lines = [
      """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \
      \(Int(Self.height))" font-family="sans-serif" font-size="13">
      """,
      "<title>\(title)</title>",
      text(Self.width / 2, Self.height - 18, self.across, "middle"),
      text(Self.margin, Self.margin - 30, self.up, "start"),
    ]
    for decade in across {
      let x = place(decade, across, from: Self.margin, to: Self.width - Self.margin)
      lines.append(rule(x, Self.margin, x, Self.height - Self.margin))
      lines.append(text(x, Self.height - Self.margin + 20, label(decade), "middle"))
    }
    for decade in up {
      let y = place(decade, up, from: Self.height - Self.margin, to: Self.margin)
      lines.append(rule(Self.margin, y, Self.width - Self.margin, y))
      lines.append(text(Self.margin - 8, y + 4, label(decade), "end"))
    }
    for (number, curve) in curves.enumerated() {
      let color = Self.colors[number % Self.colors.count]
      let places = curve.points.map { point in
        (
          x: place(
            log10(point.accounts), across, from: Self.margin, to: Self.width - Self.margin),
          y: place(
            log10(point.milliseconds), up, from: Self.height - Self.margin, to: Self.margin)
        )
      }
      let path = places.map { "\(coordinate($0.x)),\(coordinate($0.y))" }.joined(separator: " ")
      lines.append(
        #"<polyline points="\#(path)" fill="none" stroke="\#(color)" stroke-width="2"/>"#)
      for place in places {
        lines.append(
          #"<circle cx="\#(coordinate(place.x))" cy="\#(coordinate(place.y))" r="3.5" "#
            + #"fill="\#(color)"/>"#
        )
      }
      lines.append(
        #"<text x="\#(Self.margin + 14)" y="\#(Self.margin + 18 * Double(number + 1))" "#
          + #"fill="\#(color)">\#(curve.name)</text>"#)
    }
    return (lines + ["</svg>", ""]).joined(separator: "\n")
  }

  /// Whole decades around all values.
  private func decades(_ values: [Double]) -> [Double] {
    let logs = values.map { log10($0) }
    let first = (logs.min() ?? 0).rounded(.down)
    let last = max((logs.max() ?? 1).rounded(.up), first + 1)
    return Array(stride(from: first, through: last, by: 1))
  }

  private func place(_ value: Double, _ decades: [Double], from: Double, to: Double) -> Double {
    let first = decades.first ?? 0
    let last = decades.last ?? 1
    return from + (to - from) * (value - first) / (last - first)
  }

  private func rule(_ x: Double, _ y: Double, _ toX: Double, _ toY: Double) -> String {
    #"<line x1="\#(coordinate(x))" y1="\#(coordinate(y))" "#
      + #"x2="\#(coordinate(toX))" y2="\#(coordinate(toY))" "#
      + ##"stroke="#ccc"/>"##
  }

  private func text(_ x: Double, _ y: Double, _ words: String, _ anchor: String) -> String {
    #"<text x="\#(coordinate(x))" y="\#(coordinate(y))" text-anchor="\#(anchor)">\#(words)</text>"#
  }

  private func label(_ decade: Double) -> String {
    let value = pow(10, decade)
    return value >= 1 ? String(Int(value)) : String(format: "%g", value)
  }

  private func coordinate(_ value: Double) -> String { String(format: "%.2f", value) }
}
