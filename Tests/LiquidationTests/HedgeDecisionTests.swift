// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Clearing
import Instruments
import Parameters
import Quantities
import TestFixtures
import Testing

/// A step is a thousandth of a coin at 8,000, which is 8 USD; takers are long, so the house buys.
@Suite("What is hedged of an imbalance")
struct HedgeDecisionTests {
  private let band = HedgeBand(
    threshold: 50_000_000_000, target: 20_000_000_000, leastOrder: 0, mostOrder: HedgeBand.limit)
  private let free = HedgeBudget(order: .max, window: .max, fund: .max)
  private static let coin: Int128 = 100_000_000

  private func instrument(
    _ id: UInt32 = 0, delta: Int64 = 100_000, unitValue: Int64 = 8_000_000,
    cost: String = "0.1%", fee: String = "0.04%", room: Int64 = 1_000_000
  ) throws -> HedgeInstrument {
    HedgeInstrument(
      id: InstrumentID(id), delta: delta, unitValue: unitValue, expectedCost: try Rate(cost),
      fee: try Rate(fee), room: room)
  }

  private func question(
    _ imbalance: Int128, hedge: Int128 = 0, band: HedgeBand? = nil, mostCost: String = "0.2%",
    budget: HedgeBudget? = nil
  ) throws -> HedgeQuestion {
    HedgeQuestion(
      imbalance: imbalance, hedge: hedge, index: try Price("8000"), band: band ?? self.band,
      mostCost: try Rate(mostCost), budget: budget ?? free)
  }

  // 10 coins are 80,000 USD; down to 20,000 are 60,000, which is 7,500 steps of 8 USD.
  @Test("down to the target by the step, at the mark and what a hedge may cost at worst")
  func worked() throws {
    let trade = try #require(try question(10 * Self.coin).decideHedge(with: [instrument()]))
    #expect(trade.side == .buy && trade.size == Size(steps: 7_500))
    #expect(trade.notional == 60_000_000_000)
    // 0.1 % of 60,000; at worst 0.16 % beyond the mark, and 0.04 % of the dearer price.
    #expect(trade.expectedCost == 60_000_000)
    #expect(trade.limitUnitValue == 8_012_800)
    #expect(trade.worstCost == 96_000_000 + 24_038_400 + HedgeTrade.feeRounding)
    let sold = try #require(try question(-10 * Self.coin).decideHedge(with: [instrument()]))
    #expect(sold.side == .sell && sold.size == trade.size && sold.limitUnitValue == 7_987_200)
    #expect(sold.worstCost == 96_000_000 + 24_000_000 + HedgeTrade.feeRounding)
    // What falls when the market rises is sold against takers who are long.
    let put = try instrument(delta: -50_000)
    let other = try #require(try question(10 * Self.coin).decideHedge(with: [put]))
    #expect(other.side == .sell && other.size == Size(steps: 15_000))
  }

  @Test("nothing at the threshold or a unit below, something a unit above, either way")
  func threshold() throws {
    // 6.25 coins are 50,000; 10^−8 of a coin more is 0.00008.
    for (delta, isHedged) in [(624_999_999, false), (625_000_000, false), (625_000_001, true)] {
      for sign: Int128 in [1, -1] {
        let question = try question(sign * Int128(delta))
        #expect((question.excess > 0) == isHedged)
        let trade = question.decideHedge(with: [try instrument()])
        #expect((trade != nil) == isHedged)
      }
    }
  }

