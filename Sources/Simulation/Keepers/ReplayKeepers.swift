// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import NumericalMethods
import Parameters
import Quantities
import RiskEngine

/// What came of the slices that a replay's engine offered to keepers.
struct KeeperStory: Hashable, Sendable {
  var offered = 0
  /// Transactions that took a slice or a part of one.
  var taken = 0
  /// Nobody came in time, and the engine fell back on its own book or next stage.
  var fallbacks = 0
  /// Gas was dearer than what may be paid: not offered, and the engine fell back at once.
  var unprofitable = 0
  /// The price of the worst liquidation of a position against its mark, 1 for at the mark.
  var worstPrice = 1.0
}

/// Keepers of a replay: outside the engine and on a congested chain, they see what anybody can.
///
/// They pay for gas what was enough the day before, as most did on 12 March 2020, so a rise of gas
/// keeps their transactions out of blocks, though the engine's reward would cover it. Before that
/// they ask whether the reward covers their gas, the book's impact and the risk of waiting.
struct ReplayKeepers {
  private let profile: GasProfile
  private let start: Timestamp
  private(set) var story = KeeperStory()
  private var turn = 0

  private static let keepers = 4
  /// 40 gwei, each of them up to 30 % more or less.
  private static let usualPrice = 40_000_000_000.0
  /// A block each 13 seconds.
  private static let blocksPerMinute = 4
  private static let latencySeconds = 26.0
  private static let secondsPerYear = 31_536_000.0

  init(_ profile: GasProfile, from start: Timestamp) {
    self.profile = profile
    self.start = start
  }

  /// What the venue is told of gas: the price of a million, in the quote currency.
  ///
  /// - Returns: `nil` while the chain's coin has no price in the venue.
  func report(_ engine: Engine) -> Command? {
    guard let coin = try? AssetSymbol("ETH"), let market = engine.state.market(of: coin) else {
      return nil
    }
    let wei = Int128(profile.weiPerGas(after: seconds(engine)))
    // 10^6 gas × 10^−18 coins × 10^−8 of the quote currency, in millionths.
    let price = (wei * Int128(market.market.index.steps)).divided(
      by: 100_000_000_000_000, rounding: .up)
    return .reportGas(perMillion: Int64(clamping: min(price, 1_000_000_000_000)))
  }

  /// The transaction that gets into a block of this minute first; `nil` if none does.
  mutating func take(
    _ offer: KeeperOffer, _ engine: Engine, _ book: SimulatedBook
  ) -> Command? {
    guard let listed = engine.state.listing.index(of: offer.instrument),
      let valuation = engine.valuation
    else { return nil }
    let contract = engine.state.listing.contracts[listed]
    let notional = Double(valuation.notional(offer.left, of: contract.id)) * 1e-6
    let accounts = book.makers(of: contract.underlying).filter { $0 != offer.account }
    guard notional > 0, !accounts.isEmpty, let depth = book.depth(of: contract.underlying) else {
      return nil
    }
    let volatility = engine.state.market(of: contract.underlying)?.market.volatility.value ?? 0
    let economics = KeeperEconomics(
      bonus: Double(offer.reward(for: offer.left)) * 1e-6 / notional,
      impact: depth.curve(isOption: contract.isOption).average(from: 0, to: notional),
      deviation: volatility / Self.secondsPerYear.squareRoot())
    guard
      arrives(
        offer, engine,
        worthFrom: { cost in
          economics.leastSize(gasCost: cost, latencySeconds: Self.latencySeconds) ?? .infinity
        }, notional)
    else { return nil }
    turn += 1
    return .takeOffer(
      accounts[turn % accounts.count], offer.id, offer.left,
      leastReward: offer.reward(for: offer.left) / 10 * 9)
  }

  /// Whether one of the keepers who find it worth while is in a block of the minute.
  private func arrives(
    _ offer: KeeperOffer, _ engine: Engine, worthFrom least: (Double) -> Double,
    _ notional: Double
  ) -> Bool {
    let second = seconds(engine)
    let seed = offer.id &* 0x9e37_79b9_7f4a_7c15 ^ UInt64(bitPattern: second)
    var random = SplitMix64(seed: seed)
    var chain = CongestedChain(
      CongestedChain.Terms(profile: profile), from: second, seed: random.next())
    let coin = (try? AssetSymbol("ETH")).flatMap { engine.state.market(of: $0)?.market.index }
    let units = Double(engine.rules.liquidation.keeper.gasUnits)
    for keeper in 0..<Self.keepers {
      let price = Self.usualPrice * (0.7 + 0.6 * random.nextUnit())
      let cost = price * units * 1e-18 * Double(coin?.steps ?? 0) * 1e-8
      if least(cost) <= notional { chain.send(from: keeper, paying: Int64(price)) }
    }
    return (0..<Self.blocksPerMinute).contains { _ in !chain.mine().isEmpty }
  }

  private func seconds(_ engine: Engine) -> Int64 {
    max((engine.state.time - start).nanoseconds / 1_000_000_000, 0)
  }

  /// Follows what the engine decided.
  mutating func follow(_ event: LedgerEvent, _ engine: Engine) {
    switch event {
    case .keeperOffered: story.offered += 1
    case .offerTaken: story.taken += 1
    case .offerClosed(_, _, .untaken): story.fallbacks += 1
    case .offerClosed(_, _, .unprofitable): story.unprofitable += 1
    case .traded(let trade) where trade.cause == .liquidation:
      guard let mark = engine.valuation?.mark(of: trade.instrument), mark.price > .zero else {
        return
      }
      story.worstPrice = min(
        story.worstPrice, Double(trade.price.steps) / Double(mark.price.steps))
    default: break
    }
  }
}
