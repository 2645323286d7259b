// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Quantities
import Simulation

/// Draws one auction: the price as it falls, the price at which the account is worth nothing,
/// the bids, and where rounds and phases begin.
struct AuctionDrawing {
  let story: AuctionStory
  let money: MoneyFormat

  private static let width = 1_080.0
  private static let height = 290.0
  private static let left = 74.0

  private var frame: ChartFrame {
    let times = story.path.map(\.time) + story.bids.map(\.time) + [story.endedAt].compactMap(\.self)
    let prices = story.path.compactMap(\.prices)
    let shown =
      prices.flatMap { [$0.asked.billionths, $0.bankruptcy.billionths] }
      + story.bids.map(\.price.billionths) + [Rate.one.billionths]
    let (low, high) = (shown.min() ?? 0, shown.max() ?? 1)
    let space = max((high - low) / 12, 1_000)
    return ChartFrame(
      width: Self.width, height: Self.height, left: Self.left, times: times,
      values: (low - space)...(high + space))
  }

  var markup: Markup {
    let frame = frame
    return """
      <div class="scroll"><svg viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" role="img" \
      aria-label="Price path of the auction of \(story.account) with \(story.bids.count) bids.">
      \(phases(frame))\(axes(frame))\(lines(frame))\(rounds(frame))\(bids(frame))</svg></div>
      \(legend)
      """
  }

  private func axes(_ frame: ChartFrame) -> Markup {
    let times = frame.timeTicks.map { tick -> Markup in
      """
      <path class="grid" d="M\(ChartFrame.text(frame.x(tick.time))) \
      \(ChartFrame.text(frame.bottom))v5"/>\
      <text class="tick middle" x="\(ChartFrame.text(frame.x(tick.time)))" \
      y="\(ChartFrame.text(frame.bottom + 18))">\(tick.label)</text>

      """
    }
    let panel = DrawingPanel(top: frame.top, bottom: frame.bottom, values: frame.values)
    return panel.grid(frame.left, frame.right) { NumberText.grouped($0, decimals: 7) + " %" }
      + times.joined()
  }

  // MARK: Lines

  private func lines(_ frame: ChartFrame) -> Markup {
    let mark = ChartFrame.text(frame.y(Rate.one.billionths))
    let level: Markup = """
      <path class="line" style="--c:var(--ink)" d="M\(ChartFrame.text(frame.left)) \(mark)\
      H\(ChartFrame.text(frame.right))"/>

      """
    return level
      + line("--c5", "dashed", frame) { $0.bankruptcy } + line("--c0", "thick", frame) { $0.asked }
  }

  /// A line that is interrupted where nothing was for sale and where a round begins.
  private func line(
    _ color: String, _ weight: String, _ frame: ChartFrame,
    _ value: (AuctionStory.Prices) -> Rate
  ) -> Markup {
    var path = ""
    var isDrawing = false
    for (position, point) in story.path.enumerated() {
      guard let prices = point.prices else {
        isDrawing = false
        continue
      }
      let here = frame.point(point.time, value(prices).billionths)
      path += (isDrawing && !point.startsRound ? "L" : "M") + here
      isDrawing = true
      // The price of a block is that of its bids until the next; a lone one is a short stroke.
      let next = position + 1 < story.path.count ? story.path[position + 1] : nil
      if next?.prices == nil || next?.startsRound == true { path += "h6" }
    }
    guard !path.isEmpty else { return "" }
    return "<path class=\"line \(weight)\" style=\"--c:var(\(color))\" d=\"\(path)\"/>\n"
  }

  // MARK: Phases and rounds

  /// Shades the time in which the fund pays.
  private func phases(_ frame: ChartFrame) -> Markup {
    var bands: [ClosedRange<Timestamp>] = []
    let end = story.endedAt ?? frame.times.upperBound
    for (position, point) in story.path.enumerated() where point.phase == .insolvent {
      let next = position + 1 < story.path.count ? story.path[position + 1].time : end
      let until = max(next, point.time)
      if let last = bands.last, last.upperBound >= point.time {
        bands[bands.count - 1] = last.lowerBound...max(until, last.upperBound)
      } else {
        bands.append(point.time...until)
      }
    }
    return bands.map { band -> Markup in
      let x = frame.x(band.lowerBound)
      let width = max(frame.x(band.upperBound) - x, 2)
      return """
        <rect class="band" x="\(ChartFrame.text(x))" y="\(ChartFrame.text(frame.top))" \
        width="\(ChartFrame.text(width))" height="\(ChartFrame.text(frame.bottom - frame.top))"/>

        """
    }.joined()
  }

  private func rounds(_ frame: ChartFrame) -> Markup {
    let starts = story.path.filter(\.startsRound)
    return starts.enumerated().dropFirst().map { index, point -> Markup in
      let x = frame.x(point.time)
      let isRight = x > frame.right - 70
      return """
        <path class="round" d="M\(ChartFrame.text(x)) \(ChartFrame.text(frame.top))\
        V\(ChartFrame.text(frame.bottom))"/>\
        <text class="tick\(isRight ? " end" : "" as Markup)" \
        x="\(ChartFrame.text(x + (isRight ? -4 : 4)))" \
        y="\(ChartFrame.text(frame.bottom - 6))">round \(index + 1)</text>

        """
    }.joined()
  }

  // MARK: Bids

  private func bids(_ frame: ChartFrame) -> Markup {
    let most = Double(max(story.bids.map(\.fill.notional).max() ?? 1, 1))
    // The largest first, so that none is hidden.
    let sorted = story.bids.enumerated().sorted { one, other in
      let (size, otherSize) = (one.element.fill.notional, other.element.fill.notional)
      return size != otherSize ? size > otherSize : one.offset < other.offset
    }
    return sorted.map { _, bid -> Markup in
      let share = Double(max(bid.fill.notional, 0)) / most
      let radius = ChartFrame.text(3 + 10 * share.squareRoot())
      let x = ChartFrame.text(frame.x(bid.time))
      let y = ChartFrame.text(frame.y(bid.price.billionths))
      let ring: Markup =
        bid.prolongs ? "<circle class=\"ring\" cx=\"\(x)\" cy=\"\(y)\" r=\"\(radius)\"/>" : ""
      return """
        <circle class="dot" style="--c:var(\(Self.payer(of: bid).color))" cx="\(x)" cy="\(y)" \
        r="\(radius)"><title>\(bid.fill.bidder): \(money.short(bid.fill.notional)) at \
        \(NumberText.share(ofMark: bid.price.billionths)) of the mark</title></circle>\(ring)

        """
    }.joined()
  }

  /// Who gave the bidder what it received.
  static func payer(of bid: AuctionStory.Bid) -> CostBearer {
    bid.fill.fundPaid > bid.fill.discount ? .fund : .account
  }

  private var legend: Markup {
    var keys = [
      LegendKey.line("asked price", "--c0", shape: "line thick"),
      LegendKey.line("mark (100 %)", "--ink", shape: "line"),
      LegendKey.line("account is worth nothing", "--c5", shape: "line dashed"),
    ]
    for bearer in [CostBearer.account, .fund]
    where story.bids.contains(where: { Self.payer(of: $0) == bearer }) {
      keys.append(LegendKey.dot("bid paid by \(bearer.title), area by value", bearer.color))
    }
    if story.bids.contains(where: \.prolongs) {
      keys.append(LegendKey.ring("made the round longer"))
    }
    if story.path.contains(where: { $0.phase == .insolvent }) {
      keys.append(LegendKey.band("insolvent phase: the fund pays"))
    }
    return LegendKey.list(keys)
  }
}
