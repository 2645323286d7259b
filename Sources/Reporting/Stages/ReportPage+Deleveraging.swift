// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities
import Simulation

// Deleveraging position by position, and how everybody stands in the queue.
extension ReportPage {
  /// Events in the table, those with a table of their own, and rows of such a table.
  private static let shown = (events: 12, opened: 5, cuts: 20)

  /// The largest positions that were closed against others, with who gave what.
  func events(_ result: ReplayResult) -> Markup {
    let sorted = result.deleveragings.enumerated().sorted { one, other in
      one.element.value != other.element.value
        ? one.element.value > other.element.value : one.offset < other.offset
    }.map(\.element)
    guard !sorted.isEmpty else { return "" }
    var table = HTMLTable(
      "Positions closed against winners, the largest first",
      [
        .short("Time (UTC)"), .short("Whose"), .short("Contract"), .number("Size"),
        .number("Price"), .number("Mark"), .number("Value"), .number("Winners"),
        .number("Given up"),
      ])
    for event in sorted.prefix(Self.shown.events) {
      table.append([
        "\(event.time.dayText) \(event.time.clockText)", "\(event.account)",
        "\(event.contract)", "\(event.text(event.size))", "\(event.price.readable)",
        "\(event.mark.readable)", amount(event.value),
        "\(NumberText.grouped(Int64(event.winners)))", amount(event.givenUp),
      ])
    }
    let rest = sorted.dropFirst(Self.shown.events)
    if !rest.isEmpty {
      table.append([
        "\(NumberText.grouped(Int64(rest.count))) more", "", "", "", "", "",
        amount(rest.reduce(0) { WaterfallCosts.plus($0, $1.value) }),
        "\(NumberText.grouped(Int64(rest.reduce(0) { $0 + $1.winners })))",
        amount(rest.reduce(0) { WaterfallCosts.plus($0, $1.givenUp) }),
      ])
    }
    table.footer = [
      "All \(NumberText.grouped(Int64(sorted.count)))", "", "", "", "", "",
      amount(sorted.reduce(0) { WaterfallCosts.plus($0, $1.value) }),
      "\(NumberText.grouped(Int64(sorted.reduce(0) { $0 + $1.winners })))",
      amount(sorted.reduce(0) { WaterfallCosts.plus($0, $1.givenUp) }),
    ]
    return table.markup + sorted.prefix(Self.shown.opened).map(cutTable).joined()
  }

  private func cutTable(_ event: DeleveragingEvent) -> Markup {
    var table = HTMLTable(
      "Who was cut, and by how much",
      [
        .short("Winner"), .number("Cut"), .number("of its position"), .number("Value"),
        .number("Given up"), .number("of its profit"),
      ])
    let cuts = event.cuts.sorted { one, other in
      one.size != other.size ? one.size.steps > other.size.steps : one.account < other.account
    }
    for cut in cuts.prefix(Self.shown.cuts) {
      table.append([
        "\(cut.account)", "\(event.text(cut.size))",
        Self.part(cut.size.steps, of: cut.held.steps), amount(cut.value), amount(cut.givenUp),
        Self.part(cut.givenUp, of: cut.profit),
      ])
    }
    let hidden = event.winners - table.rows.count
    if hidden > 0 {
      table.append(["\(NumberText.grouped(Int64(hidden))) more", "", "", "", "", ""])
    }
    table.footer = [
      "All \(NumberText.grouped(Int64(event.winners)))", "\(event.text(event.size))", "",
      amount(event.value), amount(event.givenUp), "",
    ]
    return """
      <details><summary>\(event.text(event.size)) in \(event.contract) of \
      \(event.account), \(event.time.readable): who was cut</summary>
      \(table.markup)</details>

      """
  }

  /// A part in per cent, or a dash where there is no whole.
  private static func part(_ part: Int64, of whole: Int64) -> Markup {
    guard whole > 0 else { return .none }
    let share = (Int128(part) * 1_000_000_000).divided(by: Int128(whole), rounding: .halfEven)
    return "\(NumberText.percentage(billionths: Int64(clamping: share), shown: 1))"
  }
}

