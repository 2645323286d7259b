// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import Testing
import Volatility

/// The scenario lists of the files against what the venues publish.
@Suite("Published scenario lists")
struct PublishedRowTests {
  private func rows(_ name: String, _ symbol: String = "BTC") throws -> [Scenario] {
    var fixture = try BookFixture(symbol, index: 100)
    fixture.hold(perpetual: 1, at: 100)
    return try #require(
      try ModelFixture.model(name).requirement(of: fixture.book).scans.first
    ).rows
  }

  @Test(
    "have the published number of rows",
    arguments: [
      ("deribit-portfolio", "BTC", 27 + 8), ("deribit-portfolio", "ETH", 27 + 8),
      ("derive-pmrm2", "ETH", 23 + 8), ("paradex-scan", "BTC", 24), ("okx-mr", "BTC", 7),
      ("okx-mr", "XRP", 7), ("okx-mr", "SOL", 7), ("span-16", "BTC", 16),
      ("aevo-portfolio", "ETH", 15), ("plimsoll", "BTC", 27 + 8),
    ])
  func counts(name: String, symbol: String, count: Int) throws {
    #expect(try rows(name, symbol).count == count)
  }

  // Sources: Derive's mainnet script and Paradex's documentation; Paradex prints two decimals.
  @Test("weigh the tails as published")
  func tails() throws {
    let derive = [0.21, 0.42, 0.2772, 0.1386, 0.0693, 0.0462, 0.03465, 0.02772]
    for (row, share) in zip(try rows("derive-pmrm2").suffix(8), derive) {
      #expect(isNear(row.damper, share, within: 1e-12))
    }
    // 0.16 ÷ 0.66 is 24.24 %, which the venue rounds to 24, as it does 48.48.
    let paradex = [0.24, 0.48, 0.32, 0.16, 0.08, 0.0533, 0.04, 0.032]
    for (row, share) in zip(try rows("paradex-scan").suffix(8), paradex) {
      #expect(isNear(row.damper, share, within: 0.005))
    }
    for name in ["derive-pmrm2", "paradex-scan", "plimsoll"] {
      let shifts = try rows(name).suffix(8).map(\.spotShift)
      #expect(shifts == [-0.66, -0.33, 0.5, 1, 2, 3, 4, 5])
    }
  }

  @Test("move spot as OKX publishes, group by group")
  func groups() throws {
    for (symbol, largest) in [("BTC", 0.12), ("ETH", 0.12), ("LINK", 0.18), ("SOL", 0.25)] {
      let rows = try rows("okx-mr", symbol)
      #expect(isNear(try #require(rows.last).spotShift, largest, within: 1e-12))
      #expect(rows.allSatisfy { $0.volatility == .unchanged && $0.damper == 1 })
    }
    #expect(
      try rows("okx-mr", "SOL").map(\.spotShift) == [-0.25, -0.16, -0.08, 0, 0.08, 0.16, 0.25])
  }

  @Test("stand in SPAN's order, extremes at 35 per cent of twice the range")
  func span() throws {
    let rows = try rows("span-16")
    for (place, thirds) in [0.0, 0, 1, 1, -1, -1, 2, 2, -2, -2, 3, 3, -3, -3].enumerated() {
      #expect(isNear(rows[place].spotShift, 0.16 * thirds / 3, within: 1e-9))
      #expect(rows[place].volatility == (place.isMultiple(of: 2) ? .up : .down))
      #expect(rows[place].damper == 1)
    }
    #expect(rows[14...].map(\.spotShift) == [0.32, -0.32])
    #expect(rows[14...].allSatisfy { $0.damper == 0.35 && $0.volatility == .unchanged })
  }

  // By hand: a short call at the money of an Aevo account, σ = 60 %, 30 days, ETH 1,000. The worst
  // of 15 rows is +20 % with 50 points more.
  @Test("price Aevo's points")
  func points() throws {
    var fixture = try BookFixture("ETH", index: 1_000, seconds: 2_592_000)
    try fixture.hold(-1, .call, 1_000, volatility: 0.6)
    let requirement = try ModelFixture.model("aevo-portfolio").requirement(of: fixture.book)
    var moved = fixture.book
    moved.expiries[0].forward = 1_200
    let then = try moved.optionMark(.call, strike: 1_000, expiry: 0, volatility: 1.1)
    let now = try fixture.book.optionMark(.call, strike: 1_000, expiry: 0, volatility: 0.6)
    #expect(isNear(requirement.exactInitial, then - now, within: 1e-9))
    #expect(requirement.scans[0].bindingText == "ETH +20% up")
  }
}
