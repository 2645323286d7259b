// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Simulation

/// What pictures of the waterfall's stages add to the look of a page.
enum StageStyle {
  static let sheet = """
    .drawing .name { fill: var(--ink); font-size: 12.5px; text-anchor: end; }
    .drawing .sum { fill: var(--soft); font-size: 11.5px; }
    .drawing .axis { stroke: var(--soft); stroke-width: 1.2; fill: none; }
    .drawing .fund { stroke: var(--ink); stroke-width: 2.5; fill: none; }
    .drawing .dot { fill: var(--c); fill-opacity: .75; stroke: var(--card); stroke-width: .8; }
    .drawing .ring { fill: none; stroke: var(--ink); stroke-width: 1.4; }
    .drawing .round { stroke: var(--soft); stroke-width: 1.2; stroke-dasharray: 2 3; fill: none; }
    .drawing .end-name { fill: var(--c); font-size: 11.5px; }
    .drawing .head { fill: var(--soft); font-size: 11.5px; font-weight: 600; }
    .drawing .strip { fill: var(--c); fill-opacity: .22; stroke: var(--c); stroke-width: 1; }
    .drawing .strip-name { fill: var(--ink); font-size: 11.5px; text-anchor: middle; }
    .story .drawing { margin: 4px 0 18px; }
    .story .drawing p, .facts-line { margin: 2px 0 8px; color: var(--soft); font-size: .88rem; }
    .facts-line { max-width: 100ch; }

    """
}

/// Keys of a legend.
enum LegendKey {
  /// A line, or a block, in a color of the style sheet.
  static func line(_ name: String, _ color: String, shape: String) -> Markup {
    """
    <li><svg class="key" viewBox="0 0 22 10" aria-hidden="true">\
    <path class="\(shape)" style="--c:var(\(color))" d="M1 5H21"/></svg>\(name)</li>
    """
  }

  static func block(_ name: String, _ color: String) -> Markup {
    line(name, color, shape: "line block")
  }

  static func dot(_ name: String, _ color: String) -> Markup {
    """
    <li><svg class="key" viewBox="0 0 22 10" aria-hidden="true">\
    <circle class="dot" style="--c:var(\(color))" cx="11" cy="5" r="4.5"/></svg>\(name)</li>
    """
  }

  static func ring(_ name: String) -> Markup {
    """
    <li><svg class="key" viewBox="0 0 22 10" aria-hidden="true">\
    <circle class="ring" cx="11" cy="5" r="4"/></svg>\(name)</li>
    """
  }

  static func band(_ name: String) -> Markup {
    """
    <li><svg class="key" viewBox="0 0 22 10" aria-hidden="true">\
    <rect class="band" width="22" height="10"/></svg>\(name)</li>
    """
  }

  static func list(_ keys: [Markup]) -> Markup { "<ul class=\"legend\">\(keys.joined())</ul>\n" }
}

extension CostBearer {
  /// Who that is, for people.
  var title: String {
    switch self {
    case .account: "the account"
    case .fund: "the insurance fund"
    case .winners: "winners"
    }
  }

  var color: String {
    switch self {
    case .account: "--c0"
    case .fund: "--c1"
    case .winners: "--c3"
    }
  }
}

extension LiquidationStage {
  /// The order in which most waterfalls have their stages.
  static let inOrder: [LiquidationStage] = [
    .cancelOrders, .partial, .auction, .pool, .insuranceFund, .deleveraging, .socializedLoss,
  ]

  var color: String {
    switch self {
    case .cancelOrders: "--c8"
    case .partial: "--c0"
    case .auction: "--c2"
    case .pool: "--c6"
    case .insuranceFund: "--c1"
    case .deleveraging: "--c3"
    case .socializedLoss: "--c5"
    }
  }
}

extension PageFrame {
  /// A picture of the full width with its title and what it shows.
  static func figure(_ id: String, _ title: Markup, _ drawing: Markup, _ caption: Markup) -> Markup
  {
    """
    <figure id="\(id)" class="wide" aria-labelledby="\(id)-title">
    <div class="title"><h3 id="\(id)-title">\(title)</h3></div>
    <div class="drawing">\(drawing)</div>
    <figcaption>\(caption)</figcaption>
    </figure>

    """
  }
}

/// A part of a drawing with values of its own upward.
struct DrawingPanel {
  let top: Double
  let bottom: Double
  let values: ClosedRange<Int64>

  func y(_ value: Int64) -> Double {
    let span = Double(values.upperBound) - Double(values.lowerBound)
    guard span > 0 else { return bottom }
    return bottom - (bottom - top) * ((Double(value) - Double(values.lowerBound)) / span)
  }

  /// Round values inside the panel, at most four.
  var ticks: [Int64] {
    let all = ChartFrame(width: 100, height: 100, left: 0, times: [], values: values).valueTicks
    let step = max((all.count + 3) / 4, 1)
    return all.enumerated().filter { $0.offset % step == 0 }.map(\.element)
  }

  /// Lines across with their values at the left.
  func grid(_ left: Double, _ right: Double, _ label: (Int64) -> String) -> Markup {
    ticks.map { tick -> Markup in
      let y = ChartFrame.text(y(tick))
      return """
        <path class="grid" d="M\(ChartFrame.text(left)) \(y)H\(ChartFrame.text(right))"/>\
        <text class="tick end" x="\(ChartFrame.text(left - 6))" y="\(y)" dy="4">\
        \(label(tick))</text>

        """
    }.joined()
  }
}

extension NumberText {
  /// A price as a share of the mark.
  static func share(ofMark billionths: Int64) -> String {
    percentage(billionths: billionths, shown: 3)
  }
}
