// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import Parameters
import Quantities

/// What was filled of an answer, and who passed it on.
struct RelayedSize {
  /// Absent where the maker itself answered.
  let relayer: AccountID?
  let size: Size
}

// Relayers: accounts by which makers' answers to requests for quotes may come in.
//
// A relayer sees an answer before the request ends, so it is nobody who could trade on it through
// the engine: neither a maker's owner nor that of the account that is asked for.
extension Engine {
  /// The most registered relayers of one venue.
  public static let mostRelayers = 64

  mutating func registerRelayer(_ id: AccountID) throws(StepError) {
    try checkRegistration(
      of: id, among: state.execution.relayers, apartFrom: state.balance.makers,
      atMost: Self.mostRelayers, "the number of registered relayers")
    try emit(.relayerRegistered(id))
  }

  mutating func releaseRelayer(_ id: AccountID) throws(StepError) {
    _ = try account(id)
    guard state.execution.isRelayer(id) else { throw .refused(.notRegistered(id)) }
    try emit(.relayerReleased(id))
  }

  /// Takes a maker's answer from a relayer, once whoever passes it on.
  mutating func relay(
    _ answer: QuoteAnswer, to id: UInt64, by relayer: AccountID
  ) throws(StepError) {
    let index = try account(relayer)
    guard state.execution.isRelayer(relayer) else { throw .refused(.notRegistered(relayer)) }
    let request = try request(id, for: answer.maker)
    // Its own account would pay the fee to itself.
    try requireIndependence(of: index, from: [request.account])
    try check(answer, to: request)
    try emit(.answerRelayed(id, answer, by: relayer))
  }

  /// Refuses a part in the market to who has it, who is no healthy customer, or whose owner has
  /// the other part.
  func checkRegistration(
    of id: AccountID, among registered: [AccountID], apartFrom others: [AccountID],
    atMost most: Int, _ subject: String
  ) throws(StepError) {
    let index = try account(id)
    guard !registered.contains(id) else {
      throw .refused(.alreadyExists("the registration of \(id)"))
    }
    try requireCustomer(id)
    guard !state.accounts[index].isInLiquidation else {
      throw .refused(.accountInLiquidation(id))
    }
    try requireIndependence(of: index, from: others)
    guard registered.count < most else { throw .refused(.outsideLimits(subject)) }
  }

  /// Refuses an account that one of others has the owner of.
  func requireIndependence(of index: Int, from others: [AccountID]) throws(StepError) {
    let owner = state.owner(of: index)
    for other in others {
      guard state.index(of: other).map({ state.owner(of: $0) }) != owner else {
        throw .refused(.notIndependent(state.accounts[index].id, other))
      }
    }
  }

  // MARK: The fee

  /// Pays whoever passed filled answers on, and the venue for those that came from makers
  /// themselves; never more than the equity that is left.
  ///
  /// What the account pays is the same whoever is paid: it is rounded up over all that was filled,
  /// and each has what his part adds to it, in the order in which answers were served.
  mutating func chargeRelay(
    _ parts: [RelayedSize], _ order: LiquidationOrder
  ) throws(StepError) {
    guard let valuation, let index = state.index(of: order.account),
      let asset = state.settlementIndex(of: order.instrument)
    else { return }
    let equity = max(measure(state.accounts[index].portfolio, valuation).equity, 0)
    var filled = Size.zero
    var charged: Int64 = 0
    for part in Self.byRelayer(parts) {
      filled = filled + part.size
      let owed = rules.liquidation.requests.fee.share(
        of: valuation.notional(filled, of: order.instrument), rounding: .up)
      let due = valuation.units(ofQuote: min(owed, equity), asset: asset, rounding: .down)
      let payee = part.relayer.flatMap { state.index(of: $0) }
      let has = payee.map { state.accounts[$0].portfolio.balances[asset] }
      let room = min(
        state.accounts[index].portfolio.balances[asset] + Amount.limit,
        Amount.limit - (has ?? state.houses[asset].fees))
      let paid = min(due - charged, room)
      charged = due
      guard paid > 0 else { continue }
      try move(
        paid, asset: asset, from: .account(order.account),
        to: payee.map { .account(state.accounts[$0].id) } ?? .fees, .relayFee)
    }
  }

  /// One part for each relayer and one for the venue, in the order of their first.
  private static func byRelayer(_ parts: [RelayedSize]) -> [RelayedSize] {
    var sums: [RelayedSize] = []
    for part in parts {
      if let place = sums.firstIndex(where: { $0.relayer == part.relayer }) {
        sums[place] = RelayedSize(relayer: part.relayer, size: sums[place].size + part.size)
      } else {
        sums.append(part)
      }
    }
    return sums
  }
}
