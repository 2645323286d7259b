// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import TestFixtures
import Testing

@Suite("Product and sum of a backstop pool")
struct ProductSumTests {
  @Test("losses and gains are shared by what each has in the pool at the time")
  func worked() throws {
    var pool = ProductSum(assetCount: 1)
    let first = try pool.deposit(1_000)
    let second = try pool.deposit(3_000)
    // A quarter is lost; 400 coins come in: 100 and 300.
    try pool.apply(loss: 1_000, gains: [400])
    #expect(try pool.worth(of: first) == .init(units: 750, gains: [100]))
    #expect(try pool.worth(of: second) == .init(units: 2_250, gains: [300]))
    let third = try pool.deposit(3_000)
    // Half of 6,000: a quarter of the coins to each old thousand of 3,000, half to the new one.
    try pool.apply(loss: 3_000, gains: [60])
    #expect(try pool.worth(of: first) == .init(units: 375, gains: [107]))
    #expect(try pool.worth(of: second) == .init(units: 1_125, gains: [322]))
    #expect(try pool.worth(of: third) == .init(units: 1_500, gains: [30]))
    #expect(pool.total == 3_000)
  }

  @Test("a withdrawal pays gains and leaves the rest as a new claim")
  func withdrawal() throws {
    var pool = ProductSum(assetCount: 2)
    let claim = try pool.deposit(1_000)
    try pool.apply(loss: 100, gains: [50, 7])
    let (rest, paid) = try pool.withdraw(400, from: claim)
    #expect(paid == .init(units: 400, gains: [50, 7]) && pool.total == 500)
    let left = try #require(rest)
    #expect(try pool.worth(of: left) == .init(units: 500, gains: [0, 0]))
    #expect(throws: PoolError.insufficientDeposit(500)) { try pool.withdraw(501, from: left) }
    #expect(try pool.withdraw(500, from: left).claim == nil)
    #expect(pool.total == 0)
  }

  @Test("an emptied pool pays what it gained and begins anew")
  func epochs() throws {
    var pool = ProductSum(assetCount: 1)
    let old = try pool.deposit(1_000)
    try pool.apply(loss: 1_000, gains: [600])
    #expect(try pool.worth(of: old) == .init(units: 0, gains: [600]))
    let new = try pool.deposit(10)
    try pool.apply(loss: 1, gains: [8])
    #expect(try pool.worth(of: old) == .init(units: 0, gains: [600]))
    #expect(try pool.worth(of: new) == .init(units: 9, gains: [8]))
  }

  @Test("refusals leave the pool as it was")
  func refusals() throws {
    var pool = ProductSum(assetCount: 1)
    #expect(throws: PoolError.insufficientDeposit(0)) { try pool.apply(loss: 0, gains: [1]) }
    let claim = try pool.deposit(100)
    let before = pool
    #expect(throws: PoolError.notPositive) { try pool.deposit(0) }
    #expect(throws: PoolError.outsideLimits) { try pool.deposit(ProductSum.limit - 99) }
    #expect(throws: PoolError.insufficientDeposit(100)) { try pool.apply(loss: 101, gains: [0]) }
    #expect(throws: PoolError.notPositive) { try pool.apply(loss: -1, gains: [0]) }
    #expect(throws: PoolError.notPositive) { try pool.apply(loss: 0, gains: [-1]) }
    #expect(throws: PoolError.notPositive) { try pool.apply(loss: 0, gains: []) }
    #expect(throws: PoolError.notPositive) { try pool.withdraw(-1, from: claim) }
    var other = ProductSum(assetCount: 1)
    _ = try other.deposit(5)
    try other.apply(loss: 5, gains: [0])
    let later = try other.deposit(5)
    #expect(throws: PoolError.unknownClaim) { try pool.worth(of: later) }
    // A claim that looks like one of this pool is worth no more than the pool holds.
    var thin = ProductSum(assetCount: 1)
    _ = try thin.deposit(1 << 40)
    try thin.apply(loss: (1 << 40) - (1 << 8), gains: [0])
    let foreign = try thin.deposit(1 << 40)
    #expect(try pool.worth(of: foreign).units == 100)
    #expect(pool == before)
    _ = try pool.deposit(ProductSum.limit - 100)
  }

