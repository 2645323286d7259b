// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Parameters
import Quantities
import RiskEngine

/// The makers of a replay as bidders in auctions: outside the engine, they see what anybody can.
///
/// Decisions, with their reasons:
/// - A bidder hedges what it takes, each underlying by itself, in the same book that liquidation
///   orders meet, and works it off over as much time as is worth its risk (`HedgeCost`).
/// - An option costs its own spread besides, on its notional × |delta| as in the book.
/// - It bids as soon as the auction's reward covers that cost and its return, for the largest part
///   that does, and names its cost as its price: more it does not ask, for another would.
/// - What it works off burdens the book meanwhile, so the next bidder, and the next liquidation
///   order, find it thinner.
/// - Each maker of the auctioned underlyings in turn; the engine checks their margin.
/// - Nothing is random: the same markets and auctions give the same bids.
struct AuctionBidders {
  let parameters: BidderParameters
  /// What bidders are still working off.
  private var works: [Work] = []
  private var turn = 0

  private struct Work {
    let underlying: AssetSymbol
    let side: Side
    /// Quote units.
    var left: Double
    var seconds: Double
  }

  /// One underlying's part of a portfolio.
  struct Exposure {
    let underlying: AssetSymbol
    /// Signed delta in quote units: what has to be hedged.
    var delta: Double
    /// Of options, |delta| in quote units: what is quoted at the spread of options.
    var options: Double
  }

  init(_ set: ParameterSet) throws(ParameterError) { parameters = try BidderParameters(set) }

  /// Works off what is due in a block; before the book answers its orders.
  mutating func work(_ seconds: Double, in book: inout SimulatedBook) {
    for index in works.indices {
      let share = works[index].seconds > seconds ? seconds / works[index].seconds : 1
      let due = works[index].left * share
      book.take(due, from: works[index].underlying, by: works[index].side)
      works[index].left -= due
      works[index].seconds -= seconds
    }
    works.removeAll { $0.left <= 0 || $0.seconds <= 0 }
  }

  /// The next bid in an auction; `nil` while nobody would bid.
  func bid(
    _ offer: AuctionOffer, _ engine: Engine, _ book: SimulatedBook
  ) -> AuctionBid? {
    let exposures = exposures(of: offer.positions, engine)
    let makers = exposures.flatMap { book.makers(of: $0.underlying) }.sorted()
    guard let shares = worthwhile(offer, exposures, book), !makers.isEmpty else { return nil }
    let bidder = makers[turn % makers.count]
    guard bidder != offer.account else { return nil }
    return AuctionBid(
      bidder: bidder, share: shares.share, leastReward: shares.leastReward,
      seenBids: offer.progress.bids, receivedAt: engine.state.time,
      expiresAt: engine.state.time + .minute)
  }

  /// A bid was filled or refused: it is another's turn.
  mutating func pass() { turn += 1 }

  /// A bid was filled: what was taken is now worked off.
  mutating func take(
    _ fill: AuctionFill, of positions: [Position], _ engine: Engine, in book: inout SimulatedBook
  ) {
    for exposure in exposures(of: positions, engine) where exposure.delta != 0 {
      workOff(
        abs(exposure.delta) * fill.share.value, in: exposure.underlying,
        by: exposure.delta > 0 ? .sell : .buy, &book)
    }
  }

  /// Trades a size in the book over as much time as costs least.
  ///
  /// - Parameter size: Quote units, positive.
  mutating func workOff(
    _ size: Double, in underlying: AssetSymbol, by side: Side, _ book: inout SimulatedBook
  ) {
    guard let cost = cost(underlying, side, book) else { return }
    let seconds = cost.cheapest(size).seconds
    guard seconds > 0 else {
      book.take(size, from: underlying, by: side)
      return
    }
    works.append(Work(underlying: underlying, side: side, left: size, seconds: seconds))
  }

  // MARK: What it is worth

  /// The largest part whose reward covers its cost, and that cost as a part of notional.
  ///
  /// Cost per notional rises with size and the reward does not, so bisection finds it.
  private func worthwhile(
    _ offer: AuctionOffer, _ exposures: [Exposure], _ book: SimulatedBook
  ) -> (share: Rate, leastReward: Rate)? {
    let notional = Double(offer.notional) * 1e-6
    guard notional > 0, !exposures.isEmpty else { return nil }
    let reward = offer.reward.value
    let least = offer.mostShare.value * 1e-3
    func isWorth(_ share: Double) -> Bool {
      guard let cost = cost(of: share, exposures, notional, book) else { return false }
      return cost <= reward
    }
    guard isWorth(least) else { return nil }
    var (low, high) = (least, offer.mostShare.value)
    if isWorth(high) { low = high }
    for _ in 0..<20 where low < high {
      let middle = (low + high) / 2
      if isWorth(middle) { low = middle } else { high = middle }
    }
    guard let cost = cost(of: low, exposures, notional, book), let least = try? Rate(cost)
    else { return nil }
    let share =
      low >= offer.mostShare.value
      ? offer.mostShare : Rate(billionths: Int64(low * 1e9))
    return (share, min(least, offer.reward))
  }

  /// What a part of a portfolio costs a bidder, return included, as a share of its notional.
  private func cost(
    of share: Double, _ exposures: [Exposure], _ notional: Double, _ book: SimulatedBook
  ) -> Double? {
    var sum = 0.0
    for exposure in exposures {
      let side: Side = exposure.delta > 0 ? .sell : .buy
      guard let cost = cost(exposure.underlying, side, book) else { return nil }
      let size = abs(exposure.delta) * share
      if size > 0 { sum += size * cost.cheapest(size).share }
      let spread = book.optionSpread(of: exposure.underlying)
      sum += exposure.options * share * 0.5 * spread
    }
    return sum / (notional * share) + parameters.leastReturn.value
  }

  func cost(
    _ underlying: AssetSymbol, _ side: Side, _ book: SimulatedBook
  ) -> HedgeCost? {
    guard let depth = book.depth(of: underlying), let market = depth.market else { return nil }
    let pending = works.reduce(0.0) { sum, work in
      work.underlying == underlying && work.side == side ? sum + work.left : sum
    }
    return HedgeCost(
      curve: depth.curve(isOption: false, for: side), taken: depth.taken(by: side) + pending,
      halfLife: Double(depth.parameters.recoveryHalfLife.nanoseconds) * 1e-9,
      volatility: market.volatility.value / (365.0 * 86_400.0).squareRoot(),
      aversion: parameters.aversion.value,
      patience: Double(parameters.patience.nanoseconds) * 1e-9)
  }

  func exposures(of positions: [Position], _ engine: Engine) -> [Exposure] {
    guard let market = VenueMarket(engine) else { return [] }
    var exposures: [Exposure] = []
    for position in positions {
      guard let index = market.listing.index(of: position.instrument),
        let step = market.stepNotional(of: index), let delta = market.delta(of: index)
      else { continue }
      let contract = market.listing.contracts[index]
      let slot =
        exposures.firstIndex { $0.underlying == contract.underlying } ?? exposures.count
      if slot == exposures.count {
        exposures.append(Exposure(underlying: contract.underlying, delta: 0, options: 0))
      }
      let value = Double(position.size.steps) * step * delta
      exposures[slot].delta += value
      if contract.isOption { exposures[slot].options += abs(value) }
    }
    return exposures
  }
}
