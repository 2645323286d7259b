// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
public import Quantities
import RiskEngine

/// The venue's balance through a replay: who holds what, and who pays for it.
public struct BalanceHistory: Sendable {
  /// One block and everything that followed from it; money in millionths of the quote currency.
  public struct Point: Sendable {
    /// By underlying; empty while nobody is of the house and nothing is asked.
    public var rows: [BalanceRow] = []
    /// Funding that longs paid shorts.
    public var longsPaid: Int64 = 0
    /// Funding that shorts paid longs.
    public var shortsPaid: Int64 = 0
    /// Entry fees of those who bought.
    public var buyersPaid: Int64 = 0
    /// Entry fees of those who sold.
    public var sellersPaid: Int64 = 0
    /// Given back to those who brought an underlying nearer to its balance.
    public var rebates: Int64 = 0
    /// Absent where no hedge was opened.
    public var hedge: HedgeStanding?

    public init() {}
  }

  /// How the fund's hedge stands after a block; millionths of the quote currency.
  public struct HedgeStanding: Hashable, Sendable {
    /// What all fills have cost so far against the marks at which they were decided.
    public var cost: Int64
    /// What the fund has given it and not got back.
    public var drawn: Int64
    /// What its account is worth.
    public var equity: Int64

    public init(cost: Int64, drawn: Int64, equity: Int64) {
      self.cost = cost
      self.drawn = drawn
      self.equity = equity
    }
  }

  public var points: [Point] = []

  public init() {}

  /// Sorted; all of which anything was held on either side.
  public var underlyings: [AssetSymbol] {
    var found: [AssetSymbol] = []
    for point in points {
      for row in point.rows where row.isHeld && !found.contains(row.underlying) {
        found.append(row.underlying)
      }
    }
    return found.sorted()
  }
}

/// Follows the venue's balance through a replay.
struct BalanceLog {
  private(set) var history = BalanceHistory()
  private var point = BalanceHistory.Point()
  /// Who bought in the last trade.
  private var buyer: AccountID?

  /// Forgets what was paid before the first block.
  mutating func start() { point = BalanceHistory.Point() }

  mutating func take(_ event: LedgerEvent, _ engine: Engine) {
    switch event {
    case .traded(let trade): buyer = trade.buyer
    case .fundingSettled(let id, _, let unitPayment):
      guard let index = engine.state.listing.index(of: id),
        let asset = engine.state.settlementIndex(of: id)
      else { return }
      let interest = Int128(engine.state.totals[index].openInterest)
      let units = Int64(clamping: interest * Int128(unitPayment))
      let paid = engine.valuation?.quote(units, asset: asset) ?? 0
      if paid > 0 { point.longsPaid = WaterfallCosts.sum(point.longsPaid, paid) }
      if paid < 0 { point.shortsPaid = WaterfallCosts.sum(point.shortsPaid, -paid) }
    case .transferred(let transfer): take(transfer, engine)
    default: break
    }
  }

  private mutating func take(_ transfer: Transfer, _ engine: Engine) {
    guard [.entryFee, .entryRebate].contains(transfer.reason),
      let asset = engine.state.listing.index(of: transfer.amount.asset)
    else { return }
    let value = engine.valuation?.quote(transfer.amount.units, asset: asset) ?? 0
    switch (transfer.reason, transfer.from) {
    case (.entryFee, .account(buyer)):
      point.buyersPaid = WaterfallCosts.sum(point.buyersPaid, value)
    case (.entryFee, _): point.sellersPaid = WaterfallCosts.sum(point.sellersPaid, value)
    default: point.rebates = WaterfallCosts.sum(point.rebates, value)
    }
  }

  /// Ends a block.
  mutating func record(_ engine: Engine) {
    let state = engine.state
    let hasHouse =
      !state.balance.makers.isEmpty || !state.pools.isEmpty || state.hedge != nil
      || !engine.accountsInAuction.isEmpty
    if hasHouse { point.rows = (engine.balance() ?? []).map(BalanceRow.init) }
    if let book = state.hedge, let index = state.index(of: book.account),
      let valuation = engine.valuation
    {
      point.hedge = BalanceHistory.HedgeStanding(
        cost: book.cost, drawn: book.drawn,
        equity: valuation.risk(state.accounts[index].portfolio).equity)
    }
    history.points.append(point)
    point = BalanceHistory.Point()
  }
}
