// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import MarketData
import Parameters
import Quantities
import RiskEngine
import Testing

// Sizes, prices and times outside their fields.
extension RefusalEdge {
  private static let one = AccountID(1)
  private static let perpetual = Contracts.btcPerpetual
  private static let listed = InstrumentID(60)

  /// Account 1 has a million, and one more contract has a price.
  private static func listing(
    _ name: String, step: Int64 = 100_000, highest: String = "500000",
    _ kind: ContractKind = .perpetual
  ) throws -> Venue {
    var venue = try Venue.marked()
    try venue.submit(
      .listInstrument(
        Contracts.contract(60, name, "BTC", kind, .linear, Coins.usd, step, highest)))
    try venue.block()
    try venue.open(1, .cross, usd: "1000000")
    return venue
  }

  private static func order(
    _ id: UInt64, _ side: Side = .buy, at steps: Int64 = 8_000_00000000, isReduceOnly: Bool = false,
    isQuote: Bool = false
  ) -> Command {
    .placeOrder(
      one,
      RestingOrder(
        id: OrderID(id), instrument: perpetual, side: side, remaining: Size(steps: 1),
        limit: Price(steps: steps), isReduceOnly: isReduceOnly, isQuote: isQuote))
  }

  private static func trade(_ venue: Venue, at steps: Int64) -> Command {
    .recordTrade(
      TradeReport(
        instrument: listed, buyer: one, seller: Venue.maker, size: Size(steps: 1),
        price: Price(steps: steps)))
  }

  static let amounts: [RefusalEdge] =
    [
      RefusalEdge(
        "outside-limits/a size",
        by: { steps in
          let venue = try listing("TINY", step: 1)
          return (
            venue, try venue.trade(listed, buyer: 1, seller: 0, size: Size.limit + steps)
          )
        }),
      RefusalEdge(
        "not-positive/a size",
        by: { steps in
          let venue = try listing("TINY", step: 1)
          return (venue, try venue.trade(listed, buyer: 1, seller: 0, size: 1 - steps))
        }),
      RefusalEdge(
        "outside-limits/a position",
        by: { steps in
          var venue = try listing("TINY", step: 1)
          try venue.take(1, Size.limit - 2, of: listed)
          return (venue, try venue.trade(listed, buyer: 1, seller: 0, size: 2 + steps))
        }),
      RefusalEdge(
        "outside-limits/an order's id",
        by: { number in (try listing("A"), order(UInt64((1 << 32) + 1 + number))) }),
      RefusalEdge("outside-limits/a spot position") {
        let venue = try listing("SPOT", .spot)
        return (
          venue, try venue.trade(perpetual, buyer: 1, seller: 0, size: 1, price: "8000"),
          try venue.trade(listed, buyer: 1, seller: 0, size: 1, price: "8000")
        )
      },
      RefusalEdge(
        "outside-limits/a price",
        by: { steps in
          // The call is worth next to nothing: a tick from it lies below zero.
          let venue = try listing(
            "FAR", .option(.call, strike: Price("400000"), expiry: Venue.expiry))
          try #require(venue.mark(listed).price < Price(steps: 500))
          return (venue, trade(venue, at: -steps))
        }),
      RefusalEdge(
        "outside-limits/a price of CAPPED",
        by: { steps in
          let venue = try listing("CAPPED", highest: "8100")
          return (venue, trade(venue, at: 8_100_00000000 + steps))
        }),
      RefusalEdge("outside-limits/a price that is no multiple of the tick") {
        (try listing("A"), order(1), order(1, at: 8_000_00000001))
      },
      RefusalEdge(
        "outside-limits/the value of a step of DEAR",
        by: { units in
          // A thousandth of a coin is worth 2^29 units at the highest price.
          let highest = decimalText(536_870_912 + units, decimals: 3)
          return (
            try listing("A"),
            .listInstrument(
              try Contracts.contract(
                61, "DEAR", "BTC", .perpetual, .linear, Coins.usd, 100_000, highest))
          )
        }),
      RefusalEdge(
        "outside-limits/the scenarios of COARSE",
        by: { units in
          // So many dollars are worth 2^29 units of a coin at 200.
          let step = 107_374_182_400 + 200 * units
          return (
            try listing("A"),
            .listInstrument(
              try Contracts.contract(
                61, "COARSE", "ETH", .perpetual, .inverse, Coins.eth, step, "50000"))
          )
        }),
      RefusalEdge(
        "outside-limits/a limit, interval or frozen time of a protection",
        by: { nanoseconds in
          let day = TimeSpan.day
          let frozen = TimeSpan(nanoseconds: day.nanoseconds + nanoseconds)
          return (
            try listing("A"),
            .protectQuotes(
              one, try AssetSymbol("BTC"), QuoteLimits(vega: 1, interval: day, frozenTime: frozen))
          )
        }),
      RefusalEdge("outside-limits/a quote that may only reduce") {
        var venue = try listing("A")
        try venue.submit(.protectQuotes(one, AssetSymbol("BTC"), limits(10)))
        try venue.take(1, 10, of: perpetual)
        return (
          venue, order(1, .sell, isReduceOnly: true),
          order(1, .sell, isReduceOnly: true, isQuote: true)
        )
      },
    ] + ofLiquidations

