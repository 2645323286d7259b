// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Liquidation
import Quantities
import TestFixtures
import Testing

/// Numbers of QUANT section 4 and FIELD section 3 that no other suite has.
@Suite("Published numbers of the waterfall")
struct PublishedNumberTests {
  // QUANT 4.1: naively 75.8 of 260 coins are sold where 10 suffice. 75.8 is what one rate of 10 %
  // gives with a penalty of 2.5 % on what is sold; without costs it is 60.
  @Test("one rate sells 75.8 coins where tiers sell ten", arguments: [(0.025, 75.8), (0, 60)])
  func tiers(fee: Double, coins: Double) throws {
    let problem = ImpactProblem(
      notional: 13e6, equity: 1.2e6, maintenanceRate: 0.1, target: 1.2, feeRate: fee,
      dailyVolatility: 0, dailyVolume: 1)
    #expect(abs(try #require(problem.smallestSale) / 50_000 - coins) < 0.05)
    let tiers = [
      ImpactTier(upper: 12.5e6, maintenanceRate: 0.05),
      ImpactTier(upper: .infinity, maintenanceRate: 0.1),
    ]
    #expect(try #require(problem.smallestSale(through: tiers)) == 0.5e6)
  }

  // QUANT 10.7, on tiers that are continuous and those that are not.
  @Test("after a sale through tiers the target is reached to 1e-9", arguments: 0..<300)
  func throughTiers(seed: UInt64) {
    var random = Seeded(seed)
    var (upper, rate, deduction) = (0.0, 0.0, 0.0)
    let isMarginal = Bool.random(using: &random)
    let tiers = (0..<4).map { place in
      let next = rate + .random(in: 0.001...0.04, using: &random)
      if isMarginal { deduction += upper * (next - rate) }
      rate = next
      upper = place == 3 ? .infinity : upper + .random(in: 1e5...1e7, using: &random)
      return ImpactTier(upper: upper, maintenanceRate: rate, deduction: deduction)
    }
    let notional = Double.random(in: 1e5...5e7, using: &random)
    func requirement(_ left: Double) -> Double {
      let tier = tiers.first { left <= $0.upper } ?? tiers[3]
      return max(tier.maintenanceRate * left - tier.deduction, 0)
    }
    let equity = requirement(notional) * .random(in: 0.3...1.3, using: &random)
    let problem = ImpactProblem(
      notional: notional, equity: equity, maintenanceRate: 0, target: 1.2, feeRate: 0.0005,
      dailyVolatility: 0.03, dailyVolume: 2e9)
    func surplus(_ sale: Double) -> Double {
      equity - 0.0005 * sale - problem.impact * sale * sale.squareRoot()
        - 1.2 * requirement(notional - sale)
    }
    let sale = problem.smallestSale(through: tiers)
    if let sale { #expect(surplus(sale) >= -1e-9 * notional, "\(seed)") }
    // No smaller sale on a grid reaches it, nor any at all where there is none.
    for part in 0..<400 {
      let trial = (sale ?? notional) * Double(part) / 400
      #expect(trial == sale || surplus(trial) < 1e-9 * notional, "\(seed): \(trial)")
    }
  }

  // QUANT 4.2: Maker's stairs of 0.99 every 90 s fall at 1.1e-4 a second, four times slower than
  // the best exponential at a tick of 12 s; volatility of 60 % a year is 1.07e-4 per root second.
  @Test("Maker's speed is a quarter of the best")
  func makerSpeed() throws {
    let year = 365.0 * 86_400
    let volatility = 0.6 / year.squareRoot()
    #expect(abs(volatility - 1.07e-4) < 5e-7)
    let best = try #require(
      AuctionSpeed(premium: 0.2, volatility: volatility, tick: 12, aversion: 2.67, bounds: 15...900)
    )
    #expect(abs(best.rate - 4.83e-4) < 5e-6)
    #expect(abs(best.expectedTime / 60 - 7) < 0.15)
    let stairs = PricePath.stairs(
      start: .one, cut: try Rate("99%"), step: TimeSpan(seconds: 90))
    // e^(−1.1e-4 × 9,000) after a hundred stairs.
    let fallen = Double(stairs.factor(after: TimeSpan(seconds: 9_000)).billionths) * 1e-9
    #expect(abs(fallen - 0.3660323) < 1e-6)
    #expect(abs(best.rate / 1.117e-4 - 4.3) < 0.1)
    let quick = try #require(
      AuctionSpeed(premium: 0.02, volatility: volatility, tick: 1, aversion: 2.67, bounds: 15...900)
    )
    #expect(abs(quick.rate - 1.2e-3) < 5e-5 && abs(quick.expectedTime - 17) < 0.5)
  }

  // FIELD 3.5, Test1: the fee of 1.322084630 that is charged before the auction begins is 2 % of
  // what the largest bid at the full price would take, of the portfolio as it was before the fee.
  @Test("the fee at the start of the recorded auction")
  func startingFee() throws {
    let fee = 1.322084630
    let (value, margin) = (119.306330181 + fee, -103.090619491 + fee)
    let excess = margin + 0.2 * (margin - value)
    let lot = AuctionedPortfolio(
      value: Int64((value * 1e6).rounded()), requirement: Int64(((value - excess) * 1e6).rounded()),
      reserved: 0)
    let share = largestBid(on: lot, at: .one)
    let charged = try Rate("2%").share(
      of: share.share(of: lot.value, rounding: .up), rounding: .up)
    #expect(abs(Double(charged) * 1e-6 - fee) < 2e-6)
  }

  // FIELD 3.17, Ethereal: long 10 from 4,000, mark 3,600, equity −2,000. Closed at the price at
  // which nothing is missing, 3,800, the shorts give up 2,000 of what they have won.
  @Test("closing at bankruptcy moves exactly what is missing")
  func ethereal() throws {
    let dollar = try Asset(symbol: AssetSymbol("USDT"), decimals: 6)
    let contract = try Contract(
      id: InstrumentID(0), name: "ETH-PERP", underlying: AssetSymbol("ETH"), kind: .perpetual,
      settlement: .linear, settlementAsset: dollar, stepQuantity: 1_000_000,
      tick: Price(steps: 1), highestPrice: Price("10000"))
    let mark = try contract.unitValue(at: Price("3600"))
    let terms = closingTerms(
      contract: contract, size: Size(steps: 1_000), unitValue: mark, equityShare: -2_000_000_000,
      fundShare: 0)
    let price = try contract.price(ofUnitValue: terms.bankruptcyUnitValue, rounding: .up)
    #expect(price == (try Price("3800")))
    // A short from 4,000 against it: 400 a coin won at the mark, 200 at the execution.
    let short = DeleveragingCandidate(
      account: AccountID(2), size: Size(steps: 2_500), profit: 25 * 200_000_000,
      notional: 25 * 3_600_000_000, equity: 10_000_000_000)
    let cuts = allocateDeleveraging(
      of: Size(steps: 1_000), among: [short], side: .sell, by: .leverageDraining)
    #expect(cuts == [DeleveragingCut(account: AccountID(2), size: Size(steps: 1_000))])
    #expect((terms.bankruptcyUnitValue - mark) * 1_000 == 2_000_000_000)
  }
}

