// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Parameters
import Quantities
import RiskEngine
import Testing

@Suite("Shared losses, claims and the gate")
struct LossSharingTests {
  private let perpetual = Contracts.btcPerpetual

  /// Account 1 has lost 100 USD that it does not have.
  ///
  /// It was long 1 BTC from 8,000 with 500 USD and is sold at 7,400 to account 7; 2 and 3 have won
  /// 180 and 420 USD.
  private func shared(
    _ changes: [(key: String, value: String)]
  ) throws -> (venue: Venue, events: [LedgerEvent]) {
    var venue = try Venue.marked(LastStages.changes([.socializedLoss]) + changes)
    try venue.open(1, .cross, usd: "500")
    for (id, size) in [(2 as UInt32, 300 as Int64), (3, 700)] {
      try venue.open(id, .cross, usd: "1000")
      try venue.submit(venue.trade(perpetual, buyer: 1, seller: id, size: size))
    }
    try venue.open(7, .cross, usd: "100000")
    try venue.block(btc: "7400")
    let events = try venue.submit(
      venue.report(venue.order(of: 1), price: try Price("7400"), with: 7))
    #expect(venue.account(1).liquidation == nil)
    return (venue, events)
  }

  private func moved(_ events: [LedgerEvent], _ reason: TransferReason) -> [Int64] {
    events.compactMap { event in
      guard case .transferred(let transfer) = event, transfer.reason == reason else { return nil }
      return transfer.amount.units
    }
  }

  // By equity: 100 × 1,180 ÷ 2,600 and 100 × 1,420 ÷ 2,600; the larger remainder takes the unit.
  @Test(
    "a loss is shared by profit or by equity, to the unit",
    arguments: [("0", [30_000_000, 70_000_000]), ("1", [45_384_615, 54_615_385])])
  func rules(rule: String, given: [Int64]) throws {
    let (venue, events) = try shared([(key: "socializedLoss.rule", value: rule)])
    #expect(moved(events, .socializedLoss) == given)
    #expect(try venue.equity(2) == 1_180_000_000 - given[0])
    #expect(try venue.equity(3) == 1_420_000_000 - given[1])
    #expect(venue.balance(7) == 100_000_000_000, "P31")
    #expect(venue.engine.state.losses.claims.isEmpty, "off unless stated")
  }

  @Test("shared by equity nobody gives more than the stated part of its profit")
  func equityCap() throws {
    let (_, events) = try shared([
      (key: "socializedLoss.rule", value: "1"), (key: "socializedLoss.share", value: "20%"),
    ])
    // At most 36 USD of account 2's 180; account 3 bears the rest.
    #expect(moved(events, .socializedLoss) == [36_000_000, 64_000_000])
  }

  // FIELD 2.8, Drift: loss ÷ (|long| + |short|) for each unit held: 2,000 steps are held.
  @Test("shared by size both sides give the same for each step, and only winners realize a profit")
  func bySize() throws {
    let (venue, events) = try shared([(key: "socializedLoss.rule", value: "2")])
    #expect(moved(events, .socializedLoss) == [15_000_000, 35_000_000, 50_000_000])
    #expect(venue.balance(7) == 99_950_000_000)
    #expect(try venue.equity(2) == 1_165_000_000 && venue.equity(3) == 1_385_000_000)
    let realized = events.compactMap { event -> Int64? in
      guard case .profitRealized(_, _, let units) = event else { return nil }
      return units
    }
    #expect(realized == [15_000_000, 35_000_000])
  }

  @Test("shared by size nobody gives more than the stated part of its equity")
  func sizeCap() throws {
    let (_, events) = try shared([
      (key: "socializedLoss.rule", value: "2"), (key: "socializedLoss.share", value: "1%"),
    ])
    // 1 % of 1,180 and of 1,420 USD; account 7 bears the rest.
    #expect(moved(events, .socializedLoss) == [11_800_000, 14_200_000, 74_000_000])
  }

  @Test("shared by size one that holds no position gives nothing, whatever it has")
  func outsider() throws {
    var venue = try Venue.marked(
      LastStages.changes([.socializedLoss]) + [(key: "socializedLoss.rule", value: "2")])
    try venue.open(1, .cross, usd: "500")
    try venue.open(2, .cross, usd: "1000")
    try venue.submit(venue.trade(perpetual, buyer: 1, seller: 2, size: 1_000))
    try venue.open(9, .cross, usd: "100000")
    try venue.block(btc: "7400")
    // The winner takes its own position back: nobody is left who holds anything.
    let events = try venue.submit(
      venue.report(venue.order(of: 1), price: try Price("7400"), with: 2))
    #expect(moved(events, .socializedLoss).isEmpty && venue.balance(9) == 100_000_000_000)
    #expect(venue.balance(1) == -100_000_000, "what nobody bears is owed")
  }

