// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Parameters
import Quantities
import RiskEngine
import Testing

/// Follows a venue event by event and recomputes from scratch what must hold after each.
///
/// It keeps a ledger of its own, to which it applies the recorded events one at a time, and sums
/// everything anew; nothing it checks comes from the engine's running totals.
struct Audit {
  private(set) var state: LedgerState
  /// Deposits − withdrawals, by asset.
  private var outside: [Int128] = [0]
  private var sequence: UInt64 = 0
  private var hash = ChainHash.zero
  private var latest = Timestamp(nanoseconds: 0)
  private var highestOrder: UInt64 = 0
  /// The last profit that was realized to be given away.
  private var realized: (account: AccountID, units: Int64)?
  /// What a full balance gave away before its profit is realized, which must come next.
  private var given: (account: AccountID, units: Int64)?
  private(set) var eventCount = 0
  /// The last recorded allocation and the cuts that were traded of it so far.
  private var allocation: (record: DeleveragingAllocation, cuts: [(AccountID, Size)])?

  init(quote: Asset, parameters: ParameterSet) throws {
    state = LedgerState(quote: quote, parameters: parameters)
  }

  /// Takes in a record; `engine` is as it was after it.
  mutating func take(_ record: Record, _ engine: Engine) throws {
    #expect(record.sequence == sequence + 1, "P46: sequence numbers are dense")
    #expect(record.previousHash == hash)
    #expect(
      record.hash
        == Record.hash(
          sequence: record.sequence, command: record.commandBytes, events: record.eventBytes,
          after: hash), "P46: the hash chain verifies")
    sequence = record.sequence
    hash = record.hash
    #expect(
      try Command(canonicalBytes: record.commandBytes) == record.command,
      "P43: what is accepted can be read again")
    for event in record.events { take(event, by: record.command) }
    #expect(given == nil, "P31: what was given was a profit")
    #expect(state == engine.state, "P43: the events alone give the engine's state")
    #expect(engine.hash == hash && engine.sequence == sequence)
  }

  private mutating func take(_ event: LedgerEvent, by command: Command) {
    eventCount += 1
    let before = state
    checkBefore(event)
    state.apply(event)
    if case .collateralAccepted = event { outside.append(0) }
    if case .transferred(let transfer) = event { count(transfer) }
    checkMoney(event)
    checkNames(event, before: before)
    checkTime(event)
  }

  private mutating func count(_ transfer: Transfer) {
    guard let asset = state.listing.index(of: transfer.amount.asset) else { return }
    #expect(transfer.amount.units > 0)
    if transfer.from == .outside { outside[asset] += Int128(transfer.amount.units) }
    if transfer.to == .outside { outside[asset] -= Int128(transfer.amount.units) }
  }

  /// P01, P02 and P04.
  private func checkMoney(_ event: LedgerEvent) {
    var money = state.houses.map { Int128($0.insuranceFund) + Int128($0.fees) }
    money[0] += Int128(state.execution.deposits)
    for pool in state.pools { money[0] += Int128(pool.reserve) }
    for book in state.losses.universes {
      for (asset, units) in book.balances.enumerated() {
        #expect(units >= 0, "P04 after \(event)")
        money[asset] += Int128(units)
      }
    }
    for pot in state.balance.pots {
      #expect(pot.units > 0)
      money[state.listing.index(of: pot.asset) ?? 0] += Int128(pot.units)
    }
    var sizes = [Int64](repeating: 0, count: state.listing.contracts.count)
    for account in state.accounts {
      for (asset, units) in account.portfolio.balances.enumerated() {
        money[asset] += Int128(units)
      }
      for position in account.portfolio.positions {
        guard let index = state.listing.index(of: position.instrument),
          let asset = state.listing.index(of: state.listing.contracts[index].settlementAsset)
        else { continue }
        sizes[index] += position.size.steps
        // What a position cost has left the balances or is still owed: unrealized either way.
        money[asset] -= Int128(position.cost)
      }
    }
    #expect(money == outside, "P01 after \(event)")
    #expect(sizes.allSatisfy { $0 == 0 }, "P02 after \(event)")
    #expect(state.houses.allSatisfy { $0.insuranceFund >= 0 && $0.fees >= 0 }, "P04 after \(event)")
  }

  /// P06: only accounts that an event names, or that hold what it is about, change.
  private func checkNames(_ event: LedgerEvent, before: LedgerState) {
    guard before.accounts.count == state.accounts.count else { return }
    for (old, new) in zip(before.accounts, state.accounts)
    where old.portfolio.balances != new.portfolio.balances {
      switch event {
      case .transferred(let transfer):
        #expect([transfer.from, transfer.to].contains(.account(new.id)))
      case .traded(let trade): #expect([trade.buyer, trade.seller].contains(new.id))
      case .profitRealized(let id, _, _): #expect(id == new.id)
      case .positionMoved(let move): #expect(move.to == new.id)
      case .fundingSettled(let id, _, _), .profitsSettled(let id, _),
        .instrumentExpired(let id, _, _):
        #expect(old.portfolio.slot(of: id).isHeld)
      case .collateralAccepted: break
      default: Issue.record("P06: a balance changed by \(event)")
      }
    }
  }

  /// P48.
  private mutating func checkTime(_ event: LedgerEvent) {
    switch event {
    case .blockStarted(let instant), .engineRestarted(let instant):
      #expect(instant >= latest, "P48")
      latest = instant
    default: break
    }
  }
}

