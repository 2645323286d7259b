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
    #expect(back(300_000_000) == -300_000_000 && back(299_999_999) == -299_999_999)
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
    #expect(steep.fee(from: .min, to: .max, pot: 0) == 0)
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
    #expect(after(1, 1_001) == 83_334 && after(1, .max) == 83_334 && after(1, .min) == -83_334)
    #expect(after(5, 1_000) == 416_670 && after(6, 1_000) == 500_000 && after(999, -1) < 0)
    #expect(after(1_000_000, 1_000) == 500_000 && after(1_000_000, -1_000) == -500_000)
  }

  @Test("in balance it stays, and backward time does nothing")
  func still() throws {
    let rate = Rate(billionths: 123)
    #expect(try funding().rate(after: .day, from: rate, imbalance: 0) == rate)
    #expect(
      try funding().rate(after: TimeSpan(seconds: -5), from: rate, imbalance: 1_000) == rate)
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