  @Test("shared by size the fund's hedge gives nothing of its capital")
  func hedge() throws {
    var venue = try HedgeTests.venue(
      LastStages.changes([.socializedLoss]) + [(key: "socializedLoss.rule", value: "2")])
    // Takers are short 10 coins; the hedge sells 7.5 of them to account 2.
    try venue.take(1, -10_000, of: perpetual)
    try venue.block()
    let sold = try #require(venue.hedge.order).order
    try venue.submit(venue.report(sold, with: 2))
    try #require(venue.size(90, perpetual) == -7_500)
    try venue.open(91, .cross, usd: "500")
    try venue.open(92, .cross, usd: "1000")
    try venue.submit(venue.trade(perpetual, buyer: 91, seller: 92, size: 1_000))
    try venue.block(btc: "7400")
    try #require(!venue.account(90).isInLiquidation)
    let events = try venue.submit(
      venue.report(venue.order(of: 91), price: try Price("7400"), with: 2))
    let given = Universes.moved(events, .socializedLoss)
    #expect(
      given.map(\.from) == [0, 1, 2, 92].map { .account(AccountID($0)) }, "but for the hedge")
    // Of 29,500 steps in 0.001 coins: 10,000, 10,000, 8,500 and 1,000.
    #expect(given.map(\.amount.units) == [33_898_305, 33_898_305, 28_813_559, 3_389_831])
    #expect(venue.account(91).liquidation == nil)
  }

  @Test("what winners gave is paid back pro rata from what the fund has above the line")
  func recovery() throws {
    // With every funding, here once a day.
    var (venue, events) = try shared([(key: "socializedLoss.repayAbove", value: "50")])
    let usd = try Coins.usd
    let claims = [(2 as UInt32, 30_000_000 as Int64), (3, 70_000_000)].map {
      LossClaim(account: AccountID($0.0), asset: usd, units: $0.1)
    }
    #expect(events.contains(.claimsGranted(claims)))
    #expect(venue.engine.state.losses.claims == claims)
    try venue.fund("50", of: usd)
    #expect(moved(try venue.block(after: 86_400), .lossRecovery).isEmpty, "at the line")
    try venue.fund("0.000001", of: usd)
    #expect(moved(try venue.block(after: 86_400), .lossRecovery) == [1], "one unit above it")
    try venue.fund("10", of: usd)
    events = try venue.block(after: 86_400)
    // 10 USD in proportion 30,000,000 : 69,999,999.
    #expect(moved(events, .lossRecovery) == [3_000_000, 7_000_000])
    #expect(venue.insuranceFund() == 50_000_000)
    let state = try LedgerState(canonicalBytes: venue.engine.state.canonicalBytes)
    #expect(state == venue.engine.state && !state.losses.isEmpty)
    try venue.fund("1000", of: usd)
    events = try venue.block(after: 86_400)
    #expect(moved(events, .lossRecovery).reduce(0, +) == 89_999_999)
    #expect(venue.engine.state.losses.claims.isEmpty)
    #expect(venue.insuranceFund() == 50_000_000 + 1_000_000_000 - 89_999_999)
    try venue.fund("1000", of: usd)
    events = try venue.block(after: 86_400)
    #expect(moved(events, .lossRecovery).isEmpty, "nobody gets more than was given")
  }

  @Test("withdrawals stop one unit above what the fund may bear, for everybody")
  func gate() throws {
    var venue = try Venue.marked(
      LastStages.changes([.insuranceFund]) + [
        (key: "withdrawalGate.fundShare", value: "200%"),
        (key: "insuranceFund.eventCap", value: "0%"),
      ])
    try venue.open(1, .cross, usd: "500")
    try venue.open(7, .cross, usd: "1000")
    try venue.take(1, 1_000, of: perpetual)
    let withdrawal = Command.withdrawCollateral(AccountID(7), try Amount("1", of: Coins.usd))
    try venue.submit(withdrawal)
    try venue.block(btc: "7400")
    #expect(try venue.equity(1) == -100_000_000)
    #expect(
      venue.refusal(of: withdrawal) == .withdrawalsStopped(insolvency: 100_000_000, limit: 0))
    try venue.fund("49.999999", of: Coins.usd)
    #expect(
      venue.refusal(of: withdrawal)
        == .withdrawalsStopped(insolvency: 100_000_000, limit: 99_999_998))
    try venue.fund("0.000001", of: Coins.usd)
    try venue.submit(withdrawal)
    #expect(venue.balance(7) == 998_000_000)
    let refusal = Refusal.withdrawalsStopped(insolvency: 100_000_000, limit: 1)
    #expect(refusal.code == "withdrawals-stopped" && refusal.description.contains("100"))
  }

  @Test("without the parameter nothing stops a withdrawal")
  func noGate() throws {
    var venue = try Venue.marked(
      LastStages.changes([.insuranceFund]) + [(key: "insuranceFund.eventCap", value: "0%")])
    try venue.open(1, .cross, usd: "500")
    try venue.open(7, .cross, usd: "1000")
    try venue.take(1, 1_000, of: perpetual)
    try venue.block(btc: "7400")
    try venue.submit(.withdrawCollateral(AccountID(7), Amount("1", of: Coins.usd)))
  }
}
