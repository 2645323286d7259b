// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Forecasting
import Quantities

/// Writes a backtest as one HTML page that needs nothing else: no network, no other file.
///
/// The same study gives the same bytes. Every text is escaped.
public enum BacktestReport {
  /// - Parameter charts: Makes the pictures interactive; without it they are drawings.
  public static func render(_ study: BacktestStudy, charts: ChartLibrary?) -> String {
    BacktestPage(study, library: charts).document.text
  }
}

/// The parts of the page in the order in which they are read.
struct BacktestPage {
  let study: BacktestStudy
  let price: BacktestChart?
  /// By side.
  let charts: [[BacktestChart]]
  let library: ChartLibrary?

  init(_ study: BacktestStudy, library: ChartLibrary?) {
    self.study = study
    self.library = library
    price = BacktestChart.band(study)
    charts = study.sides.map { BacktestChart.all($0, of: study) }
  }

  var document: Markup {
    PageFrame.document(
      title: "Plimsoll backtest: \(study.title), \(study.span)",
      style: ReportStyle.sheet + BacktestStyle.sheet,
      body: """
        \(head)<main>
        \(priceSection)\(zip(study.sides, charts).map(section).joined())\(notes)</main>
        \(foot)\(scripts)

        """)
  }

  private var head: Markup {
    var links = study.sides.map { ($0.name, String($0.title.prefix { $0 != "," })) }
    links.append(("notes", "What the figures mean"))
    if price != nil { links.insert(("prices", "Price and band"), at: 0) }
    let entries = links.map { id, title -> Markup in "<li><a href=\"#\(id)\">\(title)</a></li>\n" }
    return """
      <header>
      \(PageFrame.brand("backtest"))
      <h1>\(study.title)</h1>
      <dl class="origin">
      <div><dt>Prices</dt><dd>\(study.origin)</dd></div>
      <div><dt>Days</dt><dd>\(count(study.days.count)), \(study.span)</dd></div>
      <div><dt>Measure</dt><dd>\(study.measure). Every requirement is made from the days before \
      its own.</dd></div>
      <div><dt>Probability</dt><dd>A loss beyond the requirement on \
      \(BacktestText.exactShare(study.probability)) of the days, \
      \(NumberText.fixed(study.probability * Double(study.days.count), decimals: 1)) of these.\
      </dd></div>
      </dl>
      <nav aria-label="Sections"><ul>
      \(entries.joined())</ul></nav>
      </header>

      """
  }

  private func count(_ value: Int) -> String { NumberText.grouped(Int64(value)) }

  private var priceSection: Markup {
    guard let price else { return "" }
    return PageFrame.section(
      "prices", "Price and band", "<div class=\"figures\">\n\(figure(price))</div>\n")
  }

  private var notes: Markup {
    let items = BacktestText.notes(study).map { note -> Markup in "<li>\(note)</li>\n" }
    return PageFrame.section(
      "notes", "What the figures mean", "<ul class=\"notes\">\n\(items.joined())</ul>\n")
  }

  private var foot: Markup {
    PageFrame.foot("All days are those of UTC.", library)
  }

  /// The chart library, the pictures as numbers, and the script that brings them together.
  private var scripts: Markup {
    guard let library else { return .script(ReportScript.printing) }
    let all = (price.map { [$0] } ?? []) + charts.flatMap(\.self)
    let content = JSONText.object([
      ("days", .array(study.days.map { .integer($0.nanoseconds / 1_000_000_000) })),
      ("charts", .array(all.map(\.json))),
    ])
    return .script(library.script) + .json(content, id: "charts")
      + .script(ReportScript.printing + BacktestScript.charts)
  }
}

// MARK: A side

extension BacktestPage {
  private func section(_ side: BacktestSide, _ charts: [BacktestChart]) -> Markup {
    PageFrame.section(
      side.name, side.title,
      BacktestText.groups(study).map { table($0, side) }.joined()
        + "<div class=\"figures\">\n\(charts.map(figure).joined())</div>\n")
  }

  private func table(_ group: BacktestText.Group, _ side: BacktestSide) -> Markup {
    var table = HTMLTable(
      "\(group.title)", [.short("Rule")] + group.columns.map { .number("\($0.title)") })
    for (index, row) in side.rows.enumerated() {
      let name: Markup = """
        <span class="rule" style="--c:var(\(BacktestTrace.color(index)))"></span>\(row.title)
        """
      let cells = group.columns.map { column -> Markup in
        let text = column.cell(BacktestText(row: row))
        if text == "–" { return .none }
        return column.title == "Light" ? light(row.backtest.light) : "\(text)"
      }
      table.append([name] + cells)
    }
    return table.markup
  }

  private func light(_ light: TrafficLight) -> Markup {
    let color =
      switch light {
      case .green: "--c2"
      case .yellow: "--c1"
      case .red: "--c9"
      }
    return "<span class=\"light\" style=\"--c:var(\(color))\">\(light.title)</span>"
  }

  private func figure(_ chart: BacktestChart) -> Markup {
    """
    <figure id="\(chart.id)"\(chart.isWide ? " class=\"wide\"" : "" as Markup) \
    aria-labelledby="\(chart.id)-title">
    <div class="title"><h3 id="\(chart.id)-title">\(chart.title)</h3></div>
    <div class="drawing">\(BacktestDrawing(chart: chart, days: study.days).markup)</div>
    <figcaption>\(chart.caption)</figcaption>
    </figure>

    """
  }
}
