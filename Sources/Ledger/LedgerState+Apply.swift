// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import MarketData
import Quantities

extension LedgerState {
  /// Applies one fact; cannot fail and reads nothing but `self`, so replay is exact.
  ///
  /// Ids in an event are those of things that exist: the decision that made it checked.
  public mutating func apply(_ event: LedgerEvent) {
    switch event {
    case .venueOpened(let quote, let set): self = LedgerState(quote: quote, parameters: set)
    case .parametersChanged(let set): change(to: set)
    case .collateralAccepted(let asset): accept(asset)
    case .instrumentListed(let contract):
      listing.list(contract)
      totals.append(MarketTotals())
      findUniverse(of: contract)
    case .accountOpened(let id, let mode): open(id, mode)
    case .engineRestarted(let instant): restart(at: instant)
    case .transferred(let transfer): apply(transfer)
    case .traded(let trade): apply(trade)
    case .orderPlaced, .orderFilled, .orderRemoved: applyOrder(event)
    case .blockStarted(let instant):
      time = instant
      block += 1
      liquidationFlow?.beginBlock()
    case .sampleRejected, .stateDigested: break
    case .feedUpdated(let feed): update(feed)
    case .marketMarked(let market): update(market)
    case .instrumentsMarked(let marks): self.marks = marks
    case .fundingSettled, .profitsSettled, .instrumentExpired: applySettlement(event)
    case .profitRealized(let account, let id, let units): realize(units, of: account, in: id)
    case .liquidationStarted, .liquidationStageEntered, .liquidationOrderIssued,
      .liquidationOrderClosed, .liquidationEnded:
      applyLiquidation(event)
    case .protectionSet, .quoteFilled, .protectionTriggered, .protectionRenewed:
      applyProtection(event)
    case .subaccountOpened(let id, let parent, let mode): open(id, mode, under: parent)
    case .positionMoved(let move): apply(move)
    case .marginModeChanged(let id, let mode):
      if let index = index(of: id) { accounts[index].portfolio.mode = mode }
    case .collateralMarked(let marks): collateralMarks = marks
    case .marginCalled(let id, let step, _): withAccount(id) { $0.marginCall = step }
    case .liquidationWindowBegun(let instant): liquidationFlow = LiquidationFlow(since: instant)
    case .auctionStarted, .auctionRestarted, .auctionPriced, .auctionBidFilled:
      applyAuction(event)
    case .poolOpened, .poolDeposited, .poolWithdrawalRequested, .poolWithdrawalCancelled,
      .poolWithdrawn, .poolSettled:
      applyPool(event)
    case .deleveragingAllocated, .claimsGranted, .fundWindowOpened, .fundDrawdownChanged,
      .fundReviewed, .inUniverse:
      applyLosses(event)
    case .makerRegistered, .makerReleased, .balanceMarked: applyBalance(event)
    case .conversionDecided: break
    case .collateralOffered, .collateralPriced, .collateralSold, .collateralSaleClosed:
      applyConversion(event)
    case .hedgeOpened, .hedgeOrdered, .hedgeCharged, .hedgeWindowBegun: applyHedge(event)
    case .depthReported, .quoteRequested, .quoteAnswered, .requestClosed, .gasReported,
      .keeperOffered, .offerTaken, .offerClosed, .rightsOffered, .bidCommitted, .bidRevealed,
      .rightsSettled, .relayerRegistered, .relayerReleased, .answerRelayed:
      applyExecution(event)
    }
    if !execution.tried.isEmpty { execution.follow(event) }
  }

  private mutating func accept(_ asset: CollateralAsset) {
    listing.accept(asset)
    houses.append(HouseBalances())
    losses.acceptAsset()
    for index in accounts.indices { accounts[index].portfolio.balances.append(0) }
  }

  mutating func open(
    _ id: AccountID, _ mode: MarginMode, under parent: AccountID? = nil
  ) {
    let balances = [Int64](repeating: 0, count: listing.collateral.count)
    accounts.append(
      Account(id: id, portfolio: Portfolio(mode: mode, balances: balances), parent: parent))
  }

  private mutating func restart(at instant: Timestamp) {
    restartedAt = instant
    for index in feeds.indices { feeds[index].restart(at: instant) }
    markets = markets.map(\.halted)
  }

  private mutating func update(_ update: FeedUpdate) {
    let index = feeds.firstIndex { $0.feed >= update.feed } ?? feeds.count
    if index == feeds.count || feeds[index].feed != update.feed {
      var feed = FeedState(update.feed)
      if let restartedAt { feed.restart(at: restartedAt) }
      feeds.insert(feed, at: index)
    }
    feeds[index].apply(update)
  }

