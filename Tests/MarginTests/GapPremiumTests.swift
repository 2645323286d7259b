// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Instruments
import Margin
import NumericalMethods
import Parameters
import Quantities
import Testing

@Suite("The gap premium")
struct GapPremiumTests {
  private static func premium(
    intensity: String = "6", mean: String = "-0.05", deviation: String = "0.12"
  ) throws -> GapPremium {
    GapPremium(
      GapParameters(
        intensity: try Rate(intensity), mean: try Rate(mean), deviation: try Rate(deviation),
        probability: try Rate("1%"), latency: .zero, volumeShare: try Rate("10%")))
  }

  // Source: section 3.6 of the specification, bp a day, Monte-Carlo checked there.
  @Test(
    "reproduces the specification's table",
    arguments: [
      (PositionSide.long, 0.02, 9.56, 0.005), (.long, 0.05, 6.86, 0.005),
      (.long, 0.1, 3.50, 0.005), (.long, 0.15, 1.49, 0.005), (.long, 0.2, 0.50, 0.005),
      (.long, 0.3, 0.02, 0.005), (.short, 0.02, 3.72, 0.005), (.short, 0.05, 2.53, 0.005),
      (.short, 0.1, 1.25, 0.005), (.short, 0.2, 0.248, 0.0005),
    ])
  func table(side: PositionSide, margin: Double, points: Double, tolerance: Double) throws {
    let premium = try Self.premium().premium(side, margin: margin, horizonYears: 1.0 / 365)
    #expect(abs(premium * 1e4 - points) <= tolerance)
  }

  private struct Row {
    let side: PositionSide
    let premium: GapPremium
    /// margin, years, probability, excess, premium, shortfall.
    let numbers: [Double]

    init(_ line: Substring) throws {
      let words = line.split(separator: ",")
      side = words[0] == "long" ? .long : .short
      premium = try GapPremiumTests.premium(
        intensity: String(words[1]), mean: String(words[2]), deviation: String(words[3]))
      numbers = try words[4...].map { try #require(Double($0)) }
    }
  }

  // Expected: gap_premium.csv, quadrature in mpmath with 22 digits.
  @Test("equals the quadrature of its definition")
  func reference() throws {
    let file = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
      .appending(path: "../ReferenceValues/gap_premium.csv")
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst()
    #expect(lines.count == 36)
    for line in lines {
      let row = try Row(line)
      let (margin, years, probability) = (row.numbers[0], row.numbers[1], row.numbers[2])
      let excess = row.premium.expectedExcess(row.side, margin: margin)
      #expect(abs(excess - row.numbers[3]) <= 1e-15 * (1 + margin), "\(line)")
      let premium = row.premium.premium(row.side, margin: margin, horizonYears: years)
      #expect(abs(premium - row.numbers[4]) <= 1e-15 * (1 + margin), "\(line)")
      let shortfall = row.premium.expectedShortfall(
        row.side, margin: margin, horizonYears: years, probability: probability)
      #expect(abs(shortfall - row.numbers[5]) <= 1e-13, "\(line)")
    }
  }

