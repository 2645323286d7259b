// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Foundation
import Margin
import MarketData
import Parameters
import Quantities
import Testing
import Volatility

@testable import Reporting
@testable import Simulation

/// A few made-up accounts, explained: hedged options a little below their line, two perpetuals
/// in cross mode below their buffer, an inverse one with much to spare.
struct ExplainedAccounts {
  static let rows = """
    account,mode,kind,name,quantity,price
    1,portfolio,collateral,USD,1400,
    1,portfolio,collateral,BTC,0.4,
    1,portfolio,position,BTC-27MAR20-8000-C-INV,-5,0.06
    1,portfolio,position,BTC-27MAR20-7000-P-INV,-5,0.03
    1,portfolio,position,BTC-26JUN20-10000-C-INV,4,0.06
    1,portfolio,position,ETH-PERP,10,194.5
    2,cross,collateral,USD,660,
    2,cross,position,BTC-PERP,2.5,7900
    2,cross,position,ETH-PERP,20,194
    3,isolated,collateral,BTC,0.5,
    3,isolated,position,BTC-USD-INV,20000,7950

    """

  static func make(isCompared: Bool = true) throws -> [MarginExplanation] {
    try (isCompared ? compared : alone).get()
  }

  /// Made once: a debug build takes its time over the lines.
  private static let compared = Result { try explain(isCompared: true) }
  private static let alone = Result { try explain(isCompared: false) }

  private static func explain(isCompared: Bool) throws -> [MarginExplanation] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let file = folder.appendingPathComponent("../../ParameterFiles/plimsoll-2020-03-12.json")
    let set = try ParameterFile.load(path: file.standardizedFileURL.path).set
    let time = Timestamp(seconds: 1_583_971_200)
    let now = try markets("7900")
    let question = try MarginQuestion(
      markets: now, at: time, parameters: set,
      since: isCompared
        ? MarginMoment(markets: try markets("8000"), time: time, parameters: set) : nil)
    let book = FileManager.default.temporaryDirectory
      .appendingPathComponent("plimsoll-\(UUID().uuidString).csv")
    defer { try? FileManager.default.removeItem(at: book) }
    try Data(rows.utf8).write(to: book)
    return try AccountBookReader.load(path: book.path).map { try question.explain($0) }
  }

  private static func markets(_ btc: String) throws -> [UnderlyingMarket] {
    try [("BTC", btc, "80%"), ("ETH", "195", "95%")].map {
      UnderlyingMarket(
        underlying: try AssetSymbol($0), index: try Price($1), basis: .zero,
        volatility: try Rate($2))
    }
  }
}

@Suite("The page of a margin explanation")
struct MarginReportTests {
  private static let library = ChartLibrary(name: "charts 1", script: "/* charts */")

  private func page(_ charts: ChartLibrary? = nil, file: String = "book.csv") throws -> String {
    MarginReport.render(try ExplainedAccounts.make(), file: file, charts: charts)
  }

  @Test("is the same for the same accounts, byte by byte")
  func repeats() throws {
    let pages = try (0..<2).map { _ in try page(Self.library) }
    let isSame = pages[0] == pages[1]
    #expect(isSame)
  }

  @Test("has all its pictures as drawings, with and without the chart library")
  func drawings() throws {
    for charts in [nil, Self.library] {
      let page = try page(charts)
      for id in [
        "account-1-charges", "account-1-scenarios-btc", "account-1-scenarios-eth",
        "account-1-map-btc", "account-2-map-eth", "account-3-map-btc",
      ] {
        let start = try #require(page.firstRange(of: "<figure id=\"\(id)\""), "\(id)")
        let isDrawn = page[start.upperBound...].prefix(600).contains("<svg viewBox")
        #expect(isDrawn, "\(id)")
      }
      let hasScenarios = page.contains("account-2-scenarios")
      #expect(!hasScenarios, "a cross account has none")
      #expect(page.ranges(of: "<script").count == (charts == nil ? 1 : 3))
    }
  }

  @Test("frames the scenario that binds, once, and the next one")
  func frames() throws {
    let explanation = try #require(ExplainedAccounts.make().first)
    for scan in explanation.answer.breakdown.scans {
      let map = try #require(ScenarioMap(scan, explanation, id: "map"))
      let drawing = ScenarioMapDrawing(map: map).markup.text
      #expect(drawing.ranges(of: "class=\"binding\"").count == 1)
      #expect(drawing.ranges(of: "class=\"binding second\"").count <= 1)
      let cells = map.cells.joined().compactMap(\.self)
      #expect(cells.map(\.loss).max() == scan.loss)
      #expect(cells.filter { map.isBinding($0) }.map(\.loss) == [scan.loss])
      #expect(map.shade(scan.loss) == ScenarioMap.shades && map.shade(0) == 0)
      #expect(map.shade(-1) == -1 && map.shade(1) == 1)
    }
  }

  @Test("has bars that begin where the one before ends and come to the whole")
  func bars() throws {
    for explanation in try ExplainedAccounts.make() {
      let bars = ChargeDrawing(explanation).bars
      var end: Int64 = 0
      for bar in bars.dropLast() {
        #expect(bar.start == end && !bar.isSum)
        end += bar.initial
      }
      let sum = try #require(bars.last)
      #expect(sum.isSum && sum.start == 0 && sum.initial == end)
      #expect(sum.maintenance == explanation.answer.breakdown.risk.maintenanceMargin)
    }
  }

