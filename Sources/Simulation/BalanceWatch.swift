// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import Parameters
public import Quantities
import RiskEngine

/// Who stands on which side of an underlying at the end of a replay; deltas in 10^−8 of base units.
public struct BalanceRow: Hashable, Sendable {
  public let underlying: AssetSymbol
  /// The takers' net delta at the index, millionths of the quote currency.
  public let imbalance: Int64
  public let takersDelta: Int64
  /// What it gains when forwards rise by 1 %.
  public let takersGamma: Int64
  /// 10^−8 of the quote currency per point of volatility.
  public let takersVega: Int64
  public let makersDelta: Int64
  public let poolsDelta: Int64
  public let auctionsDelta: Int64
  public let hedgeDelta: Int64
  /// The coins of the insurance fund.
  public let fundDelta: Int64
}

/// What the fund's hedge did in a replay; millionths of the quote currency.
public struct HedgeSummary: Hashable, Sendable {
  public var orders = 0
  /// Notional that was bought, or sold, against takers.
  public var hedgedValue: Int64 = 0
  /// Notional that was given back.
  public var returnedValue: Int64 = 0
  /// What all fills cost against the marks at which they were decided, fees included.
  public var cost: Int64 = 0
  /// What the fund has given it and not got back.
  public var drawn: Int64 = 0
  public var mostDrawn: Int64 = 0
  /// What its account is worth.
  public var equity: Int64 = 0
}

/// The venue's balance at the end of a replay.
public struct BalanceSummary: Hashable, Sendable {
  /// By underlying.
  public var rows: [BalanceRow]
  /// Absent where no hedge was opened.
  public var hedge: HedgeSummary?
  /// Absent where no underlying has an entry fee.
  public var entry: EntrySummary?
}

/// Follows what the fund's hedge does.
struct BalanceWatch {
  private var hedge = HedgeSummary()
  private var entry = EntryWatch()
  /// Whether the last order was one that gives back.
  private var isGivingBack = false

  /// The accounts are open: what is paid from here on is no part of opening them.
  mutating func start() { entry.start() }

  mutating func take(_ event: LedgerEvent, _ engine: Engine) {
    entry.take(event, engine)
    guard let book = engine.state.hedge else { return }
    hedge.mostDrawn = max(hedge.mostDrawn, book.drawn)
    switch event {
    case .hedgeOrdered(let order):
      hedge.orders += 1
      isGivingBack = order.isReducing
    case .traded(let trade) where trade.cause == .hedge:
      let value = engine.valuation?.notional(trade.size, of: trade.instrument) ?? 0
      // One order is out at a time, and its fills come before the next.
      if isGivingBack { hedge.returnedValue += value } else { hedge.hedgedValue += value }
    default: break
    }
  }

  /// - Returns: `nil` for a venue in which nobody is of the house and nothing is asked.
  func summary(_ engine: Engine) -> BalanceSummary? {
    guard let balances = engine.balance() else { return nil }
    let rows = balances.map(BalanceRow.init)
    let isAsked = !engine.rules.balance.isEmpty || engine.state.hedge != nil
    guard isAsked || !engine.state.balance.makers.isEmpty || rows.contains(where: \.isHeld)
    else { return nil }
    return BalanceSummary(
      rows: rows, hedge: summary(of: engine), entry: entry.summary(engine))
  }

  private func summary(of engine: Engine) -> HedgeSummary? {
    guard let book = engine.state.hedge else { return nil }
    var hedge = hedge
    hedge.cost = book.cost
    hedge.drawn = book.drawn
    if let index = engine.state.index(of: book.account), let valuation = engine.valuation {
      hedge.equity = valuation.risk(engine.state.accounts[index].portfolio).equity
    }
    return hedge
  }
}

extension BalanceRow {
  init(_ balance: UnderlyingBalance) {
    underlying = balance.underlying
    imbalance = balance.imbalance
    let takers = balance.takers
    takersDelta = Int64(clamping: takers.delta)
    takersGamma = Int64(clamping: takers.gamma)
    takersVega = Int64(clamping: takers.vega)
    makersDelta = Int64(clamping: balance.makers.delta)
    poolsDelta = Int64(clamping: balance.pools.delta)
    auctionsDelta = Int64(clamping: balance.auctions.delta)
    hedgeDelta = Int64(clamping: balance.hedge.delta)
    fundDelta = Int64(clamping: balance.fundDelta)
  }

  /// Whether the house, or a part of it, holds anything.
  var isHeld: Bool {
    [takersDelta, takersGamma, takersVega, makersDelta, poolsDelta, auctionsDelta, hedgeDelta]
      .contains { $0 != 0 }
  }
}

extension Replay {
  /// The command that opens the fund's hedge in an opened venue, where parameters ask for one;
  /// its account is numbered after all others.
  static func hedgeOpening(of engine: Engine) -> [Command] {
    guard isHedged(engine), let last = engine.state.accounts.last?.id.number, last < .max
    else { return [] }
    return [.openHedge(AccountID(last + 1))]
  }

  /// Whether the venue is one whose fund hedges, before its account is opened and after.
  static func isHedged(_ engine: Engine) -> Bool {
    engine.rules.hedge.isOn && !engine.rules.hedgeBands.isEmpty
  }
}
