// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import NumericalMethods
public import Parameters
import Quantities

/// A seeded population of accounts, for replays without a recorded book.
///
/// The same seed, size and market give the same commands, bit for bit. Nothing public records who
/// held what on a venue, so the shapes below rest on what venues and studies have published, and
/// where nothing is published they are assumptions, named so in `documentation`.
public struct Population: Hashable, Sendable {
  /// Accounts besides the makers.
  public let accountCount: Int
  public let seed: UInt64

  /// The most accounts of one population.
  public static let accountLimit = 2_000_000
  /// Makers for each underlying.
  public static let makersEach = 4

  /// - Precondition: `accountCount` is 0 to ``accountLimit``.
  public init(accountCount: Int = 10_000, seed: UInt64 = 20_200_312) {
    precondition(
      (0...Self.accountLimit).contains(accountCount), "accounts beyond the limit of a population")
    self.accountCount = accountCount
    self.seed = seed
  }

  /// Draws the accounts of a marked venue.
  ///
  /// Where underlyings are of several risk universes every account keeps to those of one.
  /// - Parameter book: Spreads accounts over underlyings by their daily volumes.
  public func opening(in market: VenueMarket, book: BookParameters) -> OpeningBook {
    var generator = SplitMix64(seed: seed)
    let menu = Menu(market, book)
    let makers = MakerRoster(
      underlyings: menu.underlyings.map(\.symbol), makersEach: Self.makersEach, first: 0)
    let funding = DraftFunding(market: market)
    let firstCustomer = UInt32(makers.accounts.count)
    var opening = Opening(market: market, makers: makers)
    for _ in 0..<(menu.underlyings.isEmpty ? 0 : accountCount) {
      // Each account has a generator of its own, so that more accounts leave the first as they
      // are.
      var own = SplitMix64(seed: generator.next())
      var draft = AccountStyle.draw(menu.withinOneUniverse(&own), &own)
      draft.sortHoldings()
      OrderDraft.addOrders(to: &draft, firstID: opening.nextOrder, in: market, &own)
      opening.add(
        draft, id: AccountID(firstCustomer + UInt32(opening.seenCount)),
        deposits: funding.deposits(for: draft))
    }
    let trades = opening.trades(&generator)
    return opening.book(trades, statement: statement(opening, menu))
  }

  private func statement(_ opening: Opening, _ menu: Menu) -> String {
    "The accounts are simulated: a population of \(opening.accounts.count) accounts with "
      + "\(opening.positionCount) positions, drawn with seed \(seed). " + Self.documentation
      + (menu.hasUniverses
        ? " Every account trades in one risk universe alone, as the venue's rules ask." : "")
  }
}

/// An opening under construction.
private struct Opening {
  let market: VenueMarket
  let makers: MakerRoster
  private(set) var accounts: [(id: AccountID, draft: AccountDraft, deposits: [Int64])] = []
  private(set) var omittedCount = 0

  init(market: VenueMarket, makers: MakerRoster) {
    self.market = market
    self.makers = makers
  }

  var seenCount: Int { accounts.count }
  var positionCount: Int { accounts.reduce(0) { $0 + $1.draft.holdings.count } }
  var nextOrder: OrderID {
    accounts.last { !$0.draft.orders.isEmpty }?.draft.orders.last
      .map { OrderID($0.id.number + 1) } ?? market.nextOrder
  }

  mutating func add(_ draft: AccountDraft, id: AccountID, deposits: [Int64]?) {
    guard let deposits, !draft.holdings.isEmpty else {
      omittedCount += 1
      return
    }
    accounts.append((id, draft, deposits))
  }

  /// Every trade, instrument by instrument.
  func trades(_ generator: inout SplitMix64) -> [TradeReport] {
    let contracts = market.listing.contracts
    var wants = [[(account: AccountID, size: Size)]](repeating: [], count: contracts.count)
    for account in accounts {
      for holding in account.draft.holdings {
        wants[holding.instrument].append((account.id, holding.size))
      }
    }
    return contracts.indices.flatMap { index in
      TradeMatching(
        instrument: contracts[index].id, price: market.marks[index].price,
        makers: makers[contracts[index].underlying]
      ).trades(wants[index], &generator)
    }
  }

  func book(_ trades: [TradeReport], statement: String) -> OpeningBook {
    var steps = makers.accounts.map { OpeningStep(command: .openAccount($0, .cross)) }
    steps += accounts.map { OpeningStep(command: .openAccount($0.id, $0.draft.mode)) }
    steps += MakerFunding.deposits(for: makers, trades: trades, in: market)
    for account in accounts {
      for (asset, units) in account.deposits.enumerated() where units > 0 {
        let amount = Amount(units: units, asset: market.listing.collateral[asset].asset)
        steps.append(OpeningStep(command: .depositCollateral(account.id, amount)))
      }
    }
    steps += trades.map { OpeningStep(command: .recordTrade($0)) }
    for account in accounts {
      steps += account.draft.orders.map { OpeningStep(command: .placeOrder(account.id, $0)) }
    }
    return OpeningBook(
      steps: steps, makers: makers, accountCount: accounts.count, positionCount: positionCount,
      orderCount: accounts.reduce(0) { $0 + $1.draft.orders.count },
      omittedCount: omittedCount, statement: statement)
  }
}
