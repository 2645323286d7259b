// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Parameters
import Quantities
import RiskEngine
import Testing

// How many of something there may be.
extension RefusalEdge {
  private static let perpetual = Contracts.btcPerpetual

  /// Accounts of which so many are registered already; the next one asks.
  private static func registered(
    _ count: Int64, _ registration: (AccountID) -> Command
  ) throws -> Attempt {
    var venue = try Venue.unmarked()
    venue.stopAudit()
    let ids = (0...UInt32(count)).map { AccountID($0) }
    for id in ids { try venue.submit(.openAccount(id, .cross)) }
    for id in ids.dropLast() { try venue.submit(registration(id)) }
    return (venue, registration(AccountID(UInt32(count))))
  }

  /// Bids of one instant, each for all that is for sale: the first of them takes it.
  private static func bids(_ count: Int64) throws -> Attempt {
    let venue = try Conversions.venue([Conversions.auction])
    let sale = try venue.openSale()
    let bid = CollateralBid(
      bidder: AccountID(2), units: sale.left, limit: try Price("1000"),
      receivedAt: Venue.start)
    return (
      venue,
      .bidForCollateral(
        Conversions.debtor, sale.id, Array(repeating: bid, count: Int(count)))
    )
  }

  private static func asset(_ number: Int64) throws -> CollateralAsset {
    let symbol = try AssetSymbol("A\(100 + number)")
    return CollateralAsset(asset: try Asset(symbol: symbol, decimals: 8), underlying: symbol)
  }

  static let counts: [RefusalEdge] = [
    RefusalEdge(
      "outside-limits/the number of registered makers",
      by: { count in
        try registered(Int64(Engine.mostMakers) - 1 + count) { .registerMaker($0) }
      }),
    RefusalEdge(
      "outside-limits/the number of registered relayers",
      by: { count in
        try registered(Int64(Engine.mostRelayers) - 1 + count) { .registerRelayer($0) }
      }),
    RefusalEdge(
      "outside-limits/the number of collateral assets",
      by: { count in
        // The quote currency and two coins are accepted.
        var venue = try Venue.unmarked()
        venue.stopAudit()
        for number in 0..<60 + count { try venue.submit(.acceptCollateral(asset(number))) }
        return (venue, .acceptCollateral(try asset(99)))
      }),
    RefusalEdge(
      "outside-limits/the number of pools",
      by: { count in
        var venue = try Venue.unmarked()
        venue.stopAudit()
        let markets = [try AssetSymbol("BTC")]
        for id in 1...UInt32(63 + count) {
          try venue.submit(.openPool(AccountID(id), markets: markets))
        }
        return (venue, .openPool(AccountID(99), markets: markets))
      }),
    RefusalEdge(
      "outside-limits/the number of a pool's markets",
      by: { count in
        let markets = [try AssetSymbol("BTC"), try AssetSymbol("ETH")]
        return (
          try Venue.unmarked(),
          .openPool(AccountID(1), markets: Array(markets.prefix(1 - Int(count))))
        )
      }),
    RefusalEdge(
      "outside-limits/the number of fills",
      by: { count in
        let venue = try Venue.ordered()
        let fill = ExecutionReport.Fill(
          counterparty: Venue.maker, size: Size(steps: 1), price: try Price("7600"))
        let fills = Array(repeating: fill, count: 64 + Int(count))
        return (
          venue, .reportExecution(ExecutionReport(order: try venue.order(of: 1).id, fills: fills))
        )
      }),
    RefusalEdge(
      "outside-limits/the number of bids", by: { try bids(Int64(Engine.mostBids) + $0) }),
    RefusalEdge("not-positive/the number of bids", by: { try bids(1 - $0) }),
    RefusalEdge(
      "not-positive/the number of reports",
      by: { count in
        let reports = [perpetual, Contracts.ethPerpetual].map {
          DepthReport(instrument: $0, bids: .zero, asks: .zero)
        }
        return (
          try Venue.marked([(key: "liquidation.depthWindow", value: "1s")]),
          .reportDepth(Array(reports.prefix(1 - Int(count))))
        )
      }),
  ]
}
