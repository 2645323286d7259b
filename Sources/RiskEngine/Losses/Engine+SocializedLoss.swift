// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
import Quantities

// An account without positions: its debts, the fund, and the winners of its market.
extension Engine {
  /// Clears an account that has no position left: debts are paid from its other collateral,
  /// through the fund or to winners who have what is owed; then by the fund, in the asset owed or
  /// by buying it, and by the winners of its last market; the last two in the order of the
  /// venue's waterfall, each only if it is there.
  ///
  /// - Returns: Whether the liquidation has ended; if not, the account waits for a price, or for
  ///   the fund or a winner to hold what is owed.
  mutating func settleInsolvency(_ index: Int) throws(StepError) -> Bool {
    let id = state.accounts[index].id
    for asset in state.listing.collateral.indices {
      try convertCollateral(of: index, into: asset)
      try buyForItself(index, asset: asset)
    }
    for stage in rules.liquidation.waterfall.stages {
      switch stage {
      case .insuranceFund: try cover(index)
      case .socializedLoss:
        guard try shareLosses(index) else { return false }
      case .partial, .auction, .pool, .deleveraging: break
      }
    }
    guard let valuation else { return false }
    let portfolio = state.accounts[index].portfolio
    if !portfolio.balances.contains(where: { $0 < 0 }) {
      try emit(.liquidationEnded(id, .closed))
      return true
    }
    guard measure(portfolio, valuation).isRestored else { return false }
    try emit(.liquidationEnded(id, .restored))
    return true
  }

  /// The fund pays what is owed, in the asset or by buying it.
  private mutating func cover(_ index: Int) throws(StepError) {
    for asset in state.listing.collateral.indices {
      try coverFromFund(index, asset: asset)
    }
    guard let valuation else { return }
    for asset in state.listing.collateral.indices {
      try buyFromWinners(index, asset: asset, valuation)
    }
  }

  /// Asks the winners, once: they cannot be asked for the rest.
  ///
  /// - Returns: `false` while the price of the market, or of so much of what the account has that
  ///   it decides, may be old.
  private mutating func shareLosses(_ index: Int) throws(StepError) -> Bool {
    guard let valuation else { return false }
    let account = state.accounts[index]
    let isShared =
      account.liquidation?.stage == .socializedLoss && account.liquidation?.awaitsSharing == false
    let deficit = deficit(of: account.portfolio, valuation)
    guard !isShared, deficit > 0 else { return true }
    let doubt = doubt(about: account.portfolio, valuation) ?? 0
    guard account.liquidation?.market.map(isOpen) ?? true,
      doubt * Self.certainOverDoubt <= Int128(deficit)
    else { return false }
    try emit(.liquidationStageEntered(account.id, .socializedLoss))
    for asset in state.listing.collateral.indices {
      try socialize(index, asset: asset, valuation)
    }
    return true
  }

  /// Of what is certain to be missing a hundredth may be in doubt: so no speck of a coin without a
  /// price keeps winners from being asked while they are there.
  private static let certainOverDoubt: Int128 = 100

  /// What an account owes in an asset and its equity does not cover, if its last market settles in
  /// that asset and the asset's price is fresh.
  mutating func loss(
    of account: Account, in market: InstrumentID, asset: Int, _ valuation: Valuation
  ) -> Int64 {
    let debt = -account.portfolio.balances[asset]
    guard debt > 0, isFresh(asset), state.settlementIndex(of: market) == asset else { return 0 }
    let deficit = deficit(of: account.portfolio, valuation)
    guard deficit > 0 else { return 0 }
    return min(debt, valuation.units(ofQuote: deficit, asset: asset, rounding: .up))
  }

  /// Lets the winners of an account's last market bear its deficit, if the debt is in the asset
  /// of that market.
  private mutating func socialize(
    _ index: Int, asset: Int, _ valuation: Valuation
  ) throws(StepError) {
    let account = state.accounts[index]
    guard let market = account.liquidation?.market else { return }
    let loss = loss(of: account, in: market, asset: asset, valuation)
    guard loss > 0 else { return }
    let losses = rules.liquidation.losses
    let question = LossQuestion(
      loss: loss, rule: losses.sharing, cap: rules.liquidation.socializedShare)
    let candidates = candidates(for: losses.sharing, in: market, asset: asset, valuation)
    let shares = question.share(among: candidates)
    keep(question, of: account.id, in: market, asset: asset, shares, among: candidates)
    for share in shares {
      try take(share, in: market, asset: asset, for: account.id, valuation)
    }
    guard losses.repayAbove != nil, !shares.isEmpty else { return }
    let owed = state.listing.collateral[asset].asset
    try emit(
      .claimsGranted(
        shares.map { LossClaim(account: $0.account, asset: owed, units: $0.units) }),
      in: account.universe)
  }

