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

@Suite("Funding that follows the imbalance")
struct ImbalanceFundingTests {
  private let perpetual = Contracts.btcPerpetual
  // Half of the largest imbalance makes 0.05 % an hour.
  private let terms = [
    (key: "balance.BTC.velocity", value: "0.1%"),
    (key: "balance.BTC.largestImbalance", value: "80000"),
    (key: "balance.BTC.fundingCap", value: "0.2%"),
    (key: "clearing.fundingInterval", value: "1h"),
  ]

  private func venue(_ changes: [(key: String, value: String)] = []) throws -> Venue {
    var venue = try Venue.marked(terms + changes)
    try venue.open(1, .cross, usd: "100000")
    try venue.submit(.registerMaker(AccountID(0)))
    try venue.take(1, 5_000, of: perpetual)
    return venue
  }

  private func settled(_ events: [LedgerEvent]) -> [(rate: Rate, payment: Int64)] {
    events.compactMap { event in
      guard case .fundingSettled(perpetual, let rate, let payment) = event else { return nil }
      return (rate, payment)
    }
  }

  private func mark(_ venue: Venue) throws -> BalanceMark {
    try #require(venue.engine.state.balance.mark(of: try AssetSymbol("BTC")))
  }

  @Test("an hour at half the largest imbalance makes half the velocity, paid on the index")
  func worked() throws {
    var venue = try venue()
    for _ in 0..<59 { #expect(settled(try venue.block()).isEmpty) }
    #expect(try mark(venue).imbalance == 40_000_000_000)
    let before = (venue.balance(0), venue.balance(1))
    let paid = try #require(settled(try venue.block()).first)
    // 0.05 % of 8 USD a step.
    #expect(paid.rate == (try Rate("0.05%")) && paid.payment == 4_000)
    #expect(venue.balance(0) - before.0 >= 20_000_000, "and what gaps cost is on top")
    #expect(before.1 - venue.balance(1) >= 20_000_000)
    #expect(try mark(venue).samples == 0)
    try venue.block()
    #expect(try mark(venue).samples == 1)
    // Balance is restored: the rate stands.
    let rate = try mark(venue).rate
    try venue.take(1, -5_000, of: perpetual)
    try venue.block()
    #expect(try mark(venue).rate == rate && mark(venue).imbalance == 0)
  }

  @Test("beyond the largest imbalance it rises no faster, and never beyond its cap")
  func caps() throws {
    var venue = try venue([(key: "balance.BTC.fundingCap", value: "0.12%")])
    try venue.take(1, 10_000, of: perpetual)
    try venue.block(after: 3_000)
    // Fifty minutes at 0.1 % an hour.
    #expect(try mark(venue).rate / 1_000_000_000 == 833_333)
    try venue.block(after: 300)
    try venue.block(after: 600)
    #expect(try mark(venue).rate / 1_000_000_000 == 1_083_333)
    try venue.block(after: 900)
    #expect(try mark(venue).rate == 1_200_000_000_000_000)
    try venue.take(1, -30_000, of: perpetual)
    for _ in 0..<9 { try venue.block(after: 3_600) }
    #expect(try mark(venue).rate == -1_200_000_000_000_000)
  }

  /// The last sample of the premium where 800 USD, 100 steps, have to be bought or sold.
  ///
  /// - Parameter depth: Bids and asks of the perpetual within 1 % of the mark, steps.
  private func sampled(
    perpetual price: String, depth: (bids: Int64, asks: Int64)?, fee: String? = nil
  ) throws -> Int64 {
    let entry = fee.map {
      [(key: "balance.BTC.depth", value: "800"), (key: "balance.BTC.cost", value: $0)]
    }
    var venue = try venue(
      (entry ?? []) + [
        (key: "balance.BTC.impactNotional", value: "800"),
        (key: "liquidation.depthWindow", value: "10min"),
        (key: "liquidation.depthDistance", value: "1%"),
        (key: "oracle.default.premiumHalfLife", value: "1s"),
      ])
    try venue.set("BTC_PERP", price)
    if let depth {
      let report = DepthReport(
        instrument: perpetual, bids: Size(steps: depth.bids), asks: Size(steps: depth.asks))
      try venue.submit(.reportDepth([report]))
    }
    for _ in 0..<20 { try venue.block() }
    let before = try mark(venue).premiums
    try venue.block()
    let basis = try #require(venue.engine.state.market(of: try AssetSymbol("BTC"))).market.basis
    return try mark(venue).premiums - before - basis.billionths
  }

  @Test("premiums are sampled for their size through the depth of their own side")
  func impactThroughDepth() throws {
    #expect(try sampled(perpetual: "8040", depth: nil) == 0)
    // 100 of 200 bids: a quarter of a per cent; of 50 bids half at 0.5 % and half at 1 %.
    #expect(try sampled(perpetual: "8040", depth: (200, 1)) == -2_500_000)
    #expect(try sampled(perpetual: "8080", depth: (50, 1)) == -7_500_000)
    // At 7.96 USD a step it takes 101.
    #expect(try sampled(perpetual: "7960", depth: (1, 200)) == 2_525_000)
    // The fee's depth where it costs more: for its whole size a rate of its own.
    let byFee = try sampled(perpetual: "8040", depth: nil, fee: "0.3%")
    #expect(byFee < 0)
    #expect(try sampled(perpetual: "8040", depth: (1_000_000, 1), fee: "0.3%") == byFee)
    #expect(try sampled(perpetual: "8080", depth: (50, 1), fee: "0.3%") == -7_500_000)
  }

  @Test("depth shown for a moment before a sample is none")
  func momentaryDepth() throws {
    var venue = try venue([
      (key: "balance.BTC.impactNotional", value: "800"),
      (key: "liquidation.depthWindow", value: "10min"),
      (key: "liquidation.depthDistance", value: "1%"),
    ])
    try venue.set("BTC_PERP", "8080")
    let report = { (bids: Int64) in
      Command.reportDepth([
        DepthReport(instrument: perpetual, bids: Size(steps: bids), asks: .zero)
      ])
    }
    try venue.submit(report(100))
    for _ in 0..<3 { try venue.block() }
    let before = try mark(venue).premium
    try venue.submit(report(1_000_000))
    try venue.block()
    let basis = try #require(venue.engine.state.market(of: try AssetSymbol("BTC"))).market.basis
    #expect(basis > .zero)
    // Half a per cent off in every sample.
    #expect(try mark(venue).premium.billionths <= max(basis.billionths - 5_000_000, 0))
    #expect(try mark(venue).premium >= before)
  }

  @Test("at a price that is not fresh nothing moves")
  func stale() throws {
    var venue = try venue()
    try venue.block()
    let last = try mark(venue)
    try venue.silentBlock()
    #expect(try mark(venue) == last)
    try venue.block()
    #expect(try mark(venue).samples == last.samples + 1 && mark(venue).rate > last.rate)
  }

  @Test("without it funding is what it was, and what is taken out of the parameters is gone")
  func off() throws {
    var venue = try venue()
    try venue.block()
    #expect(venue.engine.state.balance.marks.count == 1)
    let changed = try ParameterFixture.set(
      Venue.wideOracle + Venue.noFees + [(key: "clearing.fundingInterval", value: "1h")])
    try venue.submit(.changeParameters(changed))
    try venue.block()
    #expect(venue.engine.state.balance.marks.isEmpty)
    let paid = try #require(settled(try venue.block(after: 3_600)).first)
    #expect(paid.rate == changed.usualFunding)
  }
}

extension ParameterSet {
  /// The rate of an interval when the perpetual stands at the index.
  fileprivate var usualFunding: Rate? { try? rate("clearing.interest") }
}

@Suite("The venue's balance over random histories")
struct BalancePropertyTests {
  private let terms = [
    (key: "balance.default.depth", value: "20000"), (key: "balance.default.cost", value: "0.5%"),
    (key: "balance.ETH.threshold", value: "1000"), (key: "balance.default.velocity", value: "0.1%"),
    (key: "balance.default.largestImbalance", value: "30000"),
    (key: "balance.default.fundingCap", value: "0.2%"),
    (key: "balance.BTC.impactNotional", value: "5000"),
    (key: "clearing.fundingInterval", value: "600s"), (key: "fees.taker", value: "0.04%"),
    (key: "waterfall.auction.rank", value: "2"), (key: "waterfall.pool.rank", value: "3"),
  ]

