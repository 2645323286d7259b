// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Parameters
import Quantities
import RiskEngine
import Testing

@Suite("Negative cash")
struct DebtTests {
  private let perpetual = Contracts.btcPerpetual

  private func transfers(_ venue: Venue, _ reason: TransferReason) -> [Transfer] {
    venue.records.flatMap(\.events).compactMap { event in
      guard case .transferred(let transfer) = event, transfer.reason == reason else { return nil }
      return transfer
    }
  }

  /// An account with 10 ETH at 200, and a debt in dollars made by buying above the mark and
  /// selling at it.
  private func owing(
    _ dollars: Int64, _ changes: [(key: String, value: String)], fund: String? = nil
  ) throws -> Venue {
    var venue = try Venue.marked(changes)
    if let fund { try venue.fund(fund, of: Coins.usd) }
    try venue.open(1, .cross)
    try venue.deposit(1, "10", of: Coins.eth)
    try lose(&venue, dollars)
    return venue
  }

  /// Loses so many dollars of account 1: 1 BTC is bought at the mark and sold that much below.
  private func lose(_ venue: inout Venue, _ dollars: Int64) throws {
    try venue.take(1, 1_000, of: perpetual)
    let price = venue.mark(perpetual).price.steps - dollars * Price.stepsPerOne
    try venue.submit(
      venue.trade(
        perpetual, buyer: 0, seller: 1, size: 1_000, price: Price(steps: price).description))
  }

  // FIELD 3.17: 1 ETH at 1,000 and options for 500 bought: 500 are converted.
  @Test("Aevo's example: options for 500 against 1 ETH at 1,000 convert half of it")
  func aevo() throws {
    var venue = try Venue.unmarked([(key: "collateral.USD.debtThreshold", value: "100")])
    try venue.block(btc: "8000", eth: "1000", after: 0)
    try venue.open(0, .cross, usd: "100000000")
    try venue.fund("10000", of: Coins.usd)
    try venue.open(1, .cross)
    try venue.deposit(1, "1", of: Coins.eth)
    let mark = venue.mark(Contracts.btcPut).unitValue
    let size = 500_000_000 / mark
    try venue.take(1, size, of: Contracts.btcPut)
    let cost = try #require(venue.account(1).portfolio.positions.first).cost
    #expect(cost == size * mark && cost > 499_000_000 && cost <= 500_000_000)
    try venue.block(after: 1)
    let moves = transfers(venue, .conversion)
    try #require(moves.count == 2)
    #expect(moves[0].from == .account(AccountID(1)) && moves[1].to == .account(AccountID(1)))
    #expect(moves[1].amount.units == cost && venue.balance(1) == cost)
    // At 1,000 a millionth of a dollar is a tenth of a unit of the coin; rounded up.
    #expect(moves[0].amount.units == (cost + 9) / 10)
    #expect(venue.balance(1, 2) == 100_000_000 - (cost + 9) / 10)
    #expect(venue.account(1).liquidation == nil)
    try venue.block(after: 1)
    #expect(transfers(venue, .conversion).count == 2, "what is paid is not paid twice")
  }

  @Test("a debt is converted above its threshold: one unit below, at and above")
  func threshold() throws {
    for (threshold, isSold) in [("99.999999", true), ("100", false), ("100.000001", false)] {
      var venue = try owing(
        100, [(key: "collateral.USD.debtThreshold", value: threshold)], fund: "1000")
      #expect(venue.balance(1) == -100_000_000)
      try venue.block()
      #expect(venue.balance(1) == (isSold ? 0 : -100_000_000), "\(threshold)")
      #expect(venue.balance(1, 2) == (isSold ? 950_000_000 : 1_000_000_000))
    }
  }

