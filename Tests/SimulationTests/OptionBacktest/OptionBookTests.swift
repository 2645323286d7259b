// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Instruments
import Parameters
import Quantities
import Simulation
import Testing

@Suite("Option books: what they lose and what is required of them, by hand")
struct OptionBookTests {
  private func point(
    _ holdings: [OptionBook.Holding], _ pairs: OptionPairs, _ models: String...
  ) throws -> OptionPoint {
    let pair = pairs.pairs[0]
    let range = try ImpliedRangeParameters.bundled()
    let rules = try models.map { try OptionMarginRule.load($0, range: range) }
    let book = try OptionBook(holdings, in: pair.first)
    return try OptionBacktest(rules: rules).points(of: [book], over: pair)[0]
  }

  @Test("a loss is the change of marks, each times the forward of its row")
  func marks() throws {
    let pairs = try MadeChains.pairs(MadeChains.chain(), MadeChains.chain(hours: 12, scale: 1.1))
    // 2 calls sold at 0.02779745 × 100,000 are worth 0.02779745 × 110,000 half a day later.
    let short = try point([MadeChains.call(110_000, -2)], pairs, "plimsoll")
    #expect(abs(short.loss - 2 * 0.027_797_45 * 10_000) < 1e-6)
    // A future bought gains the move of its forward.
    let future = OptionBook.Holding(MadeChains.symbol, expiry: MadeChains.near, quantity: 3)
    #expect(abs(try point([future], pairs, "plimsoll").loss + 30_000) < 1e-6)
  }

  @Test("what expires between is settled at the index of the second chain")
  func settlement() throws {
    let hours: Int64 = 36 * 24 + 13
    let pairs = try OptionPairs(
      [
        MadeChains.chain(hours: hours - 2), MadeChains.chain(hours: hours, scale: 1.2),
      ], most: OptionPairs.longestGap)
    // 36.5 days are 876 hours: the near expiry lies between 875 and 877.
    let loss = try point([MadeChains.call(110_000, -1)], pairs, "plimsoll").loss
    #expect(abs(loss - (10_000 - 0.027_797_45 * 100_000)) < 1e-6)
    let put = try point([MadeChains.put(110_000, 1)], pairs, "plimsoll").loss
    #expect(abs(put - 0.127_797_45 * 100_000) < 1e-6)
    let future = OptionBook.Holding(MadeChains.symbol, expiry: MadeChains.near, quantity: -1)
    #expect(abs(try point([future], pairs, "plimsoll").loss - 20_000) < 1e-6)
  }

  @Test("what is no longer listed is valued on a surface of the chain")
  func unlisted() throws {
    let first = MadeChains.chain(expiries: [MadeChains.near])
    let second = OptionChainSnapshot(
      time: first.time + TimeSpan(seconds: 1), underlying: first.underlying,
      rows: MadeChains.chain(dropping: 110_000, expiries: [MadeChains.near]).rows)
    let pairs = try MadeChains.pairs(first, second)
    // The same smile of 50 %, so that almost nothing is lost; without a value it were 2,780.
    let loss = try point([MadeChains.call(110_000, -1)], pairs, "plimsoll").loss
    #expect(abs(loss) < 20)
  }

  @Test("a requirement is the loss that an account just at it can bear, beyond the mark")
  func convention() throws {
    let pairs = try MadeChains.pairs(MadeChains.chain(), MadeChains.chain(hours: 12))
    // Derive's standard manager, with index 100,000: max(15 % − out of the money, 13 %) and the
    // mark, of which equity holds the mark already; 9 % for maintenance.
    let short = try point([MadeChains.call(105_000, -2)], pairs, "derive-standard")
    #expect(abs(short.initial[0] - 2 * 13_000) < 1e-6)
    #expect(abs(short.maintenance[0] - 2 * 9_000) < 1e-6)
    // At the money: 15 %.
    let near = try point([MadeChains.call(100_000, -1)], pairs, "derive-standard")
    #expect(abs(near.initial[0] - 15_000) < 1e-6)
    // A bought option gives no credit there: all that it is worth may be lost.
    let long = try point([MadeChains.put(95_000, 2)], pairs, "derive-standard")
    #expect(abs(long.initial[0] - 2 * 0.039_634_58 * 100_000) < 1e-6)
    // In scenarios a bought option loses its value at most, 54.95; 0.05 % of the index, 50, is
    // Plimsoll's fee to close. Deribit's least roll shock is 1 % of delta.
    let scanned = try point([MadeChains.put(70_000, 1)], pairs, "deribit-portfolio", "plimsoll")
    #expect(abs(scanned.initial[1] - (0.000_549_46 * 100_000 + 50)) < 0.1)
    #expect(scanned.initial[0] > scanned.maintenance[0])
  }

  @Test("a range is so many standard deviations of implied volatility, between floor and cap")
  func impliedRange() throws {
    func range(volatility: Double) throws -> Double {
      try ImpliedRangeParameters.bundled(applying: ["implied.range.multiple=4"])
        .range(of: OptionMarket(MadeChains.chain(volatility: volatility)))
    }
    // 4 × 0.5 × √(1/365); 4 × 0.2 × √(1/365) = 4.19 % is below the floor of 5 %; 4 × 2 ÷ √365 =
    // 41.9 % above the cap of 30 %.
    #expect(abs(try range(volatility: 0.5) - 0.104_684_784_518) < 1e-9)
    #expect(try range(volatility: 0.2) == 0.05)
    #expect(try range(volatility: 2) == 0.3)
  }

  @Test("the range of the scenarios follows implied volatility, that of the file does not")
  func modelRange() throws {
    func initial(_ volatility: Double) throws -> [Double] {
      let first = MadeChains.chain(volatility: volatility)
      let pairs = try MadeChains.pairs(first, MadeChains.chain(hours: 12))
      let future = OptionBook.Holding(MadeChains.symbol, expiry: MadeChains.near, quantity: 1)
      return try point([future], pairs, "plimsoll", "plimsoll@implied").initial
    }
    let (calm, wild) = (try initial(0.4), try initial(0.8))
    #expect(calm[0] == wild[0])
    // 0.05 % of 100,000 is the fee to close, the rest the range: 4.5 × σ × √(1/365).
    #expect(abs(calm[1] - (4.5 * 0.4 * 0.052_342_392_259 * 100_000 + 50)) < 0.01)
    #expect(abs(wild[1] - (4.5 * 0.8 * 0.052_342_392_259 * 100_000 + 50)) < 0.01)
  }
}
