// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
import Simulation

/// A picture of a backtest of option books, as SVG.
struct OptionBacktestDrawing {
  let id: String
  let title: String
  let caption: String
  let content: Markup
  let legend: [Markup]

  /// The style sheet's variable of a model's color; gray, which stands back, comes last.
  private static func color(_ model: Int) -> String {
    "--c\([0, 1, 2, 3, 4, 5, 6, 7, 9, 8][model % 10])"
  }

  /// A dot per model: across what it requires, up how often losses stay within.
  static func cost(_ result: OptionBacktestResult) -> OptionBacktestDrawing {
    let tallies = result.models.indices.map { result.tally(model: $0) }
    let means = tallies.map { $0.meanInitial * 100 }
    let coverages = tallies.map { $0.coverage * 100 }
    let plane = Plane(
      x: 0...(max(means.max() ?? 1, 0.01) * 1.1), y: min(coverages.min() ?? 99, 99.4)...100)
    let dots = tallies.indices.map { model -> Markup in
      """
      <path class="dots" style="--c:var(\(color(model)))" \
      d="M\(plane.point(means[model], coverages[model]))h0"/>

      """
    }
    let goal: Markup = """
      <path class="limit" d="M\(plane.point(plane.x.lowerBound, 99.5))\
      H\(ChartFrame.text(plane.right))"/>

      """
    let legend = result.models.enumerated().map { model, name -> Markup in
      """
      <li><svg class="key" viewBox="0 0 22 10" aria-hidden="true"><path class="line block" \
      style="--c:var(\(color(model)))" d="M1 5H21"/></svg>\(name)</li>

      """
    }
    return OptionBacktestDrawing(
      id: "cost", title: "Coverage and what it costs",
      caption: "Across the mean initial margin as a share of the notional, up the share of books "
        + "whose loss stayed within it; higher and further left is better. Line: 99.5 %.",
      content: plane.axes + goal + dots.joined(), legend: legend)
  }

  /// A dot per kept book: across its requirement, up its loss; above the line it is passed.
  static func scatter(_ result: OptionBacktestResult, model: Int) -> OptionBacktestDrawing {
    let points = result.outcomes.flatMap(\.points).map {
      (
        requirement: $0.initial[model] / OptionBook.notional * 100,
        loss: $0.loss / OptionBook.notional * 100
      )
    }
    let most = max(points.map(\.requirement).max() ?? 1, 0.01) * 1.03
    let losses = points.map(\.loss)
    let top = max(losses.max() ?? 1, 0.01) * 1.1
    let plane = Plane(x: 0...most, y: min(losses.min() ?? 0, 0) * 1.03...top)
    let marks = points.map { point in
      "M\(plane.point(point.requirement, point.loss))h0"
    }
    let line: Markup = """
      <path class="limit" d="M\(plane.point(0, 0))L\(plane.point(min(most, top), min(most, top)))"/>

      """
    return OptionBacktestDrawing(
      id: "books-\(model + 1)", title: "Loss against requirement: \(result.models[model])",
      caption: "Both as shares of the notional, gains below zero; "
        + "\(NumberText.grouped(Int64(points.count))) of the books, the first of each pair. "
        + "A book above the line passed its requirement.",
      content: plane.axes + line
        + """
        <path class="dots fine" style="--c:var(\(color(model)))" \
        d="\(marks.joined())"/>

        """, legend: [])
  }

  var figure: Markup {
    let list: Markup = legend.isEmpty ? "" : "<ul class=\"legend\">\(legend.joined())</ul>\n"
    return """
      <figure id="\(id)" aria-labelledby="\(id)-title">
      <div class="title"><h3 id="\(id)-title">\(title)</h3></div>
      <div class="drawing"><div class="scroll"><svg viewBox="0 0 \(Int(Plane.width)) \
      \(Int(Plane.height))" role="img" aria-label="\(title). \(caption)">
      \(content)</svg></div>
      \(list)</div>
      <figcaption>\(caption)</figcaption>
      </figure>

      """
  }
}

/// Two axes in per cent.
private struct Plane {
  static let width = 528.0
  static let height = 320.0
  let x: ClosedRange<Double>
  let y: ClosedRange<Double>
  private let left = 62.0
  let right = Plane.width - 24
  private let top = 10.0
  private let bottom = Plane.height - 26

  init(x: ClosedRange<Double>, y: ClosedRange<Double>) {
    self.x = x
    self.y = y
  }

  func point(_ across: Double, _ up: Double) -> String {
    let width = max(x.upperBound - x.lowerBound, 1e-9)
    let height = max(y.upperBound - y.lowerBound, 1e-9)
    return ChartFrame.text(left + (right - left) * ((across - x.lowerBound) / width)) + " "
      + ChartFrame.text(bottom - (bottom - top) * ((up - y.lowerBound) / height))
  }

  var axes: Markup {
    let rows = ticks(y).map { tick -> Markup in
      let place = point(x.lowerBound, tick.value)
      let height = String(place.split(separator: " ")[1])
      return """
        <path class="grid" d="M\(place)H\(ChartFrame.text(right))"/>\
        <text class="tick end" x="\(ChartFrame.text(left - 6))" y="\(height)" dy="4">\
        \(tick.label)</text>

        """
    }
    let columns = ticks(x).map { tick -> Markup in
      let place = point(tick.value, y.lowerBound)
      return """
        <path class="grid" d="M\(place)v5"/><text class="tick middle" \
        x="\(String(place.split(separator: " ")[0]))" y="\(ChartFrame.text(bottom + 18))">\
        \(tick.label)</text>

        """
    }
    return rows.joined() + columns.joined()
  }

  /// Multiples of 1, 2 or 5 times a power of ten, at most seven.
  private func ticks(_ range: ClosedRange<Double>) -> [(value: Double, label: String)] {
    let scale = 1e6
    guard let lower = Int64(exactly: (range.lowerBound * scale).rounded()),
      let upper = Int64(exactly: (range.upperBound * scale).rounded()), lower < upper
    else { return [] }
    let frame = ChartFrame(
      width: Plane.width, height: Plane.height, left: left, times: [], values: lower...upper)
    return frame.valueTicks.map {
      (Double($0) / scale, NumberText.grouped($0, decimals: 6) + " %")
    }
  }
}
