// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import Ledger
public import Margin
public import MarketData
public import Parameters
public import Quantities
public import RiskEngine

/// A venue that is listed and marked, as accounts are opened in it.
public struct VenueMarket {
  public let listing: Listing
  public let snapshot: MarketSnapshot
  /// By dense index of the instrument.
  public let marks: [InstrumentMark]
  /// The first id an order may have.
  public let nextOrder: OrderID
  /// Where an account with a portfolio stands, by the very function that will admit its trades;
  /// `nil` when the portfolio has no price.
  public let risk: (Portfolio) -> AccountRisk?
  /// By dense index of the instrument; empty where no underlying is set apart.
  public let universes: [RiskUniverse]

  public init(
    listing: Listing, snapshot: MarketSnapshot, marks: [InstrumentMark], nextOrder: OrderID,
    universes: [RiskUniverse] = [], risk: @escaping (Portfolio) -> AccountRisk?
  ) {
    self.listing = listing
    self.snapshot = snapshot
    self.marks = marks
    self.nextOrder = nextOrder
    self.universes = universes
    self.risk = risk
  }

  /// The venue of an engine; `nil` until a block has marked every underlying.
  public init?(_ engine: Engine) {
    guard let valuation = engine.valuation else { return nil }
    self.init(
      listing: engine.state.listing, snapshot: engine.state.snapshot, marks: valuation.marks,
      nextOrder: engine.state.nextOrder, universes: engine.state.universes,
      risk: { valuation.risk($0) })
  }

  /// The value of one whole unit of a collateral asset in quote units; `nil` without an index.
  func wholeValue(ofCollateral asset: Int) -> Double? {
    guard let underlying = listing.collateral[asset].underlying else { return 1 }
    return snapshot[underlying]?.index.value
  }

  /// What one size step of a contract stands for, in quote units at the index: its quantity of
  /// coins times the index, or its quantity of quote units.
  func stepNotional(of instrument: Int) -> Double? {
    let contract = listing.contracts[instrument]
    let quantity = Double(contract.stepQuantity) / Double(Price.stepsPerOne)
    if contract.isReciprocal { return quantity }
    return snapshot[contract.underlying].map { quantity * $0.index.value }
  }

  /// The delta of an option by its underlying's own volatility; one for other contracts.
  func delta(of instrument: Int) -> Double? {
    let contract = listing.contracts[instrument]
    guard case .option(let right, let strike, let expiry) = contract.kind else { return 1 }
    guard let market = snapshot[contract.underlying] else { return nil }
    return optionDelta(
      right, forward: market.index.value, strike: strike.value,
      volatility: market.volatility.value, years: (expiry - snapshot.time).years)
  }
}
