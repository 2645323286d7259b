// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Foundation
import Instruments
import Parameters
import Quantities
import Simulation
import Testing

@Suite("Backtest of option books")
struct OptionBacktestTests {
  private func run(
    _ pairs: OptionPairs, _ rules: [OptionMarginRule], books: Int = 6, seed: UInt64 = 1,
    threads: Int = 1
  ) throws -> OptionBacktestResult {
    try OptionBacktest(rules: rules, books: books, seed: seed, threads: threads).run(pairs)
  }

  private var fall: OptionPairs {
    get throws {
      try MadeChains.pairs(
        MadeChains.chain(), MadeChains.chain(hours: 12, scale: 0.6),
        MadeChains.chain(hours: 24, scale: 0.6))
    }
  }

  @Test("coverage and means are those of the books, counted one by one")
  func counts() throws {
    let result = try run(fall, MadeChains.rules("plimsoll", "deribit-portfolio"))
    #expect(result.outcomes.count == 2)
    // Six books of each pair are kept, which are all.
    let points = result.outcomes.flatMap(\.points)
    #expect(points.count == 12)
    for model in result.models.indices {
      let passed = points.filter { $0.loss > $0.initial[model] }
      let tally = result.tally(model: model)
      #expect(tally.books == 12)
      #expect(tally.exceedances == passed.count)
      #expect(tally.maintenanceExceedances == points.count { $0.loss > $0.maintenance[model] })
      #expect(tally.coverage == 1 - Double(passed.count) / 12)
      let mean = points.reduce(0) { $0 + $1.initial[model] } / 12 / 100_000
      #expect(abs(tally.meanInitial - mean) < 1e-12)
      let kinds = OptionBookKind.allCases.map { result.tally(model: model, $0).books }
      #expect(kinds.reduce(0, +) == 12)
      let beyond = passed.map { $0.loss - $0.initial[model] }.max() ?? 0
      #expect(tally.worstBeyond == beyond)
    }
    let losses = points.reduce(0) { $0 + max($1.loss, 0) } / 12 / 100_000
    #expect(abs(result.meanLoss - losses) < 1e-12)
  }

  // Volatility does not change: until so many changes are recorded scenarios move it by the cap of
  // 50 %, from then on by the floor of 25 %. The books of a pair are the same in both runs.
  @Test("scenarios of volatility take their cap until enough changes are recorded")
  func minimumChanges() throws {
    let pairs = try MadeChains.pairs(
      MadeChains.chain(), MadeChains.chain(hours: 12), MadeChains.chain(hours: 24),
      MadeChains.chain(hours: 36))
    func initials(_ changes: Int) throws -> [Double] {
      let range = try ImpliedRangeParameters.bundled(
        applying: ["implied.volatility.minimumChanges=\(changes)"])
      let rule = try OptionMarginRule.load("plimsoll@implied", range: range)
      return try run(pairs, [rule], books: 40).outcomes.map { outcome in
        outcome.points.reduce(0) { $0 + $1.initial[0] }
      }
    }
    let (never, second) = (try initials(20), try initials(2))
    #expect(never.count == 3 && second.count == 3)
    #expect(second[0] == never[0])
    #expect(second[1] == never[1])
    #expect(second[2] < never[2])
    #expect(try initials(3) == never)
    #expect(try initials(1)[1] < never[1])
  }

  @Test("a fall by 40 % passes requirements, stillness passes none")
  func coverage() throws {
    let fallen = try run(fall, MadeChains.rules("plimsoll"), books: 200)
    #expect(fallen.outcomes[0].total(model: 0).coverage < 1)
    #expect(fallen.outcomes[1].total(model: 0).coverage == 1)
    #expect(fallen.worstPair(model: 0).place == 0)
    let interval = fallen.interval(model: 0)
    let coverage = fallen.tally(model: 0).coverage
    #expect(interval.lower < coverage && coverage < interval.upper)
    // All exceedances lie in one of two pairs: that counts for far fewer books than were drawn.
    #expect(try #require(interval.effectiveBooks) < 40)
    let still = try #require(fallen.part(fallen.outcomes[1].from..<fallen.outcomes[1].to))
    // 0.025^(1/1).
    #expect(abs(still.interval(model: 0).lower - 0.025) < 1e-12)
    #expect(still.interval(model: 0).effectiveBooks == nil)
  }

  @Test("the same seed gives the same books, whatever the threads and the other models")
  func determinism() throws {
    let pairs = try fall
    let one = try run(pairs, MadeChains.rules("plimsoll"), books: 40)
    #expect(try run(pairs, MadeChains.rules("plimsoll"), books: 40, threads: 2) == one)
    let both = try run(pairs, MadeChains.rules("derive-pmrm2", "plimsoll"), books: 40)
    #expect(both.tally(model: 1) == one.tally(model: 0))
    #expect(both.outcomes[0].points.map(\.loss) == one.outcomes[0].points.map(\.loss))
    let other = try run(pairs, MadeChains.rules("plimsoll"), books: 40, seed: 2)
    #expect(other.tally(model: 0) != one.tally(model: 0))
    // A further pair leaves the books of the first ones as they are.
    let first = try run(
      MadeChains.pairs(MadeChains.chain(), MadeChains.chain(hours: 12, scale: 0.6)),
      MadeChains.rules("plimsoll"), books: 40)
    #expect(first.outcomes[0] == one.outcomes[0])
  }

