// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
public import Quantities
import RiskEngine

/// One account whose positions were closed against bankrupt ones in one step.
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

  /// Takes in one record; `engine` is as it was after it.
  mutating func take(_ record: Record, _ engine: Engine) {
    guard let valuation = engine.valuation else { return }
    var cut: [(account: AccountID, value: Int64, givenUp: Int64)] = []
    for event in record.events {
      guard case .traded(let trade) = event, trade.cause == .deleveraging,
        let other = counterparty(of: trade, record, engine),
        let instrument = engine.state.listing.index(of: trade.instrument)
      else { continue }
      let apart = Int128(engine.state.marks[instrument].unitValue) - Int128(trade.unitValue)
      let units = Int128(trade.size.steps) * apart * (other == trade.seller ? 1 : -1)
      let givenUp = valuation.quote(Int64(clamping: units), of: trade.instrument)
      let value = valuation.notional(trade.size, of: trade.instrument)
      let slot = cut.firstIndex { $0.account == other } ?? cut.count
      if slot == cut.count { cut.append((other, 0, 0)) }
      cut[slot].value = WaterfallCosts.sum(cut[slot].value, value)
      cut[slot].givenUp = WaterfallCosts.sum(cut[slot].givenUp, givenUp)
    }
    for one in cut where accounts.count < Self.limit { append(one, engine, valuation) }
  }

  /// Who is cut in a deleveraging: the side whose liquidation has not begun.
  private func counterparty(of trade: Trade, _ record: Record, _ engine: Engine) -> AccountID? {
    for (id, other) in [(trade.buyer, trade.seller), (trade.seller, trade.buyer)] {
      let isOver = record.events.contains { event in
        if case .liquidationEnded(id, _) = event { true } else { false }
      }
      let index = engine.state.index(of: id)
      if isOver || index.map({ engine.state.accounts[$0].liquidation != nil }) ?? false {
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
    let after = portfolio.positions.reduce(Int64(0)) {
      WaterfallCosts.sum($0, valuation.notional($1.size, of: $1.instrument))
    }
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
