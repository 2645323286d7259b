// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Simulation

/// Draws what liquidations cost traders as one bar a waterfall, or a stage, one color a kind.
struct CostBarDrawing {
  let rows: [Row]
  let money: MoneyFormat
  /// What those behind the venue paid, for the legend.
  let backing: String
  /// What is shown, for those who cannot see it.
  let summary: String

  struct Row {
    let name: String
    /// In the order of ``CostBarDrawing/kinds``.
    let costs: [Int64]
    /// What those behind the venue paid, drawn as a mark.
    let backing: Int64

    var total: Int64 { costs.reduce(0, WaterfallCosts.plus) }
  }

  private static let width = 1_080.0
  private static let left = 150.0
  private static let right = 980.0
  private static let rowHeight = 30.0

  /// A kind with its name and color.
  static let kinds: [(kind: WaterfallCosts.Kind, name: String, color: String)] = [
    (.slippage, "slippage", "--c0"), (.penalty, "penalties", "--c1"), (.fee, "fees", "--c8"),
    (.deleveraging, "deleveraged profit", "--c3"), (.socialized, "shared loss", "--c5"),
  ]

  private var height: Double { Self.rowHeight * Double(rows.count) + 40 }

  /// From the most that is left of the axis to the most that is right of it.
  private var span: (low: Int64, high: Int64) {
    var (low, high): (Int64, Int64) = (0, 1)
    for row in rows {
      low = min(low, row.costs.filter { $0 < 0 }.reduce(0, WaterfallCosts.plus))
      high = max(high, row.costs.filter { $0 > 0 }.reduce(0, WaterfallCosts.plus), row.backing)
    }
    return (low, high)
  }

  private func x(_ value: Int64) -> Double {
    let (low, high) = span
    let whole = Double(high) - Double(low)
    return Self.left + (Self.right - Self.left) * ((Double(value) - Double(low)) / whole)
  }

  var markup: Markup {
    let bars = rows.indices.map(bar).joined()
    let zero = ChartFrame.text(x(0))
    let keys = Self.kinds.map { kind -> Markup in
      """
      <li><svg class="key" viewBox="0 0 22 10" aria-hidden="true">\
      <path class="line block" style="--c:var(\(kind.color))" d="M1 5H21"/></svg>\(kind.name)</li>
      """
    }
    let fund: Markup = """
      <li><svg class="key" viewBox="0 0 22 10" aria-hidden="true">\
      <path class="fund" d="M11 0V10"/></svg>\(backing)</li>
      """
    return """
      <div class="scroll"><svg viewBox="0 0 \(Int(Self.width)) \(Int(height))" role="img" \
      aria-label="\(summary)">
      \(axis)\(bars)<path class="axis" d="M\(zero) 6V\(ChartFrame.text(height - 30))"/>
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

  private func bar(_ index: Int) -> Markup {
    let row = rows[index]
    let top = Self.rowHeight * Double(index) + 10
    let middle = ChartFrame.text(top + 14)
    var (down, up): (Int64, Int64) = (0, 0)
    var bars: [Markup] = []
    for (kind, value) in zip(Self.kinds, row.costs) {
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
    let fund = ChartFrame.text(x(row.backing))
    return """
      <text class="name" x="\(ChartFrame.text(Self.left - 10))" y="\(middle)">\(row.name)</text>
      \(bars.joined())<path class="fund" d="M\(fund) \(ChartFrame.text(top - 3))v26"/>
      <text class="sum" x="\(ChartFrame.text(labelStart(x(up), x(row.backing))))" y="\(middle)">\
      \(money.short(row.total))</text>

      """
  }
}

extension CostBarDrawing {
  /// Right of the bar, or of the mark where that would run through the label.
  private func labelStart(_ end: Double, _ mark: Double) -> Double {
    (end - 2...end + 70).contains(mark) ? mark + 8 : end + 8
  }

  /// One bar a waterfall.
  init(runs: [WaterfallRun], money: MoneyFormat) {
    self.init(
      rows: runs.map { run in
        Row(
          name: run.name, costs: Self.kinds.map { run.result.costs[$0.kind] },
          backing: run.backstopDraw)
      },
      money: money, backing: "paid by fund and pools",
      summary: "Cost to traders of each waterfall by kind.")
  }

  /// One bar a stage, for stages that cost anything.
  init(costs: WaterfallCosts, money: MoneyFormat) {
    self.init(
      rows: costs.usedStages.map { stage in
        Row(
          name: stage.title, costs: Self.kinds.map { costs[stage, $0.kind] },
          backing: costs.fundPaid(at: stage))
      },
      money: money, backing: "paid by the insurance fund",
      summary: "Cost to traders of each stage by kind.")
  }
}

extension WaterfallCosts {
  /// The stages at which anything was paid.
  var usedStages: [LiquidationStage] {
    LiquidationStage.inOrder.filter { stage in
      fundPaid(at: stage) != 0 || Kind.allCases.contains { self[stage, $0] != 0 }
    }
  }

  /// A sum that stays at the limit of its field.
  static func plus(_ one: Int64, _ other: Int64) -> Int64 {
    Int64(clamping: Int128(one) + Int128(other))
  }
}
