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

/// P19 to P25 of RELIABILITY over random worlds, recomputed beside the engine.
@Suite("Liquidation over random worlds")
struct LiquidationPropertyTests {
  /// Many more in the long run; the seed is the reproduction.
  private static let worlds: UInt64 =
    ProcessInfo.processInfo.environment["PLIMSOLL_FULL"] == "1" ? 5_000 : 10

  @Test("no liquidation breaks its rules", arguments: 1_000..<1_000 + worlds)
  func rules(seed: UInt64) throws {
    var venue = try FuzzTests.busyVenue()
    var commands = RandomCommands(seed: seed)
    var watch = LiquidationWatch(venue.engine)
    for _ in 0..<200 {
      let command = try commands.next(for: &venue)
      let before = venue.engine
      guard try venue.attempt(command), let record = venue.records.last else { continue }
      try watch.take(record, before: before, after: venue.engine)
      guard case .reportExecution(let report) = command else { continue }
      // P25: delivered again, an answer is nobody's.
      #expect(venue.refusal(of: command) == .unknownOrder(report.order), "P25")
    }
  }

  @Test("the worlds have liquidations of every kind that is watched")
  func coverage() throws {
    var seen = LiquidationWatch.Seen()
    for seed: UInt64 in 1_000..<1_008 {
      var venue = try FuzzTests.busyVenue()
      var commands = RandomCommands(seed: seed)
      var watch = LiquidationWatch(venue.engine)
      for _ in 0..<200 {
        let command = try commands.next(for: &venue)
        let before = venue.engine
        guard try venue.attempt(command), let record = venue.records.last else { continue }
        try watch.take(record, before: before, after: venue.engine)
      }
      seen.add(watch.seen)
    }
    #expect(seen.started > 10 && seen.filled > 5, "\(seen)")
    #expect(seen.restored > 3 && seen.closed > 3, "\(seen)")
    #expect(seen.stages > 20 && seen.solventFills > 3, "\(seen)")
  }
}

/// Follows the liquidations of a venue and holds each event against a state of its own.
private struct LiquidationWatch {
  struct Seen {
    var started = 0
    var filled = 0
    var solventFills = 0
    var restored = 0
    var closed = 0
    var stages = 0

    mutating func add(_ other: Seen) {
      started += other.started
      filled += other.filled
      solventFills += other.solventFills
      restored += other.restored
      closed += other.closed
      stages += other.stages
    }
  }

  private(set) var seen = Seen()
  private var state: LedgerState
  /// What an account in liquidation held when it began, by instrument.
  private var initial: [AccountID: [InstrumentID: Int64]] = [:]
  /// The block in which each order was sent.
  private var sent: [OrderID: UInt64] = [:]
  private let order: [LiquidationStage] = [
    .cancelOrders, .partial, .insuranceFund, .deleveraging, .socializedLoss,
  ]

  init(_ engine: Engine) { state = engine.state }

  /// - Parameters:
  ///   - before: The engine that took the step, as it was; for a report its valuation is that of
  ///     the step.
  ///   - after: As it is now; for a block its valuation is that of the step.
  mutating func take(_ record: Record, before: Engine, after: Engine) throws {
    // Other rules measure otherwise: an order promises nothing about them.
    if case .changeParameters = record.command { sent = [:] }
    for event in record.events {
      check(event, after.valuation)
      state.apply(event)
      checkAfter(event, after.valuation)
    }
    if case .reportExecution(let report) = record.command {
      checkProgress(report, record, before)
    }
    for account in state.accounts where account.liquidation == nil { initial[account.id] = nil }
  }

  private mutating func check(_ event: LedgerEvent, _ valuation: Valuation?) {
    switch event {
    case .liquidationStarted(let id, let cause):
      seen.started += 1
      guard let account = account(id), let valuation else { return }
      // P19, P20: the figures cited are those of this block's marks.
      let risk = valuation.risk(account.portfolio)
      #expect(risk.equity == cause.equity, "P19: equity at the price cited")
      #expect(risk.maintenanceMargin == cause.maintenanceMargin && cause.time == state.time)
      #expect(risk.equity < risk.maintenanceMargin, "P19")
      for position in account.portfolio.positions { checkFresh(position.instrument) }
      initial[id] = Dictionary(
        uniqueKeysWithValues: account.portfolio.positions.map {
          ($0.instrument, $0.size.steps)
        })
    case .liquidationOrderIssued(let order):
      sent[order.id] = state.block
      checkFresh(order.instrument)
      // P22: an order only reduces.
      let held = account(order.account)?.portfolio.size(of: order.instrument) ?? .zero
      #expect(order.size <= held.magnitude && order.side.sign == -held.sign, "P22")
    case .liquidationStageEntered(let id, let stage):
      seen.stages += 1
      guard let account = account(id), let last = account.liquidation?.stage else { return }
      // P23: who enters a stage was not restored by the one before, and none is left out or
      // gone back to.
      let (one, next) = (order.firstIndex(of: last), order.firstIndex(of: stage))
      #expect(next ?? -1 > one ?? .max, "P23: \(last) → \(stage)")
      if let valuation, !account.portfolio.positions.isEmpty {
        let risk = valuation.risk(account.portfolio)
        #expect(risk.equity < risk.maintenanceMargin + risk.liquidationBuffer, "P23")
      }
    default: break
    }
  }

