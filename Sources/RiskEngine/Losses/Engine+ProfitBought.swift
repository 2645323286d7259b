// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import Parameters
import Quantities

// What an account owes, or the fund for it, bought of winners who have it and sell profit for other
// collateral: at the index, for a price at which nobody loses, and above initial margin.
extension Engine {
  /// Pays a debt in one asset with what the account has of others where the fund holds too little
  /// of that asset: it buys from winners of open markets that settle in it, of its last market
  /// first, in its own risk universe.
  ///
  /// Whether it lacks margin or not: where coins have no haircut, a debt in one has no margin, and
  /// what is left as restored may be below nothing a minute later.
  mutating func buyForItself(_ index: Int, asset: Int) throws(StepError) {
    guard state.accounts[index].portfolio.balances[asset] < 0, isFresh(asset), let valuation
    else { return }
    let account = state.accounts[index]
    let last = account.liquidation?.market
    let markets =
      [last].compactMap { $0 }
      + state.listing.contracts.map(\.id).filter { $0 != last }
    for market in markets
    where state.settlementIndex(of: market) == asset && isOpen(market)
      && universe(of: market) == account.universe
    {
      let debt = -state.accounts[index].portfolio.balances[asset]
      try buy(debt, asset: asset, for: account, by: .debtor(index), in: market, valuation)
    }
  }

  /// Pays what an account's equity does not cover of its debt in one asset with what the fund
  /// holds of others: it buys from winners of the account's last market.
  ///
  /// So nobody bears a loss while the fund has anything that a winner can take for it.
  mutating func buyFromWinners(
    _ index: Int, asset: Int, _ valuation: Valuation
  ) throws(StepError) {
    let account = state.accounts[index]
    guard let market = account.liquidation?.market, isOpen(market) else { return }
    let loss = loss(of: account, in: market, asset: asset, valuation)
    try buy(loss, asset: asset, for: account, by: .fund, in: market, valuation)
  }

  // MARK: The buyer

  /// Who pays winners for what an account owes.
  private enum Buyer {
    /// The account itself, by its dense index.
    case debtor(Int)
    case fund
  }

  /// Whether what a buyer has of another asset is worth a unit of what is owed.
  private func canBuy(
    _ buyer: Buyer, asset: Int, for debtor: Account, _ valuation: Valuation
  ) -> Bool {
    state.listing.collateral.indices.contains {
      $0 != asset
        && valuation.units(
          ofQuote: valuation.quote(purse(of: buyer, $0, for: debtor), collateral: $0),
          asset: asset, rounding: .down) > 0
    }
  }

  /// What a buyer may spend of an asset at a fresh price.
  private func purse(of buyer: Buyer, _ asset: Int, for debtor: Account) -> Int64 {
    guard isFresh(asset) else { return 0 }
    switch buyer {
    case .fund: return drawable(asset, of: debtor.universe)
    case .debtor(let index): return max(state.accounts[index].portfolio.balances[asset], 0)
    }
  }

  // MARK: The purchase

  /// Buys an asset, at the index, from winners of a market, who give up profit and lose nothing:
  /// what they are paid counts for them at its price as collateral.
  ///
  /// The largest profits sell first, so that few accounts are touched.
  ///
  /// - Parameter units: All that is owed.
  private mutating func buy(
    _ units: Int64, asset: Int, for debtor: Account, by buyer: Buyer, in market: InstrumentID,
    _ valuation: Valuation
  ) throws(StepError) {
    guard units > 0, canBuy(buyer, asset: asset, for: debtor, valuation) else { return }
    // Who is paid has what it had: of a solvent winner all of its profit can be bought, even what
    // is beyond its equity.
    let solvent = winners(of: market, asset: asset, valuation)
      .filter { min($0.profit, $0.equity) > 0 }
    var sellers = RankedDraw(solvent) { one, other in
      one.profit != other.profit
        ? one.profit > other.profit : one.account < other.account
    }
    var owed = units
    while owed > 0, canBuy(buyer, asset: asset, for: debtor, valuation),
      let seller = sellers.next()
    {
      var profit = seller.profit
      for other in state.listing.collateral.indices
      where other != asset && owed > 0 && profit > 0 {
        let offer = ProfitOffer(
          market: market, asset: asset, other: other, owed: owed, profit: profit,
          purse: purse(of: buyer, other, for: debtor))
        guard let index = state.index(of: seller.account),
          let exchange = largest(of: offer, borneBy: index, valuation)
        else { continue }
        try settle(exchange, offer, from: seller.account, to: debtor, by: buyer)
        owed -= exchange.given
        profit -= exchange.given
      }
    }
  }

  private mutating func settle(
    _ exchange: ProfitOffer.Exchange, _ offer: ProfitOffer, from seller: AccountID,
    to debtor: Account, by buyer: Buyer
  ) throws(StepError) {
    try emit(.profitRealized(seller, offer.market, units: exchange.given))
    try move(
      exchange.given, asset: offer.asset, from: .account(seller), to: .account(debtor.id),
      .conversion)
    switch buyer {
    case .fund:
      try draw(exchange.paid, asset: offer.other, of: debtor.universe, for: seller)
    case .debtor:
      try move(
        exchange.paid, asset: offer.other, from: .account(debtor.id), to: .account(seller),
        .profitPrice)
    }
  }

  // MARK: What a winner can take

  /// All of an offer if the winner is as far from initial margin after it as before or above it;
  /// otherwise the largest of 1,024 parts of it that leave it there: who was right is not
  /// liquidated for it.
  private mutating func largest(
    of offer: ProfitOffer, borneBy index: Int, _ valuation: Valuation
  ) -> ProfitOffer.Exchange? {
    guard let whole = offer.whole(valuation) else { return nil }
    let had = room(of: state.accounts[index].portfolio, valuation)
    if let room = room(of: index, after: whole, offer, valuation), room >= min(had, 0) {
      return whole
    }
    guard had >= 0 else { return nil }
    var (found, low, high) = (ProfitOffer.Exchange?.none, Int64(0), ProfitOffer.parts)
    while high - low > 1 {
      let middle = (low + high) / 2
      let units = Int64(Int128(whole.given) * Int128(middle) / Int128(ProfitOffer.parts))
      guard let part = offer.exchange(of: units, valuation) else {
        low = middle
        continue
      }
      if let room = room(of: index, after: part, offer, valuation), room >= 0 {
        (found, low) = (part, middle)
      } else {
        high = middle
      }
    }
    return found
  }

  /// How far a winner is above initial margin once it has sold; `nil` where its fields do not hold
  /// what it is given.
  private mutating func room(
    of index: Int, after exchange: ProfitOffer.Exchange, _ offer: ProfitOffer,
    _ valuation: Valuation
  ) -> Int64? {
    var portfolio = state.accounts[index].portfolio
    let slot = portfolio.slot(of: offer.market)
    guard slot.isHeld, portfolio.balances[offer.other] <= Amount.limit - exchange.paid,
      portfolio.balances[offer.asset] <= Amount.limit - exchange.given
    else { return nil }
    portfolio.positions[slot.index].cost += exchange.given
    portfolio.balances[offer.other] += exchange.paid
    return room(of: portfolio, valuation)
  }

  private mutating func room(of portfolio: borrowing Portfolio, _ valuation: Valuation) -> Int64 {
    let risk = measure(portfolio, valuation)
    return risk.equity - risk.initialMargin
  }
}
