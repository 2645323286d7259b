// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Liquidation
import TestFixtures
import Testing

@Suite("The smallest sale that cures, with impact")
struct ImpactSizeTests {
  private func problem(
    notional: Double = 1e6, equity: Double = 4_000, rate: Double = 0.005, target: Double = 1.2,
    fee: Double = 0.0005, volatility: Double = 0.03, volume: Double = 2e9
  ) -> ImpactProblem {
    ImpactProblem(
      notional: notional, equity: equity, maintenanceRate: rate, target: target, feeRate: fee,
      dailyVolatility: volatility, dailyVolume: volume)
  }

  // Worked in the derivation of the rule, to the digits given.
  @Test("the worked example, with and without impact")
  func worked() throws {
    let example = problem()
    #expect(abs(example.impact - 6.708e-7) < 5e-11)
    #expect(abs(try #require(example.smallestSale) - 393_774.39) < 0.005)
    #expect(abs(example.largestDeficit - 54_774) < 0.5)
    let free = problem(volatility: 0)
    #expect(abs(try #require(free.smallestSale) - 363_636.3636) < 1e-4)
    #expect(free.largestDeficit == .infinity)
  }

  // Equity at nine tenths of maintenance margin: the larger the position, the larger the part,
  // until none cures.
  @Test("beyond a size no sale cures", arguments: [(1e6, 0.292), (1e7, 0.354)])
  func toxic(notional: Double, share: Double) throws {
    let sale = problem(notional: notional, equity: 0.9 * 0.005 * notional).smallestSale
    #expect(abs(try #require(sale) / notional - share) < 5e-4)
  }

  @Test("the largest position that can be cured")
  func largest() {
    let solvable = { (notional: Double) in
      self.problem(notional: notional, equity: 0.9 * 0.005 * notional).smallestSale != nil
    }
    #expect(solvable(3.64e7) && !solvable(3.66e7))
  }

  @Test(
    "nothing missing, nothing sold; one unit missing, something", arguments: [6_000, 5_999.999])
  func thresholds(equity: Double) throws {
    let sale = try #require(problem(equity: equity).smallestSale)
    #expect(equity == 6_000 ? sale == 0 : sale > 0)
  }

  @Test("a fee above the margin cures nothing, and nonsense is refused")
  func refusals() {
    #expect(problem(fee: 0.006).smallestSale == nil)
    #expect(problem(equity: -60_000).smallestSale == nil)
    #expect(problem(equity: .nan).smallestSale == nil)
    #expect(problem(notional: -1).smallestSale == nil)
    #expect(problem(volume: 0).smallestSale == nil)
  }

  // 260 BTC at 50,000, 5 % to 250 BTC and 10 % above, on the whole position.
  @Test("with tiers ten coins are enough where one rate sells sixty")
  func tiers() throws {
    let example = problem(
      notional: 13e6, equity: 1.2e6, rate: 0.1, fee: 0, volatility: 0)
    let tiers = [
      ImpactTier(upper: 12.5e6, maintenanceRate: 0.05),
      ImpactTier(upper: .infinity, maintenanceRate: 0.1),
    ]
    #expect(try #require(example.smallestSale(through: tiers)) == 0.5e6)
    // At the rate of the whole position: 1.2 M is 12 % of 10 M, so 3 M of the 13 M.
    #expect(abs(try #require(example.smallestSale) / 50_000 - 60) < 1e-6)
  }

  @Test("the answer satisfies the equation, and less does not", arguments: 0..<500)
  func properties(seed: UInt64) throws {
    var random = Seeded(seed)
    let power = { (low: Double, high: Double) -> Double in
      var value = 1.0
      var exponent = Double.random(in: low...high, using: &random)
      while exponent >= 1 { (value, exponent) = (value * 10, exponent - 1) }
      return value * (1 + 9 * exponent)
    }
    let notional = power(2, 9)
    let rate = Double.random(in: 0.002...0.1, using: &random)
    let example = problem(
      notional: notional, equity: notional * rate * .random(in: 0.2...1.19, using: &random),
      rate: rate, fee: rate * .random(in: 0...0.5, using: &random),
      volatility: .random(in: 0...0.2, using: &random), volume: power(4, 10))
    guard let sale = example.smallestSale else {
      // What cannot be cured is cured by no part of it.
      for part in 0...200 {
        #expect(example.surplus(after: notional * Double(part) / 200) < 1e-9 * notional)
      }
      return
    }
    #expect(abs(example.surplus(after: sale)) <= 1e-15 * notional)
    for part in 0..<200 where sale > 0 {
      #expect(example.surplus(after: sale * Double(part) / 201) < 0)
    }
  }
}
