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

@Suite("A trade that adds to a position and lowers the account's risk")
struct HedgingTests {
  private let perpetual = Contracts.btcPerpetual
  private let future = Contracts.btcFuture

  /// Where an account long 1 BTC stands when it hedges with the future.
  enum Place: String, CaseIterable {
    /// Just below initial margin, in a venue without calls.
    case uncalled
    /// Below it by more than a hedge of a tenth frees.
    case farBelow
    case reduceOnly, cancelOrders, grace

    var refusal: String {
      switch self {
      case .uncalled, .farBelow: "below-initial-margin"
      case .reduceOnly, .cancelOrders: "called-to-reduce"
      case .grace: "account-in-liquidation"
      }
    }

    private func isReached(_ venue: Venue) throws -> Bool {
      let account = venue.account(1)
      let risk = try #require(venue.engine.valuation).risk(account.portfolio)
      switch self {
      case .uncalled: return risk.equity < risk.initialMargin
      case .farBelow: return risk.equity < risk.initialMargin / 10 * 9
      case .reduceOnly: return account.marginCall == .reduceOnly
      case .cancelOrders: return account.marginCall == .cancelOrders
      case .grace: return account.liquidation?.stage == .cancelOrders
      }
    }

    /// - Parameter before: What else happens while the account is healthy.
    func venue(
      _ mode: MarginMode = .portfolio, before: (inout Venue) throws -> Void = { _ in }
    ) throws -> Venue {
      let ladder = [
        (key: "marginCall.reduceOnly", value: "1.2"),
        (key: "marginCall.cancelOrders", value: "1.1"),
      ]
      let isCalled = self != .uncalled && self != .farBelow
      var venue = try Venue.marked(
        [(key: "liquidation.grace", value: "10min")] + (isCalled ? ladder : []))
      try venue.open(1, mode, usd: "3000")
      try venue.take(1, 1_000, of: Contracts.btcPerpetual)
      try before(&venue)
      let risk = try #require(venue.engine.valuation).risk(venue.account(1).portfolio)
      try venue.submit(
        .withdrawCollateral(
          AccountID(1), Amount(units: risk.equity - risk.initialMargin, asset: Coins.usd)))
      var price = 8_000
      while try !isReached(venue) {
        price -= 4
        try venue.block(btc: "\(price)", after: 1)
        try #require(price > 7_000)
      }
      try #require(self == .grace || !venue.account(1).isInLiquidation)
      return venue
    }
  }

  private func risk(_ venue: Venue) throws -> AccountRisk {
    try #require(venue.engine.valuation).risk(venue.account(1).portfolio)
  }

  @Test("is accepted where one that does not is refused", arguments: Place.allCases)
  func accepted(place: Place) throws {
    var venue = try place.venue()
    let stood = try risk(venue)
    for command in [
      try venue.trade(perpetual, buyer: 1, seller: 0, size: 1),
      try venue.trade(future, buyer: 1, seller: 0, size: 1),
      try venue.trade(Contracts.ethPerpetual, buyer: 1, seller: 0, size: 1),
      // Through flat and as far again: nothing has been lowered.
      try venue.trade(future, buyer: 0, seller: 1, size: 2_100),
    ] {
      #expect(venue.refusal(of: command)?.code == place.refusal)
    }
    try venue.take(1, -50, of: future)
    let stands = try risk(venue)
    #expect(stands.initialMargin < stood.initialMargin)
    #expect(stands.maintenanceMargin < stood.maintenanceMargin)
    #expect(stands.equity == stood.equity, "at the mark, without fees")
    let back = try venue.trade(future, buyer: 1, seller: 0, size: 50)
    #expect(venue.refusal(of: back)?.code == "below-initial-margin", "a hedge is kept")
    try venue.take(1, -450, of: future)
    #expect(venue.size(1, future) == -500 && venue.size(1, perpetual) == 1_000)
    try venue.block()
    #expect(venue.account(1).liquidation == nil)
    // Accounts are called before those in liquidation are seen to.
    if place == .grace { try venue.block() }
    #expect(venue.account(1).marginCall == .none)
  }

  @Test("is none where positions do not net", arguments: Place.allCases)
  func cross(place: Place) throws {
    var venue = try place.venue(.cross)
    let hedge = try venue.trade(future, buyer: 0, seller: 1, size: 500)
    #expect(venue.refusal(of: hedge)?.code == place.refusal)
  }

