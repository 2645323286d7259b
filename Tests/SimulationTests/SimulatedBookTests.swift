// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Parameters
import Quantities
import Testing

@testable import Simulation

@Suite("The simulated book")
struct SimulatedBookTests {
  private let listing: Listing
  private let parameters: ParameterSet
  private let makers: MakerRoster
  private static let maker: UInt32 = 100
  private static let customer = AccountID(7)

  /// κ = 1 × 0.05 ÷ √10^9 and no spread.
  private static let roundNumbers = Result {
    try MarkedVenue.file.get().applying([
      "book.BTC.dailyVolume=1000000000", "book.BTC.spread=0", "book.BTC.recoveryHalfLife=60s",
      "book.BTC.optionSpread=0", "book.BTC.leastDelta=10%", "book.BTC.optionDiscount=50%",
    ]).set
  }

  init() throws {
    let venue = try MarkedVenue.listing()
    var listing = Listing(quote: venue.quote)
    for asset in venue.collateral { listing.accept(asset) }
    for contract in venue.contracts { listing.list(contract) }
    self.listing = listing
    parameters = try Self.roundNumbers.get()
    makers = MakerRoster(
      underlyings: venue.collateral.compactMap(\.underlying), makersEach: 3, first: Self.maker)
  }

  /// The book after one block with BTC at 8,000 and a volatility of 5 % a day.
  private func book(_ changes: [String] = []) throws -> SimulatedBook {
    var set = parameters
    for change in changes {
      let parts = change.split(separator: "=").map(String.init)
      let value = try ParameterSet.read(key: parts[0], text: parts[1], source: "test")
      set = try ParameterSet(
        name: set.name, date: set.date,
        values: set.values.filter { $0.key != value.key } + [value])
    }
    var book = try SimulatedBook(set)
    book.open(listing, makers: makers)
    observe(&book, second: 0)
    return book
  }

  private func observe(_ book: inout SimulatedBook, second: Int64, price: Int64 = 8_000) {
    guard let symbol = try? AssetSymbol("BTC") else { return }
    let volatility = 0.05 * 365.0.squareRoot()
    let market = UnderlyingMarket(
      underlying: symbol, index: Price(steps: price * Price.stepsPerOne), basis: .zero,
      volatility: Rate(billionths: Int64(volatility * 1e9)))
    book.observe(
      MarketSnapshot(
        time: MarkedVenue.start + TimeSpan(seconds: second), underlyings: [market]))
  }

  private func order(
    _ side: Side, _ name: String = "BTC-PERP", steps: Int64, limit: String,
    account: AccountID = customer
  ) throws -> LiquidationOrder {
    let contract = try #require(listing.contracts.first { $0.name == name })
    return LiquidationOrder(
      id: OrderID(1), account: account, instrument: contract.id, side: side,
      size: Size(steps: steps), limit: try Price(limit), stage: .partial,
      expiresAt: MarkedVenue.start + .day)
  }

  private func answer(
    _ book: inout SimulatedBook, _ order: LiquidationOrder, mark: String = "8000"
  ) throws -> ExecutionReport.Fill {
    let report = book.answer(order, mark: try Price(mark))
    #expect(report.order == order.id && report.fills.count <= 1)
    return try #require(report.fills.first)
  }

  // Expected: 8,000 × 0.05 × √(size ÷ 10^9). Tolerance: a billionth, for the volatility's
  // rounding to a rate.
  @Test(
    "moves the price by the square root of the order's share of the daily volume",
    arguments: [(125, 0.4), (12_500, 4.0), (1_250_000, 40.0)] as [(Int64, Double)])
  func squareRoot(steps: Int64, concession: Double) throws {
    var book = try book()
    let sale = try answer(&book, order(.sell, steps: steps, limit: "1"))
    let drop = 8_000 - sale.price.value
    #expect(abs(drop - concession) < 1e-6)
    #expect(sale.size.steps == steps)
    let purchase = try answer(&book, order(.buy, steps: steps, limit: "20000"))
    let rise = purchase.price.value - 8_000
    #expect(abs(rise - concession) < 1e-6, "the asks are still whole")
  }

  @Test("charges half the spread to the smallest order")
  func spread() throws {
    var book = try book(["book.BTC.spread=0.2%", "book.BTC.impact=0"])
    #expect(try answer(&book, order(.sell, steps: 1, limit: "1")).price == Price("7992"))
    #expect(try answer(&book, order(.buy, steps: 1, limit: "9000")).price == Price("8008"))
  }

  @Test("fills nothing when the limit lies inside the spread, and all at the spread")
  func insideSpread() throws {
    var book = try book(["book.BTC.spread=0.2%", "book.BTC.impact=0"])
    let inside = try order(.sell, steps: 5, limit: "7992.00000001")
    #expect(book.answer(inside, mark: try Price("8000")).fills.isEmpty)
    let at = try order(.sell, steps: 5, limit: "7992")
    #expect(try answer(&book, at).size.steps == 5)
    let beyondMark = try order(.buy, steps: 5, limit: "7999")
    #expect(book.answer(beyondMark, mark: try Price("8000")).fills.isEmpty)
  }

