// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Pricing
import Testing

@Suite("Black-76 obeys the laws of option prices")
struct Black76PropertyTests {
  @Test("call less put is forward less strike", arguments: [1, 2, 3] as [UInt64])
  func parity(seed: UInt64) throws {
    var source = OptionSource(seed: seed)
    for _ in 0..<1_000 {
      let (forward, strike, variance) = source.next()
      let call = try price(forward, strike, variance, .call)
      let put = try price(forward, strike, variance, .put)
      // Two roundings of the larger price and two of forward - strike.
      let tolerance = 0x1p-52 * (max(call, put) + (forward - strike).magnitude)
      #expect((call - put - (forward - strike)).magnitude <= tolerance)
    }
  }

  @Test("in coin, call less put is 1 - K/F", arguments: [4, 5, 6] as [UInt64])
  func coinParity(seed: UInt64) throws {
    var source = OptionSource(seed: seed)
    for _ in 0..<1_000 {
      let (forward, strike, variance) = source.next()
      let call = try coinPrice(forward, strike, variance, .call)
      let put = try coinPrice(forward, strike, variance, .put)
      let exact = 1 - strike / forward
      #expect((call - put - exact).magnitude <= 1e-15 * max(1, strike / forward))
    }
  }

  @Test(
    "net coin deltas of call and put differ by K/F, deltas by one",
    arguments: [7, 8] as [UInt64])
  func deltaParity(seed: UInt64) throws {
    var source = OptionSource(seed: seed)
    for _ in 0..<1_000 {
      let (forward, strike, variance) = source.next()
      let ratio = strike / forward
      let call = try Black76.netCoinDelta(
        forward: forward, strike: strike, totalVariance: variance, right: .call)
      let put = try Black76.netCoinDelta(
        forward: forward, strike: strike, totalVariance: variance, right: .put)
      #expect((call - put - ratio).magnitude <= 1e-15 * ratio)
      #expect(call >= 0 && put <= 0)
      // The premium-adjusted form of the same number, where nothing cancels badly.
      let coin = try coinPrice(forward, strike, variance, .call)
      let delta = try value(forward, strike, variance, .call).greeks.delta
      #expect((delta - coin - call).magnitude <= 1e-14)
      let deltaOfPut = try value(forward, strike, variance, .put).greeks.delta
      #expect((delta - deltaOfPut - 1).magnitude <= 0x1p-52)
    }
  }

  @Test("a price lies between its bounds", arguments: [9, 10] as [UInt64])
  func bounds(seed: UInt64) throws {
    var source = OptionSource(seed: seed)
    for _ in 0..<1_000 {
      let (forward, strike, variance) = source.next()
      let call = try price(forward, strike, variance, .call)
      let put = try price(forward, strike, variance, .put)
      #expect(call >= max(forward - strike, 0) && call <= forward * (1 + 0x1p-51))
      #expect(put >= max(strike - forward, 0) && put <= strike * (1 + 0x1p-51))
    }
  }

  @Test("a call falls and a put rises with the strike; both rise with the variance")
  func monotonicity() throws {
    for root in [0.01, 0.1, 0.5, 2.0] {
      var before: (call: Double, put: Double)?
      for step in -60...60 {
        let strike = 100 * (1 + 0.015 * Double(step))
        let call = try price(100, strike, root * root, .call)
        let put = try price(100, strike, root * root, .put)
        if let before {
          #expect(call <= before.call && put >= before.put)
        }
        before = (call, put)
        let wider = 1.01 * root
        #expect(try price(100, strike, wider * wider, .call) >= call)
        #expect(try price(100, strike, wider * wider, .put) >= put)
      }
    }
  }

  @Test("the price of forward and strike scales with their unit, exactly for powers of two")
  func homogeneity() throws {
    var source = OptionSource(seed: 12)
    for _ in 0..<500 {
      let (forward, strike, variance) = source.next()
      let price = try price(forward, strike, variance, .call)
      let scaled = try self.price(0x1p20 * forward, 0x1p20 * strike, variance, .call)
      #expect(scaled == 0x1p20 * price)
    }
  }

  @Test("a call on F struck at K is worth a put on K struck at F")
  func symmetry() throws {
    var source = OptionSource(seed: 13)
    for _ in 0..<500 {
      let (forward, strike, variance) = source.next()
      #expect(
        try price(forward, strike, variance, .call) == price(strike, forward, variance, .put))
    }
  }

  private func price(
    _ forward: Double, _ strike: Double, _ variance: Double, _ right: OptionRight
  ) throws -> Double {
    try Black76.price(forward: forward, strike: strike, totalVariance: variance, right: right)
  }

  private func coinPrice(
    _ forward: Double, _ strike: Double, _ variance: Double, _ right: OptionRight
  ) throws -> Double {
    try Black76.coinPrice(forward: forward, strike: strike, totalVariance: variance, right: right)
  }

  private func value(
    _ forward: Double, _ strike: Double, _ variance: Double, _ right: OptionRight
  ) throws -> OptionValue {
    try Black76.value(
      forward: forward, strike: strike, volatility: variance.squareRoot(), yearsToExpiry: 1,
      right: right)
  }
}
