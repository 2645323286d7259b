// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
import Quantities

// Keepers outside: offered a slice at the mark for a reward that covers their gas; what they do not
// take in time the venue does itself.
extension Engine {
  /// The highest price of gas that is believed: of a million gas, millionths of the quote currency.
  static let highestGas: Int64 = 1_000_000_000_000

  /// Takes in what gas costs.
  mutating func takeGas(_ perMillion: Int64) throws(StepError) {
    guard rules.liquidation.keeper.isOn else { throw .refused(.notInUse("keeper.patience")) }
    guard (0...Self.highestGas).contains(perMillion) else {
      throw .refused(.outsideLimits("a price of gas"))
    }
    try emit(.gasReported(GasReading(perMillion: perMillion, time: state.time)))
  }

  /// What taking a slice costs a keeper in gas, millionths of the quote currency; nothing while
  /// nobody has said so lately.
  var keeperGas: Int64 {
    let terms = rules.liquidation.keeper
    guard let gas = state.execution.gas, state.time < gas.time + terms.gasLife else { return 0 }
    return gasCost(units: terms.gasUnits, perMillion: gas.perMillion)
  }

  /// - Returns: Whether keepers are offered the slice now.
  mutating func offerToKeepers(
    _ order: LiquidationOrder, _ valuation: Valuation
  ) throws(StepError) -> Bool {
    let terms = rules.liquidation.keeper
    guard terms.isOn, !state.execution.hasTried(TriedSeams.keepers, order.account),
      isReduction(order), let index = state.index(of: order.account)
    else { return false }
    let notional = valuation.notional(order.size, of: order.instrument)
    let most = rewardLimit(of: index, for: order, order.size)
    let id = state.execution.last + 1
    guard most > 0,
      let reward = keeperReward(notional: notional, gasCost: keeperGas, limit: most, terms)
    else {
      try emit(.offerClosed(id, order.account, .unprofitable))
      return false
    }
    if rules.liquidation.rights.isOn {
      try sellRight(to: order, id: id, reward: reward)
      return true
    }
    try emit(
      .keeperOffered(
        KeeperOffer(
          id: id, account: order.account, instrument: order.instrument, side: order.side,
          size: order.size, reward: reward, block: state.block)))
    return true
  }

  /// Waits for keepers, or ends their time.
  ///
  /// - Returns: `nil` where nothing is offered to them.
  mutating func reviewKeepers(
    _ account: Account, _ risk: AccountRisk, _ liquidation: LiquidationProgress
  ) throws(StepError) -> Progress? {
    guard let offer = state.execution.offer(of: account.id) else { return nil }
    let held = account.portfolio.size(of: offer.instrument)
    if isVoid(risk, liquidation) || held.sign != -offer.side.sign {
      try emit(.offerClosed(offer.id, account.id, .withdrawn))
      return .moved
    }
    let patience = UInt64(clamping: rules.liquidation.keeper.patience)
    guard state.block - offer.block >= patience else { return .waits }
    try emit(.offerClosed(offer.id, account.id, .untaken))
    return .moved
  }

  // MARK: Taking

  /// A keeper takes a part of an offer over at the mark and is paid its part of the reward.
  ///
  /// - Parameter leastReward: What the keeper counts on, millionths of the quote currency; it
  ///   protects against an account that has less by then.
  mutating func take(
    _ id: UInt64, by keeper: AccountID, _ size: Size, leastReward: Int64
  ) throws(StepError) {
    let index = try account(keeper)
    guard let offer = state.execution.offer(id), let seller = state.index(of: offer.account),
      let liquidation = state.accounts[seller].liquidation, let valuation,
      let instrument = state.listing.index(of: offer.instrument)
    else {
      let wasOpen = id > 0 && id <= state.execution.last
      throw .refused(wasOpen ? .offerOver(id) : .unknownOffer(id))
    }
    guard state.owner(of: seller) != state.owner(of: index) else {
      throw .refused(.selfTrade(keeper))
    }
    guard size.steps > 0 else { throw .refused(.notPositive("a size")) }
    guard size <= offer.left else { throw .refused(.outsideLimits("what is left of an offer")) }
    let portfolio = state.accounts[seller].portfolio
    let risk = measure(portfolio, valuation)
    let contract = state.listing.contracts[instrument]
    guard isActionable(portfolio, risk, valuation) else {
      throw .refused(.marketIsReduceOnly(contract.underlying))
    }
    let held = portfolio.size(of: offer.instrument)
    guard !isVoid(risk, liquidation), held.sign == -offer.side.sign, held.magnitude >= size
    else { throw .refused(.offerOver(id)) }
    let price = try markPrice(of: offer.instrument)
    let order = LiquidationOrder(
      id: state.nextOrder, account: offer.account, instrument: offer.instrument,
      side: offer.side, size: size, limit: price, stage: .partial,
      expiresAt: state.time + rules.liquidation.orderLife)
    let reward = min(offer.reward(for: size), rewardLimit(of: seller, for: order, size))
    guard reward >= leastReward else { throw .refused(.rewardTooLow(id, reward: reward)) }
    // At the marks of now it may help no more.
    guard relieving(order, of: portfolio, valuation) == order
    else { throw .refused(.offerOver(id)) }
    let fill = ExecutionReport.Fill(counterparty: keeper, size: size, price: price)
    let trades = try checked([fill], of: order, contract)
    try emit(.liquidationOrderIssued(order))
    _ = try book(trades, of: order, seller, rewards: [(keeper, reward)])
    try emit(.offerTaken(id, keeper, size))
    if continues(seller, order, filled: size) { try advance(seller) }
  }

  func markPrice(of instrument: InstrumentID) throws(StepError) -> Price {
    guard let mark = valuation?.mark(of: instrument) else {
      throw .refused(.unknownInstrument(instrument))
    }
    return mark.price
  }

  /// The most that an account pays to have some of a position taken: that part of its equity, less
  /// the margin of the coins it keeps.
  ///
  /// More would be taken from the rest of the account, whose loss the fund may have to pay.
  mutating func rewardLimit(
    of index: Int, for order: LiquidationOrder, _ size: Size
  ) -> Int64 {
    guard let valuation else { return 0 }
    let portfolio = state.accounts[index].portfolio
    let risk = measure(portfolio, valuation)
    return valuation.equityShare(
      of: size, of: order.instrument, in: portfolio,
      equity: risk.equity - valuation.keptMargin(of: portfolio))
  }

  /// Pays a keeper; never more than the equity that the trade has left.
  mutating func payReward(
    _ quote: Int64, to keeper: AccountID, for order: LiquidationOrder
  ) throws(StepError) {
    guard quote > 0, let valuation, let index = state.index(of: order.account),
      let other = state.index(of: keeper), let asset = state.settlementIndex(of: order.instrument)
    else { return }
    let portfolio = state.accounts[index].portfolio
    let most = min(quote, max(measure(portfolio, valuation).equity, 0))
    let room = min(
      portfolio.balances[asset] + Amount.limit,
      Amount.limit - state.accounts[other].portfolio.balances[asset])
    let paid = min(valuation.units(ofQuote: most, asset: asset, rounding: .down), room)
    guard paid > 0 else { return }
    try move(
      paid, asset: asset, from: .account(order.account), to: .account(keeper), .keeperReward)
  }
}
