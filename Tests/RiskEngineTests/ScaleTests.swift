// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Liquidation
import Margin
import MarketData
import Parameters
import Quantities
import TestFixtures
import Testing

@testable import Ledger
@testable import RiskEngine

@Suite("What is kept from event to event")
struct ScaleTests {
  @Test("the sums kept by changed accounts are those of a pass over all", arguments: 0..<8)
  func keptSums(seed: UInt64) throws {
    var venue = try FuzzTests.busyVenue()
    var commands = RandomCommands(seed: seed)
    // As the engine tells them, through the same door.
    var engine = venue.engine
    engine.changes = AccountChanges(engine.state)
    var kept = AccountTotals(venue.engine.state)
    var compared = 0
    for _ in 0..<200 {
      let before = venue.engine.state
      guard try venue.attempt(commands.next(for: &venue)), let record = venue.records.last
      else { continue }
      engine.state = before
      engine.changes.begin(before)
      for event in record.events {
        engine.expect(event)
        engine.state.apply(event)
      }
      let (state, changes) = (engine.state, engine.changes)
      #expect(state == venue.engine.state)
      #expect(Set(changes.earlier.map(\.index)).count == changes.earlier.count)
      let isListing = state.totals.count != before.totals.count
      guard changes.every == nil, !isListing else {
        kept = AccountTotals(state)
        continue
      }
      // Every account that differs is there, as it was.
      for index in before.accounts.indices where before.accounts[index] != state.accounts[index] {
        #expect(changes.earlier.contains { $0.index == index }, "\(record.command)")
      }
      for earlier in changes.earlier { #expect(earlier.account == before.accounts[earlier.index]) }
      kept.follow(changes.earlier, in: state)
      #expect(kept == AccountTotals(state), "after \(record.command)")
      let changed = changes.earlier.map(\.index)
      #expect(state.brokenAfterBlock(found: state.broken(among: changed[...]), kept: kept) == nil)
      compared += 1
    }
    #expect(compared > 60)
  }

  @Test("what a command has done is taken back to the state before it, whatever it was")
  func takenBack() throws {
    var everyAccount = 0
    for seed: UInt64 in 0..<6 {
      var venue = try FuzzTests.busyVenue()
      var commands = RandomCommands(seed: seed)
      for _ in 0..<200 {
        let before = venue.engine.state
        guard try venue.attempt(commands.next(for: &venue)), let record = venue.records.last,
          before.accounts.count == venue.engine.state.accounts.count
        else { continue }
        var engine = venue.engine
        engine.state = before
        engine.changes = AccountChanges(before)
        let rest = before.withoutAccounts
        for event in record.events {
          engine.expect(event)
          engine.state.apply(event)
        }
        if engine.changes.every != nil { everyAccount += 1 }
        engine.changes.takeBack(&engine.state, to: rest)
        #expect(engine.state == before, "\(record.command)")
        #expect(engine.changes.earlier.isEmpty && engine.changes.every == nil)
      }
    }
    #expect(everyAccount > 0, "profits were settled, or an asset accepted")
  }

  /// A venue with an account that the next block, at a lower price, liquidates.
  private static func strained() throws -> (engine: Engine, block: Command) {
    var venue = try Venue.marked()
    try venue.fund("100000", of: Coins.usd)
    try venue.open(1, .cross, usd: "480")
    try venue.open(2, .cross, usd: "100")
    try venue.take(1, 900, of: Contracts.btcPerpetual)
    try venue.set("BTC", "7500")
    let state = venue.engine.state
    let engine = try Engine(
      state: state, hash: venue.engine.hash, sequence: venue.engine.sequence)
    return (engine, venue.nextBlock())
  }

  @Test("a block that ends in a broken rule leaves the engine as it was")
  func brokenBlock() throws {
    let (start, block) = try Self.strained()
    var healthy = start
    var broken = start
    broken.state.accounts[2].portfolio.balances[0] += 1
    let before = broken.state
    for _ in 0..<2 {
      #expect(
        throws: StepError.broken(.runningTotalsAreTrue, afterSequence: start.sequence)
      ) { try broken.step(block) }
      #expect(broken.state == before)
      #expect(broken.hash == start.hash && broken.sequence == start.sequence)
      #expect(broken.risks == start.risks && broken.waiting == start.waiting)
    }
    broken.state.accounts[2].portfolio.balances[0] -= 1
    let record = try healthy.step(block)
    #expect(record.events.contains { if case .liquidationOrderIssued = $0 { true } else { false } })
    #expect(try broken.step(block) == record)
    #expect(broken.state == healthy.state && broken.waiting == healthy.waiting)
  }

