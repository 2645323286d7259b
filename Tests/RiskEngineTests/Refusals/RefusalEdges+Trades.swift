// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Parameters
import Quantities
import RiskEngine

// Blocks, trades and resting orders.
extension RefusalEdge {
  private static let one = AccountID(1)
  private static let perpetual = Contracts.btcPerpetual

  private static func opened(
    _ usd: String = "10000", _ mode: MarginMode = .cross,
    _ changes: [(key: String, value: String)] = []
  ) throws -> Venue {
    var venue = try Venue.marked(changes)
    try venue.open(1, mode, usd: usd)
    return venue
  }

  static let trades: [RefusalEdge] = [
    RefusalEdge(
      "time-not-increasing",
      by: { nanoseconds in
        let venue = try opened()
        let instant = venue.now + TimeSpan(nanoseconds: 1 - nanoseconds)
        return (venue, .advanceBlock(at: instant, samples: []))
      }),
    RefusalEdge(
      "too-many-samples",
      by: { count in
        let venue = try opened()
        guard case .advanceBlock(let instant, let samples) = venue.nextBlock() else {
          throw CancellationError()
        }
        let many = Array(repeating: samples[0], count: 4_096 + Int(count))
        return (venue, .advanceBlock(at: instant, samples: many))
      }),
    RefusalEdge("unknown-instrument") {
      let venue = try opened()
      return (
        venue, try venue.trade(perpetual, buyer: 1, seller: 0, size: 1),
        try venue.trade(InstrumentID(88), buyer: 1, seller: 0, size: 1)
      )
    },
    RefusalEdge(
      "expired",
      by: { seconds in
        var venue = try opened()
        try venue.block(after: 3_599 + seconds)
        return (venue, try venue.trade(Contracts.btcFuture, buyer: 1, seller: 0, size: 1))
      }),
    RefusalEdge(
      "not-marked/BTC-PERP-2",
      apart: {
        var venue = try opened()
        try venue.submit(
          .listInstrument(
            Contracts.contract(
              31, "BTC-PERP-2", "BTC", .perpetual, .linear, Coins.usd, 100_000, "500000")))
        let trade = try venue.trade(
          InstrumentID(31), buyer: 1, seller: 0, size: 1, price: "8000")
        var marked = venue
        try marked.block()
        return ((marked, trade), (venue, trade))
      }),
    RefusalEdge(
      "price-outside-band",
      by: { steps in
        let venue = try opened()
        let price = Price(steps: 4_000_00000000 - steps).description
        return (venue, try venue.trade(perpetual, buyer: 1, seller: 0, size: 1, price: price))
      }),
    RefusalEdge(
      "market-reduce-only",
      by: { steps in
        var venue = try opened()
        try venue.take(1, 2, of: perpetual)
        try venue.submit(venue.nextBlock(after: 300, silent: ["BTC"]))
        // Down to nothing, and one beyond.
        return (venue, try venue.trade(perpetual, buyer: 0, seller: 1, size: 2 + steps))
      }),
    RefusalEdge("self-trade") {
      let venue = try opened()
      return (
        venue, try venue.trade(perpetual, buyer: 1, seller: 0, size: 1),
        try venue.trade(perpetual, buyer: 1, seller: 1, size: 1)
      )
    },
    RefusalEdge("isolated-holds-another") {
      var venue = try opened("10000", .isolated)
      try venue.take(1, 1, of: perpetual)
      return (
        venue, try venue.trade(perpetual, buyer: 1, seller: 0, size: 1),
        try venue.trade(Contracts.ethPerpetual, buyer: 1, seller: 0, size: 1)
      )
    },
    RefusalEdge(
      "too-many-positions",
      by: { count in
        var venue = try opened(
          "10000", .cross, [(key: "clearing.positionLimit", value: "2")])
        for instrument in [perpetual, Contracts.btcFuture].prefix(1 + Int(count)) {
          try venue.take(1, 1, of: instrument)
        }
        return (venue, try venue.trade(Contracts.ethPerpetual, buyer: 1, seller: 0, size: 1))
      }),
    RefusalEdge(
      "below-initial-margin",
      by: { steps in
        // 5 % of 8 dollars a step.
        let venue = try opened("400")
        return (venue, try venue.trade(perpetual, buyer: 1, seller: 0, size: 1_000 + steps))
      }),
  ]

