// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Simulation

/// Writes replays as one HTML page that needs nothing else: no network, no other file.
///
/// Several replays stand side by side in one page: the first is what the others differ from.
/// The same replays give the same bytes. Every text of a result is escaped.
public enum HTMLReport {
  /// - Parameters:
  ///   - results: At least one; the price charts show the sources of the first.
  ///   - charts: Makes the charts interactive; without it they are drawings.
  public static func render(_ results: [ReplayResult], charts: ChartLibrary?) -> String {
    ReportPage(ReplayRuns(results), library: charts).document.text
  }
}

/// The parts of a report in the order in which they are read.
struct ReportPage {
  let runs: ReplayRuns
  let library: ChartLibrary?
  let prices: [Chart]
  let ratios: [Chart]
  let calls: [Chart]
  let pools: [Chart]
  let flows: [Chart]
  let venue: [Chart]
  let balance: [Chart]

  init(_ runs: ReplayRuns, library: ChartLibrary?) {
    self.runs = runs
    self.library = library
    let charts = ReplayCharts(runs)
    prices = charts.prices
    ratios = charts.marginRatios + [charts.coverage]
    calls = charts.marginCalls
    pools = charts.pools
    flows = charts.liquidationFlows + [charts.accountsInLiquidation]
    venue =
      [charts.insuranceFund] + charts.universeFunds + charts.fundFlows
      + [charts.lossesShared, charts.openInterest, charts.volatility]
    balance = charts.balance
  }

  var document: Markup {
    PageFrame.document(
      title: "Plimsoll replay: \(runs.first.origin.title)",
      style: ReportStyle.sheet + StageStyle.sheet,
      body: """
        \(head)<main>
        \(PageFrame.section("summary", "Key figures", keyFigures))\
        \(PageFrame.section("prices", "Prices", figures(prices) + rejections))\
        \(PageFrame.section("margin", "Margin ratios", figures(ratios)))\
        \(marginCalls)\
        \(PageFrame.section(
          "liquidations", "Liquidations", figures(flows) + stages))\
        \(PageFrame.section("costs", "What each stage cost, and who paid", stageCosts))\
        \(PageFrame.section("auctions", "Auctions", auctions))\
        \(poolSection)\
        \(PageFrame.section("deleveraging", "Deleveraging", deleveraging))\
        \(PageFrame.section(
          "venue", "Fund, shared losses, open interest",
          figures(venue) + fundTable + universeTable + timeTable))\
        \(PageFrame.section("balance", "Balance of the venue", figures(balance) + balanceTables))\
        \(outside)\
        \(PageFrame.section("largest", "The largest liquidations", largest))\
        \(askedSection)\
        \(PageFrame.section("parameters", "Parameters", parameters))\
        \(PageFrame.section("input", "Skipped input rows", skippedRows))\
        \(PageFrame.section("verify", "How to check this report", verification))\
        </main>
        \(foot)\(scripts)

        """)
  }

  func figures(_ charts: [Chart]) -> Markup {
    "<div class=\"figures\">\n\(charts.map(figure).joined())</div>\n"
  }

  private func figure(_ chart: Chart) -> Markup {
    let scales: Markup = """
      <div class="scales" role="group" aria-label="Scale of the axis" hidden>\
      <button type="button" data-scale="linear" aria-pressed="true">linear</button>\
      <button type="button" data-scale="log" aria-pressed="false">logarithmic</button></div>
      """
    return """
      <figure id="\(chart.id)"\(chart.isWide ? " class=\"wide\"" : "" as Markup) \
      aria-labelledby="\(chart.id)-title">
      <div class="title"><h3 id="\(chart.id)-title">\(chart.title)</h3>\
      \(chart.hasScales && library != nil ? scales : "")</div>
      <div class="drawing">\(ChartDrawing(chart: chart).markup)</div>
      <figcaption>\(chart.caption)</figcaption>
      </figure>

      """
  }

  /// The chart library, the charts as data, and the script that brings them together.
  private var scripts: Markup {
    guard let library else { return .script(ReportScript.printing) }
    let charts = (prices + ratios + calls + flows + pools + venue + balance).map(\.json)
    let axes = runs.results.map { result in
      JSONText.array(Thinning(result.points).times.map(\.seconds))
    }
    let content = JSONText.object([("axes", .array(axes)), ("charts", .array(charts))])
    return .script(library.script) + .json(content, id: "charts")
      + .script(ReportScript.printing + ReportScript.charts)
  }
}
