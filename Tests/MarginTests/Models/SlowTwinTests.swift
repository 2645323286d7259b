// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import NumericalMethods
import Quantities
import Testing
import Volatility

/// The requirement engine against the general evaluator on the venue's own model file: an
/// independent model in doubles, written from the specification (P50).
@Suite("The requirement engine and its slow twin")
struct SlowTwinTests {
  /// Millionths by which the integers of the engine may differ from the unrounded requirement.
  ///
  /// A portfolio's scenario cell is rounded to half a millionth per size step and a coin's share to
  /// half a millionth per asset; provisions to 2^−20 of a millionth per step. The other charges, of
  /// a position, an asset or a level, are rounded up once each, the twin's once in all. Doubles err
  /// by 1e-12 of the sums involved. Marks and unit values are given, not recomputed.
  private func bound(_ portfolio: Portfolio, _ requirement: ModelRequirement) -> Double {
    var steps = 0.0
    if portfolio.mode == .portfolio {
      for position in portfolio.positions { steps += Double(position.size.steps.magnitude) }
    }
    var gross = requirement.exactInitial.magnitude + requirement.exactEquity.magnitude
    for line in requirement.lines { gross += line.initial.magnitude }
    let charges = portfolio.positions.count + portfolio.balances.count + 2
    return 0.501 * steps + Double(charges) + 1e-12 * gross * 1e6
  }

  private func compare(
    _ mode: MarginMode, model name: String, books count: Int, seed: UInt64
  ) throws {
    let books = try RandomBooks()
    let model = try ModelFixture.model(name)
    var random = SplitMix64(seed: seed)
    var worst = 0.0
    for number in 0..<count {
      let portfolio = books.portfolio(&random, mode)
      let risk = try books.engine.risk(of: portfolio)
      let requirement = try model.requirement(of: try ModelBook(portfolio, books.engine))
      let bound = bound(portfolio, requirement)
      let differences = [
        Double(risk.initialMargin - requirement.initialMargin),
        Double(risk.maintenanceMargin - requirement.maintenanceMargin),
      ]
      for difference in differences {
        worst = max(worst, difference.magnitude / bound)
        #expect(difference.magnitude <= bound, "\(name) \(seed) \(number): \(difference)")
      }
      // Equity has no model in it: at most one unit per asset.
      #expect(abs(risk.equity - requirement.equity) <= 4, "\(name) \(seed) \(number)")
    }
    // The bound is not idle: rounding shows wherever cells are rounded.
    #expect(mode != .portfolio || worst > 0.01)
  }

  @Test(
    "agree on portfolio accounts within half a millionth per step", arguments: [1, 2, 3, 4, 5])
  func portfolios(seed: UInt64) throws {
    try compare(.portfolio, model: "plimsoll", books: 300, seed: seed)
  }

  @Test("agree on cross and isolated accounts", arguments: [6, 7, 8, 9])
  func standalone(seed: UInt64) throws {
    try compare(
      seed.isMultiple(of: 2) ? .cross : .isolated, model: "plimsoll-standard", books: 300,
      seed: seed)
  }

  /// Floors and skews that bind, for with the venue's own numbers they seldom do.
  private static let harsh = [
    ("margin.shortOptionMinimum", "30%"), ("surface.skewShock.cap", "100%"),
    ("surface.skewShock.capSlope", "0"), ("surface.skewShock.leastWidth", "50%"),
  ]
  private static let harshModel = [
    "model.default.minimum.shortOption=30%", "model.default.skew.cap=100%",
    "model.default.skew.capSlope=0", "model.default.skew.leastWidth=50%",
  ]

  @Test("agree where floors and skews bind", arguments: [21, 22])
  func harsh(seed: UInt64) throws {
    let books = try RandomBooks(overrides: Self.harsh)
    let model = try ModelFixture.model("plimsoll", applying: Self.harshModel)
    var random = SplitMix64(seed: seed)
    var kinds = (floors: 0, skews: 0)
    for _ in 0..<200 {
      let portfolio = books.portfolio(&random, .portfolio)
      let risk = try books.engine.risk(of: portfolio)
      let requirement = try model.requirement(of: try ModelBook(portfolio, books.engine))
      let difference = Double(risk.initialMargin - requirement.initialMargin)
      #expect(difference.magnitude <= bound(portfolio, requirement))
      kinds.floors += requirement.lines.contains { $0.charge == .shortOptionMinimum } ? 1 : 0
      let isSkewed = requirement.scans.contains { scan in
        if case .skew = scan.binding { true } else { false }
      }
      kinds.skews += isSkewed ? 1 : 0
    }
    #expect(kinds.floors > 5)
    #expect(kinds.skews > 2)
  }

