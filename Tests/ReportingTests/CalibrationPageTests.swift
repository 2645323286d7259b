// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Foundation
import Testing

@testable import Reporting

@Suite("The page of a calibration")
struct CalibrationPageTests {
  private static let library = ChartLibrary(name: "charts 1", script: "/* charts */")

  private func page(_ charts: ChartLibrary? = nil, file: String = "chain.csv") throws -> String {
    CalibrationReport.render([try SyntheticChain().make()], file: file, charts: charts)
  }

  @Test("is the same for the same quotes, byte by byte, whatever the order of its expiries")
  func repeats() throws {
    let first = try page(Self.library)
    let second = try page(Self.library)
    #expect(first == second)
    var other = SyntheticChain()
    other.damage = { rows in rows = Array(rows.suffix(32) + rows.prefix(16)) }
    let third = CalibrationReport.render(
      [try other.make()], file: "chain.csv", charts: Self.library)
    #expect(first == third)
  }

  @Test("has all its pictures as drawings, with and without the chart library")
  func drawings() throws {
    for charts in [nil, Self.library] {
      let page = try page(charts)
      for id in ["surface-btc", "smile-btc-0", "smile-btc-1", "smile-btc-2"] {
        let start = try #require(page.firstRange(of: "<figure id=\"\(id)\""), "\(id)")
        #expect(page[start.upperBound...].prefix(600).contains("<svg viewBox"), "\(id)")
      }
      #expect(page.contains("/* charts */") == (charts != nil))
      #expect(page.ranges(of: "<script").count == (charts == nil ? 1 : 3))
    }
  }

  @Test("has a facet for every cell of the surface and a dot for every quote that counts")
  func parts() throws {
    let chain = try SyntheticChain().make()
    let surface = try #require(SurfaceChart(chain, id: "surface"))
    let drawing = SurfaceDrawing(surface).markup.text
    let facets = drawing.split(separator: "\n").filter { $0.contains("class=\"facet\"") }
    let cells = (surface.rows.count - 1) * (SurfaceChart.columns - 1)
    #expect(facets.joined().ranges(of: "z").count == cells)
    let smile = try #require(SmileChart(chain.expiries[0], id: "smile"))
    let dots = SmileDrawing(smile).markup.text
    #expect(dots.ranges(of: "h0").count == SyntheticChain.steps.count)
  }

  @Test("hands the script the numbers that are drawn")
  func json() throws {
    let page = try page(Self.library)
    let start = try #require(page.firstRange(of: "id=\"charts\">")?.upperBound)
    let text = page[start...].prefix { $0 != "<" }
    let content = try #require(
      JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: [[String: Any]]])
    #expect(content["smiles"]?.count == 3 && content["surfaces"]?.count == 1)
    let smile = try #require(content["smiles"]?[0])
    let used = try #require(smile["used"] as? [String: [Any]])
    let heights = try #require(used["y"] as? [Double])
    let above = try #require(used["above"] as? [Double])
    #expect(heights.count == SyntheticChain.steps.count)
    for (height, above) in zip(heights, above) {
      #expect(abs(height + above - 0.505) < 2e-6, "the ask")
    }
    let rows = try #require(content["surfaces"]?[0]["z"] as? [[Double]])
    #expect(rows.allSatisfy { $0.count == SurfaceChart.columns })
  }

  @Test("escapes the name of the file")
  func escapes() throws {
    let attack = "\"'><img src=x onerror=alert(1)></script><script>alert(2)</script>"
    for charts in [nil, Self.library] {
      let page = try page(charts, file: attack)
      #expect(!page.contains("<img"))
      #expect(page.ranges(of: "<script").count == (charts == nil ? 1 : 3))
      #expect(page.contains("&quot;&#39;&gt;&lt;img src=x"))
    }
  }

  @Test("asks nothing of the network and forbids itself to")
  func requests() throws {
    for charts in [nil, Self.library] {
      let page = try page(charts)
      for word in ["http:", "https:", "src=", "<link", "@import", "url(h", "<iframe", "fetch("] {
        #expect(!page.contains(word), "\(word)")
      }
      #expect(page.contains("content=\"default-src &#39;none&#39;;"))
    }
  }

  @Test("counts in the tables what the chain has")
  func tables() throws {
    let page = try page()
    for part in [
      "<dt>Quotes used</dt><dd>24<small>24 rejected</small></dd>",
      "<dt>Arbitrage violations</dt><dd>0<small>601 points per expiry</small></dd>",
      "All expiries</th><td class=\"number\">24</td><td class=\"number\">24</td>",
      "log-moneyness −1.5 to 1.5: butterfly: 0, calendar: 0.",
    ] {
      #expect(page.contains(part), "\(part)")
    }
  }
}

@Suite(
  "The page of recorded chains",
  .enabled(
    if: RecordedOptions.isPresent,
    "needs the recorded collection; set PLIMSOLL_DATA to its folder"))
struct RecordedCalibrationTests {
  @Test("has every quote in its tables and all its pictures", arguments: RecordedOptions.months)
  func everyChain(month: String) throws {
    let snapshots = try RecordedOptions.snapshots(month)
    #expect(snapshots.count >= 4)
    for snapshot in snapshots {
      let chain = try CalibratedChain(snapshot)
      let name = "\(snapshot.underlying) \(snapshot.time)"
      #expect(chain.violations.isEmpty, "\(name)")
      // On 13 January 2026, 09:21, hardly anything of BTC was quoted on both sides: 58 of 622
      // count, and their middles lie up to 5 points apart.
      let counted = chain.expiries.reduce(0) { $0 + $1.quotes.count { $0.rejection == nil } }
      let bound = counted * 10 >= snapshot.rows.count ? 0.007 : 0.01
      #expect((chain.medianError ?? 1) <= bound, "\(name)")
      let section = ChainSection(chain)
      let fitted = chain.expiries.count { $0.slice != nil }
      #expect(section.smiles.count == fitted && section.surface != nil, "\(name)")
      for smile in section.smiles {
        #expect(smile.used.count > 0 && smile.used.allSatisfy { $0.bid != nil && $0.ask != nil })
      }
      let rejected = chain.rejections.reduce(0) { $0 + $1.count }
      let used = section.smiles.reduce(0) { $0 + $1.used.count }
      #expect(rejected + used == snapshot.rows.count, "\(name)")
      let page = CalibrationReport.render([chain], file: "chain", charts: nil)
      #expect(page.utf8.count < 400_000, "\(name)")
    }
  }
}

/// The recorded option chains, where this machine has them.
enum RecordedOptions {
  static let folder =
    (ProcessInfo.processInfo.environment["PLIMSOLL_DATA"]
      ?? URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
      .appending(path: "../../../../shared/data").standardized.path) + "/options"
  static let isPresent = FileManager.default.fileExists(
    atPath: folder + "/deribit_chain_2025-12.csv.gz")
  static let months = ["2025-12", "2026-01", "2026-03", "2026-04"]

  /// All of a month with `PLIMSOLL_FULL=1`, else the first two times, both coins.
  static func snapshots(_ month: String) throws -> [OptionChainSnapshot] {
    let isFull = ProcessInfo.processInfo.environment["PLIMSOLL_FULL"] == "1"
    return try OptionChainFile.read(
      path: folder + "/deribit_chain_\(month).csv.gz", first: isFull ? nil : 4
    ).snapshots
  }
}