/// QUANT 4.6 and 10.8 on worlds as in its tests: 500 accounts, 15 % of size closed.
@Suite("Deleveraging against the queues")
struct DeleveragingComparisonTests {
  private struct World {
    let candidates: [DeleveragingCandidate]
    let size: Int64

    init(_ seed: UInt64) {
      var random = Seeded(seed)
      candidates = (0..<500).map { number in
        let size = Int64.random(in: 1...5_000, using: &random)
        let notional = size * 1_000
        // Leverage between 0.2 and 40, most of it low.
        let draw = Double.random(in: 0...1, using: &random)
        let leverage = 0.2 + 39.8 * draw * draw * draw
        return DeleveragingCandidate(
          account: AccountID(UInt32(number)), size: Size(steps: size),
          profit: .random(in: 1...notional / 2, using: &random), notional: notional,
          equity: max(Int64(Double(notional) / leverage), 1))
      }
      size = candidates.reduce(0) { $0 + $1.size.steps } * 15 / 100
    }

    /// The highest notional ÷ equity after cuts at the mark.
    func highestLeverage(_ cuts: [DeleveragingCut]) -> Double {
      let cut = Dictionary(uniqueKeysWithValues: cuts.map { ($0.account, $0.size.steps) })
      return candidates.reduce(0) { highest, candidate in
        let left = candidate.size.steps - (cut[candidate.account] ?? 0)
        return max(highest, Double(left * 1_000) / Double(candidate.equity))
      }
    }
  }

  // QUANT: 8.7 after draining, 33.6 after the queue and 42.5 pro rata, on a world not published.
  @Test("draining leaves the lowest highest leverage; each closes the size", arguments: 0..<20)
  func comparison(seed: UInt64) {
    let world = World(seed)
    let rules: [DeleveragingRule] = [
      .leverageDraining, .profitTimesLeverage, .priceRatioTimesLeverage, .proRata,
      .randomStart(seed: seed),
    ]
    let after = rules.map { rule in
      let cuts = allocateDeleveraging(
        of: Size(steps: world.size), among: world.candidates, side: .sell, by: rule)
      #expect(cuts.reduce(0) { $0 + $1.size.steps } == world.size)
      return world.highestLeverage(cuts)
    }
    for other in after.dropFirst() { #expect(after[0] < other, "\(rules) \(after)") }
    #expect(after[0] <= world.highestLeverage([]))
  }

  // QUANT 4.6: a deficit of 3 % of equity is 3.0 % of everybody's, not all of a few.
  @Test("a deficit shared by equity takes the same part of everybody", arguments: 0..<20)
  func haircuts(seed: UInt64) {
    var random = Seeded(seed)
    let bearers = (0..<400).map { number in
      let equity = Int64.random(in: 1_000_000...1_000_000_000, using: &random)
      return HaircutBearer(account: AccountID(UInt32(number)), equity: equity, profit: equity)
    }
    let equity = bearers.reduce(0) { $0 + $1.weight }
    let deficit = equity * 3 / 100
    let shares = shareCappedProRata(deficit, among: bearers)
    #expect(shares.reduce(0) { $0 + $1.units } == deficit && shares.count == 400)
    for (share, bearer) in zip(shares, bearers) {
      #expect(abs(Double(share.units) / Double(bearer.weight) - 0.03) < 2e-6)
    }
    let most = shares.reduce(0) { max($0, $1.units) }
    #expect(Double(most) < 0.0301 * 1e9)
    // Split in two, a bearer gives the same to a unit.
    let halves = [
      HaircutBearer(account: AccountID(1_000), equity: bearers[0].weight / 3, profit: .max),
      HaircutBearer(
        account: AccountID(1_001), equity: bearers[0].weight - bearers[0].weight / 3,
        profit: .max),
    ]
    let split = shareCappedProRata(deficit, among: bearers.dropFirst() + halves)
    let given = split.filter { $0.account.number >= 1_000 }.reduce(0) { $0 + $1.units }
    #expect(abs(given - shares[0].units) <= 1)
  }
}
