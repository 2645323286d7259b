// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Quantities
import RiskEngine
import TestFixtures

/// Commands of a venue with market makers and owners of several accounts, among all others.
struct AccessCommands {
  private var random: Seeded
  private var others: RandomCommands

  init(seed: UInt64) {
    random = Seeded(seed &+ 1_000)
    others = RandomCommands(seed: seed)
  }

  mutating func next(for venue: inout Venue) throws -> Command {
    guard random.oneIn(2) else { return try others.next(for: &venue) }
    switch random.next() % 12 {
    case 0: return .protectQuotes(account(venue), try symbol(), random.oneIn(9) ? nil : limits())
    case 1: return .resetProtection(account(venue), try symbol())
    case 2..<5: return quote(venue)
    case 5..<8: return fill(venue)
    case 8:
      let last = venue.engine.state.accounts.last?.id.number ?? 0
      return .openSubaccount(
        AccountID(min(last, 40) + 1), under: account(venue), random.pick(MarginMode.allCases))
    case 9:
      let (from, to) = pair(venue)
      let asset = random.pick(venue.engine.state.listing.collateral).asset
      let units = random.number(1...400) * (asset.decimals == 6 ? 1_000_000 : 100_000)
      return .moveCollateral(from: from, to: to, Amount(units: units, asset: asset))
    case 10: return position(venue)
    default: return .changeMarginMode(account(venue), random.pick(MarginMode.allCases))
    }
  }

  private mutating func account(_ venue: Venue) -> AccountID {
    random.pick(venue.engine.state.accounts).id
  }

  private mutating func symbol() throws -> AssetSymbol {
    try AssetSymbol(random.pick(["BTC", "BTC", "ETH", "XYZ"]))
  }

  private mutating func limits() -> QuoteLimits {
    func limit(_ random: inout Seeded) -> Int64? {
      random.oneIn(2) ? random.number(0...60_000_000) : nil
    }
    return QuoteLimits(
      quantity: limit(&random), delta: limit(&random), vega: limit(&random),
      interval: TimeSpan(seconds: random.number(1...120)),
      frozenTime: TimeSpan(seconds: random.number(0...90)))
  }

  private mutating func quote(_ venue: Venue) -> Command {
    let holders = venue.engine.state.accounts.filter { !$0.portfolio.protections.isEmpty }
    let holder = holders.isEmpty ? account(venue) : random.pick(holders).id
    let contract = random.pick(venue.engine.state.listing.contracts)
    let mark = venue.mark(contract.id).price
    return .placeOrder(
      holder,
      RestingOrder(
        id: venue.engine.state.nextOrder, instrument: contract.id,
        side: random.pick(Side.allCases), remaining: Size(steps: random.number(1...500)),
        limit: Price(steps: mark.steps / 1_000 * random.number(990...1_010) / 1_000 * 1_000),
        isReduceOnly: random.oneIn(30), isQuote: true))
  }

  /// Somebody meets a quote, whole or in part.
  private mutating func fill(_ venue: Venue) -> Command {
    let quotes = venue.engine.state.accounts.flatMap { account in
      account.portfolio.orders.filter(\.isQuote).map { (account.id, $0) }
    }
    guard !quotes.isEmpty else { return quote(venue) }
    let (owner, order) = random.pick(quotes)
    let other = random.oneIn(3) ? account(venue) : Venue.maker
    let size =
      random.oneIn(2) ? order.remaining : Size(steps: random.number(1...order.remaining.steps))
    return .recordTrade(
      TradeReport(
        instrument: order.instrument, buyer: order.side == .buy ? owner : other,
        seller: order.side == .buy ? other : owner, size: size, price: order.limit,
        order: order.id))
  }

  /// Two accounts, mostly of one owner.
  private mutating func pair(_ venue: Venue) -> (AccountID, AccountID) {
    let state = venue.engine.state
    let from = account(venue)
    let owner = state.index(of: from).map { state.owner(of: $0) }
    let family = state.accounts.indices.filter { state.owner(of: $0) == owner }
    guard family.count > 1, !random.oneIn(6) else { return (from, account(venue)) }
    return (from, state.accounts[random.pick(family)].id)
  }

  private mutating func position(_ venue: Venue) -> Command {
    let (from, to) = pair(venue)
    let positions = venue.account(from.number).portfolio.positions
    guard !positions.isEmpty else {
      return .movePosition(from: from, to: to, Contracts.btcPerpetual, Size(steps: 1))
    }
    let position = random.pick(positions)
    let most = position.size.magnitude.steps + (random.oneIn(8) ? 1 : 0)
    return .movePosition(
      from: from, to: to, position.instrument,
      Size(steps: random.oneIn(2) ? most : random.number(1...most)))
  }
}
