// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Quantities
import RiskEngine
import Testing

@testable import Simulation

@Suite("What each side pays")
struct BalanceLogTests {
  /// A venue in which one account holds seven steps of BTC-PERP against a registered maker.
  private func venue() throws -> (engine: Engine, perpetual: Contract, mark: InstrumentMark) {
    var venue = try MarkedVenue()
    let perpetual = try #require(
      venue.engine.state.listing.contracts.first { $0.name == "BTC-PERP" })
    for id in [AccountID(1), AccountID(2)] {
      _ = try venue.engine.step(.openAccount(id, .cross))
      let amount = Amount(units: 1_000_000_000_000, asset: venue.engine.state.listing.quote)
      _ = try venue.engine.step(.depositCollateral(id, amount))
    }
    let mark = try #require(venue.engine.valuation?.mark(of: perpetual.id))
    _ = try venue.engine.step(
      .recordTrade(
        TradeReport(
          instrument: perpetual.id, buyer: AccountID(1), seller: AccountID(2),
          size: Size(steps: 7), price: mark.price, origin: .transfer)))
    _ = try venue.engine.step(.registerMaker(AccountID(2)))
    return (venue.engine, perpetual, mark)
  }

  @Test("funding is what longs pay where it is positive, and shorts where it is negative")
  func funding() throws {
    let (engine, perpetual, _) = try venue()
    var log = BalanceLog()
    for payment in [Int64(300), -50, 1] {
      log.take(.fundingSettled(perpetual.id, rate: .zero, unitPayment: payment), engine)
    }
    log.record(engine)
    log.record(engine)
    let points = log.history.points
    #expect(points[0].longsPaid == 7 * 301 && points[0].shortsPaid == 7 * 50)
    #expect(points[1].longsPaid == 0 && points[1].shortsPaid == 0, "by block")
  }

  @Test("an entry fee is the buyer's or the seller's by the trade it follows")
  func entryFees() throws {
    let (engine, perpetual, mark) = try venue()
    let quote = engine.state.listing.quote
    func transfer(_ from: LedgerAccount, _ to: LedgerAccount, _ units: Int64) -> LedgerEvent {
      let reason: TransferReason = if case .entryPot = to { .entryFee } else { .entryRebate }
      return .transferred(
        Transfer(
          from: from, to: to, amount: Amount(units: units, asset: quote), reason: reason))
    }
    let pot = LedgerAccount.entryPot(perpetual.underlying)
    let trade = LedgerEvent.traded(
      Trade(
        instrument: perpetual.id, buyer: AccountID(1), seller: AccountID(2), size: Size(steps: 1),
        unitValue: mark.unitValue, price: mark.price, cause: .matching))
    var log = BalanceLog()
    log.take(trade, engine)
    log.take(transfer(.account(AccountID(1)), pot, 11), engine)
    log.take(trade, engine)
    log.take(transfer(.account(AccountID(2)), pot, 13), engine)
    log.take(transfer(pot, .account(AccountID(1)), 5), engine)
    log.start()
    log.take(transfer(.account(AccountID(1)), pot, 17), engine)
    log.take(transfer(.account(AccountID(2)), pot, 19), engine)
    log.take(transfer(pot, .account(AccountID(2)), 4), engine)
    log.record(engine)
    let point = try #require(log.history.points.first)
    #expect(point.buyersPaid == 17 && point.sellersPaid == 19 && point.rebates == 4)
  }

  @Test("rows are those of the engine where there is a house, and none where nobody is of it")
  func rows() throws {
    let (engine, perpetual, _) = try venue()
    var log = BalanceLog()
    log.record(try MarkedVenue().engine)
    log.record(engine)
    #expect(log.history.points[0].rows.isEmpty && log.history.points[1].rows.count == 2)
    let row = try #require(log.history.points[1].rows.first)
    #expect(row.takersDelta == 7 * perpetual.stepQuantity && row.makersDelta == -row.takersDelta)
    #expect(log.history.underlyings == [perpetual.underlying] && log.history.points[1].hedge == nil)
  }
}
