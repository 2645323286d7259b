// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Liquidation
import Parameters
import Quantities
import TestFixtures
import Testing

@Suite("What a bid takes")
struct AuctionSliceTests {
  private let positions = [
    AuctionedPosition(instrument: InstrumentID(1), size: Size(steps: 1_000), notional: 8_000),
    AuctionedPosition(instrument: InstrumentID(2), size: Size(steps: -3), notional: 2_000),
  ]

  private func slice(_ share: String, isAll: Bool = false) throws -> AuctionSlice? {
    AuctionSlice(of: positions, share: try Rate(share), isAll: isAll)
  }

  @Test("sizes are rounded toward zero, and only what is taken counts")
  func partial() throws {
    let third = try #require(try slice("33.3%"))
    #expect(third.pieces.map(\.size.steps) == [333], "not one of three steps")
    // 8,000 × 0.333 of 10,000.
    #expect(try third.share == Rate("26.64%") && third.notional == 2_664)
    let more = try #require(try slice("33.3333334%"))
    #expect(more.pieces.map(\.size.steps) == [333, -1])
  }

  @Test("what may be sold is rounded up, and no more than asked for is paid")
  func all() throws {
    let slice = try #require(try slice("33.3%", isAll: true))
    #expect(slice.pieces.map(\.size.steps) == [333, -1])
    #expect(try slice.share == Rate("33.3%") && slice.notional == 2_664 + 666)
  }

  @Test("the whole is the whole, and less than a step is nothing")
  func ends() throws {
    let whole = try #require(try slice("100%"))
    #expect(whole.pieces.map(\.size.steps) == [1_000, -3] && whole.share == .one)
    #expect(try slice("0.09%") == nil)
    #expect(try slice("0%", isAll: true) == nil)
    #expect(AuctionSlice(of: [], share: .one, isAll: true) == nil)
    let least = try #require(try slice("0.000001%", isAll: true))
    #expect(least.pieces.map(\.size.steps) == [1, -1])
  }

  @Test("the terms of a part share out the value to the unit", arguments: 0..<100)
  func terms(seed: UInt64) {
    var random = Seeded(seed)
    let value = random.number(-1_000...1 << 50)
    let lot = AuctionedPortfolio(
      value: value, requirement: random.number(0...1 << 50),
      reserved: random.number(0...max(value, 0) + 5))
    let share = Rate(billionths: random.number(1...1_000_000_000))
    let factor = Rate(billionths: random.number(10_000_000...1_000_000_000))
    let terms = AuctionTerms(on: lot, share: share, at: factor)
    let sold = max(lot.value - lot.reserved, 0)
    #expect(terms.discount >= 0 && terms.paid >= 0)
    #expect(terms.paid + terms.discount <= sold + 2, "never more than there is")
    let exact = Double(sold) * share.value * (1 - factor.value)
    #expect(abs(Double(terms.discount) - exact) <= 2 + exact * 1e-8)
    let later = AuctionTerms(
      on: lot, share: share, at: Rate(billionths: factor.billionths / 2))
    #expect(later.discount >= terms.discount)
  }

  // Source: Derive v2-core, InsolventAuction.t.sol, less the debt of 100.
  @Test(
    "the fund adds what is above the debt", arguments: [(12, "50%", 2.0), (300, "100%", 100.0)])
  func reward(seconds: Int64, share: String, added: Double) throws {
    let lot = AuctionedPortfolio(
      value: -100_000_000, requirement: 200_000_000, reserved: 0)
    let progress = Rate(billionths: seconds * 1_000_000_000 / 600)
    #expect(
      insolventReward(on: lot, share: try Rate(share), progress: progress)
        == Int64(added * 1e6))
    #expect(insolventReward(on: lot, share: .one, progress: .zero) == 0)
    #expect(insolventReward(on: lot, share: .one, progress: .one) == 200_000_000)
  }
}

@Suite("The clock of an auction's price")
struct AuctionFactorTests {
  private func auction(_ changes: [(key: String, value: String)]) throws -> AuctionParameters {
    try LiquidationParameters(ParameterFixture.set(changes)).auction
  }

  // Source: Derive v2: 0.95 to 0.70 in 15 minutes; then here to a tenth in 12 hours.
  @Test("the usual path")
  func usual() throws {
    let auction = try auction([])
    let factors = [0, 450, 900, 900 + 21_600, 44_100, 50_000].map {
      auction.factor(of: .solvent, after: TimeSpan(seconds: $0), speed: .zero).billionths
    }
    #expect(
      factors == [950_000_000, 825_000_000, 700_000_000, 400_000_000, 100_000_000, 100_000_000])
    let added = [0, 36, 1_800, 3_600, 9_999].map {
      auction.factor(of: .insolvent, after: TimeSpan(seconds: $0), speed: .zero).billionths
    }
    #expect(added == [0, 10_000_000, 500_000_000, 1_000_000_000, 1_000_000_000])
  }

  // Worked in QUANT: φ = 2.67, σ = 60 % a year, Δ = 12 s, B = 0.20 give 4.83·10⁻⁴ a second.
  @Test("the adaptive speed of the worked example, and the stated one without volatility")
  func speed() throws {
    let changes = [
      (key: "auction.path", value: "3"), (key: "auction.start", value: "100%"),
      (key: "auction.fairFactor", value: "81.8730753%"),
      (key: "auction.bidInterval", value: "12s"), (key: "auction.speed", value: "0.002"),
    ]
    let adaptive = try auction(changes + [("auction.isAdaptive", "true")])
    let speed = adaptive.startingSpeed(volatility: try Rate("60%")).value
    #expect(abs(speed / 4.83e-4 - 1) < 0.02)
    #expect(adaptive.startingSpeed(volatility: .zero) == (try Rate("0.002")))
    // A market as wild as this is sold in no less than fifteen seconds: 0.2 ÷ 15.
    let wildest = adaptive.startingSpeed(volatility: Rate(billionths: Rate.limit)).value
    #expect(abs(wildest - 0.2 / 15) < 1e-8)
    let stated = try auction(changes)
    #expect(stated.startingSpeed(volatility: try Rate("60%")) == (try Rate("0.002")))
    #expect(try auction([]).startingSpeed(volatility: Rate("60%")) == .zero)
  }

  @Test("a late bid leaves the closing time, and no round doubles more than once")
  func extended() throws {
    let auction = try auction([
      ("auction.duration", "1000s"), ("auction.fastDuration", "100s"),
      ("auction.closingTime", "100s"),
    ])
    let extended = { (elapsed: Int64, before: Int64) in
      auction.extended(
        .solvent, at: TimeSpan(seconds: elapsed), extended: TimeSpan(seconds: before)
      ).nanoseconds / 1_000_000_000
    }
    #expect([extended(900, 0), extended(901, 0), extended(1_000, 0)] == [0, 1, 100])
    #expect(
      [extended(1_000, 150), extended(1_899, 990), extended(1_999, 999)] == [150, 999, 1_000])
    #expect(extended(2_500, 1_000) == 1_000)
  }
}
