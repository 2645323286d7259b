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
/// they ask whether the reward covers their gas, the book's impact and the risk of waiting. Each
/// trades for an account of its own, with as much as ``room(for:of:_:_:_:)`` says.
struct ReplayKeepers {
  private let profile: GasProfile
  private let start: Timestamp
  var story = KeeperStory()
  /// One each, numbered after all others; empty until they are opened.
  private(set) var accounts: [AccountID] = []
  /// Bids that are sealed and wait to be opened.
  var sealed: [SealedOffer] = []
  /// The last sale of rights that they have seen.
  var lastSale: UInt64 = 0
  /// In the order in which they were taken.
  var holdings: [Holding] = []
  /// Keepers whose own accounts are being liquidated.
  var liquidated: [Int] = []
  /// Sealed bids of open sales that are not opened, by sale.
  var unopened: [UInt64: Int] = [:]

  static let keepers = 4
  /// What each brings, units of the quote currency; house: nothing public says what they had.
  static let capital: Int64 = 2_000_000
  /// 40 gwei, each of them up to 30 % more or less.
  private static let usualPrice = 40_000_000_000.0
  /// Gas of a transaction where the venue does not say what one needs.
  private static let usualGas: Int64 = 600_000
  /// A block each 13 seconds.
  private static let blocksPerMinute = 4
  static let latencySeconds = 26.0
  private static let secondsPerYear = 31_536_000.0

  init(_ profile: GasProfile, from start: Timestamp) {
    self.profile = profile
    self.start = start
    story.keepers = Array(repeating: KeeperFigures(), count: Self.keepers)
  }

  /// The commands that open the keepers' accounts in a venue in which all others are open.
  mutating func opening(of engine: Engine) -> [Command] {
    guard let last = engine.state.accounts.last?.id.number,
      last <= UInt32.max - UInt32(Self.keepers)
    else { return [] }
    accounts = (1...UInt32(Self.keepers)).map { AccountID(last + $0) }
    let quote = engine.state.listing.quote
    let amount = Amount(units: Self.capital * quote.unitsPerWhole, asset: quote)
    return accounts.flatMap { [.openAccount($0, .cross), .depositCollateral($0, amount)] }
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
    let sizes = accounts.map { id in
      id == offer.account
        ? .zero : room(for: offer.left, of: offer.instrument, offer.side, id, engine)
    }
    let margins = sizes.map { size in
      margin(
        Slice(instrument: offer.instrument, side: offer.side, size: size),
        reward: offer.reward(for: size), waiting: Self.latencySeconds, engine, book)
    }
    let first = reached(offer.id, engine, isRace: true) { keeper, gas in
      sizes[keeper] > .zero && margins[keeper].map { $0 > 0 && $0 >= gas } ?? false
    }.first
    guard let first else { return nil }
    return .takeOffer(
      accounts[first], offer.id, sizes[first],
      leastReward: offer.reward(for: sizes[first]) / 10 * 9)
  }

  // MARK: What it is worth

  /// A part of an account's position that is to be closed.
  struct Slice {
    let instrument: InstrumentID
    /// Of the account: a sale is bought by the keeper.
    let side: Side
    let size: Size
  }

  /// What is left for a keeper of taking a slice over at the mark and working it off, before gas;
  /// quote units, may be negative.
  ///
  /// - Parameters:
  ///   - reward: Millionths of the quote currency.
  ///   - latencySeconds: From the decision until it can work off.
  ///   - factor: Its own costs against the book's impact.
  /// - Returns: `nil` where the slice or its book has no price.
  func margin(
    _ slice: Slice, reward: Int64, waiting latencySeconds: Double, factor: Double = 1,
    _ engine: Engine, _ book: SimulatedBook
  ) -> Double? {
    guard let listed = engine.state.listing.index(of: slice.instrument),
      let valuation = engine.valuation
    else { return nil }
    let contract = engine.state.listing.contracts[listed]
    let notional = Double(valuation.notional(slice.size, of: contract.id)) * 1e-6
    guard notional > 0, let depth = book.depth(of: contract.underlying) else { return nil }
    let volatility = engine.state.market(of: contract.underlying)?.market.volatility.value ?? 0
    let taken = depth.taken(by: slice.side)
    let impact = depth.curve(isOption: contract.isOption, for: slice.side)
      .average(from: taken, to: taken + notional)
    let economics = KeeperEconomics(
      bonus: Double(reward) * 1e-6 / notional, impact: factor * impact,
      deviation: volatility / Self.secondsPerYear.squareRoot())
    return notional * economics.margin(latencySeconds: latencySeconds)
  }

  // MARK: The chain

  /// The keepers whose transactions are in a block of this minute, in that order.
  ///
  /// In a race only those of the first block that has any, for who comes later sees that it is
  /// over. Everybody in a block pays for it; where the chain's coin has no price, nothing.
  ///
  /// - Parameters:
  ///   - number: What the transactions are for; draws are its own.
  ///   - isWorth: Whether a keeper finds it worth the gas, quote units; asked once each.
  mutating func reached(
    _ number: UInt64, _ engine: Engine, isRace: Bool, isWorth: (Int, Double) -> Bool
  ) -> [Int] {
    let second = seconds(engine)
    let seed = number &* 0x9e37_79b9_7f4a_7c15 ^ UInt64(bitPattern: second)
    var random = SplitMix64(seed: seed)
    var chain = CongestedChain(
      CongestedChain.Terms(profile: profile), from: second, seed: random.next())
    let coin = (try? AssetSymbol("ETH")).flatMap { engine.state.market(of: $0)?.market.index }
    let stated = engine.rules.liquidation.keeper
    let units = stated.isOn ? stated.gasUnits : Self.usualGas
    for keeper in accounts.indices {
      let price = Self.usualPrice * (0.7 + 0.6 * random.nextUnit())
      let cost = price * Double(units) * 1e-18 * Double(coin?.steps ?? 0) * 1e-8
      guard isWorth(keeper, cost) else { continue }
      story.keepers[keeper].sent += 1
      chain.send(from: keeper, paying: Int64(price))
    }
    var senders: [Int] = []
    for _ in 0..<Self.blocksPerMinute where !isRace || senders.isEmpty {
      let included = chain.mine()
      for one in included {
        story.keepers[one.sender].reached += 1
        // Wei of 10^−18 coins, prices in 10^−8, millionths of the quote currency.
        let paid = (Int128(one.price) * Int128(units) * Int128(coin?.steps ?? 0)).divided(
          by: 100_000_000_000_000_000_000, rounding: .up)
        story.keepers[one.sender].gasPaid = WaterfallCosts.sum(
          story.keepers[one.sender].gasPaid, Int64(clamping: paid))
      }
      senders += included.map(\.sender)
    }
    return senders
  }

  private func seconds(_ engine: Engine) -> Int64 {
    max((engine.state.time - start).nanoseconds / 1_000_000_000, 0)
  }
}
