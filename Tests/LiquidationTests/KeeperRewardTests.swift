// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Liquidation
import Parameters
import Quantities
import TestFixtures
import Testing

@Suite("What keepers are paid")
struct KeeperRewardTests {
  private func terms(_ changes: [(key: String, value: String)] = []) throws -> KeeperParameters {
    try LiquidationParameters(
      ParameterFixture.set(
        [
          (key: "keeper.bonus", value: "1%"), (key: "keeper.margin", value: "30%"),
          (key: "keeper.cap", value: "2%"),
        ] + changes)
    ).keeper
  }

  // 600,000 gas at 100 gwei and 130 dollars a coin: 0.06 coins, 7.80 dollars.
  @Test("gas costs units times price, rounded up")
  func gas() {
    #expect(gasCost(units: 600_000, perMillion: 13_000_000) == 7_800_000)
    #expect(gasCost(units: 1, perMillion: 1) == 1 && gasCost(units: 0, perMillion: 9) == 0)
    #expect(gasCost(units: -5, perMillion: 9) == 0)
    #expect(gasCost(units: .max, perMillion: .max) == .max)
  }

  // 7.80 dollars and 30 % are 10.14: more than the bonus below 1,014 dollars, and more than may be
  // paid below 507.
  @Test("the bonus, or gas and its margin where that is more, and nothing beyond the cap")
  func reward() throws {
    let terms = try terms()
    for (notional, reward) in [
      (506_999_999, nil), (507_000_000, 10_140_000), (1_013_999_999, 10_140_000),
      (1_014_000_000, 10_140_000), (1_014_000_100, 10_140_001), (5_000_000_000, 50_000_000),
    ] as [(Int64, Int64?)] {
      #expect(keeperReward(notional: notional, gasCost: 7_800_000, terms) == reward)
    }
    // Of an account with less, all it can pay, while that covers gas and margin.
    for (limit, reward) in [
      (50_000_001, 50_000_000), (50_000_000, 50_000_000), (49_999_999, 49_999_999),
      (10_140_000, 10_140_000), (10_139_999, nil), (0, nil),
    ] as [(Int64, Int64?)] {
      #expect(
        keeperReward(notional: 5_000_000_000, gasCost: 7_800_000, limit: limit, terms) == reward)
    }
    #expect(leastKeeperNotional(gasCost: 7_800_000, terms) == 507_000_000)
    // Gas twenty times as dear, dust twenty times as large.
    #expect(leastKeeperNotional(gasCost: 156_000_000, terms) == 10_140_000_000)
    #expect(leastKeeperNotional(gasCost: 0, terms) == 0)
    #expect(keeperReward(notional: 0, gasCost: 0, terms) == 0)
  }

  @Test("a cap that pays nothing keeps keepers away, and none is below the bonus")
  func caps() throws {
    let none = try terms([
      (key: "keeper.bonus", value: "0%"), (key: "keeper.cap", value: "0%"),
    ])
    #expect(keeperReward(notional: .max, gasCost: 1, none) == nil)
    #expect(leastKeeperNotional(gasCost: 1, none) == nil)
    #expect(leastKeeperNotional(gasCost: .max, try terms()) == nil)
    #expect(
      throws: ParameterError.inconsistent(key: "keeper.cap", reason: "below keeper.bonus")
    ) { try terms([(key: "keeper.cap", value: "0.9999999%")]) }
    #expect(try terms([(key: "keeper.cap", value: "1%")]).cap == (try Rate("1%")))
  }

  @Test("the least notional is paid and one millionth less is not", arguments: 0..<100)
  func least(seed: UInt64) throws {
    var random = Seeded(seed)
    let terms = try terms()
    let cost = Int64.random(in: 1...1_000_000_000_000, using: &random)
    let least = try #require(leastKeeperNotional(gasCost: cost, terms))
    #expect(keeperReward(notional: least, gasCost: cost, terms) != nil)
    #expect(keeperReward(notional: least - 1, gasCost: cost, terms) == nil)
    let reward = try #require(keeperReward(notional: 3 * least, gasCost: cost, terms))
    #expect(reward >= cost && reward <= terms.cap.share(of: 3 * least, rounding: .up))
  }
}
