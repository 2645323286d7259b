// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Quantities
import RiskEngine

/// What entry fees came to in a replay; millionths of the quote currency, each at its moment.
public struct EntrySummary: Hashable, Sendable {
  /// Paid by those who took an underlying out of balance when the accounts were opened.
  public internal(set) var openingPaid: Int64 = 0
  /// Given back when the accounts were opened.
  public internal(set) var openingRebates: Int64 = 0
  /// Paid after that.
  public internal(set) var paid: Int64 = 0
  /// Given back after that.
  public internal(set) var rebates: Int64 = 0
  /// What all pots hold at the end, at its marks.
  public internal(set) var pots: Int64 = 0

  public init(
    openingPaid: Int64 = 0, openingRebates: Int64 = 0, paid: Int64 = 0, rebates: Int64 = 0,
    pots: Int64 = 0
  ) {
    self.openingPaid = openingPaid
    self.openingRebates = openingRebates
    self.paid = paid
    self.rebates = rebates
    self.pots = pots
  }
}

/// Follows what is paid for taking underlyings out of balance.
struct EntryWatch {
  private var summary = EntrySummary()

  mutating func start() {
    summary = EntrySummary(openingPaid: summary.paid, openingRebates: summary.rebates)
  }

  mutating func take(_ event: LedgerEvent, _ engine: Engine) {
    guard case .transferred(let transfer) = event,
      [.entryFee, .entryRebate].contains(transfer.reason),
      let asset = engine.state.listing.index(of: transfer.amount.asset)
    else { return }
    let value = engine.valuation?.quote(transfer.amount.units, asset: asset) ?? 0
    if transfer.reason == .entryFee {
      summary.paid = WaterfallCosts.sum(summary.paid, value)
    } else {
      summary.rebates = WaterfallCosts.sum(summary.rebates, value)
    }
  }

  /// - Returns: `nil` where no underlying has an entry fee.
  func summary(_ engine: Engine) -> EntrySummary? {
    guard engine.rules.balance.contains(where: { $0.potential != nil }) else { return nil }
    var summary = summary
    for pot in engine.state.balance.pots {
      guard let asset = engine.state.listing.index(of: pot.asset) else { continue }
      let value = engine.valuation?.quote(pot.units, asset: asset) ?? 0
      summary.pots = WaterfallCosts.sum(summary.pots, value)
    }
    return summary
  }
}
