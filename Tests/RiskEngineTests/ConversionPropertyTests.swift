// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Instruments
import Ledger
import Margin
import MarketData
import Parameters
import Quantities
import RiskEngine
import TestFixtures
import Testing

/// Worlds in which collateral is sold by every way there is, and what must hold in them.
@Suite("Collateral that is sold, whoever answers what")
struct ConversionPropertyTests {
  /// What a world has shown.
  private struct Count {
    var decisions = 0
    var fills = 0
    var fees = 0
  }

  private static let customers = 3...6 as ClosedRange<UInt32>
  private static let worlds =
    ProcessInfo.processInfo.environment["PLIMSOLL_FULL"] == "1" ? 2_000 : 25

  private func venue(_ random: inout Seeded) throws -> Venue {
    var venue = try Conversions.listed(
      [
        ("conversion.choice", String(random.number(1...2))),
        ("conversion.execution", String(random.number(0...2))),
        ("conversion.fee", random.pick(["0%", "0.5%", "3%"])),
        ("conversion.slippage", random.pick(["0.5%", "5%", "50%"])),
        ("collateral.ETH.conversionCost", random.pick(["0%", "0.3%", "2%", "9%"])),
        ("liquidation.choice", String(random.number(0...2))),
        ("clearing.fundingInterval", random.pick(["5min", "1d"])),
      ], fund: String(random.number(1...3_000)))
    try venue.submit(
      .listInstrument(
        Contracts.contract(
          21, "BTC-SPOT", "BTC", .spot, .linear, Coins.usd, 100_000, "500000")))
    for id in Self.customers {
      try venue.open(id, random.oneIn(3) ? .portfolio : .cross, usd: String(random.number(1...300)))
      try venue.deposit(id, decimalText(random.number(1...900), decimals: 2), of: Coins.eth)
      if random.oneIn(2) {
        try venue.deposit(id, decimalText(random.number(1...200), decimals: 3), of: Coins.btc)
      }
      for instrument in [Contracts.btcPerpetual, Contracts.btcInverse, Contracts.ethPerpetual] {
        let most: Int64 = instrument == Contracts.btcPerpetual ? 1_500 : 6_000
        let size = random.number(1...most) * (random.oneIn(2) ? 1 : -1)
        let isLong = size > 0
        try venue.attempt(
          venue.trade(
            instrument, buyer: isLong ? id : 0, seller: isLong ? 0 : id, size: abs(size)))
      }
    }
    return venue
  }

  private func fill(
    _ limit: Price, _ mark: Price, _ steps: Int64, _ random: inout Seeded
  ) -> [ExecutionReport.Fill] {
    guard !random.oneIn(4) else { return [] }
    let price = random.oneIn(2) ? limit : Price(steps: max(mark.steps, 0))
    let size = random.oneIn(2) ? steps : random.number(1...max(steps + steps / 8, 1))
    return [
      ExecutionReport.Fill(
        counterparty: AccountID(random.oneIn(6) ? 0 : 2), size: Size(steps: size), price: price)
    ]
  }

  /// Something that the outside may say of what is out: true, late, doubled or wrong.
  private func answer(_ venue: Venue, _ random: inout Seeded) -> Command? {
    let liquidations = venue.engine.state.accounts.filter { $0.liquidation != nil }
    guard !liquidations.isEmpty else { return nil }
    let account = random.pick(liquidations)
    if let sale = account.liquidation?.sale, random.oneIn(2) || account.liquidation?.order == nil {
      guard let market = sale.market else {
        let bids = (0..<random.number(1...3)).map { _ in
          CollateralBid(
            bidder: AccountID(UInt32(random.number(0...6))),
            units: random.oneIn(2) ? sale.left : random.number(1...max(sale.left, 1)),
            limit: Price(steps: sale.price.steps + random.number(-50_000_000...1_000_000_000)),
            receivedAt: Venue.start + TimeSpan(seconds: random.number(0...3)))
        }
        return .bidForCollateral(account.id, sale.id, bids)
      }
      let perStep: Int64 = market == Conversions.spot ? 1_000_000 : 100_000
      return .reportExecution(
        ExecutionReport(
          order: sale.id,
          fills: fill(sale.limit, venue.mark(market).price, sale.left / perStep, &random)))
    }
    guard let order = account.liquidation?.order else { return nil }
    return .reportExecution(
      ExecutionReport(
        order: order.id,
        fills: fill(order.limit, venue.mark(order.instrument).price, order.size.steps, &random)))
  }

  private func history(seed: UInt64, length: Int = 14) throws -> (venue: Venue, count: Count) {
    var random = Seeded(seed)
    var venue = try venue(&random)
    var count = Count()
    var last: Command?
    for _ in 0..<length {
      let before = venue
      var command = answer(venue, &random)
      if random.oneIn(8), let last { command = last }
      if let command, !random.oneIn(3) {
        guard try venue.attempt(command) else { continue }
        last = command
      } else {
        try venue.set("BTC", String(random.number(6_300...9_700)))
        try venue.set("ETH", String(random.number(160...230)))
        try venue.submit(
          venue.nextBlock(
            after: random.number(20...100), silent: random.oneIn(9) ? ["ETH"] : []))
      }
      try check(venue, since: before, &count)
    }
    return (venue, count)
  }

