// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import Quantities
import RiskEngine
import Testing

/// A venue whose waterfall begins with the auction, and what tests do in it.
///
/// BTC is margined at 5 % and 7 %; without other charges, an account's line is in proportion to
/// its position, as in the worked examples.
enum Auctions {
  static let perpetual = Contracts.btcPerpetual
  /// Who is auctioned, and who bids.
  static let debtor = AccountID(1)
  static let bidder = AccountID(2)

  static let terms = [
    (key: "waterfall.partial.rank", value: "0"), (key: "waterfall.auction.rank", value: "1"),
    (key: "margin.buffer", value: "0%"), (key: "margin.tiers.BTC.row.1.initial", value: "7%"),
    (key: "margin.tiers.BTC.row.1.maintenance", value: "5%"),
    (key: "auction.path", value: "0"), (key: "auction.start", value: "100%"),
    (key: "auction.reserve", value: "80%"), (key: "auction.duration", value: "600s"),
    (key: "auction.insolventDuration", value: "600s"), (key: "auction.buffer", value: "10%"),
    (key: "auction.fee", value: "0%"), (key: "auction.closingTime", value: "120s"),
    (key: "auction.wholeNotional", value: "0"),
  ]

  /// 40 BTC bought at 8,000 with so much, after a gap to a price; account 2 has a million.
  static func venue(
    usd: String, gap price: String, fund: String? = nil,
    _ changes: [(key: String, value: String)] = []
  ) throws -> Venue {
    let keys = changes.map(\.key)
    var venue = try Venue.marked(terms.filter { !keys.contains($0.key) } + changes)
    if let fund { try venue.fund(fund, of: Coins.usd) }
    try venue.open(1, .cross, usd: usd)
    try venue.open(2, .cross, usd: "1000000")
    try venue.take(1, 40_000, of: perpetual)
    try venue.block(btc: price)
    return venue
  }

  /// Worth 11,250 against a maintenance margin of 15,000 and a line of 16,500.
  static func solvent(_ changes: [(key: String, value: String)] = []) throws -> Venue {
    try venue(usd: "31250", gap: "7500", changes)
  }

  /// Worth −7,200 against a maintenance margin of 14,400.
  static func insolvent(
    fund: String? = "100000", _ changes: [(key: String, value: String)] = []
  ) throws -> Venue {
    try venue(usd: "24800", gap: "7200", fund: fund, changes)
  }

  static func bid(
    _ venue: Venue, share: String = "100%", leastReward: Rate = .zero, by bidder: UInt32 = 2,
    seen: UInt32? = nil, receivedAt: Timestamp = Venue.start, expiresAt: Timestamp? = nil
  ) throws -> AuctionBid {
    AuctionBid(
      bidder: AccountID(bidder), share: try Rate(share), leastReward: leastReward, seenBids: seen,
      receivedAt: receivedAt, expiresAt: expiresAt ?? venue.now + .minute)
  }

  static func command(_ bids: AuctionBid..., for account: UInt32 = 1) -> Command {
    .bidInAuction(AccountID(account), bids)
  }

  static func fills(_ events: [LedgerEvent]) -> [AuctionFill] {
    events.compactMap { event in
      guard case .auctionBidFilled(let fill) = event else { return nil }
      return fill
    }
  }

  static func moved(_ events: [LedgerEvent], _ reason: TransferReason) -> Int64 {
    events.reduce(0) { sum, event in
      guard case .transferred(let transfer) = event, transfer.reason == reason else { return sum }
      return sum + transfer.amount.units
    }
  }
}

extension Venue {
  var auction: AuctionProgress? { account(1).liquidation?.auction }

  /// Equity over the line that bids may lift an account to.
  func excess(_ id: UInt32, buffer: Rate) throws -> Int64 {
    let risk = try #require(engine.valuation).risk(account(id).portfolio)
    let line = max(
      buffer.share(of: risk.maintenanceMargin, rounding: .up), risk.liquidationBuffer)
    return risk.equity - risk.maintenanceMargin - line
  }
}
