// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Foundation
import Quantities
import Testing

@testable import Simulation

@Suite("Keepers on a congested chain")
struct KeeperTests {
  @Test("ten times the base fee takes twenty full blocks, by the rule of EIP-1559")
  func baseFee() {
    // Ethereum's own examples of the rule: one wei at least upward, nothing lost at the target.
    #expect(nextBaseFee(after: 1_000_000_000, gasUsed: 30, target: 15) == 1_125_000_000)
    #expect(nextBaseFee(after: 1_000_000_000, gasUsed: 0, target: 15) == 875_000_000)
    #expect(nextBaseFee(after: 1_000_000_000, gasUsed: 15, target: 15) == 1_000_000_000)
    #expect(nextBaseFee(after: 7, gasUsed: 16, target: 15) == 8)
    #expect(nextBaseFee(after: 7, gasUsed: 14, target: 15) == 7)
    #expect(nextBaseFee(after: 0, gasUsed: 99, target: 0) == 1)
    #expect(nextBaseFee(after: .max, gasUsed: .max, target: .max) == 1_000_000_000_000_000)
    var (fee, blocks) = (Int64(10_000_000_000), 0)
    while fee < 100_000_000_000 {
      fee = nextBaseFee(after: fee, gasUsed: 30_000_000, target: 15_000_000)
      blocks += 1
    }
    #expect(blocks == 20)
  }

  @Test("the least size is where a keeper earns nothing, and infinite where he never earns")
  func leastSize() throws {
    // 100 ÷ (0.05 − 0.01 − 2 × 0.001 × √100) = 100 ÷ 0.02.
    let terms = KeeperEconomics(bonus: 0.05, impact: 0.01, deviation: 0.001, tail: 2)
    let least = try #require(terms.leastSize(gasCost: 100, latencySeconds: 100))
    #expect(abs(least - 5_000) < 1e-9)
    // The margin is gone at √latency = 20.
    #expect(terms.leastSize(gasCost: 100, latencySeconds: 401) == nil)
    #expect(terms.leastSize(gasCost: 100, latencySeconds: 399) != nil)
    #expect(terms.leastSize(gasCost: .nan, latencySeconds: 1) == nil)
    #expect(terms.leastSize(gasCost: .infinity, latencySeconds: 1) == nil)
    let calm = try #require(terms.leastSize(gasCost: 5, latencySeconds: 100))
    #expect(abs(least - 20 * calm) < 1e-9, "gas twenty times as dear, dust twenty times as large")
  }

  @Test("a reward covers gas and a profit up to its cap")
  func reward() {
    #expect(gasAwareReward(cost: 100, floor: 10, profitThousandths: 300, cap: 1_000) == 130)
    #expect(gasAwareReward(cost: 100, floor: 50, profitThousandths: 300, cap: 1_000) == 150)
    for (cap, reward) in [(129, 129), (130, 130), (131, 130)] as [(Int64, Int64)] {
      #expect(gasAwareReward(cost: 100, floor: 10, profitThousandths: 300, cap: cap) == reward)
    }
    #expect(gasAwareReward(cost: .max, floor: .max, profitThousandths: .max, cap: .max) == 1 << 60)
    #expect(gasAwareReward(cost: -5, floor: -1, profitThousandths: -1, cap: 10) == 0)
  }

  @Test("the base fee follows a spike block by block, a first-price chain at once")
  func markets() {
    var first = CongestedChain.Terms(profile: .crash)
    first.spread = 0
    var late = first
    late.market = .baseFee
    var (one, two) = (
      CongestedChain(first, from: 18_000, seed: 1), CongestedChain(late, from: 18_000, seed: 1)
    )
    for _ in 0..<200 {
      let before = two.clearing
      _ = (one.mine(), two.mine())
      #expect(one.clearing == GasProfile.crash.weiPerGas(after: one.second))
      #expect(two.clearing <= before + before / 8 + 1 && two.clearing >= before - before / 8)
    }
    #expect(one.clearing > 90_000_000_000 && abs(two.clearing - one.clearing) < one.clearing / 4)
  }

