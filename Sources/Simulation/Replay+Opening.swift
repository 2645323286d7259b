// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Quantities
import RiskEngine

// How the accounts of a replay are opened.
extension Replay {
  /// Opens accounts, brings in what they hold, and registers the makers before the first of their
  /// trades, so that the balance of the venue is known from its first position on.
  mutating func open(_ opening: OpeningBook) throws {
    var registrations = Self.registrations(of: opening.makers, in: venue.engine)
    for command in opening.commands {
      guard case .recordTrade(let report) = command else {
        try offer(command)
        continue
      }
      for registration in registrations { try submit(registration) }
      registrations = []
      try open(report)
    }
    for registration in registrations { try submit(registration) }
  }

  /// Makes an opening trade.
  ///
  /// Positions are brought in without a fee. But where a population crowds an underlying that has
  /// an entry fee, the fee is a part of what its positions cost, so there they are bought in the
  /// book, and whoever lacks the margin for it deposits what is missing: the same accounts begin
  /// with the same positions under every rule. An account of a file is as the file says; what its
  /// positions cost was paid before.
  private mutating func open(_ report: TradeReport) throws {
    guard case .population = plan.accounts, hasEntryFee(report.instrument) else {
      try offer(.recordTrade(report))
      return
    }
    let trade = TradeReport(
      instrument: report.instrument, buyer: report.buyer, seller: report.seller,
      size: report.size, price: report.price)
    // Each side may lack something once.
    for _ in 0..<2 {
      do {
        try submit(.recordTrade(trade))
        return
      } catch StepError.refused(.belowInitialMargin(let id, let equity, let required)) {
        try deposit(Int64(clamping: Int128(required) - Int128(equity)), for: id)
      }
    }
    try offer(.recordTrade(trade))
  }

  private func hasEntryFee(_ instrument: InstrumentID) -> Bool {
    let listing = venue.engine.state.listing
    guard let index = listing.index(of: instrument) else { return false }
    let underlying = listing.contracts[index].underlying
    return venue.engine.rules.balance.contains {
      $0.underlying == underlying && $0.potential != nil
    }
  }

  /// - Parameter value: Millionths of the quote currency.
  private mutating func deposit(_ value: Int64, for id: AccountID) throws {
    let units = venue.engine.valuation?.units(ofQuote: value, asset: 0, rounding: .up) ?? 0
    guard units > 0, units <= Amount.limit else { return }
    let quote = venue.engine.state.listing.quote
    try offer(.depositCollateral(id, Amount(units: units, asset: quote)))
  }
}
