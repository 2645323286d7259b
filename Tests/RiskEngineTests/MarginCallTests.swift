// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
import Quantities
import RiskEngine
import TestFixtures
import Testing

@Suite("The ladder before liquidation")
struct MarginCallTests {
  private let perpetual = Contracts.btcPerpetual
  private static let lines = [
    (key: "marginCall.warning", value: "2"), (key: "marginCall.reduceOnly", value: "1.5"),
    (key: "marginCall.cancelOrders", value: "1.2"), (key: "marginCall.release", value: "0.1"),
  ]

  private func parameters() throws -> MarginCallParameters {
    try LiquidationParameters(ParameterFixture.set(Self.lines)).marginCall
  }

  @Test("a step is entered below its line: one unit below, at and above")
  func lines() throws {
    let rules = try parameters()
    let steps: [(Int64, MarginCall)] = [
      (200_000_001, .none), (200_000_000, .none), (199_999_999, .warning),
      (150_000_001, .warning), (150_000_000, .warning), (149_999_999, .reduceOnly),
      (120_000_001, .reduceOnly), (120_000_000, .reduceOnly), (119_999_999, .cancelOrders),
      (-1, .cancelOrders),
    ]
    for (equity, step) in steps {
      #expect(
        marginCall(
          equity: equity, maintenanceMargin: 100_000_000, current: .none, rules) == step,
        "\(equity)")
    }
    #expect(marginCall(equity: 0, maintenanceMargin: 0, current: .none, rules) == .none)
    #expect(
      marginCall(equity: .max, maintenanceMargin: .max, current: .none, rules) == .cancelOrders)
  }

  @Test("a step is left at its line and the release above it, and not before")
  func release() throws {
    let rules = try parameters()
    let steps: [(Int64, MarginCall, MarginCall)] = [
      (129_999_999, .cancelOrders, .cancelOrders), (130_000_000, .cancelOrders, .reduceOnly),
      (130_000_001, .cancelOrders, .reduceOnly),
      (159_999_999, .cancelOrders, .reduceOnly), (159_999_999, .reduceOnly, .reduceOnly),
      (160_000_000, .reduceOnly, .warning), (160_000_001, .reduceOnly, .warning),
      (209_999_999, .reduceOnly, .warning), (209_999_999, .warning, .warning),
      (210_000_000, .warning, .none), (210_000_001, .warning, .none),
    ]
    for (equity, before, after) in steps {
      #expect(
        marginCall(
          equity: equity, maintenanceMargin: 100_000_000, current: before, rules) == after)
    }
  }

  @Test("lines that cross are refused, and so is a line below the maintenance margin")
  func refusals() throws {
    func error(_ changes: [(key: String, value: String)]) -> ParameterError? {
      do {
        _ = try LiquidationParameters(ParameterFixture.set(changes))
        return nil
      } catch { return error as? ParameterError }
    }
    #expect(
      error([
        (key: "marginCall.warning", value: "1.2"), (key: "marginCall.reduceOnly", value: "1.3"),
      ]) == .inconsistent(key: "marginCall.reduceOnly", reason: "above an earlier line"))
    #expect(
      error([
        (key: "marginCall.warning", value: "1.2"),
        (key: "marginCall.cancelOrders", value: "1.200000001"),
      ]) == .inconsistent(key: "marginCall.cancelOrders", reason: "above an earlier line"))
    #expect(
      error([(key: "marginCall.warning", value: "0.999999999")])
        == .outOfBounds(
          key: "marginCall.warning", text: "0.999999999", lowest: "1", highest: "10"))
    #expect(
      error([
        (key: "marginCall.warning", value: "1.2"), (key: "marginCall.reduceOnly", value: "1.2"),
      ]) == nil)
  }

  /// An account long 1 BTC at 8,000 with orders resting, and what its maintenance margin is.
  private func called(at price: String, usd: String = "1200") throws -> Venue {
    var venue = try Venue.marked(Self.lines)
    try venue.open(1, .cross, usd: usd)
    try venue.take(1, 1_000, of: perpetual)
    try venue.submit(.placeOrder(AccountID(1), order(1, .buy, 10)))
    try venue.submit(.placeOrder(AccountID(1), order(2, .sell, 10, reduceOnly: true)))
    try venue.block(btc: price)
    return venue
  }

  private func order(
    _ id: UInt64, _ side: Side, _ size: Int64, reduceOnly: Bool = false
  ) throws -> RestingOrder {
    RestingOrder(
      id: OrderID(id), instrument: perpetual, side: side, remaining: Size(steps: size),
      limit: try Price("7500"), isReduceOnly: reduceOnly)
  }

  private func calls(_ events: [LedgerEvent]) -> [MarginCall] {
    events.compactMap { event in
      guard case .marginCalled(_, let step, _) = event else { return nil }
      return step
    }
  }

  @Test("falling step by step, an account is warned, may only reduce, and loses its orders")
  func ladder() throws {
    var venue = try called(at: "8000")
    #expect(venue.account(1).marginCall == .none)
    var seen: [MarginCall] = []
    for price in stride(from: 7_990, to: 6_800, by: -10) {
      let events = try venue.block(btc: "\(price)")
      seen += calls(events)
      let account = venue.account(1)
      if account.liquidation != nil { break }
      let left = account.marginCall == .cancelOrders ? [true] : [false, true]
      #expect(account.portfolio.orders.map(\.isReduceOnly) == left)
    }
    #expect(seen == [.warning, .reduceOnly, .cancelOrders])
    #expect(venue.account(1).liquidation != nil, "and after the ladder comes the waterfall")
  }

  @Test("below the reduce-only line nothing is accepted that does not reduce")
  func reduceOnly() throws {
    var venue = try called(at: "8000", usd: "5000")
    try venue.submit(.openSubaccount(AccountID(2), under: AccountID(1), .cross))
    var price = 8_000
    while venue.account(1).marginCall != .reduceOnly {
      price -= 10
      try venue.block(btc: "\(price)")
      try #require(price > 2_000)
    }
    let refusal = Refusal.calledToReduce(AccountID(1))
    let mark = venue.mark(perpetual).price
    let buy = RestingOrder(
      id: OrderID(9), instrument: perpetual, side: .buy, remaining: Size(steps: 1),
      limit: mark, isReduceOnly: false)
    #expect(venue.refusal(of: .placeOrder(AccountID(1), buy)) == refusal)
    #expect(
      venue.refusal(of: try venue.trade(perpetual, buyer: 1, seller: 0, size: 1)) == refusal)
    let dollar = try Amount("0.000001", of: Coins.usd)
    #expect(venue.refusal(of: .withdrawCollateral(AccountID(1), dollar)) == refusal)
    #expect(
      venue.refusal(of: .moveCollateral(from: AccountID(1), to: AccountID(2), dollar))
        == refusal)
    try venue.take(1, -1, of: perpetual)
    try venue.submit(.cancelOrder(AccountID(1), OrderID(1)))
    // A deposit ends the call at once, though the step stands until the next block.
    try venue.deposit(1, "100000", of: Coins.usd)
    #expect(venue.account(1).marginCall == .reduceOnly)
    try venue.take(1, 1, of: perpetual)
    #expect(calls(try venue.block()) == [.none])
  }

  @Test("a state with calls is written, read and recovered as it was")
  func recovery() throws {
    var venue = try called(at: "8000")
    while venue.account(1).marginCall != .cancelOrders {
      let price = venue.mark(perpetual).price.steps / Price.stepsPerOne - 10
      try venue.block(btc: "\(price)")
    }
    let state = venue.engine.state
    var reader = CanonicalReader(state.canonicalBytes)
    #expect(try LedgerState(from: &reader) == state)
    var none = state
    none.clearCall(of: AccountID(1))
    #expect(none.digest != state.digest)
  }
}

extension LedgerState {
  fileprivate mutating func clearCall(of id: AccountID) {
    let cause = LiquidationCause(equity: 0, maintenanceMargin: 0, time: time)
    apply(.marginCalled(id, .none, cause))
  }
}
