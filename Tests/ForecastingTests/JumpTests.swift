// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Forecasting
import Foundation
import MarketData
import NumericalMethods
import Quantities
import Testing

/// Daily closes of Merton's model, from a seed.
struct JumpPath {
  let returns: ReturnSeries
  /// The days on which the model jumped.
  let jumpDays: Set<Int>

  init(
    years: Int, volatility: Double, intensity: Double, mean: Double, deviation: Double,
    seed: UInt64
  ) throws {
    var random = SplitMix64(seed: seed)
    func normal() -> Double {
      Normal.inverse((Double(random.next() >> 11) + 0.5) * 0x1p-53)
    }
    var closes = [1e6]
    var jumpDays: Set<Int> = []
    let daily = volatility / 365.0.squareRoot()
    for day in 0..<years * 365 {
      var move = daily * normal()
      // At most one a day: two have a probability of 10^−4 at six a year.
      if Double(random.next() >> 11) * 0x1p-53 < intensity / 365 {
        jumpDays.insert(day)
        move += mean + deviation * normal()
      }
      closes.append(closes[day] * Elementary.exp(move))
    }
    let start = Timestamp(seconds: 86_400)
    returns = try ReturnSeries(
      times: closes.indices.map { start + TimeSpan(seconds: Int64($0) * 86_400) },
      closes: closes)
    self.jumpDays = jumpDays
  }
}

@Suite("Jumps from daily prices")
struct JumpTests {
  // Jumps of −20 % ± 3 % against days of 1.05 %: nothing else is found among 7,300 normal days,
  // and none is missed but in the shadow of two in a row; three standard errors each.
  @Test("that stand apart are all found, with their mean and deviation", arguments: [1, 2, 3])
  func apart(seed: UInt64) throws {
    let path = try JumpPath(
      years: 20, volatility: 0.2, intensity: 6, mean: -0.2, deviation: 0.03, seed: seed)
    let estimate = try JumpEstimate(path.returns, JumpDetection(threshold: 6))
    let found = Set(estimate.jumps.map(\.day))
    let jumped = path.jumpDays.filter { $0 >= 30 }
    #expect(found.isSubset(of: jumped))
    #expect(jumped.count - found.count <= 3, "\(jumped.subtracting(found))")
    for jumps in [estimate.seen, estimate.all] {
      #expect(Self.isNear(jumps.intensityPerYear, 6))
      #expect(Self.isNear(jumps.mean, -0.2))
      #expect(Self.isNear(jumps.deviation, 0.03))
    }
    #expect(abs(estimate.all.mean.value - estimate.seen.mean.value) < 1e-3)
  }

  // The specification's example (6, −5 %, 12 %) in days of 3.1 %: two thirds of the jumps are too
  // small to be seen at four deviations, and the likelihood finds their number all the same.
  @Test("too small to be seen are found by their likelihood", arguments: [11, 12, 13])
  func hidden(seed: UInt64) throws {
    let path = try JumpPath(
      years: 30, volatility: 0.6, intensity: 6, mean: -0.05, deviation: 0.12, seed: seed)
    let estimate = try JumpEstimate(path.returns, JumpDetection())
    #expect(estimate.seen.intensityPerYear.value < 4)
    #expect(Self.isNear(estimate.all.intensityPerYear, 6))
    #expect(Self.isNear(estimate.all.mean, -0.05))
    #expect(Self.isNear(estimate.all.deviation, 0.12))
    #expect(estimate.all.intensityPerYear.standardError < 2)
    #expect(estimate.all.deviation.standardError < 0.03)
  }

  /// Within three standard errors, which are finite.
  private static func isNear(_ estimated: Estimated, _ truth: Double) -> Bool {
    estimated.standardError > 0 && estimated.standardError.isFinite
      && abs(estimated.value - truth) <= 3 * estimated.standardError
  }