extension DeleveragingEvent {
  /// A size in the unit of the contract.
  fileprivate func text(_ size: Size) -> String {
    NumberText.grouped(quantity: quantityText(size))
  }
}

// MARK: The queue

extension ReportPage {
  /// Where all positions stand in the queues of their markets; nothing where nobody is asked.
  func queue(_ result: ReplayResult, _ position: Int) -> Markup {
    guard let queue = result.queue, queue.classes.contains(where: { $0.positions > 0 }) else {
      return ""
    }
    let name: Markup = runs.isComparison ? ": \(runs.names[position])" : ""
    let isFirst = !result.deleveraged.isEmpty
    let when = isFirst ? "after the block with the first deleveraging" : "at the end"
    var table = HTMLTable(
      "Positions by their place in the queue",
      [.short("Place"), .number("Positions"), .number("Value")])
    for (index, one) in queue.classes.enumerated() {
      table.append([
        "\(QueueDrawing.title(index))", "\(NumberText.grouped(Int64(one.positions)))",
        amountOrNone(one.value),
      ])
    }
    table.footer = [
      "All", "\(NumberText.grouped(Int64(queue.classes.reduce(0) { $0 + $1.positions })))",
      amount(queue.classes.reduce(0) { WaterfallCosts.plus($0, $1.value) }),
    ]
    return "<div class=\"figures\">\n"
      + PageFrame.figure(
        "queue-\(position)", "Who would be asked first\(name)",
        QueueDrawing(queue: queue, money: runs.money).markup,
        """
        Every open position \(when) (\(queue.time.readable)) by its place in the queue of its \
        market and side, as the venue publishes it: 100 is touched first, 1 last. Positions \
        without a profit at the mark, or of accounts in liquidation, have no place.
        """)
        + """
        </div>
        <details><summary>The queue as a table</summary>
        \(table.markup)</details>

        """
  }
}

/// Draws the value of positions by their place in the queue.
struct QueueDrawing {
  let queue: DeleveragingQueue
  let money: MoneyFormat

  private static let width = 1_080.0
  private static let height = 240.0
  private static let left = 74.0
  private static let right = 1_056.0

  static func title(_ index: Int) -> String {
    index < DeleveragingQueue.tenths ? "\(index * 10 + 1) – \(index * 10 + 10)" : "no place"
  }

  var markup: Markup {
    let panel = DrawingPanel(
      top: 18, bottom: Self.height - 26, values: 0...max(queue.classes.map(\.value).max() ?? 1, 1))
    let room = (Self.right - Self.left) / Double(queue.classes.count)
    let bars = queue.classes.enumerated().map { index, one -> Markup in
      let x = Self.left + room * Double(index)
      let top = panel.y(one.value)
      let color = index < DeleveragingQueue.tenths ? "--c3" : "--c8"
      return """
        <rect class="bar" style="--c:var(\(color))" x="\(ChartFrame.text(x + room * 0.14))" \
        y="\(ChartFrame.text(top))" width="\(ChartFrame.text(room * 0.72))" \
        height="\(ChartFrame.text(panel.bottom - top))"/>\
        <text class="tick middle" x="\(ChartFrame.text(x + room / 2))" \
        y="\(ChartFrame.text(top - 5))">\(NumberText.grouped(Int64(one.positions)))</text>\
        <text class="tick middle" x="\(ChartFrame.text(x + room / 2))" \
        y="\(ChartFrame.text(panel.bottom + 18))">\(Self.title(index))</text>

        """
    }
    return """
      <div class="scroll"><svg viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" role="img" \
      aria-label="Value of positions by their place in the queue for deleveraging.">
      \(panel.grid(Self.left, Self.right) { money.short($0) })\(bars.joined())</svg></div>
      <ul class="legend">\(LegendKey.block("value of positions with a place", "--c3"))\
      \(LegendKey.block("without a place", "--c8"))<li>above each bar: positions</li></ul>

      """
  }
}