  @Test("no step crosses the target, whatever a step is worth", arguments: 0..<60)
  func edge(seed: UInt64) throws {
    var random = Seeded(seed)
    let delta = random.number(1...3_000_000)
    let contract = try instrument(
      delta: random.oneIn(2) ? delta : -delta, unitValue: random.number(1...400_000_000))
    let imbalance = Int128(random.number(-20_000_000_000...20_000_000_000))
    let question = try question(imbalance)
    guard let trade = question.decideHedge(with: [contract]) else {
      #expect(question.excess == 0 || Int128(delta) * 80 > 60_000_000_000 / 100)
      return
    }
    let moved = Int128(trade.side.sign * trade.size.steps) * Int128(contract.delta)
    let after = imbalance - moved
    // At the index of 8,000, in 10^−8 of a coin: 20,000 USD are 2.5 coins.
    #expect(after.magnitude >= 250_000_000 && after.signum() == imbalance.signum())
    #expect(after.magnitude < 250_000_000 + contract.delta.magnitude, "and one step more would")
  }

  @Test("an instrument is used at the most it may cost, and a billionth above it is not")
  func costLimit() throws {
    for (cost, isUsed) in [("0.1999999%", true), ("0.2%", true), ("0.2000001%", false)] {
      let trade = try question(10 * Self.coin).decideHedge(with: [instrument(cost: cost)])
      #expect((trade != nil) == isUsed, "\(cost)")
    }
    // A fee that is all it may cost leaves no room beyond the mark.
    let fee = try instrument(cost: "0.2%", fee: "0.2%")
    let trade = try #require(try question(10 * Self.coin).decideHedge(with: [fee]))
    #expect(trade.limitUnitValue == 8_000_000)
    #expect(try question(10 * Self.coin).decideHedge(with: [instrument(fee: "0.2000001%")]) == nil)
  }

  @Test("the least expected cost for its delta, ties to the lower id, and none where none may be")
  func choice() throws {
    let asked = try question(10 * Self.coin)
    func chosen(_ instruments: [HedgeInstrument]) -> UInt32? {
      asked.decideHedge(with: instruments)?.instrument.id.number
    }
    #expect(chosen([try instrument(1), try instrument(2, cost: "0.09%")]) == 2)
    #expect(chosen([try instrument(2), try instrument(1)]) == 1)
    // Half the delta for the same money.
    #expect(chosen([try instrument(1, delta: 50_000), try instrument(2, cost: "0.15%")]) == 2)
    #expect(chosen([try instrument(1, room: 0), try instrument(2, cost: "0.2%")]) == 2)
    #expect(chosen([]) == nil)
    #expect(chosen([try instrument(cost: "1%")]) == nil)
    #expect(chosen([try instrument(delta: 0), try instrument(1, unitValue: 0)]) == nil)
  }

  @Test("room, the largest and the least order, a unit below, at and above")
  func sizes() throws {
    func steps(_ change: HedgeBand, room: Int64 = 1_000_000) throws -> Int64? {
      let asked = try question(10 * Self.coin, band: change)
      return asked.decideHedge(with: [try instrument(room: room)])?.size.steps
    }
    func band(least: Int64 = 0, most: Int64 = HedgeBand.limit) -> HedgeBand {
      HedgeBand(
        threshold: 50_000_000_000, target: 20_000_000_000, leastOrder: least, mostOrder: most)
    }
    #expect(try steps(band(), room: 7_499) == 7_499 && steps(band(), room: 7_501) == 7_500)
    #expect(try steps(band(most: 7_999_999)) == nil && steps(band(most: 8_000_000)) == 1)
    #expect(try steps(band(most: 15_999_999)) == 1 && steps(band(most: 16_000_000)) == 2)
    #expect(try steps(band(least: 60_000_000_000)) == 7_500)
    #expect(try steps(band(least: 60_000_000_001)) == nil)
    #expect(try steps(band(least: 59_999_999_999), room: 7_499) == nil)
  }

