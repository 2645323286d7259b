// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
public import Quantities
import RiskEngine

/// One account whose positions were closed against one in liquidation in one step.
public struct DeleveragedAccount: Sendable {
  public let time: Timestamp
  public let account: AccountID
  /// Value of what was closed at the marks, millionths of the quote currency.
  public let value: Int64
  /// What it gave up against the marks; negative where it did better.
  public let givenUp: Int64
  /// Value of all its positions ÷ its equity as its block measured it, billionths; 0 without
  /// equity.
  public let leverageBefore: Int64
  /// The same after the step.
  public let leverageAfter: Int64
}

/// Collects who was deleveraged and what it did to their leverage.
struct DeleveragingWatch {
  /// In the order in which they were cut; at most ``limit``.
  private(set) var accounts: [DeleveragedAccount] = []

  static let limit = 20_000
  /// In the order in which they were closed; at most ``mostEvents``.
  private(set) var events: [DeleveragingEvent] = []
  /// What everybody holds and what it cost, as it was before the event that is looked at.
  private var held = HeldPositions()

  static let mostEvents = 5_000
  /// The most accounts named in all events together.
  private static let mostCuts = 50_000
  private var cutCount = 0

  /// Takes in one record; `engine` is as it was after it.
  mutating func take(_ record: Record, _ engine: Engine) {
    var cut: [(account: AccountID, value: Int64, givenUp: Int64)] = []
    var ended: Set<AccountID> = []
    for case .liquidationEnded(let id, _) in record.events { ended.insert(id) }
    let first = events.count
    for event in record.events {
      if case .traded(let trade) = event, trade.cause == .deleveraging,
        let other = counterparty(of: trade, ended, engine), let valuation = engine.valuation
      {
        let one = cutTrade(trade, of: other, engine, valuation)
        let slot = cut.firstIndex { $0.account == other } ?? cut.count
        if slot == cut.count { cut.append((other, 0, 0)) }
        cut[slot].value = WaterfallCosts.sum(cut[slot].value, one.value)
        cut[slot].givenUp = WaterfallCosts.sum(cut[slot].givenUp, one.givenUp)
        add(one, trade, from: first, engine)
      }
      held.take(event)
    }
    guard let valuation = engine.valuation else { return }
    for one in cut where accounts.count < Self.limit { append(one, engine, valuation) }
  }

  /// What one trade takes of a winner.
  private func cutTrade(
    _ trade: Trade, of other: AccountID, _ engine: Engine, _ valuation: Valuation
  ) -> DeleveragingEvent.Cut {
    let mark = engine.state.listing.index(of: trade.instrument)
      .map { engine.state.marks[$0].unitValue }
    let apart = Int128(mark ?? trade.unitValue) - Int128(trade.unitValue)
    let units = Int128(trade.size.steps) * apart * (other == trade.seller ? 1 : -1)
    let position = held.position(of: other, in: trade.instrument)
    return DeleveragingEvent.Cut(
      account: other, size: trade.size, held: position?.size.magnitude ?? trade.size,
      value: valuation.notional(trade.size, of: trade.instrument),
      givenUp: valuation.quote(Int64(clamping: units), of: trade.instrument),
      profit: position.map {
        valuation.quote(
          $0.unrealizedProfit(unitValue: mark ?? trade.unitValue), of: trade.instrument)
      } ?? 0)
  }

  /// Puts a cut to those before it of the same position and record.
  private mutating func add(
    _ cut: DeleveragingEvent.Cut, _ trade: Trade, from first: Int, _ engine: Engine
  ) {
    guard let index = engine.state.listing.index(of: trade.instrument) else { return }
    let account = cut.account == trade.buyer ? trade.seller : trade.buyer
    let contract = engine.state.listing.contracts[index]
    // The trades of one position follow each other.
    let isSame =
      events.endIndex > first && events.last?.account == account
      && events.last?.contract == contract.name
    if !isSame {
      guard events.count < Self.mostEvents else { return }
      events.append(
        DeleveragingEvent(
          time: engine.state.time, account: account, contract: contract,
          quote: engine.state.listing.quote, price: trade.price,
          mark: engine.state.marks[index].price))
    }
    let isNamed = cutCount < Self.mostCuts
    events[events.endIndex - 1].add(cut, isNamed: isNamed)
    if isNamed { cutCount += 1 }
  }

  /// Who is cut in a deleveraging: the side whose liquidation has not begun.
  private func counterparty(
    of trade: Trade, _ ended: Set<AccountID>, _ engine: Engine
  ) -> AccountID? {
    for (id, other) in [(trade.buyer, trade.seller), (trade.seller, trade.buyer)] {
      let index = engine.state.index(of: id)
      if ended.contains(id)
        || index.map({ engine.state.accounts[$0].liquidation != nil }) ?? false
      {
        return other
      }
    }
    return nil
  }

  private mutating func append(
    _ one: (account: AccountID, value: Int64, givenUp: Int64), _ engine: Engine,
    _ valuation: Valuation
  ) {
    guard let index = engine.state.index(of: one.account) else { return }
    let portfolio = engine.state.accounts[index].portfolio
    let after = Int64(clamping: valuation.heldNotional(of: portfolio))
    let earlier = index < engine.risks.count ? engine.risks[index].equity : 0
    accounts.append(
      DeleveragedAccount(
        time: engine.state.time, account: one.account, value: one.value, givenUp: one.givenUp,
        leverageBefore: Self.leverage(WaterfallCosts.sum(after, one.value), earlier),
        leverageAfter: Self.leverage(after, valuation.risk(portfolio).equity)))
  }

  private static func leverage(_ notional: Int64, _ equity: Int64) -> Int64 {
    guard equity > 0 else { return 0 }
    let share = (Int128(notional) * 1_000_000_000).divided(by: Int128(equity), rounding: .halfEven)
    return Int64(clamping: share)
  }
}
