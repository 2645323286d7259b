// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Clearing
import Quantities
import TestFixtures
import Testing

@Suite("The fee on imbalance")
struct EntryFeeTests {
  private let million: Int64 = 1_000_000

  private func potential(
    scale: Double, exponent: Double, rebate: String = "100%"
  ) throws -> EntryFeePotential {
    try #require(
      EntryFeePotential(scale: scale, exponent: exponent, rebateShare: try Rate(rebate)))
  }

  // Source: GMX synthetics, README: exponent 2, factor 0.01 ÷ 50,000.
  @Test("GMX: 500 to an imbalance of 50,000, and 375 back for half of it")
  func gmx() throws {
    let fee = try potential(scale: 0.01 / 50_000 * 1e6, exponent: 2)
    #expect(fee.fee(from: 0, to: 50_000 * million, pot: 0) == 500 * million)
    #expect(
      fee.fee(from: 50_000 * million, to: 25_000 * million, pot: 500 * million) == -375 * million)
  }

  // Source: Synthetix v3: index 1,200, 100 on a scale of 10^6: 1,200.06.
  @Test("Synthetix: half of the new skew on the price")
  func synthetix() throws {
    let price = skewedPrice(try Price("1200"), before: 0, after: 100, scale: 1_000_000)
    #expect(price == (try Price("1200.06")))
    #expect(skewedPrice(try Price("1200"), before: 0, after: 100, scale: 0) == nil)
    #expect(
      skewedPrice(try Price("1200"), before: -2_000_000, after: -2_000_001, scale: 1_000_000) == nil
    )
  }

  @Test("the square-root law is set by one cost")
  func calibration() throws {
    let scale = EntryFeePotential.scale(
      cost: 1_000 * million, at: 1_000_000 * million, exponent: 1.5)
    let fee = try potential(scale: scale, exponent: 1.5)
    #expect(fee.potential(of: 1_000_000 * million) == 1_000 * million)
    // Four times the size costs eight times as much.
    #expect(fee.potential(of: -4_000_000 * million) == 8_000 * million)
  }

  @Test("no path is cheaper than another, and no circle pays", arguments: 0..<50)
  func paths(seed: UInt64) throws {
    var random = Seeded(seed)
    let fee = try potential(
      scale: .random(in: 1e-9...1, using: &random), exponent: .random(in: 1...2, using: &random))
    let (start, end) = (
      Int64.random(in: -1 << 40...1 << 40, using: &random),
      Int64.random(in: -1 << 40...1 << 40, using: &random)
    )
    let direct = fee.fee(from: start, to: end, pot: .max)
    var (at, paid) = (start, Int64(0))
    for _ in 0..<20 {
      let next = Int64.random(in: -1 << 40...1 << 40, using: &random)
      paid += fee.fee(from: at, to: next, pot: .max)
      at = next
    }
    #expect(paid + fee.fee(from: at, to: end, pot: .max) == direct)
    // With cut rebates every circle costs.
    let cut = try potential(scale: fee.scale, exponent: fee.exponent, rebate: "80%")
    let there = cut.fee(from: start, to: end, pot: .max)
    #expect(there + cut.fee(from: end, to: start, pot: .max) >= 0)
  }

  @Test("a rebate is cut, and never more than the pot holds")
  func rebates() throws {
    let fee = try potential(scale: 0.01 / 50_000 * 1e6, exponent: 2, rebate: "80%")
    let back = { (pot: Int64) in fee.fee(from: 50_000_000_000, to: 25_000_000_000, pot: pot) }
    #expect(back(.max) == -300_000_000)
    #expect(back(300_000_001) == -300_000_000 && back(300_000_000) == -300_000_000)
    #expect(back(299_999_999) == -299_999_999)
    #expect(back(0) == 0 && back(-1) == 0)
  }

  @Test("nonsense is no potential, and the widest imbalance has one")
  func bounds() throws {
    let make = { EntryFeePotential(scale: $0, exponent: $1, rebateShare: $2) }
    #expect(make(0, 1.5, .zero) == nil && make(.nan, 1.5, .zero) == nil)
    #expect(make(1, 0.99, .zero) == nil && make(1, 3.01, .zero) == nil)
    #expect(make(1, 1.5, Rate(billionths: 1_000_000_001)) == nil)
    #expect(make(1e300, 3, .zero) == nil)
    let steep = try #require(make(1e20, 3, .zero))
    #expect(steep.potential(of: .min) == EntryFeePotential.limit)
    #expect(steep.fee(from: .min, to: -.max, pot: 0) == 0)
    // Through balance without a pot: nothing back for the way there.
    #expect(steep.fee(from: .min, to: .max, pot: 0) == EntryFeePotential.limit)
    let one = Rate(billionths: 1)
    let with = {
      EntryFeePotential(
        scale: 1, exponent: 2, rebateShare: .zero, threshold: $0, slopeCap: Rate(billionths: $1))
    }
    #expect(with(0, one.billionths) != nil && with(0, 1_000_000_000) != nil)
    #expect(with(-1, 1) == nil && with(0, 0) == nil && with(0, 1_000_000_001) == nil)
  }

  @Test("a trade through balance is one that stops there and goes on", arguments: 0..<50)
  func flips(seed: UInt64) throws {
    var random = Seeded(seed)
    let fee = try potential(
      scale: .random(in: 1e-3...1, using: &random), exponent: .random(in: 1...2, using: &random),
      rebate: "80%")
    let start = Int64.random(in: 1...1 << 40, using: &random)
    let end = -Int64.random(in: 1...1 << 40, using: &random)
    for pot in [0, fee.potential(of: start) / 3, .max] as [Int64] {
      let back = fee.fee(from: start, to: 0, pot: pot)
      #expect(back <= 0 && -back <= pot)
      #expect(fee.fee(from: start, to: end, pot: pot) == back + fee.potential(of: end))
    }
    // Nothing is gained by cutting up a way back: roundings are the venue's.
    let middle = Int64.random(in: 0...start, using: &random)
    let whole = fee.fee(from: start, to: 0, pot: .max)
    let parts =
      fee.fee(from: start, to: middle, pot: .max) + fee.fee(from: middle, to: 0, pot: .max)
    #expect((whole...whole + 1).contains(parts))
  }

  // By hand: 2·10⁻⁷·S² is steeper than 1 % from 25,000 on, where it is 125.
  @Test("beyond the cap on its slope the potential rises straight")
  func slope() throws {
    let make = {
      EntryFeePotential(
        scale: 0.2, exponent: 2, rebateShare: .zero, threshold: $0,
        slopeCap: Rate(billionths: 10_000_000))
    }
    let fee = try #require(make(0))
    #expect(fee.potential(of: 25_000 * million) == 125 * million)
    #expect(fee.potential(of: 24_000 * million) == 115_200_000)
    #expect(fee.potential(of: -50_000 * million) == 375 * million)
    #expect(fee.averageCost(of: 50_000 * million) == Rate(billionths: 7_500_000))
    #expect(fee.averageCost(of: 10_000 * million) == Rate(billionths: 2_000_000))
    #expect(fee.averageCost(of: 0) == .zero && fee.averageCost(of: -1) == .zero)
    let late = try #require(make(10_000 * million))
    #expect(late.potential(of: 10_000 * million) == 0)
    #expect(late.potential(of: -10_000 * million) == 0)
    // 8 beyond it: 0.2 × 64 millionths, to even.
    #expect(late.potential(of: 10_008 * million) == 13)
    #expect(late.potential(of: 60_000 * million) == 375 * million)
    #expect(late.averageCost(of: 10_000 * million) == Rate(billionths: 2_000_000))
    let straight = try #require(
      EntryFeePotential(
        scale: 20_000, exponent: 1, rebateShare: .zero, slopeCap: Rate(billionths: 10_000_000)))
    #expect(straight.potential(of: 100 * million) == million)
  }

  @Test("a cap on the slope binds from one billionth below the slope on, and not at it")
  func slopeCap() throws {
    func cost(_ scale: Double, _ exponent: Double, cap: Int64, of size: Int64) throws -> Int64 {
      try #require(
        EntryFeePotential(
          scale: scale, exponent: exponent, rebateShare: .zero, slopeCap: Rate(billionths: cap))
      ).potential(of: size)
    }
    // One per cent everywhere: of 1,000 million a billionth is one dollar.
    let whole = 10_000_000 * million
    for (cap, expected) in [(-1, whole - million), (0, whole), (1, whole)] as [(Int64, Int64)] {
      let size = 1_000_000_000 * million
      #expect(try cost(10_000, 1, cap: 10_000_000 + cap, of: size) == expected)
    }
    // By hand: 5·10⁻¹⁴ S² rises by 1 % at 10¹¹; below it the straight part begins 10⁴ earlier and
    // lacks 5·10⁻¹⁴ × 10⁸ of a dollar.
    let square = 500_000_000 * million
    for (cap, expected) in [(-1, square - 5), (0, square), (1, square)] as [(Int64, Int64)] {
      let size = 100_000_000_000 * million
      #expect(try cost(5e-8, 2, cap: 10_000_000 + cap, of: size) == expected)
    }
  }

  // QUANT 6: q·P·(S₀ + q/2) ÷ K = P ÷ 2K · (S₁² − S₀²).
  @Test("Synthetix: what the skewed price costs is a quadratic potential", arguments: 0..<20)
  func identity(seed: UInt64) throws {
    var random = Seeded(seed)
    let scale: Int64 = 1_000_000
    let index = Int64.random(in: 1...5_000, using: &random)
    let before = Int64.random(in: 0...9_999, using: &random)
    let size = Int64.random(in: 1...9_999, using: &random)
    let price = try #require(
      skewedPrice(
        Price(steps: index * Price.stepsPerOne), before: before, after: before + size,
        scale: scale))
    // The imbalance S·P to the second power, and 10⁶ for millionths.
    let fee = try potential(scale: 1e6 / (2 * Double(index * scale)), exponent: 2)
    let cost = Double(price.steps - index * Price.stepsPerOne) * Double(size) / 100
    let charged = fee.fee(
      from: before * index * million, to: (before + size) * index * million, pot: 0)
    // Half a step of price a unit, and half a millionth for each potential.
    #expect(abs(Double(charged) - cost) <= Double(size) * 0.005 + 1 + cost * 1e-12)
  }
}

