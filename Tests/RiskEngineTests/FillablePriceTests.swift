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

/// dYdX's fillable price as the limit of orders.
@Suite("Orders at a fillable price")
struct FillablePriceTests {
  private let perpetual = Contracts.btcPerpetual

  /// An account that was long 1 BTC, or short it, from 8,000 USD with 500 USD, a minute after the
  /// price moved against it.
  private func venue(
    _ changes: [(key: String, value: String)], size: Int64 = 1_000, btc: String = "7650"
  ) throws -> Venue {
    var venue = try Venue.marked(changes)
    try venue.open(1, .cross, usd: "500")
    try venue.take(1, size, of: perpetual)
    try venue.block(btc: btc, after: 60)
    return venue
  }

  private func spread(_ spread: String, _ adjustment: String? = nil) -> [(
    key: String, value: String
  )] {
    [(key: "liquidation.fillableSpread", value: spread)]
      + (adjustment.map { [(key: "liquidation.fillableAdjustment", value: $0)] } ?? [])
  }

  /// mark ∓ clamp(adjustment × (1 − equity ÷ M), 0, 1) × spread × M ÷ coins, one coin held.
  private func expected(_ venue: Venue, adjustment: Double, spread: Double) throws -> Double {
    let risk = try #require(venue.engine.valuation).risk(venue.account(1).portfolio)
    let margin = Double(risk.maintenanceMargin)
    let rating = min(max(adjustment * (1 - Double(risk.equity) / margin), 0), 1)
    let given = rating * spread * margin * 1e-6
    let mark = Double(venue.mark(perpetual).price.steps) * 1e-8
    return mark - Double(venue.size(1, perpetual).signum()) * given
  }

  @Test(
    "the limit leaves the mark as equity sinks",
    arguments: [("1", "10%"), ("2", "10%"), ("1", "20%"), ("100", "10%"), ("0", "10%")])
  func limit(adjustment: String, share: String) throws {
    for (size, btc) in [(1_000, "7650"), (-1_000, "8350")] as [(Int64, String)] {
      let venue = try self.venue(spread(share, adjustment), size: size, btc: btc)
      let order = try venue.order(of: 1)
      let price = try expected(
        venue, adjustment: Double(adjustment) ?? 0, spread: share == "20%" ? 0.2 : 0.1)
      // A unit of value a step is 0.001 USD, and prices are rounded to a tick in its favor.
      #expect(abs(Double(order.limit.steps) * 1e-8 - price) < 0.011, "\(order.limit) \(price)")
      let plain = try self.venue([], size: size, btc: btc).order(of: 1)
      #expect(size > 0 ? order.limit > plain.limit : order.limit < plain.limit)
      #expect(order.size == plain.size)
    }
  }

  @Test("the bankruptcy price stays where it is nearer")
  func clipped() throws {
    // 10 USD are left of 500; a hundred times the maintenance margin would be far beyond.
    let venue = try self.venue(spread("100%", "100"), btc: "7510")
    #expect(try venue.order(of: 1).limit == (try self.venue([], btc: "7510").order(of: 1).limit))
  }

  @Test("an order at a fillable price waits at it while there is equity, and then passes on")
  func waits() throws {
    func answered(_ changes: [(key: String, value: String)]) throws -> Venue {
      var venue = try self.venue(changes + [(key: "liquidation.patience", value: "1")])
      try venue.submit(venue.report(venue.order(of: 1), size: 0))
      try venue.block(after: 60)
      return venue
    }
    // The fund is empty; the maker is closed against, at the bankruptcy price.
    let closed: [LiquidationStage] = [.partial, .insuranceFund, .deleveraging]
    let plain = try answered([])
    #expect(plain.stagesEntered == closed && plain.account(1).liquidation == nil)
    #expect(plain.size(1, perpetual) == 0 && plain.balance(1) == 0)
    let waiting = try answered(spread("10%"))
    #expect(waiting.stagesEntered == [.partial] && waiting.stage(of: 1) == .partial)
    #expect(waiting.size(1, perpetual) == 1_000)
    var venue = try self.venue(spread("10%"))
    try venue.submit(venue.report(venue.order(of: 1), size: 0))
    try venue.block(btc: "7490", after: 60)
    #expect(venue.stagesEntered == closed && venue.account(1).liquidation == nil)
    #expect(venue.size(1, perpetual) == 0 && venue.balance(1) == 0)
  }

  @Test("what winners will bear is offered as far as without it")
  func lastStage() throws {
    let stages = LastStages.changes([.socializedLoss])
    let limited = try venue(stages + spread("10%"), btc: "7490").order(of: 1)
    let plain = try venue(stages, btc: "7490").order(of: 1)
    #expect(limited.stage == .socializedLoss && limited.limit == plain.limit)
  }

  @Test("the fund pays as far as the fillable price, and sets no more aside")
  func fund() throws {
    var venue = try Venue.marked(spread("10%"))
    try venue.fund("100000", of: Coins.usd)
    try venue.open(1, .cross, usd: "500")
    try venue.take(1, 1_000, of: perpetual)
    try venue.block(btc: "7490", after: 60)
    let order = try venue.order(of: 1)
    #expect(order.stage == .insuranceFund)
    let price = try expected(venue, adjustment: 1, spread: 0.1)
    #expect(abs(Double(order.limit.steps) * 1e-8 - price) < 0.011)
    // The bankruptcy price is 7,500: what lies between is the fund's.
    let perCoin = 7_500 - Double(order.limit.steps) * 1e-8
    #expect(abs(Double(order.fundShare) * 1e-6 - perCoin) < 0.011)
  }

  @Test(
    "what is not stated limits nothing; an adjustment alone, and what is out of bounds, is refused")
  func parameters() throws {
    func sizing(_ changes: [(key: String, value: String)]) throws -> SizingParameters {
      try LiquidationParameters(ParameterFixture.set(changes)).sizing
    }
    #expect(try sizing([]).fillable == nil)
    #expect(try sizing(spread("10%")).fillable?.adjustment == .one)
    #expect(try sizing(spread("100%", "100")).fillable?.spread == .one)
    #expect(try sizing(spread("0%", "0")).fillable?.spread == .zero)
    #expect(throws: ParameterError.missing(key: "liquidation.fillableSpread")) {
      _ = try sizing([(key: "liquidation.fillableAdjustment", value: "1")])
    }
    for changes in [
      spread("100.0000001%"), spread("-0.0000001%"), spread("10%", "100.000000001"),
      spread("10%", "-0.000000001"),
    ] {
      #expect(throws: ParameterError.self) { _ = try sizing(changes) }
    }
  }
}