  @Test("fills the largest part whose last level is no worse than the limit")
  func limit() throws {
    // The level at x is 1.5 × 0.05 × √(x ÷ 10^9) worse; 1 % is reached at 17,777,777.8 USD,
    // which is 2,222,222 steps of 8 USD.
    var book = try book()
    let fill = try answer(&book, order(.sell, steps: 5_000_000, limit: "7920"))
    #expect(abs(fill.size.steps - 2_222_222) <= 1)
    // The average is two thirds as bad as the last level.
    let average = 8_000.0 - 80.0 * 2 / 3
    #expect(abs(fill.price.value - average) < 1e-4)
    let next = try order(.sell, steps: 100, limit: "7920")
    #expect(book.answer(next, mark: try Price("8000")).fills.isEmpty, "nothing is left up there")
    #expect(try answer(&book, order(.sell, steps: 100, limit: "7900")).price < Price("7920"))
  }

  @Test("costs the same for an order and for its parts within one block")
  func parts() throws {
    var whole = try book()
    var split = try book()
    let one = try answer(&whole, order(.sell, steps: 1_000_000, limit: "1"))
    var paid = 0.0
    var last = Price(steps: .max)
    for _ in 0..<4 {
      let part = try answer(&split, order(.sell, steps: 250_000, limit: "1"))
      #expect(part.price < last, "each part meets a thinner book")
      last = part.price
      paid += part.price.value / 4
    }
    #expect(abs(paid - one.price.value) < 1e-6)
  }

  @Test("comes back by half in every half-life")
  func recovery() throws {
    var book = try book()
    _ = try answer(&book, order(.sell, steps: 1_000_000, limit: "1"))
    observe(&book, second: 60)
    // After one half-life 4,000,000 of 8,000,000 USD are still gone.
    var fresh = try self.book()
    _ = try answer(&fresh, order(.sell, steps: 500_000, limit: "1"))
    let recovered = try answer(&book, order(.sell, steps: 10_000, limit: "1"))
    let expected = try answer(&fresh, order(.sell, steps: 10_000, limit: "1"))
    #expect(abs(recovered.price.value - expected.price.value) < 1e-6)
    observe(&book, second: 6_000)
    let whole = try answer(&book, order(.sell, steps: 1_000_000, limit: "1"))
    let first = try answer(&fresh, order(.buy, steps: 1_000_000, limit: "9000"))
    let sum = whole.price.value + first.price.value
    #expect(abs(sum - 16_000) < 1e-5)
  }

  @Test("thins out with the range of the last minutes, down to the least share")
  func range() throws {
    let btc = try AssetSymbol("BTC")
    var book = try book(["book.BTC.calmRange=1%", "book.BTC.leastShare=5%"])
    #expect(book.depthShare(of: btc) == 1)
    observe(&book, second: 60, price: 8_080)
    #expect(book.depthShare(of: btc) == 1, "the calm range itself is calm")
    observe(&book, second: 120, price: 8_320)
    #expect(abs(try #require(book.depthShare(of: btc)) - 0.25) < 1e-12)
    // A quarter of the depth doubles the impact.
    let fill = try answer(&book, order(.sell, steps: 12_500, limit: "1"), mark: "8000")
    let doubled = 8 * (8_320.0 / 8_000).squareRoot()
    #expect(abs(8_000 - fill.price.value - doubled) < 1e-5)
    observe(&book, second: 180, price: 16_000)
    #expect(book.depthShare(of: btc) == 0.05)
    observe(&book, second: 180 + 601, price: 16_000)
    #expect(book.depthShare(of: btc) == 1, "the window has passed")
  }

  @Test("serves inverse contracts from the same book")
  func inverse() throws {
    // 12,500 steps of 8 USD are 10,000 steps of 10 USD.
    var linear = try book()
    var inverse = try book()
    let one = try answer(&linear, order(.sell, steps: 12_500, limit: "1"))
    let other = try answer(&inverse, order(.sell, "BTC-USD-INV", steps: 10_000, limit: "1"))
    #expect(abs(one.price.value - other.price.value) < 1e-7)
    let after = try answer(&linear, order(.sell, "BTC-USD-INV", steps: 10_000, limit: "1"))
    #expect(after.price < other.price, "what one contract took is gone for the other")
  }

