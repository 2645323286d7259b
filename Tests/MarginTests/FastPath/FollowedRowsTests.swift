// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import NumericalMethods
import Quantities
import Testing

@Suite("Rows that follow accounts")
struct FollowedRowsTests {
  private static let unmeasured = AccountRisk(
    equity: 0, initialMargin: QuoteMoney.limit, maintenanceMargin: 0, liquidationBuffer: 0,
    penaltyRate: .zero)

  @Test(
    "give the engine's risks to the last unit while accounts and the market change",
    arguments: [
      [], RandomBooks.boundedTerms,
      [("margin.shortOptionMinimum", "20%"), ("margin.scan.stepsPerSide", "7")],
    ])
  func followed(overrides: [(String, String)]) throws {
    let books = try RandomBooks.withLiquidity(overrides)
    var random = SplitMix64(seed: 21)
    var accounts = Self.accounts(books, 300, &random)
    var engine = books.engine
    var rows = FollowedRows(engine, count: accounts.count) { accounts[$0] }
    var rates: Set<Rate> = []
    for round in 0..<6 {
      let sweep = try #require(rows.sweep(engine))
      let measured = Self.risks(rows, sweep, accounts, ranges: round % 3 + 1)
      let expected = accounts.map { (try? engine.risk(of: $0)) ?? Self.unmeasured }
      #expect(measured == expected, "round \(round)")
      rates.formUnion(measured.map(\.penaltyRate))
      try engine.advance(to: Self.moved(books, round))
      rows.advance(to: engine)
      for _ in 0..<60 {
        let account = Int.random(in: accounts.indices, using: &random)
        accounts[account] = Self.account(books, Int(random.next() % 1_000), &random)
        rows.replace(account, with: accounts[account], engine)
      }
    }
    // No position, and positions of more than one tier.
    #expect(rates.count > 2)
  }

  @Test("leave to the engine what the sweep does not hold, and take it back")
  func apart() throws {
    let books = try RandomBooks()
    var random = SplitMix64(seed: 22)
    let index = try #require(books.contracts.indices.first)
    let sizes: [Int64] = [1, (1 << 28) - 1, 1 << 28, (1 << 31) - 1, 1 << 31, 5]
    for mode in MarginMode.allCases {
      var accounts = [books.portfolio(&random, mode), books.portfolio(&random, mode)]
      var rows = FollowedRows(books.engine, count: 2) { accounts[$0] }
      let sweep = try #require(rows.sweep(books.engine))
      for steps in sizes {
        accounts[0] = books.world.portfolio(
          mode, usd: 1_000_000,
          [books.position(index, steps: min(steps, (1 << 31) - 1), &random)])
        accounts[0].positions[0].size = Size(steps: steps)
        rows.replace(0, with: accounts[0], books.engine)
        let expected = accounts.map { (try? books.engine.risk(of: $0)) ?? Self.unmeasured }
        #expect(Self.risks(rows, sweep, accounts, ranges: 1) == expected, "\(mode), \(steps)")
        #expect((expected[0] == Self.unmeasured) == (steps == 1 << 31))
      }
    }
  }

  @Test("are worn after as many changes as two for each account, sooner where modes change")
  func worn() throws {
    let books = try RandomBooks()
    var random = SplitMix64(seed: 23)
    let accounts = (0..<8).map { _ in books.portfolio(&random, .cross) }
    var rows = FollowedRows(books.engine, count: 8) { accounts[$0] }
    for _ in 0..<16 { rows.replace(3, with: accounts[3], books.engine) }
    #expect(!rows.isWorn)
    rows.replace(3, with: accounts[3], books.engine)
    #expect(rows.isWorn)
    rows = FollowedRows(books.engine, count: 8) { accounts[$0] }
    let other = books.portfolio(&random, .portfolio)
    for _ in 0..<2 { rows.replace(3, with: other, books.engine) }
    #expect(!rows.isWorn)
    rows.replace(3, with: other, books.engine)
    #expect(rows.isWorn)
    // An account opened since has no row to change.
    rows.replace(8, with: other, books.engine)
    #expect(rows.count == 8)
  }

  @Test(
    "are not swept where a term is the engine's alone",
    arguments: [
      [("collateral.default.accountCap", "1000000000")],
      RandomBooks.terms,
    ])
  func unswept(overrides: [(String, String)]) throws {
    let books = try RandomBooks.withLiquidity(overrides)
    let rows = FollowedRows(books.engine, count: 0) { _ in Portfolio(mode: .cross, balances: []) }
    #expect(rows.sweep(books.engine) == nil)
  }

  // MARK: Fixtures

  private static func accounts(
    _ books: RandomBooks, _ count: Int, _ random: inout SplitMix64
  ) -> [Portfolio] {
    (0..<count).map { account(books, $0, &random) }
  }

  /// A portfolio of any mode; every fourth has open orders, now and then one that is malformed.
  private static func account(
    _ books: RandomBooks, _ number: Int, _ random: inout SplitMix64
  ) -> Portfolio {
    var portfolio = books.portfolio(&random, MarginMode.allCases[number % 3])
    guard number % 4 == 0 else { return portfolio }
    for order in 0..<1 + number % 3 {
      let contract = Int.random(in: books.contracts.indices, using: &random)
      portfolio.orders.append(
        RestingOrder(
          id: OrderID(UInt64(order) + 1), instrument: books.contracts[contract].id,
          side: number % 8 == 0 ? .buy : .sell,
          remaining: Size(steps: number % 40 == 0 ? -1 : Int64(1 + random.next() % 500)),
          limit: books.engine.marks[contract].price, isReduceOnly: number % 12 == 0))
    }
    return portfolio
  }

  private static func risks(
    _ rows: FollowedRows, _ sweep: VenueSweep, _ accounts: [Portfolio], ranges: Int
  ) -> [AccountRisk] {
    var risks = Array(repeating: unmeasured, count: rows.count)
    risks.withUnsafeMutableBufferPointer { risks in
      for part in 0..<ranges {
        let range = rows.count * part / ranges..<rows.count * (part + 1) / ranges
        rows.measure(range, sweep, unmeasured: unmeasured, into: risks) { accounts[$0] }
      }
    }
    return risks
  }

  private static func moved(_ books: RandomBooks, _ round: Int) throws -> MarketSnapshot {
    let markets = try books.world.markets.enumerated().map { slot, market in
      UnderlyingMarket(
        underlying: market.underlying,
        index: try Price(
          market.index.value * (1 + 0.02 * Double((round + slot) % 5 - 2)),
          rounding: .toNearestOrEven),
        basis: market.basis, volatility: market.volatility)
    }
    return MarketSnapshot(
      time: World.start + TimeSpan(seconds: Int64(round) * 3_600), underlyings: markets,
      liquidity: books.world.liquidity)
  }
}
