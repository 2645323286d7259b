// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import Quantities
import Simulation
import Volatility

/// The picture of one underlying's scenarios before it is drawn: loss by move of the price and
/// state of volatility.
struct ScenarioMap {
  /// The worst of the scenarios that share a move and a state.
  struct Cell {
    let lane: Int
    /// Millionths; negative for a profit.
    let loss: Int64
    let damper: Double
  }

  let id: String
  let underlying: AssetSymbol
  /// Moves of the price, ascending; the columns.
  let shifts: [Double]
  /// The rows, volatility up first; then none where no scenario has such a state.
  let states: [VolatilityState]
  let cells: [[Cell?]]
  let binding: BindingScenario
  /// Scenarios that move more than price and volatility's state, and are in the table alone.
  let otherCount: Int
  /// The second of the ranking.
  let next: BindingScenario?
  let money: MoneyFormat
  let quote: AssetSymbol

  /// - Returns: Nil for an account without scenarios of this underlying.
  init?(_ scan: UnderlyingScan, _ explanation: MarginExplanation, id: String) {
    guard let grid = explanation.grid(of: scan.underlying),
      grid.scenarios.contains(where: Self.isDrawn)
    else {
      return nil
    }
    let drawn = grid.scenarios.filter(Self.isDrawn)
    var shifts: [Double] = []
    for shift in drawn.map(\.spotShift).sorted() where shifts.last != shift {
      shifts.append(shift)
    }
    let states = VolatilityState.allCases.filter { state in
      drawn.contains { $0.volatility == state }
    }
    var cells = states.map { _ in [Cell?](repeating: nil, count: shifts.count) }
    for (lane, (scenario, profit)) in zip(grid.scenarios, scan.profits).enumerated() {
      guard Self.isDrawn(scenario), let row = states.firstIndex(of: scenario.volatility),
        let column = shifts.firstIndex(of: scenario.spotShift)
      else { continue }
      if let cell = cells[row][column], cell.loss >= -profit { continue }
      cells[row][column] = Cell(lane: lane, loss: -profit, damper: scenario.damper)
    }
    self.id = id
    underlying = scan.underlying
    otherCount = grid.scenarios.count - drawn.count
    self.shifts = shifts
    self.states = states
    self.cells = cells
    binding = scan.binding
    let ranking = explanation.ranking.underlyings.first { $0.underlying == scan.underlying }
    next = ranking.flatMap { $0.scenarios.count > 1 ? $0.scenarios[1].scenario : nil }
    quote = explanation.listing.quote.symbol
    money = MoneyFormat(currency: quote)
  }

  /// Whether a move of the price and a state of volatility say all of a scenario.
  private static func isDrawn(_ scenario: Scenario) -> Bool {
    scenario.volatilityFactor == 1 && scenario.elapsed == .zero
  }

  /// Shades per side; 0 is nothing.
  static let shades = 6

  /// −6 to 6: a loss is positive, of the largest amount in the picture.
  func shade(_ loss: Int64) -> Int {
    let largest = cells.joined().reduce(Int64(1)) { max($0, abs($1?.loss ?? 0)) }
    let scaled = (Int128(abs(loss)) * Int128(Self.shades)).divided(
      by: Int128(largest), rounding: .up)
    return loss < 0 ? -Int(scaled) : Int(scaled)
  }

  func isBinding(_ cell: Cell) -> Bool { binding == .scenario(cell.lane) }
  func isNext(_ cell: Cell) -> Bool { next == .scenario(cell.lane) && !isBinding(cell) }

  var caption: String {
    let named =
      switch binding {
      case .none: "No scenario loses."
      case .skew(let state):
        "The skew scenario “\(state)”, with the price unchanged, loses more than any of these."
      case .scenario:
        cells.joined().contains { $0.map(isBinding) ?? false }
          ? "The framed scenario binds; the dashed one is next."
          : "A scenario that is stated by itself binds; see the table."
      }
    let others =
      otherCount == 0
      ? ""
      : " \(otherCount) more move volatility or time by amounts of their own; see the table."
    let damped = cells.joined().contains { $0.map { $0.damper != 1 } ?? false }
    return named + (damped ? " Tails at the ends count in part, as shown." : "") + others
  }
}

/// Draws the scenarios of one underlying as SVG, with the loss in each cell.
struct ScenarioMapDrawing {
  let map: ScenarioMap

  private static let width = 1_080.0
  private static let left = 92.0
  private static let rowHeight = 44.0
  private static let top = 4.0

  private var columnWidth: Double { (Self.width - Self.left - 2) / Double(map.shifts.count) }

