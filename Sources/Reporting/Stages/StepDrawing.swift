// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Quantities
import Simulation

/// Draws one liquidation step by step: at what price it traded and how much, what each step cost
/// and who paid, and in which stage that was.
struct StepDrawing {
  let story: LiquidationStory
  let money: MoneyFormat

  private static let width = 1_080.0
  private static let height = 300.0
  private static let left = 78.0
  private static let right = 1_060.0

  /// Each step's place in the picture, price as a share of the mark, and size.
  private struct Fill {
    let index: Int
    let price: Int64
    let value: Int64
    let bearer: CostBearer
  }

  private var steps: [LiquidationStory.Step] { story.steps }

  private func x(_ index: Int) -> Double {
    Self.left + (Self.right - Self.left) * ((Double(index) + 0.5) / Double(max(steps.count, 1)))
  }

  /// What an account received or saved by a trade as a share of the mark: below 1 it lost by it.
  static func price(of step: LiquidationStory.Step) -> Int64? {
    guard let value = step.value, value > 0 else { return nil }
    let cost = Int128(step.cost ?? 0) * (step.bearer == .winners ? 1 : -1)
    let share = (cost * 1_000_000_000).divided(by: Int128(value), rounding: .halfEven)
    return Int64(clamping: 1_000_000_000 + share)
  }

  private var fills: [Fill] {
    steps.enumerated().compactMap { index, step in
      Self.price(of: step).map {
        Fill(
          index: index, price: $0, value: step.value ?? 0, bearer: step.bearer ?? .account)
      }
    }
  }

  var markup: Markup {
    guard steps.count > 1 else { return "" }
    let fills = fills
    return """
      <div class="drawing"><div class="scroll"><svg viewBox="0 0 \(Int(Self.width)) \
      \(Int(Self.height))" role="img" aria-label="The liquidation of \(story.account) in \
      \(steps.count) steps.">
      \(prices(fills))\(costs)\(strip)\(times)</svg></div>
      \(legend(fills))<p>Step after step. Above: the price of each trade as a share of the mark, \
      as the account sees it (below 100 % it lost by the trade), the area by value. Middle: what \
      a step cost. Below: the stage.</p></div>

      """
  }

  // MARK: Prices

  private func prices(_ fills: [Fill]) -> Markup {
    let shown = fills.map(\.price) + [1_000_000_000]
    let (low, high) = (shown.min() ?? 0, shown.max() ?? 1)
    let space = max((high - low) / 6, 1_000_000)
    let panel = DrawingPanel(top: 24, bottom: 142, values: (low - space)...(high + space))
    let most = Double(max(fills.map(\.value).max() ?? 1, 1))
    let dots = fills.sorted { $0.value != $1.value ? $0.value > $1.value : $0.index < $1.index }
      .map { fill -> Markup in
        let radius = 2.5 + 8.5 * (Double(fill.value) / most).squareRoot()
        return """
          <circle class="dot" style="--c:var(\(fill.bearer.color))" \
          cx="\(ChartFrame.text(x(fill.index)))" cy="\(ChartFrame.text(panel.y(fill.price)))" \
          r="\(ChartFrame.text(radius))"><title>\(title(steps[fill.index]))</title></circle>

          """
      }
    let mark = ChartFrame.text(panel.y(1_000_000_000))
    return heading("Price ÷ mark", y: 14)
      + panel.grid(Self.left, Self.right) { NumberText.grouped($0, decimals: 7) + " %" }
        + """
        <path class="axis" d="M\(ChartFrame.text(Self.left)) \(mark)\
        H\(ChartFrame.text(Self.right))"/>
        \(dots.joined())
        """
  }

  private func title(_ step: LiquidationStory.Step) -> String {
    let terms = [step.size, step.price.map { "at \($0.readable)" }].compactMap(\.self)
    return ([step.text] + terms).joined(separator: ", ")
  }

