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

/// Keepers of a replay: outside the engine and on a congested chain, they see what anybody can.
///
/// They pay for gas what was enough the day before, as most did on 12 March 2020, so a rise of gas
/// keeps their transactions out of blocks, though the engine's reward would cover it. Before that
/// they ask whether the reward covers their gas, the book's impact and the risk of waiting.
struct ReplayKeepers {
  private let profile: GasProfile
  private let start: Timestamp
  private(set) var story = KeeperStory()
  /// Whose transaction is about to be executed.
  private var taker: Int?

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
    story.keepers = Array(repeating: KeeperFigures(), count: Self.keepers)
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
      impact: depth.curve(isOption: contract.isOption, for: offer.side)
        .average(from: 0, to: notional),
      deviation: volatility / Self.secondsPerYear.squareRoot())
    let winner = firstArrived(
      offer, engine,
      worthFrom: { cost in
        economics.leastSize(gasCost: cost, latencySeconds: Self.latencySeconds) ?? .infinity
      }, notional)
    guard let winner else { return nil }
    taker = winner
    return .takeOffer(
      accounts[winner % accounts.count], offer.id, offer.left,
      leastReward: offer.reward(for: offer.left) / 10 * 9)
  }

  /// Forgets who took, also where the engine refused it.
  mutating func endTaking() { taker = nil }

  /// The one of the keepers who find it worth while whose transaction is first in a block of the
  /// minute; who is in the same block behind it pays for nothing.
  private mutating func firstArrived(
    _ offer: KeeperOffer, _ engine: Engine, worthFrom least: (Double) -> Double,
    _ notional: Double
  ) -> Int? {
    let second = seconds(engine)
    let seed = offer.id &* 0x9e37_79b9_7f4a_7c15 ^ UInt64(bitPattern: second)
    var random = SplitMix64(seed: seed)
    var chain = CongestedChain(
      CongestedChain.Terms(profile: profile), from: second, seed: random.next())
    let coin = (try? AssetSymbol("ETH")).flatMap { engine.state.market(of: $0)?.market.index }
    let units = engine.rules.liquidation.keeper.gasUnits
    for keeper in 0..<Self.keepers {
      let price = Self.usualPrice * (0.7 + 0.6 * random.nextUnit())
      let cost = price * Double(units) * 1e-18 * Double(coin?.steps ?? 0) * 1e-8
      guard least(cost) <= notional else { continue }
      story.keepers[keeper].sent += 1
      chain.send(from: keeper, paying: Int64(price))
    }
    for _ in 0..<Self.blocksPerMinute {
      let included = chain.mine()
      for one in included {
        story.keepers[one.sender].reached += 1
        // Wei of 10^−18 coins, prices in 10^−8, millionths of the quote currency.
        let paid = (Int128(one.price) * Int128(units) * Int128(coin?.steps ?? 0)).divided(
          by: 100_000_000_000_000_000_000, rounding: .up)
        story.keepers[one.sender].gasPaid = WaterfallCosts.sum(
          story.keepers[one.sender].gasPaid, Int64(clamping: paid))
      }
      if let first = included.first { return first.sender }
    }
    return nil
  }

  private func seconds(_ engine: Engine) -> Int64 {
    max((engine.state.time - start).nanoseconds / 1_000_000_000, 0)
  }

  /// Follows what the engine decided.
  mutating func follow(_ event: LedgerEvent, _ engine: Engine) {
    switch event {
    case .keeperOffered: story.offered += 1
    case .offerTaken:
      story.taken += 1
      if let taker { story.keepers[taker].taken += 1 }
    case .transferred(let transfer) where transfer.reason == .keeperReward:
      guard let taker, let asset = engine.state.listing.index(of: transfer.amount.asset) else {
        return
      }
      let value = engine.valuation?.quote(transfer.amount.units, asset: asset) ?? 0
      story.keepers[taker].rewards = WaterfallCosts.sum(story.keepers[taker].rewards, value)
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
