// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Quantities
import RiskEngine
import Testing

@testable import Simulation

@Suite("Costs of one liquidation")
struct CostTallyTests {
  private var venue: MarkedVenue
  private var tally = CostTally()
  private let account = AccountID(1)
  private let winner = AccountID(2)

  init() throws {
    venue = try MarkedVenue()
    let instant = MarkedVenue.start + TimeSpan(seconds: 180)
    let record = try venue.engine.step(.advanceBlock(at: instant, samples: []))
    tally.begin(record, venue.engine)
    let cause = LiquidationCause(equity: 0, maintenanceMargin: 1, time: instant)
    _ = tally.take(.liquidationStarted(account, cause), venue.engine)
  }

  private mutating func move(
    _ units: Int64, from: LedgerAccount, to: LedgerAccount, _ reason: TransferReason
  ) throws -> CostTally.Charge? {
    let amount = Amount(units: units, asset: venue.engine.state.listing.quote)
    return tally.take(
      .transferred(Transfer(from: from, to: to, amount: amount, reason: reason)), venue.engine)
  }

  @Test("what the fund pays a seller of an asset is paid for the one it was sold to")
  mutating func sellers() throws {
    _ = tally.take(.liquidationStageEntered(account, .insuranceFund), venue.engine)
    #expect(try move(7, from: .account(winner), to: .account(account), .conversion) == nil)
    let charge = try #require(
      try move(9, from: .insuranceFund, to: .account(winner), .insuranceCover))
    #expect(charge.account == account && charge.bearer == .fund && charge.amount == 9)
    let own = try #require(
      try move(5, from: .insuranceFund, to: .account(account), .insuranceCover))
    #expect(own.account == account)
    let costs = tally.close(account)
    #expect(costs.fundPaid(at: .insuranceFund) == 14 && costs.total == 0)
    #expect(costs.paid(by: .fund, at: .insuranceFund) == 14)
    #expect(tally.close(account).fundPaid(at: .insuranceFund) == 0, "closed is closed")
  }

  @Test("collateral that is sold costs what it is worth more than what is paid for it, and the fee")
  mutating func collateral() throws {
    _ = tally.take(.liquidationStageEntered(account, .partial), venue.engine)
    #expect(try move(100, from: .account(account), to: .account(winner), .collateralSale) == nil)
    let loss = try #require(
      try move(93, from: .account(winner), to: .account(account), .collateralSale))
    #expect(loss.amount == 7 && loss.bearer == .account)
    let fee = try #require(
      try move(2, from: .account(account), to: .insuranceFund, .conversionFee))
    #expect(fee.amount == 2)
    let costs = tally.close(account)
    #expect(costs[.partial, .slippage] == 7 && costs[.partial, .fee] == 2)
    #expect(costs.paid(by: .account, at: .partial) == 9)
    #expect(tally.costs.total == 9, "the same in the sum of all")
  }

  @Test("a loss that winners share and a penalty have their payers")
  mutating func payers() throws {
    let penalty = try #require(
      try move(3, from: .account(account), to: .insuranceFund, .liquidationPenalty))
    #expect(penalty.bearer == .account)
    let right = try #require(
      try move(1, from: .account(winner), to: .account(account), .rightsPayment))
    #expect(right.amount == -1, "a sale of the right to its slice is a gain")
    let relay = try #require(try move(5, from: .account(account), to: .fees, .relayFee))
    #expect(relay.amount == 5)
    let passedOn = try #require(
      try move(6, from: .account(account), to: .account(winner), .relayFee))
    #expect(passedOn.amount == 6 && passedOn.bearer == .account, "whoever is paid")
    let shared = try #require(
      try move(4, from: .account(winner), to: .account(account), .socializedLoss))
    #expect(shared.bearer == .winners)
    let costs = tally.close(account)
    #expect(costs.paid(by: .winners, at: .socializedLoss) == 4)
    #expect(costs.paid(by: .account, at: .cancelOrders) == 3 - 1 + 5 + 6)
    #expect(try move(1, from: .account(winner), to: .fees, .tradingFee) == nil, "no liquidation")
  }
}
