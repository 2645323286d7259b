// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Instruments
import Ledger
import Margin
import MarketData
import Quantities
import RiskEngine
import TestFixtures
import Testing

/// P16: after any accepted withdrawal or order an account has its initial margin.
@Suite("What the door lets through")
struct DoorPropertyTests {
  /// 100,000 tries with `PLIMSOLL_FULL=1`.
  private static let tries =
    ProcessInfo.processInfo.environment["PLIMSOLL_FULL"] == "1" ? 100_000 : 400

  @Test("leaves every account its initial margin, withdrawals and orders alike")
  func initialMargin() throws {
    var random = Seeded(16)
    let venue = try Self.venue(&random)
    // The engine alone from here on: the audit of every step is another test.
    var engine = venue.engine
    var (withdrawals, orders, reductions) = (0, 0, 0)
    for number in 0..<Self.tries {
      // What was let through does not add up without end.
      if number % 40 == 0 { engine = venue.engine }
      let place = Int.random(in: 1...12, using: &random)
      let isOrder = random.oneIn(2)
      let account = engine.state.accounts[place]
      let command =
        isOrder
        ? try Self.order(number, account, venue, &random)
        : try Self.withdrawal(account, engine, &random)
      guard try Self.isAccepted(command, &engine) else { continue }
      if case .placeOrder(_, let order) = command, Self.onlyReduces(order, account.portfolio) {
        reductions += 1
      } else if isOrder {
        orders += 1
      } else {
        withdrawals += 1
      }
      let after = try #require(engine.valuation).risk(engine.state.accounts[place].portfolio)
      #expect(after.equity >= after.initialMargin, "try \(number): \(command)")
    }
    #expect(withdrawals > Self.tries / 10)
    #expect(orders > Self.tries / 20)
    #expect(reductions < orders)
  }

  // Long 1,000 of the perpetual, short 1,000 of the future, at initial margin and a little more.
  @Test(
    "a portfolio's hedge is sold only where the rest can stand alone",
    arguments: [
      (MarginMode.portfolio, "1", false), (.portfolio, "8000", true), (.cross, "1", true),
    ])
  func hedges(mode: MarginMode, extra: String, isAccepted: Bool) throws {
    var venue = try Venue.marked()
    try venue.open(1, mode, usd: "8000")
    try venue.take(1, 1_000, of: Contracts.btcPerpetual)
    try venue.take(1, -1_000, of: Contracts.btcFuture)
    let risk = try #require(venue.engine.valuation).risk(venue.account(1).portfolio)
    try venue.submit(
      .withdrawCollateral(
        AccountID(1), try Amount(units: risk.equity - risk.initialMargin, asset: Coins.usd)))
    try venue.deposit(1, extra, of: Coins.usd)
    let order = RestingOrder(
      id: venue.engine.state.nextOrder, instrument: Contracts.btcPerpetual, side: .sell,
      remaining: Size(steps: 1_000), limit: venue.mark(Contracts.btcPerpetual).price,
      isReduceOnly: true)
    let trade = try venue.trade(Contracts.btcPerpetual, buyer: 0, seller: 1, size: 1_000)
    for command in [Command.placeOrder(AccountID(1), order), trade] {
      var venue = venue
      if isAccepted {
        try venue.submit(command)
      } else {
        #expect(venue.refusal(of: command)?.code == "below-initial-margin")
      }
    }
  }

  private static func venue(_ random: inout Seeded) throws -> Venue {
    var venue = try Venue.marked()
    let instruments = try Contracts.all.map(\.id)
    for id: UInt32 in 1...12 {
      let mode = MarginMode.allCases[Int(id) % 3]
      try venue.open(id, mode, usd: "30000")
      for _ in 0..<(mode == .isolated ? 1 : 3) {
        let (buyer, seller) = id % 2 == 0 ? (id, 0) : (0, id)
        try venue.attempt(
          venue.trade(
            random.pick(instruments), buyer: buyer, seller: seller, size: random.number(1...900)))
      }
    }
    return venue
  }

  /// Around what is free, from a unit to more than there is.
  private static func withdrawal(
    _ account: Account, _ engine: Engine, _ random: inout Seeded
  ) throws -> Command {
    let risk = try #require(engine.valuation).risk(account.portfolio)
    let free = max(risk.equity - risk.initialMargin, 1_000_000)
    return .withdrawCollateral(
      account.id,
      try Amount(units: random.number(1...free * 5 / 4 + 2), asset: Coins.usd))
  }

  /// Within 3 % of the mark, up to 16,384 steps.
  private static func order(
    _ number: Int, _ account: Account, _ venue: Venue, _ random: inout Seeded
  ) throws -> Command {
    let instrument = random.pick(try Contracts.all.map(\.id))
    let mark = venue.mark(instrument).price.steps
    let limit = max(mark + mark * random.number(-30...30) / 1_000, 1_000)
    return .placeOrder(
      account.id,
      RestingOrder(
        id: OrderID(UInt64(number) + 1), instrument: instrument,
        side: random.oneIn(2) ? .buy : .sell, remaining: Size(steps: 1 << random.number(0...14)),
        limit: Price(steps: limit / 1_000 * 1_000), isReduceOnly: false))
  }

  private static func onlyReduces(_ order: RestingOrder, _ portfolio: Portfolio) -> Bool {
    let held = portfolio.size(of: order.instrument).steps
    let closing = portfolio.orders.reduce(order.remaining.steps) { sum, other in
      let isSame = other.instrument == order.instrument && other.side == order.side
      return isSame ? sum + other.remaining.steps : sum
    }
    return held * order.side.sign < 0 && held.magnitude >= closing.magnitude
  }

  private static func isAccepted(_ command: Command, _ engine: inout Engine) throws -> Bool {
    do {
      _ = try engine.step(command)
      return true
    } catch StepError.refused {
      return false
    }
  }
}