  @Test(
    "classes a margin ratio by its lower end",
    arguments: [
      (-1, 0), (0, 1), (99_999_999, 1), (100_000_000, 2), (124_999_999, 2), (125_000_000, 3),
      (150_000_000, 4), (200_000_000, 5), (300_000_000, 6), (499_999_999, 6), (500_000_000, 7),
    ] as [(Int64, Int)])
  func classes(equity: Int64, place: Int) {
    let risk = AccountRisk(
      equity: equity, initialMargin: 0, maintenanceMargin: 100_000_000, liquidationBuffer: 0,
      penaltyRate: .zero)
    #expect(LiquidationMapChart.place(risk) == place)
    #expect(LiquidationMapChart.place(nil) == nil)
  }

  @Test("draws a liquidation line whose points are the crossings")
  func line() throws {
    let explanation = try ExplainedAccounts.make()[1]
    let map = try #require(explanation.maps.first)
    let chart = try #require(LiquidationMapChart(explanation, map, id: "map"))
    let line = try #require(explanation.lines.first)
    // Volatility does not touch perpetuals: one stroke straight up.
    #expect(chart.strokes.count == 1 && chart.strokes[0].count == line.points.count)
    for (place, point) in zip(chart.strokes[0], line.points) {
      #expect(place.price == point.below?.healthy.value)
      #expect(place.volatility == point.volatility.value)
    }
    let drawing = LiquidationMapDrawing(chart: chart).markup.text
    #expect(drawing.ranges(of: "class=\"line waterline\" d=").count == 1 + 1)
    #expect(drawing.contains("class=\"present\""))
  }

  @Test("hands the script the numbers that are drawn")
  func json() throws {
    let page = try page(Self.library)
    let start = try #require(page.firstRange(of: "id=\"charts\">")?.upperBound)
    let text = page[start...].prefix { $0 != "<" }
    let content = try #require(
      JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: [[String: Any]]])
    let maps = try #require(content["maps"])
    #expect(maps.count == 5)
    for map in maps {
      let across = try #require(map["x"] as? [Double])
      let up = try #require(map["y"] as? [Double])
      let rows = try #require(map["z"] as? [[Any]])
      #expect(rows.count == up.count && rows.allSatisfy { $0.count == across.count })
      #expect(across == across.sorted() && up == up.sorted())
    }
  }

  @Test("tells of a repair, of what is not needed and of what changed")
  func sections() throws {
    let page = try page()
    for part in [
      "To reach maintenance margin + buffer", "nothing is needed", "sell BTC-PERP", "price of BTC",
      "What changed and why", "Greeks by underlying, expiry and delta",
    ] {
      let isThere = page.contains(part)
      #expect(isThere, "\(part)")
    }
    let alone = MarginReport.render(
      try ExplainedAccounts.make(isCompared: false), file: "book.csv", charts: nil)
    let tellsChange = alone.contains("What changed and why")
    #expect(!tellsChange)
  }

  @Test("escapes the name of the file")
  func escapes() throws {
    let attack = "\"'><img src=x onerror=alert(1)></script><script>alert(2)</script>"
    for charts in [nil, Self.library] {
      let page = try page(charts, file: attack)
      let isAttacked = page.contains("<img") || page.contains("<script>alert")
      #expect(!isAttacked)
    }
  }
}

@Suite("The tables of a margin explanation")
struct ExplanationTableTests {
  @Test("are those that concern the account, in a stated order")
  func captions() throws {
    let explanations = try ExplainedAccounts.make()
    let captions = explanations.map { ExplanationTables($0).all.map(\.caption) }
    #expect(captions[0].contains("Worst scenarios of BTC"))
    #expect(captions[0].contains("Worst scenarios of all underlyings, added up"))
    #expect(!captions[1].contains { $0.hasPrefix("Worst scenarios") })
    for list in captions {
      #expect(list.prefix(3).dropFirst() == ["By charge", "By instrument"])
      #expect(list.last == "What changed and why")
    }
  }

  @Test("show one line for an account that volatility does not touch")
  func upright() throws {
    let lines = ExplanationTables(try ExplainedAccounts.make()[1]).lines
    #expect(lines.map(\.rows.count) == [1, 1])
    #expect(lines.allSatisfy { $0.rows[0].cells[0] == "any" })
  }

  @Test("name a scenario by what it does")
  func scenarios() throws {
    let grid = try ScenarioGrid(scenarios: [
      Scenario(spotShift: -0.125, volatility: .up, damper: 0.5),
      Scenario(spotShift: 0, volatility: .unchanged),
      Scenario(spotShift: 1.5, volatility: .down),
    ])
    let texts = [BindingScenario.scenario(0), .scenario(1), .scenario(2), .scenario(3), .none].map {
      ExplanationText.scenario($0, in: grid)
    }
    #expect(
      texts == [
        "price −12.5 %, volatility up, counts 50.0 %", "price unchanged, volatility unchanged",
        "price +150 %, volatility down", "number 4 of the grid", "none loses",
      ])
    #expect(ExplanationText.scenario(.skew(.tilt), in: grid) == "price unchanged, skew tilt")
  }
}