  private static func order(
    _ id: UInt64, _ side: Side, _ size: Int64, _ limit: String = "8000",
    isReduceOnly: Bool = false, isQuote: Bool = false
  ) throws -> RestingOrder {
    RestingOrder(
      id: OrderID(id), instrument: perpetual, side: side, remaining: Size(steps: size),
      limit: try Price(limit), isReduceOnly: isReduceOnly, isQuote: isQuote)
  }

  /// Account 1 buys 10 steps at 7,900 or better.
  private static func ordered() throws -> Venue {
    var venue = try opened()
    try venue.submit(.placeOrder(one, order(1, .buy, 10, "7900")))
    return venue
  }

  private static func fill(
    _ venue: Venue, _ size: Int64, _ price: String = "7900", origin: TradeOrigin = .book,
    order: OrderID? = OrderID(1)
  ) throws -> Command {
    .recordTrade(
      TradeReport(
        instrument: perpetual, buyer: one, seller: Venue.maker, size: Size(steps: size),
        price: try Price(price), order: order, origin: origin))
  }

  static let orders: [RefusalEdge] = [
    RefusalEdge(
      "too-many-orders",
      by: { count in
        var venue = try opened("10000", .cross, [(key: "clearing.orderLimit", value: "2")])
        for id in [1, 2].prefix(1 + Int(count)) as ArraySlice<UInt64> {
          try venue.submit(.placeOrder(one, order(id, .buy, 1)))
        }
        return (venue, .placeOrder(one, try order(3, .buy, 1)))
      }),
    RefusalEdge(
      "not-reducing",
      by: { steps in
        var venue = try opened()
        try venue.take(1, 10, of: perpetual)
        return (venue, .placeOrder(one, try order(1, .sell, 10 + steps, isReduceOnly: true)))
      }),
    RefusalEdge("unknown-order") {
      (try ordered(), .cancelOrder(one, OrderID(1)), .cancelOrder(one, OrderID(2)))
    },
    RefusalEdge(
      "fill-beyond-size",
      by: { steps in
        let venue = try ordered()
        return (venue, try fill(venue, 10 + steps))
      }),
    RefusalEdge(
      "fill-beyond-limit",
      by: { steps in
        let venue = try ordered()
        return (venue, try fill(venue, 10, Price(steps: 7_900_00000000 + steps).description))
      }),
    RefusalEdge("transfer-of-an-order") {
      let venue = try ordered()
      return (
        venue, try fill(venue, 10, origin: .transfer, order: nil),
        try fill(venue, 10, origin: .transfer)
      )
    },
    RefusalEdge("unknown-underlying") {
      (
        try opened(), .protectQuotes(one, try AssetSymbol("BTC"), limits(1)),
        .protectQuotes(one, try AssetSymbol("DOGE"), limits(1))
      )
    },
    RefusalEdge("unprotected") {
      var venue = try opened()
      try venue.submit(.protectQuotes(one, AssetSymbol("BTC"), limits(1)))
      return (
        venue, .resetProtection(one, try AssetSymbol("BTC")),
        .resetProtection(one, try AssetSymbol("ETH"))
      )
    },
    RefusalEdge(
      "quotes-frozen",
      by: { nanoseconds in
        var venue = try opened()
        try venue.submit(.protectQuotes(one, AssetSymbol("BTC"), limits(10)))
        try venue.submit(.placeOrder(one, order(1, .buy, 10, isQuote: true)))
        try venue.submit(fill(venue, 10, "8000"))
        try venue.submit(venue.nextBlock(after: 30, nanoseconds: -nanoseconds))
        return (venue, .placeOrder(one, try order(2, .buy, 1, isQuote: true)))
      }),
  ]
}
