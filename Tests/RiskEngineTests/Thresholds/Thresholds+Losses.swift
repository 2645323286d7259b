// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import Parameters
import Quantities
import RiskEngine
import Testing

// What the fund pays, and when auctions end.
extension Threshold {
  private static let perpetual = Contracts.btcPerpetual

  /// Account 1 owes 100 USD: its long was closed at the mark, and only the fund may pay.
  private static func debtor(
    fund units: Int64, _ changes: [(key: String, value: String)]
  ) throws -> Venue {
    var venue = try Venue.marked(
      LastStages.changes([.deleveraging, .insuranceFund])
        + [(key: "deleveraging.price", value: "1")] + changes)
    try venue.submit(.contributeToFund(Amount(units: units, asset: Coins.usd)))
    try venue.open(1, .cross, usd: "500")
    try venue.open(2, .cross, usd: "1000")
    try venue.submit(venue.trade(perpetual, buyer: 1, seller: 2, size: 1_000))
    try venue.block(btc: "7400")
    return venue
  }

  static let losses: [Threshold] = [
    Threshold("insuranceFund.windowCap", [false, true, true]) { units in
      let venue = try debtor(
        fund: 200_000_000 + units,
        [
          (key: "insuranceFund.windowCap", value: "50%"),
          (key: "insuranceFund.window", value: "1h"),
        ])
      return !venue.account(1).isInLiquidation
    },
    Threshold("insuranceFund.window", [false, true, true]) { nanoseconds in
      var venue = try debtor(
        fund: 100_000_000,
        [
          (key: "insuranceFund.windowCap", value: "50%"),
          (key: "insuranceFund.window", value: "1h"),
        ])
      try #require(venue.balance(1) == -50_000_000)
      try venue.submit(venue.nextBlock(after: 3_600, nanoseconds: nanoseconds))
      return venue.balance(1) > -50_000_000
    },
    Threshold("insuranceFund.eventCap", "in an auction", [false, true, true]) { units in
      func paid(fund: Int64, _ cap: String) throws -> Int64 {
        var venue = try Auctions.insolvent(
          fund: decimalText(fund, decimals: 6), [(key: "insuranceFund.eventCap", value: cap)])
        for _ in 0..<5 { try venue.block() }
        let events = try venue.submit(Auctions.command(Auctions.bid(venue)))
        return try #require(Auctions.fills(events).first).fundPaid
      }
      let all = try paid(fund: 100_000_000_000, "100%")
      try #require(all > 0)
      return try paid(fund: (all + units) * 10, "10%") == all
    },
    Threshold("insuranceFund.targetInterval", [false, true, false]) { blocks in
      var venue = try Venue.marked([
        (key: "insuranceFund.targetInterval", value: "3"),
        (key: "insuranceFund.move.1.shift", value: "-50%"),
      ])
      while Int64(venue.engine.state.block) < 5 + blocks { try venue.block() }
      let events = try venue.block()
      try #require(Int64(venue.engine.state.block) == 6 + blocks)
      return events.contains { if case .fundReviewed = $0 { true } else { false } }
    },
    Threshold("socializedLoss.repayAbove", [false, false, true]) { units in
      var venue = try Venue.marked(
        LastStages.changes([.socializedLoss]) + [(key: "socializedLoss.repayAbove", value: "50")])
      try venue.open(1, .cross, usd: "500")
      try venue.open(2, .cross, usd: "1000")
      try venue.submit(venue.trade(perpetual, buyer: 1, seller: 2, size: 1_000))
      try venue.open(7, .cross, usd: "100000")
      try venue.block(btc: "7400")
      try venue.submit(venue.report(venue.order(of: 1), price: try Price("7400"), with: 7))
      try #require(!venue.account(1).isInLiquidation && venue.insuranceFund() == 0)
      try venue.submit(.contributeToFund(Amount(units: 50_000_000 + units, asset: Coins.usd)))
      // Claims are paid with funding, here once a day.
      let events = try venue.block(after: 86_400)
      return Auctions.moved(events, .lossRecovery) > 0
    },
    Threshold("socializedLoss.share", [false, true, true]) { billionths in
      // A hundred dollars are to be borne, a sixth of what account 2 has won.
      var venue = try Venue.marked(
        LastStages.changes([.socializedLoss]) + [
          (
            key: "socializedLoss.share",
            value: decimalText(166_666_667 + billionths, decimals: 9)
          )
        ])
      try venue.open(1, .cross, usd: "500")
      try venue.open(2, .cross, usd: "1000")
      try venue.submit(venue.trade(perpetual, buyer: 1, seller: 2, size: 1_000))
      try venue.open(7, .cross, usd: "100000")
      try venue.block(btc: "7400")
      try venue.submit(venue.report(venue.order(of: 1), price: try Price("7400"), with: 7))
      return venue.balance(1) == 0
    },
    Threshold("pool.unwindSlippage", [false, true, true]) { steps in
      var venue = try PoolStageTests.venue([(key: "pool.unwindSlippage", value: "1%")])
      try venue.block(btc: "7600")
      let order = try #require(venue.pool.order)
      return try venue.attempt(
        venue.report(order, price: Price(steps: 7_524_00000000 + steps)))
    },
  ]