  private mutating func update(_ marked: MarkedMarket) {
    let symbol = marked.market.underlying
    let index = markets.firstIndex { $0.market.underlying >= symbol } ?? markets.count
    if index < markets.count, markets[index].market.underlying == symbol {
      markets[index] = marked
    } else {
      markets.insert(marked, at: index)
    }
  }
}

// MARK: Money and trades

extension LedgerState {
  private mutating func apply(_ transfer: Transfer) {
    guard let asset = listing.index(of: transfer.amount.asset) else { return }
    credit(transfer.from, -transfer.amount.units, asset: asset)
    credit(transfer.to, transfer.amount.units, asset: asset)
    followLosses(transfer, asset: asset)
    followHedge(transfer, asset: asset)
  }

  private mutating func credit(_ ledgerAccount: LedgerAccount, _ units: Int64, asset: Int) {
    switch ledgerAccount {
    case .account(let id):
      guard let index = index(of: id) else { return }
      credit(account: index, units, asset: asset)
    case .insuranceFund:
      houses[asset].insuranceFund = sum(houses[asset].insuranceFund, units)
    case .universeFund(let universe): creditFund(of: universe, units, asset: asset)
    case .fees: houses[asset].fees = sum(houses[asset].fees, units)
    case .outside: houses[asset].outside += Int128(units)
    case .pool(let id):
      guard asset == 0, let place = poolIndex(of: id) else { return }
      let before = pools[place].reserve
      pools[place].reserve = sum(before, units)
      houses[asset].customers += Int128(pools[place].reserve) - Int128(before)
    case .entryPot(let underlying): creditPot(underlying, units, asset: asset)
    case .rightsDeposits:
      // Money of bidders, who have it back unless they do not open their bids.
      guard asset == 0 else { return }
      let before = execution.deposits
      execution.deposits = sum(before, units)
      houses[asset].customers += Int128(execution.deposits) - Int128(before)
    }
  }

  /// Every change of a customer's balance goes through here.
  mutating func credit(account index: Int, _ units: Int64, asset: Int) {
    let before = accounts[index].portfolio.balances[asset]
    let after = sum(before, units)
    accounts[index].portfolio.balances[asset] = after
    houses[asset].customers += Int128(after) - Int128(before)
  }

  /// A balance with units added; one that would leave its field stays, and it is remembered.
  mutating func sum(_ balance: Int64, _ units: Int64) -> Int64 {
    let (sum, overflows) = balance.addingReportingOverflow(units)
    guard !overflows, sum.magnitude <= Amount.limit.magnitude else {
      isOutsideLimits = true
      return balance
    }
    return sum
  }

  private mutating func apply(_ trade: Trade) {
    guard let instrument = listing.index(of: trade.instrument),
      let buyer = index(of: trade.buyer), let seller = index(of: trade.seller)
    else { return }
    change(buyer, instrument, by: trade.size, unitValue: trade.unitValue)
    change(seller, instrument, by: -trade.size, unitValue: trade.unitValue)
    noteMarket(trade.instrument, of: buyer)
    noteMarket(trade.instrument, of: seller)
  }

  private mutating func noteMarket(_ instrument: InstrumentID, of account: Int) {
    guard accounts[account].isInLiquidation else { return }
    accounts[account].liquidation?.market = instrument
  }

  /// Changes a position and books the profit it realizes against the market's clearing balance.
  mutating func change(_ account: Int, _ instrument: Int, by size: Size, unitValue: Int64) {
    let id = listing.contracts[instrument].id
    guard let asset = listing.index(of: listing.contracts[instrument].settlementAsset)
    else { return }
    let before = accounts[account].portfolio.size(of: id).steps
    let realized = accounts[account].portfolio.take(size, of: id, unitValue: unitValue)
    totals[instrument].netSize += size.steps
    totals[instrument].openInterest += max(before + size.steps, 0) - max(before, 0)
    if !universes.isEmpty { accounts[account].universe = universes[instrument] }
    book(realized, to: account, asset: asset, instrument: instrument)
  }

  /// Moves a realized profit from the market's clearing balance to an account.
  mutating func book(_ realized: Int64, to account: Int, asset: Int, instrument: Int) {
    credit(account: account, realized, asset: asset)
    totals[instrument].clearing -= Int128(realized)
    houses[asset].clearing -= Int128(realized)
  }

