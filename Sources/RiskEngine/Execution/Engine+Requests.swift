// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
import Quantities

// Requests for quotes: registered makers are asked for a slice before the book is.
//
// Every answer is filled at its own price, so what others answer is worth nothing to a maker but
// the chance to give the account more. The account's limit is in no event and in no refusal.
extension Engine {
  /// Offers a slice outside where the venue does so first, and sends it to the book otherwise.
  mutating func send(
    _ order: LiquidationOrder, _ valuation: Valuation
  ) throws(StepError) -> Progress {
    if order.stage == .partial {
      if try askMakers(order, valuation) { return .waits }
      if try offerToKeepers(order, valuation) { return .waits }
      let isPassed = state.execution.hasTried(TriedSeams.keepers, order.account)
      if isPassed, rules.liquidation.keeper.skipsBook {
        return try enterNext(order.account, after: .partial)
      }
    }
    try emit(.liquidationOrderIssued(order))
    return .waits
  }

  /// - Returns: Whether makers are asked now.
  private mutating func askMakers(
    _ order: LiquidationOrder, _ valuation: Valuation
  ) throws(StepError) -> Bool {
    let terms = rules.liquidation.requests
    let canAnswer = !terms.isRelayed || !state.execution.relayers.isEmpty
    guard terms.isOn, canAnswer, !state.balance.makers.isEmpty,
      !state.execution.hasTried(TriedSeams.requests, order.account), isReduction(order),
      valuation.notional(order.size, of: order.instrument) >= terms.minimum
    else { return false }
    try emit(
      .quoteRequested(
        QuoteRequest(
          id: state.execution.last + 1, account: order.account, instrument: order.instrument,
          side: order.side, size: order.size, endsAt: state.time + terms.life)))
    return true
  }

  /// Whether an order closes what its account holds; a hedge does not.
  func isReduction(_ order: LiquidationOrder) -> Bool {
    guard let index = state.index(of: order.account) else { return false }
    return state.accounts[index].portfolio.size(of: order.instrument).sign == -order.side.sign
  }

  // MARK: Answers

  /// Takes a maker's own answer, where makers may answer themselves.
  mutating func answer(_ id: UInt64, _ answer: QuoteAnswer) throws(StepError) {
    let request = try request(id, for: answer.maker)
    guard !rules.liquidation.requests.isRelayed else {
      throw .refused(.onlyRelayed(answer.maker))
    }
    try check(answer, to: request)
    try emit(.quoteAnswered(id, answer))
  }

  /// The open request that a registered maker may answer.
  func request(_ id: UInt64, for maker: AccountID) throws(StepError) -> QuoteRequest {
    let index = try account(maker)
    guard state.balance.isMaker(maker) else { throw .refused(.notRegistered(maker)) }
    guard let request = state.execution.request(id), let asked = state.index(of: request.account)
    else {
      let wasOpen = id > 0 && id <= state.execution.last
      throw .refused(wasOpen ? .offerOver(id) : .unknownOffer(id))
    }
    guard state.owner(of: asked) != state.owner(of: index) else {
      throw .refused(.selfTrade(maker))
    }
    guard !request.answers.contains(where: { $0.maker == maker }) else {
      throw .refused(.alreadyAnswered(id, maker))
    }
    return request
  }

  /// Refuses an answer that the maker could not carry now.
  mutating func check(_ answer: QuoteAnswer, to request: QuoteRequest) throws(StepError) {
    let (price, size) = (answer.price, answer.size)
    guard size.steps > 0 else { throw .refused(.notPositive("a size")) }
    guard size <= request.size else { throw .refused(.outsideLimits("an answer's size")) }
    let (contract, _) = try tradable(request.instrument, at: price)
    guard price.steps % contract.tick.steps == 0 else {
      throw .refused(.outsideLimits("a price that is no multiple of the tick"))
    }
    guard state.status(of: contract.underlying) == .open else {
      throw .refused(.marketIsReduceOnly(contract.underlying))
    }
    // Held against its own price: a refusal for the account's limit would tell it.
    let order = LiquidationOrder(
      id: state.nextOrder, account: request.account, instrument: request.instrument,
      side: request.side, size: size, limit: price, stage: .partial, expiresAt: request.endsAt)
    _ = try checked([answer.fill(upTo: size)], of: order, contract)
  }

