// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Ledger
import Quantities
import Testing

@testable import Reporting
@testable import Simulation

@Suite("The page")
struct HTMLReportTests {
  private static let library = ChartLibrary(name: "charts 1", script: "/* charts */")

  @Test("is the same for the same replay, byte by byte")
  func repeats() throws {
    let one = RenderedPage([try SyntheticReplay().make()], charts: Self.library)
    let other = RenderedPage([try SyntheticReplay().make()], charts: Self.library)
    #expect(one == other)
  }

  @Test("says what it is made of before any figure")
  func origin() throws {
    let page = RenderedPage([try SyntheticReplay().make()])
    let head = page.html.prefix(upTo: try #require(page.html.firstRange(of: "<main>")?.lowerBound))
    #expect(head.contains("<strong>Reconstruction.</strong>"))
    #expect(head.contains("A seeded population of 10000 accounts (seed 7)."))
    #expect(head.contains("parametric surface"))
    var recorded = SyntheticReplay()
    recorded.isReconstruction = false
    let other = RenderedPage([try recorded.make()])
    #expect(other.contains("Recorded prices."))
    #expect(!other.contains("Reconstruction."))
  }

  @Test("escapes every text of a result")
  func escapes() throws {
    let attack = "\"'><img src=x onerror=alert(1)></script><script>alert(2)</script>"
    var replay = SyntheticReplay()
    replay.title = "title \(attack)"
    replay.market = "market \(attack)"
    replay.chargeLabel = "charge \(attack)"
    replay.stepText = "step \(attack)"
    replay.skippedRows = [
      RowFault(
        place: FilePlace(path: "file \(attack)", line: 3), field: "field \(attack)",
        value: "value <script>", reason: .contradiction("rule \(attack)"))
    ]
    var result = try replay.make()
    result.origin.accounts = "accounts \(attack)"
    result.origin.options = "options \(attack)"
    result.origin.assignments = ["key=\(attack)"]
    let plain = try SyntheticReplay().make()
    for charts in [nil, Self.library] {
      let page = RenderedPage([result, plain], charts: charts)
      #expect(!page.contains("<img"))
      #expect(!page.contains("\"'>"))
      #expect(page.count(of: "<script") == (charts == nil ? 1 : 3))
      #expect(page.count(of: "</script") == (charts == nil ? 1 : 3))
      for name in ["title", "market", "charge", "step", "file", "field", "rule", "accounts"] {
        #expect(page.contains("\(name) &quot;&#39;&gt;&lt;img src=x"), "\(name) is shown")
      }
    }
  }

  @Test("replaces control characters and directional overrides")
  func controls() {
    let markup: Markup = "<p>\("a\u{0}b\u{202E}c\n")</p>"
    #expect(markup.text == "<p>a\u{FFFD}b\u{FFFD}c\n</p>")
  }

  @Test("asks nothing of the network and forbids itself to")
  func requests() throws {
    let results = [try SyntheticReplay().make()]
    for page in [
      RenderedPage(results), RenderedPage(results, charts: Self.library),
    ] {
      for word in ["http:", "https:", "src=", "<link", "@import", "url(h", "<iframe", "fetch("] {
        #expect(!page.contains(word), "\(word)")
      }
      #expect(page.contains("content=\"default-src &#39;none&#39;;"))
    }
  }

  @Test("shows every sum exactly as the result has it")
  func sums() throws {
    let result = try SyntheticReplay().make()
    let page = RenderedPage([result])
    let totals = result.totals
    let money = MoneyFormat(currency: result.quote.symbol)
    let amounts: [(String, Int64)] = [
      ("Closed in the book", totals.liquidatedValue),
      ("Auto-deleveraged", totals.deleveragedValue), ("Socialized loss", totals.socializedValue),
      ("Insurance fund at the start", totals.fundAtStart),
      ("Insurance fund at its lowest", totals.lowestFund),
      ("Insurance fund at the end", totals.fundAtEnd),
      ("Paid by the insurance fund", totals.fundPaid),
      ("Penalties paid to it", totals.penalties),
    ]
    for (label, amount) in amounts {
      let row = "\(label)</th><td class=\"number\">\(money.exact(amount))</td>"
      #expect(page.contains(row), "\(label)")
    }
    let counts = [
      ("Blocks", totals.blocks), ("Records", totals.records), ("Events", totals.events),
      ("Liquidations", totals.liquidations), ("Accounts deleveraged", totals.deleveragedAccounts),
      ("Rejected price samples", totals.rejectedSamples),
    ]
    for (label, count) in counts {
      let text = NumberText.grouped(Int64(count))
      #expect(page.contains("\(label)</th><td class=\"number\">\(text)</td>"), "\(label)")
    }
    #expect(page.contains("<code class=\"hash\">\(result.hash)</code>"))
  }

  @Test("counts every rejected sample in the table by source and reason")
  func rejections() throws {
    let result = try SyntheticReplay(blocks: 1_200).make()
    #expect(result.rejectionCounts.count >= 3)
    let page = RenderedPage([result])
    let sum = NumberText.grouped(Int64(result.totals.rejectedSamples))
    let foot = try #require(page.after("All sources</th>", upTo: 1_000))
    let row = foot.prefix { $0 != "\n" }
    #expect(row.hasSuffix("<td class=\"number\">\(sum)</td></tr>"))
  }

  @Test("has all its charts as drawings, with and without the chart library")
  func charts() throws {
    let results = [try SyntheticReplay().make()]
    let plain = RenderedPage(results)
    let rich = RenderedPage(results, charts: Self.library)
    for page in [plain, rich] {
      for id in [
        "price-btc", "price-eth", "margin-ratios-0", "liquidations-0", "in-liquidation",
        "insurance-fund", "losses-shared", "open-interest", "volatility",
      ] {
        let figure = try #require(page.after("<figure id=\"\(id)\"", upTo: 1_500), "\(id)")
        #expect(figure.contains("<svg viewBox"), "\(id)")
      }
    }
    #expect(!plain.contains("id=\"charts\""))
    #expect(rich.contains("/* charts */"))
    #expect(rich.contains("<script type=\"application/json\" id=\"charts\">{\"axes\":[["))
  }

  @Test("does not let the chart library end its own element")
  func libraryScript() throws {
    let library = ChartLibrary(name: "x", script: "var a = '</script><b>';")
    let page = RenderedPage([try SyntheticReplay().make()], charts: library)
    #expect(page.contains("var a = '<\\/script><b>';"))
  }

  @Test("compares two replays: both named, every sum with its difference")
  func comparison() throws {
    let base = try SyntheticReplay().make()
    var other = SyntheticReplay()
    other.assignments = ["liquidation.penalty=0.4%"]
    other.severity = 74
    let changed = try other.make()
    let page = RenderedPage([base, changed], charts: Self.library)
    #expect(page.contains("<b>base</b>: the parameters as they stand"))
    #expect(page.contains("<code>--set liquidation.penalty=0.4%</code>"))
    let money = MoneyFormat(currency: base.quote.symbol)
    let (old, new) = (base.totals.liquidatedValue, changed.totals.liquidatedValue)
    #expect(old != new)
    let cells = [
      money.exact(old), money.exact(new), money.change(new - old),
      NumberText.change(from: old, to: new),
    ]
    let row = cells.map { "<td class=\"number\">\($0)</td>" }.joined()
    #expect(page.contains("Closed in the book</th>" + row))
    for id in ["margin-ratios-0", "margin-ratios-1", "liquidations-0", "liquidations-1"] {
      #expect(page.contains("<figure id=\"\(id)\""))
    }
    #expect(page.contains("<td class=\"code\">0.005</td><td class=\"code\">0.004</td>"))
  }

  @Test("lets assigned parameters stand out, and only them")
  func parameters() throws {
    var replay = SyntheticReplay()
    replay.assignments = ["liquidation.sliceShare=25%"]
    let page = RenderedPage([try replay.make()])
    let marked = "<tr class=\"marked\"><th scope=\"row\" class=\"text\"><code>"
    // Once by itself and once among all parameters.
    #expect(page.count(of: marked) == 2)
    #expect(page.count(of: marked + "liquidation.sliceShare") == 2)
    #expect(page.contains("set on the command line"))
  }

  @Test("lists skipped rows with their places")
  func skippedRows() throws {
    var replay = SyntheticReplay()
    replay.skippedRows = (1...501).map { line in
      RowFault(
        place: FilePlace(path: "btc.csv", line: line), field: "close", value: "-1",
        reason: .negative)
    }
    let page = RenderedPage([try replay.make()])
    #expect(page.contains("501 rows were skipped"))
    #expect(page.count(of: "<li>btc.csv") == 500)
    #expect(page.contains("… and 1 more."))
  }

  @Test("stays small: two replays of two days under 3 MB besides the library")
  func size() throws {
    let result = try SyntheticReplay(blocks: 2_880).make()
    let page = RenderedPage([result, result], charts: Self.library)
    #expect(page.html.utf8.count < 3_000_000)
  }
}
