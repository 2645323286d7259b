// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Foundation
import Instruments
import Journal
import Ledger
import Parameters
import Quantities
import RiskEngine
import Testing

@testable import Simulation

/// A folder of one test, removed with it.
private final class Scratch {
  let path = FileManager.default.temporaryDirectory
    .appendingPathComponent("plimsoll-\(UUID().uuidString)").path

  init() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }
}

@Suite("A replay's journal, followed event by event")
struct ReplayLedgerTests {
  private let scratch = try! Scratch()
  private var journal: String { scratch.file("journal.db") }

  /// Ninety minutes of three venues: level, then down two fifths in ten minutes, then level.
  private func crash() throws -> RecordedMarket {
    let start = MarkedVenue.start.nanoseconds / 1_000_000
    for (venue, name) in ["BINANCE", "BITSTAMP", "COINBASE"].enumerated() {
      var text = "ts_ms,open,high,low,close\n"
      for minute in 0..<90 {
        let price = 7_900 - 320 * min(max(minute - 20, 0), 10) + venue
        text += "\(start + Int64(minute) * 60_000),\(price),\(price + 2),\(price - 330),"
        text += "\(price - 320)\n"
      }
      let file = scratch.file("BTC-USD.\(name).1m.csv")
      try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    }
    return try UserMarketReader.load(
      folder: scratch.path, window: nil, underlyings: [], badRows: .refuse)
  }

  private func plan(_ target: JournalTarget, accounts: Int = 40) throws -> ReplayPlan {
    ReplayPlan(
      title: "a fall", market: try crash(), parameters: try MarkedVenue.file.get().set,
      accounts: .population(count: accounts, seed: 3), journal: target, blocksPerCommit: 7,
      blocksPerSnapshot: 31)
  }

  private func replay() throws -> ReplayResult {
    var replay = try Replay(plan(.create(journal)))
    return try replay.run()
  }

  /// Calls `body` with every command of the journal, the events as stored, and the hash.
  private func follow(
    _ body: (Command, [LedgerEvent], ChainHash) throws -> Void
  ) throws {
    var command: Command?
    try JournalReader.open(journal).forEachRecord { stored in
      guard let pending = command else {
        #expect(stored.record.kind == .command)
        command = try Command(canonicalBytes: stored.record.payload)
        return
      }
      #expect(stored.record.kind == .events)
      command = nil
      let events = try Record.decodeEvents(stored.record.payload)
      try body(pending, events, stored.record.chainHash)
    }
    #expect(command == nil)
  }

  @Test("conserves money to the unit and keeps the fund at or above zero after every event")
  func conservation() throws {
    let result = try replay()
    #expect(result.totals.liquidations > 0 && result.totals.fundPaid > 0, "the fall is hard")
    var audit = try MoneyAudit(parameters: MarkedVenue.file.get().set)
    try follow { _, events, _ in
      for event in events { audit.take(event) }
    }
    #expect(audit.events == result.totals.events)
    #expect(audit.state.houses.map(\.insuranceFund) == result.points.last?.insuranceFund)
  }

  @Test("gives positions and what they cost from the facts of trades and settlements alone")
  func heldPositions() throws {
    let result = try replay()
    var held = HeldPositions()
    var state = LedgerState(
      quote: try Asset(symbol: AssetSymbol("USD"), decimals: 6),
      parameters: try MarkedVenue.file.get().set)
    try follow { _, events, _ in
      for event in events {
        state.apply(event)
        held.take(event)
      }
    }
    #expect(result.totals.positions > 0)
    for account in state.accounts {
      for contract in state.listing.contracts {
        let slot = account.portfolio.slot(of: contract.id)
        let position = slot.isHeld ? account.portfolio.positions[slot.index] : nil
        #expect(held.position(of: account.id, in: contract.id) == position)
      }
    }
  }

