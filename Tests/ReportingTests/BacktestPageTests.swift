// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Forecasting
import Foundation
import Testing

@testable import Reporting

@Suite("The page and the table of a backtest")
struct BacktestPageTests {
  private static let library = ChartLibrary(name: "charts 1", script: "/* charts */")

  private func page(
    _ study: SyntheticStudy = SyntheticStudy(), _ charts: ChartLibrary? = nil
  ) throws -> String {
    BacktestReport.render(try study.make(), charts: charts)
  }

  /// The cells of a rule's row in the n-th table of the terminal.
  private func cells(_ text: String, _ rule: String, _ table: Int) throws -> [String] {
    let lines = text.split(separator: "\n").filter { $0.hasPrefix("days \(rule)") }
    try #require(lines.count == 3)
    return lines[table].split(separator: " ").map(String.init)
  }

  // By hand: “late” is passed on day 20 alone, 1 of 100; it doubles on day 50.
  @Test("says of every rule what is known of it")
  func table() throws {
    let text = BacktestTable.text(try SyntheticStudy().make())
    #expect(
      text.hasPrefix(
        "days, 1 Nov 2021 to 8 Feb 2022: 100 days\nShares of the book's value, at 98 % on each "))
    #expect(text.contains("A book, with all its positions"))
    #expect(text.contains("A note on <these> days."))
    let late = try cells(text, "late", 0)
    #expect(late[2...4] == ["1", "1.00", "%"])
    #expect(late.last == "green")
    #expect(try cells(text, "steady", 0)[2...4] == ["2", "2.00", "%"])
    #expect(
      try cells(text, "late", 1)
        == ["days", "late", "3.00", "%", "1.500", "2.00", "×2.00", "×2.00"])
    #expect(
      try cells(text, "steady", 1)
        == ["days", "steady", "2.00", "%", "1.000", "1.00", "×1.00", "×1.00"])
    // Z2 = 1 − Σ(0.03 ÷ 0.025) ÷ (100 · 0.02).
    let losses = try cells(text, "steady", 2)
    #expect(losses[2...6] == ["1.00", "%", "1.00", "%", "−0.20"])
    #expect(losses.suffix(2) == ["–", "–"], "the first rule is compared with nothing")
    #expect(try cells(text, "late", 2)[6] == "0.40")
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
  }

  @Test("shows dashes for rules without shortfalls, and no price where there is none")
  func plain() throws {
    let study = SyntheticStudy(hasShortfalls: false, hasPrices: false)
    let text = BacktestTable.text(try study.make())
    #expect(try cells(text, "late", 2).suffix(4) == ["–", "–", "–", "–"])
    let page = try page(study, Self.library)
    #expect(!page.contains("id=\"price\"") && !page.contains("href=\"#prices\""))
    #expect(page.contains("<figure id=\"book-requirements\""))
  }

  @Test("is the same for the same study, byte by byte")
  func repeats() throws {
    let first = try page(SyntheticStudy(), Self.library)
    let second = try page(SyntheticStudy(), Self.library)
    #expect(first == second)
  }

  @Test("has all its pictures as drawings, with and without the chart library")
  func drawings() throws {
    for charts in [nil, Self.library] {
      let page = try page(SyntheticStudy(), charts)
      for id in ["price", "book-requirements", "book-years", "book-movement"] {
        let start = try #require(page.firstRange(of: "<figure id=\"\(id)\""), "\(id)")
        #expect(page[start.upperBound...].prefix(600).contains("<svg viewBox"), "\(id)")
      }
      #expect(page.contains("/* charts */") == (charts != nil))
      #expect(page.ranges(of: "<script").count == (charts == nil ? 1 : 3))
    }
  }

  @Test("draws a cross for every close outside and a bar for every year with an exceedance")
  func parts() throws {
    let study = try SyntheticStudy().make()
    let price = try #require(BacktestChart.band(study))
    let band = BacktestDrawing(chart: price, days: study.days).markup.text
    // One in the legend.
    #expect(band.ranges(of: "l5 5m0-5l-5 5").count == 2 + 1)
    let charts = BacktestChart.all(study.sides[0], of: study)
    let bars = BacktestDrawing(chart: charts[1], days: study.days).markup.text
    // 2021 has day 20 for both rules, 2022 day 70 for one.
    let bodies = bars.split(separator: "\n").filter { $0.contains("class=\"bar\"") }
    #expect(bodies.map { $0.ranges(of: "z").count } == [2, 1])
    let points = BacktestDrawing(chart: charts[2], days: study.days).markup.text
    #expect(points.ranges(of: "h0\"").count == 2)
  }

  @Test("hands the script the numbers that are drawn")
  func json() throws {
    let page = try page(SyntheticStudy(), Self.library)
    let start = try #require(page.firstRange(of: "id=\"charts\">")?.upperBound)
    let text = page[start...].prefix { $0 != "<" }
    let content = try #require(
      JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: [Any]])
    let days = try #require(content["days"] as? [Int64])
    #expect(days.count == 100 && days[0] == SyntheticStudy.first)
    let charts = try #require(content["charts"] as? [[String: Any]])
    #expect(charts.map { $0["kind"] as? String } == ["band", "requirements", "years", "movement"])
    #expect(charts[0]["marks"] as? [Int] == [50, 60])
    let traces = try #require(charts[1]["traces"] as? [[String: Any]])
    let late = try #require(traces[1]["y"] as? [Double])
    #expect(late[49] == 0.02 && late[50] == 0.04)
    #expect(charts[2]["years"] as? [Int] == [2021, 2022])
    // 61 and 39 days at 2 %.
    #expect(charts[2]["expected"] as? [Double] == [1.22, 0.78])
  }

  @Test("escapes every text")
  func escapes() throws {
    let attack = "\"'><img src=x onerror=alert(1)></script><script>alert(2)</script>"
    for charts in [nil, Self.library] {
      for study in [SyntheticStudy(origin: attack), SyntheticStudy(title: attack)] {
        let page = try page(study, charts)
        #expect(!page.contains("<img"))
        #expect(page.ranges(of: "<script").count == (charts == nil ? 1 : 3))
        #expect(page.contains("&quot;&#39;&gt;&lt;img src=x"))
      }
    }
  }

  @Test("asks nothing of the network and forbids itself to")
  func requests() throws {
    for charts in [nil, Self.library] {
      let page = try page(SyntheticStudy(), charts)
      for word in ["http:", "https:", "src=", "<link", "@import", "url(h", "<iframe", "fetch("] {
        #expect(!page.contains(word), "\(word)")
      }
      #expect(page.contains("content=\"default-src &#39;none&#39;;"))
    }
  }

  @Test("refuses days that do not fit its rules")
  func refusals() throws {
    let study = try SyntheticStudy().make()
    #expect(throws: ForecastingError.lengthMismatch(expected: 99, found: 100)) {
      try BacktestStudy(
        title: "", origin: "", measure: "", days: study.days.dropLast(), probability: 0.02,
        increaseDays: [1, 60], sides: study.sides)
    }
  }
}
