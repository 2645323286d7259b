// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Quantities
public import Simulation

/// Writes explanations as one HTML page that needs nothing else: no network, no other file.
///
/// The same explanations give the same bytes. Every text is escaped.
public enum MarginReport {
  /// - Parameters:
  ///   - explanations: Of one market; they stand one after the other.
  ///   - file: Where the accounts come from.
  ///   - charts: Makes liquidation maps interactive; without it they are drawings.
  public static func render(
    _ explanations: [MarginExplanation], file: String, charts: ChartLibrary?
  ) -> String {
    MarginPage(explanations, file: file, library: charts).document.text
  }
}

/// The parts of the page in the order in which they are read.
struct MarginPage {
  let sections: [AccountSection]
  let file: String
  let library: ChartLibrary?

  init(_ explanations: [MarginExplanation], file: String, library: ChartLibrary?) {
    sections = explanations.map(AccountSection.init)
    self.file = file
    self.library = library
  }

  private var title: String {
    let time = sections.first.map { "\($0.explanation.time.readable) UTC" } ?? ""
    return sections.count == 1
      ? "\(sections[0].title), \(time)" : "\(sections.count) accounts, \(time)"
  }

  var document: Markup {
    PageFrame.document(
      title: "Plimsoll margin: \(title)",
      style: ReportStyle.sheet + MarginStyle.sheet,
      body: """
        \(head)<main>
        \(sections.map(\.markup).joined())</main>
        \(foot)\(scripts)

        """)
  }

  private var head: Markup {
    let links = sections.map { section -> Markup in
      "<li><a href=\"#\(section.id)\">\(section.title)</a></li>\n"
    }
    return """
      <header>
      \(PageFrame.brand("margin"))
      <h1>\(title)</h1>
      <dl class="origin">
      <div><dt>Accounts</dt><dd>\(file)</dd></div>
      <div><dt>Market</dt><dd>\(market)</dd></div>
      <div><dt>Liquidation</dt><dd>begins when equity falls below maintenance margin and ends at \
      maintenance margin plus buffer.</dd></div>
      </dl>
      <nav aria-label="Accounts"><ul>
      \(links.joined())</ul></nav>
      </header>

      """
  }

  /// Every underlying that an account depends on, once.
  private var market: String {
    var markets: [UnderlyingMarket] = []
    for market in sections.flatMap(\.explanation.markets)
    where !markets.contains(where: { $0.underlying == market.underlying }) {
      markets.append(market)
    }
    return markets.sorted { $0.underlying < $1.underlying }.map { market in
      let basis =
        market.basis == .zero
        ? ""
        : ", basis " + NumberText.percentage(billionths: market.basis.billionths)
      return "\(market.underlying) at \(ExplanationText.price(market.index)), volatility "
        + ExplanationText.volatility(market.volatility) + basis
    }.joined(separator: "; ")
  }

  private var foot: Markup {
    PageFrame.foot("All times are UTC. A year has 365 days.", library)
  }

  /// The chart library, the maps as numbers, and the script that brings them together.
  private var scripts: Markup {
    guard let library else { return .script(ReportScript.printing) }
    let content = JSONText.object([
      ("maps", .array(sections.flatMap(\.maps).map(\.json)))
    ])
    return .script(library.script) + .json(content, id: "charts")
      + .script(ReportScript.printing + MarginScript.charts)
  }
}