  @Test("who pays less than a block asks waits, and what is dropped never comes")
  func inclusion() {
    var terms = CongestedChain.Terms(profile: .constant(100))
    (terms.spread, terms.meanDelaySeconds, terms.dropProbability) = (0, 0, 0)
    var chain = CongestedChain(terms, from: 0, seed: 3)
    for (sender, price) in [99, 100, 101].enumerated() {
      chain.send(from: sender, paying: Int64(price))
    }
    #expect(chain.mine().map(\.sender) == [2, 1])
    #expect(chain.mine().isEmpty && chain.waits(0))
    terms.dropProbability = 1
    chain = CongestedChain(terms, from: 0, seed: 3)
    chain.send(from: 0, paying: 1_000)
    #expect((0..<50).allSatisfy { _ in chain.mine().isEmpty })
  }

  // 12 March 2020 in kind: a third of the lots went for nothing; nothing does with a reserve.
  @Test("a crash of gas leaves auctions to a lone keeper at zero, and none with a reserve")
  func zeroBids() {
    let study = KeeperStudy(profile: .crash, seed: 12)
    let calm = study.run(.openWithoutReserve, auctions: 100, in: 0..<7_200)
    #expect(calm.zeroSales == 0 && calm.proceeds > calm.fairValue / 100 * 93)
    let crash = study.run(.openWithoutReserve, auctions: 200, in: 18_000..<43_200)
    print("keepers: without a reserve \(crash)")
    #expect(crash.zeroSales > 100 && crash.proceeds < crash.fairValue / 2)
    for rule in [KeeperStudy.Rule.reserveWithFallback, .sealedBatch] {
      let outcome = study.run(rule, auctions: 200, in: 18_000..<43_200)
      print("keepers: \(rule) \(outcome)")
      #expect(outcome.zeroSales == 0 && outcome.unsold == 0)
      #expect(outcome.proceeds >= outcome.fairValue / 10 * 9)
    }
    #expect(
      study.run(.sealedBatch, auctions: 20, in: 0..<9)
        == study.run(.sealedBatch, auctions: 20, in: 0..<9))
  }

  @Test("every lot is sold, taken by the pool or left, and no keeper pays more than its worth")
  func lots() {
    for market in FeeMarket.allCases {
      for lots in [1, 3, 16, 64] {
        let study = KeeperStudy(profile: .crash, seed: 5, lots: lots, market: market)
        #expect(study.lots == lots && study.lotValue * Int64(lots) <= 6_500_000_000)
        for rule in KeeperStudy.Rule.allCases {
          let outcome = study.run(rule, auctions: 12, in: 18_000..<43_200)
          #expect(outcome.auctions == 12 && outcome.lots == 12 * lots)
          #expect(outcome.fairValue == study.lotValue * Int64(12 * lots))
          #expect(outcome.zeroSales + outcome.toPool + outcome.unsold <= outcome.lots)
          #expect(outcome.proceeds <= outcome.fairValue / 100 * 98 + Int64(outcome.lots))
          if rule != .openWithoutReserve {
            #expect(outcome.zeroSales == 0 && outcome.unsold == 0)
            #expect(outcome.proceeds >= study.lotValue / 1_000 * 900 * Int64(12 * lots))
          }
        }
      }
    }
    #expect(KeeperStudy(profile: .crash, seed: 1, lots: 0).lots == 1)
    #expect(KeeperStudy(profile: .crash, seed: 1, lots: 65).lots == 64)
  }

  @Test("one lot is sold as it was before there were several, at the figures of the page")
  func oneLot() {
    let study = KeeperStudy(profile: .crash, seed: 12)
    let crash = study.run(.openWithoutReserve, auctions: 200, in: 18_000..<43_200)
    #expect(crash.zeroSales == 165 && crash.lots == 200)
    #expect((165...175).contains(crash.proceeds * 1_000 / crash.fairValue), "17 %")
  }

  @Test("a base fee rises by an eighth a block at most, where the first price jumps")
  func feeMarkets() {
    let (first, fee) = (
      InclusionStudy(.crash, .firstPrice, in: 18_000..<43_200, seed: 3),
      InclusionStudy(.crash, .baseFee, in: 18_000..<43_200, seed: 3)
    )
    #expect(first.blocks == 1_939 && fee.blocks == first.blocks)
    #expect(fee.largestRise <= 125_000 && first.largestRise > 500_000)
    #expect(fee.median <= fee.highest && first.median <= first.highest)
    #expect(first.open <= first.blocks - first.longestWait)
    let calm = InclusionStudy(.constant(1), .firstPrice, in: 0..<130, seed: 3)
    #expect(calm.blocks == 10 && calm.open == 10 && calm.longestWait == 0)
    #expect(InclusionStudy(.crash, .baseFee, in: 5..<5, seed: 3).blocks == 0)
  }

  // S25: nineteen of twenty messages are lost.
  @Test("when outside keepers cannot reach the venue, its pool takes everything at the reserve")
  func unreachable() {
    let lost = KeeperStudy(profile: .crash, seed: 25, ordinaryKeepers: 8, dropProbability: 1)
    for rule in [KeeperStudy.Rule.reserveWithFallback, .sealedBatch] {
      let outcome = lost.run(rule, auctions: 20, in: 18_000..<20_400)
      #expect(outcome.toPool == 20 && outcome.bids == 0)
      #expect(outcome.proceeds == outcome.fairValue / 10 * 9)
    }
    let dropping = KeeperStudy(profile: .crash, seed: 25, dropProbability: 0.95)
    let open = dropping.run(.openWithoutReserve, auctions: 60, in: 18_000..<20_400)
    #expect(open.zeroSales > 30)
    #expect(dropping.run(.reserveWithFallback, auctions: 60, in: 18_000..<20_400).zeroSales == 0)
  }

  private static let gasFile =
    (ProcessInfo.processInfo.environment["PLIMSOLL_DATA"]
      ?? URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../../shared/data").standardized.path)
    + "/onchain/ethereum_gas_price_intraday_crash_days_dev.csv.gz"

  // Recorded: 1,461 of about 3,900 lots of 12 and 13 March 2020 below one DAI per ETH.
  @Test(
    "the recorded gas of 12 March 2020 does the same",
    .enabled(if: FileManager.default.fileExists(atPath: gasFile)))
  func recorded() throws {
    let prices = try GasPrices.load(path: Self.gasFile)
    let start = try Timestamp(iso8601: "2020-03-12T00:00:00Z")
    let study = KeeperStudy(profile: .recorded(prices, from: start), seed: 12)
    let morning = study.run(.openWithoutReserve, auctions: 100, in: 0..<21_600)
    let evening = study.run(.openWithoutReserve, auctions: 200, in: 43_200..<82_800)
    print("keepers: recorded \(morning) \(evening)")
    #expect(morning.zeroSales <= 5)
    #expect(evening.zeroSales > 60)
    for rule in [KeeperStudy.Rule.reserveWithFallback, .sealedBatch] {
      let outcome = study.run(rule, auctions: 200, in: 43_200..<82_800)
      print("keepers: recorded \(rule) \(outcome)")
      #expect(outcome.zeroSales == 0 && outcome.proceeds >= outcome.fairValue / 10 * 9)
    }
  }
}