  /// Takes out of an account's profit what it gives, so that no profit bears two losses: first, or
  /// where its balance is too full for that, afterwards.
  private mutating func take(
    _ share: LossShare, in market: InstrumentID, asset: Int, for debtor: AccountID,
    _ valuation: Valuation
  ) throws(StepError) {
    guard let index = state.index(of: share.account) else { return }
    let realized = max(min(share.units, profit(of: share.account, in: market, valuation)), 0)
    let isFull = state.accounts[index].portfolio.balances[asset] > Amount.limit - realized
    if realized > 0, !isFull {
      try emit(.profitRealized(share.account, market, units: realized))
    }
    try move(
      share.units, asset: asset, from: .account(share.account), to: .account(debtor),
      .socializedLoss)
    if isFull { try emit(.profitRealized(share.account, market, units: realized)) }
  }

  /// Remembers who was asked and what they give, for whoever publishes it.
  private mutating func keep(
    _ question: LossQuestion, of id: AccountID, in market: InstrumentID, asset: Int,
    _ shares: [LossShare], among candidates: [LossCandidate]
  ) {
    guard keptLosses != nil, let instrument = state.listing.index(of: market) else { return }
    let (time, block, listing) = (state.time, state.block, state.listing)
    keptLosses?.append { namesAll in
      let givers = namesAll ? [] : Set(shares.map(\.account))
      let named = candidates.filter { namesAll || givers.contains($0.account) }
        .sorted { $0.account < $1.account }
      return LossInquiry(
        time: time, block: block, account: id, contract: listing.contracts[instrument],
        asset: listing.collateral[asset].asset, question: question, shares: shares,
        rate: question.rate(among: candidates), candidates: named,
        omitted: candidates.count - named.count)
    }
  }

  /// Who is asked to bear a loss in a market, by the venue's rule.
  private mutating func candidates(
    for rule: SharingRule, in market: InstrumentID, asset: Int, _ valuation: Valuation
  ) -> [LossCandidate] {
    switch rule {
    case .byProfit, .byEquity:
      winners(of: market, asset: asset, valuation)
    case .bySize: holders(of: market, asset: asset, valuation)
    }
  }

  /// The healthy accounts with a position in a market, by the notional of it.
  ///
  /// Pools and the fund's hedge are none of them: what pools have their depositors bear, and the
  /// hedge's capital is the fund's, which pays in a stage of its own.
  private mutating func holders(
    of market: InstrumentID, asset: Int, _ valuation: Valuation
  ) -> [LossCandidate] {
    guard let mark = valuation.mark(of: market), let instrument = state.listing.index(of: market)
    else { return [] }
    venueIndex.bringUp(instrument, state)
    var holders: [LossCandidate] = []
    var scratch = valuation.makeScratch()
    venueIndex.holdings[instrument].forEachHolding { holding in
      let index = Int(holding.account)
      guard !venueIndex.isInLiquidation(index), !state.isEngines(holding.id) else { return }
      let equity = standing(index, valuation, &scratch).equity
      holders.append(
        LossCandidate(
          account: holding.id,
          equity: valuation.units(ofQuote: equity, asset: asset, rounding: .down),
          notional: abs(holding.position.size.steps * mark.unitValue),
          // A balance stays in its field.
          room: Amount.limit + state.accounts[index].portfolio.balances[asset]))
    }
    return holders
  }

  /// What an account has won in a market and not realized, ledger units; below nothing, what it
  /// has lost.
  private func profit(
    of id: AccountID, in market: InstrumentID, _ valuation: Valuation
  ) -> Int64 {
    guard let mark = valuation.mark(of: market), let index = state.index(of: id) else { return 0 }
    let slot = state.accounts[index].portfolio.slot(of: market)
    guard slot.isHeld else { return 0 }
    return state.accounts[index].portfolio.positions[slot.index]
      .unrealizedProfit(unitValue: mark.unitValue)
  }

  func isOpen(_ instrument: InstrumentID) -> Bool {
    state.listing.index(of: instrument).map {
      state.status(of: state.listing.contracts[$0].underlying) == .open
    } ?? false
  }

  /// The healthy accounts with a profit in a market.
  mutating func winners(
    of market: InstrumentID, asset: Int, _ valuation: Valuation
  ) -> [LossCandidate] {
    guard let mark = valuation.mark(of: market),
      let instrument = state.listing.index(of: market)
    else { return [] }
    venueIndex.bringUp(instrument, state)
    var winners: [LossCandidate] = []
    var scratch = valuation.makeScratch()
    for isLong in [true, false] {
      venueIndex.holdings[instrument].forEachWinner(long: isLong, at: mark.unitValue) { holding in
        let index = Int(holding.account)
        // A pool has stood for others' losses already, and has its account in one asset only.
        guard !venueIndex.isInLiquidation(index), !state.isPool(state.accounts[index].id)
        else { return }
        let profit = holding.position.unrealizedProfit(unitValue: mark.unitValue)
        let equity = standing(index, valuation, &scratch).equity
        let most = valuation.units(ofQuote: equity, asset: asset, rounding: .down)
        winners.append(
          LossCandidate(account: state.accounts[index].id, profit: profit, equity: most))
      }
    }
    return winners
  }

  mutating func move(
    _ units: Int64, asset: Int, from: LedgerAccount, to: LedgerAccount, _ reason: TransferReason
  ) throws(StepError) {
    let amount = Amount(units: units, asset: state.listing.collateral[asset].asset)
    try emit(.transferred(Transfer(from: from, to: to, amount: amount, reason: reason)))
  }
}
