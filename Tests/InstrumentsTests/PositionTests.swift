// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities
import TestFixtures
import Testing

@Suite("Positions")
struct PositionTests {
  private let id = InstrumentID(0)

  private func position(_ size: Int64, cost: Int64) -> Position {
    Position(instrument: id, size: Size(steps: size), cost: cost)
  }

  @Test("opening costs size × value and realizes nothing", arguments: [3 as Int64, -3])
  func opening(size: Int64) {
    var held = position(0, cost: 0)
    #expect(held.trade(Size(steps: size), unitValue: 7) == 0)
    #expect(held == position(size, cost: size * 7))
    #expect(held.trade(Size(steps: size), unitValue: 9) == 0)
    #expect(held == position(2 * size, cost: size * 16))
  }

  @Test("closing realizes its part of the average cost, rounded against the account")
  func closing() {
    // Three for 10: one is sold for 4; its cost 3.33 counts as 4.
    var held = position(3, cost: 10)
    #expect(held.trade(Size(steps: -1), unitValue: 4) == 0)
    #expect(held == position(2, cost: 6))
    // A short of three, sold for 10: one is bought for 3; it was sold for 3.33, which counts 3.
    held = position(-3, cost: -10)
    #expect(held.trade(Size(steps: 1), unitValue: 3) == 0)
    #expect(held == position(-2, cost: -7))
  }

  @Test("closing all takes all of the cost")
  func closingAll() {
    var held = position(3, cost: 10)
    #expect(held.trade(Size(steps: -3), unitValue: 5) == 5)
    #expect(held == position(0, cost: 0))
  }

  @Test("turning through zero closes the old and opens the new at the trade's value")
  func turning() {
    var held = position(2, cost: 10)
    #expect(held.trade(Size(steps: -5), unitValue: 6) == 2)
    #expect(held == position(-3, cost: -18))
    #expect(held.trade(Size(steps: 4), unitValue: 5) == 3)
    #expect(held == position(1, cost: 5))
  }

  @Test("what is realized and what is open always add up", arguments: 0..<40)
  func conservation(seed: UInt64) {
    var random = Seeded(seed)
    var held = position(0, cost: 0)
    var paid: Int64 = 0
    var realized: Int64 = 0
    for _ in 0..<200 {
      let size = Int64.random(in: -50...50, using: &random)
      let value = Int64.random(in: -1_000...1_000, using: &random)
      realized += held.trade(Size(steps: size), unitValue: value)
      paid += size * value
      // Money in = cost of what is open − what was realized.
      #expect(held.cost - realized == paid)
      if held.size == .zero { #expect(held.cost == 0) }
      let mark = Int64.random(in: -1_000...1_000, using: &random)
      #expect(
        held.unrealizedProfit(unitValue: mark) + realized == held.size.steps * mark - paid)
    }
  }

  @Test("the largest sizes and values stay inside 64 bits")
  func extremes() {
    for size in [Size.limit, -Size.limit] {
      for value in [Contract.unitValueLimit, -Contract.unitValueLimit] {
        var held = position(0, cost: 0)
        _ = held.trade(Size(steps: size), unitValue: value)
        #expect(held.unrealizedProfit(unitValue: -value) == -2 * size * value)
        #expect(held.trade(Size(steps: -size), unitValue: -value) == -2 * size * value)
        #expect(held.cost == 0)
      }
    }
  }
}

@Suite("Portfolios")
struct PortfolioTests {
  @Test("positions stay sorted and are never empty", arguments: 0..<20)
  func sorted(seed: UInt64) {
    var random = Seeded(seed)
    var portfolio = Portfolio(mode: .cross, balances: [0])
    var sizes = [Int64](repeating: 0, count: 9)
    for _ in 0..<300 {
      let instrument = Int.random(in: 0..<9, using: &random)
      let size = Int64.random(in: -3...3, using: &random)
      _ = portfolio.take(
        Size(steps: size), of: InstrumentID(UInt32(instrument * 7)), unitValue: 5)
      sizes[instrument] += size
      let ids = portfolio.positions.map(\.instrument)
      #expect(ids == ids.sorted() && Set(ids).count == ids.count)
      #expect(portfolio.positions.allSatisfy { $0.size != .zero })
      for place in 0..<9 {
        #expect(portfolio.size(of: InstrumentID(UInt32(place * 7))).steps == sizes[place])
      }
    }
    #expect(portfolio.size(of: InstrumentID(3)) == .zero)
    #expect(!portfolio.slot(of: InstrumentID(3)).isHeld)
  }

  @Test("trades tried on one position come to what they come to in the whole", arguments: 0..<20)
  func settling(seed: UInt64) {
    var random = Seeded(seed)
    var portfolio = Portfolio(mode: .cross, balances: [7, 1_000])
    let (one, other) = (InstrumentID(3), InstrumentID(4))
    _ = portfolio.take(Size(steps: 5), of: other, unitValue: 9)
    var tried = portfolio.settling(one, asset: 1)
    #expect(tried.position.size == .zero && tried.balance == 1_000)
    for _ in 0..<100 {
      let size = Size(steps: Int64.random(in: -9...9, using: &random))
      let unitValue = Int64.random(in: 1...50, using: &random)
      portfolio.balances[1] += portfolio.take(size, of: one, unitValue: unitValue)
      tried.take(size, at: unitValue)
      #expect(tried == portfolio.settling(one, asset: 1))
    }
    #expect(portfolio.balances[0] == 7 && portfolio.size(of: other).steps == 5)
  }
}

@Suite("Listings")
struct ListingTests {
  @Test("contracts and assets are found by id and symbol, whatever the numbering")
  func indices() throws {
    let usd = try Asset(symbol: AssetSymbol("USD"), decimals: 6)
    let btc = try Asset(symbol: AssetSymbol("BTC"), decimals: 8)
    var listing = Listing(quote: usd)
    listing.accept(CollateralAsset(asset: btc, underlying: btc.symbol))
    for number: UInt32 in [0, 5, 2, .max] {
      let terms = try Terms.linear.contract
      listing.list(
        try Contract(
          id: InstrumentID(number), name: terms.name, underlying: terms.underlying,
          kind: terms.kind, settlement: terms.settlement, settlementAsset: terms.settlementAsset,
          stepQuantity: terms.stepQuantity, tick: terms.tick, highestPrice: terms.highestPrice))
    }
    let found = [0, 1, 2, 5, .max].map { listing.index(of: InstrumentID($0)) }
    #expect(found == [0, nil, 2, 1, 3])
    #expect(listing.quote == usd)
    #expect(listing.index(of: usd) == 0 && listing.index(of: btc) == 1)
    let coarse = try Asset(symbol: btc.symbol, decimals: 6)
    #expect(listing.index(of: coarse) == nil, "another unit is another asset")
  }

  @Test("sides have opposite signs")
  func sides() {
    #expect(Side.buy.sign == 1 && Side.sell.sign == -1)
  }
}