@Suite("What a front-runner extracts")
struct FrontRunnerTests {
  private let study = FrontRunnerStudy(seed: 99, rounds: 1_500)

  @Test("nothing from sealed batches beyond his own bid, by any tactic")
  func sealed() {
    let blind = study.run(.sealedBatch, .blind)
    #expect(blind.wins > 100 && blind.profit > 0)
    for tactic in FrontRunnerStudy.Tactic.allCases where tactic != .blind {
      let seeing = study.run(.sealedBatch, tactic)
      print("front-runner: \(tactic) \(seeing.profit - blind.profit)")
      #expect(seeing.profit <= blind.profit, "\(tactic)")
    }
    #expect(study.run(.sealedBatch, .copy).profit == -60_000 * 1_500)
    // To open last is to open: the deposit covers what the price can do.
    #expect(study.extraction(under: .sealedBatch) == 0)
    #expect(study.run(.sealedBatch, .undercut).profit - blind.profit == -2_133_171)
  }

  @Test(
    "nothing of any number of lots, in any round, where each pays what his lots displaced",
    arguments: [1, 2, 4, 5, 16], 1...3 as ClosedRange<UInt64>)
  func displaced(lots: Int, seed: UInt64) {
    for round in 0..<8 as Range<UInt64> {
      let study = FrontRunnerStudy(seed: 1_000 * seed + round, rounds: 1, lots: lots)
      let blind = study.run(.displacedBatch, .blind)
      #expect(blind.profit >= 0)
      for tactic in FrontRunnerStudy.Tactic.allCases {
        #expect(study.run(.displacedBatch, tactic).profit <= blind.profit, "\(tactic) \(round)")
      }
      for wanted in 1..<max(study.room, 2) {
        #expect(study.run(.displacedBatch, .blind, wanted: wanted).profit <= blind.profit)
      }
      #expect(blind.proceeds >= FrontRunnerStudy.reserve * Int64(lots), "all lots are sold")
    }
    let study = FrontRunnerStudy(seed: seed, rounds: 20, lots: lots)
    #expect(study.extraction(under: .displacedBatch) <= 0)
  }

