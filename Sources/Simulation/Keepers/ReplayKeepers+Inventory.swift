// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Quantities
import RiskEngine

// What keepers of a replay hold, and how they work it off.
//
// Decisions, with their reasons:
// - What it took a keeper closes in the book, in five equal slices, one in each of the next blocks:
//   at once would pay the impact of all of it, and later bears the market for longer. It is a
//   taker there as anybody is: it pays impact, fees and entry fees.
// - A slice takes levels up to 2 % from the mark, an option's up to half of it; what finds none
//   waits for the next block, and is closed with that block's slice.
// - A keeper stops taking when it holds so many times its equity, longs and shorts together, or
//   when its initial margin would need so much of it: who is full cannot take the next slice, and
//   who has nothing left above margin is liquidated himself.
// - What brings its own holding nearer to zero it always has room for.
extension ReplayKeepers {
  /// Of its equity: what a keeper holds at most, at the marks.
  static let mostHeld = 5.0
  /// Of its equity: what initial margin may need.
  static let mostMargin = 0.75

  /// Blocks in which a holding is worked off.
  static let slices: Int64 = 5
  /// How far from the mark a keeper closes: of contracts, and of options.
  private static let mostCost = Rate(billionths: 20_000_000)
  private static let mostOptionCost = Rate(billionths: 500_000_000)

  /// What a keeper has taken over and not worked off yet.
  struct Holding {
    let keeper: Int
    let instrument: InstrumentID
    /// Steps to close in a block.
    var slice: Int64
    /// Steps that should have been closed by now and were not.
    var due: Int64 = 0
  }

  /// A keeper has taken something over: from the next block on it works off what it then holds.
  mutating func hold(_ instrument: InstrumentID, _ keeper: Int, _ engine: Engine) {
    guard let index = engine.state.index(of: accounts[keeper]) else { return }
    let held = engine.state.accounts[index].portfolio.size(of: instrument).magnitude.steps
    let slice = (held + Self.slices - 1) / Self.slices
    let place = holdings.firstIndex { $0.keeper == keeper && $0.instrument == instrument }
    if let place {
      holdings[place].slice = slice
    } else {
      holdings.append(Holding(keeper: keeper, instrument: instrument, slice: slice))
    }
  }

  /// The orders by which keepers work off what they hold, in the order in which they took it; of
  /// accounts in liquidation that is the engine's.
  mutating func closings(_ engine: Engine) -> [LiquidationOrder] {
    var orders: [LiquidationOrder] = []
    var left: [Holding] = []
    for var holding in holdings {
      guard let index = engine.state.index(of: accounts[holding.keeper]) else { continue }
      let account = engine.state.accounts[index]
      let held = account.portfolio.size(of: holding.instrument)
      guard held != .zero else { continue }
      if !account.isInLiquidation,
        let limit = limit(of: holding.instrument, isSale: held > .zero, engine)
      {
        holding.due = min(holding.due + holding.slice, held.magnitude.steps)
        orders.append(
          LiquidationOrder(
            id: engine.state.nextOrder, account: account.id, instrument: holding.instrument,
            side: held > .zero ? .sell : .buy, size: Size(steps: holding.due), limit: limit,
            stage: .partial, expiresAt: engine.state.time + Replay.blockSpan))
      }
      left.append(holding)
    }
    holdings = left
    return orders
  }

  /// The furthest price at which a keeper closes; `nil` where nothing can be traded.
  private func limit(
    of instrument: InstrumentID, isSale: Bool, _ engine: Engine
  ) -> Price? {
    guard let index = engine.state.listing.index(of: instrument),
      let mark = engine.valuation?.mark(of: instrument)
    else { return nil }
    let contract = engine.state.listing.contracts[index]
    guard !engine.state.totals[index].isExpired,
      contract.kind.expiry.map({ $0 > engine.state.time }) ?? true
    else { return nil }
    let most = contract.isOption ? Self.mostOptionCost : Self.mostCost
    let width = most.share(of: mark.price.steps, rounding: .down)
    let steps = isSale ? mark.price.steps - width : mark.price.steps + width
    return steps <= contract.highestPrice.steps ? Price(steps: steps) : contract.highestPrice
  }

  /// What keepers are left with when a replay is over.
  mutating func finish(_ engine: Engine) {
    guard let valuation = engine.valuation else { return }
    let quote = engine.state.listing.quote
    for (keeper, id) in accounts.enumerated() {
      guard let index = engine.state.index(of: id) else { continue }
      let portfolio = engine.state.accounts[index].portfolio
      story.keepers[keeper].held = Int64(clamping: valuation.heldNotional(of: portfolio))
      let capital = Int128(valuation.quote(Self.capital * quote.unitsPerWhole, asset: 0))
      let gas = Int128(story.keepers[keeper].gasPaid)
      let equity = Int128(valuation.risk(portfolio).equity)
      story.keepers[keeper].result = Int64(clamping: equity - capital - gas)
    }
  }

  // MARK: Room

  /// How much of a slice a keeper has room for.
  ///
  /// - Parameter side: Of the account in liquidation: a sale is bought by the keeper.
  func room(
    for size: Size, of instrument: InstrumentID, _ side: Side, _ keeper: AccountID,
    _ engine: Engine
  ) -> Size {
    guard let index = engine.state.index(of: keeper), let valuation = engine.valuation,
      !engine.state.accounts[index].isInLiquidation
    else { return .zero }
    let portfolio = engine.state.accounts[index].portfolio
    // In another risk universe than what it holds it may take nothing.
    let wanted = engine.universe(of: instrument)
    guard portfolio.positions.allSatisfy({ engine.universe(of: $0.instrument) == wanted }) else {
      return .zero
    }
    let equity = Double(valuation.risk(portfolio).equity)
    var steps = size.steps
    while steps > 0 {
      let taken = Size(steps: side == .sell ? steps : -steps)
      if isBorne(taken, of: instrument, portfolio, equity: equity, engine, valuation) { break }
      steps /= 2
    }
    return Size(steps: steps)
  }

  private func isBorne(
    _ taken: Size, of instrument: InstrumentID, _ portfolio: Portfolio, equity: Double,
    _ engine: Engine, _ valuation: Valuation
  ) -> Bool {
    let held = portfolio.size(of: instrument)
    let isReduced = held.sign == -taken.sign && held.magnitude >= taken.magnitude
    guard !isReduced else { return true }
    guard let mark = valuation.mark(of: instrument),
      let asset = engine.state.settlementIndex(of: instrument)
    else { return false }
    var after = portfolio
    after.balances[asset] += after.take(taken, of: instrument, unitValue: mark.unitValue)
    return Double(valuation.heldNotional(of: after)) <= Self.mostHeld * equity
      && Double(valuation.risk(after).initialMargin) <= Self.mostMargin * equity
  }
}
