// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Quantities
import TestFixtures
import Testing

@testable import Simulation

@Suite("The share price of a pool's tranche")
struct PoolShareTests {
  @Test("a loss takes a part of what is left, a gain is added to it and never lost again")
  func moves() {
    var share = PoolShare()
    #expect(share.price(after: 0) == nil, "nobody was ever there")
    share.deposit(1_000)
    #expect(share.price(after: 0) == .one)
    share.settle(-250)
    #expect(share.total == 750 && share.price(after: 0) == Rate(billionths: 750_000_000))
    // Seventy-five on 750: a tenth of the three quarters that are left.
    share.settle(75)
    #expect(share.total == 750 && share.price(after: 0) == Rate(billionths: 825_000_000))
    #expect(share.price(after: -375) == Rate(billionths: 450_000_000), "not settled yet")
    #expect(share.price(after: 0) == Rate(billionths: 825_000_000))
    share.settle(-750)
    #expect(share.total == 0 && share.price(after: 5) == Rate(billionths: 75_000_000))
  }

  @Test("who comes later has a part of what is there, and the price stays that of the first")
  func later() {
    var share = PoolShare()
    share.deposit(1_000)
    share.settle(-500)
    share.deposit(1_500)
    share.settle(-1_000)
    #expect(share.price(after: 0) == Rate(billionths: 250_000_000))
    share.withdraw(600)
    share.settle(40)
    #expect(share.total == 400 && share.price(after: 0) == Rate(billionths: 275_000_000))
    share.settle(-400)
    share.deposit(10)
    #expect(share.price(after: 0) == .one, "an emptied tranche begins anew")
  }

  @Test("is what the pool says the first depositor's claim is worth, to a part in a billion")
  func agrees() throws {
    for seed in UInt64(1)...40 {
      var random = Seeded(seed)
      var share = PoolShare()
      var sum = ProductSum(assetCount: 1)
      let units = Int64.random(in: 1_000_000_000...1_000_000_000_000, using: &random)
      let claim = try sum.deposit(units)
      share.deposit(units)
      for _ in 0..<30 {
        switch Int.random(in: 0..<3, using: &random) {
        case 0:
          let more = Int64.random(in: 1...units, using: &random)
          _ = try sum.deposit(more)
          share.deposit(more)
        case 1:
          let loss = Int64.random(in: 0...sum.total / 3, using: &random)
          try sum.apply(loss: loss, gains: [0])
          share.settle(-loss)
        default:
          let gain = Int64.random(in: 0...sum.total / 3, using: &random)
          try sum.apply(loss: 0, gains: [gain])
          share.settle(gain)
        }
        #expect(share.total == sum.total)
        let worth = try sum.worth(of: claim)
        let exact = Int128(worth.units + worth.gains[0]) * 1_000_000_000 / Int128(units)
        let price = try #require(share.price(after: 0))
        #expect((exact - 3...exact + 3).contains(Int128(price.billionths)), "seed \(seed)")
      }
    }
  }
}
