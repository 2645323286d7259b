// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Reporting
@testable import Simulation

/// A report to be searched; a failed expectation names it instead of printing all of it.
struct RenderedPage: Equatable, CustomTestStringConvertible {
  let html: String

  init(_ results: [ReplayResult], charts: ChartLibrary? = nil) {
    html = HTMLReport.render(results, charts: charts)
  }

  func contains(_ text: String) -> Bool { html.contains(text) }
  func count(of text: String) -> Int { html.ranges(of: text).count }

  /// What follows the first occurrence of a text, as far as the given number of characters.
  func after(_ text: String, upTo length: Int) -> Substring? {
    html.firstRange(of: text).map { html[$0.upperBound...].prefix(length) }
  }

  var testDescription: String { "a page of \(html.utf8.count) bytes" }
}
