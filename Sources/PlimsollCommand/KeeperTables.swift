// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Reporting
import Simulation

/// What the studies of keepers and of a front-runner come to over several seeds.
struct KeeperTables {
  let profile: GasProfile
  /// Seconds of the profile.
  let span: Range<Int64>
  let seeds: [UInt64]
  let auctions: Int
  let rounds: Int
  let lots: [Int]

  /// What a chain asks for being in a block.
  struct InclusionRow: Encodable {
    var study = "inclusion"
    let chain: String
    /// Gwei, means over the seeds.
    let medianPrice: Double
    let highestPrice: Double
    /// The most by which it rose from one block to the next in any seed, as a part of it.
    let largestRise: Double
    /// Of all blocks, those in which a transaction at 40 gwei would have been.
    let openShare: Double
    /// Blocks, of any seed.
    let longestWait: Int
  }

  /// What one way of selling to keepers came to; shares of lots, means over the seeds.
  struct SaleRow: Encodable {
    var study = "keepers"
    let chain: String
    let lots: Int
    let rule: String
    /// Proceeds, of the fair value; and of the worst seed.
    let proceeds: Double
    let leastProceeds: Double
    let atZero: Double
    let toPool: Double
    let unsold: Double
    let bidsPerAuction: Double
  }

  /// What a front-runner has; ledger units a round, means over the seeds.
  struct FrontRunnerRow: Encodable {
    var study = "frontRunner"
    let lots: Int
    let rule: String
    /// His best without looking.
    let blind: Double
    /// What the best tactic that looks has more; of the seed in which that is most, too.
    let extraction: Double
    let mostExtraction: Double
    /// The best tactic, in the most seeds.
    let tactic: String
    /// What account and fund received in a round while he was blind, forfeited deposits included.
    let proceeds: Double
  }

  var inclusion: [InclusionRow] {
    FeeMarket.allCases.map { market in
      let all = seeds.map { InclusionStudy(profile, market, in: span, seed: $0) }
      return InclusionRow(
        chain: "\(market)", medianPrice: mean(all) { Double($0.median) * 1e-9 },
        highestPrice: mean(all) { Double($0.highest) * 1e-9 },
        largestRise: Double(all.map(\.largestRise).max() ?? 0) * 1e-6,
        openShare: mean(all) { Double($0.open) / Double(max($0.blocks, 1)) },
        longestWait: all.map(\.longestWait).max() ?? 0)
    }
  }

  var sales: [SaleRow] {
    FeeMarket.allCases.flatMap { market in
      lots.flatMap { lots in
        KeeperStudy.Rule.allCases.map { rule in
          let all = seeds.map { seed in
            KeeperStudy(profile: profile, seed: seed, lots: lots, market: market)
              .run(rule, auctions: auctions, in: span)
          }
          let proceeds = all.map { Double($0.proceeds) / Double(max($0.fairValue, 1)) }
          func share(_ count: (KeeperStudy.Outcome) -> Int) -> Double {
            mean(all) { Double(count($0)) / Double(max($0.lots, 1)) }
          }
          return SaleRow(
            chain: "\(market)", lots: lots, rule: "\(rule)", proceeds: mean(proceeds) { $0 },
            leastProceeds: proceeds.min() ?? 0, atZero: share(\.zeroSales),
            toPool: share(\.toPool), unsold: share(\.unsold),
            bidsPerAuction: mean(all) { Double($0.bids) / Double(max($0.auctions, 1)) })
        }
      }
    }
  }

  var frontRunner: [FrontRunnerRow] {
    lots.flatMap { lots in
      FrontRunnerStudy.Rule.allCases.map { rule in
        let all = seeds.map { seed in
          let study = FrontRunnerStudy(seed: seed, rounds: rounds, lots: lots)
          return (blind: study.blind(under: rule), best: study.best(under: rule))
        }
        let extractions = all.map {
          Double($0.best.outcome.profit - $0.blind.profit) / Double(rounds)
        }
        let tactics = all.map { "\($0.best.tactic)" }
        return FrontRunnerRow(
          lots: lots, rule: "\(rule)",
          blind: mean(all) { Double($0.blind.profit) / Double(rounds) },
          extraction: mean(extractions) { $0 }, mostExtraction: extractions.max() ?? 0,
          tactic: mostFrequent(tactics),
          proceeds: mean(all) { Double($0.blind.proceeds) / Double(rounds) })
      }
    }
  }

  private func mean<Item>(_ items: [Item], _ value: (Item) -> Double) -> Double {
    items.isEmpty ? 0 : items.reduce(0) { $0 + value($1) } / Double(items.count)
  }

  /// The first of equals.
  private func mostFrequent(_ names: [String]) -> String {
    var best = ""
    for name in names where names.count(where: { $0 == name }) > names.count(where: { $0 == best })
    {
      best = name
    }
    return best
  }
}

// MARK: Text

extension KeeperTables {
  var text: String {
    [inclusionText, salesText, frontRunnerText].joined(separator: "\n")
  }

  private var inclusionText: String {
    var table = TextTable([
      ("Gas, gwei", .left), ("Median", .right), ("Highest", .right), ("Rise in a block", .right),
      ("Blocks open at 40", .right), ("Longest wait, blocks", .right),
    ])
    for row in inclusion {
      table.append([
        row.chain, decimals(row.medianPrice, 1), decimals(row.highestPrice, 1),
        percentage(row.largestRise), percentage(row.openShare), "\(row.longestWait)",
      ])
    }
    return table.text
  }

  private var salesText: String {
    var table = TextTable([
      ("Sold to keepers", .left), ("Lots", .right), ("Rule", .left), ("Of fair value", .right),
      ("Worst seed", .right), ("At zero", .right), ("To the pool", .right), ("Unsold", .right),
      ("Bids an auction", .right),
    ])
    for row in sales {
      table.append([
        row.chain, "\(row.lots)", row.rule, percentage(row.proceeds),
        percentage(row.leastProceeds), percentage(row.atZero), percentage(row.toPool),
        percentage(row.unsold), decimals(row.bidsPerAuction, 1),
      ])
    }
    return table.text
  }

  private var frontRunnerText: String {
    var table = TextTable([
      ("Front-runner, units a round", .left), ("Lots", .right), ("Blind", .right),
      ("More by seeing", .right), ("Most of a seed", .right), ("Best tactic", .left),
      ("Paid for the lots", .right),
    ])
    for row in frontRunner {
      table.append([
        row.rule, "\(row.lots)", decimals(row.blind, 0), decimals(row.extraction, 0),
        decimals(row.mostExtraction, 0), row.tactic, decimals(row.proceeds, 0),
      ])
    }
    return table.text
  }

  private func percentage(_ share: Double) -> String { decimals(share * 100, 1) + " %" }

  private func decimals(_ value: Double, _ count: Int) -> String {
    String(format: "%.\(count)f", value)
  }
}
