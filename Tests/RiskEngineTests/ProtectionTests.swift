// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Parameters
import Quantities
import RiskEngine
import TestFixtures
import Testing

@Suite("Market makers' protection")
struct ProtectionTests {
  private let perpetual = Contracts.btcPerpetual
  private let one = AccountID(1)

  private var btc: AssetSymbol { get throws { try AssetSymbol("BTC") } }

  /// A limit in steps of the perpetual, 0.001 BTC each.
  private func limits(
    _ steps: Int64, seconds: Int64 = 60, frozen: Int64 = 30
  ) -> QuoteLimits {
    QuoteLimits(
      quantity: steps * 100_000, interval: TimeSpan(seconds: seconds),
      frozenTime: TimeSpan(seconds: frozen))
  }

  private func quote(
    _ venue: Venue, _ side: Side, _ steps: Int64, isQuote: Bool = true,
    on instrument: InstrumentID = Contracts.btcPerpetual, reduceOnly: Bool = false
  ) -> Command {
    .placeOrder(
      one,
      RestingOrder(
        id: venue.engine.state.nextOrder, instrument: instrument, side: side,
        remaining: Size(steps: steps), limit: venue.mark(instrument).price,
        isReduceOnly: reduceOnly, isQuote: isQuote))
  }

  /// An account with a limit of 250 steps and four quotes of 100 steps, two a side.
  private func quoting(usd: String = "100000", seconds: Int64 = 60) throws -> Venue {
    var venue = try Venue.marked()
    try venue.open(1, .cross, usd: usd)
    try venue.submit(.protectQuotes(one, btc, limits(250, seconds: seconds)))
    for side in [Side.buy, .sell, .buy, .sell] { try venue.submit(quote(venue, side, 100)) }
    return venue
  }

  /// The maker takes so much of the account's first resting quote of a side.
  private func meet(_ venue: Venue, _ side: Side, _ steps: Int64) throws -> Command {
    let order = try #require(venue.account(1).portfolio.orders.first { $0.side == side })
    return side == .buy
      ? try venue.trade(perpetual, buyer: 1, seller: 0, size: steps, order: order.id)
      : try venue.trade(perpetual, buyer: 0, seller: 1, size: steps, order: order.id)
  }

  @Test("fills count up to the limit; one step below it nothing happens, at it quotes go")
  func trigger() throws {
    var venue = try quoting()
    try venue.submit(meet(venue, .buy, 100))
    try venue.submit(meet(venue, .sell, 100))
    try venue.submit(meet(venue, .buy, 49))
    let protection = try #require(venue.account(1).portfolio.protection(of: btc))
    #expect(protection.filled.quantity == 249 * 100_000)
    #expect(venue.account(1).portfolio.orders.count == 2)
    let events = try venue.submit(meet(venue, .buy, 1))
    let removed = events.compactMap { event -> OrderEnd? in
      if case .orderRemoved(_, _, let end) = event { end } else { nil }
    }
    #expect(removed == [.protection, .protection])
    let end = venue.engine.state.time + TimeSpan(seconds: 30)
    #expect(events.last == .protectionTriggered(one, try btc, frozenUntil: end))
    #expect(venue.account(1).portfolio.orders.isEmpty)
    #expect(venue.account(1).portfolio.protection(of: try btc)?.filled == .zero)
  }

  @Test("orders that are no quotes stay, and do not count")
  func others() throws {
    var venue = try quoting()
    try venue.submit(quote(venue, .buy, 500, isQuote: false))
    let order = try #require(venue.account(1).portfolio.orders.last)
    try venue.submit(venue.trade(perpetual, buyer: 1, seller: 0, size: 300, order: order.id))
    #expect(venue.account(1).portfolio.protection(of: try btc)?.filled == .zero)
    for side in [Side.buy, .sell, .buy] { try venue.submit(meet(venue, side, 100)) }
    #expect(venue.account(1).portfolio.orders.map(\.isQuote) == [false])
  }