  @Test("charges options the cost of their delta's hedge")
  func options() throws {
    // At the money for 15.3 days: |delta| near one half; a put of 0.001 BTC a step.
    var book = try book()
    let name = "BTC-27MAR20-8000-P"
    let fill = try answer(&book, order(.buy, name, steps: 25_000, limit: "5000"), mark: "800")
    // 25,000 steps × 8 USD × δ = about 90,000 USD, whose hedge costs 0.05·√(9e4 ÷ 1e9) = 0.047 %.
    let delta = optionDelta(
      .put, forward: 8_000, strike: 8_000, volatility: 0.05 * 365.0.squareRoot(),
      years: TimeSpan(seconds: 1_324_800).years
    ).magnitude
    let share = (25_000 * 8 * delta / 1e9).squareRoot()
    let expected = 0.05 * share * 8_000 * delta
    #expect(delta > 0.4 && delta < 0.5)
    let rise = fill.price.value - 800
    #expect(abs(rise - expected) < 1e-6)
  }

  @Test("buys a worthless option at no less than half its mark")
  func discount() throws {
    var book = try book(["book.BTC.optionSpread=1%"])
    // A call struck at 12,000 for a mark of 2 USD: the hedge of the least delta, 0.1, would
    // cost 4 USD for half the spread alone.
    let name = "BTC-27MAR20-9000-C"
    let fill = try answer(&book, order(.sell, name, steps: 100, limit: "0"), mark: "2")
    #expect(fill.price == Price(steps: Price.stepsPerOne))
    let demanding = try order(.sell, name, steps: 100, limit: "1.5")
    #expect(book.answer(demanding, mark: try Price("2")).fills.isEmpty)
  }

  @Test("lets its makers take turns and never fills an account against itself")
  func turns() throws {
    var book = try book()
    var seen: [UInt32] = []
    for _ in 0..<4 {
      seen.append(
        try answer(&book, order(.sell, steps: 1, limit: "1")).counterparty.number)
    }
    #expect(seen == [100, 101, 102, 100])
    let own = try order(.sell, steps: 1, limit: "1", account: AccountID(101))
    #expect(try answer(&book, own).counterparty != AccountID(101))
  }

  @Test("fills nothing before it is opened, without a market or for an unknown contract")
  func empty() throws {
    let sale = try order(.sell, steps: 1, limit: "1")
    var closed = try SimulatedBook(parameters)
    observe(&closed, second: 0)
    #expect(closed.answer(sale, mark: try Price("8000")).fills.isEmpty)
    var unobserved = try SimulatedBook(parameters)
    unobserved.open(listing, makers: makers)
    #expect(unobserved.answer(sale, mark: try Price("8000")).fills.isEmpty)
    var book = try book()
    let unknown = LiquidationOrder(
      id: sale.id, account: sale.account, instrument: InstrumentID(9_999), side: .sell,
      size: sale.size, limit: sale.limit, stage: .partial, expiresAt: sale.expiresAt)
    #expect(book.answer(unknown, mark: try Price("8000")).fills.isEmpty)
  }

  @Test("never fills beyond the limit nor above the size, whatever the order", arguments: 0..<20)
  func neverBeyond(seed: UInt64) throws {
    var generator = Seeded(state: seed)
    var book = try book(["book.BTC.spread=0.05%"])
    for second in 1...50 {
      observe(&book, second: Int64(second) * 20, price: 7_000 + generator.below(2_000))
      let contract = listing.contracts[Int(generator.below(64))]
      let isCoin = contract.settlement == .inverse && contract.isOption
      let mark = Price(steps: (isCoin ? 1 : 8_000) * 1_000_000 * (1 + generator.below(100)))
      let side: Side = generator.below(2) == 0 ? .buy : .sell
      let move = mark.steps / 1_000 * generator.below(200)
      let limit = Price(steps: max(mark.steps + side.sign * move, 1))
      let size = Size(steps: 1 + generator.below(3_000_000))
      let order = LiquidationOrder(
        id: OrderID(1), account: Self.customer, instrument: contract.id, side: side, size: size,
        limit: limit, stage: .partial, expiresAt: MarkedVenue.start + .day)
      for fill in book.answer(order, mark: mark).fills {
        #expect(fill.size > .zero && fill.size <= size)
        #expect(side == .sell ? fill.price >= limit : fill.price <= limit)
        #expect(side == .sell ? fill.price <= mark : fill.price >= mark)
        #expect((try? contract.unitValue(at: fill.price)) != nil)
      }
    }
  }

  @Test("gives the same answers to the same orders")
  func determinism() throws {
    var one = try book()
    var other = try book()
    for steps in [10, 100_000, 7] as [Int64] {
      let sale = try order(.sell, steps: steps, limit: "7000")
      #expect(
        one.answer(sale, mark: try Price("8000")) == other.answer(sale, mark: try Price("8000")))
    }
    #expect(one == other)
  }
}

/// A generator for orders; the seed is the reproduction.
private struct Seeded {
  var state: UInt64

  mutating func below(_ count: Int64) -> Int64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int64(state >> 33) % count
  }
}
