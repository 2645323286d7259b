// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import Parameters
import Quantities
import RiskEngine
import TestFixtures
import Testing

@Suite("Collateral before positions")
struct ConversionTests {
  private func orders(_ venue: Venue) -> Int {
    venue.records.flatMap(\.events).count { event in
      if case .liquidationOrderIssued = event { true } else { false }
    }
  }

  // 35 short: of ETH 20 % is freed and 1 % paid, 35 ÷ 0.19 = 184.2105…; 335 freed by closing cost
  // 73.7. Rounded: 0.92105265 ETH are the least that restore.
  @Test("the fund buys as much as restores the account, and no position is touched")
  func mark() throws {
    let venue = try Conversions.venue()
    let decision = try #require(Conversions.decisions(venue).first)
    #expect(decision.units == 92_105_265 && decision.worth == 184_210_530)
    #expect(decision.freed == 36_842_106 && decision.cost == 1_842_106)
    #expect(decision.rivalCost * 5 > decision.rivalFreed, "more than a fifth, where ETH costs 5 %")
    #expect(Conversions.decisions(venue).count == 1 && orders(venue) == 0)
    #expect(venue.balance(1, 2) == 1_000_000_000 - 92_105_265)
    #expect(venue.balance(1) == 184_210_530 - 1_842_106)
    #expect(venue.insuranceFund(2) == 92_105_265)
    #expect(venue.insuranceFund() == 10_000_000_000 - 182_368_424)
    #expect(venue.account(1).liquidation == nil && venue.size(1, Conversions.perpetual) == 1_000)
    #expect(try venue.surplus(1) == 0)
  }

  @Test("by default positions are reduced and no collateral is asked for")
  func never() throws {
    let venue = try Conversions.venue([(key: "conversion.choice", value: "0")])
    #expect(Conversions.decisions(venue).isEmpty && orders(venue) == 1)
    #expect(try venue.order(of: 1).side == .sell && venue.balance(1, 2) == 1_000_000_000)
    #expect(try ConversionParameters(ParameterFixture.set()).choice == .never)
  }

  // Closing frees 5 % and costs 0.1 % + 1 %: as selling ETH at a cost of 4.4 % for 20 %.
  @Test("whichever costs less goes first: below, about and above the same cost")
  func cheapest() throws {
    for (cost, isSold) in [("4.39%", true), ("4.41%", false)] {
      let venue = try Conversions.venue([(key: "collateral.ETH.conversionCost", value: cost)])
      #expect(Conversions.decisions(venue).isEmpty != isSold, "\(cost)")
      #expect(orders(venue) == (isSold ? 0 : 1))
    }
    // First whatever positions would cost, but never for more than it frees.
    for (cost, isSold) in [("19.99%", true), ("20%", false), ("20.01%", false)] {
      let venue = try Conversions.venue([
        (key: "conversion.choice", value: "1"), (key: "collateral.ETH.conversionCost", value: cost),
      ])
      #expect(Conversions.decisions(venue).isEmpty != isSold, "\(cost)")
      #expect(Conversions.decisions(venue).allSatisfy { $0.rivalFreed == 0 })
    }
  }

  @Test("where collateral does not suffice, positions follow in the same step")
  func together() throws {
    // 0.5 ETH are worth 100: all of it frees 20, and 35 are short.
    var venue = try Conversions.listed()
    try venue.deposit(1, "1520", of: Coins.usd)
    try venue.submit(
      .withdrawCollateral(AccountID(1), try Amount("9.5", of: Coins.eth)))
    try venue.block(btc: "6700")
    let decision = try #require(Conversions.decisions(venue).first)
    #expect(decision.units == 50_000_000 && venue.balance(1, 2) == 0)
    #expect(decision.freed == 20_000_000 && decision.cost == 1_000_000)
    let order = try venue.order(of: 1)
    #expect(order.instrument == Conversions.perpetual && order.side == .sell)
    #expect(venue.stage(of: 1) == .partial)
  }

  @Test("no more than the fund can pay, and the rest by positions")
  func smallFund() throws {
    let venue = try Conversions.venue(fund: "100")
    #expect(venue.insuranceFund() >= 0 && venue.insuranceFund() < 2_000_000)
    #expect(venue.balance(1, 2) < 951_000_000 && venue.balance(1, 2) > 945_000_000)
    #expect(orders(venue) == 1)
    let none = try Conversions.venue(fund: nil)
    #expect(Conversions.decisions(none).isEmpty && orders(none) == 1)
  }

  @Test("nothing is sold at a price that is not fresh, or that its positions may take")
  func notSold() throws {
    var venue = try Conversions.listed()
    try venue.set("BTC", "6700")
    try venue.submit(venue.nextBlock(after: 300, silent: ["ETH"]))
    #expect(Conversions.decisions(venue).isEmpty)
    // 0.1 BTC of collateral, of which an inverse position has lost most.
    venue = try Conversions.listed()
    try venue.open(3, .cross)
    try venue.deposit(3, "0.1", of: Coins.btc)
    try venue.take(3, 5_000, of: Contracts.btcInverse)
    try venue.block(btc: "7000")
    let lost = Conversions.decisions(venue).filter { $0.account == AccountID(3) }
    // A contract is worth 12,500 units at 8,000 and 14,286 at 7,000: 5,000 of them lost 8,930,000.
    #expect(lost.map(\.units) == [1_070_000])
  }

  @Test("collateral is sold in the stated order")
  func order() throws {
    func sold(_ changes: [(key: String, value: String)]) throws -> [String] {
      var venue = try Conversions.listed(changes)
      try venue.deposit(1, "0.001", of: Coins.btc)
      try venue.block(btc: "6600")
      return Conversions.decisions(venue).map { $0.asset.symbol.description }
    }
    // BTC has the smaller haircut and goes first, ETH for what is still missing.
    #expect(try sold([]) == ["BTC", "ETH"])
    #expect(try sold([(key: "collateral.BTC.conversionRank", value: "1")]) == ["ETH"])
    // At 10 % freed for 3 % paid BTC is dearer than closing: the next of the order is asked.
    #expect(try sold([(key: "collateral.BTC.conversionCost", value: "3%")]) == ["ETH"])
  }

  @Test("parameters that contradict each other are refused, and what is stated is read")
  func parameters() throws {
    let set = try ParameterFixture.set([
      (key: "conversion.auctionStart", value: "98%"),
      (key: "conversion.auctionReserve", value: "98%"),
    ])
    let read = try ConversionParameters(set)
    #expect(read.auctionStart == read.auctionReserve && read.execution == .mark)
    #expect(read.slippage == Rate(billionths: 50_000_000) && read.leastWorth == 10_000_000)
    let rising = try ParameterFixture.set([
      (key: "conversion.auctionStart", value: "98%"),
      (key: "conversion.auctionReserve", value: "98.0000001%"),
    ])
    #expect(throws: ParameterError.self) { try ConversionParameters(rising) }
    for (key, text) in [
      ("conversion.choice", "3"), ("conversion.execution", "3"), ("conversion.slippage", "50.1%"),
      ("conversion.auctionReserve", "49.9%"), ("conversion.fee", "-0.1%"),
    ] {
      #expect(throws: ParameterError.self, "\(key)") {
        try ParameterFixture.set([(key: key, value: text)])
      }
    }
  }
}