  var markup: Markup {
    let height = Self.top + Self.rowHeight * Double(map.states.count) + 42
    let cells = map.states.indices.map { row in
      map.shifts.indices.map { cell(row, $0) }.joined()
    }
    // Frames last, so that no neighbor hides them.
    let frames = map.states.indices.map { row in
      map.shifts.indices.map { frame(row, $0) }.joined()
    }
    return """
      <div class="scroll"><svg viewBox="0 0 \(Int(Self.width)) \(Int(height))" role="img" \
      aria-label="Loss of \(map.underlying) by move of the price and volatility. \(map.caption)">
      \(cells.joined())\(frames.joined())\(axes)</svg></div>

      """
  }

  private func place(_ row: Int, _ column: Int) -> (x: Double, y: Double) {
    (Self.left + columnWidth * Double(column), Self.top + Self.rowHeight * Double(row))
  }

  private func rectangle(_ row: Int, _ column: Int, _ kind: Markup, style: Markup) -> Markup {
    let (x, y) = place(row, column)
    return """
      <rect class="\(kind)"\(style) x="\(ChartFrame.text(x + 1))" y="\(ChartFrame.text(y + 1))" \
      width="\(ChartFrame.text(columnWidth - 2))" \
      height="\(ChartFrame.text(Self.rowHeight - 2))"/>

      """
  }

  private func cell(_ row: Int, _ column: Int) -> Markup {
    guard let cell = map.cells[row][column] else {
      return rectangle(row, column, "empty", style: "")
    }
    let (x, y) = place(row, column)
    let shade = map.shade(cell.loss)
    let color: Markup =
      shade > 0 ? "var(--l\(shade))" : shade < 0 ? "var(--h\(-shade))" : "var(--empty)"
    let isDeep = abs(shade) > 3
    let middle = ChartFrame.text(x + columnWidth / 2)
    let height = y + Self.rowHeight / 2 + (cell.damper == 1 ? 4 : -2)
    let damped: Markup =
      cell.damper == 1
      ? ""
      : """
      <text class="tick middle small\(isDeep ? " deep" : "" as Markup)" x="\(middle)" \
      y="\(ChartFrame.text(y + Self.rowHeight - 8))">\
      × \(NumberText.fixed(cell.damper, decimals: 2))</text>

      """
    return rectangle(row, column, "cell", style: " style=\"--c:\(color)\"") + """
      <text class="tick middle\(isDeep ? " deep" : "" as Markup)" x="\(middle)" \
      y="\(ChartFrame.text(height))">\(short(cell.loss))\
      <title>\(map.money.exact(cell.loss))</title></text>\(damped)

      """
  }

  /// Short enough for a cell: three digits and a unit, without the currency.
  private func short(_ loss: Int64) -> String {
    guard loss != 0 else { return "0" }
    return abs(loss) < 1_000_000_000
      ? NumberText.rounded(loss, decimals: 6, shown: abs(loss) < 100_000_000 ? 1 : 0)
      : map.money.short(loss).filter { $0 != "$" }.replacing(" ", with: "\u{2009}")
  }

  private func frame(_ row: Int, _ column: Int) -> Markup {
    guard let cell = map.cells[row][column] else { return "" }
    if map.isBinding(cell) { return rectangle(row, column, "binding", style: "") }
    return map.isNext(cell) ? rectangle(row, column, "binding second", style: "") : ""
  }

  private var axes: Markup {
    let rows = map.states.enumerated().map { row, state -> Markup in
      let y = Self.top + Self.rowHeight * (Double(row) + 0.5) + 4
      return """
        <text class="tick end" x="\(ChartFrame.text(Self.left - 8))" \
        y="\(ChartFrame.text(y))">volatility \(Self.name(state))</text>

        """
    }
    let bottom = Self.top + Self.rowHeight * Double(map.states.count)
    let columns = map.shifts.enumerated().map { column, shift -> Markup in
      let x = Self.left + columnWidth * (Double(column) + 0.5)
      return """
        <text class="tick middle" x="\(ChartFrame.text(x))" \
        y="\(ChartFrame.text(bottom + 16))">\(ExplanationText.move(shift))</text>

        """
    }
    let middle = ChartFrame.text((Self.left + Self.width) / 2)
    return rows.joined() + columns.joined() + """
      <text class="tick middle" x="\(middle)" y="\(ChartFrame.text(bottom + 36))">\
      move of the price; losses in \(map.quote), profits negative</text>

      """
  }

  private static func name(_ state: VolatilityState) -> String {
    state == .unchanged ? "same" : "\(state)"
  }
}
