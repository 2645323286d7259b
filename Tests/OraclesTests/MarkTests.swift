// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Parameters
import Quantities
import Testing

@testable import Oracles

@Suite("Premium and mark")
struct PremiumTests {
  private let parameters = MarkParameters(
    premiumHalfLife: TimeSpan(seconds: 300), premiumClamp: Rate(billionths: 50_000_000),
    settlementWindow: TimeSpan(seconds: 1_800), settlementCoverage: Rate(billionths: 500_000_000),
    settlementHold: TimeSpan(seconds: 180))

  private func price(_ units: Int64) -> Price { Price(steps: units * Price.stepsPerOne) }

  // Expected: 2^(62 − dt ÷ halfLife), decimal arithmetic with 60 digits. Tolerance: the documented
  // bound, 2^−31 relative.
  @Test(
    "decays by powers of two",
    arguments: [
      (60_000_000_000, 300, 4_014_705_861_086_822_467), (0, 300, 4_611_686_018_427_387_904),
      (1_000_000_000, 300, 4_601_043_061_184_062_807), (1_000_000, 300, 4_611_675_363_182_492_995),
      (300_000_000_000, 300, 2_305_843_009_213_693_952),
      (299_999_999_999, 300, 2_305_843_009_213_693_952),
      (.max, 300, 2_305_843_009_213_693_952),
    ] as [(Int64, Int64, Int64)])
  func decayFactor(nanoseconds: Int64, halfLife: Int64, expected: Int64) {
    let factor = decay(over: Int128(nanoseconds), TimeSpan(seconds: halfLife))
    #expect(abs(factor - expected) <= expected >> 31)
  }

  @Test("the first premium is taken as it is, the next counts by its age")
  func smoothing() {
    var state = smoothPremium(
      .unobserved, perpetual: price(10_200), index: price(10_000), now: Timestamp(seconds: 0),
      parameters: parameters)
    #expect(state.basis == Rate(billionths: 20_000_000))
    state = smoothPremium(
      state, perpetual: price(10_400), index: price(10_000), now: Timestamp(seconds: 300),
      parameters: parameters)
    #expect(state.femtos == 30_000_000_000_000)
    #expect(state.basis == Rate(billionths: 30_000_000))
  }

  @Test("two steps at one premium are one step of their sum")
  func composition() {
    let start = PremiumState(femtos: 0, time: Timestamp(seconds: 0))
    func step(_ state: PremiumState, _ seconds: Int64) -> PremiumState {
      smoothPremium(
        state, perpetual: price(10_100), index: price(10_000), now: Timestamp(seconds: seconds),
        parameters: parameters)
    }
    let difference = step(step(start, 100), 250).femtos - step(start, 250).femtos
    // 2^−31 of the premium for each of the three factors.
    #expect(abs(difference) <= 3 * (10_000_000_000_000 >> 31) + 2)
  }

  @Test("a premium is cut at the clamp and left one unit inside it")
  func clamp() {
    for (units, expected) in [
      (10_499, 49_900_000), (10_500, 50_000_000), (10_501, 50_000_000), (99_999, 50_000_000),
      (9_501, -49_900_000), (9_500, -50_000_000), (9_499, -50_000_000), (1, -50_000_000),
    ] as [(Int64, Int64)] {
      let state = smoothPremium(
        .unobserved, perpetual: price(units), index: price(10_000), now: Timestamp(seconds: 0),
        parameters: parameters)
      #expect(state.basis == Rate(billionths: expected))
    }
  }

  @Test("a history beyond a clamp that was tightened is cut at once")
  func tightenedClamp() {
    let old = PremiumState(femtos: 200_000_000_000_000, time: Timestamp(seconds: 0))
    let state = smoothPremium(
      old, perpetual: price(10_000), index: price(10_000), now: Timestamp(seconds: 300),
      parameters: parameters)
    #expect(state.femtos == 25_000_000_000_000)
  }

  @Test("one sample never counts more than the history, however long the gap")
  func longGap() {
    let old = PremiumState(femtos: 0, time: Timestamp(seconds: 0))
    let state = smoothPremium(
      old, perpetual: price(10_200), index: price(10_000), now: Timestamp(seconds: 1_000_000),
      parameters: parameters)
    #expect(state.femtos == 10_000_000_000_000)
  }

  @Test("a time that does not advance and a price of zero change nothing")
  func ignored() {
    let old = PremiumState(femtos: 7, time: Timestamp(seconds: 100))
    for (perpetual, index, seconds) in [
      (10_200, 10_000, 100), (10_200, 10_000, 99), (0, 10_000, 200), (10_200, 0, 200),
    ] as [(Int64, Int64, Int64)] {
      let state = smoothPremium(
        old, perpetual: price(perpetual), index: price(index), now: Timestamp(seconds: seconds),
        parameters: parameters)
      #expect(state == old)
    }
  }

