// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import NumericalMethods
import Quantities
import Testing

// Over seeded random portfolios; the seed is the reproduction.
@Suite("The requirement")
struct RequirementPropertyTests {
  private static let seeds: [UInt64] = [1, 2, 3, 4]
  private static let booksPerSeed = RandomBooks.count(1_000) / seeds.count

  /// Random books as the default file has them, and with every term that may be added.
  enum Terms: CaseIterable {
    case none
    case all

    func books(_ overrides: [(String, String)] = []) throws -> RandomBooks {
      switch self {
      case .none: try RandomBooks(overrides: overrides)
      case .all: try RandomBooks.withTerms(overrides)
      }
    }
  }

  @Test(
    "never has maintenance above initial margin, nor either below zero",
    arguments: seeds, Terms.allCases)
  func maintenanceBelowInitial(seed: UInt64, terms: Terms) throws {
    let books = try terms.books()
    var random = SplitMix64(seed: seed)
    for mode in MarginMode.allCases {
      for _ in 0..<Self.booksPerSeed {
        let risk = try books.engine.risk(of: books.portfolio(&random, mode))
        #expect(risk.maintenanceMargin >= 0)
        #expect(risk.maintenanceMargin <= risk.initialMargin)
        #expect(risk.liquidationBuffer >= 0)
      }
    }
  }

  private static let none = AccountRisk(
    equity: 0, initialMargin: 0, maintenanceMargin: 0, liquidationBuffer: 0, penaltyRate: .zero)

  /// A position of one contract alone, entered at the mark, so that only size and shock differ.
  private func alone(
    _ index: Int, _ steps: Int64, _ mode: MarginMode, _ books: RandomBooks
  ) -> Portfolio {
    books.world.portfolio(
      mode,
      [
        Position(
          instrument: books.contracts[index].id, size: Size(steps: steps),
          cost: steps * books.engine.marks[index].unitValue)
      ])
  }

  // Every contract on both sides, in ladders of about 28 sizes; with PLIMSOLL_FULL=1 as many
  // ladders as make 100,000 portfolios.
  @Test(
    "rises with the size of a single position", arguments: MarginMode.allCases, Terms.allCases)
  func monotoneInSize(mode: MarginMode, terms: Terms) throws {
    let books = try terms.books()
    var random = SplitMix64(seed: 5)
    var scratch = books.engine.makeScratch()
    var tried = 0
    repeat {
      for index in books.contracts.indices {
        for sign in [Int64(1), -1] {
          var before = Self.none
          var size: Int64 = 1
          while size < 2_000_000 {
            let risk = try books.engine.risk(
              of: alone(index, sign * size, mode, books), scratch: &scratch)
            let isHigher =
              risk.initialMargin >= before.initialMargin
              && risk.maintenanceMargin >= before.maintenanceMargin
            #expect(isHigher, "\(books.contracts[index].name) \(sign * size)")
            before = risk
            size += Int64.random(in: 1...(size + 1), using: &random)
            tried += 1
          }
        }
      }
    } while tried < RandomBooks.count(1)
  }

  @Test("rises with the shock", arguments: Terms.allCases)
  func monotoneInShock(terms: Terms) throws {
    // A wider range leaves less for jumps to pass, so the gap line falls: that term by itself.
    let others = [("margin.size.default.gapIntensity", "0")]
    let narrow = try terms.books(others)
    var stressed: [RequirementEngine] = []
    for shock in [
      ("margin.scan.BTC.range", "20%"), ("surface.shock.up", "80%"),
      ("margin.mark.default.volatilityUncertainty", "9%"),
    ] {
      // The last one is among the terms.
      guard terms == .all || !shock.0.contains("default") else { continue }
      stressed.append(try terms.books(others + [shock]).engine)
    }
    var random = SplitMix64(seed: 6)
    var scratch = narrow.engine.makeScratch()
    var tried = 0
    repeat {
      for index in narrow.contracts.indices
      where narrow.contracts[index].underlying == narrow.world.btc.symbol {
        for sign in [Int64(1), -1] {
          let steps = tried == 0 ? sign * 1_000 : sign * abs(narrow.steps(&random))
          let portfolio = alone(index, steps, .portfolio, narrow)
          let base = try narrow.engine.risk(of: portfolio, scratch: &scratch).initialMargin
          for engine in stressed {
            let other = try engine.risk(of: portfolio, scratch: &scratch).initialMargin
            #expect(other >= base, "\(narrow.contracts[index].name) \(steps)")
          }
          tried += 1
        }
      }
    } while tried < RandomBooks.count(400)
  }

