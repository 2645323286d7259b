// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import Quantities
import Testing
import Volatility

/// One holding of the specification's grid vectors: BTC at 100,000, zero rate.
struct Holding: Sendable {
  enum Kind: Sendable {
    case future
    case option(OptionRight, strike: String, days: Int64, volatility: Double)
  }
  let kind: Kind
  /// BTC.
  let amount: Int64
}

struct GridVector: Sendable, CustomTestStringConvertible {
  let name: String
  let holdings: [Holding]
  /// USD.
  let worst27: Double
  let worst35: Double
  let spotShift: Double
  let state: String

  var testDescription: String { name }
}

// Source: the specification's section 3.1, computed independently; given to 1e-4.
let gridVectors = [
  GridVector(
    name: "short straddle, 30 days",
    holdings: [
      Holding(
        kind: .option(.call, strike: "100000", days: 30, volatility: 0.5), amount: -1),
      Holding(kind: .option(.put, strike: "100000", days: 30, volatility: 0.5), amount: -1),
    ], worst27: -11_278.0516, worst35: -12_038.4255, spotShift: 0.16, state: "up"),
  GridVector(
    name: "short put, 7 days",
    holdings: [
      Holding(kind: .option(.put, strike: "90000", days: 7, volatility: 0.6), amount: -1)
    ], worst27: -8_275.5566, worst35: -10_381.6974, spotShift: -0.16, state: "up"),
  GridVector(
    name: "long future and long put",
    holdings: [
      Holding(kind: .future, amount: 1),
      Holding(kind: .option(.put, strike: "90000", days: 7, volatility: 0.6), amount: 1),
    ], worst27: -10_204.2836, worst35: -10_204.2836, spotShift: -0.16, state: "down"),
  GridVector(
    name: "calendar of calls",
    holdings: [
      Holding(
        kind: .option(.call, strike: "100000", days: 7, volatility: 0.55), amount: -1),
      Holding(
        kind: .option(.call, strike: "100000", days: 90, volatility: 0.5), amount: 1),
    ], worst27: -5_045.6411, worst35: -5_045.6411, spotShift: -0.16, state: "down"),
  GridVector(
    name: "long future", holdings: [Holding(kind: .future, amount: 1)], worst27: -16_000,
    worst35: -16_000, spotShift: -0.16, state: "up"),
]

@Suite("The published scenario grid")
struct GridVectorTests {
  @Test("gives the specification's worst losses to 1e-4", arguments: gridVectors)
  func vectors(vector: GridVector) throws {
    var world = try World(
      index: "100000", usdDecimals: 4, overrides: World.deribitShocks)
    var positions: [Position] = []
    for holding in vector.holdings {
      let id: InstrumentID
      // Steps of 0.1 BTC: a whole one would not fit a cell.
      switch holding.kind {
      case .future: id = try world.list(.perpetual, step: "0.1")
      case .option(let right, let strike, let days, let volatility):
        id = try world.list(
          .option(right, strike: try Price(strike), expiry: World.expiry(days: days)),
          step: "0.1", volatility: volatility)
      }
      positions.append(
        Position(instrument: id, size: Size(steps: holding.amount * 10), cost: 0))
    }
    let engine = try world.engine()
    let portfolio = world.portfolio(.portfolio, positions)
    let scans = try engine.scans(of: portfolio)
    let scan = try #require(scans.first)
    let worst27 = try #require(scan.profits.prefix(27).min())
    #expect(abs(Double(worst27) / 1e6 - vector.worst27) <= 1e-4)
    #expect(abs(-Double(scan.loss) / 1e6 - vector.worst35) <= 1e-4)
    let place = try #require(scan.profits.prefix(27).firstIndex(of: worst27))
    let binding = engine.grids[0].scenarios[place]
    #expect(abs(binding.spotShift - vector.spotShift) < 1e-12)
    #expect(String(describing: binding.volatility) == vector.state)
  }

  @Test("damps every tail to 0.77 of the range")
  func damper() throws {
    let grid = try World(index: "100000").engine().grids[0]
    #expect(grid.scenarios.count == 35)
    for scenario in grid.scenarios.suffix(8) {
      #expect(abs(scenario.damper * abs(scenario.spotShift) - 0.77 * 0.16) < 1e-15)
      #expect(scenario.volatility == .up)
    }
  }
}
