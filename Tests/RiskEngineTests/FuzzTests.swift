// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Quantities
import RiskEngine
import TestFixtures
import Testing

@Suite("Random histories")
struct FuzzTests {
  /// A marked venue with accounts of every mode, fees and a fund that will not last.
  static func busyVenue() throws -> Venue {
    var venue = try Venue.marked([
      (key: "fees.maker", value: "0.02%"), (key: "fees.taker", value: "0.04%"),
      (key: "fees.option", value: "0.03%"),
    ])
    try venue.fund("300", of: Coins.usd)
    for id: UInt32 in 1...12 {
      try venue.open(id, MarginMode.allCases[Int(id) % 3], usd: "1500")
      if id % 4 == 0 { try venue.deposit(id, "0.2", of: Coins.btc) }
      if id % 5 == 0 { try venue.deposit(id, "4", of: Coins.eth) }
    }
    return venue
  }

  /// A history of a busy venue by its seed, audited event by event.
  private static let history = Kept<UInt64, Venue> { seed in
    var venue = try busyVenue()
    var commands = RandomCommands(seed: seed)
    for _ in 0..<240 { try venue.attempt(commands.next(for: &venue)) }
    return venue
  }

  /// Commands before a history begins.
  private static let opening = Result { try busyVenue().commands.count }

  @Test("no history breaks a rule, and a refused command leaves no trace", arguments: 0..<16)
  func invariants(seed: UInt64) throws {
    let venue = try Self.history(seed)
    let accepted = venue.commands.count - (try Self.opening.get())
    #expect(accepted > 60, "most of a history happens")
    #expect(venue.engine.state.brokenAfterBlock() == nil)
  }

  @Test(
    "when prices, a book and a fund are there again, every account is cleared", arguments: 0..<12)
  func calm(seed: UInt64) throws {
    var venue = try Self.history(seed)
    let usual = try ParameterFixture.set(Venue.wideOracle)
    try venue.submit(.changeParameters(usual))
    try venue.fund("1000000", of: Coins.usd)
    try venue.fund("100", of: Coins.btc)
    try venue.fund("1000", of: Coins.eth)
    for _ in 0..<60 {
      try venue.block(after: 61)
      let isDone = venue.engine.state.accounts.allSatisfy { $0.liquidation == nil }
      if isDone { break }
      for account in venue.engine.state.accounts {
        guard let order = venue.account(account.id.number).liquidation?.order else { continue }
        let mark = venue.mark(order.instrument).price
        let isWithin = order.side == .sell ? mark >= order.limit : mark <= order.limit
        try venue.attempt(venue.report(order, size: isWithin ? nil : 0, price: mark))
      }
    }
    for account in venue.engine.state.accounts {
      #expect(account.liquidation == nil, "P27: \(account)")
      let risk = try #require(venue.engine.valuation).risk(account.portfolio)
      #expect(risk.equity >= risk.maintenanceMargin || account.portfolio.positions.isEmpty)
    }
  }

  @Test("histories reach every stage of the waterfall")
  func coverage() throws {
    var stages: Set<LiquidationStage> = []
    var causes: Set<TradeCause> = []
    var reasons: Set<TransferReason> = []
    for seed: UInt64 in 0..<16 {
      for event in try Self.history(seed).records.flatMap(\.events) {
        switch event {
        case .liquidationStageEntered(_, let stage): stages.insert(stage)
        case .traded(let trade): causes.insert(trade.cause)
        case .transferred(let transfer): reasons.insert(transfer.reason)
        default: break
        }
      }
    }
    #expect(stages.isSuperset(of: [.partial, .insuranceFund, .deleveraging]))
    #expect(causes.isSuperset(of: [.matching, .liquidation, .deleveraging, .transfer]))
    #expect(
      reasons.isSuperset(of: [
        .deposit, .withdrawal, .liquidationPenalty, .insuranceCover, .tradingFee, .makerRebate,
      ]))
  }
}