  private func heading(_ text: String, y: Int) -> Markup {
    "<text class=\"head\" x=\"\(ChartFrame.text(Self.left))\" y=\"\(y)\">\(text)</text>\n"
  }

  // MARK: Costs

  private var costs: Markup {
    let all = steps.compactMap(\.cost)
    let panel = DrawingPanel(
      top: 170, bottom: 232, values: min(all.min() ?? 0, 0)...max(all.max() ?? 0, 1))
    let room = (Self.right - Self.left) / Double(max(steps.count, 1))
    let width = min(max(room * 0.7, 1), 14)
    let bars = steps.enumerated().map { index, step -> Markup in
      guard let cost = step.cost, cost != 0 else { return "" }
      let (from, to) = (panel.y(0), panel.y(cost))
      return """
        <rect class="bar" style="--c:var(\((step.bearer ?? .account).color))" \
        x="\(ChartFrame.text(x(index) - width / 2))" y="\(ChartFrame.text(min(from, to)))" \
        width="\(ChartFrame.text(width))" height="\(ChartFrame.text(max(abs(to - from), 0.5)))">\
        <title>\(money.short(cost))</title></rect>

        """
    }
    return heading("Cost of the step", y: 162)
      + panel.grid(Self.left, Self.right) { money.short($0) } + bars.joined()
  }

  // MARK: Stages and times

  /// Neighboring steps of one stage.
  private var stretches: [(stage: LiquidationStage, steps: Range<Int>)] {
    var stretches: [(stage: LiquidationStage, steps: Range<Int>)] = []
    for (index, step) in steps.enumerated() {
      if let last = stretches.last, last.stage == step.stage {
        stretches[stretches.count - 1].steps = last.steps.lowerBound..<(index + 1)
      } else {
        stretches.append((step.stage, index..<(index + 1)))
      }
    }
    return stretches
  }

  private var strip: Markup {
    let room = (Self.right - Self.left) / Double(max(steps.count, 1))
    return stretches.map { stretch -> Markup in
      let x = Self.left + room * Double(stretch.steps.lowerBound)
      let width = room * Double(stretch.steps.count)
      let fits = width > Double(stretch.stage.title.count) * 6.4 + 8
      let name: Markup =
        fits
        ? """
        <text class="strip-name" x="\(ChartFrame.text(x + width / 2))" y="259">\
        \(stretch.stage.title)</text>
        """ : ""
      return """
        <rect class="strip" style="--c:var(\(stretch.stage.color))" x="\(ChartFrame.text(x))" \
        y="245" width="\(ChartFrame.text(width))" height="20"><title>\(stretch.stage.title)\
        </title></rect>\(name)

        """
    }.joined()
  }

  /// The time of at most nine steps, where it is another than that of the one before.
  private var times: Markup {
    let stride = max((steps.count + 8) / 9, 1)
    var last: Timestamp?
    return steps.enumerated().map { index, step -> Markup in
      guard index % stride == 0, step.time != last else { return "" }
      let isNewDay =
        last.map { CivilDate.split($0).date != CivilDate.split(step.time).date } ?? true
      last = step.time
      let text = isNewDay ? "\(step.time.dayText) \(step.time.clockText)" : step.time.clockText
      return """
        <text class="tick" x="\(ChartFrame.text(x(index) - 4))" y="284">\(text)</text>

        """
    }.joined()
  }

  private func legend(_ fills: [Fill]) -> Markup {
    let bearers = CostBearer.allCases.filter { bearer in
      steps.contains { $0.bearer == bearer } || fills.contains { $0.bearer == bearer }
    }
    var keys = bearers.map { LegendKey.dot("paid by \($0.title)", $0.color) }
    let stages = LiquidationStage.inOrder.filter { stage in
      stretches.contains { $0.stage == stage }
    }
    keys += stages.map { LegendKey.line($0.title, $0.color, shape: "line block") }
    return LegendKey.list(keys)
  }
}
