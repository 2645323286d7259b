// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// What every page has: its head, its mark and the shape of its sections.
enum PageFrame {
  /// The page may run its own scripts and styles and ask for nothing.
  private static let policy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    + "img-src data: blob:; base-uri 'none'; form-action 'none'"

  /// A circle crossed by a line: the mark on a ship's side.
  private static let loadLine: Markup = """
    <svg viewBox="0 0 32 24" aria-hidden="true"><circle cx="16" cy="12" r="8.5"/>\
    <path d="M2 12H30"/></svg>
    """

  static func document(title: String, style: String, body: Markup) -> Markup {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta http-equiv="Content-Security-Policy" content="\(policy)">
    <title>\(title)</title>
    \(Markup.style(style))</head>
    <body>
    \(body)</body>
    </html>

    """
  }

  /// The name of the house with that of the page.
  static func brand(_ page: String) -> Markup {
    "<p class=\"brand\">\(loadLine)Plimsoll <span>\(page)</span></p>"
  }

  /// The end of a page with charts: what its times or units are, and who draws the charts.
  static func foot(_ units: Markup, _ library: ChartLibrary?) -> Markup {
    let drawn: Markup =
      library.map { "Charts by \($0.name), MIT licence, inside this file." }
      ?? "Charts drawn without a chart library."
    return """
      <footer><p>\(units) \(drawn) This page asks nothing of the network.</p></footer>

      """
  }

  static func section(_ id: String, _ title: String, _ body: Markup) -> Markup {
    """
    <section id="\(id)" aria-labelledby="\(id)-title">
    <h2 id="\(id)-title">\(title)</h2>
    \(body)</section>

    """
  }
}
