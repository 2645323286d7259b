// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Quantities
import RiskEngine

/// Who buys collateral in a replay: the spot market of a coin, and the makers under the hammer.
///
/// Decisions, with their reasons:
/// - A coin's spot market shares the book of its underlying, for whoever makes one hedges in the
///   other; coins are paid the index less the impact of what is sold.
/// - Under the hammer a maker bids as soon as the price asked lets it sell in that book what it
///   takes, for the largest part that does: each coin of it at a level no worse than what it pays.
/// - Nothing is random: the same markets and sales give the same answers.
struct SpotSide {
  private var turn = 0

  /// The order by which collateral is sold in its spot market, as the book answers orders.
  ///
  /// - Returns: `nil` for a sale under the hammer.
  static func order(of sale: CollateralSale, _ engine: Engine) -> LiquidationOrder? {
    guard let market = sale.market, let size = engine.stepsLeft(of: sale) else { return nil }
    return LiquidationOrder(
      id: sale.id, account: sale.account, instrument: market, side: .sell,
      size: size, limit: sale.limit, stage: .partial, expiresAt: sale.expiresAt)
  }

  /// The accounts whose collateral is under the hammer at a price of this block, ascending.
  static func hammered(_ engine: Engine) -> [AccountID] {
    engine.state.accounts.compactMap { account in
      guard let sale = account.collateralSale, sale.market == nil,
        sale.pricedAt == engine.state.time
      else { return nil }
      return account.id
    }
  }

  /// The next bid for an account's collateral; `nil` while nobody would bid.
  func bid(
    for account: AccountID, _ engine: Engine, _ book: SimulatedBook
  ) -> (order: OrderID, bid: CollateralBid)? {
    guard let index = engine.state.index(of: account),
      let sale = engine.state.accounts[index].collateralSale, sale.market == nil,
      let depth = book.depth(of: sale.asset.symbol), let price = depth.market?.index
    else { return nil }
    let buyers = book.makers(of: sale.asset.symbol).filter { $0 != account }
    let discount = Double(price.steps - sale.price.steps) / Double(price.steps)
    guard !buyers.isEmpty, let reach = depth.curve(isOption: false, for: .sell).reach(discount)
    else { return nil }
    let free = (reach - depth.taken(by: .sell)) / price.value * Double(sale.asset.unitsPerWhole)
    let units = free < Double(sale.left) ? Int64(max(free, 0)) : sale.left
    guard units > 0 else { return nil }
    let bid = CollateralBid(
      bidder: buyers[turn % buyers.count], units: units, limit: sale.price,
      receivedAt: engine.state.time)
    return (sale.id, bid)
  }

  /// A bid was filled: it is another's turn, and what was bought is sold on.
  mutating func take(_ fill: CollateralFill, of asset: Asset, in book: inout SimulatedBook) {
    turn += 1
    guard let price = book.depth(of: asset.symbol)?.market?.index else { return }
    let coins = Double(fill.units) / Double(asset.unitsPerWhole)
    book.take(coins * price.value, from: asset.symbol, by: .sell)
  }
}