  private static let once = [(key: "auction.restarts", value: "0")]

  static let auctions: [Threshold] = [
    Threshold("auction.duration", [true, false, false]) { nanoseconds in
      var venue = try Auctions.solvent(once)
      for _ in 0..<9 { try venue.block() }
      try venue.submit(venue.nextBlock(after: 60, nanoseconds: nanoseconds))
      return venue.auction != nil
    },
    Threshold("auction.insolventDuration", [true, false, false]) { nanoseconds in
      var venue = try Auctions.insolvent(once)
      for _ in 0..<9 { try venue.block() }
      try venue.submit(venue.nextBlock(after: 60, nanoseconds: nanoseconds))
      return venue.auction != nil
    },
    Threshold("auction.buffer", [true, false, false]) { units in
      // Worth 11,250 against a line of 16,500.
      var venue = try Auctions.solvent()
      try venue.submit(
        .depositCollateral(
          Auctions.debtor, Amount(units: 5_250_000_000 + units, asset: Coins.usd)))
      try venue.block()
      return venue.auction != nil
    },
    Threshold("auction.wholeNotional", [false, true, true]) { units in
      let venue = try Auctions.solvent([
        (key: "auction.wholeNotional", value: decimalText(300_000_000_000 + units, decimals: 6))
      ])
      return venue.engine.auctionOffer(of: Auctions.debtor)?.mostShare == .one
    },
    Threshold("auction.leastParticipation", [true, false, false]) { billionths in
      var venue = try Auctions.solvent([
        (key: "auction.leastParticipation", value: "3%"), (key: "auction.restarts", value: "1"),
      ])
      let share = Rate(billionths: 30_000_000 + billionths).description
      try venue.submit(Auctions.command(Auctions.bid(venue, share: share)))
      for _ in 0..<10 { try venue.block() }
      return venue.auction != nil
    },
    Threshold("auction.closingTime", [false, false, true]) { nanoseconds in
      var venue = try Auctions.solvent(once + [(key: "auction.leastParticipation", value: "0%")])
      for _ in 0..<7 { try venue.block() }
      // Two minutes are left of ten.
      try venue.submit(venue.nextBlock(after: 60, nanoseconds: nanoseconds))
      try venue.submit(Auctions.command(Auctions.bid(venue, share: "2%")))
      return try #require(venue.auction).extended > .zero
    },
    Threshold("auction.longestTick", [true, true, false]) { nanoseconds in
      var venue = try Auctions.solvent()
      try venue.submit(venue.nextBlock(after: 120, nanoseconds: nanoseconds))
      return try #require(venue.auction).elapsed
        == TimeSpan(nanoseconds: 120_000_000_000 + nanoseconds)
    },
  ]
}