  private func history(seed: UInt64, _ check: (Venue) throws -> Void) throws -> Venue {
    var venue = try Venue.marked(terms)
    try venue.fund("300", of: Coins.usd)
    for id: UInt32 in 1...8 { try venue.open(id, MarginMode.allCases[Int(id) % 3], usd: "2500") }
    try venue.submit(.openPool(AccountID(50), markets: [AssetSymbol("BTC")]))
    try venue.deposit(0, "1", of: Coins.usd)
    try venue.submit(
      .depositToPool(AccountID(0), AccountID(50), .senior, Amount("9000", of: Coins.usd)))
    var random = Seeded(seed &+ 7_000)
    var commands = RandomCommands(seed: seed)
    for _ in 0..<200 {
      var command = try commands.next(for: &venue)
      if random.oneIn(12) {
        let id = AccountID(UInt32(random.number(0...4)))
        command = random.oneIn(3) ? .releaseMaker(id) : .registerMaker(id)
      }
      guard try venue.attempt(command) else { continue }
      try check(venue)
    }
    return venue
  }

  // Conservation, P02 and pots that are never negative are in the audit of every event.
  @Test(
    "takers hold what the house does not, to the unit; rebates come from fees", arguments: 0..<8)
  func exact(seed: UInt64) throws {
    var (paid, back) = (Int128(0), Int128(0))
    var count = 0
    let venue = try history(seed: seed) { venue in
      for event in venue.records.last?.events ?? [] {
        guard case .transferred(let transfer) = event else { continue }
        if transfer.reason == .entryFee { paid += Int128(transfer.amount.units) }
        if transfer.reason == .entryRebate { back += Int128(transfer.amount.units) }
        count += transfer.reason == .entryFee ? 1 : 0
      }
      try checkSums(venue)
    }
    #expect(count > 0)
    let pots = venue.engine.state.balance.pots.reduce(Int128(0)) { $0 + Int128($1.units) }
    #expect(paid - back == pots)
    #expect(venue.engine.state.brokenAfterBlock() == nil)
  }

