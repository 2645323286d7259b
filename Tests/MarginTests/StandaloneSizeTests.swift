// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import NumericalMethods
import Quantities
import Testing

@Suite("Size charges of isolated and cross accounts")
struct StandaloneSizeTests {
  private static let on = [("margin.standaloneSize", "true")]

  private func isSize(_ kind: ChargeKind) -> Bool {
    switch kind {
    case .concentration, .gap, .uncertainty, .openInterest, .horizon: true
    default: false
    }
  }

  @Test("are those of a portfolio with the same positions", arguments: [1, 2] as [UInt64])
  func sameCurves(seed: UInt64) throws {
    let books = try RandomBooks.withTerms(Self.on)
    var random = SplitMix64(seed: seed)
    var charged = 0
    for _ in 0..<200 {
      var portfolio = books.portfolio(&random, .portfolio)
      let lines = try books.engine.breakdown(of: portfolio).lines.filter { isSize($0.kind) }
      portfolio.mode = .cross
      let cross = try books.engine.breakdown(of: portfolio)
      let crossLines = cross.lines.filter { isSize($0.kind) }
      #expect(crossLines.map(\.kind) == lines.map(\.kind))
      #expect(crossLines.map(\.initial) == lines.map(\.initial))
      #expect(cross.lines.reduce(0) { $0 + $1.initial } == cross.risk.initialMargin)
      #expect(cross.lines.reduce(0) { $0 + $1.maintenance } == cross.risk.maintenanceMargin)
      // 80 % of them, rounded up once.
      let sum = crossLines.reduce(0) { $0 + $1.initial }
      #expect(crossLines.reduce(0) { $0 + $1.maintenance } == (sum * 4 + 4) / 5)
      charged += sum > 0 ? 1 : 0
    }
    #expect(charged > 100)
  }

  @Test("are left out unless the parameters ask for them", arguments: MarginMode.allCases)
  func off(mode: MarginMode) throws {
    let (off, on) = (
      try RandomBooks.withTerms([("margin.standaloneSize", "false")]),
      try RandomBooks.withTerms(Self.on)
    )
    var random = SplitMix64(seed: 7)
    for _ in 0..<50 {
      let portfolio = off.portfolio(&random, mode)
      let before = try off.engine.risk(of: portfolio)
      let after = try on.engine.risk(of: portfolio)
      #expect(after.equity == before.equity)
      #expect(after.initialMargin >= before.initialMargin)
      if mode == .portfolio { #expect(after == before) }
    }
  }

  // 8.7 million steps are free (as in SizeChargeTests), one more is not.
  @Test("begin where those of portfolios begin", arguments: [MarginMode.isolated, .cross])
  func threshold(mode: MarginMode) throws {
    let terms = [("impact", "1"), ("volumeStress", "30%"), ("freeShare", "9%")]
    let (off, on) = (try SizedWorld(terms), try SizedWorld(terms, Self.on))
    func added(_ steps: Int64) throws -> (Int64, Int64) {
      var portfolio = on.portfolio(steps: steps)
      portfolio.mode = mode
      let (one, other) = (try on.engine.risk(of: portfolio), try off.engine.risk(of: portfolio))
      return (
        one.initialMargin - other.initialMargin, one.maintenanceMargin - other.maintenanceMargin
      )
    }
    #expect(try added(8_700_000) == (0, 0))
    let (initial, maintenance) = try added(8_700_001)
    #expect(initial > 0)
    #expect(maintenance == (initial * 4 + 4) / 5)
  }

  @Test("are measured by the sweep as by the engine")
  func sweep() throws {
    let books = try RandomBooks.withTerms(Self.on)
    let accounts = VenueFixture.portfolios(books, count: 200, seed: 32)
    let sweep = VenueSweep(books.engine, SweepTable(books.engine))
    let rows = try VenueFixture.rows(accounts, books.engine)
    #expect(
      VenueFixture.measure(sweep, rows, threads: 2)
        == (try VenueFixture.expected(accounts, books.engine)))
  }

  // Orders are reserved by the further end of the net delta: a buy counts on a long, a sell only
  // where it turns the account over.
  @Test("reserve for open orders what the further end of the net size needs")
  func orders() throws {
    let terms = [("impact", "1"), ("volumeStress", "30%")]
    let (off, on) = (try SizedWorld(terms), try SizedWorld(terms, Self.on))
    func order(_ side: Side, _ steps: Int64, isReduceOnly: Bool = false) throws -> RestingOrder {
      RestingOrder(
        id: OrderID(1), instrument: InstrumentID(0), side: side, remaining: Size(steps: steps),
        limit: try Price("8000"), isReduceOnly: isReduceOnly)
    }
    func reserved(_ orders: [RestingOrder]) throws -> Int64 {
      var portfolio = on.portfolio(steps: 1_000_000)
      portfolio.mode = .cross
      portfolio.orders = orders
      let breakdown = try on.engine.breakdown(of: portfolio)
      #expect(breakdown.lines.reduce(0) { $0 + $1.initial } == breakdown.risk.initialMargin)
      let charge = breakdown.lines.first { $0.kind == .orders }?.initial ?? 0
      let plain = try off.engine.breakdown(of: portfolio).lines.first { $0.kind == .orders }
      return charge - (plain?.initial ?? 0)
    }
    func size(_ steps: Int64) throws -> Int64 {
      try on.line(ChargeKind.concentration, steps: steps)
    }
    let held = try size(1_000_000)
    #expect(try reserved([order(.buy, 500_000)]) == (try size(1_500_000)) - held)
    #expect(try reserved([order(.sell, 2_000_000)]) == 0)
    #expect(try reserved([order(.sell, 2_000_001)]) == (try size(1_000_001)) - held)
    #expect(try reserved([order(.buy, 500_000, isReduceOnly: true)]) == 0)
  }
}
