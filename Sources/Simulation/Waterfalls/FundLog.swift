// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Parameters
import Quantities
import RiskEngine

/// Follows the insurance fund through a replay: all of it, and each universe's where underlyings
/// are set apart.
struct FundLog {
  private var all = FundTrack(universe: nil)
  /// By universe, ascending; empty where nothing is set apart.
  private var parts: [FundTrack] = []

  var history: FundHistory { all.history }

  /// One for each universe with underlyings or a fund, the common one first; empty where nothing
  /// is set apart.
  func universes(_ engine: Engine) -> [UniverseFund] {
    parts.map { part in
      let universe = part.universe ?? .common
      var underlyings: [AssetSymbol] = []
      for (index, contract) in engine.state.listing.contracts.enumerated()
      where engine.state.universe(ofInstrument: index) == universe
        && !underlyings.contains(contract.underlying)
      {
        underlyings.append(contract.underlying)
      }
      return UniverseFund(
        universe: universe, underlyings: underlyings, start: part.start, history: part.history)
    }
  }

  /// Forgets what came in before the first block.
  mutating func start(_ engine: Engine) {
    all.begin(engine)
    findParts(engine)
    for index in parts.indices { parts[index].begin(engine) }
  }

  mutating func take(_ event: LedgerEvent, _ engine: Engine) {
    switch event {
    case .transferred(let transfer):
      guard let universe = transfer.from.fundUniverse ?? transfer.to.fundUniverse else { return }
      all.take(transfer, engine)
      change(universe) { $0.take(transfer, engine) }
    case .inUniverse(let universe, .fundDrawdownChanged(let asset, let percent, _)):
      giveAlarm(universe, asset.symbol, Int(percent), engine)
    case .fundDrawdownChanged(let asset, let percent, _):
      giveAlarm(.common, asset.symbol, Int(percent), engine)
    default: break
    }
  }

  private mutating func giveAlarm(
    _ universe: RiskUniverse, _ asset: AssetSymbol, _ percent: Int, _ engine: Engine
  ) {
    findParts(engine)
    all.giveAlarm(of: parts.isEmpty ? nil : universe, asset, percent, engine)
    change(universe) { $0.giveAlarm(of: universe, asset, percent, engine) }
  }

  private mutating func change(_ universe: RiskUniverse, _ body: (inout FundTrack) -> Void) {
    guard let place = parts.firstIndex(where: { $0.universe == universe }) else { return }
    body(&parts[place])
  }

  /// Ends a block.
  mutating func record(_ engine: Engine) {
    findParts(engine)
    all.record(engine, isWhole: parts.isEmpty)
    for index in parts.indices { parts[index].record(engine, isWhole: true) }
  }

  /// Begins to follow the universes that have underlyings or a fund.
  private mutating func findParts(_ engine: Engine) {
    let found = Set(engine.state.universes + engine.state.losses.universes.map(\.universe))
    guard found.contains(where: { $0 != .common }) else { return }
    for universe in found.union([.common]).sorted()
    where !parts.contains(where: { $0.universe == universe }) {
      // Until something is set apart, all is the common fund's.
      let before = all.history.points.count
      let part =
        universe == .common
        ? FundTrack(common: all) : FundTrack(universe: universe, blocksBefore: before)
      parts.insert(part, at: parts.firstIndex { $0.order > part.order } ?? parts.count)
    }
  }
}

/// One fund, or all of them together, through a replay.
private struct FundTrack {
  /// Absent for all.
  private(set) var universe: RiskUniverse?
  private(set) var history = FundHistory()
  private(set) var start: Int64 = 0
  private var point = FundHistory.Point()
  /// The most alarms kept.
  private static let mostAlarms = 1_000

  init(universe: RiskUniverse?, blocksBefore: Int = 0) {
    self.universe = universe
    history.points = Array(repeating: FundHistory.Point(), count: blocksBefore)
  }

  init(common all: FundTrack) {
    self = all
    universe = .common
  }

  var order: UInt8 { universe?.number ?? 0 }

  mutating func begin(_ engine: Engine) {
    point = FundHistory.Point()
    start = balance(engine)
  }

  mutating func take(_ transfer: Transfer, _ engine: Engine) {
    guard let asset = engine.state.listing.index(of: transfer.amount.asset) else { return }
    let value = engine.valuation?.quote(transfer.amount.units, asset: asset) ?? 0
    let place = FundHistory.place(FundHistory.flow(of: transfer.reason))
    point.flows[place] = WaterfallCosts.sum(
      point.flows[place], transfer.to.fundUniverse != nil ? value : -value)
  }

  mutating func giveAlarm(
    of universe: RiskUniverse?, _ asset: AssetSymbol, _ percent: Int, _ engine: Engine
  ) {
    // The first of an asset only begins the watch.
    let isFirst =
      percent == 0
      && !history.alarms.contains { $0.asset == asset && $0.universe == universe }
    guard !isFirst, history.alarms.count < Self.mostAlarms else { return }
    history.alarms.append(
      FundHistory.Alarm(
        time: engine.state.time, asset: asset, percent: percent, balance: balance(engine),
        universe: universe))
  }

  /// - Parameter isWhole: Whether its peaks are those of one fund.
  mutating func record(_ engine: Engine, isWhole: Bool) {
    point.target = target(engine)
    let funds = isWhole ? engine.state.losses(of: universe ?? .common).funds : []
    if funds.contains(where: { $0.peak > 0 }), let valuation = engine.valuation {
      point.peak = funds.reduce(0) { sum, standing in
        let asset = engine.state.listing.index(of: standing.asset)
        return WaterfallCosts.sum(sum, asset.map { valuation.quote(standing.peak, asset: $0) } ?? 0)
      }
    }
    point.balance = balance(engine)
    history.points.append(point)
    point = FundHistory.Point()
  }

  private func target(_ engine: Engine) -> Int64? {
    if let universe { return engine.state.fundReview(of: universe)?.target }
    let others = engine.state.losses.universes.compactMap(\.losses.review?.target)
    return engine.state.losses.review.map { others.reduce($0.target, WaterfallCosts.sum) }
  }

  private func balance(_ engine: Engine) -> Int64 {
    guard let valuation = engine.valuation else { return 0 }
    return engine.state.houses.indices.reduce(0) { sum, asset in
      let units =
        universe.map { engine.state.fund(asset, of: $0) }
        ?? Int64(clamping: engine.state.houses[asset].allFunds)
      return WaterfallCosts.sum(sum, valuation.quote(units, asset: asset))
    }
  }
}
