// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import Parameters
import Quantities

// What the insurance fund pays, and how much it may: of each account the fund of its universe.
extension Engine {
  /// Pays a debt in one asset with what the account has of others, through the fund at the
  /// index, what is paid at its price as collateral, as far as the fund holds the asset.
  mutating func convertCollateral(of index: Int, into asset: Int) throws(StepError) {
    guard state.accounts[index].portfolio.balances[asset] < 0, let valuation else { return }
    let (id, universe) = (state.accounts[index].id, state.accounts[index].universe)
    for other in state.listing.collateral.indices where other != asset {
      let balances = state.accounts[index].portfolio.balances
      guard balances[asset] < 0, balances[other] > 0 else { continue }
      let owed = min(-balances[asset], freeFund(asset, of: universe))
      // Rounded up both times: what is paid in full is worth the debt to its last unit.
      let price = valuation.quote(owed, asset: asset, rounding: .up)
      let paid = min(
        valuation.units(ofQuote: price, collateral: other, rounding: .up), balances[other])
      let worth = valuation.units(
        ofQuote: valuation.quote(paid, collateral: other), asset: asset, rounding: .down)
      let received = min(owed, worth)
      guard received > 0, paid > 0 else { continue }
      try move(paid, asset: other, from: .account(id), to: .fund(of: universe), .conversion)
      try move(received, asset: asset, from: .fund(of: universe), to: .account(id), .conversion)
    }
  }

  /// Pays a debt in one asset with several others together, through the fund, where none of them
  /// alone is worth a unit of it: dust that would keep an account in liquidation for good.
  mutating func convertTogether(of index: Int, into asset: Int) throws(StepError) {
    let (id, universe) = (state.accounts[index].id, state.accounts[index].universe)
    let balances = state.accounts[index].portfolio.balances
    let owed = -balances[asset]
    guard owed > 0, owed <= freeFund(asset, of: universe), let valuation else { return }
    let price = valuation.quote(owed, asset: asset, rounding: .up)
    let others = balances.indices.filter { $0 != asset && balances[$0] > 0 }
    let worth = others.reduce(Int128(0)) {
      $0 + Int128(valuation.quote(balances[$1], collateral: $1))
    }
    guard worth >= Int128(price) else { return }
    var left = price
    for other in others where left > 0 {
      let paid = min(
        valuation.units(ofQuote: left, collateral: other, rounding: .up), balances[other])
      guard paid > 0 else { continue }
      try move(paid, asset: other, from: .account(id), to: .fund(of: universe), .conversion)
      left -= valuation.quote(paid, collateral: other)
    }
    try move(owed, asset: asset, from: .fund(of: universe), to: .account(id), .conversion)
  }

  /// Pays what an account's equity does not cover of its debt in one asset, as far as the fund may.
  mutating func coverFromFund(_ index: Int, asset: Int) throws(StepError) {
    guard state.accounts[index].portfolio.balances[asset] < 0, let valuation else { return }
    let account = state.accounts[index]
    let debt = -account.portfolio.balances[asset]
    let deficit = -measure(account.portfolio, valuation).equity
    guard debt > 0, deficit > 0 else { return }
    let needed = min(debt, valuation.units(ofQuote: deficit, asset: asset, rounding: .up))
    let covered = min(needed, drawable(asset, of: account.universe))
    guard covered > 0 else { return }
    try draw(covered, asset: asset, of: account.universe, for: account.id)
  }

  // MARK: Profit of winners, bought

  /// Who pays winners for what an account owes.
  private enum Buyer {
    case debtor
    case fund
  }

  /// Pays a debt in one asset with what the account has of others where the fund holds too little
  /// of that asset: it buys from winners of open markets that settle in it, of its last market
  /// first.
  mutating func buyForItself(_ index: Int, asset: Int) throws(StepError) {
    guard state.accounts[index].portfolio.balances[asset] < 0, let valuation else { return }
    let account = state.accounts[index]
    let owed = state.listing.collateral[asset].asset
    let last = account.liquidation?.market
    let markets =
      [last].compactMap { $0 }
      + state.listing.contracts.map(\.id).filter { $0 != last }
    for market in markets where state.settlementIndex(of: market) == asset && isOpen(market) {
      let debt = -state.accounts[index].portfolio.balances[asset]
      guard debt > 0, canSpend(.debtor, for: account, otherThan: owed) else { return }
      try buy(debt, asset: asset, for: account, by: .debtor, in: market, valuation)
    }
  }

