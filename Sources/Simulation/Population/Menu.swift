// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import NumericalMethods
import Parameters
import Quantities

/// What accounts may choose from: the listed instruments by what they are good for.
struct Menu {
  /// The instruments of one underlying, by dense index.
  struct Shelf {
    let symbol: AssetSymbol
    /// Linear and inverse perpetuals.
    var perpetuals: [Int] = []
    var futures: [Int] = []
    var calls: [Int] = []
    var puts: [Int] = []

    /// Perpetuals and futures.
    var outrights: [Int] { perpetuals + futures }
  }

  let market: VenueMarket
  /// In order of listing.
  let underlyings: [Shelf]
  private let weights: [Double]
  /// The risk universe of each underlying.
  private let universes: [RiskUniverse]

  init(_ market: VenueMarket, _ book: BookParameters) {
    self.market = market
    var shelves: [Shelf] = []
    for (index, contract) in market.listing.contracts.enumerated() {
      let found = shelves.firstIndex { $0.symbol == contract.underlying }
      if found == nil { shelves.append(Shelf(symbol: contract.underlying)) }
      shelves[found ?? shelves.count - 1].add(index, contract.kind)
    }
    underlyings = shelves.filter { !$0.perpetuals.isEmpty }
    weights = underlyings.map { Double(book[$0.symbol].dailyVolume).squareRoot() }
    universes = underlyings.map { shelf in
      market.universes.isEmpty ? .common : market.universes[shelf.perpetuals[0]]
    }
  }

  /// Some underlyings of another menu.
  private init(_ menu: Menu, in universe: RiskUniverse) {
    let kept = menu.underlyings.indices.filter { menu.universes[$0] == universe }
    market = menu.market
    underlyings = kept.map { menu.underlyings[$0] }
    weights = kept.map { menu.weights[$0] }
    universes = kept.map { menu.universes[$0] }
  }

  /// What is left to an account that trades in one risk universe, more often in one that is traded
  /// more; all, and nothing drawn, where there is one universe only.
  func withinOneUniverse(_ generator: inout SplitMix64) -> Menu {
    guard hasUniverses else { return self }
    return Menu(self, in: universes[generator.pick(weights)])
  }

  /// Whether the underlyings are of several risk universes.
  var hasUniverses: Bool { universes.contains { $0 != universes[0] } }

  /// An underlying, more often the more it is traded.
  func underlying(_ generator: inout SplitMix64) -> Shelf {
    underlyings[generator.pick(weights)]
  }

  /// The option in a list whose delta is nearest to a target.
  func option(near delta: Double, among options: [Int], _ generator: inout SplitMix64) -> Int? {
    guard !options.isEmpty else { return nil }
    // Strikes of one expiry, chosen first: near expiries are traded most.
    let pivot = options[generator.below(options.count)]
    let expiry = market.listing.contracts[pivot].kind.expiry
    let settlement = market.listing.contracts[pivot].settlement
    let choice = options.filter {
      let contract = market.listing.contracts[$0]
      return contract.kind.expiry == expiry && contract.settlement == settlement
    }
    return choice.min { one, other in
      distance(one, delta) < distance(other, delta)
    }
  }

  private func distance(_ instrument: Int, _ delta: Double) -> Double {
    ((market.delta(of: instrument) ?? 0).magnitude - delta).magnitude
  }
}

extension Menu.Shelf {
  mutating func add(_ instrument: Int, _ kind: ContractKind) {
    switch kind {
    case .spot: break
    case .perpetual: perpetuals.append(instrument)
    case .future: futures.append(instrument)
    case .option(.call, _, _): calls.append(instrument)
    case .option(.put, _, _): puts.append(instrument)
    }
  }
}