  @Test("adds up to the totals of the report")
  func totals() throws {
    let result = try replay()
    var sums = Sums()
    var engine: Engine?
    try follow { command, events, hash in
      if case .openVenue(let quote, let set) = command {
        engine = try Engine.open(quote: quote, parameters: set).engine
      } else {
        _ = try engine?.step(command)
      }
      let current = try #require(engine)
      #expect(current.hash == hash)
      sums.take(events, current)
    }
    let totals = result.totals
    #expect(totals.records == sums.records && totals.events == sums.events)
    #expect(totals.liquidations == sums.liquidations)
    #expect(totals.liquidationsByFurthestStage.values.reduce(0, +) == sums.liquidations)
    #expect(totals.penalties == sums.penalties && totals.fundPaid == sums.fundPaid)
    #expect(totals.fees == sums.fees && totals.fees > 0)
    #expect(totals.gapPremiums == sums.gapPremiums)
    #expect(totals.socializedValue == sums.socialized)
    #expect(totals.liquidatedValue == sums.liquidated)
    #expect(totals.deleveragedValue == sums.deleveraged)
    #expect(totals.deleveragedAccounts <= totals.accounts)
    #expect(totals.rejectedSamples == sums.rejected)
    #expect(result.rejectionCounts.map(\.count).reduce(0, +) == sums.rejected)

    let end = try #require(engine)
    let valuation = try #require(end.valuation)
    let funds = end.state.houses.map(\.insuranceFund)
    #expect(
      totals.fundAtEnd
        == funds.indices.reduce(0) { $0 + valuation.quote(funds[$1], asset: $1) })
    #expect(totals.lowestFund == result.points.map(\.insuranceFundValue).min())
    #expect(totals.lowestFund >= 0 && totals.blocks == result.points.count)
    #expect(result.hash == end.hash && totals.accounts == end.state.accounts.count)
  }

  @Test("has one hash with a journal, without one, with other commit groups and with threads")
  func sameHash() throws {
    let written = try replay()
    var plan = try plan(.none)
    plan.blocksPerCommit = 1
    plan.blocksPerSnapshot = 0
    plan.workers = .threads(3)
    var again = try Replay(plan)
    #expect(try again.run().hash == written.hash)
  }

  @Test("is verified and recovered from, and its last snapshot holds the recovered state")
  func recovery() throws {
    let result = try replay()
    let reader = try JournalReader.open(journal)
    let verified = try verify(reader, workers: .one) { _, _ in }
    let recovered = try recover(reader, workers: .one)
    #expect(verified.engine.hash == result.hash && recovered.hash == result.hash)
    #expect(recovered.state == verified.engine.state)
    #expect(recovered.sequence == verified.engine.sequence)
    let isUsed = try reader.latestSnapshot() != nil
    #expect(isUsed, "recovery had a snapshot to begin with")
  }

  @Test("of a finished run is resumed to the same end, and not with another population")
  func resumed() throws {
    let result = try replay()
    var again = try Replay(plan(.resume(journal)))
    #expect(try again.run().hash == result.hash)
    #expect(throws: VerificationError.self) {
      var other = try Replay(plan(.resume(journal), accounts: 41))
      _ = try other.run()
    }
    let reader = try JournalReader.open(journal)
    #expect(try verify(reader, workers: .one) { _, _ in }.engine.hash == result.hash)
  }

  @Test(
    "of another engine or of other numbers is refused by name",
    arguments: [
      ("plimsoll-engine-0", EngineVersion.numbers, "plimsoll-engine-0"),
      (EngineVersion.engine, "plimsoll-numbers-0", "plimsoll-numbers-0"),
    ])
  func foreign(engine: String, numbers: String, named: String) throws {
    let set = try MarkedVenue.file.get().set
    let writer = try JournalWriter.create(
      journal,
      header: JournalHeader(
        engineVersion: engine, numbersVersion: numbers, parameterHash: set.digest,
        genesisHash: .zero, createdBy: "a test"))
    try writer.close()
    let refusals: [(any Error)?] = [
      #expect(throws: JournalError.self) {
        try verify(JournalReader.open(journal), workers: .one) { _, _ in }
      },
      #expect(throws: JournalError.self) {
        try recover(JournalReader.open(journal), workers: .one)
      },
      #expect(throws: JournalError.self) { try Replay(plan(.resume(journal))) },
    ]
    for refusal in refusals {
      let text = refusal.map { "\($0)" } ?? ""
      #expect(text.contains(named) && text.contains("this program supports"), "\(text)")
    }
  }
}