  @Test(
    "disagree when any number of the model is another: every term is compared",
    arguments: [
      "model.BTC.scan.range=16.01%", "model.ETH.scan.range=18.01%", "model.default.scan.steps=5",
      "model.default.scan.holdingsMove=false", "model.default.tail.rangeDamper=0.771",
      "model.default.tail.8.shift=499%", "model.default.volatility.up=50.01%",
      "model.default.volatility.shortPower=0.301", "model.default.volatility.longPower=0.451",
      "model.default.volatility.leastUp=45%", "model.default.minimum.shortOption=30.1%",
      "model.default.skew.cap=99%", "model.default.skew.leastWidth=51%",
      "model.default.provision.closeFee=0.0501%", "model.default.provision.fundingShare=101%",
      "model.BTC.collateral.initial=10.01%", "model.default.collateral.initial=20.01%",
      "model.account.collateral.net=false", "model.account.maintenanceShare=79.99%",
    ])
  func sensitivity(change: String) throws {
    let isHarsh = ["minimum", "skew"].contains { change.contains(".\($0).") }
    let books = try RandomBooks(overrides: isHarsh ? Self.harsh : [])
    let model = try ModelFixture.model(
      "plimsoll", applying: (isHarsh ? Self.harshModel : []) + [change])
    var random = SplitMix64(seed: 14)
    var disagreements = 0
    for _ in 0..<400 where disagreements == 0 {
      let portfolio = books.portfolio(&random, .portfolio)
      let risk = try books.engine.risk(of: portfolio)
      let requirement = try model.requirement(of: try ModelBook(portfolio, books.engine))
      let bound = bound(portfolio, requirement)
      let differences = [
        risk.initialMargin - requirement.initialMargin,
        risk.maintenanceMargin - requirement.maintenanceMargin,
      ]
      if differences.contains(where: { Double($0.magnitude) > bound }) { disagreements += 1 }
    }
    #expect(disagreements > 0)
  }

  @Test("name the same binding scenario wherever it is clear by more than the rounding")
  func binding() throws {
    let books = try RandomBooks()
    let model = try ModelFixture.model("plimsoll")
    var random = SplitMix64(seed: 10)
    var count = 0
    for _ in 0..<200 {
      let portfolio = books.portfolio(&random, .portfolio)
      let requirement = try model.requirement(of: try ModelBook(portfolio, books.engine))
      let scans = try books.engine.scans(of: portfolio)
      for scan in scans {
        guard let slow = requirement.scans.first(where: { $0.underlying == scan.underlying }) else {
          Issue.record("no scan of \(scan.underlying)")
          continue
        }
        #expect(slow.profits.count == scan.profits.count)
        let sorted = (slow.profits + slow.skewLosses.map { -$0 } + [0]).sorted()
        guard sorted[1] - sorted[0] > 1 else { continue }
        count += 1
        switch (scan.binding, slow.binding) {
        case (.none, .none): break
        case (.scenario(let one), .row(let other)): #expect(one == other)
        case (.skew(let one), .skew(let other)): #expect(Int(one.rawValue) == other)
        default: Issue.record("\(scan.binding) is not \(slow.binding)")
        }
      }
    }
    #expect(count > 100)
  }

  @Test("agree while settlement prices are being averaged", arguments: [11, 12, 13])
  func settling(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let expiry = World.start + TimeSpan(seconds: 1_800)
    var world = try World(index: "8000")
    for settlement in [Settlement.linear, .inverse] {
      let coarse = settlement == .inverse
      try world.list(.perpetual, settlement, step: coarse ? "1" : "0.001")
      try world.list(.future(expiry: expiry), settlement, step: coarse ? "1" : "0.001")
      for strike in ["1000", "7600", "8000", "8400"] {
        for right in OptionRight.allCases {
          try world.list(
            .option(right, strike: try Price(strike), expiry: expiry), settlement,
            volatility: 0.8)
        }
      }
    }
    let model = try ModelFixture.model("plimsoll")
    for seconds: Int64 in [0, 1, 600, 1_500, 1_799, 1_800] {
      let engine = try world.engine(at: snapshot(world, expiry, seconds: seconds))
      for _ in 0..<20 {
        var positions: [Position] = []
        for index in world.listing.contracts.indices where Bool.random(using: &random) {
          let size = Int64.random(in: -5_000...5_000, using: &random)
          guard size != 0 else { continue }
          positions.append(
            Position(
              instrument: world.listing.contracts[index].id, size: Size(steps: size),
              cost: size * engine.marks[index].unitValue))
        }
        let portfolio = world.portfolio(
          .portfolio, usd: 1_000_000_000, btc: 50_000_000, positions)
        let risk = try engine.risk(of: portfolio)
        let requirement = try model.requirement(of: try ModelBook(portfolio, engine))
        let difference = Double(risk.initialMargin - requirement.initialMargin)
        #expect(difference.magnitude <= bound(portfolio, requirement), "\(seconds)")
      }
    }
  }

  /// So many seconds of the half hour at 7,700, spot now at 8,000.
  private func snapshot(
    _ world: World, _ expiry: Timestamp, seconds: Int64
  ) throws -> MarketSnapshot {
    let covered = TimeSpan(seconds: seconds)
    let window = SettlementWindow(
      start: World.start, end: expiry,
      sum: Int128(try Price("7700").steps) * Int128(covered.nanoseconds), covered: covered,
      time: World.start + covered, price: nil)
    return MarketSnapshot(
      time: World.start + covered, underlyings: world.markets,
      settling: [SettlingMarket(underlying: world.btc.symbol, window: window)])
  }
}