  private mutating func checkAfter(_ event: LedgerEvent, _ valuation: Valuation?) {
    switch event {
    case .traded(let trade) where trade.cause == .liquidation || trade.cause == .deleveraging:
      for id in [trade.buyer, trade.seller] { checkWithinInitial(id, trade.instrument) }
    case .liquidationEnded(let id, let outcome):
      guard let account = account(id), let valuation else { return }
      switch outcome {
      case .closed:
        seen.closed += 1
        #expect(account.portfolio.positions.isEmpty, "P23: closed with a position")
        #expect(!account.portfolio.balances.contains { $0 < 0 }, "P23: closed with a debt")
      case .restored:
        seen.restored += 1
        let risk = valuation.risk(account.portfolio)
        #expect(
          risk.equity >= risk.maintenanceMargin + risk.liquidationBuffer,
          "P23: ended below its line")
      }
    default: break
    }
  }

  /// P22: a position in liquidation never grows, and never turns round.
  private func checkWithinInitial(_ id: AccountID, _ instrument: InstrumentID) {
    guard let account = account(id), account.liquidation != nil,
      let first = initial[id]?[instrument]
    else { return }
    let now = account.portfolio.size(of: instrument).steps
    #expect(now == 0 || now.signum() == first.signum(), "P22: turned round")
    #expect(now.magnitude <= first.magnitude, "P22: grew")
  }

  /// P22: each fill closes something, and a whole one in a partial liquidation lifts equity over
  /// maintenance margin and buffer, at the marks at which it was sent; P24: a solvent account is
  /// not filled into debt.
  private mutating func checkProgress(
    _ report: ExecutionReport, _ record: Record, _ before: Engine
  ) {
    guard let valuation = before.valuation,
      let account = before.state.accounts.first(where: {
        $0.liquidation?.order?.id == report.order
      }), let order = account.liquidation?.order
    else { return }
    var portfolio = account.portfolio
    let trades = record.events.compactMap { event -> Trade? in
      guard case .traded(let trade) = event, trade.cause == .liquidation else { return nil }
      return trade
    }
    guard !trades.isEmpty,
      let asset = before.state.listing.index(of: order.instrument).map({
        before.state.listing.index(of: before.state.listing.contracts[$0].settlementAsset) ?? 0
      })
    else { return }
    seen.filled += 1
    for trade in trades {
      portfolio.balances[asset] += portfolio.take(
        trade.buyer == account.id ? trade.size : -trade.size, of: trade.instrument,
        unitValue: trade.unitValue)
    }
    let (one, next) = (valuation.risk(account.portfolio), valuation.risk(portfolio))
    checkCloser(order, account.portfolio, portfolio)
    guard sent[order.id] == before.state.block else { return }
    let filled = trades.reduce(Size.zero) { $0 + $1.size }
    if order.stage == .partial, filled == order.size {
      #expect(room(next) > room(one), "P22: \(order)")
    }
    guard order.fundShare == 0, one.equity >= 0 else { return }
    seen.solventFills += 1
    #expect(next.equity >= 0, "P24: \(one.equity) → \(next.equity)")
  }

  /// P22: what is left of a position is less, and of its side; no bundled rule hedges.
  private func checkCloser(_ order: LiquidationOrder, _ before: Portfolio, _ after: Portfolio) {
    let (held, left) = (before.size(of: order.instrument), after.size(of: order.instrument))
    #expect(left.magnitude < held.magnitude && held.sign * left.sign >= 0, "P22: \(order)")
  }

  private func room(_ risk: AccountRisk) -> Int64 {
    risk.equity - risk.maintenanceMargin - risk.liquidationBuffer
  }

  /// P20: the price that a decision rests on was accepted in this block, from a quorum.
  private func checkFresh(_ instrument: InstrumentID) {
    guard let index = state.listing.index(of: instrument),
      let market = state.market(of: state.listing.contracts[index].underlying)
    else {
      Issue.record("P20: a decision about a market without a price")
      return
    }
    #expect(market.status == .open && market.freshAt == state.time, "P20")
  }

  private func account(_ id: AccountID) -> Account? {
    state.index(of: id).map { state.accounts[$0] }
  }
}
