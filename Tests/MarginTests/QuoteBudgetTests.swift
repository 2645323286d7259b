// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import NumericalMethods
import Quantities
import Testing

@Suite("What a protection lets be filled")
struct QuoteBudgetTests {
  private func budget(
    _ quantity: Int64? = nil, delta: Int64? = nil, vega: Int64? = nil, filled: QuoteFills = .zero
  ) throws -> QuoteBudget {
    QuoteBudget(
      QuoteProtection(
        underlying: try AssetSymbol("BTC"),
        limits: QuoteLimits(
          quantity: quantity, delta: delta, vega: vega, interval: .minute, frozenTime: .zero),
        filled: filled))
  }

  private func fills(_ quantities: [Int64]) -> [QuoteFills] {
    quantities.map { QuoteFills(quantity: $0, delta: 0, vega: 0) }
  }

  // By hand: all but the last fill stay within the limit, the last is one quote.
  @Test("is what fits within the limit, and the one order that crosses it")
  func byHand() throws {
    let ten = [Int128](repeating: 10, count: 10)
    #expect(try budget(10).most(of: ten, fills([Int64](repeating: 10, count: 10))) == 20)
    #expect(try budget(25).most(of: ten, fills([Int64](repeating: 10, count: 10))) == 35)
    // One quote, however large, may be filled whole.
    #expect(try budget(10).most(of: [100], fills([100])) == 100)
    // The densest come first: 3 of 5 is all of the first and a part of the second, rounded up.
    #expect(try budget(5).most(of: [9, 5, 1], fills([3, 4, 9])) == 15)
    #expect(try budget(4).most(of: [9, 5, 1], fills([3, 4, 9])) == 15)
    #expect(try budget(3).most(of: [9, 5, 1], fills([3, 4, 9])) == 15)
    #expect(try budget(2).most(of: [9, 5, 1], fills([3, 4, 9])) == 15)
    #expect(try budget(1).most(of: [9, 5, 1], fills([3, 4, 9])) == 12)
  }

  @Test("is everything up to the limit, and less one unit below")
  func threshold() throws {
    let values: [Int128] = [6, 6, 6]
    #expect(try budget(31).most(of: values, fills([10, 10, 10])) == 18)
    #expect(try budget(30).most(of: values, fills([10, 10, 10])) == 18)
    // 29 of 30 units: two whole, 9/10 of the third, and a whole one: no less than all.
    #expect(try budget(29).most(of: values, fills([10, 10, 10])) == 18)
    #expect(try budget(10).most(of: values, fills([10, 10, 10])) == 12)
    #expect(try budget(9).most(of: values, fills([10, 10, 10])) == 12)
    #expect(try budget(5).most(of: values, fills([10, 10, 10])) == 9)
  }

  @Test("is bound by each limit, less what was filled, and not by what costs nothing of it")
  func limits() throws {
    let values = [Int128](repeating: 10, count: 4)
    let each = [QuoteFills](repeating: QuoteFills(quantity: 1, delta: 2, vega: 4), count: 4)
    #expect(try budget(2).most(of: values, each) == 30)
    #expect(try budget(2, delta: 2).most(of: values, each) == 20)
    #expect(try budget(2, delta: 2, vega: 2).most(of: values, each) == 15)
    let filled = QuoteFills(quantity: 1, delta: 0, vega: 0)
    #expect(try budget(2, filled: filled).most(of: values, each) == 20)
    #expect(try budget(3, filled: filled).most(of: values, each) == 30)
    // Without vega nothing counts for a limit on vega.
    #expect(try budget(vega: 1).most(of: values, fills([9, 9, 9, 9])) == 40)
    #expect(try budget(1).most(of: [], []) == 0)
  }

  @Test("is not out of order with the largest numbers a field holds")
  func extremes() throws {
    let values: [Int128] = [1 << 119, 1 << 119, 1 << 119]
    let heavy = fills([QuoteFills.most, QuoteFills.most, 1])
    #expect(try budget(QuoteLimits.highest).most(of: values, heavy) == 1 << 120)
    #expect(
      QuoteFills(quantity: .max, delta: .max, vega: .min)
        + QuoteFills(quantity: 1, delta: .max, vega: 7)
        == QuoteFills(quantity: QuoteFills.most, delta: QuoteFills.most, vega: 7))
  }

  // Any order of fills, whole or in parts, that stops with the one that reaches the limit.
  @Test("covers every sequence of fills, and falls with the limit", arguments: 1...20)
  func covers(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for _ in 0..<200 {
      let count = Int.random(in: 1...7, using: &random)
      let weights = (0..<count).map { _ in Int64.random(in: 0...40, using: &random) }
      // Values per unit, so that parts are whole numbers.
      let dense = (0..<count).map { _ in Int64.random(in: 0...9, using: &random) }
      let parts = weights.map { max($0, 1) }
      let values = zip(dense, parts).map { Int128($0 * $1) }
      let limit = Int64.random(in: 1...120, using: &random)
      let most = try budget(limit).most(of: values, fills(weights))
      let lower = try budget(max(limit - 3, 1)).most(of: values, fills(weights))
      #expect(lower <= most && most <= values.reduce(0, +))
      var left = parts
      var filled: Int64 = 0
      var value: Int128 = 0
      for place in (0..<60).map({ _ in Int.random(in: 0..<count, using: &random) }) {
        guard filled < limit else { break }
        guard left[place] > 0 else { continue }
        let taken =
          Bool.random(using: &random)
          ? left[place] : Int64.random(in: 1...left[place], using: &random)
        left[place] -= taken
        filled += weights[place] > 0 ? taken : 0
        value += Int128(taken * dense[place])
      }
      #expect(value <= most, "limit \(limit), weights \(weights), values \(values)")
    }
  }
}