  /// Pays what an account's equity does not cover of its debt in one asset with what the fund
  /// holds of others: it buys from winners of the account's last market.
  ///
  /// So nobody bears a loss while the fund has anything at all.
  mutating func buyFromWinners(
    _ index: Int, asset: Int, _ valuation: Valuation
  ) throws(StepError) {
    let account = state.accounts[index]
    guard let market = account.liquidation?.market, isOpen(market) else { return }
    let loss = loss(of: account, in: market, asset: asset, valuation)
    try buy(loss, asset: asset, for: account, by: .fund, in: market, valuation)
  }

  /// Buys an asset, at the index, from winners of a market, who give up profit and lose nothing:
  /// what they are paid counts for them at its price as collateral.
  ///
  /// The largest profits sell first, so that few accounts are touched.
  private mutating func buy(
    _ units: Int64, asset: Int, for debtor: Account, by buyer: Buyer, in market: InstrumentID,
    _ valuation: Valuation
  ) throws(StepError) {
    let owed = state.listing.collateral[asset].asset
    guard units > 0, canSpend(buyer, for: debtor, otherThan: owed) else { return }
    // Who is paid has what it had: of a solvent winner all of its profit can be bought, even what
    // is beyond its equity.
    let solvent = winners(of: market, asset: asset, valuation).filter { $0.bearer.profit > 0 }
    var sellers = RankedDraw(solvent) { one, other in
      one.profit != other.profit
        ? one.profit > other.profit : one.bearer.account < other.bearer.account
    }
    var left = units
    while left > 0, canSpend(buyer, for: debtor, otherThan: owed), let seller = sellers.next() {
      left -= try buy(
        min(left, seller.profit), asset: asset, from: seller.bearer.account, for: debtor,
        by: buyer, in: market, valuation)
    }
  }

  private func canSpend(
    _ buyer: Buyer, for debtor: Account, otherThan asset: Asset
  ) -> Bool {
    state.listing.collateral.indices.contains {
      state.listing.collateral[$0].asset != asset && purse(of: buyer, $0, for: debtor) > 0
    }
  }

  /// What a buyer may spend of an asset at a fresh price.
  private func purse(of buyer: Buyer, _ asset: Int, for debtor: Account) -> Int64 {
    guard isFresh(asset) else { return 0 }
    switch buyer {
    case .fund: return drawable(asset, of: debtor.universe)
    case .debtor:
      guard let index = state.index(of: debtor.id) else { return 0 }
      return max(state.accounts[index].portfolio.balances[asset], 0)
    }
  }

  /// - Returns: How many ledger units the buyer could pay for.
  private mutating func buy(
    _ units: Int64, asset: Int, from seller: AccountID, for debtor: Account, by buyer: Buyer,
    in market: InstrumentID, _ valuation: Valuation
  ) throws(StepError) -> Int64 {
    var left = units
    for other in state.listing.collateral.indices where other != asset && left > 0 {
      let free = purse(of: buyer, other, for: debtor)
      guard let index = state.index(of: seller) else { continue }
      let worth = valuation.quote(free, collateral: other)
      let most = min(left, valuation.units(ofQuote: worth, asset: asset, rounding: .down))
      guard most > 0 else { continue }
      let exchange = Self.largest(upTo: most) { units in
        let value = valuation.quote(units, asset: asset, rounding: .up)
        let asked = valuation.units(ofQuote: value, collateral: other, rounding: .up)
        let exchange = Exchange(
          market: market, asset: asset, given: units, other: other, received: min(asked, free))
        return bears(exchange, index, valuation) ? exchange : nil
      }
      guard let exchange else { continue }
      let (bought, price) = (exchange.given, exchange.received)
      try emit(.profitRealized(seller, market, units: bought))
      try move(bought, asset: asset, from: .account(seller), to: .account(debtor.id), .conversion)
      switch buyer {
      case .fund: try draw(price, asset: other, of: debtor.universe, for: seller)
      case .debtor:
        try move(
          price, asset: other, from: .account(debtor.id), to: .account(seller), .conversion)
      }
      left -= bought
    }
    return units - left
  }