  // 100 less 2 % is 98: 102.0408… are sold, 0.51020409 ETH rounded up.
  @Test("the cost of a conversion stays in the fund")
  func cost() throws {
    var venue = try owing(
      100,
      [
        (key: "collateral.USD.debtThreshold", value: "50"),
        (key: "collateral.ETH.conversionCost", value: "2%"),
      ], fund: "1000")
    try venue.block()
    #expect(venue.balance(1) == 0)
    #expect(venue.balance(1, 2) == 1_000_000_000 - 51_020_409)
    #expect(venue.insuranceFund(2) == 51_020_409 && venue.insuranceFund() == 900_000_000)
  }

  @Test("as far as the fund holds the asset, and no further")
  func smallFund() throws {
    var venue = try owing(
      100, [(key: "collateral.USD.debtThreshold", value: "50")], fund: "30")
    try venue.block()
    #expect(venue.balance(1) == -70_000_000 && venue.insuranceFund() == 0)
    #expect(venue.balance(1, 2) == 985_000_000)
    try venue.block()
    #expect(venue.balance(1) == -70_000_000)
  }

  @Test("assets are sold by rank, then by haircut, then in the order of listing")
  func order() throws {
    func sold(_ changes: [(key: String, value: String)]) throws -> [String] {
      var venue = try owing(
        100, [(key: "collateral.USD.debtThreshold", value: "50")] + changes, fund: "1000")
      try venue.deposit(1, "0.005", of: Coins.btc)
      try venue.block()
      return transfers(venue, .conversion).filter { $0.to == .insuranceFund }
        .map { $0.amount.asset.symbol.description }
    }
    // BTC has a haircut of 10 %, ETH of 20 %: 40 dollars of BTC first.
    #expect(try sold([]) == ["BTC", "ETH"])
    #expect(try sold([(key: "collateral.BTC.conversionRank", value: "1")]) == ["ETH"])
    #expect(try sold([(key: "margin.collateral.BTC.haircut", value: "20%")]) == ["BTC", "ETH"])
    #expect(try sold([(key: "margin.collateral.BTC.haircut", value: "21%")]) == ["ETH"])
  }

  @Test("nothing is sold at a price that is not fresh")
  func stale() throws {
    var venue = try owing(
      100, [(key: "collateral.USD.debtThreshold", value: "50")], fund: "1000")
    try venue.submit(venue.nextBlock(after: 300, silent: ["ETH"]))
    #expect(venue.balance(1) == -100_000_000)
    try venue.block()
    #expect(venue.balance(1) == 0)
  }

  // 10.95 % a year is 0.03 % a day: of 100 dollars 0.03, and then of 100.03, rounded up.
  @Test("a debt accrues interest with every funding settlement, paid to the fund")
  func interest() throws {
    var venue = try owing(100, [(key: "collateral.USD.debtInterest", value: "10.95%")])
    try venue.block(after: 86_400)
    #expect(venue.balance(1) == -100_030_000 && venue.insuranceFund() == 30_000)
    try venue.block(after: 86_400)
    #expect(venue.balance(1) == -100_060_009 && venue.insuranceFund() == 60_009)
    #expect(transfers(venue, .interest).count == 2)
    // The maker owes nothing.
    #expect(transfers(venue, .interest).allSatisfy { $0.from == .account(AccountID(1)) })
  }

  @Test("interest never makes an account insolvent")
  func interestUpToEquity() throws {
    var venue = try owing(
      600,
      [
        (key: "collateral.USD.debtInterest", value: "10000%"),
        (key: "margin.collateral.ETH.haircut", value: "0%"),
      ])
    try venue.block(eth: "61")
    #expect(try venue.equity(1) == 10_000_000)
    try venue.block(after: 86_400)
    #expect(try venue.equity(1) == 0)
  }