  private mutating func applyOrder(_ event: LedgerEvent) {
    switch event {
    case .orderPlaced(let account, let order):
      guard let index = index(of: account) else { return }
      accounts[index].portfolio.orders.append(order)
      nextOrder = OrderID(max(nextOrder.number, order.id.number + 1))
    case .orderFilled(let account, let id, let size):
      guard let index = index(of: account),
        let slot = accounts[index].portfolio.orders.firstIndex(where: { $0.id == id })
      else { return }
      let remaining = accounts[index].portfolio.orders[slot].remaining - size
      accounts[index].portfolio.orders[slot].remaining = remaining
    case .orderRemoved(let account, let id, _):
      guard let index = index(of: account) else { return }
      accounts[index].portfolio.orders.removeAll { $0.id == id }
    default: break
    }
  }
}

// MARK: Settlement

extension LedgerState {
  private mutating func applySettlement(_ event: LedgerEvent) {
    switch event {
    case .fundingSettled(let id, _, let unitPayment):
      lastFunding = time
      settle(id) { position in -position.size.steps * unitPayment }
    case .profitsSettled(let id, let unitValue):
      settle(id) { position in
        let profit = position.unrealizedProfit(unitValue: unitValue)
        position.cost += profit
        return profit
      }
    case .instrumentExpired(let id, _, let unitValue):
      settle(id) { position in
        let profit = position.unrealizedProfit(unitValue: unitValue)
        position.size = .zero
        position.cost = 0
        return profit
      }
      guard let instrument = listing.index(of: id) else { return }
      totals[instrument].isExpired = true
      totals[instrument].openInterest = 0
    default: break
    }
  }

  private mutating func realize(_ units: Int64, of account: AccountID, in id: InstrumentID) {
    guard let index = index(of: account), let instrument = listing.index(of: id),
      let asset = listing.index(of: listing.contracts[instrument].settlementAsset)
    else { return }
    let slot = accounts[index].portfolio.slot(of: id)
    guard slot.isHeld else { return }
    accounts[index].portfolio.positions[slot.index].cost += units
    book(units, to: index, asset: asset, instrument: instrument)
  }

  /// Pays every holder of an instrument what `payment` says, out of the clearing balance.
  private mutating func settle(_ id: InstrumentID, payment: (inout Position) -> Int64) {
    guard let instrument = listing.index(of: id),
      let asset = listing.index(of: listing.contracts[instrument].settlementAsset)
    else { return }
    for account in accounts.indices {
      let slot = accounts[account].portfolio.slot(of: id)
      guard slot.isHeld else { continue }
      var position = accounts[account].portfolio.positions[slot.index]
      let units = payment(&position)
      if position.size == .zero {
        accounts[account].portfolio.positions.remove(at: slot.index)
      } else {
        accounts[account].portfolio.positions[slot.index] = position
      }
      book(units, to: account, asset: asset, instrument: instrument)
    }
  }
}

// MARK: The waterfall

extension LedgerState {
  private mutating func applyLiquidation(_ event: LedgerEvent) {
    if applyPoolOrder(event) || applyHedgeOrder(event) { return }
    switch event {
    case .liquidationStarted(let id, let cause):
      withAccount(id) { $0.liquidation = LiquidationProgress(cause: cause) }
    case .liquidationStageEntered(let id, let stage):
      withProgress(id) { progress, portfolio in
        progress.stage = stage
        progress.emptyHanded = 0
        progress.auction = nil
        progress.sale = nil
        guard stage == .socializedLoss else { return }
        progress.awaitsSharing = !portfolio.positions.isEmpty
      }
    case .liquidationOrderIssued(let order):
      withProgress(order.account) { progress, _ in progress.order = order }
      liquidationFlow?.count(order)
      nextOrder = OrderID(max(nextOrder.number, order.id.number + 1))
    case .liquidationOrderClosed(let id, _, let end):
      withProgress(id) { progress, _ in
        progress.order = nil
        progress.emptyHanded = end == .filled ? 0 : min(progress.emptyHanded, .max - 1) + 1
      }
    case .liquidationEnded(let id, _): withAccount(id) { $0.liquidation = nil }
    default: break
    }
  }

  /// Changes where an account in the waterfall stands in it; nothing of one that is not.
  private mutating func withProgress(
    _ id: AccountID, _ change: (inout LiquidationProgress, Portfolio) -> Void
  ) {
    guard let index = index(of: id), var progress = accounts[index].liquidation else { return }
    change(&progress, accounts[index].portfolio)
    accounts[index].liquidation = progress
  }

  private mutating func withAccount(_ id: AccountID, _ change: (inout Account) -> Void) {
    guard let index = index(of: id) else { return }
    change(&accounts[index])
  }
}