  /// The exchange of most units that is borne: of all of them, or found by bisection.
  private static func largest(upTo most: Int64, _ exchange: (Int64) -> Exchange?) -> Exchange? {
    if let all = exchange(most) { return all }
    var (found, low, high) = (Exchange?.none, Int64(0), most)
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if let borne = exchange(middle) { (found, low) = (borne, middle) } else { high = middle }
    }
    return found
  }

  /// Profit in a market for an asset.
  private struct Exchange {
    let market: InstrumentID
    /// In which the market settles.
    let asset: Int
    /// Ledger units of it.
    let given: Int64
    let other: Int
    /// Ledger units of the other.
    let received: Int64
  }

  /// Whether a winner's fields hold what it is given, and a haircut on that does not take it below
  /// initial margin: who was right is not liquidated for it.
  private func bears(_ exchange: Exchange, _ index: Int, _ valuation: Valuation) -> Bool {
    var portfolio = state.accounts[index].portfolio
    let slot = portfolio.slot(of: exchange.market)
    guard slot.isHeld, portfolio.balances[exchange.other] <= Amount.limit - exchange.received,
      portfolio.balances[exchange.asset] <= Amount.limit - exchange.given
    else { return false }
    let before = valuation.risk(portfolio)
    portfolio.positions[slot.index].cost += exchange.given
    portfolio.balances[exchange.other] += exchange.received
    let after = valuation.risk(portfolio)
    let (room, had) = (after.equity - after.initialMargin, before.equity - before.initialMargin)
    return room >= 0 || room >= had
  }

  // MARK: What it may spend

  /// What the fund of a universe holds of an asset beyond what it has set aside for orders that are
  /// out, as far as the window of draws leaves it.
  func drawable(_ asset: Int, of universe: RiskUniverse) -> Int64 {
    let free = freeFund(asset, of: universe)
    let setAside = state.fund(asset, of: universe) - free
    return max(min(free, windowRoom(asset, of: universe) - setAside), 0)
  }

  /// What all draws may still take of an asset in the present window; all there is without one.
  func windowRoom(_ asset: Int, of universe: RiskUniverse) -> Int64 {
    let balance = state.fund(asset, of: universe)
    guard let allowance else { return balance }
    return allowance.draw(
      wanted: balance, balance: balance, at: state.time, window(asset, of: universe)
    ).units
  }

  private var allowance: FundAllowance? {
    rules.liquidation.losses.fund.window.map {
      FundAllowance(eventCap: .one, windowCap: $0.cap, window: $0.length)
    }
  }

  /// The last window of an asset; `nil` before the first.
  private func window(_ asset: Int, of universe: RiskUniverse) -> FundAllowance.Window? {
    let losses = state.losses(of: universe)
    guard let standing = losses.fund(state.listing.collateral[asset].asset),
      standing.windowStart.nanoseconds > 0
    else { return nil }
    return FundAllowance.Window(
      start: standing.windowStart, opening: standing.opening, drawn: standing.drawn)
  }

  /// Takes from the fund of a universe for an account, in a window that is begun if the last has
  /// ended.
  private mutating func draw(
    _ units: Int64, asset: Int, of universe: RiskUniverse, for id: AccountID
  ) throws(StepError) {
    if let allowance {
      let balance = state.fund(asset, of: universe)
      let last = window(asset, of: universe)
      let now = allowance.draw(wanted: 0, balance: balance, at: state.time, last).window
      if now.start != last?.start {
        let symbol = state.listing.collateral[asset].asset
        try emit(.fundWindowOpened(symbol, opening: balance), in: universe)
      }
    }
    try move(
      units, asset: asset, from: .fund(of: universe), to: .account(id), .insuranceCover)
  }
}