@Suite("Funding with velocity")
struct VelocityFundingTests {
  // Full imbalance brings 0.05 % in six hours.
  private func funding() throws -> VelocityFunding {
    let hourly = Rate(billionths: 500_000 / 6 + 1)
    return try #require(
      VelocityFunding(velocity: hourly, largestImbalance: 1_000, cap: try Rate("0.05%")))
  }

  @Test("the rate rises with time and imbalance, and stops at the cap")
  func worked() throws {
    let funding = try funding()
    let after = { (hours: Int64, imbalance: Int64) in
      funding.rate(
        after: TimeSpan(seconds: hours * 3_600), from: .zero, imbalance: imbalance
      ).billionths
    }
    #expect(after(1, 1_000) == 83_334 && after(1, 500) == 41_667 && after(1, -1_000) == -83_334)
    #expect(after(1, 999) < 83_334 && after(1, -999) > -83_334)
    #expect(after(1, 1_001) == 83_334 && after(1, -1_001) == -83_334)
    #expect(after(1, .max) == 83_334 && after(1, .min) == -83_334)
    #expect(after(5, 1_000) == 416_670 && after(6, 1_000) == 500_000 && after(999, -1) < 0)
    #expect(after(1_000_000, 1_000) == 500_000 && after(1_000_000, -1_000) == -500_000)
    for (cap, expected) in [(83_333, 83_333), (83_334, 83_334), (83_335, 83_334)]
      as [(Int64, Int64)]
    {
      let capped = try #require(
        VelocityFunding(
          velocity: funding.velocity, largestImbalance: 1_000, cap: Rate(billionths: cap)))
      let hourly = { capped.rate(after: .hour, from: .zero, imbalance: $0).billionths }
      #expect(hourly(1_000) == expected && hourly(-1_000) == -expected)
    }
  }

  @Test("in balance it stays, and backward time does nothing")
  func still() throws {
    let rate = Rate(billionths: 123)
    #expect(try funding().rate(after: .day, from: rate, imbalance: 0) == rate)
    #expect(
      try funding().rate(after: TimeSpan(seconds: -5), from: rate, imbalance: 1_000) == rate)
  }

  @Test("a second at a small imbalance counts, in 10^-18")
  func fine() throws {
    let funding = try funding()
    var (rate, coarse) = (Int64(0), Rate.zero)
    for _ in 0..<3_600 {
      rate = funding.fineRate(after: TimeSpan(seconds: 1), from: rate, imbalance: 1)
      coarse = funding.rate(after: TimeSpan(seconds: 1), from: coarse, imbalance: 1)
    }
    // A thousandth of 83,334 billionths an hour; each step is cut by less than half.
    #expect(coarse == .zero)
    #expect(abs(rate - 83_334_000_000) <= 1_800)
    let most: Int64 = 500_000_000_000_000
    #expect(funding.fineRate(after: .day, from: 0, imbalance: .max) == most)
    #expect(funding.fineRate(after: .day, from: 0, imbalance: .min) == -most)
    #expect(funding.fineRate(after: .day, from: .max, imbalance: 0) == most)
    #expect(
      funding.fineRate(after: TimeSpan(seconds: -1), from: 7, imbalance: 1_000) == 7)
  }

  @Test("the settled rate adds a part of the premium, and is capped")
  func settled() throws {
    let funding = try funding()
    let half = try Rate("50%")
    let rate = { (fine: Int64, premium: Int64) in
      funding.settledRate(fine, premium: Rate(billionths: premium), weight: half).billionths
    }
    #expect(rate(1_000_000_000, 10) == 6 && rate(-1_000_000_000, 10) == 4)
    #expect(rate(0, 1_000_000) == 500_000 && rate(0, 1_000_001) == 500_000)
    #expect(rate(0, 1_000_003) == 500_000 && rate(0, -2_000_000) == -500_000)
    #expect(rate(499_999_000_000_000, 0) == 499_999 && rate(499_999_000_000_000, 2) == 500_000)
  }

  @Test("a premium inside the cost of its size is none")
  func impact() {
    let premium = {
      impactPremium(
        Rate(billionths: $0), selling: Rate(billionths: 100), buying: Rate(billionths: 40)
      ).billionths
    }
    #expect(premium(99) == 0 && premium(100) == 0 && premium(101) == 1)
    #expect(premium(-39) == 0 && premium(-40) == 0 && premium(-41) == -1)
    #expect(
      impactPremium(Rate(billionths: -7), selling: .zero, buying: .zero) == Rate(billionths: -7))
  }

  @Test("parameters out of range are none")
  func bounds() throws {
    let one = Rate(billionths: 1)
    #expect(VelocityFunding(velocity: .zero, largestImbalance: 1, cap: one) == nil)
    #expect(VelocityFunding(velocity: one, largestImbalance: 0, cap: one) == nil)
    #expect(VelocityFunding(velocity: one, largestImbalance: 1, cap: .zero) == nil)
    #expect(
      VelocityFunding(velocity: one, largestImbalance: 1, cap: Rate(billionths: 1_000_000_001))
        == nil)
  }
}