/// A ledger of its own, fed with recorded events alone; sums everything anew after each.
private struct MoneyAudit {
  private(set) var state: LedgerState
  private(set) var events = 0
  /// Deposits and contributions − withdrawals, by asset.
  private var outside: [Int128] = [0]

  init(parameters: ParameterSet) throws {
    state = LedgerState(
      quote: try Asset(symbol: AssetSymbol("USD"), decimals: 6), parameters: parameters)
  }

  mutating func take(_ event: LedgerEvent) {
    state.apply(event)
    events += 1
    if case .collateralAccepted = event { outside.append(0) }
    if case .transferred(let transfer) = event,
      let asset = state.listing.index(of: transfer.amount.asset)
    {
      if transfer.from == .outside { outside[asset] += Int128(transfer.amount.units) }
      if transfer.to == .outside { outside[asset] -= Int128(transfer.amount.units) }
    }
    var sums = FreshSums(state)
    #expect(sums.money == outside, "money is conserved after \(event)")
    #expect(sums.sizes.allSatisfy { $0 == 0 }, "every market sums to zero after \(event)")
    sums.funds.removeAll { $0 >= 0 }
    #expect(sums.funds.isEmpty, "the fund is not negative after \(event)")
  }
}

/// Sums over all accounts of a state, taken anew.
private struct FreshSums {
  /// Balances, fund and fees less what positions cost, by asset.
  var money: [Int128]
  /// Net size by instrument.
  var sizes: [Int64]
  var funds: [Int64]

  init(_ state: LedgerState) {
    money = state.houses.map { Int128($0.insuranceFund) + Int128($0.fees) }
    sizes = [Int64](repeating: 0, count: state.listing.contracts.count)
    funds = state.houses.map(\.insuranceFund)
    for account in state.accounts {
      for asset in account.portfolio.balances.indices {
        money[asset] += Int128(account.portfolio.balances[asset])
      }
      for position in account.portfolio.positions {
        guard let index = state.listing.index(of: position.instrument),
          let asset = state.listing.index(of: state.listing.contracts[index].settlementAsset)
        else { continue }
        sizes[index] += position.size.steps
        money[asset] -= Int128(position.cost)
      }
    }
  }
}

/// What the report's totals must be, summed from the ledger's events.
private struct Sums {
  var records = 0
  var events = 0
  var liquidations = 0
  var rejected = 0
  var penalties: Int64 = 0
  var fees: Int64 = 0
  var gapPremiums: Int64 = 0
  var fundPaid: Int64 = 0
  var socialized: Int64 = 0
  var liquidated: Int64 = 0
  var deleveraged: Int64 = 0

  mutating func take(_ taken: [LedgerEvent], _ engine: Engine) {
    records += 1
    events += taken.count
    for event in taken {
      switch event {
      case .liquidationStarted: liquidations += 1
      case .sampleRejected: rejected += 1
      case .transferred(let transfer): take(transfer, engine)
      case .traded(let trade):
        let value = engine.valuation?.notional(trade.size, of: trade.instrument) ?? 0
        if trade.cause == .liquidation { liquidated += value }
        if trade.cause == .deleveraging { deleveraged += value }
      default: break
      }
    }
  }

  private mutating func take(_ transfer: Transfer, _ engine: Engine) {
    guard let asset = engine.state.listing.index(of: transfer.amount.asset),
      let value = engine.valuation?.quote(transfer.amount.units, asset: asset)
    else { return }
    switch transfer.reason {
    case .liquidationPenalty: penalties += value
    case .insuranceCover: fundPaid += value
    case .socializedLoss: socialized += value
    case .tradingFee: fees += value
    case .makerRebate: fees -= value
    case .gapPremium: gapPremiums += value
    case .auctionReward: fundPaid += value
    case .deposit, .withdrawal, .fundContribution, .conversion, .interest, .ownMove,
      .poolDeposit, .poolWithdrawal, .poolGain, .auctionDiscount, .lossRecovery,
      .fundSurcharge, .entryFee, .entryRebate, .collateralSale, .conversionFee, .hedgeCapital,
      .hedgeReturn, .relayFee, .keeperReward, .rightsDeposit, .rightsReturn, .rightsForfeit,
      .rightsPayment, .profitPrice, .feeShare:
      break
    }
  }
}