  private static func depth(_ bids: Int64) -> Command {
    .reportDepth([DepthReport(instrument: perpetual, bids: Size(steps: bids), asks: .zero)])
  }

  /// Account 1, long 1,000 steps of a contract from 8,000 with 500 dollars, at 7,600.
  private static func ordered(highest: String) throws -> (Venue, LiquidationOrder) {
    var venue = try listing("CAPPED", highest: highest)
    try venue.open(2, .cross, usd: "500")
    try venue.take(2, 1_000, of: listed)
    try venue.block(btc: "7600")
    return (venue, try venue.order(of: 2))
  }

  private static let ofLiquidations: [RefusalEdge] = [
    RefusalEdge(
      "outside-limits/a fill's price",
      by: { steps in
        let (venue, order) = try ordered(highest: "8100")
        return (venue, venue.report(order, price: Price(steps: 8_100_00000000 + steps)))
      }),
    RefusalEdge(
      "not-positive/a fill's size",
      by: { steps in
        let (venue, order) = try ordered(highest: "500000")
        let fill = ExecutionReport.Fill(
          counterparty: Venue.maker, size: Size(steps: 1 - steps), price: try Price("7600"))
        return (venue, .reportExecution(ExecutionReport(order: order.id, fills: [fill])))
      }),
    RefusalEdge(
      "outside-limits/an answer's size",
      by: { steps in
        let venue = try Requests.venue()
        let request = try #require(venue.engine.state.execution.request(1))
        return (venue, try Requests.answer(8, "7640", request.size.steps + steps))
      }),
    RefusalEdge(
      "outside-limits/what is left of an offer",
      by: { steps in
        let venue = try keepers()
        let offer = try #require(venue.engine.state.execution.offer(1))
        return (venue, take(offer.left.steps + steps))
      }),
    RefusalEdge(
      "outside-limits/a price of gas",
      by: { units in (try keepers(), .reportGas(perMillion: 1_000_000_000_000 + units)) }),
    RefusalEdge(
      "outside-limits/a depth",
      by: { steps in
        (
          try Venue.marked([(key: "liquidation.depthWindow", value: "1s")]),
          depth(Size.limit + steps)
        )
      }),
    RefusalEdge(
      "outside-limits/a bid's share",
      by: { billionths in
        let venue = try Auctions.solvent()
        let share = Rate(billionths: 1_000_000_000 + billionths).description
        return (venue, Auctions.command(try Auctions.bid(venue, share: share)))
      }),
    RefusalEdge("not-positive/a bid's share") {
      // What is above zero and too small has a code of its own.
      let venue = try Auctions.solvent()
      return (
        venue, Auctions.command(try Auctions.bid(venue, share: "1%")),
        Auctions.command(try Auctions.bid(venue, share: "0%"))
      )
    },
    RefusalEdge(
      "outside-limits/a bid's size",
      by: { units in
        // 0.005 ETH at 200 are a dollar.
        let venue = try Conversions.venue([
          Conversions.auction, (key: "conversion.auctionStart", value: "100%"),
          (key: "conversion.leastWorth", value: decimalText(1_000_000 + units, decimals: 6)),
        ])
        return (venue, try venue.bid(units: 500_000))
      }),
    RefusalEdge(
      "not-positive/a bid's size",
      by: { units in
        let venue = try Conversions.venue([
          Conversions.auction, (key: "conversion.leastWorth", value: "0"),
        ])
        return (venue, try venue.bid(units: 1 - units))
      }),
  ]
}
