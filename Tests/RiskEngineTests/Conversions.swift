// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import Quantities
import RiskEngine
import Testing

/// A venue where collateral is sold in liquidations, and what tests do in it.
///
/// BTC is margined at 5 % with a penalty of 1 %, closing costs 0.1 %, ETH has a haircut of 20 %
/// and costs 1 % to sell. Account 1 has 10 ETH at 200 and bought 1 BTC at 8,000; at 6,700 it is
/// worth 700 and must have 400 + 335.
enum Conversions {
  static let perpetual = Contracts.btcPerpetual
  /// A hundredth of a coin.
  static let spot = InstrumentID(20)
  static let debtor = AccountID(1)

  static let terms = [
    (key: "margin.buffer", value: "0%"), (key: "margin.tiers.BTC.row.1.initial", value: "7%"),
    (key: "margin.tiers.BTC.row.1.maintenance", value: "5%"),
    (key: "margin.tiers.BTC.row.1.penalty", value: "1%"),
    (key: "liquidation.expectedCost", value: "0.1%"),
    (key: "collateral.ETH.conversionCost", value: "1%"),
    (key: "conversion.choice", value: "2"), (key: "conversion.leastWorth", value: "1"),
  ]
  static let book = (key: "conversion.execution", value: "1")
  static let auction = (key: "conversion.execution", value: "2")

  /// Without a gap in price yet; account 2 has a million.
  static func listed(
    _ changes: [(key: String, value: String)] = [], fund: String? = "10000"
  ) throws -> Venue {
    let keys = changes.map(\.key)
    var venue = try Venue.marked(terms.filter { !keys.contains($0.key) } + changes)
    try venue.submit(
      .listInstrument(
        Contracts.contract(20, "ETH-SPOT", "ETH", .spot, .linear, Coins.usd, 1_000_000, "50000")))
    try venue.block()
    if let fund { try venue.fund(fund, of: Coins.usd) }
    try venue.open(1, .cross)
    try venue.deposit(1, "10", of: Coins.eth)
    try venue.open(2, .cross, usd: "1000000")
    try venue.take(1, 1_000, of: perpetual)
    return venue
  }

  static func venue(
    _ changes: [(key: String, value: String)] = [], gap: String = "6700", fund: String? = "10000"
  ) throws -> Venue {
    var venue = try listed(changes, fund: fund)
    try venue.block(btc: gap)
    return venue
  }

  static func decisions(_ venue: Venue) -> [ConversionDecision] {
    venue.records.flatMap(\.events).compactMap { event in
      guard case .conversionDecided(let decision) = event else { return nil }
      return decision
    }
  }

  static func fills(_ events: [LedgerEvent]) -> [CollateralFill] {
    events.compactMap { event in
      guard case .collateralSold(let fill) = event else { return nil }
      return fill
    }
  }

  static func ends(_ events: [LedgerEvent]) -> [OrderEnd] {
    events.compactMap { event in
      guard case .collateralSaleClosed(_, _, let end) = event else { return nil }
      return end
    }
  }
}

extension Venue {
  var sale: CollateralSale? { account(1).liquidation?.sale }

  func openSale() throws -> CollateralSale { try #require(sale) }

  /// Answers an order for collateral: so many steps of 0.01 ETH, by default all, at a price.
  func report(
    _ sale: CollateralSale, steps: Int64? = nil, price: String? = nil, with other: UInt32 = 2
  ) throws -> Command {
    let size = Size(steps: steps ?? sale.left / 1_000_000)
    let price = try price.map { try Price($0) } ?? sale.limit
    let fill = ExecutionReport.Fill(
      counterparty: AccountID(other), size: size, price: price)
    return .reportExecution(
      ExecutionReport(order: sale.id, fills: size == .zero ? [] : [fill]))
  }

  /// A bid of account 2 for so much of what is under the hammer, by default all at any price.
  func bid(
    units: Int64? = nil, limit: String = "1000", by bidder: UInt32 = 2, for sale: OrderID? = nil
  ) throws -> Command {
    let open = try openSale()
    return .bidForCollateral(
      AccountID(1), sale ?? open.id,
      [
        CollateralBid(
          bidder: AccountID(bidder), units: units ?? open.left, limit: try Price(limit),
          receivedAt: Venue.start)
      ])
  }

  /// Equity above the line at which a liquidation ends.
  func surplus(_ id: UInt32) throws -> Int64 {
    let risk = try #require(engine.valuation).risk(account(id).portfolio)
    return risk.equity - risk.maintenanceMargin - risk.liquidationBuffer
  }
}
