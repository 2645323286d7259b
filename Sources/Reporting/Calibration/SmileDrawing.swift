// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

/// Draws a smile as SVG: bars from bid to ask, dots in their middle, crosses for what does not
/// count, and the fitted curve.
struct SmileDrawing {
  let chart: SmileChart
  /// Its values are volatilities; the way across is this drawing's own.
  private let frame: ChartFrame

  init(_ chart: SmileChart) {
    self.chart = chart
    frame = ChartFrame(width: 528, height: 282, left: 52, times: [], values: chart.volatility)
  }

  var markup: Markup {
    """
    <div class="scroll"><svg viewBox="0 0 \(Int(frame.width)) \(Int(frame.height) + 16)" \
    role="img" aria-label="Smile of \(chart.title). \(chart.caption)">
    \(axes)\(rejected)\(spreads)\
    <path class="line thick" style="--c:var(--c0)" d="\(curve)"/>
    <path class="dots" style="--c:var(--c5)" d="\(dots)"/>
    </svg></div>

    """
  }

  /// Once per group of smiles.
  static let legend: Markup = """
    <ul class="legend">\
    <li><svg class="key" viewBox="0 0 22 10" aria-hidden="true">\
    <path class="line thick" style="--c:var(--c0)" d="M1 5H21"/></svg>fitted</li>\
    <li><svg class="key" viewBox="0 0 22 10" aria-hidden="true">\
    <path class="spread" style="--c:var(--c5)" d="M11 0V10"/>\
    <path class="dots" style="--c:var(--c5)" d="M11 5h0"/></svg>used quote, bid to ask</li>\
    <li><svg class="key" viewBox="0 0 22 10" aria-hidden="true">\
    <path class="refused" d="M8.5 2.5l5 5m0-5l-5 5"/></svg>rejected quote</li></ul>

    """

  // MARK: Places

  private func x(_ logMoneyness: Double) -> String {
    let scale = Double(powerOfTen(SmileChart.decimals))
    let range = chart.logMoneyness
    let span = Double(range.upperBound - range.lowerBound)
    let part = (logMoneyness * scale - Double(range.lowerBound)) / span
    return ChartFrame.text(frame.left + (frame.right - frame.left) * part)
  }

  private func y(_ volatility: Double) -> String {
    ChartFrame.text(frame.y(volatility.units(decimals: SmileChart.decimals) ?? 0))
  }

  // MARK: Parts

  private var axes: Markup {
    let (left, right) = (ChartFrame.text(frame.left), ChartFrame.text(frame.right))
    let rows = frame.valueTicks.map { tick -> Markup in
      let y = ChartFrame.text(frame.y(tick))
      return """
        <path class="grid" d="M\(left) \(y)H\(right)"/>\
        <text class="tick end" x="\(ChartFrame.text(frame.left - 6))" y="\(y)" dy="4">\
        \(NumberText.grouped(tick, decimals: SmileChart.decimals - 2)) %</text>

        """
    }
    let bottom = ChartFrame.text(frame.bottom)
    let across = ChartFrame(
      width: frame.width, height: frame.height, left: frame.left, times: [],
      values: chart.logMoneyness)
    let columns = across.valueTicks.map { tick -> Markup in
      let x = x(Double(tick) / Double(powerOfTen(SmileChart.decimals)))
      return """
        <path class="grid" d="M\(x) \(bottom)v5"/>\
        <text class="tick middle" x="\(x)" y="\(ChartFrame.text(frame.bottom + 18))">\
        \(NumberText.grouped(tick, decimals: SmileChart.decimals))</text>

        """
    }
    let middle = ChartFrame.text((frame.left + frame.right) / 2)
    let name: Markup = """
      <text class="tick middle" x="\(middle)" y="\(ChartFrame.text(frame.bottom + 36))">\
      ln(strike ÷ forward)</text>

      """
    return rows.joined() + columns.joined() + name
  }

  private var curve: String {
    chart.curve.enumerated().map { index, point in
      "\(index == 0 ? "M" : "L")\(x(point.logMoneyness)) \(y(point.volatility))"
    }.joined()
  }

  /// Lines of no length with round caps.
  private var dots: String {
    chart.used.map { "M\(x($0.logMoneyness)) \(y($0.volatility))h0" }.joined()
  }

  private var spreads: Markup {
    let bars = chart.used.map { quote in
      "M\(x(quote.logMoneyness)) \(y(quote.bid ?? quote.volatility))"
        + "V\(y(quote.ask ?? quote.volatility))"
    }
    return "<path class=\"spread\" style=\"--c:var(--c5)\" d=\"\(bars.joined())\"/>\n"
  }

  private var rejected: Markup {
    let crosses = chart.rejected.map { quote in
      "M\(x(quote.logMoneyness)) \(y(quote.volatility))m-2.5-2.5l5 5m0-5l-5 5"
    }
    return crosses.isEmpty ? "" : "<path class=\"refused\" d=\"\(crosses.joined())\"/>\n"
  }
}
