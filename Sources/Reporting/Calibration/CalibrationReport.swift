// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Quantities
import Volatility

/// Writes calibrations as one HTML page that needs nothing else: no network, no other file.
///
/// The same calibrations give the same bytes. Every text is escaped.
public enum CalibrationReport {
  /// - Parameters:
  ///   - chains: At least one; they stand one after the other.
  ///   - file: Where the quotes come from, as the reader knows it.
  ///   - charts: Makes the pictures interactive; without it they are drawings.
  public static func render(
    _ chains: [CalibratedChain], file: String, charts: ChartLibrary?
  ) -> String {
    CalibrationPage(chains, file: file, library: charts).document.text
  }
}

/// The parts of the page in the order in which they are read.
struct CalibrationPage {
  let sections: [ChainSection]
  let file: String
  let library: ChartLibrary?

  init(_ chains: [CalibratedChain], file: String, library: ChartLibrary?) {
    sections = chains.map(ChainSection.init)
    self.file = file
    self.library = library
  }

  private var title: String {
    let symbols = sections.map(\.chain.underlying.description).joined(separator: " and ")
    let time = sections.first?.chain.snapshot.time.readable ?? ""
    return "\(symbols) volatility, \(time) UTC"
  }

  var document: Markup {
    PageFrame.document(
      title: "Plimsoll calibration: \(title)",
      style: ReportStyle.sheet + CalibrationStyle.sheet,
      body: """
        \(head)<main>
        \(sections.map(\.markup).joined())</main>
        \(foot)\(scripts)

        """)
  }

  private var head: Markup {
    let links = sections.flatMap(\.links).map { id, title -> Markup in
      "<li><a href=\"#\(id)\">\(title)</a></li>\n"
    }
    return """
      <header>
      \(PageFrame.brand("calibration"))
      <h1>\(title)</h1>
      <dl class="origin">
      <div><dt>Quotes</dt><dd>\(file)</dd></div>
      <div><dt>Surface</dt><dd>eSSVI: every expiry has a level θ, a correlation ρ and a width ψ, \
      fitted inside the bounds that rule out butterfly and calendar arbitrage.</dd></div>
      <div><dt>Errors</dt><dd>Fitted volatility against the volatility of the middle of bid and \
      ask of the quotes that count, in volatility points.</dd></div>
      </dl>
      <nav aria-label="Sections"><ul>
      \(links.joined())</ul></nav>
      </header>

      """
  }

  private var foot: Markup {
    PageFrame.foot("All times are UTC. A year has 365 days.", library)
  }

  /// The chart library, the pictures as numbers, and the script that brings them together.
  private var scripts: Markup {
    guard let library else { return .script(ReportScript.printing) }
    let content = JSONText.object([
      ("smiles", .array(sections.flatMap(\.smiles).map(\.json))),
      ("surfaces", .array(sections.compactMap(\.surface).map(\.json))),
    ])
    return .script(library.script) + .json(content, id: "charts")
      + .script(ReportScript.printing + CalibrationScript.charts)
  }
}
