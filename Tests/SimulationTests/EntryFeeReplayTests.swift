// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Clearing
import Instruments
import Journal
import Ledger
import Quantities
import RiskEngine
import Testing

@testable import Simulation

@Suite("A replay with entry fees")
struct EntryFeeReplayTests {
  /// From balance to ten million costs a fifth of a per cent of it.
  private let fees = [
    (key: "balance.default.depth", value: "10000000"), (key: "balance.default.cost", value: "0.2%"),
  ]

  /// What the trades of a journal did to one underlying.
  private struct Path {
    let underlying: AssetSymbol
    var first: Int64?
    var last: Int64 = 0
    /// Fees on the ledger less what the potential fell, millionths.
    var sum: Int64 = 0
    var trades = 0
    var rebates = 0
  }

  @Test("opening positions pays the potential's difference, however it was reached")
  func potential() throws {
    let journal = ScratchJournal()
    let (result, engine) = try FallingMarket.run(
      FallingMarket.plan(fees, journal: .create(journal.path)))
    let rules = engine.rules.balance
    var paths = rules.map { Path(underlying: $0.underlying) }
    var paid: Int64 = 0
    var given: Int64 = 0
    try journal.follow { before, command, events, after in
      guard case .recordTrade(let report) = command else { return }
      #expect(report.origin == .book && !before.state.balance.makers.isEmpty)
      let listing = before.state.listing
      let contract = listing.contracts[try #require(listing.index(of: report.instrument))]
      let place = try #require(paths.firstIndex { $0.underlying == contract.underlying })
      let potential = try #require(rules[place].potential)
      let (old, new) = (try imbalance(before, place), try imbalance(after, place))
      if paths[place].first == nil { paths[place].first = old }
      #expect(paths[place].trades == 0 || paths[place].last == old, "nothing between trades")
      (paths[place].last, paths[place].trades) = (new, paths[place].trades + 1)
      let fee = try flow(.entryFee, events, after)
      let rebate = try flow(.entryRebate, events, after)
      (paid, given) = (paid + fee, given + rebate)
      let crosses = old.signum() * new.signum() < 0
      let (high, low) = (potential.potential(of: new), potential.potential(of: old))
      let fall = crosses ? low : max(low - high, 0)
      #expect(rebate <= Rate(billionths: 800_000_000).share(of: fall, rounding: .up) + 1_000)
      paths[place].sum += fee - fall
      paths[place].rebates += rebate > 0 ? 1 : 0
    }
    for (path, rule) in zip(paths, rules) {
      let potential = try #require(rule.potential)
      let change =
        potential.potential(of: path.last) - potential.potential(of: try #require(path.first))
      // A fee in coins is rounded up to a unit of them, 0.00008 dollars of BTC.
      #expect(path.trades > 10 && (0...80 * Int64(path.trades)).contains(path.sum - change))
    }
    #expect(paths.contains { $0.rebates > 0 } && given > 0, "both ways")
    let entry = try #require(result.balance?.entry)
    #expect(paid > 1_000_000 && entry.openingPaid == paid && entry.openingRebates == given)
    #expect(entry.paid == 0 && entry.rebates == 0 && entry.pots > 0)
    #expect(result.totals.refusedCommands == 0)
    let verified = try verify(JournalReader.open(journal.path), workers: .one) { _, _ in }
    #expect(verified.engine.hash == result.hash)
  }

  private func imbalance(_ engine: Engine, _ place: Int) throws -> Int64 {
    try #require(engine.balance()?[place]).imbalance
  }

  private func flow(
    _ reason: TransferReason, _ events: [LedgerEvent], _ engine: Engine
  ) throws -> Int64 {
    try events.reduce(0) { sum, event in
      guard case .transferred(let transfer) = event, transfer.reason == reason else { return sum }
      let asset = try #require(engine.state.listing.index(of: transfer.amount.asset))
      return sum + (engine.valuation?.quote(transfer.amount.units, asset: asset) ?? 0)
    }
  }

  @Test("the same accounts hold the same positions as without, and who lacks margin deposits it")
  func positions() throws {
    let (plain, without) = try FallingMarket.run(FallingMarket.plan([]))
    // Five per cent of the imbalance: more than most accounts have above their margin.
    let steep = [
      (key: "balance.default.depth", value: "1000000"), (key: "balance.default.cost", value: "5%"),
      (key: "balance.default.slopeCap", value: "10%"),
    ]
    let (result, with) = try FallingMarket.run(FallingMarket.plan(steep))
    #expect(result.totals.positions == plain.totals.positions)
    #expect(result.points[0].openInterestValue == plain.points[0].openInterestValue)
    #expect(result.totals.refusedCommands == 0 && result.totals.accounts == plain.totals.accounts)
    #expect(result.totals.fees > plain.totals.fees, "in the book trades pay its fee")
    #expect(try #require(result.balance?.entry).openingPaid > 1_000_000_000)
    #expect(plain.balance == nil && without.state.balance.makers.isEmpty)
    #expect(!with.state.balance.makers.isEmpty)
  }

  @Test("with funding by imbalance alone there is no fee, and trades are brought in without one")
  func funding() throws {
    let (result, engine) = try FallingMarket.run(
      FallingMarket.plan([
        (key: "balance.default.velocity", value: "0.1%"),
        (key: "balance.default.largestImbalance", value: "1000000"),
        (key: "balance.default.fundingCap", value: "1%"),
      ]))
    #expect(result.balance != nil && result.balance?.entry == nil)
    #expect(!engine.state.balance.makers.isEmpty)
  }
}