  @Test(
    "leaves no account worse off for more collateral", arguments: seeds, Terms.allCases)
  func collateral(seed: UInt64, terms: Terms) throws {
    let books = try terms.books()
    var random = SplitMix64(seed: seed)
    for mode in MarginMode.allCases {
      for _ in 0..<Self.booksPerSeed {
        var portfolio = books.portfolio(&random, mode)
        let before = try books.engine.risk(of: portfolio)
        let asset = Int.random(in: 0..<3, using: &random)
        portfolio.balances[asset] += Int64.random(in: 1...1_000_000_000, using: &random)
        let after = try books.engine.risk(of: portfolio)
        // Two roundings, of haircut and of scan, against one of equity; netting has three more.
        #expect(health(after) >= health(before) - (terms == .none ? 2 : 5))
      }
    }
  }

  @Test(
    "leaves no one-market account worse off for a smaller position", arguments: seeds,
    Terms.allCases)
  func reduction(seed: UInt64, terms: Terms) throws {
    let books = try terms.books()
    var random = SplitMix64(seed: seed)
    var scratch = books.engine.makeScratch()
    for mode in MarginMode.allCases {
      for round in 0..<max(Self.booksPerSeed, books.contracts.count) {
        let index = round % books.contracts.count
        let steps = books.steps(&random)
        let value = books.engine.marks[index].unitValue
        // A portfolio without coin, entered at the mark: otherwise the position may be the
        // hedge of something else, which is another market.
        let position =
          mode == .portfolio
          ? Position(
            instrument: books.contracts[index].id, size: Size(steps: steps), cost: steps * value)
          : books.position(index, steps: steps, &random)
        let coin: Int64 = mode == .portfolio ? 0 : 100_000_000
        let portfolio = books.world.portfolio(
          mode, usd: 50_000_000_000, btc: coin, eth: coin, [position])
        let before = try books.engine.risk(of: portfolio, scratch: &scratch)
        // A trade at the mark: the profit of the closed part goes to the balance.
        var reduced = position
        let closed = Int64.random(in: 1...abs(steps), using: &random)
        let profit = reduced.trade(Size(steps: -steps.signum() * closed), unitValue: value)
        var after = portfolio
        let contract = books.contracts[index]
        let asset = try #require(books.world.listing.index(of: contract.settlementAsset))
        after.balances[asset] += profit
        after.positions = reduced.size == .zero ? [] : [reduced]
        let left = try books.engine.risk(of: after, scratch: &scratch)
        #expect(health(left) >= health(before) - 2)
      }
    }
  }

  @Test(
    "of a whole is at most that of its parts, and at least its worst scenario", arguments: seeds)
  func subadditive(seed: UInt64) throws {
    let books = try RandomBooks()
    var random = SplitMix64(seed: seed)
    for _ in 0..<Self.booksPerSeed {
      let portfolio = books.portfolio(&random, .portfolio)
      let whole = try books.engine.scans(of: portfolio)
      var parts: Int64 = 0
      for position in portfolio.positions {
        let part = books.world.portfolio(.portfolio, [position])
        parts += try books.engine.scans(of: part).reduce(0) { $0 + $1.loss }
      }
      var collateral = portfolio
      collateral.positions = []
      parts += try books.engine.scans(of: collateral).reduce(0) { $0 + $1.loss }
      // Amounts of coin round down once in the whole and once in every part.
      #expect(whole.reduce(0) { $0 + $1.loss } <= parts + 2)
      for scan in whole {
        #expect(scan.loss >= -(scan.profits.min() ?? 0))
        #expect(scan.loss >= scan.skewLosses.max() ?? 0)
      }
      let risk = try books.engine.risk(of: portfolio)
      #expect(risk.initialMargin >= whole.reduce(0) { $0 + $1.loss })
    }
  }