  @Test("quotes are refused until the frozen time has passed, or until a reset")
  func frozen() throws {
    for seconds: Int64 in [30, 0] {
      var venue = try quoting()
      try venue.submit(.protectQuotes(one, btc, limits(250, frozen: seconds)))
      for side in [Side.buy, .sell, .buy] { try venue.submit(meet(venue, side, 100)) }
      let end =
        seconds > 0
        ? venue.engine.state.time + TimeSpan(seconds: seconds) : QuoteProtection.untilReset
      #expect(
        venue.refusal(of: quote(venue, .buy, 1)) == .quotesFrozen(one, try btc, until: end))
      try venue.submit(quote(venue, .buy, 1, isQuote: false))
      try venue.block(after: 29)
      #expect(
        venue.refusal(of: quote(venue, .buy, 1)) == .quotesFrozen(one, try btc, until: end))
      try venue.block(after: 1)
      if seconds > 0 {
        try venue.submit(quote(venue, .buy, 1))
      } else {
        try venue.block(after: 100_000)
        #expect(
          venue.refusal(of: quote(venue, .buy, 1)) == .quotesFrozen(one, try btc, until: end))
        try venue.submit(.resetProtection(one, btc))
        try venue.submit(quote(venue, .buy, 1))
      }
    }
  }

  @Test("an interval begins with the first fill and ends with the first block after it")
  func interval() throws {
    var venue = try quoting()
    try venue.block(after: 500)
    try venue.submit(meet(venue, .buy, 60))
    try venue.block(after: 59)
    #expect(venue.account(1).portfolio.protection(of: try btc)?.filled.quantity == 6_000_000)
    let events = try venue.block(after: 1)
    #expect(events.contains(.protectionRenewed(one, try btc)))
    let renewed = try #require(venue.account(1).portfolio.protection(of: btc))
    #expect(renewed.filled == .zero && renewed.intervalEnd == nil)
    #expect(venue.account(1).portfolio.orders.count == 4, "what can be reserved stays")
    // Without a price nothing is renewed: what was filled still counts.
    try venue.submit(meet(venue, .buy, 10))
    try venue.silentBlock(after: 500)
    #expect(venue.account(1).portfolio.protection(of: try btc)?.filled.quantity == 1_000_000)
    try venue.block(after: 10)
    #expect(venue.account(1).portfolio.protection(of: try btc)?.filled == .zero)
  }

  // 5 % of 8 dollars a step: 0.4. A limit of 250 and quotes of 200 a side reserve 200 steps; and
  // of 1,000 a side, in quotes of 100, 350.
  @Test("quotes are taken as long as what may be filled of them is covered")
  func door() throws {
    for (usd, isEnough) in [("140", true), ("139.999999", false)] {
      var venue = try Venue.marked()
      try venue.open(1, .cross, usd: usd)
      try venue.submit(.protectQuotes(one, btc, limits(250)))
      for _ in 0..<3 { try venue.submit(quote(venue, .buy, 100)) }
      if isEnough {
        for _ in 0..<17 { try venue.submit(quote(venue, .buy, 100)) }
        #expect(
          venue.refusal(of: quote(venue, .buy, 101))?.code == "below-initial-margin",
          "a larger one crosses the limit by more")
      } else {
        #expect(venue.refusal(of: quote(venue, .buy, 100))?.code == "below-initial-margin")
      }
      #expect(
        venue.refusal(of: quote(venue, .buy, 100, isQuote: false))?.code
          == "below-initial-margin", "an order that is no quote is reserved in full")
    }
  }

  @Test("every fill of what was reserved is taken, up to the trigger")
  func fillsAreTaken() throws {
    var venue = try Venue.marked()
    try venue.open(1, .cross, usd: "140")
    try venue.submit(.protectQuotes(one, btc, limits(250)))
    for _ in 0..<20 { try venue.submit(quote(venue, .buy, 100)) }
    let unit = Amount(units: 1, asset: try Coins.usd)
    #expect(
      venue.refusal(of: .withdrawCollateral(one, unit))?.code == "below-initial-margin",
      "what is reserved does not leave")
    for steps: Int64 in [100, 50, 50, 49] { try venue.submit(meet(venue, .buy, steps)) }
    let large = try #require(
      venue.account(1).portfolio.orders.first { $0.remaining.steps == 100 })
    try venue.submit(venue.trade(perpetual, buyer: 1, seller: 0, size: 100, order: large.id))
    #expect(venue.size(1, perpetual) == 349)
    #expect(venue.account(1).portfolio.orders.isEmpty)
  }

  @Test("a fill that reduces a portfolio is taken at its initial margin, and below it")
  func reducingFill() throws {
    for price in ["8000", "7999"] {
      var venue = try Venue.marked()
      try venue.open(1, .portfolio, usd: "1000")
      try venue.take(1, 300, of: perpetual)
      try venue.submit(.protectQuotes(one, btc, limits(250)))
      for side in [Side.sell, .buy] { try venue.submit(quote(venue, side, 100)) }
      let excess = try #require(venue.engine.valuation).risk(venue.account(1).portfolio).excess
      try venue.submit(
        .withdrawCollateral(one, Amount(units: excess, asset: try Coins.usd)))
      try venue.block(btc: price)
      let risk = try #require(venue.engine.valuation).risk(venue.account(1).portfolio)
      #expect((risk.equity < risk.initialMargin) == (price == "7999"))
      let order = try #require(venue.account(1).portfolio.orders.first { $0.side == .sell })
      try venue.submit(
        venue.trade(perpetual, buyer: 0, seller: 1, size: 60, price: "8000", order: order.id))
      #expect(venue.size(1, perpetual) == 240)
      #expect(
        venue.account(1).portfolio.protection(of: try btc)?.filled.quantity == 60 * 100_000)
    }
  }

  @Test("quotes that an ended interval's reserve is not there for are withdrawn")
  func renewal() throws {
    for (usd, left) in [("180", 19), ("179.999999", 0)] {
      var venue = try Venue.marked()
      try venue.open(1, .cross, usd: usd)
      try venue.submit(.protectQuotes(one, btc, limits(250)))
      for _ in 0..<20 { try venue.submit(quote(venue, .buy, 100)) }
      // 100 are a position now; 350 more may be filled in the next interval: 450 × 0.4.
      try venue.submit(meet(venue, .buy, 100))
      #expect(venue.account(1).portfolio.orders.count == 19)
      let events = try venue.block(after: 60)
      #expect(venue.account(1).portfolio.orders.count == left)
      #expect(
        events.contains { if case .orderRemoved(_, _, .protection) = $0 { true } else { false } }
          == (left == 0))
      #expect(venue.account(1).portfolio.protection(of: try btc)?.frozenUntil == nil)
    }
  }

  @Test("limits are lowered freely, raised and reset only with the margin for it")
  func changes() throws {
    var venue = try Venue.marked()
    try venue.open(1, .cross, usd: "140")
    try venue.submit(.protectQuotes(one, btc, limits(250)))
    for _ in 0..<20 { try venue.submit(quote(venue, .buy, 100)) }
    #expect(
      venue.refusal(of: .protectQuotes(one, try btc, limits(251)))?.code
        == "below-initial-margin")
    #expect(venue.refusal(of: .protectQuotes(one, try btc, nil))?.code == "below-initial-margin")
    try venue.submit(meet(venue, .buy, 60))
    #expect(venue.refusal(of: .resetProtection(one, try btc))?.code == "below-initial-margin")
    try venue.submit(.protectQuotes(one, btc, limits(200)))
    #expect(venue.account(1).portfolio.orders.count == 20)
    // What was filled reaches the new limit: as if the last fill had.
    let events = try venue.submit(.protectQuotes(one, btc, limits(60)))
    #expect(venue.account(1).portfolio.orders.isEmpty)
    #expect(
      events.contains { if case .protectionTriggered = $0 { true } else { false } })
    try venue.submit(.protectQuotes(one, btc, nil))
    #expect(venue.account(1).portfolio.protections.isEmpty)
  }

  @Test("refusals name what is wrong")
  func refusals() throws {
    var venue = try Venue.marked()
    try venue.open(1, .cross, usd: "100000")
    let unknown = try AssetSymbol("DOGE")
    #expect(
      venue.refusal(of: .protectQuotes(AccountID(9), try btc, limits(1)))
        == .unknownAccount(AccountID(9)))
    #expect(
      venue.refusal(of: .protectQuotes(one, unknown, limits(1))) == .unknownUnderlying(unknown))
    #expect(venue.refusal(of: .protectQuotes(one, try btc, nil)) == .unprotected(one, try btc))
    #expect(venue.refusal(of: .resetProtection(one, try btc)) == .unprotected(one, try btc))
    #expect(venue.refusal(of: quote(venue, .buy, 1)) == .unprotected(one, try btc))
    let outside = Refusal.outsideLimits("a limit, interval or frozen time of a protection")
    let day = TimeSpan.day
    for limits in [
      QuoteLimits(interval: day, frozenTime: .zero),
      QuoteLimits(quantity: 0, interval: day, frozenTime: .zero),
      QuoteLimits(delta: QuoteLimits.highest + 1, interval: day, frozenTime: .zero),
      QuoteLimits(vega: -1, interval: day, frozenTime: .zero),
      QuoteLimits(vega: 1, interval: .zero, frozenTime: .zero),
      QuoteLimits(vega: 1, interval: TimeSpan(nanoseconds: day.nanoseconds + 1), frozenTime: .zero),
      QuoteLimits(vega: 1, interval: day, frozenTime: TimeSpan(nanoseconds: -1)),
      QuoteLimits(vega: 1, interval: day, frozenTime: TimeSpan(nanoseconds: day.nanoseconds + 1)),
    ] {
      #expect(venue.refusal(of: .protectQuotes(one, try btc, limits)) == outside)
    }
    try venue.submit(
      .protectQuotes(
        one, btc, QuoteLimits(vega: QuoteLimits.highest, interval: day, frozenTime: day)))
    try venue.take(1, 10, of: perpetual)
    #expect(
      venue.refusal(of: quote(venue, .sell, 1, reduceOnly: true))
        == .outsideLimits("a quote that may only reduce"))
    #expect(
      venue.refusal(of: quote(venue, .sell, 1, on: Contracts.ethPerpetual))
        == .unprotected(one, try AssetSymbol("ETH")))
  }

  @Test("an account in liquidation changes no protection, and a protection saves none")
  func liquidation() throws {
    var venue = try quoting(usd: "2000")
    try venue.take(1, 4_000, of: perpetual)
    try venue.block(btc: "7600")
    #expect(venue.account(1).liquidation != nil)
    #expect(venue.account(1).portfolio.orders.isEmpty)
    #expect(
      venue.refusal(of: .protectQuotes(one, try btc, limits(1))) == .accountInLiquidation(one))
    #expect(venue.refusal(of: .resetProtection(one, try btc)) == .accountInLiquidation(one))
  }
}