  @Test("what no event names is found by the next pass over all accounts")
  func unnamedChange() throws {
    var (engine, block) = try Self.strained()
    _ = try engine.step(block)
    engine.state.accounts[2].portfolio.balances[0] += 1
    var blocks: UInt64 = 0
    var found: Invariant?
    while found == nil, blocks <= AccountChanges.blocksPerPass {
      blocks += 1
      let instant = engine.state.time + TimeSpan(seconds: 1)
      do { _ = try engine.step(.advanceBlock(at: instant, samples: [])) } catch {
        if case .broken(let rule, _) = error { found = rule }
      }
    }
    #expect(found == .runningTotalsAreTrue)
    #expect(blocks <= AccountChanges.blocksPerPass)
    // One that an event names is found at once: the account withdraws.
    var (other, first) = try Self.strained()
    _ = try other.step(first)
    _ = try other.step(.withdrawCollateral(AccountID(2), Amount("1", of: Coins.usd)))
    other.state.accounts[2].portfolio.balances[0] += 1
    let instant = other.state.time + TimeSpan(seconds: 1)
    #expect(throws: StepError.broken(.runningTotalsAreTrue, afterSequence: other.sequence)) {
      try other.step(.advanceBlock(at: instant, samples: []))
    }
  }

  @Test("who holds what is a function of the state", arguments: 0..<8)
  func holders(seed: UInt64) throws {
    var venue = try FuzzTests.busyVenue()
    var commands = RandomCommands(seed: seed)
    for step in 0..<200 {
      guard try venue.attempt(commands.next(for: &venue)), step % 5 == 0 else { continue }
      let state = venue.engine.state
      let fresh = VenueIndex(state)
      var kept = venue.engine.venueIndex
      for instrument in state.listing.contracts.indices { kept.bringUp(instrument, state) }
      for (live, made) in zip(kept.holdings, fresh.holdings) {
        #expect(Self.all(live.longs) == Self.all(made.longs))
        #expect(Self.all(live.shorts) == Self.all(made.shorts))
      }
      for index in state.accounts.indices {
        let isIn = venue.engine.venueIndex.isInLiquidation(index)
        #expect(isIn == (state.accounts[index].liquidation != nil))
      }
    }
  }

  private static func all(_ side: HolderSide) -> [Holding] { side.buckets.flatMap(\.holdings) }

  @Test("winners are found among holders of both sides, in buckets, as by asking every one")
  func winners() {
    var random = Seeded(5)
    var holders = Holders()
    var plain: [Int: Position] = [:]
    for step in 0..<4_000 {
      let account = Int(random.number(0...1_500))
      let size = random.number(1...9) * (random.oneIn(2) ? 1 : -1)
      let cost = random.number(-100...100) * (random.oneIn(9) ? size : 1)
      let position = Position(instrument: InstrumentID(1), size: Size(steps: size), cost: cost)
      if random.oneIn(3) {
        holders.remove(account)
        plain[account] = nil
      } else {
        holders.set(position, of: account, AccountID(UInt32(account)))
        plain[account] = position
      }
      guard step % 40 == 0 else { continue }
      let unitValue = random.number(-110...110)
      for isLong in [true, false] {
        let side = isLong ? holders.longs : holders.shorts
        let held = plain.keys.sorted().filter { ((plain[$0]?.size.sign ?? 0) > 0) == isLong }
        #expect(Self.all(side).map { Int($0.account) } == held)
        #expect(Self.all(side).map(\.position) == held.compactMap { plain[$0] })
        var winners: [Int] = []
        holders.forEachWinner(long: isLong, at: unitValue) { winners.append(Int($0.account)) }
        let expected = held.filter {
          (plain[$0]?.unrealizedProfit(unitValue: unitValue) ?? 0) > 0
        }
        #expect(winners == expected, "at \(unitValue)")
      }
    }
    #expect(Self.all(holders.longs).count > 256 && Self.all(holders.shorts).count > 256)
    let before = holders
    holders.remove(1 << 20)
    #expect(holders == before)
  }

  @Test("a position has a profit from its entry on, to the unit")
  func entries() {
    for (size, cost) in [(7, 20), (7, 21), (7, -20), (-7, 20), (-7, -21), (-7, -20), (1, 0)] {
      let position = Position(
        instrument: InstrumentID(1), size: Size(steps: Int64(size)), cost: Int64(cost))
      let holding = Holding(account: 0, AccountID(0), position)
      let sign = position.size.sign
      #expect(position.unrealizedProfit(unitValue: holding.entry) <= 0)
      #expect(position.unrealizedProfit(unitValue: holding.entry + sign) > 0)
    }
  }

  @Test("the equity that is kept of an account is what a new measure finds", arguments: 0..<6)
  func keptEquity(seed: UInt64) throws {
    var venue = try FuzzTests.busyVenue()
    var commands = RandomCommands(seed: seed)
    // Whose equity it is depends on the account alone.
    let held = Position(instrument: InstrumentID(1), size: Size(steps: 1), cost: 0)
    var asked = 0
    var changed = 0
    for _ in 0..<200 {
      let command = try commands.next(for: &venue)
      guard try venue.attempt(command), let valuation = venue.engine.valuation else { continue }
      let accounts = venue.engine.state.accounts
      let known = venue.engine.venueIndex.equities(
        of: accounts.enumerated().map { Holding(account: $0, $1.id, held) })
      for (index, account) in accounts.enumerated() where !known.missing.contains(index) {
        let equity = valuation.risk(account.portfolio).equity
        #expect(known.values[index] == equity, "\(account.id), \(command)")
        asked += 1
      }
      changed += known.missing.count
      // So is the whole risk, whether it was kept or is found now, and the second time.
      var engine = venue.engine
      for (index, account) in engine.state.accounts.enumerated() {
        let measured = valuation.risk(account.portfolio)
        for _ in 0..<2 { #expect(engine.risk(of: index, valuation) == measured) }
      }
      var index = engine.venueIndex
      index.bringUp(venue.engine.state)
      for holding in index.holdings.flatMap({ Self.all($0.longs) + Self.all($0.shorts) }) {
        #expect(venue.engine.state.accounts[Int(holding.account)].id == holding.id)
      }
    }
    #expect(asked > 500 && changed > 100)
  }

  @Test("candidates are the same with exposures kept from earlier questions", arguments: 0..<4)
  func keptExposure(seed: UInt64) throws {
    var venue = try FuzzTests.busyVenue()
    var commands = RandomCommands(seed: seed)
    var (kept, summed) = (0, 0)
    for _ in 0..<200 {
      guard try venue.attempt(commands.next(for: &venue)), let valuation = venue.engine.valuation
      else { continue }
      var engine = venue.engine
      var fresh = engine
      fresh.venueIndex = VenueIndex(engine.state)
      for (instrument, contract) in engine.state.listing.contracts.enumerated()
      where instrument < valuation.marks.count {
        engine.venueIndex.bringUp(instrument, engine.state)
        for steps in [-1, 1] as [Int64] {
          let queue = Opposition(
            position: Position(instrument: contract.id, size: Size(steps: steps), cost: 0),
            instrument: instrument, unitValue: valuation.marks[instrument].unitValue,
            rule: .leverageDraining)
          for winning in [true, false] {
            var (found, anew) = (FoundFigures(), FoundFigures())
            let candidates = engine.opposing(queue, valuation, winning: winning, &found)
            #expect(candidates == fresh.opposing(queue, valuation, winning: winning, &anew))
            engine.venueIndex.remember(found.exposures, to: contract.underlying)
            kept += candidates.count - found.exposures.count
            summed += found.exposures.count
          }
        }
      }
      venue.replaceEngine(engine)
    }
    #expect(kept > 100 && summed > 50, "\(kept), \(summed)")
  }

  /// Between a block and a report the parameters change, and with them what options are worth.
  @Test(
    "a venue whose parameters change between block and report goes on like one restored then",
    arguments: 0..<6)
  func restoredAfterChange(seed: UInt64) throws {
    var venue = try FuzzTests.busyVenue()
    var commands = RandomCommands(seed: seed)
    var twin: Engine?
    var changes = 0
    for step in 0..<200 {
      let command = try commands.next(for: &venue)
      guard try venue.attempt(command), let record = venue.records.last else { continue }
      if var other = twin {
        #expect(try other.step(command).hash == record.hash, "after \(command)")
        twin = other
      }
      guard case .advanceBlock = command else { continue }
      let level = step % 2 == 0 ? "30%" : "300%"
      let set = try venue.engine.state.parameters.setting(
        "surface.longRunVolatility", to: level, source: "test")
      guard try venue.attempt(.changeParameters(set)) else { continue }
      let state = venue.engine.state
      twin = try Engine(state: state, hash: venue.engine.hash, sequence: venue.engine.sequence)
      // Nobody's standing is taken from the block.
      #expect(state.accounts.indices.allSatisfy { !venue.engine.venueIndex.isUnchanged($0) })
      changes += 1
    }
    #expect(changes > 10)
  }
}