// MARK: The waterfall

extension Audit {
  /// What must be true at the moment an event is decided.
  private mutating func checkBefore(_ event: LedgerEvent) {
    if let (payer, units) = given {
      guard case .profitRealized(payer, _, units) = event else {
        Issue.record("P31: \(payer) gave what was no profit")
        return
      }
    }
    defer { if case .profitRealized = event { given = nil } }
    switch event {
    case .liquidationStarted(let id, let cause):
      #expect(cause.equity < cause.maintenanceMargin, "P19")
      #expect(account(id)?.liquidation == nil)
    case .liquidationOrderIssued(let order):
      #expect(account(order.account)?.liquidation?.order == nil, "P21")
      #expect(order.id.number > highestOrder, "an order id is used once")
      highestOrder = order.id.number
      #expect(
        status(of: order.instrument) == .open, "P20: no order at a price without a quorum")
    case .traded(let trade):
      checkTrade(trade)
      if trade.cause == .deleveraging { follow(trade) }
    case .deleveragingAllocated(let record):
      #expect(record.cuts > 0 && record.size > .zero)
      #expect(account(record.account)?.liquidation != nil)
      allocation = (record, [])
    case .answerRelayed(let id, let answer, let relayer): checkRelay(id, answer, relayer)
    case .profitRealized(let id, let instrument, let units): checkProfit(id, instrument, units)
    case .auctionBidFilled(let fill):
      #expect(account(fill.account)?.liquidation?.stage == .auction)
      #expect(fill.share > .zero && fill.share <= .one)
      #expect(fill.discount >= 0 && fill.fundPaid >= 0)
    case .transferred(let transfer):
      if transfer.reason == .socializedLoss { checkBearer(transfer) }
      if transfer.reason == .relayFee { checkRelayFee(transfer) }
      // A profit is realized for the very next payment, also where the fund buys it.
      realized = nil
    default: break
    }
  }

  private func checkTrade(_ trade: Trade) {
    #expect(trade.buyer != trade.seller && trade.size > .zero)
    switch trade.cause {
    case .matching, .transfer: break
    case .liquidation:
      let order = [trade.buyer, trade.seller].compactMap { account($0)?.liquidation?.order }.first
      guard let order else {
        Issue.record("a liquidation trade without an order")
        return
      }
      #expect(trade.size <= order.size)
      #expect(
        order.side == .sell ? trade.price >= order.limit : trade.price <= order.limit, "P24")
    case .deleveraging: checkDeleveraging(trade)
    case .auction: checkAuction(trade)
    case .pool: checkTakeover(trade)
    case .unwinding: checkUnwinding(trade)
    case .hedge: checkHedge(trade)
    }
  }

  /// One side is under the hammer and sells what it has at the mark, in an open market.
  private func checkAuction(_ trade: Trade) {
    let isBuyerAuctioned = account(trade.buyer)?.liquidation?.auction != nil
    let seller = account(isBuyerAuctioned ? trade.buyer : trade.seller)
    let bidder = account(isBuyerAuctioned ? trade.seller : trade.buyer)
    #expect(seller?.liquidation?.auction != nil && bidder?.liquidation == nil)
    let held = seller?.portfolio.size(of: trade.instrument) ?? .zero
    #expect(held.sign == (isBuyerAuctioned ? -1 : 1) && trade.size <= held.magnitude)
    #expect(status(of: trade.instrument) == .open, "P20")
    guard let index = state.listing.index(of: trade.instrument) else { return }
    #expect(trade.unitValue == state.marks[index].unitValue)
  }

  /// A pool that is healthy takes from an account in liquidation, at the mark or better.
  private func checkTakeover(_ trade: Trade) {
    let isBuyerPool = state.isPool(trade.buyer)
    #expect(isBuyerPool != state.isPool(trade.seller), "one side is a pool's")
    let (pool, other) = isBuyerPool ? (trade.buyer, trade.seller) : (trade.seller, trade.buyer)
    #expect(account(pool)?.liquidation == nil && account(other)?.liquidation?.stage == .pool)
    guard let index = state.listing.index(of: trade.instrument) else { return }
    let gain = state.marks[index].unitValue - trade.unitValue
    #expect(isBuyerPool ? gain >= 0 : gain <= 0, "a pool pays nothing for a position")
  }

  private func checkUnwinding(_ trade: Trade) {
    let order = state.pools.first { [trade.buyer, trade.seller].contains($0.id) }?.order
    guard let order else {
      Issue.record("a pool reduces a position without an order")
      return
    }
    #expect(trade.size <= order.size)
    #expect(
      order.side == .sell ? trade.price >= order.limit : trade.price <= order.limit, "P24")
    let held = account(order.account)?.portfolio.size(of: trade.instrument) ?? .zero
    #expect(trade.size <= held.magnitude && held.sign == -order.side.sign)
  }

  /// The fund's hedge trades by its order, never with the house, and what gives back reduces.
  private func checkHedge(_ trade: Trade) {
    guard let order = state.hedge?.order else {
      Issue.record("the fund hedges without an order")
      return
    }
    let isBuyer = trade.buyer == order.order.account
    #expect(isBuyer == (order.order.side == .buy) && trade.size <= order.order.size)
    #expect(isBuyer ? trade.price <= order.order.limit : trade.price >= order.order.limit, "P24")
    let other = state.index(of: isBuyer ? trade.seller : trade.buyer)
    #expect(other.map { !state.isHouse($0) } == true)
    guard order.isReducing else { return }
    let held = account(order.order.account)?.portfolio.size(of: trade.instrument) ?? .zero
    #expect(trade.size <= held.magnitude && held.sign == -order.order.side.sign)
  }

  /// P32: the other side is healthy, opposite and in profit, and is only reduced.
  private func checkDeleveraging(_ trade: Trade) {
    let isBuyerBankrupt = account(trade.buyer)?.liquidation != nil
    let other = account(isBuyerBankrupt ? trade.seller : trade.buyer)
    guard let other, other.liquidation == nil else {
      Issue.record("deleveraging between two accounts in liquidation, or none")
      return
    }
    let slot = other.portfolio.slot(of: trade.instrument)
    guard slot.isHeld else {
      Issue.record("P31: deleveraging charges an account without a position")
      return
    }
    let position = other.portfolio.positions[slot.index]
    #expect(position.size.sign == (isBuyerBankrupt ? 1 : -1), "P32: opposite side")
    #expect(position.size.magnitude >= trade.size, "P34: no overshoot")
    let isWinner = position.unrealizedProfit(unitValue: trade.unitValue) > 0
    #expect(isWinner != (allocation?.record.isWidened ?? false), "P32: in profit")
  }

  /// The trades that follow a recorded allocation are the ones it names, and no more than asked.
  private mutating func follow(_ trade: Trade) {
    guard let record = allocation?.record, var cuts = allocation?.cuts else { return }
    let other = trade.buyer == record.account ? trade.seller : trade.buyer
    #expect([trade.buyer, trade.seller].contains(record.account))
    #expect(trade.instrument == record.instrument && trade.unitValue == record.unitValue, "P35")
    cuts.append((other, trade.size))
    allocation = (record, cuts)
    #expect(cuts.reduce(Size.zero) { $0 + $1.1 } <= record.size, "P34")
    guard cuts.count == Int(record.cuts) else { return }
    #expect(DeleveragingAllocation.root(of: cuts.map { ($0.0, $0.1) }) == record.root)
    allocation = nil
  }

  /// P31: who pays for another's loss has a profit in a market; by size, a position in the
  /// debtor's.
  private mutating func checkBearer(_ transfer: Transfer) {
    guard case .account(let payer) = transfer.from, let account = account(payer) else {
      Issue.record("a socialized loss is borne by an account")
      return
    }
    #expect(account.liquidation == nil)
    if (try? state.parameters.raw("socializedLoss.rule")) == SharingRule.bySize.rawValue {
      guard case .account(let id) = transfer.to, let debtor = self.account(id),
        let market = debtor.liquidation?.market
      else {
        Issue.record("P31: nobody's loss is shared")
        return
      }
      #expect(account.portfolio.slot(of: market).isHeld, "P31: no position in the market")
      #expect(realized?.account != payer || (realized?.units ?? 0) <= transfer.amount.units)
      return
    }
    let units = transfer.amount.units
    if realized?.account == payer, realized?.units == units { return }
    let balance = state.listing.index(of: transfer.amount.asset).map {
      account.portfolio.balances[$0]
    }
    #expect((balance ?? 0) > Amount.limit - units, "P31: what is given was a profit")
    given = (payer, units)
  }

  /// The profit that an account realizes to give it away is there.
  private mutating func checkProfit(_ id: AccountID, _ instrument: InstrumentID, _ units: Int64) {
    realized = (id, units)
    guard let account = account(id), let index = state.listing.index(of: instrument) else {
      Issue.record("P31: an account without a position gives")
      return
    }
    let slot = account.portfolio.slot(of: instrument)
    #expect(slot.isHeld && units > 0, "P31")
    guard slot.isHeld else { return }
    let position = account.portfolio.positions[slot.index]
    #expect(
      position.unrealizedProfit(unitValue: state.marks[index].unitValue) >= units, "P31")
  }

  private func account(_ id: AccountID) -> Account? {
    state.index(of: id).map { state.accounts[$0] }
  }

  private func status(of instrument: InstrumentID) -> MarketStatus {
    guard let index = state.listing.index(of: instrument) else { return .reduceOnly }
    return state.status(of: state.listing.contracts[index].underlying)
  }
}