  @Test("is exactly nothing without jumps", arguments: PositionSide.allCases)
  func withoutJumps(side: PositionSide) throws {
    let none = try Self.premium(intensity: "0")
    #expect(none.premium(side, margin: 0.1, horizonYears: 1) == 0)
    #expect(
      none.expectedShortfall(side, margin: 0, horizonYears: 1, probability: 0.01) == 0)
    let jumps = [("gapIntensity", "0"), ("gapDeviation", "12%"), ("latency", "1d")]
    let sized = try SizedWorld(jumps + [("impact", "1")])
    let plain = try SizedWorld([("impact", "1")])
    var scratch = sized.engine.makeScratch()
    for steps in [Int64(1), 1_000_000, -100_000_000] {
      let portfolio = sized.portfolio(steps: steps)
      #expect(try sized.engine.risk(of: portfolio) == plain.engine.risk(of: portfolio))
      #expect(
        try sized.engine.gapPremium(
          of: portfolio, over: TimeSpan(seconds: 86_400), scratch: &scratch) == 0)
    }
  }

  @Test("falls with margin and never below zero; a long can lose no more than all")
  func limits() throws {
    for side in PositionSide.allCases {
      let premium = try Self.premium(deviation: "0.5")
      var before = 1.0
      for margin in [0, 0.01, 0.5, 0.99, 1, 1.5, 3] {
        let excess = premium.expectedExcess(side, margin: margin)
        #expect(excess >= 0 && excess <= before)
        before = excess
        for years in [0, 1e-9, 1, 1e6] {
          let shortfall = premium.expectedShortfall(
            side, margin: margin, horizonYears: years, probability: 1e-3)
          #expect(shortfall.isFinite && shortfall >= 0)
          if side == .long { #expect(shortfall <= max(1 - margin, 0)) }
        }
      }
    }
  }

  private static let jumps = [
    ("gapIntensity", "6"), ("gapMean", "-5%"), ("gapDeviation", "12%"),
    ("gapProbability", "0.5%"), ("latency", "1d"), ("volumeShare", "10%"), ("impact", "1"),
  ]
  // Daily volatility 3 %: 0.03 × √365.
  private static let volatility = "0.573149195"

  // Source: section 3.6 of the specification, m = 10 %, σ = 3 %: bp a day by |Q| ÷ volume.
  @Test(
    "rises as a position grows against the volume",
    arguments: [(0.000001, 3.50, 0.01), (0.1, 4.03, 0.005), (0.333, 4.50, 0.01)])
  func liquidity(share: Double, points: Double, tolerance: Double) throws {
    let sized = try SizedWorld(
      Self.jumps, [("margin.scan.BTC.range", "10%")], volatility: Self.volatility)
    let steps = Int64(2.9e9 * share / 8)
    var scratch = sized.engine.makeScratch()
    let premium = try sized.engine.gapPremium(
      of: sized.portfolio(steps: steps), over: TimeSpan(seconds: 86_400), scratch: &scratch)
    #expect(abs(Double(premium) / Double(steps * 8_000_000) * 1e4 - points) <= tolerance)
  }

  @Test("is a stream: it grows with time and rounds up, on long and short")
  func stream() throws {
    let sized = try SizedWorld(Self.jumps)
    var scratch = sized.engine.makeScratch()
    func premium(_ steps: Int64, seconds: Int64) throws -> Int64 {
      try sized.engine.gapPremium(
        of: sized.portfolio(steps: steps), over: TimeSpan(seconds: seconds), scratch: &scratch)
    }
    let day = try premium(1_000_000, seconds: 86_400)
    let minute = try premium(1_000_000, seconds: 60)
    #expect(minute * 1_440 >= day && (minute - 1) * 1_440 < day)
    #expect(try premium(1, seconds: 60) == 1)
    #expect(try premium(-1_000_000, seconds: 86_400) < day)
    #expect(try premium(1_000_000, seconds: 0) == 0)
    var cross = sized.portfolio(steps: 1_000_000)
    cross.mode = .cross
    #expect(
      try sized.engine.gapPremium(
        of: cross, over: TimeSpan(seconds: 86_400), scratch: &scratch) == day)
    #expect(
      try sized.engine.gapPremium(
        of: sized.world.portfolio(.portfolio), over: TimeSpan(seconds: 60), scratch: &scratch)
        == 0)
  }

  // A_gap = notional × ES beyond m − Yσ√(size ÷ volume) over latency + exit time.
  @Test("as a margin line is the shortfall beyond what impact leaves of the range")
  func line() throws {
    let sized = try SizedWorld(
      Self.jumps, [("margin.scan.BTC.range", "16%")], volatility: Self.volatility)
    for (side, sign) in [(PositionSide.long, Int64(1)), (.short, -1)] {
      for share in [0.002, 0.03, 0.2, 1.5] {
        let steps = Int64(2.9e9 * share / 8)
        let margin = 0.16 - 0.03 * share.squareRoot()
        let expected = try Self.premium().expectedShortfall(
          side, margin: margin, horizonYears: (1 + share / 0.1) / 365, probability: 0.005)
        let charge = try sized.line(ChargeKind.gap, steps: sign * steps)
        let rate = Double(charge) / Double(steps * 8_000_000)
        #expect(rate >= expected * (1 - 1e-9))
        #expect(rate <= expected * 1.03 + 1e-9, "\(side) \(share)")
      }
    }
  }

  // The same vectors: a hundredth of the volume with a tenth of the depth is a tenth of what is
  // left, with 3 % of it a third.
  @Test(
    "rises as depth falls, by the specification's vectors",
    arguments: [("100%", 3.66, 0.01), ("10%", 4.03, 0.005), ("3.003%", 4.50, 0.01)])
  func depthVectors(depth: String, points: Double, tolerance: Double) throws {
    let sized = try SizedWorld(
      Self.jumps, [("margin.scan.BTC.range", "10%")], volatility: Self.volatility,
      liquidity: SizedWorld.liquidity(depth: depth))
    let steps = Int64(2.9e7 / 8)
    var scratch = sized.engine.makeScratch()
    let premium = try sized.engine.gapPremium(
      of: sized.portfolio(steps: steps), over: TimeSpan(seconds: 86_400), scratch: &scratch)
    #expect(abs(Double(premium) / Double(steps * 8_000_000) * 1e4 - points) <= tolerance)
  }

  @Test("as a margin line rises as depth falls")
  func depth() throws {
    var before: Int64 = 0
    var charges: [Int64] = []
    for depth in ["200%", "100%", "60%", "30%", "5%", "1%", "0"] {
      let sized = try SizedWorld(
        Self.jumps, volatility: Self.volatility,
        liquidity: SizedWorld.liquidity(depth: depth))
      let charge = try sized.line(ChargeKind.gap, steps: 10_000_000)
      #expect(charge >= before)
      charges.append(charge)
      before = charge
    }
    // Above its ordinary depth a book counts as whole, below it every step costs more.
    #expect(charges[0] == charges[1])
    #expect(zip(charges.dropFirst(), charges.dropFirst(2)).allSatisfy { $0 < $1 })
  }
}