  @Test("does not depend on the order of positions", arguments: seeds, Terms.allCases)
  func order(seed: UInt64, terms: Terms) throws {
    let books = try terms.books()
    var random = SplitMix64(seed: seed)
    var scratch = books.engine.makeScratch()
    for mode in [MarginMode.cross, .portfolio] {
      for _ in 0..<Self.booksPerSeed {
        var portfolio = books.portfolio(&random, mode)
        let sorted = try books.engine.risk(of: portfolio, scratch: &scratch)
        portfolio.positions.shuffle(using: &random)
        #expect(try books.engine.risk(of: portfolio, scratch: &scratch) == sorted)
      }
    }
  }

  @Test(
    "is the same from used and fresh working memory, and after other markets", arguments: seeds,
    Terms.allCases)
  func recomputation(seed: UInt64, terms: Terms) throws {
    let books = try terms.books()
    var random = SplitMix64(seed: seed)
    var wandering = books.engine
    var elsewhere = books.world
    elsewhere.markets[0] = UnderlyingMarket(
      underlying: books.world.btc.symbol, index: try Price("5000"), basis: .zero,
      volatility: try Rate("200%"))
    var scratch = books.engine.makeScratch()
    // One portfolio of a mode in each round, with PLIMSOLL_FULL=1 as many as make 100,000 in all.
    let each = (RandomBooks.count(1) - 1) / (20 * 3 * Self.seeds.count) + 1
    for round in 0..<20 {
      try wandering.advance(to: elsewhere.snapshot)
      try wandering.advance(to: books.world.snapshot)
      for mode in MarginMode.allCases {
        for _ in 0..<each {
          let portfolio = books.portfolio(&random, mode)
          let fresh = try books.engine.risk(of: portfolio)
          #expect(try wandering.risk(of: portfolio, scratch: &scratch) == fresh, "round \(round)")
        }
      }
    }
  }

  // Prices ×10 and sizes ÷10, tiers and base-unit steps alike: the same money.
  @Test(
    "does not depend on the unit of price and size", arguments: [MarginMode.cross, .portfolio],
    Terms.allCases)
  func scale(mode: MarginMode, terms: Terms) throws {
    func engine(factor: Int64) throws -> (World, RequirementEngine) {
      let tiers = [(1, 50), (2, 250), (3, 1_000)].map { row, upper in
        ("margin.tiers.BTC.row.\(row).upperQuantity", String(upper * 100 / Int(factor)))
      }
      var world = try World(
        index: String(80 * factor), overrides: tiers + (terms == .all ? RandomBooks.terms : []))
      try world.list(.perpetual, step: "0.1")
      for percent in [80, 100, 120] {
        let strike = Price(steps: Price.stepsPerOne * 80 * factor * Int64(percent) / 100)
        for right in OptionRight.allCases {
          try world.list(
            .option(right, strike: strike, expiry: World.expiry(days: 9)), step: "0.1")
        }
      }
      return (world, try world.engine())
    }
    let (world, small) = try engine(factor: 1)
    let (_, large) = try engine(factor: 10)
    var random = SplitMix64(seed: 9)
    for _ in 0..<RandomBooks.count(250) {
      var few: [Position] = []
      for index in small.marks.indices where Bool.random(using: &random) {
        let steps = Int64.random(in: -100_000...100_000, using: &random)
        guard steps != 0 else { continue }
        few.append(
          Position(instrument: InstrumentID(UInt32(index)), size: Size(steps: steps), cost: 0))
      }
      let many = few.map {
        Position(instrument: $0.instrument, size: Size(steps: $0.size.steps * 10), cost: 0)
      }
      let one = try large.risk(of: world.portfolio(mode, few))
      let other = try small.risk(of: world.portfolio(mode, many))
      // Unit values, and in portfolios cells, are rounded per step: half a millionth each.
      // Deltas are rounded to 10^−8 base units per step, at 800 four millionths, and at most a
      // whole one is charged on them.
      let steps = many.reduce(2) { $0 + $1.size.steps.magnitude }
      let bound = terms == .all ? 6 * steps : steps
      #expect(abs(one.initialMargin - other.initialMargin) <= Int64(bound))
      #expect(abs(one.maintenanceMargin - other.maintenanceMargin) <= Int64(bound))
      #expect(abs(one.equity - other.equity) <= Int64(bound))
    }
  }
}