  // MARK: The end

  /// What is offered outside of an account's positions: waited for, settled or withdrawn.
  ///
  /// - Returns: `nil` where nothing is.
  mutating func reviewOffers(
    _ index: Int, _ risk: AccountRisk, _ liquidation: LiquidationProgress,
    _ valuation: Valuation
  ) throws(StepError) -> Progress? {
    guard !state.execution.isEmpty else { return nil }
    let account = state.accounts[index]
    if let request = state.execution.request(of: account.id) {
      let held = account.portfolio.size(of: request.instrument)
      if isVoid(risk, liquidation) || held.sign != -request.side.sign {
        try emit(.requestClosed(request.id, filled: .zero))
        return .moved
      }
      guard state.time >= request.endsAt else { return .waits }
      try settle(request, index, risk, valuation)
      return .moved
    }
    if let progress = try reviewRights(index, risk, liquidation) { return progress }
    return try reviewKeepers(account, risk, liquidation)
  }

  /// Whether an account no longer is where slices are offered outside.
  func isVoid(_ risk: AccountRisk, _ liquidation: LiquidationProgress) -> Bool {
    let line = rules.liquidation.pace.handover.share(of: risk.maintenanceMargin, rounding: .down)
    return liquidation.stage != .partial || risk.equity <= line || isReleased(risk, liquidation)
  }

  /// Fills the best answers that the account's limit, the band and the makers' margin permit, all
  /// as they are now; the rest of the slice is the book's.
  private mutating func settle(
    _ request: QuoteRequest, _ index: Int, _ risk: AccountRisk, _ valuation: Valuation
  ) throws(StepError) {
    let account = state.accounts[index]
    let held = account.portfolio.size(of: request.instrument).magnitude
    let sized = PartialSize(instrument: request.instrument, size: min(request.size, held))
    let terms = valuation.terms(
      for: request.instrument, in: account.portfolio, equity: risk.equity, fund: 0,
      requirement: risk.maintenanceMargin)
    var trades: [Trade] = []
    guard !request.answers.isEmpty, let terms,
      let sent = order(sized, account, terms, .partial),
      let order = relieving(sent, of: account.portfolio, valuation),
      let instrument = state.listing.index(of: request.instrument)
    else {
      try emit(.requestClosed(request.id, filled: .zero))
      return
    }
    let contract = state.listing.contracts[instrument]
    var left = order.size
    var relayed: [RelayedSize] = []
    for answer in request.ranked where left > .zero && state.balance.isMaker(answer.maker) {
      // A maker that could not carry it any more is passed over.
      guard let own = try? checked([answer.fill(upTo: left)], of: order, contract) else {
        continue
      }
      trades += own
      relayed.append(
        RelayedSize(relayer: request.relayer(of: answer.maker), size: min(answer.size, left)))
      left = left - min(answer.size, left)
    }
    guard !trades.isEmpty else {
      try emit(.requestClosed(request.id, filled: .zero))
      return
    }
    try emit(.liquidationOrderIssued(order))
    let filled = try book(trades, of: order, index)
    try chargeRelay(relayed, order)
    try emit(.requestClosed(request.id, filled: filled))
  }

  /// Closes the requests that are over and could not be settled, for a price is not fresh: no
  /// answer binds longer than to the first block after the end.
  mutating func lapseRequests() throws(StepError) {
    guard !state.execution.requests.isEmpty else { return }
    for request in state.execution.requests where request.endsAt <= state.time {
      try emit(.requestClosed(request.id, filled: .zero))
    }
  }
}

extension QuoteAnswer {
  /// As a fill of an order, of so much at most.
  fileprivate func fill(upTo most: Size) -> ExecutionReport.Fill {
    ExecutionReport.Fill(counterparty: maker, size: min(size, most), price: price)
  }
}
