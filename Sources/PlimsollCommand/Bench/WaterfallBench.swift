// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Instruments
import Ledger
import Liquidation
import NumericalMethods
import Parameters
import Quantities

/// The stages of the waterfall whose cost depends on how many take part.
enum WaterfallBench {
  /// - Parameter plot: Where the cost of a pool's result against its depositors is drawn.
  static func figures(plot: URL? = nil) throws -> [Figure] {
    let sizes = try [1_000, 10_000, 100_000, 1_000_000].map { count in
      let pool = try FilledPool(depositors: count)
      return (count: count, settling: pool.settling, reading: pool.reading)
    }
    if let plot { try draw(sizes, plot) }
    let first = sizes.first?.settling ?? 1
    var figures = sizes.map { size in
      Figure.below("pool's result, \(size.count) depositors", size.settling, "ns")
    }
    figures.append(
      .below(
        "pool's result, 1,000,000 ÷ 1,000 depositors", (sizes.last?.settling ?? 0) / first, "×",
        goal: 2))
    figures += sizes.suffix(1).map { size in
      .below("one claim of \(size.count)", size.reading, "ns")
    }
    return figures + deleveraging() + [auction()]
  }

  private static func draw(
    _ sizes: [(count: Int, settling: Double, reading: Double)], _ plot: URL
  ) throws {
    let curves = CostPlot(
      title: "A pool's result against its depositors", across: "depositors",
      up: "nanoseconds, best of nine",
      curves: [
        ("a loss or a gain shared", sizes.map { (Double($0.count), $0.settling) }),
        ("one claim read", sizes.map { (Double($0.count), $0.reading) }),
      ])
    try Data(curves.svg.utf8).write(to: plot, options: .atomic)
  }

  /// Closing a tenth of what 100,000 accounts hold opposite a bankrupt one, by the lowest highest
  /// leverage and by the queue of profit × leverage.
  private static func deleveraging() -> [Figure] {
    var random = SplitMix64(seed: 5)
    var candidates: [DeleveragingCandidate] = []
    var held: Int64 = 0
    for number in 0..<100_000 {
      let size = Int64(random.next() % 10_000) + 1
      let notional = size * 8_000_000
      held += size
      candidates.append(
        DeleveragingCandidate(
          account: AccountID(UInt32(number)), size: Size(steps: size),
          profit: Int64(random.next() % UInt64(notional)) + 1, notional: notional,
          equity: notional / Int64(random.next() % 20 + 1) + 1))
    }
    let wanted = Size(steps: held / 10)
    var drained: [DeleveragingCut] = []
    var queued: [DeleveragingCut] = []
    // Many runs: one that nobody interrupts is wanted.
    let draining = bestNanoseconds(per: 1_000_000, runs: 40) {
      drained = drainLeverage(of: wanted, among: candidates).cuts
    }
    let queue = bestNanoseconds(per: 1_000_000, runs: 40) {
      queued = allocateDeleveraging(of: wanted, among: candidates)
    }
    for cuts in [drained, queued] {
      precondition(
        cuts.reduce(Size.zero) { $0 + $1.size } == wanted, "the cuts sum to what was to be closed")
    }
    return [
      .below("deleveraging among 100,000 accounts, drained", draining, "ms", goal: 20),
      .below("deleveraging among 100,000 accounts, queued", queue, "ms", goal: 20),
    ]
  }

  /// 10,000 bids on one falling portfolio, each for a hundredth of what it may take.
  private static func auction() -> Figure {
    let path = PricePath.exponential(
      start: Rate(billionths: 980_000_000), rate: Rate(billionths: 483_000))
    var sold: Int64 = 0
    let time = bestNanoseconds(per: 1_000_000) {
      var reserved: Int64 = 0
      var requirement: Int64 = 900_000_000_000_000
      for bid in 0..<10_000 {
        let portfolio = AuctionedPortfolio(
          value: 800_000_000_000_000 + reserved, requirement: requirement, reserved: reserved)
        let factor = path.factor(after: TimeSpan(nanoseconds: Int64(bid) * 10_000_000))
        let most = largestBid(on: portfolio, at: factor)
        let share = Rate(billionths: most.billionths / 100)
        reserved += solventBid(on: portfolio, share: share, at: factor) / 1_000
        requirement -= share.share(of: requirement, rounding: .down) / 1_000
      }
      sold = reserved
    }
    precondition(sold > 0, "something is sold")
    return .below("auction, 10,000 bids", time, "ms", goal: 10).noted("the functions alone")
  }
}

/// A ledger with one pool of many depositors, all of whom have a claim.
private struct FilledPool {
  /// Nanoseconds to share one result among all.
  let settling: Double
  /// Nanoseconds to say what one of them owns.
  let reading: Double

  init(depositors: Int) throws {
    let usd = try Asset(symbol: AssetSymbol("USD"), decimals: 6)
    let set = try ParameterSet(
      name: "bench", date: CivilDate.split(Timestamp(seconds: 0)).date, values: [])
    var state = LedgerState(quote: usd, parameters: set)
    let id = AccountID(UInt32(depositors))
    state.apply(.poolOpened(id, markets: [try AssetSymbol("BTC")]))
    for number in 0..<depositors {
      state.apply(
        .poolDeposited(
          PoolEntry(
            account: AccountID(UInt32(number)), pool: id, tranche: .senior,
            units: 1_000_000_000 + Int64(number), gains: 0)))
    }
    settling = bestNanoseconds(per: 2_000) {
      for event in 0..<2_000 {
        let profit: Int64 = event % 2 == 0 ? -100_003 : 70_001
        state.apply(.poolSettled(PoolSettlement(pool: id, senior: profit, junior: 0)))
      }
    }
    var random = SplitMix64(seed: 9)
    let asked = (0..<2_000).map { _ in AccountID(UInt32(random.next() % UInt64(depositors))) }
    let pool = state.pools[0]
    var worth: Int64 = 0
    reading = bestNanoseconds(per: asked.count) {
      for account in asked { worth &+= pool.worth(of: account, .senior).units }
    }
    precondition(worth > 0 && pool.claims.count == depositors, "every depositor has a claim")
  }
}
