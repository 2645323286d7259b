// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import NumericalMethods
import Pricing
import Testing

@Suite("A slice of one expiry")
struct FourierSliceTests {
  // Tolerance: the specification's 1e-9; the values have ten decimals.
  @Test("gives every reference value of the specification")
  func referenceValues() throws {
    for reference in try ModelReference.all() {
      let slice = try FourierSlice(model: reference.model, yearsToExpiry: reference.years)
      let calls = try slice.prices(
        forward: reference.forward, strikes: reference.strikes, right: .call)
      for (call, expected) in zip(calls, reference.calls) {
        #expect((call - expected).magnitude <= 1e-9, "\(reference.name)")
      }
    }
  }

  @Test("agrees with the integral from one day to ten years", arguments: [1, 2] as [UInt64])
  func integral(seed: UInt64) throws {
    var source = ModelSource(seed: seed)
    var resolved = 0
    for _ in 0..<250 {
      let (model, years) = (try source.model(), source.years())
      let strike = source.strike(model, years)
      guard let slice = try? FourierSlice(model: model, yearsToExpiry: years) else { continue }
      resolved += 1
      let price = try slice.price(forward: 100, strike: strike, right: .call)
      let expected = try LewisIntegral.price(
        model: model, forward: 100, strike: strike, yearsToExpiry: years, right: .call)
      // The documented bounds of both.
      #expect(
        (price - expected).magnitude <= 2e-13 * (100 + strike), "\(model) \(years) \(strike)")
    }
    #expect(resolved >= 245)
  }

  // Little variance and rare large jumps over one day: a range of twelve deviations misses 4e-7.
  @Test("does not lose rare large jumps")
  func rareJumps() throws {
    let bitcoin = try ModelReference.bitcoin()
    let model = BatesModel(variance: bitcoin.variance, jumps: bitcoin.jumps)
    let slice = try FourierSlice(model: model, yearsToExpiry: 1 / 365.0)
    for strike in stride(from: 40.0, through: 250, by: 7) {
      let expected = try LewisIntegral.price(
        model: model, forward: 100, strike: strike, yearsToExpiry: 1 / 365.0, right: .put)
      let price = try slice.price(forward: 100, strike: strike, right: .put)
      #expect((price - expected).magnitude <= 2e-13 * (100 + strike))
    }
  }

  // Half the worth of the forward may come from where x hardly ever is.
  @Test("is right beyond its interval, where calls on a wide distribution keep their worth")
  func wideDistribution() throws {
    let jumps = try LogarithmicJumps(intensity: 0.3, meanJump: -0.2, deviation: 0.4)
    for (volatility, years) in [(1.5, 10.0), (3, 10), (5, 10), (2, 90), (9, 100)] {
      let model = try MertonModel(volatility: volatility, jumps: jumps)
      let slice = try FourierSlice(model: model, yearsToExpiry: years)
      for strike in [1e-9, 1, 100, 1e4, 1e8, 1e14] {
        let expected = try model.seriesPrice(
          forward: 100, strike: strike, yearsToExpiry: years, right: .call)
        let price = try slice.price(forward: 100, strike: strike, right: .call)
        #expect((price - expected).magnitude <= 1e-13 * (100 + strike), "\(model), \(strike)")
        let greeks = try FourierGreeks(model: model, yearsToExpiry: years)
          .value(forward: 100, strike: strike, right: .call)
        #expect((greeks.price - expected).magnitude <= 1e-13 * (100 + strike))
        #expect(greeks.greeks.delta >= -1e-12 && greeks.greeks.delta <= 1 + 1e-12)
      }
    }
  }

  @Test("call less put is forward less strike, in quote units and in coin")
  func parity() throws {
    var source = ModelSource(seed: 3)
    for _ in 0..<40 {
      let (model, years) = (try source.model(), source.years())
      guard let slice = try? FourierSlice(model: model, yearsToExpiry: years) else { continue }
      for _ in 0..<10 {
        let strike = source.strike(model, years)
        let call = try slice.price(forward: 100, strike: strike, right: .call)
        let put = try slice.price(forward: 100, strike: strike, right: .put)
        let scale = max(100, strike)
        #expect((call - put - (100 - strike)).magnitude <= 1e-15 * scale)
        let coinCall = try slice.coinPrice(forward: 100, strike: strike, right: .call)
        let coinPut = try slice.coinPrice(forward: 100, strike: strike, right: .put)
        let exact = 1 - strike / 100
        #expect((coinCall - coinPut - exact).magnitude <= 1e-15 * max(1, strike / 100))
        #expect(call >= max(0, 100 - strike) && call <= 100)
        #expect(put >= max(0, strike - 100) && put <= strike)
      }
    }
  }

  @Test("falls and bends with the strike as prices without arbitrage do")
  func shape() throws {
    for model in [try ModelReference.calm().general, try ModelReference.ether()] {
      let slice = try FourierSlice(model: model, yearsToExpiry: 0.1)
      let strikes = (1...80).map { 5 * Double($0) }
      let calls = try slice.prices(forward: 100, strikes: strikes, right: .call)
      for index in 1..<79 {
        let (left, middle, right) = (calls[index - 1], calls[index], calls[index + 1])
        #expect(middle <= left + 1e-12 && left + right - 2 * middle >= -1e-12)
      }
    }
  }

  @Test("scales with the unit of forward and strike, exactly for powers of two")
  func homogeneity() throws {
    let slice = try FourierSlice(model: ModelReference.calm(), yearsToExpiry: 0.1)
    for strike in [50.0, 90, 100, 111, 300] {
      let price = try slice.price(forward: 100, strike: strike, right: .put)
      let scaled = try slice.price(
        forward: 100 * 0x1p20, strike: strike * 0x1p20, right: .put)
      #expect(scaled == price * 0x1p20)
    }
  }

  @Test("is Black's, to the bit, where only the diffusion is random")
  func black() throws {
    let none = try LogarithmicJumps(intensity: 0, meanJump: 0.1, deviation: 0.2)
    let merton = try MertonModel(volatility: 0.7, jumps: none)
    let heston = try HestonModel(
      initialVariance: 0.5, meanVariance: 0.2, meanReversion: 3, volatilityOfVariance: 0,
      correlation: 0.4)
    let bates = BatesModel(variance: heston, jumps: none)
    for years in [0, 0.003, 0.5, 10] {
      for strike in [1.0, 80, 100, 130, 5_000] {
        for right in OptionRight.allCases {
          let expected = try Black76.price(
            forward: 100, strike: strike, totalVariance: 0.7 * 0.7 * years, right: right)
          #expect(try price(merton, years, strike, right) == expected)
          let mean = try Black76.price(
            forward: 100, strike: strike,
            totalVariance: heston.meanTotalVariance(years: years), right: right)
          #expect(try price(heston, years, strike, right) == mean)
          #expect(try price(bates, years, strike, right) == mean)
          #expect(
            try LewisIntegral.price(
              model: bates, forward: 100, strike: strike, yearsToExpiry: years, right: right)
              == mean)
        }
      }
    }
  }

  @Test("does not see jumps that never come, to the bit")
  func noJumps() throws {
    let bates = try ModelReference.calm()
    let none = try LogarithmicJumps(intensity: 0, meanJump: 0.1, deviation: 0.2)
    let still = BatesModel(variance: bates.variance, jumps: none)
    let joint = try SVCJModel(
      variance: bates.variance, jumps: bates.jumps, meanVarianceJump: 0, jumpCorrelation: -0.5)
    for strike in [60.0, 100, 140] {
      #expect(try price(still, 0.1, strike, .call) == price(bates.variance, 0.1, strike, .call))
      #expect(try price(joint, 0.1, strike, .call) == price(bates, 0.1, strike, .call))
    }
  }

  @Test("tends to the limit of a variance without volatility")
  func littleVolatilityOfVariance() throws {
    let jumps = try ModelReference.calm().jumps
    func bates(_ sigma: Double) throws -> BatesModel {
      try BatesModel(
        variance: HestonModel(
          initialVariance: 0.3, meanVariance: 0.1, meanReversion: 2, volatilityOfVariance: sigma,
          correlation: -0.3), jumps: jumps)
    }
    let total = try bates(0).variance.meanTotalVariance(years: 0.5)
    let merton = try MertonModel(volatility: (total / 0.5).squareRoot(), jumps: jumps)
    for strike in [70.0, 100, 140] {
      let expected = try merton.seriesPrice(
        forward: 100, strike: strike, yearsToExpiry: 0.5, right: .call)
      #expect((try price(bates(0), 0.5, strike, .call) - expected).magnitude <= 1e-12)
      // The price moves with σ like its correlation, at most by about 1 per unit.
      #expect((try price(bates(1e-13), 0.5, strike, .call) - expected).magnitude <= 1e-11)
    }
  }

  @Test("refuses forwards and strikes outside the domain, and models of jumps alone")
  func refusals() throws {
    let slice = try FourierSlice(model: ModelReference.calm(), yearsToExpiry: 0.1)
    for strange in [0, -1, 0x1p-501, 0x1p501, .infinity] {
      #expect(throws: PricingError.outOfDomain(.forward, value: strange)) {
        try slice.price(forward: strange, strike: 100, right: .call)
      }
      #expect(throws: PricingError.outOfDomain(.strike, value: strange)) {
        try slice.price(forward: 100, strike: strange, right: .call)
      }
      #expect(throws: PricingError.outOfDomain(.strike, value: strange)) {
        try slice.prices(forward: 100, strikes: [90, strange], right: .call)
      }
    }
    let pure = try MertonModel(volatility: 0, jumps: ModelReference.calm().jumps)
    #expect(throws: PricingError.unresolved(termLimit: FourierSlice.termLimit)) {
      try FourierSlice(model: pure, yearsToExpiry: 0.1)
    }
    #expect(throws: PricingError.unresolved(termLimit: LewisIntegral.termLimit)) {
      try LewisIntegral.price(
        model: pure, forward: 100, strike: 90, yearsToExpiry: 0.1, right: .call)
    }
  }

  @Test("gives intrinsic value far beyond its interval and without time")
  func beyond() throws {
    let slice = try FourierSlice(model: ModelReference.calm(), yearsToExpiry: 0.01)
    #expect(try slice.price(forward: 100, strike: 0x1p400, right: .call) == 0)
    #expect(try slice.price(forward: 100, strike: 0x1p-400, right: .put) == 0)
    #expect(try slice.price(forward: 100, strike: 0x1p-400, right: .call) == 100)
    let over = try FourierSlice(model: ModelReference.calm(), yearsToExpiry: 0)
    #expect(over.termCount == 0)
    #expect(try over.prices(forward: 100, strikes: [90, 110], right: .call) == [10, 0])
  }

  private func price(
    _ model: some CharacteristicModel, _ years: Double, _ strike: Double, _ right: OptionRight
  ) throws -> Double {
    try FourierSlice(model: model, yearsToExpiry: years)
      .price(forward: 100, strike: strike, right: right)
  }
}