  @Test("above the cap orders, trades that add to the debt and withdrawals are refused")
  func cap() throws {
    let cap = (key: "collateral.USD.debtCap", value: "100")
    var venue = try owing(100, [cap])
    let eth = try Coins.eth
    let withdrawal = Command.withdrawCollateral(
      AccountID(1), Amount(units: 1, asset: eth))
    let order = RestingOrder(
      id: OrderID(1), instrument: Contracts.ethPerpetual, side: .buy, remaining: Size(steps: 1),
      limit: try Price("200"), isReduceOnly: false)
    // At the cap everything is permitted but what adds to the debt.
    try venue.submit(withdrawal)
    try venue.submit(.placeOrder(AccountID(1), order))
    try venue.submit(.cancelOrder(AccountID(1), OrderID(1)))
    let option = try venue.trade(Contracts.btcPut, buyer: 1, seller: 0, size: 1)
    #expect(venue.refusal(of: option)?.code == "debt-above-cap")
    // A trade that costs nothing now is no debt.
    try venue.take(1, 1, of: Contracts.ethPerpetual)
    try venue.take(1, -1, of: Contracts.ethPerpetual)

    venue = try owing(101, [cap])
    let usd = try Coins.usd.symbol
    let refusal = Refusal.debtAboveCap(
      AccountID(1), usd, debt: 101_000_000, cap: 100_000_000)
    #expect(venue.refusal(of: withdrawal) == refusal)
    #expect(venue.refusal(of: .placeOrder(AccountID(1), order)) == refusal)
    try venue.deposit(1, "1", of: Coins.usd)
    try venue.submit(withdrawal)
  }

  @Test("an order to buy options may not lead above the cap")
  func ordersOfOptions() throws {
    var venue = try Venue.marked([(key: "collateral.USD.debtCap", value: "100")])
    try venue.open(1, .cross)
    try venue.deposit(1, "10", of: Coins.eth)
    let value = venue.mark(Contracts.btcPut).unitValue
    let price = venue.mark(Contracts.btcPut).price.steps / 1_000 * 1_000
    let fits = 100_000_000 / value
    func order(_ id: UInt64, _ steps: Int64) -> Command {
      .placeOrder(
        AccountID(1),
        RestingOrder(
          id: OrderID(id), instrument: Contracts.btcPut, side: .buy,
          remaining: Size(steps: steps), limit: Price(steps: price), isReduceOnly: false))
    }
    #expect(venue.refusal(of: order(1, fits * 21 / 20))?.code == "debt-above-cap")
    try venue.submit(order(1, fits / 2))
    #expect(venue.refusal(of: order(2, fits * 3 / 5))?.code == "debt-above-cap")
    try venue.submit(order(2, fits / 4))
  }

  @Test("collateral is sold before the fund pays anything for a liquidation")
  func beforeTheFund() throws {
    var venue = try Venue.marked([(key: "collateral.USD.debtThreshold", value: "1000000")])
    try venue.fund("10000", of: Coins.usd)
    try venue.open(1, .cross)
    try venue.deposit(1, "10", of: Coins.eth)
    try lose(&venue, 500)
    try venue.take(1, 1_000, of: perpetual)
    // 1,500 of equity, 1,600 lost: below the threshold, and yet sold before the fund's stage.
    try venue.block(btc: "6400")
    let events = venue.records.flatMap(\.events)
    let sold = events.firstIndex {
      if case .transferred(let transfer) = $0 { transfer.reason == .conversion } else { false }
    }
    let stage = events.firstIndex {
      if case .liquidationStageEntered(_, .insuranceFund) = $0 { true } else { false }
    }
    #expect(try #require(sold) < #require(stage))
    #expect(venue.balance(1) == 0 && venue.balance(1, 2) == 750_000_000)
  }

