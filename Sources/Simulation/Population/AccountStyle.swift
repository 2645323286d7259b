// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import NumericalMethods
import Quantities

/// What an account is after; with its margin mode it decides what it holds.
enum AccountStyle: CaseIterable {
  /// One perpetual with collateral of its own.
  case isolatedPosition
  /// Perpetuals and futures, mostly one way, some bought options.
  case directional
  case optionBuyer
  /// Sells puts and strangles.
  case optionSeller
  /// Options on both sides, delta hedged.
  case optionMaker
  /// Sells strangles on many strikes, half hedged.
  case volatilitySeller
  /// A perpetual against a future.
  case basis
  /// Many perpetuals, futures and options with a direction.
  case fund

  struct Traits {
    let mode: MarginMode
    /// Of all accounts; the shares sum to one.
    let share: Double
    /// Positions beyond the least number, on average.
    let morePositions: Double
    let leastPositions: Int
    /// Of one position, quote units.
    let medianNotional: Double
    let medianLeverage: Double
    let leverageDeviation: Double
  }

  var traits: Traits {
    switch self {
    case .isolatedPosition:
      Traits(
        mode: .isolated, share: 0.25, morePositions: 0, leastPositions: 1,
        medianNotional: 5_000, medianLeverage: 12, leverageDeviation: 0.7)
    case .directional:
      Traits(
        mode: .cross, share: 0.42, morePositions: 2.1, leastPositions: 1,
        medianNotional: 9_000, medianLeverage: 3, leverageDeviation: 0.8)
    case .optionBuyer:
      Traits(
        mode: .cross, share: 0.07, morePositions: 2, leastPositions: 1,
        medianNotional: 3_000, medianLeverage: 4, leverageDeviation: 0.6)
    case .optionSeller:
      Traits(
        mode: .cross, share: 0.11, morePositions: 2.6, leastPositions: 1,
        medianNotional: 4_000, medianLeverage: 2.5, leverageDeviation: 0.5)
    case .optionMaker:
      Traits(
        mode: .portfolio, share: 0.07, morePositions: 9, leastPositions: 6,
        medianNotional: 3_000, medianLeverage: 5, leverageDeviation: 0.5)
    case .volatilitySeller:
      Traits(
        mode: .portfolio, share: 0.03, morePositions: 8, leastPositions: 4,
        medianNotional: 3_000, medianLeverage: 3, leverageDeviation: 0.5)
    case .basis:
      Traits(
        mode: .portfolio, share: 0.03, morePositions: 1.5, leastPositions: 2,
        medianNotional: 40_000, medianLeverage: 5, leverageDeviation: 0.5)
    case .fund:
      Traits(
        mode: .portfolio, share: 0.02, morePositions: 7, leastPositions: 3,
        medianNotional: 15_000, medianLeverage: 2, leverageDeviation: 0.5)
    }
  }

  /// The share of accounts and positions that gain when prices rise.
  static let longShare = 0.6
  /// How often a position goes the way of its account.
  static let faithfulness = 0.85

  static func draw(_ menu: Menu, _ generator: inout SplitMix64) -> AccountDraft {
    let style = allCases[generator.pick(allCases.map(\.traits.share))]
    let traits = style.traits
    var draft = AccountDraft(
      mode: traits.mode,
      leverage: generator.lognormal(
        median: traits.medianLeverage, deviation: traits.leverageDeviation))
    var positions = PositionDraws(menu: menu, draft: draft, traits: traits)
    positions.take(style, &generator)
    draft = positions.draft
    // One in ten of those who settle in quote currency keeps half of it in coin.
    if draft.mode != .isolated, generator.chance(0.1) { draft.coinShare = 0.5 }
    return draft
  }
}

/// The positions of one account, drawn one after another.
struct PositionDraws {
  let menu: Menu
  private(set) var draft: AccountDraft
  let traits: AccountStyle.Traits

  mutating func take(_ style: AccountStyle, _ generator: inout SplitMix64) {
    let count =
      traits.leastPositions + min(generator.geometric(mean: traits.morePositions), 40)
    // An account is large or small as a whole; its positions differ less.
    let size = Self.notional(median: traits.medianNotional, &generator)
    switch style {
    case .isolatedPosition:
      let shelf = menu.underlying(&generator)
      hold(shelf.perpetuals[generator.below(shelf.perpetuals.count)], size, way(&generator))
    case .directional: takeDirectional(count, size, optionShare: 0.2, &generator)
    case .fund: takeDirectional(count, size, optionShare: 0.4, &generator)
    case .optionBuyer: takeBoughtOptions(count, size, &generator)
    case .optionSeller: takeSoldOptions(count, size, strangles: 0.4, &generator)
    case .volatilitySeller:
      takeSoldOptions(count, size, strangles: 1, &generator)
      hedge(share: 0.5, &generator)
    case .optionMaker:
      takeBothWays(count, size, &generator)
      hedge(share: 0.95, &generator)
    case .basis: takeBasis(count, size, &generator)
    }
  }

