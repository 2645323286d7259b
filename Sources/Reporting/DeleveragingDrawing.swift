// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities
import Simulation

/// Draws how many deleveraged accounts had which leverage, before and after.
struct DeleveragingDrawing {
  let accounts: [DeleveragedAccount]

  /// Lower edges of the classes, billionths; the last one is open.
  private static let edges: [Int64] = [
    0, 500_000_000, 1_000_000_000, 2_000_000_000, 3_000_000_000, 5_000_000_000, 10_000_000_000,
    20_000_000_000,
  ]
  private static let width = 1_080.0
  private static let height = 240.0
  private static let left = 62.0
  private static let right = 1_056.0

  /// Accounts in each class of a leverage.
  func counts(_ leverage: (DeleveragedAccount) -> Int64) -> [Int64] {
    var counts = [Int64](repeating: 0, count: Self.edges.count)
    for account in accounts {
      let value = leverage(account)
      counts[Self.edges.lastIndex { $0 <= value } ?? 0] += 1
    }
    return counts
  }

  private static func title(_ index: Int) -> String {
    let low = NumberText.grouped(edges[index], decimals: 9)
    guard index + 1 < edges.count else { return "\(low)× or more" }
    return "\(low) – \(NumberText.grouped(edges[index + 1], decimals: 9))×"
  }

  var markup: Markup {
    let (before, after) = (counts(\.leverageBefore), counts(\.leverageAfter))
    let frame = ChartFrame(
      width: Self.width, height: Self.height, left: Self.left, times: [],
      values: 0...max((before + after).max() ?? 1, 1))
    let rows = frame.valueTicks.map { tick -> Markup in
      let y = ChartFrame.text(frame.y(tick))
      return """
        <path class="grid" d="M\(ChartFrame.text(Self.left)) \(y)H\(ChartFrame.text(Self.right))"/>\
        <text class="tick end" x="\(ChartFrame.text(Self.left - 6))" y="\(y)" dy="4">\
        \(NumberText.grouped(tick))</text>

        """
    }
    let groups = Self.edges.indices.map { group($0, before[$0], after[$0], frame) }
    return """
      <div class="scroll"><svg viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" role="img" \
      aria-label="Deleveraged accounts by leverage before and after.">
      \(rows.joined())\(groups.joined())</svg></div>
      <ul class="legend">\(key("before", "--c5"))\(key("after", "--c0"))</ul>

      """
  }

  private func key(_ name: String, _ color: String) -> Markup {
    """
    <li><svg class="key" viewBox="0 0 22 10" aria-hidden="true">\
    <path class="line block" style="--c:var(\(color))" d="M1 5H21"/></svg>\(name)</li>
    """
  }

  private func group(_ index: Int, _ before: Int64, _ after: Int64, _ frame: ChartFrame) -> Markup {
    let room = (Self.right - Self.left) / Double(Self.edges.count)
    let start = Self.left + room * Double(index) + room * 0.14
    let pair = [(before, "--c5", start), (after, "--c0", start + room * 0.36)]
    let bars = pair.map { bar -> Markup in
      let top = frame.y(bar.0)
      return """
        <rect class="bar" style="--c:var(\(bar.1))" x="\(ChartFrame.text(bar.2))" \
        y="\(ChartFrame.text(top))" width="\(ChartFrame.text(room * 0.34))" \
        height="\(ChartFrame.text(frame.bottom - top))"/>

        """
    }
    return bars.joined()
      + """
      <text class="tick middle" x="\(ChartFrame.text(start + room * 0.36))" \
      y="\(ChartFrame.text(frame.bottom + 18))">\(Self.title(index))</text>

      """
  }
}

extension ReportPage {
  /// The most rows of the table of those who were cut.
  private static let shownCuts = 15

  /// Who was deleveraged, and what it did to their leverage; of each run that deleveraged.
  var deleveraging: Markup {
    zip(runs.names, runs.results).enumerated().map { position, pair -> Markup in
      let (name, result) = pair
      guard !result.deleveraged.isEmpty else {
        let who: Markup = runs.isComparison ? "\(name): nobody" : "Nobody"
        return "<p>\(who) was deleveraged.</p>\n" + queue(result, position)
      }
      let title =
        runs.isComparison
        ? "Leverage of those who were cut: \(name)" : "Leverage of those who were cut"
      return """
        <div class="figures">
        <figure id="deleveraging-\(position)" class="wide" \
        aria-labelledby="deleveraging-\(position)-title">
        <div class="title"><h3 id="deleveraging-\(position)-title">\(title)</h3></div>
        <div class="drawing">\(DeleveragingDrawing(accounts: result.deleveraged).markup)</div>
        <figcaption>Accounts whose positions were closed against those of accounts in \
        liquidation, by the value of all their positions ÷ their equity before and after each \
        step.</figcaption>
        </figure>
        </div>
        \(cuts(result))\(events(result))\(queue(result, position))
        """
    }.joined()
  }

  private func cuts(_ result: ReplayResult) -> Markup {
    var table = HTMLTable(
      "Who was cut most in one step",
      [
        .short("Account"), .short("Time (UTC)"), .number("Closed"), .number("Given up"),
        .number("Leverage before"), .number("after"),
      ])
    let largest = result.deleveraged.enumerated().sorted { one, other in
      one.element.value != other.element.value
        ? one.element.value > other.element.value : one.offset < other.offset
    }
    for (_, cut) in largest.prefix(Self.shownCuts) {
      table.append([
        "\(cut.account)", "\(cut.time.readable)", amount(cut.value), amount(cut.givenUp),
        "\(NumberText.rounded(cut.leverageBefore, decimals: 9, shown: 2))×",
        "\(NumberText.rounded(cut.leverageAfter, decimals: 9, shown: 2))×",
      ])
    }
    return table.markup
  }
}