  @Test("profit counts for nothing in withdrawals, or at what is left of it under stress")
  func stressedProfit() throws {
    // 1 BTC long from 8,000 with 3,000 dollars; at 10,000 the profit is 2,000.
    func most(_ flag: String) throws -> Int64 {
      var venue = try Venue.marked([
        (key: "clearing.withdrawStressedProfit", value: flag),
        (key: "margin.scan.default.range", value: "16%"),
        (key: "margin.scan.BTC.range", value: "16%"),
      ])
      try venue.open(1, .cross, usd: "3000")
      try venue.take(1, 1_000, of: perpetual)
      try venue.block(btc: "10000")
      let risk = try #require(venue.engine.valuation).risk(venue.account(1).portfolio)
      #expect(risk.equity == 5_000_000_000)
      var low: Int64 = 0
      var high: Int64 = 3_000_000_000
      while low < high {
        let middle = (low + high + 1) / 2
        var trial = venue
        let amount = Amount(units: middle, asset: try Coins.usd)
        if try trial.attempt(.withdrawCollateral(AccountID(1), amount)) {
          low = middle
        } else {
          high = middle - 1
        }
      }
      return low + risk.initialMargin
    }
    // Nothing of the profit: 3,000 of cash cover margin and withdrawal.
    #expect(try most("false") == 3_000_000_000)
    // −16 % of 10,000 take 1,600 of the 2,000, and the deepest tail counts 1,232: 400 are left.
    #expect(try most("true") == 3_400_000_000)
  }

  // S14, Mango: one owner's long and short, a price multiplied by 16, and the winner leaves.
  @Test("a winner on paper takes out no more than it brought", arguments: ["false", "true"])
  func paperProfit(flag: String) throws {
    var venue = try Venue.marked([(key: "clearing.withdrawStressedProfit", value: flag)])
    try venue.open(1, .cross, usd: "1000")
    try venue.open(2, .cross, usd: "100000")
    try venue.submit(venue.trade(Contracts.ethPerpetual, buyer: 1, seller: 2, size: 1_000))
    for price in ["400", "800", "1600", "3200"] { try venue.block(eth: price) }
    #expect(try venue.equity(1) > 30_000_000_000)
    let usd = try Coins.usd
    let more = Command.withdrawCollateral(
      AccountID(1), Amount(units: 1_000_000_001, asset: usd))
    #expect(venue.refusal(of: more)?.code == "insufficient-balance")
    let all = Command.withdrawCollateral(AccountID(1), Amount(units: 1_000_000_000, asset: usd))
    // Its own cash backs the position; only profit that survives stress may stand in for it.
    #expect(try venue.attempt(all) == (flag == "true"))
  }

  // The audit of every step sums all money anew: P01, P04 and P06 hold with these rules too.
  @Test("random histories with interest, caps, thresholds and conversion keep every rule")
  func histories() throws {
    var reasons: Set<TransferReason> = []
    for seed: UInt64 in 0..<2 {
      var venue = try Venue.marked([
        (key: "fees.taker", value: "0.04%"), (key: "clearing.fundingInterval", value: "60s"),
        (key: "collateral.default.debtInterest", value: "500%"),
        (key: "collateral.default.debtCap", value: "5000"),
        (key: "collateral.default.debtThreshold", value: "20"),
        (key: "collateral.default.conversionCost", value: "1%"),
        (key: "collateral.default.markUp", value: "50%"),
        (key: "collateral.BTC.venueCap", value: "41000000"),
        (key: "collateral.ETH.impact", value: "1"),
        (key: "collateral.ETH.dailyVolume", value: "100000"),
      ])
      try venue.fund("30000", of: Coins.usd)
      for id: UInt32 in 1...12 {
        try venue.open(id, MarginMode.allCases[Int(id) % 3], usd: "300")
        try venue.deposit(id, id % 2 == 0 ? "0.3" : "0.1", of: Coins.btc)
        try venue.deposit(id, "4", of: Coins.eth)
      }
      var commands = RandomCommands(seed: seed)
      for _ in 0..<140 { try venue.attempt(commands.next(for: &venue)) }
      #expect(venue.engine.state.brokenAfterBlock() == nil)
      for event in venue.records.flatMap(\.events) {
        if case .transferred(let transfer) = event { reasons.insert(transfer.reason) }
      }
    }
    #expect(reasons.isSuperset(of: [.interest, .conversion]))
  }
}
