// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities
import Simulation

/// Draws the points of a sweep in a plane: mean margin to the right, a price of it upward.
struct FrontierDrawing {
  enum Measure {
    case cost
    case badDebt
  }

  let points: [FrontierPoint]
  let money: MoneyFormat
  let measure: Measure

  private static let width = 1_080.0
  private static let height = 340.0
  private static let left = 80.0
  private static let right = 1_040.0

  private func value(_ point: FrontierPoint) -> Int64 {
    switch measure {
    case .cost: point.run.totalCost
    case .badDebt: point.badDebt
    }
  }

  /// Margins on an axis of their own; the frame's times are not used.
  private var frame: ChartFrame {
    let values = points.map(value)
    // Room above the highest point for its label.
    let high = max(values.max() ?? 1, 1)
    return ChartFrame(
      width: Self.width, height: Self.height - 16, left: Self.left, times: [],
      values: min(values.min() ?? 0, 0)...WaterfallCosts.plus(high, high / 8))
  }

  private var margins: (low: Int64, high: Int64) {
    let all = points.map(\.meanMargin)
    let (low, high) = (all.min() ?? 0, all.max() ?? 1)
    let space = max((high - low) / 12, 1)
    return (max(low - space, 0), high + space)
  }

  private func x(_ margin: Int64) -> Double {
    let (low, high) = margins
    let share = (Double(margin) - Double(low)) / max(Double(high) - Double(low), 1)
    return Self.left + (Self.right - Self.left) * share
  }

  var markup: Markup {
    let frame = frame
    let terms = FrontierPoint.Term.allCases
    var labels = Labels()
    let lines = terms.map { line($0, frame, &labels) }.joined()
    let keys = terms.map { term -> Markup in
      """
      <li><svg class="key" viewBox="0 0 22 10" aria-hidden="true">\
      <path class="line thick" style="--c:var(\(term.color))" d="M1 5H21"/></svg>\(term.title)</li>
      """
    }
    return """
      <div class="scroll"><svg viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" role="img" \
      aria-label="Mean margin against what it costs.">
      <text class="head" x="\(ChartFrame.text(Self.left + 6))" y="12">\(measure.title)</text>
      <text class="head" x="\(ChartFrame.text(Self.right))" text-anchor="end" \
      y="\(ChartFrame.text(Self.height - 4))">mean margin ÷ open interest</text>
      \(rows(frame))\(columns(frame))\(lines)</svg></div>
      <ul class="legend">\(keys.joined())</ul>

      """
  }

  /// A line with its points; a label that would cover another is left to the table.
  private func line(
    _ term: FrontierPoint.Term, _ frame: ChartFrame, _ labels: inout Labels
  ) -> Markup {
    let own = points.filter { $0.term == term }
    let path = own.enumerated().map { index, point in
      (index == 0 ? "M" : "L") + ChartFrame.text(x(point.meanMargin)) + ","
        + ChartFrame.text(frame.y(value(point)))
    }.joined()
    let dots = own.map { point -> Markup in
      let (x, y) = (x(point.meanMargin), frame.y(value(point)))
      let label: Markup =
        labels.takes(x + 7, y - 5, point.valueText)
        ? """
        <text class="tick" x="\(ChartFrame.text(x + 7))" y="\(ChartFrame.text(y - 5))">\
        \(point.valueText)</text>
        """ : ""
      return """
        <circle class="dot" style="--c:var(\(term.color))" cx="\(ChartFrame.text(x))" \
        cy="\(ChartFrame.text(y))" r="4"><title>\(point.term.title) \(point.valueText): \
        \(money.short(value(point)))</title></circle>\(label)

        """
    }
    return "<path class=\"line\" style=\"--c:var(\(term.color))\" d=\"\(path)\"/>\n"
      + dots.joined()
  }

  private func rows(_ frame: ChartFrame) -> Markup {
    frame.valueTicks.map { tick -> Markup in
      let y = ChartFrame.text(frame.y(tick))
      return """
        <path class="grid" d="M\(ChartFrame.text(Self.left)) \(y)H\(ChartFrame.text(Self.right))"/>\
        <text class="tick end" x="\(ChartFrame.text(Self.left - 6))" y="\(y)" dy="4">\
        \(money.short(tick))</text>

        """
    }.joined()
  }

  private func columns(_ frame: ChartFrame) -> Markup {
    let (low, high) = margins
    let scale = ChartFrame(
      width: Self.width, height: Self.height, left: Self.left, times: [], values: low...high)
    return scale.valueTicks.map { tick -> Markup in
      let (x, bottom) = (ChartFrame.text(x(tick)), ChartFrame.text(frame.bottom))
      return """
        <path class="grid" d="M\(x) \(bottom)v5"/>\
        <text class="tick middle" x="\(x)" y="\(ChartFrame.text(frame.bottom + 18))">\
        \(NumberText.grouped(tick, decimals: 7)) %</text>

        """
    }.joined()
  }
}

extension FrontierDrawing {
  /// Where labels stand already.
  private struct Labels {
    private var taken: [(x: Double, y: Double, width: Double)] = []

    /// Whether a text has room at a point; then it stands there.
    mutating func takes(_ x: Double, _ y: Double, _ text: String) -> Bool {
      let width = Double(text.count) * 6.6
      let isFree = taken.allSatisfy { other in
        x > other.x + other.width || other.x > x + width || abs(y - other.y) > 11
      }
      if isFree { taken.append((x, y, width)) }
      return isFree
    }
  }
}

extension FrontierDrawing.Measure {
  fileprivate var title: String {
    switch self {
    case .cost: "cost to traders"
    case .badDebt: "bad debt"
    }
  }
}

extension FrontierPoint.Term {
  var title: String {
    switch self {
    case .threshold: "margin"
    case .buffer: "buffer"
    case .penalty: "penalty"
    }
  }

  var color: String {
    switch self {
    case .threshold: "--c0"
    case .buffer: "--c2"
    case .penalty: "--c5"
    }
  }
}

extension FrontierPoint {
  /// A factor, a share of maintenance margin, or a share of what is liquidated.
  var valueText: String {
    switch term {
    case .threshold: "× " + NumberText.grouped(value.billionths, decimals: 9)
    case .buffer, .penalty: NumberText.grouped(value.billionths, decimals: 7) + " %"
    }
  }
}