  @Test("every kind is drawn about as often as its weight says")
  func kinds() throws {
    let result = try run(
      MadeChains.pairs(MadeChains.chain(), MadeChains.chain(hours: 12)),
      MadeChains.rules("plimsoll-standard"), books: 4_000)
    #expect(OptionBookKind.allCases.reduce(0) { $0 + $1.weight } == 100)
    for kind in OptionBookKind.allCases {
      // Four standard deviations of a binomial count, 4·√(4000·0.12·0.88) = 82 at most.
      let count = result.tally(model: 0, kind).books
      #expect(abs(count - kind.weight * 40) <= 83, "\(kind)")
    }
  }

  @Test("pairs are neighbors, or lie as far apart as asked, and never beyond the limit")
  func pairing() throws {
    let chains = [0, 12, 24, 90, 102].map { MadeChains.chain(hours: $0) }
    func hours(_ pairs: OptionPairs) -> [[Double]] {
      pairs.pairs.map { pair in
        [pair.from, pair.to].map { ($0 - MadeChains.start).days * 24 }
      }
    }
    let day = TimeSpan(seconds: 86_400)
    let neighbors = try OptionPairs(chains.reversed(), most: day)
    #expect(hours(neighbors) == [[0, 12], [12, 24], [90, 102]])
    #expect(neighbors.unpaired == 2)
    let far = TimeSpan(seconds: 66 * 3_600)
    #expect(hours(try OptionPairs(chains, most: far)).contains([24, 90]))
    let shorter = TimeSpan(nanoseconds: far.nanoseconds - 1)
    #expect(!hours(try OptionPairs(chains, most: shorter)).contains([24, 90]))
    #expect(hours(try OptionPairs(chains, least: day, most: day)) == [[0, 24]])
    let ether = MadeChains.chain(hours: 12, of: MadeChains.symbol("ETH"))
    let mixed = try OptionPairs(
      [ether] + chains + [MadeChains.chain(hours: 24, of: ether.underlying)], most: day)
    #expect(mixed.pairs.map { $0.first.count } == [1, 2, 1])
  }
}

@Suite("Refusals of a backtest of option books")
struct OptionBacktestRefusalTests {
  private func refusal(_ body: () throws -> Void) -> OptionBacktestError? {
    do { try body() } catch { return error as? OptionBacktestError }
    return nil
  }

  @Test("chains that make no pair, stand twice or are empty")
  func chains() throws {
    let chain = MadeChains.chain()
    #expect(refusal { _ = try MadeChains.pairs(chain) } == .withoutPairs(snapshots: 1))
    #expect(
      refusal { _ = try MadeChains.pairs(chain, chain) }
        == .repeatedSnapshot(time: chain.time, underlying: chain.underlying))
    let empty = OptionChainSnapshot(time: chain.time, underlying: chain.underlying)
    #expect(
      refusal { _ = try OptionMarket(empty) }
        == .withoutContracts(time: chain.time, underlying: chain.underlying))
    let longest = OptionPairs.longestGap
    let longer = TimeSpan(nanoseconds: longest.nanoseconds + 1)
    for (least, most) in [(longer, longer), (longest, .zero), (.zero, longer)] {
      #expect(
        refusal { _ = try OptionPairs([chain], least: least, most: most) }
          == .setting("the time between two chains", lowest: "0", highest: "7 days"))
    }
  }

  @Test("numbers of books and models outside their bounds")
  func settings() throws {
    let pairs = try MadeChains.pairs(MadeChains.chain(), MadeChains.chain(hours: 12))
    let rules = try MadeChains.rules("plimsoll")
    for books in [0, -1, 1_000_001] {
      #expect(
        refusal { _ = try OptionBacktest(rules: rules, books: books).run(pairs) }
          == .setting("the number of books", lowest: "1", highest: "1000000"))
    }
    #expect(refusal { _ = try OptionBacktest(rules: []).run(pairs) } == .withoutModels)
    #expect(
      refusal { _ = try OptionBacktest(rules: rules + rules, books: 1).run(pairs) }
        == .repeatedModel("plimsoll"))
  }

  @Test("a model without a rule for options, a contract that is not listed")
  func coverage() throws {
    let pairs = try MadeChains.pairs(MadeChains.chain(), MadeChains.chain(hours: 12))
    let rules = try MadeChains.rules("hyperliquid-tiers")
    let error = refusal { _ = try OptionBacktest(rules: rules, books: 5).run(pairs) }
    guard case .model("hyperliquid-tiers", pairs.pairs[0].from, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(
      refusal { _ = try OptionBook([MadeChains.call(101_000, 1)], in: pairs.pairs[0].first) }
        == .unlisted(MadeChains.symbol, expiry: MadeChains.near))
  }

  @Test(
    "assignments that no rule knows or that contradict each other",
    arguments: [
      ("implied.range.multipel=4", "there is no such parameter"),
      ("margin.buffer=20%", "there is no such parameter"),
      ("implied.range.floor=31%", "above implied.range.cap"),
      ("implied.range.multiple=0.4", "outside"), ("implied.tenor", "expected key=value"),
    ])
  func assignments(_ assignment: String, _ reason: String) throws {
    do {
      _ = try ImpliedRangeParameters.bundled(applying: [assignment])
      Issue.record("accepted")
    } catch { #expect("\(error)".contains(reason), "\(error)") }
  }
}
