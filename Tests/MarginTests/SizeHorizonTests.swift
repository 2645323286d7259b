// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import NumericalMethods
import Quantities
import Testing

/// A tenth of 870 million of stressed volume a day: 87 million, 10,875,000 steps of 8 USD; the
/// range of BTC is 16 %.
@Suite("The charge for liquidations of more than a day")
struct SizeHorizonTests {
  private static let terms = [("horizonShare", "10%"), ("volumeStress", "30%")]
  private static let day: Int64 = 10_875_000

  private func charge(
    _ steps: Int64, _ terms: [(String, String)] = Self.terms, depth: String? = nil
  ) throws -> Int64 {
    try SizedWorld(terms, liquidity: depth.map { try SizedWorld.liquidity(depth: $0) })
      .line(ChargeKind.horizon, steps: steps)
  }

  // 16 % × n·87 million × (√((n + 1)(2n + 1) ÷ 6n) − 1), in decimal arithmetic of 40 digits.
  @Test(
    "is that of the formula at whole days",
    arguments: [
      (1, 0), (2, 3_286_066_246_797), (3, 10_323_870_823_893), (5, 33_633_482_940_371),
      (10, 133_930_122_835_252),
    ] as [(Int64, Int64)])
  func wholeDays(days: Int64, exact: Int64) throws {
    for sign in [Int64(1), -1] {
      let charge = try charge(sign * days * Self.day)
      // Rounded up at the knot, and the slope before it to 2^−40 per millionth.
      #expect(charge >= exact && charge <= exact + (days == 1 ? 0 : 900))
    }
  }

  @Test("is nothing up to a day, to the unit, and begins one step beyond without a jump")
  func begins() throws {
    #expect(try charge(1) == 0)
    #expect(try charge(Self.day) == 0)
    let first = try charge(Self.day + 1)
    // The slope there is that of the chord to the next knot, less than at the second day's end.
    #expect(first > 0)
    #expect(first <= 8_000_000 / 10)
  }

  // Rounding n up to whole days would charge more from the first unit of a day on; at the end of
  // the day it is the same. Beyond ten days chords lie above what they join, by less than 2 %.
  @Test("lies between the formula without and with days rounded up")
  func between() throws {
    func formula(_ days: Double, _ steps: Int64) -> Double {
      0.16 * Double(steps) * 8e6 * (((days + 1) * (2 * days + 1) / (6 * days)).squareRoot() - 1)
    }
    let sized = try SizedWorld(Self.terms)
    var random = SplitMix64(seed: 35)
    for _ in 0..<100 {
      let steps = Int64.random(in: Self.day + 1...Self.day * 30, using: &random)
      let days = Double(steps) / Double(Self.day)
      let charge = Double(try sized.line(ChargeKind.horizon, steps: steps))
      #expect(charge >= formula(days, steps))
      if days <= 10 {
        #expect(charge <= formula(days.rounded(.up), steps) + 1_000, "\(days) days")
      } else {
        #expect(charge <= formula(days, steps) * 1.02, "\(days) days")
      }
    }
  }

  @Test("never falls with size, and grows when depth falls below what stress leaves")
  func monotone() throws {
    let sized = try SizedWorld(Self.terms)
    var random = SplitMix64(seed: 36)
    for sign in [Int64(1), -1] {
      var (steps, before): (Int64, Int64) = (Self.day / 2, 0)
      while steps < 1_500_000_000 {
        let next = try sized.line(ChargeKind.horizon, steps: sign * steps)
        #expect(next >= before)
        before = next
        steps += Int64.random(in: 1...steps / 8, using: &random)
      }
    }
    let whole = try charge(3 * Self.day, depth: "100%")
    #expect(try charge(3 * Self.day, depth: "30%") == whole)
    #expect(try charge(3 * Self.day, depth: "29%") > whole)
    // A tenth of the stressed volume: thirty days instead of three.
    let thin = Double(try charge(3 * Self.day, depth: "3%"))
    #expect(abs(thin / (0.16 * 261e12 * ((31.0 * 61 / 180).squareRoot() - 1)) - 1) < 0.02)
  }

  @Test("follows the net delta and is nothing where no share is stated")
  func neutral() throws {
    #expect(try charge(100 * Self.day, [("volumeStress", "30%")]) == 0)
    let sized = try SizedWorld(Self.terms)
    let risk = try sized.engine.risk(of: sized.portfolio(steps: 2 * Self.day))
    // Scan, fee and this charge; 80 % of them are maintenance margin.
    let breakdown = try sized.engine.breakdown(of: sized.portfolio(steps: 2 * Self.day))
    #expect(breakdown.lines.map(\.initial).reduce(0, +) == risk.initialMargin)
    #expect(breakdown.lines.contains { $0.kind == .horizon(sized.world.btc.symbol) })
    let shares = sized.engine.shares(of: breakdown, sized.portfolio(steps: 2 * Self.day))
    #expect(shares.reduce(0) { $0 + $1.initial } == risk.initialMargin)
    #expect(shares.reduce(0) { $0 + $1.maintenance } == risk.maintenanceMargin)
    #expect(shares.first?.initial == risk.initialMargin)
  }
}
