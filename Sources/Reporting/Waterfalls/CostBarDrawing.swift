// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Simulation

/// Draws what each waterfall cost traders as one bar a waterfall, one color a kind.
struct CostBarDrawing {
  let runs: [WaterfallRun]
  let money: MoneyFormat

  private static let width = 1_080.0
  private static let left = 150.0
  private static let right = 980.0
  private static let rowHeight = 30.0

  /// A kind with its name and color.
  static let kinds: [(kind: WaterfallCosts.Kind, name: String, color: String)] = [
    (.slippage, "slippage", "--c0"), (.penalty, "penalties", "--c1"), (.fee, "fees", "--c8"),
    (.deleveraging, "deleveraged profit", "--c3"), (.socialized, "shared loss", "--c5"),
  ]

  private var height: Double { Self.rowHeight * Double(runs.count) + 40 }

  /// From the most that is left of the axis to the most that is right of it.
  private var span: (low: Int64, high: Int64) {
    var (low, high): (Int64, Int64) = (0, 1)
    for run in runs {
      let values = Self.kinds.map { run.result.costs[$0.kind] }
      low = min(low, values.filter { $0 < 0 }.reduce(0, WaterfallCosts.plus))
      high = max(high, values.filter { $0 > 0 }.reduce(0, WaterfallCosts.plus), run.backstopDraw)
    }
    return (low, high)
  }

  private func x(_ value: Int64) -> Double {
    let (low, high) = span
    let whole = Double(high) - Double(low)
    return Self.left + (Self.right - Self.left) * ((Double(value) - Double(low)) / whole)
  }

  var markup: Markup {
    let rows = runs.indices.map(row).joined()
    let zero = ChartFrame.text(x(0))
    let keys = Self.kinds.map { kind -> Markup in
      """
      <li><svg class="key" viewBox="0 0 22 10" aria-hidden="true">\
      <path class="line block" style="--c:var(\(kind.color))" d="M1 5H21"/></svg>\(kind.name)</li>
      """
    }
    let fund: Markup = """
      <li><svg class="key" viewBox="0 0 22 10" aria-hidden="true">\
      <path class="fund" d="M11 0V10"/></svg>paid by fund and pools</li>
      """
    return """
      <div class="scroll"><svg viewBox="0 0 \(Int(Self.width)) \(Int(height))" role="img" \
      aria-label="Cost to traders of each waterfall by kind.">
      \(axis)\(rows)<path class="axis" d="M\(zero) 6V\(ChartFrame.text(height - 30))"/>
      </svg></div>
      <ul class="legend">\(keys.joined())\(fund)</ul>

      """
  }

  private var axis: Markup {
    let (low, high) = span
    let frame = ChartFrame(
      width: Self.width, height: height, left: Self.left, times: [], values: low...high)
    return frame.valueTicks.map { tick -> Markup in
      let x = ChartFrame.text(x(tick))
      return """
        <path class="grid" d="M\(x) 6V\(ChartFrame.text(height - 30))"/>\
        <text class="tick middle" x="\(x)" y="\(ChartFrame.text(height - 14))">\
        \(money.short(tick))</text>

        """
    }.joined()
  }

  private func row(_ index: Int) -> Markup {
    let run = runs[index]
    let top = Self.rowHeight * Double(index) + 10
    let middle = ChartFrame.text(top + 14)
    var (down, up): (Int64, Int64) = (0, 0)
    var bars: [Markup] = []
    for kind in Self.kinds {
      let value = run.result.costs[kind.kind]
      guard value != 0 else { continue }
      let from = value > 0 ? up : down
      let to = WaterfallCosts.plus(from, value)
      if value > 0 { up = to } else { down = to }
      let (start, end) = (min(x(from), x(to)), max(x(from), x(to)))
      bars.append(
        """
        <rect class="bar" style="--c:var(\(kind.color))" x="\(ChartFrame.text(start))" \
        y="\(ChartFrame.text(top))" width="\(ChartFrame.text(max(end - start, 0.5)))" \
        height="20"/>

        """)
    }
    let fund = ChartFrame.text(x(run.backstopDraw))
    return """
      <text class="name" x="\(ChartFrame.text(Self.left - 10))" y="\(middle)">\(run.name)</text>
      \(bars.joined())<path class="fund" d="M\(fund) \(ChartFrame.text(top - 3))v26"/>
      <text class="sum" x="\(ChartFrame.text(max(x(up), x(run.backstopDraw)) + 8))" y="\(middle)">\
      \(money.short(run.totalCost))</text>

      """
  }
}

extension WaterfallCosts {
  /// A sum that stays at the limit of its field.
  static func plus(_ one: Int64, _ other: Int64) -> Int64 {
    Int64(clamping: Int128(one) + Int128(other))
  }
}
