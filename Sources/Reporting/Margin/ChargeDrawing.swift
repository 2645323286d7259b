// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import Quantities
import Simulation

/// Draws how initial margin adds up: one bar per charge, each from where the one before ends, the
/// part that is maintenance margin darker, and the whole at the bottom.
struct ChargeDrawing {
  struct Bar {
    let title: String
    /// Millionths; where the bar begins and what it adds.
    let start: Int64
    let initial: Int64
    let maintenance: Int64
    let isSum: Bool
  }

  let bars: [Bar]
  /// Drawn as a line where it fits into the picture.
  let equity: Int64
  private let money: MoneyFormat

  /// The most bars; smaller charges beyond are added up in one.
  private static let mostBars = 14
  private static let width = 1_080.0
  private static let labels = 300.0
  private static let amounts = 120.0
  private static let rowHeight = 30.0

  init(_ explanation: MarginExplanation) {
    let breakdown = explanation.answer.breakdown
    var lines = breakdown.lines.filter { $0.initial != 0 || $0.maintenance != 0 }.map {
      (title: explanation.title(of: $0.kind), $0.initial, $0.maintenance)
    }
    if lines.count > Self.mostBars {
      let kept = lines.enumerated().sorted {
        $0.element.1 != $1.element.1
          ? $0.element.1 > $1.element.1 : $0.offset < $1.offset
      }
      let shown = kept.prefix(Self.mostBars - 1).map(\.offset).sorted()
      let rest = kept.dropFirst(Self.mostBars - 1).map(\.element)
      lines =
        shown.map { lines[$0] } + [
          (
            "\(rest.count) smaller charges", rest.reduce(0) { $0 + $1.1 },
            rest.reduce(0) { $0 + $1.2 }
          )
        ]
    }
    var start: Int64 = 0
    var bars: [Bar] = []
    for (title, initial, maintenance) in lines {
      bars.append(
        Bar(
          title: title, start: start, initial: initial, maintenance: maintenance, isSum: false))
      start += initial
    }
    bars.append(
      Bar(
        title: "initial margin", start: 0, initial: breakdown.risk.initialMargin,
        maintenance: breakdown.risk.maintenanceMargin, isSum: true))
    self.bars = bars
    equity = breakdown.risk.equity
    money = MoneyFormat(currency: explanation.listing.quote.symbol)
  }

  private var largest: Int64 {
    bars.reduce(1) { max($0, $1.start, $1.start + $1.initial) }
  }

  /// Whether equity lies inside the picture.
  var showsEquity: Bool { equity > 0 && equity <= largest + largest / 4 }

  private var hasRelief: Bool { bars.contains { $0.initial < 0 } }

  private var highest: Int64 { showsEquity ? max(largest, equity) : largest }

  private func x(_ value: Int64) -> Double {
    let room = Self.width - Self.labels - Self.amounts
    return Self.labels + room * (Double(max(value, 0)) / Double(highest))
  }

  var markup: Markup {
    let height = Self.rowHeight * Double(bars.count) + 22
    let rows = bars.enumerated().map { place, bar in row(bar, top: Self.rowHeight * Double(place)) }
    return """
      <div class="scroll"><svg viewBox="0 0 \(Int(Self.width)) \(Int(height))" role="img" \
      aria-label="How initial margin adds up, charge by charge.">
      \(equityLine(height - 22))\(rows.joined())</svg></div>
      <ul class="legend">\
      \(Self.key("charge whole", "initial margin"))\
      \(Self.key("charge", "of it maintenance margin"))\
      \(hasRelief ? Self.key("charge relief", "offset") : "")</ul>

      """
  }

  private static func key(_ kind: Markup, _ name: Markup) -> Markup {
    """
    <li><svg class="key" viewBox="0 0 22 10" aria-hidden="true">\
    <rect class="\(kind)" width="22" height="10"/></svg>\(name)</li>
    """
  }

  private func row(_ bar: Bar, top: Double) -> Markup {
    let (from, to) = (x(min(bar.start, bar.start + bar.initial)), x(bar.end))
    let held = x(bar.start + min(max(bar.maintenance, 0), max(bar.initial, 0)))
    let middle = ChartFrame.text(top + 19)
    let kind: Markup = bar.initial < 0 ? "charge relief" : "charge whole"
    let maintained: Markup =
      bar.initial > 0
      ? Self.bar("charge", from: from, to: held, top: top) : ""
    return """
      <text class="tick end\(bar.isSum ? " strong" : "" as Markup)" \
      x="\(ChartFrame.text(Self.labels - 12))" y="\(middle)">\(shortened(bar.title))</text>\
      \(Self.bar(kind, from: from, to: to, top: top))\(maintained)\
      <text class="tick amount\(bar.isSum ? " strong" : "" as Markup)" \
      x="\(ChartFrame.text(to + 8))" y="\(middle)">\(money.short(bar.initial))</text>

      """
  }

  private static func bar(_ kind: Markup, from: Double, to: Double, top: Double) -> Markup {
    """
    <rect class="\(kind)" x="\(ChartFrame.text(from))" y="\(ChartFrame.text(top + 5))" \
    width="\(ChartFrame.text(max(to - from, 1)))" height="\(ChartFrame.text(rowHeight - 10))"/>
    """
  }

  private func shortened(_ title: String) -> String {
    title.count > 46 ? title.prefix(45) + "…" : title
  }

  private func equityLine(_ height: Double) -> Markup {
    guard showsEquity else { return "" }
    let x = ChartFrame.text(x(equity))
    return """
      <path class="limit" d="M\(x) 0V\(ChartFrame.text(height))"/>\
      <text class="tick middle" x="\(x)" y="\(ChartFrame.text(height + 16))">\
      equity \(money.short(equity))</text>

      """
  }
}

extension ChargeDrawing.Bar {
  fileprivate var end: Int64 { max(start, start + initial) }
}