  private func checkSums(_ venue: Venue) throws {
    guard let valuation = venue.engine.valuation, let balances = venue.engine.balance() else {
      return
    }
    let state = venue.engine.state
    for balance in balances {
      var (delta, gamma, vega) = (Int128(0), Int128(0), Int128(0))
      for (index, account) in state.accounts.enumerated() where !state.isHouse(index) {
        for position in account.portfolio.positions {
          guard let place = state.listing.index(of: position.instrument),
            state.listing.contracts[place].underlying == balance.underlying
          else { continue }
          let greeks = valuation.greeks(of: position.instrument)
          delta += Int128(position.size.steps) * Int128(greeks.delta)
          gamma += Int128(position.size.steps) * Int128(greeks.gamma)
          vega += Int128(position.size.steps) * Int128(greeks.vega)
        }
      }
      let takers = balance.takers
      #expect(takers.delta == delta && takers.gamma == gamma && takers.vega == vega)
    }
  }

  @Test("an engine made from the state, or from the events, goes on alike", arguments: 20..<23)
  func recovery(seed: UInt64) throws {
    let venue = try history(seed: seed) { _ in }
    let half = venue.records.count / 2
    guard case .openVenue(let quote, let set) = venue.commands[0] else { return }
    var engine = try Engine.open(quote: quote, parameters: set).engine
    for record in venue.records[1..<half] { try engine.recover(record) }
    try engine.finishRecovery()
    let state = try LedgerState(canonicalBytes: engine.state.canonicalBytes)
    var other = try Engine(state: state, hash: engine.hash, sequence: engine.sequence)
    for (command, record) in zip(venue.commands, venue.records).dropFirst(half) {
      #expect(try engine.step(command).hash == record.hash)
      #expect(try other.step(command).hash == record.hash)
    }
  }

  /// One price, so that nothing but fees moves; the whole way at once, or cut up.
  @Test(
    "cutting an order up changes nothing but roundings, which are the venue's", arguments: 0..<12)
  func paths(seed: UInt64) throws {
    var random = Seeded(seed)
    let steps = (0..<random.number(2...9)).map { _ in random.number(-4_000...4_000) }
      .filter { $0 != 0 }
    let sum = steps.reduce(0, +)
    let direction: Int64 = sum < 0 ? -1 : 1
    let start = random.number(-5_000...5_000)
    func cost(_ orders: [Int64]) throws -> Int64 {
      var venue = try Venue.marked(terms)
      try venue.open(1, .cross, usd: "1000000")
      try venue.open(2, .cross, usd: "1000000")
      try venue.submit(.registerMaker(AccountID(0)))
      if start != 0 { try venue.take(2, start, of: Contracts.btcPerpetual) }
      let before = try venue.equity(1)
      for order in orders where order != 0 { try venue.take(1, order, of: Contracts.btcPerpetual) }
      return before - (try venue.equity(1)) - orders.reduce(0) { $0 + tradingFee(abs($1)) }
    }
    let whole = try cost([sum])
    // In parts of one direction: the same, but for a unit a rebate.
    let parts = stride(from: sum.magnitude, to: 0, by: -700).map {
      direction * Int64(min($0, 700))
    }
    let cut = try cost(parts)
    #expect(cut >= whole && cut <= whole + Int64(parts.count))
    // To and fro is never cheaper than straight.
    #expect(try cost(steps) >= whole)
    // And who comes back has paid for it.
    #expect(try cost(steps + [-sum]) >= 0 || start != 0)
  }

  /// 0.04 % of 8 USD a step.
  private func tradingFee(_ steps: Int64) -> Int64 { steps * 3_200 }

  @Test("Greeks of options: parity, and what delta gains with the forward")
  func greeks() throws {
    var venue = try Venue.marked()
    let valuation = try #require(venue.engine.valuation)
    let (call, put) = (
      valuation.greeks(of: Contracts.btcCall), valuation.greeks(of: Contracts.btcPut)
    )
    #expect(call.gamma == put.gamma && call.gamma > 0 && call.vega == put.vega)
    #expect(abs(call.delta - put.delta - 100_000) <= 1)
    #expect(
      valuation.greeks(of: Contracts.btcPerpetual)
        == ContractGreeks(delta: 100_000, gamma: 0, vega: 0))
    #expect(valuation.greeks(of: InstrumentID(999)) == .zero)
    try venue.block(btc: "8001.6", after: 1)
    let moved = try #require(venue.engine.valuation).greeks(of: Contracts.btcCall)
    // A fiftieth of a per cent.
    let gain = Double(moved.delta - call.delta)
    #expect(abs(gain / (Double(call.gamma) / 50) - 1) < 0.05)
  }
}