  @Test("the budget is used to the unit and never passed", arguments: [0, 1, 2])
  func budget(_ which: Int) throws {
    func trade(_ left: Int64) throws -> HedgeTrade? {
      let all = (0..<3).map { $0 == which ? left : Int64.max }
      let budget = HedgeBudget(order: all[0], window: all[1], fund: all[2])
      return try question(10 * Self.coin, budget: budget).decideHedge(with: [instrument()])
    }
    // A step costs 0.0128 and 0.0032 + 0.00000512 at worst, and 64 units of rounding at all.
    #expect(try trade(-1) == nil && trade(0) == nil && trade(16_005 + 64) == nil)
    let one = try #require(try trade(16_006 + 64))
    #expect(one.size == Size(steps: 1) && one.worstCost == 16_006 + 64)
    let whole = try #require(try question(10 * Self.coin).decideHedge(with: [instrument()]))
    #expect(try trade(whole.worstCost)?.size == Size(steps: 7_500))
    #expect(try trade(whole.worstCost - 1)?.size == Size(steps: 7_499))
    for left in stride(from: Int64(16_000), to: 3_000_000, by: 98_765) {
      guard let some = try trade(left) else { continue }
      #expect(some.worstCost <= left && some.resized(to: some.size.steps + 1).worstCost > left)
    }
  }

  // A hedge of 7.5 coins against takers who were long 10; 2.5 coins are the target.
  @Test("is given back as far as the imbalance stays at the target, and no step further")
  func unwinding() throws {
    let hedge: Int128 = 750_000_000
    let held = try instrument(room: 7_500)
    func steps(_ imbalance: Int128, hedge: Int128 = hedge) throws -> Int64? {
      let trade = try question(imbalance, hedge: hedge).decideUnwinding(of: [held])
      #expect(trade.map { $0.side == (hedge > 0 ? .sell : .buy) } ?? true)
      return trade?.size.steps
    }
    #expect(try steps(250_000_000) == nil, "at the target")
    #expect(try steps(249_900_001) == nil && steps(249_900_000) == 1, "a step below it")
    #expect(try steps(0) == 2_500 && steps(-100_000_000) == 3_500)
    // All that takers held is gone: S is minus the hedge, and so is all of the hedge.
    #expect(try steps(-hedge) == 7_500 && steps(-hedge - 1_000_000_000) == 7_500)
    #expect(try steps(250_100_000, hedge: -hedge) == 5_001, "a hedge the other way")
    #expect(try question(0).decideUnwinding(of: [held]) == nil)
    // Above the threshold on the other side the hedge goes first.
    let crowded = try question(-1_000_000_000, hedge: hedge)
    #expect(crowded.excess > 0 && crowded.decideHedge(with: [held]) == nil)
    #expect(try question(1_000_000_000, hedge: hedge).decideHedge(with: [held]) != nil)
  }

  @Test("without a band, or where margin is short, all of it; the last of it may be small")
  func forced() throws {
    let held = try instrument(room: 7_500)
    let some = try question(1_000_000_000, hedge: 750_000_000)
    #expect(some.decideUnwinding(of: [held]) == nil)
    #expect(some.decideUnwinding(of: [held], isForced: true)?.size == Size(steps: 7_500))
    let off = HedgeQuestion(
      imbalance: 1_000_000_000, hedge: 750_000_000, index: try Price("8000"), band: nil,
      mostCost: try Rate("0.2%"), budget: free)
    #expect(off.decideUnwinding(of: [held])?.size == Size(steps: 7_500))
    #expect(off.decideHedge(with: [held]) == nil && off.excess == 0)
    let wide = HedgeBand(
      threshold: 50_000_000_000, target: 20_000_000_000, leastOrder: 30_000_000_000,
      mostOrder: HedgeBand.limit)
    func steps(_ imbalance: Int128, held: Int64) throws -> Int64? {
      try question(imbalance, hedge: 750_000_000, band: wide)
        .decideUnwinding(of: [try instrument(room: held)])?.size.steps
    }
    #expect(try steps(-124_900_000, held: 7_500) == nil, "3,749 steps are 29,992")
    #expect(try steps(-125_000_000, held: 7_500) == 3_750)
    #expect(try steps(-124_900_000, held: 3_749) == 3_749)
  }
}