  /// Notional of a position: lognormal, and one in twenty from a power law.
  ///
  /// P(volume > x) ~ x^−1.5: X. Gabaix, P. Gopikrishnan, V. Plerou, H. E. Stanley, Nature 423
  /// (2003), 267-270, for the volumes of trades.
  private static func notional(median: Double, _ generator: inout SplitMix64) -> Double {
    let value =
      generator.chance(0.05)
      ? generator.pareto(least: 15 * median, exponent: 1.5)
      : generator.lognormal(median: median, deviation: 1.3)
    return min(max(value, 20), 20_000_000)
  }

  private func way(_ generator: inout SplitMix64) -> Int64 {
    generator.chance(AccountStyle.longShare) ? 1 : -1
  }

  private mutating func hold(_ instrument: Int, _ notional: Double, _ sign: Int64) {
    draft.hold(instrument, notional: notional, sign: sign, in: menu.market)
  }

  private mutating func takeDirectional(
    _ count: Int, _ size: Double, optionShare: Double, _ generator: inout SplitMix64
  ) {
    let way = way(&generator)
    for _ in 0..<3 * count where draft.holdings.count < count {
      let shelf = menu.underlying(&generator)
      let notional = size * generator.lognormal(median: 1, deviation: 0.5)
      let isFaithful = generator.chance(AccountStyle.faithfulness)
      if generator.chance(optionShare) {
        let options = (way > 0) == isFaithful ? shelf.calls : shelf.puts
        let delta = 0.2 + 0.3 * generator.nextUnit()
        if let option = menu.option(near: delta, among: options, &generator) {
          hold(option, notional, 1)
        }
      } else {
        let outrights = shelf.outrights
        hold(outrights[generator.below(outrights.count)], notional, isFaithful ? way : -way)
      }
    }
  }

  private mutating func takeBoughtOptions(
    _ count: Int, _ size: Double, _ generator: inout SplitMix64
  ) {
    for _ in 0..<3 * count where draft.holdings.count < count {
      let shelf = menu.underlying(&generator)
      let options = generator.chance(AccountStyle.longShare) ? shelf.calls : shelf.puts
      let delta = 0.1 + 0.4 * generator.nextUnit()
      if let option = menu.option(near: delta, among: options, &generator) {
        hold(option, size * generator.lognormal(median: 1, deviation: 0.5), 1)
      }
    }
  }

  private mutating func takeSoldOptions(
    _ count: Int, _ size: Double, strangles: Double, _ generator: inout SplitMix64
  ) {
    let sellsCalls = generator.chance(strangles)
    for _ in 0..<3 * count where draft.holdings.count < count {
      let shelf = menu.underlying(&generator)
      let notional = size * generator.lognormal(median: 1, deviation: 0.3)
      let delta = 0.1 + 0.2 * generator.nextUnit()
      for options in sellsCalls ? [shelf.puts, shelf.calls] : [shelf.puts] {
        if let option = menu.option(near: delta, among: options, &generator) {
          hold(option, notional, -1)
        }
      }
    }
  }

  private mutating func takeBothWays(
    _ count: Int, _ size: Double, _ generator: inout SplitMix64
  ) {
    for _ in 0..<3 * count where draft.holdings.count < count {
      let shelf = menu.underlying(&generator)
      let options = generator.chance(0.5) ? shelf.calls : shelf.puts
      guard !options.isEmpty else { continue }
      // Customers buy options more than they sell: makers are short a little on balance.
      hold(
        options[generator.below(options.count)],
        size * generator.lognormal(median: 1, deviation: 0.5), generator.chance(0.45) ? 1 : -1)
    }
  }

  private mutating func takeBasis(
    _ count: Int, _ size: Double, _ generator: inout SplitMix64
  ) {
    for _ in 0..<3 * count where draft.holdings.count < count {
      let shelf = menu.underlying(&generator)
      guard !shelf.futures.isEmpty else { return }
      let perpetual = shelf.perpetuals[generator.below(shelf.perpetuals.count)]
      let future = shelf.futures[generator.below(shelf.futures.count)]
      guard !draft.holds(perpetual), !draft.holds(future) else { continue }
      let way: Int64 = generator.chance(0.5) ? 1 : -1
      hold(perpetual, size, way)
      hold(future, size, -way)
    }
  }

  /// Holds perpetuals against the delta of the account's options, underlying by underlying.
  private mutating func hedge(share: Double, _ generator: inout SplitMix64) {
    for shelf in menu.underlyings {
      var delta = 0.0
      for holding in draft.holdings {
        let contract = menu.market.listing.contracts[holding.instrument]
        guard contract.underlying == shelf.symbol,
          let each = menu.market.delta(of: holding.instrument)
        else { continue }
        delta += each * holding.notional * Double(holding.size.sign)
      }
      guard delta.magnitude * share >= 50 else { continue }
      let perpetual = shelf.perpetuals[generator.below(shelf.perpetuals.count)]
      hold(perpetual, delta.magnitude * share, delta > 0 ? -1 : 1)
    }
  }
}