  @Test("extreme prices and times do not overflow")
  func extremes() {
    for perpetual in [1, Price.limit] {
      for index in [1, Price.limit] {
        let state = smoothPremium(
          PremiumState(femtos: .max, time: Timestamp(nanoseconds: .min)),
          perpetual: Price(steps: perpetual), index: Price(steps: index),
          now: Timestamp(nanoseconds: .max), parameters: parameters)
        #expect(abs(state.basis.billionths) <= 50_000_000)
      }
    }
  }

  @Test("the mark is the index times one plus the basis, half to even, within the limits")
  func mark() {
    #expect(markPrice(index: price(10_000), basis: Rate(billionths: 1_000_000)) == price(10_010))
    #expect(
      markPrice(index: Price(steps: 5), basis: Rate(billionths: 500_000_000)) == Price(steps: 8))
    #expect(
      markPrice(index: Price(steps: 5), basis: Rate(billionths: 300_000_000)) == Price(steps: 6))
    #expect(
      markPrice(index: Price(steps: 1), basis: Rate(billionths: -900_000_000)) == Price(steps: 1))
    #expect(
      markPrice(index: Price(steps: Price.limit), basis: Rate(billionths: 1))
        == Price(steps: Price.limit))
  }
}

@Suite("Settlement price")
struct SettlementTests {
  private let parameters = MarkParameters(
    premiumHalfLife: TimeSpan(seconds: 300), premiumClamp: Rate(billionths: 50_000_000),
    settlementWindow: TimeSpan(seconds: 1_000), settlementCoverage: Rate(billionths: 500_000_000),
    settlementHold: TimeSpan(seconds: 400))

  private func price(_ units: Int64) -> Price { Price(steps: units * Price.stepsPerOne) }

  /// The window that ends at 2000 s after the given blocks.
  private func window(_ blocks: [(Int64, Int64?)]) -> SettlementWindow {
    var window = SettlementWindow.before(Timestamp(seconds: 2_000), parameters: parameters)
    for (seconds, units) in blocks {
      window = window.observing(
        units.map { price($0) }, now: Timestamp(seconds: seconds), parameters: parameters)
    }
    return window
  }

  @Test("is the average weighted by time, of what lies inside the window")
  func average() {
    let window = window([(900, 90), (1_100, 100), (1_400, 200), (1_800, 300), (2_100, 999)])
    #expect(window.covered == TimeSpan(seconds: 1_000))
    // 100 s at 90, 300 s at 100, 400 s at 200, 200 s at 300.
    #expect(window.settlementPrice(parameters: parameters) == price(179))
    #expect(
      window.observing(price(1), now: Timestamp(seconds: 9_000), parameters: parameters)
        .settlementPrice(parameters: parameters) == price(179))
  }

  @Test("is rounded half to even")
  func rounding() {
    var window = SettlementWindow(
      start: Timestamp(nanoseconds: 0), end: Timestamp(nanoseconds: 4))
    for (nanoseconds, steps) in [(0, 5), (2, 6), (4, 1)] as [(Int64, Int64)] {
      window = window.observing(
        Price(steps: steps), now: Timestamp(nanoseconds: nanoseconds), parameters: parameters)
    }
    #expect(window.settlementPrice(parameters: parameters) == Price(steps: 6))
  }

  @Test("a price counts no longer than the hold, and not while the index is not fresh")
  func hold() {
    #expect(window([(1_000, 100), (1_900, 100)]).covered == TimeSpan(seconds: 400))
    #expect(window([(1_000, 100), (1_100, nil), (1_900, 100)]).covered == TimeSpan(seconds: 100))
  }

  @Test("there is none until enough of the window has a price")
  func coverage() {
    let at = window([(1_000, 100), (1_250, nil), (1_500, 100), (1_750, nil)])
    #expect(at.settlementPrice(parameters: parameters) == price(100))
    let below = window([(1_000, 100), (1_250, nil), (1_500, 100), (1_749, nil)])
    #expect(below.settlementPrice(parameters: parameters) == nil)
    #expect(window([]).settlementPrice(parameters: parameters) == nil)
  }

  @Test("a time that goes back changes nothing, and extremes do not overflow")
  func extremes() {
    let window = window([(1_000, 100), (1_200, 100)])
    #expect(
      window.observing(price(5), now: Timestamp(seconds: 1_199), parameters: parameters) == window)
    var wide = SettlementWindow(start: Timestamp(nanoseconds: 0), end: Timestamp(nanoseconds: .max))
    for now in [Int64.min, 0, .max] {
      wide = wide.observing(
        Price(steps: Price.limit), now: Timestamp(nanoseconds: now), parameters: parameters)
    }
    #expect(wide.covered == TimeSpan(seconds: 400))
  }
}
