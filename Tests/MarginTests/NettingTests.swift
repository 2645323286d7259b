// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import NumericalMethods
import Quantities
import Testing
import Volatility

/// Two underlyings whose only scenarios are a tenth down and a tenth up.
@Suite("Netting of underlyings")
struct NettingTests {
  private static let half = [
    ("margin.netting.default.correlation", "90%"), ("margin.netting.default.offsetCap", "50%"),
  ]

  private func world(
    _ overrides: [(String, String)], btc: [Double] = [-0.1, 0.1], eth: [Double] = [-0.1, 0.1]
  ) throws -> World {
    var world = try World(
      index: "8000", overrides: [("margin.provision.closeFee", "0")] + overrides)
    world.grids = try [btc, eth].map { shifts in
      try ScenarioGrid(
        scenarios: shifts.map { Scenario(spotShift: $0, volatility: .unchanged) })
    }
    try world.list(.perpetual)
    try world.list(.perpetual, on: "ETH", step: "0.01")
    return world
  }

  /// Initial margin of BTC and ETH entered at the mark; 1 BTC and 40 ETH lose 800 each.
  private func initial(_ world: World, btc: Int64, eth: Int64) throws -> Int64 {
    let positions = [
      Position(instrument: InstrumentID(0), size: Size(steps: btc), cost: btc * 8_000_000),
      Position(instrument: InstrumentID(1), size: Size(steps: eth), cost: eth * 2_000_000),
    ]
    let engine = try world.engine()
    let portfolio = world.portfolio(.portfolio, positions.filter { $0.size != .zero })
    let breakdown = try engine.breakdown(of: portfolio)
    let initial = try engine.risk(of: portfolio).initialMargin
    #expect(breakdown.lines.reduce(0) { $0 + $1.initial } == initial)
    return initial
  }

  @Test("is left out where no offset is allowed, whatever the correlation")
  func neutral() throws {
    let alone = try world([("margin.netting.default.correlation", "100%")])
    #expect(try initial(alone, btc: 1_000, eth: -4_000) == 1_600_000_000)
    #expect(try initial(world([]), btc: 1_000, eth: -4_000) == 1_600_000_000)
  }

  // By hand: each loses 800. C = 800 + 400; J = 0 + √2 × 0.55 × 800 = 622; G = 0.
  @Test("gives a hedge at most the cap of the smaller loss")
  func capped() throws {
    let world = try world(Self.half)
    #expect(try initial(world, btc: 1_000, eth: -4_000) == 1_200_000_000)
    // 800 and 200: 700 + 200 ÷ 2 … C = 400 + 100 + 400.
    #expect(try initial(world, btc: 1_000, eth: -1_000) == 900_000_000)
  }

  // C = 0 + 800; J = 0 + √((0.55 × 800)² + (0.55 × 800)²) = 622.25; with a correlation of 20 %
  // it is √2 × 0.9 × 800 = 1,018.233764908…, rounded up.
  @Test("leaves what the underlyings do not have in common")
  func ownShare() throws {
    func world(_ correlation: String) throws -> World {
      try self.world([
        ("margin.netting.default.correlation", correlation),
        ("margin.netting.default.offsetCap", "100%"),
      ])
    }
    #expect(try initial(world("90%"), btc: 1_000, eth: -4_000) == 800_000_000)
    #expect(try initial(world("20%"), btc: 1_000, eth: -4_000) == 1_018_233_765)
    // F = 0.1 × (800 − 720) = 8; √(720² + 648²) = 968.660931389…, rounded up.
    #expect(try initial(world("20%"), btc: 1_000, eth: -3_600) == 976_660_932)
  }

  @Test("gives books that point one way no credit")
  func oneWay() throws {
    let world = try world(Self.half)
    #expect(try initial(world, btc: 1_000, eth: 4_000) == 1_600_000_000)
    #expect(try initial(world, btc: -7, eth: -4) == 5_600_000 + 800_000)
  }

  @Test(
    "changes nothing for one underlying, to the unit", arguments: [1, 7, 12_345_677] as [Int64])
  func alone(steps: Int64) throws {
    let world = try world([
      ("margin.netting.default.correlation", "91.4%"),
      ("margin.netting.default.offsetCap", "33.3333333%"),
    ])
    #expect(try initial(world, btc: steps, eth: 0) == steps * 800_000)
  }

  @Test("adds up underlyings whose scenarios are not the same states")
  func unaligned() throws {
    for eth in [[-0.1], [0.1, -0.1], [-0.1, 0.1, 0.2]] {
      let world = try world(Self.half, eth: eth)
      let loss: Int64 = eth.contains(0.2) ? 1_600_000_000 : 800_000_000
      let lost = eth.count == 1 ? 0 : loss
      #expect(try initial(world, btc: 1_000, eth: -4_000) == 800_000_000 + lost)
    }
  }

  @Test(
    "is at most the sum, at least each loss and each joint scenario, and at most its parts",
    arguments: [1, 2, 3] as [UInt64])
  func bounds(seed: UInt64) throws {
    let books = try RandomBooks(overrides: Self.half)
    var random = SplitMix64(seed: seed)
    var netted = 0
    for _ in 0..<RandomBooks.count(150) {
      let whole = books.portfolio(&random, .portfolio)
      let scans = try books.engine.scans(of: whole)
      let sum = scans.reduce(0) { $0 + $1.loss }
      let scan = try books.netted(whole)
      #expect(scan <= sum)
      #expect(scan >= scans.map(\.loss).max() ?? 0)
      for lane in scans.first?.profits.indices ?? 0..<0 {
        #expect(scan >= -scans.reduce(0) { $0 + $1.profits[lane] })
      }
      netted += scan < sum ? 1 : 0
      var parts: Int64 = 0
      for position in whole.positions {
        parts += try books.netted(books.world.portfolio(.portfolio, [position]))
      }
      var coins = whole
      coins.positions = []
      parts += try books.netted(coins)
      // A coin rounds once in the whole and once in every part; shares of losses and the root
      // are rounded up in the whole.
      #expect(scan <= parts + 6)
    }
    #expect(netted > 10)
  }
}

extension RandomBooks {
  /// SCAN after netting, as the breakdown has it.
  func netted(_ portfolio: Portfolio) throws -> Int64 {
    try engine.breakdown(of: portfolio).lines.reduce(0) { sum, line in
      switch line.kind {
      case .scan, .netting: sum + line.initial
      default: sum
      }
    }
  }
}
