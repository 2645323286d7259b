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

/// A long that fails against shorts of random leverage, and pairs of a short and a future, each
/// more leveraged by its short alone than any of them.
@Suite("Whom deleveraging spares, and what the fund pays of it")
struct DeleveragingPropertyTests {
  private let perpetual = Contracts.btcPerpetual
  private static let shorts = 2...9 as ClosedRange<UInt32>
  private static let pairs = 10...12 as ClosedRange<UInt32>

  private struct Crash {
    var venue: Venue
    /// Steps of the long.
    let size: Int64
    /// Steps of all shorts that hedge nothing.
    let open: Int64
    /// Steps of each pair, by account.
    let paired: [UInt32: Int64]
    /// What the long has beside its position, millionths of a dollar.
    let cash: Int64
    /// What the fund has before.
    let fund: Int64
  }

  /// - Parameters:
  ///   - beyond: By how many steps the long is larger than all that hedges nothing; drawn, and
  ///     smaller, if not stated.
  ///   - given: Units of the fund before; drawn if not stated.
  private func crash(
    _ seed: UInt64, rule: String, price: String, beyond: Int64? = nil, fund given: Int64? = nil
  ) throws -> Crash {
    var random = Seeded(seed)
    var venue = try Venue.marked(
      LastStages.changes([.deleveraging, .insuranceFund]) + [
        (key: "deleveraging.rule", value: rule), (key: "deleveraging.price", value: price),
        (key: "insuranceFund.eventCap", value: "100%"),
      ])
    try venue.open(1, .cross)
    var open: Int64 = 0
    for id in Self.shorts {
      let steps = random.number(100...900)
      // Leverages from 1 to 4 at 8,000.
      let usd = steps * 8 * 1_000 / random.number(1_000...4_000)
      try short(id, .cross, steps, usd: usd, &venue)
      open += steps
    }
    var paired: [UInt32: Int64] = [:]
    for id in Self.pairs {
      let steps = random.number(100...600)
      paired[id] = steps
      // Six times its equity, were there no future.
      try short(id, .portfolio, steps, usd: steps * 8 / 6, &venue)
      try venue.submit(
        venue.trade(Contracts.btcFuture, buyer: id, seller: 0, size: steps))
    }
    // The maker, who has bought from all of them, stands on the other side.
    let part = random.number(open / 4...open * 9 / 10)
    let size = beyond.map { open + $0 } ?? part
    try venue.deposit(1, "\(size / 2)", of: Coins.usd)
    try venue.take(1, size, of: perpetual)
    let drawn = random.oneIn(4) ? 0 : random.number(0...150_000) * size
    let fund = given ?? drawn
    if fund > 0 { try venue.submit(.contributeToFund(Amount(units: fund, asset: Coins.usd))) }
    let cash = venue.balance(1)
    try venue.block(btc: "\(random.number(7_300...7_480))")
    return Crash(
      venue: venue, size: size, open: open, paired: paired, cash: cash, fund: fund)
  }

  private func short(
    _ id: UInt32, _ mode: MarginMode, _ steps: Int64, usd: Int64, _ venue: inout Venue
  ) throws {
    try venue.open(id, mode, usd: "\(usd)")
    try venue.submit(venue.trade(perpetual, buyer: 0, seller: id, size: steps))
  }

  private func cuts(_ venue: Venue) -> [Trade] {
    venue.records.flatMap(\.events).compactMap { event in
      guard case .traded(let trade) = event, trade.cause == .deleveraging else { return nil }
      return trade
    }
  }

  @Test(
    "no hedged pair is broken while shorts that hedge nothing suffice",
    arguments: 0..<12, ["0", "1", "2"])
  func pairs(seed: UInt64, price: String) throws {
    let drained = try crash(seed, rule: "1", price: price)
    let taken = cuts(drained.venue)
    #expect(taken.reduce(0) { $0 + $1.size.steps } == drained.size)
    for (id, steps) in drained.paired {
      #expect(drained.venue.size(id, perpetual) == -steps, "\(id) is bared")
      #expect(drained.venue.size(id, Contracts.btcFuture) == steps)
    }
    // The queue by profit and leverage looks at the short alone, and takes a pair first.
    let queued = try crash(seed, rule: "0", price: price)
    #expect(queued.paired.contains { queued.venue.size($0.key, perpetual) != -$0.value })
    let first = try #require(cuts(queued.venue).first)
    #expect(Self.pairs.contains(first.buyer.number))
  }

  @Test(
    "all that hedges nothing is closed before a pair is touched, one step more breaks one",
    arguments: 0..<12, ["0", "1", "2"])
  func lastStep(seed: UInt64, price: String) throws {
    for beyond in [-1, 0, 1] as [Int64] {
      let drained = try crash(seed, rule: "1", price: price, beyond: beyond)
      #expect(cuts(drained.venue).reduce(0) { $0 + $1.size.steps } == drained.open + beyond)
      let left = Self.shorts.reduce(0) { $0 - drained.venue.size($1, perpetual) }
      #expect(left == max(-beyond, 0))
      let bared = drained.paired.reduce(0) { $0 + $1.value + drained.venue.size($1.key, perpetual) }
      #expect(bared == max(beyond, 0))
    }
  }

  @Test("the price is as near the mark as the fund can pay, to the unit")
  func funded() throws {
    var paid = 0
    for seed in 0..<24 as Range<UInt64> {
      let crash = try crash(seed, rule: "1", price: "2")
      try checkPrice(crash)
      if crash.fund >= deficit(crash) { paid += 1 }
    }
    #expect(paid > 0 && paid < 24, "both ways")
  }

  @Test("a fund of what is missing, a unit less and a unit more", arguments: 0..<8)
  func edges(seed: UInt64) throws {
    let missing = deficit(try crash(seed, rule: "1", price: "2"))
    for (fund, isPaid) in [(missing - 1, false), (missing, true), (missing + 1, true)] {
      let crash = try crash(seed, rule: "1", price: "2", fund: fund)
      try #require(deficit(crash) == missing)
      try checkPrice(crash)
      let mark = crash.venue.mark(perpetual).unitValue
      #expect(cuts(crash.venue).allSatisfy { ($0.unitValue == mark) == isPaid })
    }
  }

  /// What the long has lost at the mark beyond what it had.
  private func deficit(_ crash: Crash) -> Int64 {
    crash.size * (8_000_000 - crash.venue.mark(perpetual).unitValue) - crash.cash
  }

  private func checkPrice(_ crash: Crash) throws {
    let mark = crash.venue.mark(perpetual).unitValue
    let deficit = deficit(crash)
    #expect(deficit > 0)
    // What is missing a step, once the fund has given all it has, rounded up.
    let missing = max((deficit - crash.fund + crash.size - 1) / crash.size, 0)
    let taken = cuts(crash.venue)
    #expect(!taken.isEmpty && taken.allSatisfy { $0.unitValue == mark + missing })
    #expect(crash.venue.account(1).liquidation == nil)
    // Rounding leaves less than a unit a step; no winner has given more than his position.
    let left = crash.venue.insuranceFund() - max(crash.fund - deficit, 0)
    #expect((0..<crash.size).contains(left + crash.venue.balance(1)))
    #expect(crash.venue.balance(1) >= 0)
  }
}
