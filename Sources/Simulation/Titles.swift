// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Ledger
public import Margin
import Quantities

extension ChargeKind {
  /// The charge's name for people.
  public func title(in listing: Listing) -> String {
    switch self {
    case .scan(let underlying, let scenario): "worst scenario of \(underlying), \(scenario.title)"
    case .netting: "netting of underlyings"
    case .shortOptionMinimum: "short-option minimum"
    case .tierFloor: "tiers of the net sizes"
    case .concentration(let underlying): "concentration in \(underlying)"
    case .gap(let underlying): "jumps of \(underlying) through the margin"
    case .uncertainty(let underlying): "uncertainty of \(underlying)'s index"
    case .openInterest(let underlying): "open interest in \(underlying)"
    case .basis(let underlying): "basis between expiries of \(underlying)"
    case .tier(let id): "tier of \(name(of: id, in: listing))"
    case .option(let id): "option \(name(of: id, in: listing))"
    case .haircut(let asset): "haircut on \(asset)"
    case .provision: "closing fees and funding"
    case .peg: "settlement assets off their peg"
    case .orders: "open orders"
    case .buffer: "liquidation buffer"
    case .horizon(let underlying): "days to close \(underlying)"
    case .volatilityUncertainty: "uncertainty of volatilities"
    }
  }

  private func name(of instrument: InstrumentID, in listing: Listing) -> String {
    listing.index(of: instrument).map { listing.contracts[$0].name } ?? instrument.description
  }
}

extension LiquidationStage {
  /// The stage's name for people.
  public var title: String {
    switch self {
    case .cancelOrders: "cancel orders"
    case .partial: "partial liquidation"
    case .insuranceFund: "insurance fund"
    case .deleveraging: "auto-deleveraging"
    case .socializedLoss: "socialized loss"
    case .auction: "auction"
    case .pool: "backstop pool"
    }
  }
}

extension BindingScenario {
  /// The scenario's place in the grid, for people.
  fileprivate var title: String {
    switch self {
    case .none: "none loses"
    case .scenario(let index): "number \(index + 1) of the grid"
    case .skew(let state): "skew \(state)"
    }
  }
}

extension Contract {
  /// A size in the unit of the contract: coins, or quote units for inverse futures.
  func quantityText(_ size: Size, quote: Asset) -> String {
    let units = Int128(size.steps.magnitude) * Int128(stepQuantity)
    let unit = isReciprocal ? quote.symbol : underlying
    return "\(decimalText(units, decimals: 8)) \(unit)"
  }
}
