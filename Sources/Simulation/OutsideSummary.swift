// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Quantities
import RiskEngine

/// What came in from outside in a replay besides fills of orders: depth, quotes, collateral sold.
///
/// Money in millionths of the quote currency.
public struct OutsideSummary: Hashable, Sendable {
  /// Reports of the depth of all books.
  public internal(set) var depthReports = 0
  /// Requests for quotes, and the answers of makers to them.
  public internal(set) var requests = 0
  public internal(set) var answers = 0
  /// How many of them a relayer passed on, and what relayers were paid.
  public internal(set) var relayed = 0
  public internal(set) var relayFees: Int64 = 0
  /// Requests of which anything was filled.
  public internal(set) var filledRequests = 0
  /// Notional at the marks that makers took at their own prices.
  public internal(set) var quotedValue: Int64 = 0
  /// Sales of collateral in a spot market or under the hammer.
  public internal(set) var sales = 0
  /// Parts of them that somebody bought.
  public internal(set) var saleFills = 0
  /// What was sold at its price as collateral, and what was paid for it.
  public internal(set) var soldValue: Int64 = 0
  public internal(set) var salePaid: Int64 = 0
}

/// Follows what comes in from outside.
struct OutsideWatch {
  private var summary = OutsideSummary()
  /// Notional of the order whose trades are being booked.
  private var value: Int64 = 0

  mutating func take(_ event: LedgerEvent, _ engine: Engine) {
    switch event {
    case .depthReported: summary.depthReports += 1
    case .quoteRequested: summary.requests += 1
    case .quoteAnswered: summary.answers += 1
    case .answerRelayed:
      summary.answers += 1
      summary.relayed += 1
    case .liquidationOrderIssued: value = 0
    case .traded(let trade) where trade.cause == .liquidation:
      let notional = engine.valuation?.notional(trade.size, of: trade.instrument) ?? 0
      value = WaterfallCosts.sum(value, notional)
    case .requestClosed(_, let filled) where filled > .zero:
      summary.filledRequests += 1
      summary.quotedValue = WaterfallCosts.sum(summary.quotedValue, value)
    case .collateralOffered: summary.sales += 1
    case .transferred(let transfer) where transfer.reason == .collateralSale:
      guard let asset = engine.state.listing.index(of: transfer.amount.asset), asset != 0 else {
        return
      }
      let worth = engine.valuation?.quote(transfer.amount.units, asset: asset) ?? 0
      summary.soldValue = WaterfallCosts.sum(summary.soldValue, worth)
    case .transferred(let transfer) where transfer.reason == .relayFee && transfer.to != .fees:
      guard let asset = engine.state.listing.index(of: transfer.amount.asset) else { return }
      summary.relayFees = WaterfallCosts.sum(
        summary.relayFees, engine.valuation?.quote(transfer.amount.units, asset: asset) ?? 0)
    case .collateralSold(let fill):
      summary.saleFills += 1
      summary.salePaid = WaterfallCosts.sum(summary.salePaid, fill.paid)
    default: break
    }
  }

  /// - Returns: `nil` where nothing came in.
  var result: OutsideSummary? { summary == OutsideSummary() ? nil : summary }
}
