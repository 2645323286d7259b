// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Pricing
import Testing

@Suite("Black-76 over columns")
struct Black76BatchTests {
  private func options(_ count: Int) -> OptionColumns {
    var source = OptionSource(seed: 99)
    var options = OptionColumns(
      forward: [], strike: [], volatility: [], yearsToExpiry: [], sign: [])
    for index in 0..<count {
      let (forward, strike, variance) = source.next()
      options.forward.append(forward)
      options.strike.append(strike)
      options.volatility.append((4 * variance).squareRoot())
      options.yearsToExpiry.append(0.25)
      options.sign.append((index % 2 == 0 ? OptionRight.call : .put).sign)
    }
    return options
  }

  private func prices(_ options: OptionColumns, into prices: inout [Double]) throws {
    let variances = options.volatility.map { $0 * $0 * 0.25 }
    var span = prices.mutableSpan
    try Black76.price(
      forwards: options.forward.span, strikes: options.strike.span,
      totalVariances: variances.span, signs: options.sign.span, into: &span)
  }

  @Test("gives for each option what the single function gives", arguments: [0, 1, 7, 8, 9, 33])
  func sameAsSingle(count: Int) throws {
    let options = options(count)
    var results = OptionValueColumns(count: count)
    try Black76.value(of: options, into: &results)
    var prices = [Double](repeating: 0, count: count)
    try self.prices(options, into: &prices)
    for index in 0..<count {
      let single = try Black76.value(
        forward: options.forward[index], strike: options.strike[index],
        volatility: options.volatility[index], yearsToExpiry: options.yearsToExpiry[index],
        right: index % 2 == 0 ? .call : .put)
      #expect(results[index] == single)
      #expect(prices[index] == single.price)
    }
  }

  @Test("refuses the first option outside the domain and values the others")
  func refusal() throws {
    var options = options(10)
    options.strike[3] = -1
    options.volatility[7] = .infinity
    var results = OptionValueColumns(count: 10)
    #expect(throws: PricingError.outOfDomain(.strike, value: -1)) {
      try Black76.value(of: options, into: &results)
    }
    #expect(results.price.indices.filter { results.price[$0].isNaN } == [3, 7])

    options.strike[3] = 100
    var prices = [Double](repeating: 0, count: 10)
    #expect(throws: PricingError.outOfDomain(.totalVariance, value: .infinity)) {
      try self.prices(options, into: &prices)
    }
    #expect(prices.indices.filter { prices[$0].isNaN } == [7])
  }

  @Test("refuses a sign that is neither call nor put")
  func strangeSign() throws {
    var options = options(5)
    options.sign[4] = 0
    var results = OptionValueColumns(count: 5)
    #expect(throws: PricingError.outOfDomain(.right, value: 0)) {
      try Black76.value(of: options, into: &results)
    }
    var prices = [Double](repeating: 0, count: 5)
    #expect(throws: PricingError.outOfDomain(.right, value: 0)) {
      try self.prices(options, into: &prices)
    }
  }
}
