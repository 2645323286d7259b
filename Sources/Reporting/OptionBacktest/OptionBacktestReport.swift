// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Simulation

/// Writes a backtest of option books as one HTML page that needs nothing else.
///
/// The same study gives the same bytes. Every text is escaped.
public enum OptionBacktestReport {
  public static func render(_ study: OptionBacktestStudy) -> String {
    OptionBacktestPage(study: study).document.text
  }
}

/// The parts of the page in the order in which they are read.
private struct OptionBacktestPage {
  let study: OptionBacktestStudy

  /// What the page adds to the look of a report.
  private static let style = """
    .drawing .dots { fill: none; stroke: var(--c); stroke-width: 10; stroke-linecap: round; }
    .drawing .dots.fine { stroke-width: 3; opacity: .5; }
    .notes { color: var(--soft); font-size: .9rem; margin: 0 0 18px; padding-left: 1.2em; }
    .notes li { max-width: 100ch; margin: 3px 0; }

    """

  private var text: OptionBacktestText { OptionBacktestText(study: study) }

  var document: Markup {
    PageFrame.document(
      title: "Plimsoll backtest: option books, \(text.span)",
      style: ReportStyle.sheet + Self.style,
      body: """
        \(head)<main>
        \(models)\(kinds)\(moves)\(notes)</main>
        <footer><p>All times are UTC. This page asks nothing of the network.</p></footer>

        """)
  }

  private var head: Markup {
    let links = [
      ("models", "Models"), ("kinds", "Kinds of book"), ("moves", "Largest moves"),
      ("notes", "What the figures mean"),
    ].map { id, title -> Markup in "<li><a href=\"#\(id)\">\(title)</a></li>\n" }
    return """
      <header>
      \(PageFrame.brand("backtest"))
      <h1>Option books on recorded chains</h1>
      <dl class="origin">
      <div><dt>Chains</dt><dd>\(study.origin)</dd></div>
      <div><dt>Time</dt><dd>\(text.span)</dd></div>
      <div><dt>Books</dt><dd>\(text.scope).</dd></div>
      </dl>
      <nav aria-label="Sections"><ul>
      \(links.joined())</ul></nav>
      </header>

      """
  }

  private var models: Markup {
    let drawings = [OptionBacktestDrawing.cost(study.result)]
    let scatters = study.result.models.indices.map {
      OptionBacktestDrawing.scatter(study.result, model: $0)
    }
    return PageFrame.section(
      "models", "Models",
      text.models.map(table).joined()
        + "<div class=\"figures\">\n\((drawings + scatters).map(\.figure).joined())</div>\n")
  }

  private var kinds: Markup {
    let items = OptionBookKind.allCases.map { kind -> Markup in
      "<li>\(kind.rawValue), \(kind.weight) in a hundred: \(kind.composition)</li>\n"
    }
    return PageFrame.section(
      "kinds", "Kinds of book",
      text.kinds.map(table).joined() + "<ul class=\"notes\">\n\(items.joined())</ul>\n")
  }

  private var moves: Markup {
    PageFrame.section("moves", "Largest moves", table(text.moves()))
  }

  private var notes: Markup {
    let items = text.notes.map { note -> Markup in "<li>\(note)</li>\n" }
    return PageFrame.section(
      "notes", "What the figures mean", "<ul class=\"notes\">\n\(items.joined())</ul>\n")
  }

  private func table(_ part: OptionBacktestText.Table) -> Markup {
    let columns = part.columns.enumerated().map { place, title -> HTMLTable.Column in
      place == 0 ? .short("\(title)") : .number("\(title)")
    }
    var table = HTMLTable("\(part.title)", columns)
    for row in part.rows { table.append(row.map { $0 == "–" ? .none : "\($0)" }) }
    return table.markup
  }
}
