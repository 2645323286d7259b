// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import NumericalMethods
import Quantities
import Testing

/// Whatever fills, in whole, at its limit: an account is never worse off than its orders reserved.
@Suite("Every subset of fills")
struct FillSubsetTests {
  enum Terms: CaseIterable {
    case none
    case all
  }

  // Haircuts are not reserved for: a fill at the mark changes none.
  private static let haircuts = ["USD", "BTC", "ETH", "default"].map {
    ("margin.collateral.\($0).haircut", "0%")
  }

  private func books(_ terms: Terms) throws -> RandomBooks {
    switch terms {
    case .none: try RandomBooks(overrides: Self.haircuts)
    case .all: try RandomBooks.withTerms(Self.haircuts)
    }
  }

  /// Up to five orders in any contracts, within 3 % of their marks on either side.
  private func orders(_ books: RandomBooks, _ random: inout SplitMix64) -> [RestingOrder] {
    (1...UInt64.random(in: 1...5, using: &random)).map { id in
      let index = Int.random(in: books.contracts.indices, using: &random)
      let mark = books.engine.marks[index].price.steps
      let limit = mark + mark * Int64.random(in: -30...30, using: &random) / 1_000
      return RestingOrder(
        id: OrderID(id), instrument: books.contracts[index].id,
        side: Bool.random(using: &random) ? .buy : .sell,
        remaining: Size(steps: abs(books.steps(&random))), limit: Price(steps: max(limit, 1)),
        isReduceOnly: false)
    }
  }

  private func filled(
    _ portfolio: Portfolio, _ orders: [RestingOrder], _ books: RandomBooks
  ) throws -> Portfolio {
    var portfolio = portfolio
    portfolio.orders = []
    for order in orders {
      let contract = books.contracts[Int(order.instrument.number)]
      let profit = portfolio.take(
        Size(steps: order.side.sign * order.remaining.steps), of: order.instrument,
        unitValue: try contract.unitValue(at: order.limit))
      let asset = try #require(books.world.listing.index(of: contract.settlementAsset))
      portfolio.balances[asset] += profit
    }
    return portfolio
  }

  @Test(
    "leaves what the orders reserved", arguments: [MarginMode.cross, .portfolio], Terms.allCases)
  func subsets(mode: MarginMode, terms: Terms) throws {
    let books = try books(terms)
    var random = SplitMix64(seed: mode == .cross ? 41 : 42)
    var scratch = books.engine.makeScratch()
    var binding = 0
    for number in 0..<RandomBooks.count(120) {
      var portfolio = books.portfolio(&random, mode)
      let orders = orders(books, &random)
      portfolio.orders = orders
      let reserved = try books.engine.risk(of: portfolio, scratch: &scratch)
      var least = Int64.max
      for subset in 0..<1 << orders.count {
        let fills = orders.indices.filter { subset >> $0 & 1 == 1 }.map { orders[$0] }
        let after = try books.engine.risk(
          of: filled(portfolio, fills, books), scratch: &scratch)
        least = min(least, after.equity - after.initialMargin)
      }
      // Each order's loss rounds up by itself, equity down by asset.
      let room = least - (reserved.equity - reserved.initialMargin)
      #expect(room >= -10, "book \(number)")
      binding += room <= reserved.initialMargin / 100 ? 1 : 0
    }
    // The reserve is not merely large: somewhere it is nearly what is needed.
    #expect(binding > 0)
  }
}
