// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import NumericalMethods
import Quantities
import Testing

@Suite("Open orders")
struct OrderTests {
  private func order(
    _ id: UInt64, _ side: Side, _ steps: Int64, _ limit: String, reduceOnly: Bool = false,
    on instrument: InstrumentID = InstrumentID(0)
  ) throws -> RestingOrder {
    RestingOrder(
      id: OrderID(id), instrument: instrument, side: side, remaining: Size(steps: steps),
      limit: try Price(limit), isReduceOnly: reduceOnly)
  }

  // A linear perpetual at 8,000, 0.001 BTC a step, 5 % initial: 400,000 millionths a step.
  private func initial(
    position: Int64, _ orders: [RestingOrder], mode: MarginMode = .cross
  ) throws -> (AccountRisk, AccountRisk) {
    var world = try World(index: "8000")
    let id = try world.list(.perpetual)
    let engine = try world.engine()
    let held =
      position == 0
      ? [] : [Position(instrument: id, size: Size(steps: position), cost: 8_000_000 * position)]
    let bare = try engine.risk(of: world.portfolio(mode, held))
    return (bare, try engine.risk(of: world.portfolio(mode, held, orders: orders)))
  }

  @Test("are charged for their worst side, not for both")
  func worstSide() throws {
    let orders = [try order(1, .buy, 300, "8000"), try order(2, .sell, 900, "8000")]
    // Long 200: buys lead to 500, sells to −700.
    let (bare, risk) = try initial(position: 200, orders)
    #expect(bare.initialMargin == 200 * 400_000)
    #expect(risk.initialMargin == 700 * 400_000)
    #expect(risk.maintenanceMargin == bare.maintenanceMargin)
    #expect(risk.equity == bare.equity)
  }

  @Test("add what a limit worse than the mark loses at once")
  func adverseLimit() throws {
    // Buying 100 at 8,100: 10,000 USD × 0.001 = 10 USD above the mark.
    let (_, dear) = try initial(position: 0, [order(1, .buy, 100, "8100")])
    #expect(dear.initialMargin == 100 * 400_000 + 100 * 100_000)
    let (_, cheap) = try initial(position: 0, [order(1, .buy, 100, "7900")])
    #expect(cheap.initialMargin == 100 * 400_000)
    let (_, low) = try initial(position: 0, [order(1, .sell, 100, "7900")])
    #expect(low.initialMargin == 100 * 400_000 + 100 * 100_000)
  }

  @Test("are free where they can only reduce", arguments: MarginMode.allCases)
  func reduceOnly(mode: MarginMode) throws {
    let (bare, risk) = try initial(
      position: 200, [order(1, .sell, 900, "7000", reduceOnly: true)], mode: mode)
    #expect(risk == bare)
  }

  @Test("cost nothing that shrinks a position to no less than its mirror")
  func shrinking() throws {
    for (steps, charged) in [(399, 200), (400, 200), (401, 201)] as [(Int64, Int64)] {
      let (_, risk) = try initial(position: 200, [order(1, .sell, steps, "8000")])
      #expect(risk.initialMargin == charged * 400_000)
    }
  }

  // 0.3 % of 8,000 USD × 10 BTC, far more than the scan of a worthless call; 0.05 % close fee.
  @Test("to sell options reserve the minimum charge of a portfolio")
  func shortOptionMinimum() throws {
    var world = try World(index: "8000")
    let call = try world.list(
      .option(.call, strike: Price("60000"), expiry: World.expiry(days: 2)), step: "0.01",
      volatility: 0.5)
    let engine = try world.engine()
    func charge(_ side: Side) throws -> Int64 {
      let limit = engine.marks[0].price
      let order = RestingOrder(
        id: OrderID(1), instrument: call, side: side, remaining: Size(steps: 1_000),
        limit: limit, isReduceOnly: false)
      return try engine.risk(of: world.portfolio(.portfolio, orders: [order])).initialMargin
    }
    #expect(try charge(.sell) == 240_000_000 + 40_000_000)
    #expect(try charge(.buy) < 41_000_000)
  }

  @Test("are refused when they are none")
  func refusals() throws {
    for malformed in [
      try order(7, .buy, 0, "8000"), try order(7, .buy, -1, "8000"),
      try order(7, .buy, Size.limit + 1, "8000"), try order(7, .buy, 1, "400000.1"),
    ] {
      #expect(throws: MarginError.malformedOrder(OrderID(7))) {
        try initial(position: 0, [malformed])
      }
    }
    let unlisted = InstrumentID(5)
    #expect(throws: MarginError.unlisted(unlisted)) {
      try initial(position: 0, [order(7, .buy, 1, "8000", on: unlisted)])
    }
  }

  // Whatever subset fills, at the limit: equity above initial margin does not fall.
  @Test(
    "reserve enough for every subset of their fills", arguments: [1, 2, 3, 4] as [UInt64],
    ["0", "50%"])
  func subsets(seed: UInt64, offsetCap: String) throws {
    let books = try RandomBooks(overrides: [
      ("margin.collateral.default.haircut", "10%"),
      ("margin.netting.default.correlation", "91.4%"),
      ("margin.netting.default.offsetCap", offsetCap),
    ])
    var random = SplitMix64(seed: seed)
    for mode in [MarginMode.cross, .portfolio] {
      for _ in 0..<60 {
        var portfolio = books.portfolio(&random, mode)
        portfolio.orders = orders(books, &random)
        let reserved = try books.engine.risk(of: portfolio)
        var filled = portfolio
        filled.orders = []
        for order in portfolio.orders where Bool.random(using: &random) {
          let part = Int64.random(in: 1...order.remaining.steps, using: &random)
          fill(order, part, &filled, books)
        }
        let risk = try books.engine.risk(of: filled)
        let before = reserved.equity - reserved.initialMargin
        // Each fill may round the requirement, haircut, scan and equity once more.
        #expect(risk.equity - risk.initialMargin >= before - 4 * Int64(portfolio.orders.count))
      }
    }
  }

  private func orders(_ books: RandomBooks, _ random: inout SplitMix64) -> [RestingOrder] {
    (0..<UInt64.random(in: 1...5, using: &random)).map { id in
      let index = Int.random(in: books.contracts.indices, using: &random)
      let mark = books.engine.marks[index].price.steps
      let limit = mark + mark / 1_000 * Int64.random(in: -50...50, using: &random)
      return RestingOrder(
        id: OrderID(id), instrument: books.contracts[index].id,
        side: Bool.random(using: &random) ? .buy : .sell,
        remaining: books.steps(&random).magnitudeSize, limit: Price(steps: max(limit, 1)),
        isReduceOnly: false)
    }
  }

  private func fill(
    _ order: RestingOrder, _ steps: Int64, _ portfolio: inout Portfolio, _ books: RandomBooks
  ) {
    let index = Int(order.instrument.number)
    let contract = books.contracts[index]
    guard let value = try? contract.unitValue(at: order.limit),
      let asset = books.world.listing.index(of: contract.settlementAsset)
    else { return }
    let traded = Size(steps: order.side.sign * steps)
    guard let place = portfolio.positions.firstIndex(where: { $0.instrument == contract.id })
    else {
      portfolio.positions.append(
        Position(instrument: contract.id, size: traded, cost: traded.steps * value))
      return
    }
    portfolio.balances[asset] += portfolio.positions[place].trade(traded, unitValue: value)
    if portfolio.positions[place].size == .zero { portfolio.positions.remove(at: place) }
  }
}

extension Int64 {
  fileprivate var magnitudeSize: Size { Size(steps: abs(self)) }
}