  // By hand: returns alternate between 1 % and −1 %, so a day expects √(π/2) %, 1.2533 %; six days
  // have 6 %.
  @Test("are returns beyond a multiple of what was expected")
  func threshold() throws {
    var closes = [100.0]
    for day in 0..<400 {
      let move = day % 60 == 59 ? 0.06 : day % 2 == 0 ? 0.01 : -0.01
      closes.append(closes[day] * Elementary.exp(move))
    }
    let returns = try ReturnSeries(
      times: closes.indices.map { Timestamp(seconds: Int64($0 + 1) * 86_400) }, closes: closes)
    let expected = 0.01 * (Double.pi / 2).squareRoot()
    let days = try JumpDetection(threshold: 4).days(of: returns)
    #expect(days.count == 370)
    #expect(abs(days[0].deviation / expected - 1) < 1e-9)
    // Two products of a window hold the jump: 27 of 1 and 2 of 6.
    let wide = expected * (39.0 / 29).squareRoot()
    #expect(abs(days[40].deviation / wide - 1) < 1e-9)
    #expect(days.filter(\.isJump).map(\.day) == [59, 119, 179, 239, 299, 359])
    let multiple = 0.06 / expected
    #expect(
      try JumpDetection(threshold: multiple - 1e-6).days(of: returns).contains { $0.isJump })
    #expect(
      try !JumpDetection(threshold: multiple + 1e-6).days(of: returns).contains { $0.isJump })
    let seen = try JumpEstimate(returns, JumpDetection(threshold: 4)).seen
    #expect(abs(seen.intensityPerYear.value - 6 * 365.0 / 370) < 1e-9)
    #expect(abs(seen.mean.value - 0.06) < 1e-12)
    #expect(try JumpDetection(threshold: 4).days(of: returns, from: 100).first?.day == 100)
  }

  @Test("are refused outside their bounds and where there are too few")
  func refusals() throws {
    #expect(throws: ForecastingError.outOfBounds(.threshold)) { try JumpDetection(threshold: 1.99) }
    #expect(throws: ForecastingError.outOfBounds(.threshold)) { try JumpDetection(threshold: .nan) }
    #expect(throws: ForecastingError.outOfBounds(.threshold)) {
      try JumpDetection(threshold: 20.01)
    }
    #expect(throws: ForecastingError.outOfBounds(.windowDays)) { try JumpDetection(windowDays: 9) }
    #expect(throws: ForecastingError.outOfBounds(.windowDays)) {
      try JumpDetection(windowDays: 1_001)
    }
    let path = try JumpPath(
      years: 1, volatility: 0.2, intensity: 0, mean: 0, deviation: 0.1, seed: 4)
    #expect(throws: ForecastingError.tooFewJumps(needed: 5, found: 0)) {
      try JumpEstimate(path.returns, JumpDetection(threshold: 8))
    }
    #expect(throws: ForecastingError.tooFewDays(needed: 366, found: 365)) {
      try JumpEstimate(path.returns, JumpDetection(windowDays: 365))
    }
    // A price that never moves expects the least variance, and has no jumps.
    let still = try ReturnSeries(
      times: (0..<50).map { Timestamp(seconds: Int64($0 + 1) * 86_400) },
      closes: Array(repeating: 5, count: 50))
    #expect(try JumpDetection().days(of: still).allSatisfy { !$0.isJump && $0.deviation == 1e-4 })
  }

  private static let recorded = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent()
    .appending(path: "../../../shared/data/prices_1d/btc_usd_yahoo_1d_to_2024.csv.gz").path

  // An independent run in Python (NumPy; Nelder–Mead over the same likelihood) gave 67 jumps in
  // 3,728 days, 6.56 a year, mean −0.70 %, deviation 12.99 % of the count (÷ n), and by likelihood
  // 34.0 a year, −0.23 %, 7.22 %.
  @Test(
    "of bitcoin to 2024 are those of an independent run",
    .enabled(if: FileManager.default.fileExists(atPath: recorded)))
  func bitcoin() throws {
    let reading = try DailyPriceFile.read(path: Self.recorded)
    let returns = try ReturnSeries(
      times: reading.candles.map(\.start), closes: reading.candles.map(\.close.value))
    let estimate = try JumpEstimate(returns, JumpDetection())
    #expect(estimate.jumps.count == 67)
    #expect(abs(estimate.seen.intensityPerYear.value - 6.56) < 0.01)
    #expect(abs(estimate.seen.mean.value + 0.0070) < 0.0001)
    #expect(abs(estimate.seen.deviation.value - 0.1299 * (67.0 / 66).squareRoot()) < 0.0001)
    #expect(abs(estimate.all.intensityPerYear.value - 34.03) < 0.3)
    #expect(abs(estimate.all.mean.value + 0.0023) < 0.0002)
    #expect(abs(estimate.all.deviation.value - 0.0722) < 0.0003)
  }
}
