// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Quantities
import Volatility

/// What the page shows of one chain.
struct ChainSection {
  let chain: CalibratedChain
  let smiles: [SmileChart]
  /// Nil where there are fewer than two expiries.
  let surface: SurfaceChart?

  init(_ chain: CalibratedChain) {
    self.chain = chain
    let name = "\(chain.underlying)".lowercased()
    smiles = chain.expiries.enumerated().compactMap { index, expiry in
      SmileChart(expiry, id: "smile-\(name)-\(index)")
    }
    surface = SurfaceChart(chain, id: "surface-\(name)")
  }

  private var name: String { chain.underlying.description }
  private var id: String { name.lowercased() }

  var links: [(id: String, title: String)] {
    [
      (id, "\(name): surface"), ("\(id)-smiles", "\(name): smiles"),
      ("\(id)-fit", "\(name): fit and rejections"),
    ]
  }

  var markup: Markup {
    section(links[0], tiles + surfaceFigure)
      + section(
        links[1],
        "<div class=\"drawing\">\(SmileDrawing.legend)</div>\n"
          + "<div class=\"figures\">\n\(smiles.map(figure).joined())</div>\n"
      ) + section(links[2], fits + parameters + rejections)
  }

  private func section(_ link: (id: String, title: String), _ body: Markup) -> Markup {
    PageFrame.section(link.id, link.title, body)
  }
}

// MARK: Pictures

extension ChainSection {
  private static let surfaceCaption: Markup = """
    Moneyness is ln(strike ÷ forward) in standard deviations at the money, as far as the middle \
    expiry has quotes that count; time is shown as its logarithm. Between expiries the surface \
    is interpolated, without arbitrage as well.
    """

  private var surfaceFigure: Markup {
    guard let surface else {
      return "<p>There is no surface to be shown with fewer than two expiries.</p>\n"
    }
    return """
      <div class="figures">
      <figure id="\(surface.id)" class="wide" aria-labelledby="\(surface.id)-title">
      <div class="title">\
      <h3 id="\(surface.id)-title">Volatility by moneyness and time to expiry</h3></div>
      <div class="drawing">\(SurfaceDrawing(surface).markup)</div>
      <figcaption>\(Self.surfaceCaption)</figcaption>
      </figure>
      </div>

      """
  }

  private func figure(_ smile: SmileChart) -> Markup {
    """
    <figure id="\(smile.id)" aria-labelledby="\(smile.id)-title">
    <div class="title"><h3 id="\(smile.id)-title">\(smile.title)</h3></div>
    <div class="drawing">\(SmileDrawing(smile).markup)</div>
    <figcaption>\(smile.caption)</figcaption>
    </figure>

    """
  }
}

// MARK: Figures

extension ChainSection {
  private var tiles: Markup {
    let report = chain.surface.report
    let median = chain.medianError.map { NumberText.fixed($0 * 100, decimals: 2) + " points" }
    let violations = chain.violations.count
    return """
      <div class="tiles">
      \(tile("Quotes used", count(report.usedCount), "\(count(report.rejectedCount)) rejected"))\
      \(tile(
        "Expiries", count(chain.surface.slices.count), "of \(chain.expiries.count) listed"))\
      \(tile("Median error", median ?? "–", "middle of the expiries of 7 days and more"))\
      \(tile("Arbitrage violations", count(violations), "\(chain.grid.count) points per expiry"))\
      </div>

      """
  }

  private func count(_ value: Int) -> String { NumberText.grouped(Int64(value)) }

  private func tile(_ title: String, _ value: String, _ note: String) -> Markup {
    "<dl class=\"tile\"><dt>\(title)</dt><dd>\(value)<small>\(note)</small></dd></dl>\n"
  }

  private var fits: Markup {
    var table = HTMLTable(
      "Fit of every expiry; errors in volatility points",
      [
        .short("Expiry"), .number("Days"), .number("Forward"), .number("At the money"),
        .number("Skew dσ/dk"), .number("Used"), .number("Rejected"), .number("Median error"),
        .number("RMS error"), .number("Largest error"),
      ])
    for expiry in chain.expiries {
      let row = ExpiryText(expiry)
      table.append(
        [
          row.expiry, row.days, row.forward, row.atTheMoney, row.skew, row.used, row.rejected,
          row.medianError, row.rootMeanSquareError, row.largestError,
        ].map { "\($0)" })
    }
    return table.markup + "<p>\(CalibrationTable.check(chain)).</p>\n"
  }

  private var parameters: Markup {
    var table = HTMLTable(
      "Parameters",
      [
        .short("Expiry"), .code("θ, total variance at the money"), .code("ρ, correlation"),
        .code("ψ, width"),
      ])
    for slice in chain.surface.slices {
      table.append([
        "\(slice.expiry.readable)", "\(slice.smile.theta)", "\(slice.smile.rho)",
        "\(slice.smile.psi)",
      ])
    }
    return """
      <details><summary>Parameters of the surface, exact</summary>
      \(table.markup)</details>

      """
  }

  private var rejections: Markup {
    let reasons = chain.rejections
    guard !reasons.isEmpty else { return "<p>No quote was rejected.</p>\n" }
    var table = HTMLTable(
      "Rejected quotes by expiry and reason",
      [.short("Expiry")] + reasons.map { .number("\($0.reason.title)") } + [.number("Sum")])
    for expiry in chain.expiries {
      let counts = reasons.map { expiry.rejectedCount($0.reason) }
      let cells = counts.map { $0 == 0 ? Markup.none : "\(count($0))" }
      table.append(
        ["\(expiry.fit.expiry.readable)"] + cells + ["\(count(expiry.fit.rejected.count))"])
    }
    table.footer =
      ["All expiries"] + reasons.map { "\(count($0.count))" }
      + ["\(count(chain.surface.report.rejectedCount))"]
    return table.markup
  }
}
