// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Liquidation
import Parameters
import Quantities
import TestFixtures
import Testing

@Suite("The size of a partial liquidation")
struct PartialLiquidationTests {
  private func parameters(
    _ changes: [(key: String, value: String)] = []
  ) throws -> LiquidationParameters {
    try LiquidationParameters(ParameterFixture.set(changes))
  }

  private func position(
    _ id: UInt32, _ size: Int64, notional: Int64 = 1_000_000, relief: Int64 = 10
  ) -> ClosablePosition {
    ClosablePosition(
      instrument: InstrumentID(id), size: Size(steps: size), notional: notional, relief: relief)
  }

  @Test("the smallest number of steps that restores is found", arguments: 0..<200)
  func minimal(seed: UInt64) throws {
    var random = Seeded(seed)
    let size = Int64.random(in: 1...5_000, using: &random)
    let equity = Int64.random(in: -100...10_000, using: &random)
    let target = Int64.random(in: equity + 1...20_000, using: &random)
    let perStep = Int64.random(in: 0...20, using: &random)
    let cost = Int64.random(in: 0...3, using: &random)
    var questions = 0
    let standing = { (steps: Int64) in
      Standing(equity: equity - cost * steps, target: target - perStep * steps)
    }
    let decided = decidePartialSize(
      [position(0, Bool.random(using: &random) ? size : -size)], try parameters()
    ) { _, steps in
      questions += 1
      return standing(steps.steps)
    }
    let expected = (1...size).first { standing($0).isRestored } ?? size
    #expect(decided?.size == Size(steps: expected))
    #expect(questions <= 32)
    // Known where the account stands, a straight line is asked for two steps and the whole.
    questions = 0
    let again = decidePartialSize([position(0, size)], try parameters(), now: standing(0)) {
      _, steps in
      questions += 1
      return standing(steps.steps)
    }
    #expect(again?.size == Size(steps: expected))
    if size > 16, standing(size).isRestored { #expect(questions <= 4) }
  }

  @Test("a requirement in steps is no hindrance to a guess by a straight line", arguments: 0..<100)
  func stepped(seed: UInt64) throws {
    var random = Seeded(seed)
    let size = Int64.random(in: 17...100_000, using: &random)
    let tier = Int64.random(in: 1...size, using: &random)
    let jump = Int64.random(in: 0...50_000, using: &random)
    let perStep = Int64.random(in: 1...20, using: &random)
    let start = Int64.random(in: 1...perStep * size + jump, using: &random)
    var questions = 0
    let standing = { (steps: Int64) in
      Standing(equity: 0, target: start - perStep * steps - (steps >= tier ? jump : 0))
    }
    let decided = decidePartialSize([position(0, size)], try parameters(), now: standing(0)) {
      _, steps in
      questions += 1
      return standing(steps.steps)
    }
    var (low, high) = (Int64(0), size)
    while low + 1 < high {
      let middle = (low + high) / 2
      if standing(middle).isRestored { high = middle } else { low = middle }
    }
    #expect(decided?.size == Size(steps: high))
    #expect(questions <= 36)
  }

  @Test("whatever the requirement looks like, one step fewer would not restore", arguments: 0..<100)
  func locallyMinimal(seed: UInt64) throws {
    var random = Seeded(seed)
    let size = Int64.random(in: 2...400, using: &random)
    let restored = (0...size).map { $0 > 0 && Int.random(in: 0..<3, using: &random) == 0 }
    let decided = decidePartialSize([position(0, size)], try parameters()) { _, steps in
      Standing(equity: restored[Int(steps.steps)] ? 1 : 0, target: 1)
    }
    let steps = try #require(decided).size.steps
    #expect(steps == size || restored[Int(steps)])
    #expect(!restored[Int(steps - 1)])
    let now = Standing(equity: Int64.random(in: -9...0, using: &random), target: 1)
    let guessed = decidePartialSize([position(0, size)], try parameters(), now: now) { _, steps in
      Standing(equity: restored[Int(steps.steps)] ? 1 : 0, target: 1)
    }
    let found = try #require(guessed).size.steps
    #expect(found == size || restored[Int(found)])
    #expect(!restored[Int(found - 1)])
  }

  @Test("the position that frees most margin goes first; ties go by notional, then by id")
  func choice() throws {
    let never = { (_: InstrumentID, _: Size) in Standing(equity: 0, target: 1) }
    let rules = try parameters()
    let by = { (positions: [ClosablePosition]) in
      decidePartialSize(positions, rules, standing: never)?.instrument
    }
    #expect(by([position(0, 1), position(1, 1, relief: 11)]) == InstrumentID(1))
    #expect(by([position(0, 1), position(1, 1, notional: 1_000_001)]) == InstrumentID(1))
    #expect(by([position(4, 1), position(2, 1), position(3, 1)]) == InstrumentID(2))
    #expect(by([]) == nil)
  }

  @Test(
    "large positions are closed by slices, small ones whole",
    arguments: [
      // Notional in millionths; the boundary is 100,000; a fifth is rounded up to a step.
      (100_000_000_000 as Int64, 1_001 as Int64, 1_001 as Int64), (100_000_000_001, 1_001, 201),
      (100_000_000_001, 3, 1), (100_000_000_001, 1, 1), (.max, Size.limit, 429_496_730),
    ])
  func slices(notional: Int64, size: Int64, expected: Int64) throws {
    let decided = decidePartialSize(
      [position(0, size, notional: notional)], try parameters()
    ) { _, _ in Standing(equity: 0, target: 1) }
    #expect(decided?.size == Size(steps: expected))
  }

  @Test(
    "a penalty never takes more than the equity there is",
    arguments: [
      (1_000 as Int64, 500 as Int64, 5 as Int64), (1_001, 500, 6), (1_000, 5, 5), (1_000, 4, 4),
      (1_000, 0, 0), (1_000, -7, 0), (0, 500, 0), (.max, .max, 46_116_860_184_273_880),
    ])
  func penalty(notional: Int64, equity: Int64, expected: Int64) throws {
    let rate = try Rate("0.5%")
    #expect(liquidationPenalty(notional: notional, rate: rate, equity: equity) == expected)
  }

  @Test("an account is restored at its target, not one unit below")
  func standing() {
    #expect(Standing(equity: 10, target: 10).isRestored)
    #expect(!Standing(equity: 9, target: 10).isRestored)
  }
}