  /// A depositor followed one by one, in exact fractions of a large integer.
  private struct Exact {
    /// Units in 2^−64.
    var deposit: Int128
    var gain: Int128
  }

  // Hundreds of large losses bring P through many scales; every claim stays within a unit below
  // the sum kept for it, and all together within what is there.
  @Test("claims are at most one unit below exact, and never above", arguments: 0..<20)
  func rounding(seed: UInt64) throws {
    var random = Seeded(seed)
    var pool = ProductSum(assetCount: 1)
    var claims: [(claim: ProductSum.Claim, exact: Exact)] = []
    var gained: Int64 = 0
    for _ in 0..<300 {
      if Int.random(in: 0..<3, using: &random) == 0 || pool.total == 0 {
        let units = Int64.random(in: 1...1_000_000_000, using: &random)
        claims.append((try pool.deposit(units), Exact(deposit: Int128(units) << 64, gain: 0)))
      }
      let loss = Int64.random(in: 0..<pool.total, using: &random)
      let gain = Int64.random(in: 0...1_000_000, using: &random)
      for place in claims.indices {
        let held = claims[place].exact.deposit
        claims[place].exact.gain += fraction(held, Int128(gain), Int128(pool.total))
        claims[place].exact.deposit =
          fraction(held, Int128(pool.total - loss), Int128(pool.total))
      }
      try pool.apply(loss: loss, gains: [gain])
      gained += gain
    }
    var (units, gains) = (Int64(0), Int64(0))
    for (claim, exact) in claims {
      let worth = try pool.worth(of: claim)
      units += worth.units
      gains += worth.gains[0]
      // The comparison itself is rounded down by 2^−64 of a unit at each of 300 events,
      // and 2^−32 below a whole unit counts as one.
      #expect(Int128(worth.units) << 64 <= exact.deposit + (1 << 33))
      #expect((Int128(worth.units) + 1) << 64 > exact.deposit)
      #expect(Int128(worth.gains[0]) << 64 <= exact.gain + (1 << 41))
      #expect((Int128(worth.gains[0]) + 1) << 64 > exact.gain)
    }
    #expect(units <= pool.total && gains <= gained)
    #expect(pool.total - units <= Int64(claims.count))
    #expect(pool.unpaid[0] == gained)
    for claim in claims { _ = try pool.withdraw(0, from: claim.claim) }
    #expect(pool.unpaid[0] == gained - gains)
  }

  /// a × b ÷ c, rounded down, with a product of more than 128 bits.
  private func fraction(_ a: Int128, _ b: Int128, _ c: Int128) -> Int128 {
    let product = a.magnitude.multipliedFullWidth(by: b.magnitude)
    return Int128(c.magnitude.dividingFullWidth(product).quotient)
  }

  @Test("the largest pool keeps its last unit")
  func extremes() throws {
    var pool = ProductSum(assetCount: 1)
    let whale = try pool.deposit(ProductSum.limit - 1)
    let minnow = try pool.deposit(1)
    try pool.apply(loss: ProductSum.limit - 2, gains: [ProductSum.limit])
    let worth = try pool.worth(of: whale)
    // Its part of the two that are left is a 2^−59th below two.
    #expect(worth.units == 2 && worth.gains == [ProductSum.limit - 1])
    #expect(try pool.worth(of: minnow) == .init(units: 0, gains: [1]))
    // Two units of 2^60 are left; what they gain is not lost in the sums.
    _ = try pool.withdraw(0, from: minnow)
    #expect(throws: PoolError.outsideLimits) { try pool.apply(loss: 0, gains: [2]) }
    try pool.apply(loss: 0, gains: [1])
    #expect(try pool.worth(of: whale).gains == [ProductSum.limit])
  }
}
