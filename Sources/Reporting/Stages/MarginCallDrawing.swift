// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Simulation

/// Draws what became of the accounts that were called: one bar a step, from all who reached it.
struct MarginCallDrawing {
  let summary: MarginCallSummary

  /// What became of an account, with its name and color.
  static var ends: [(name: String, color: String, count: (MarginCallSummary.Row) -> Int)] {
    [
      ("liquidated", "--c5", \.liquidated), ("recovered", "--c2", \.recovered),
      ("still called", "--c8", \.standing),
    ]
  }

  private static let width = 1_080.0
  private static let left = 190.0
  private static let right = 980.0
  private static let rowHeight = 34.0

  private var most: Int { max(summary.rows.map(\.accounts).max() ?? 0, 1) }

  private func x(_ count: Int) -> Double {
    Self.left + (Self.right - Self.left) * (Double(count) / Double(most))
  }

  var markup: Markup {
    let height = Self.rowHeight * Double(summary.rows.count) + 14
    let rows = summary.rows.enumerated().map { row($1, at: Self.rowHeight * Double($0) + 10) }
    let told = summary.rows.map { "\($0.step.title): \($0.accounts) accounts" }
    let keys = Self.ends.map { LegendKey.block($0.name, $0.color) }
    return """
      <div class="scroll"><svg viewBox="0 0 \(Int(Self.width)) \(Int(height))" role="img" \
      aria-label="Accounts by step of the ladder and what became of them. \
      \(told.joined(separator: ", ")).">
      \(rows.joined())<path class="axis" d="M\(ChartFrame.text(Self.left)) 4\
      V\(ChartFrame.text(height - 4))"/>
      </svg></div>
      \(LegendKey.list(keys))
      """
  }

  private func row(_ row: MarginCallSummary.Row, at top: Double) -> Markup {
    var before = 0
    let bars = Self.ends.map { end -> Markup in
      let count = end.count(row)
      guard count > 0 else { return "" }
      let (start, stop) = (x(before), x(before + count))
      before += count
      return """
        <rect class="bar" style="--c:var(\(end.color))" x="\(ChartFrame.text(start))" \
        y="\(ChartFrame.text(top))" width="\(ChartFrame.text(max(stop - start, 0.5)))" \
        height="22"><title>\(row.step.title): \(NumberText.grouped(Int64(count))) \
        \(end.name)</title></rect>

        """
    }
    let middle = ChartFrame.text(top + 15)
    return """
      <text class="name" x="\(ChartFrame.text(Self.left - 10))" y="\(middle)">\
      \(row.step.title)</text>
      \(bars.joined())<text class="sum" x="\(ChartFrame.text(x(before) + 8))" y="\(middle)">\
      \(NumberText.grouped(Int64(row.accounts)))</text>

      """
  }
}

extension MarginCall {
  /// The step's name for people.
  var title: String {
    switch self {
    case .none: "not called"
    case .warning: "warned"
    case .reduceOnly: "called to reduce"
    case .cancelOrders: "orders cancelled"
    }
  }

  /// The step's name in JSON; never changes its meaning.
  var field: String {
    switch self {
    case .none: "none"
    case .warning: "warning"
    case .reduceOnly: "reduceOnly"
    case .cancelOrders: "cancelOrders"
    }
  }
}