  /// The lowest price at which so many steps of the future may be sold, by a tick, and what is
  /// then refused a tick further.
  private func lastPrice(
    _ venue: Venue, size: Int64
  ) throws -> (ticks: Int64, after: Venue, refusal: Refusal?) {
    func sale(_ ticks: Int64) throws -> Command {
      let price = Price(steps: ticks * 1_000).description
      return try venue.trade(future, buyer: 0, seller: 1, size: size, price: price)
    }
    func after(_ ticks: Int64) throws -> Venue? {
      var trial = venue
      return try trial.attempt(sale(ticks)) ? trial : nil
    }
    let mark = venue.mark(future).price.steps / 1_000
    var (low, high) = (mark * 6 / 10, mark)
    try #require(try after(low) == nil && after(high) != nil)
    while low + 1 < high {
      let middle = (low + high) / 2
      if try after(middle) != nil { high = middle } else { low = middle }
    }
    var trial = venue
    let refusal = trial.refusal(of: try sale(low))
    return (high, try #require(try after(high)), refusal)
  }

  @Test("may cost what it frees and no more, to the tick", arguments: Place.allCases)
  func threshold(place: Place) throws {
    let called = try place.venue()
    let stood = try risk(called)
    let last = try lastPrice(called, size: 100)
    let stands = try risk(last.after)
    #expect(stands.equity < stood.equity && stands.equity >= 0)
    #expect(last.refusal?.code == "below-initial-margin")
    // A unit of 10^−6 dollars a step.
    let unit = 0..<100 as Range<Int64>
    guard place != .uncalled else {
      // With its initial margin again it needs no hedge, and may pay all that is above.
      #expect(unit.contains(stands.equity - stands.initialMargin))
      return
    }
    let room = (stands.equity - stands.initialMargin) - (stood.equity - stood.initialMargin)
    let surplus =
      (stands.equity - stands.maintenanceMargin - stands.liquidationBuffer)
      - (stood.equity - stood.maintenanceMargin - stood.liquidationBuffer)
    #expect(room > 0 && surplus >= 0)
    // Of the three, what a reduction may take out is the least: the maintenance margin it frees.
    let drained =
      (stands.equity - stands.maintenanceMargin) - (stood.equity - stood.maintenanceMargin)
    #expect(unit.contains(drained))
  }

  @Test("does not leave less than nothing, whatever it frees")
  func insolvent() throws {
    var venue = try Place.grace.venue()
    // Far below the line before anything is sold.
    var price = Int(venue.mark(perpetual).price.value)
    while try venue.equity(1) > 20_000_000 {
      price -= 10
      try venue.block(btc: "\(price)", after: 1)
    }
    try #require(venue.stage(of: 1) == .cancelOrders)
    let last = try lastPrice(venue, size: 1_000)
    #expect(try (0..<1_000).contains(last.after.equity(1)), "a unit a step")
    #expect(last.refusal?.code == "below-initial-margin")
  }

  @Test("is no resting order, for others may fill before it", arguments: Place.allCases)
  func orders(place: Place) throws {
    var venue = try place.venue()
    let order = RestingOrder(
      id: venue.engine.state.nextOrder, instrument: future, side: .sell,
      remaining: Size(steps: 500), limit: venue.mark(future).price, isReduceOnly: false)
    #expect(venue.refusal(of: .placeOrder(AccountID(1), order))?.code == place.refusal)
  }

  @Test("may fill an order that rested before the call, and one that adds risk may not")
  func fills() throws {
    func order(
      _ id: UInt64, _ side: Side, _ instrument: InstrumentID, _ limit: String
    ) throws -> Command {
      .placeOrder(
        AccountID(1),
        RestingOrder(
          id: OrderID(id), instrument: instrument, side: side, remaining: Size(steps: 100),
          limit: try Price(limit), isReduceOnly: false))
    }
    var venue = try Place.reduceOnly.venue { venue in
      try venue.submit(order(1, .sell, future, "7000"))
      try venue.submit(order(2, .buy, perpetual, "8000"))
    }
    let buy = try venue.trade(perpetual, buyer: 1, seller: 0, size: 100, order: OrderID(2))
    #expect(venue.refusal(of: buy) == .calledToReduce(AccountID(1)))
    try venue.submit(
      venue.trade(future, buyer: 0, seller: 1, size: 100, order: OrderID(1)))
    #expect(venue.account(1).portfolio.orders.map(\.id) == [OrderID(2)])
  }

  @Test("waits where the market is reduce-only, and after the grace")
  func closed() throws {
    var venue = try Place.reduceOnly.venue()
    try venue.submit(venue.nextBlock(after: 300, silent: ["BTC"]))
    let hedge = try venue.trade(future, buyer: 0, seller: 1, size: 500)
    #expect(venue.refusal(of: hedge) == .marketIsReduceOnly(try AssetSymbol("BTC")))
    var late = try Place.grace.venue()
    try late.block(after: 600)
    try late.submit(late.report(late.order(of: 1), size: 0))
    try #require(late.stage(of: 1) == .partial)
    let second = try late.trade(future, buyer: 0, seller: 1, size: 500)
    #expect(late.refusal(of: second) == .accountInLiquidation(AccountID(1)))
  }

  @Test("pays its fee out of what it frees")
  func fee() throws {
    func lastPrice(fee: String) throws -> Double {
      let venue = try Place.uncalled.venue { venue in
        let set = try venue.engine.state.parameters.setting(
          "fees.taker", to: fee, source: "test")
        try venue.submit(.changeParameters(set))
      }
      return Price(steps: try self.lastPrice(venue, size: 100).ticks * 1_000).value
    }
    let (free, charged) = (try lastPrice(fee: "0%"), try lastPrice(fee: "1%"))
    // A hundredth of some 7,000 dollars.
    #expect((60...80).contains(charged - free), "\(free), \(charged)")
  }
}