  /// No fill leaves an account with positions further below its line, or insolvent, at the prices
  /// of the moment: in a book but for a unit a step.
  private func checkExcess(
    of fill: CollateralFill, _ sale: CollateralSale, in events: [LedgerEvent], _ before: Venue
  ) throws {
    var after = before.account(fill.account.number).portfolio
    let fills = Conversions.fills(events)
    guard !after.positions.isEmpty, sale.market != nil, fills.count == 1 else { return }
    let valuation = try #require(before.engine.valuation)
    let asset = try #require(before.engine.state.listing.index(of: sale.asset))
    let stood = valuation.risk(after)
    after.balances[asset] -= fill.units
    after.balances[0] += fill.paid
    let stands = valuation.risk(after)
    let gain =
      stands.equity - stands.maintenanceMargin - stands.liquidationBuffer
      - (stood.equity - stood.maintenanceMargin - stood.liquidationBuffer)
    #expect(gain >= -fill.units / 100_000 && stands.equity >= 0)
  }

  private func check(_ venue: Venue, since before: Venue, _ count: inout Count) throws {
    let events = venue.records.last?.events ?? []
    #expect(events.count < 2_000, "a step ends")
    for (place, event) in events.enumerated() {
      switch event {
      case .conversionDecided(let decision):
        count.decisions += 1
        #expect(decision.units > 0 && decision.worth > 0 && decision.cost >= 0)
        #expect(decision.freed == 0 || decision.freed > decision.cost)
      case .collateralSold(let fill):
        count.fills += 1
        let sale = try #require(before.account(fill.account.number).liquidation?.sale)
        #expect(sale.id == fill.sale && fill.units <= sale.left && fill.paid > 0)
        try checkExcess(of: fill, sale, in: events, before)
        // Never below the limit, but for the rounding of one unit in each step.
        let least = Int128(fill.units) * Int128(sale.limit.steps) / 10_000_000_000
        #expect(Int128(fill.paid) + 1_000 >= least)
      case .transferred(let transfer) where transfer.reason == .conversionFee:
        count.fees += 1
        guard case .transferred(let paid) = events[place - 1] else {
          Issue.record("a fee without a sale")
          return
        }
        #expect(paid.reason == .collateralSale && paid.amount.units > transfer.amount.units)
      default: break
      }
    }
    guard case .bidForCollateral(let id, _, _) = venue.commands.last else { return }
    #expect(try venue.equity(id.number) >= min(before.equity(id.number), 0) - 2)
  }

  /// No account owes a coin that it did not owe before by selling it.
  private func checkCoins(_ venue: Venue) throws {
    var state = LedgerState(quote: try Coins.usd, parameters: venue.engine.state.parameters)
    for event in venue.records.flatMap(\.events) {
      state.apply(event)
      guard case .transferred(let transfer) = event,
        transfer.reason == .collateralSale
          || (transfer.reason == .conversion && transfer.to == .insuranceFund),
        case .account(let id) = transfer.from, let index = state.index(of: id),
        let asset = state.listing.index(of: transfer.amount.asset)
      else { continue }
      #expect(state.accounts[index].portfolio.balances[asset] >= 0, "sold what was not there")
    }
  }

  @Test("no answer breaks a rule of the venue, the account or the buyer", arguments: 0..<8)
  func properties(seed: UInt64) throws {
    var total = Count()
    for world in 0..<Self.worlds {
      let (venue, count) = try history(seed: seed * 100_000 + UInt64(world))
      try checkCoins(venue)
      total.decisions += count.decisions
      total.fills += count.fills
      total.fees += count.fees
    }
    #expect(total.decisions > 20 && total.fills > 4, "\(total)")
  }

  @Test("a venue with sales open is recovered and decides alike", arguments: 0..<4)
  func recovery(seed: UInt64) throws {
    var open = 0
    for world in 0..<4 {
      let venue = try history(seed: 7_000_000 + seed * 100 + UInt64(world), length: 24).venue
      guard case .openVenue(let quote, let set) = venue.commands[0] else { return }
      var random = Seeded(seed)
      var live = try Engine.open(quote: quote, parameters: set).engine
      var recovered = live
      for (command, record) in zip(venue.commands, venue.records).dropFirst() {
        let isOpen = live.state.accounts.contains { $0.liquidation?.sale != nil }
        if random.oneIn(isOpen ? 2 : 8) {
          let bytes = live.state.canonicalBytes
          let state = try LedgerState(canonicalBytes: bytes)
          #expect(state.canonicalBytes == bytes)
          if isOpen { open += 1 }
          live = try Engine(state: state, hash: live.hash, sequence: live.sequence)
        }
        let read = try Command(canonicalBytes: command.canonicalBytes)
        #expect(try live.step(read).hash == record.hash)
        try recovered.recover(record)
      }
      try recovered.finishRecovery()
      #expect(recovered.state == live.state && live.hash == venue.engine.hash)
    }
    #expect(open > 0, "sales were open where it was stopped")
  }
}