  // What the number of commitments tells him; over eight seeds it is half of that.
  @Test(
    "of several lots at a uniform price at most a thousandth of the proceeds",
    arguments: [1, 2, 4, 5, 16], 1...3 as ClosedRange<UInt64>)
  func uniform(lots: Int, seed: UInt64) {
    let study = FrontRunnerStudy(seed: seed, rounds: 40, lots: lots)
    let extraction = study.extraction(under: .sealedBatch)
    #expect(extraction <= study.blind(under: .sealedBatch).proceeds / 1_000)
    #expect(lots > 2 || extraction <= 0)
    #expect(lots < 16 || extraction > 0, "which the other rule takes from him")
  }

  @Test("a deposit that covers less than the price can do pays who opens last and not at all")
  func uncovered() {
    for rule in [FrontRunnerStudy.Rule.sealedBatch, .displacedBatch] {
      let covered = FrontRunnerStudy(seed: 7, rounds: 60, lots: 4)
      #expect(covered.deposit == 60_000)
      #expect(FrontRunnerStudy(seed: 7, rounds: 1, lots: 16).deposit == 160_000)
      #expect(covered.run(rule, .openLast) == covered.run(rule, .blind))
      let cheap = FrontRunnerStudy(seed: 7, rounds: 60, lots: 4, deposit: 1)
      #expect(cheap.run(rule, .openLast).profit > cheap.run(rule, .blind).profit)
      #expect(cheap.extraction(under: rule) > 0)
    }
  }

  @Test("of several lots he asks blind for fewer than he wants, unless what he displaces is paid")
  func lots() {
    for lots in [5, 16] {
      let study = FrontRunnerStudy(seed: 4, rounds: 60, lots: lots)
      let (blind, all) = (study.blind(under: .sealedBatch), study.run(.sealedBatch, .blind))
      #expect(blind.profit > all.profit)
      #expect(study.blind(under: .displacedBatch) == study.run(.displacedBatch, .blind))
    }
    for lots in [1, 2, 5] {
      let study = FrontRunnerStudy(seed: 4, rounds: 60, lots: lots)
      for rule in FrontRunnerStudy.Rule.allCases {
        for tactic in FrontRunnerStudy.Tactic.allCases {
          let outcome = study.run(rule, tactic)
          #expect(outcome.wins <= 60 && outcome.proceeds > 0)
        }
      }
    }
    #expect(study.run(.sealedBatch, .reduce) == study.run(.sealedBatch, .blind), "of one lot")
    let few = FrontRunnerStudy(seed: 99, rounds: 100)
    for tactic in FrontRunnerStudy.Tactic.allCases {
      #expect(few.run(.displacedBatch, tactic) == few.run(.sealedBatch, tactic), "of one lot")
    }
    #expect(study.extraction(under: .firstCome) == 50_536_467, "as the page says")
    #expect(study.extraction(under: .openBids) == 14_556_544)
    #expect(FrontRunnerStudy(seed: 1, rounds: 1, lots: 99).lots == 64)
  }

  @Test(
    "much from the first come, and from bids that lie open",
    arguments: [.firstCome, .openBids] as [FrontRunnerStudy.Rule])
  func open(rule: FrontRunnerStudy.Rule) {
    print("front-runner: \(rule) \(study.extraction(under: rule)) \(study.run(rule, .blind))")
    #expect(study.extraction(under: rule) > 0)
    let (seeing, blind) = (study.run(rule, .undercut), study.run(rule, .blind))
    #expect(seeing.wins > blind.wins)
    #expect(seeing.proceeds < study.run(.sealedBatch, .blind).proceeds)
  }
}
