// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import MarketData
import Quantities

extension ModelBook {
  /// An account of a venue at its engine's market, marks, forwards and volatilities as they are.
  ///
  /// Open orders are left out: models compare positions.
  /// - Throws: ``ModelError/notCovered(_:)`` for a contract that is unlisted, has no price, or
  ///   settles in neither the quote currency nor the coin of its underlying.
  public init(_ portfolio: Portfolio, _ engine: RequirementEngine) throws(ModelError) {
    let marked = engine.marked
    let layout = engine.layout
    var slots = Array(repeating: -1, count: layout.underlyings.count)
    var underlyings: [Underlying] = []
    for (slot, market) in marked.markets.enumerated() {
      guard let market else { continue }
      slots[slot] = underlyings.count
      underlyings.append(
        Underlying(
          symbol: market.underlying, index: market.index.value, basis: market.basis.value))
    }
    self.init(underlyings: underlyings)
    var places = Array(repeating: -1, count: layout.expiries.count)
    for position in portfolio.positions {
      guard let index = layout.index(of: position.instrument) else {
        throw .notCovered(position.instrument.description)
      }
      let place = layout.places[index]
      let name = layout.listing.contracts[index].name
      guard slots[place.underlying] >= 0 else { throw .notCovered(name) }
      if place.expiry >= 0, places[place.expiry] < 0 {
        places[place.expiry] = expiries.count
        expiries.append(Expiry(marked.expiries[place.expiry], slots[place.underlying]))
      }
      positions.append(
        try Position(
          position, engine, index: index, underlying: slots[place.underlying],
          expiry: place.expiry < 0 ? -1 : places[place.expiry]))
    }
    for (asset, balance) in zip(layout.listing.collateral.indices, portfolio.balances) {
      let collateral = layout.listing.collateral[asset]
      let amount = Double(balance) / Double(collateral.asset.unitsPerWhole)
      let slot = layout.collateralUnderlyings[asset]
      if slot < 0 {
        cash += amount
      } else if balance != 0 {
        guard slots[slot] >= 0 else { throw .notCovered(collateral.asset.description) }
        holdings.append(
          Holding(
            symbol: collateral.asset.symbol, amount: amount,
            price: underlyings[slots[slot]].index, underlying: slots[slot]))
      }
    }
  }
}

extension ModelBook.Expiry {
  fileprivate init(_ marked: MarkedExpiry, _ underlying: Int) {
    self.init(
      underlying: underlying, forward: marked.forward.value, years: marked.years,
      fixed: marked.settling?.fixed ?? 0, open: marked.settling?.open ?? 1)
  }
}

extension ModelBook.Position {
  fileprivate init(
    _ position: Position, _ engine: RequirementEngine, index: Int, underlying: Int, expiry: Int
  ) throws(ModelError) {
    let contract = engine.layout.listing.contracts[index]
    guard contract.settlement == .inverse || contract.settlementAsset == engine.layout.listing.quote
    else { throw .notCovered(contract.name) }
    let kind: ModelBook.Kind
    switch contract.kind {
    case .spot: throw .notCovered(contract.name)
    case .perpetual: kind = .perpetual
    case .future: kind = .future(expiry: expiry)
    case .option(let right, let strike, _):
      kind = .option(
        right, strike: strike.value, expiry: expiry,
        volatility: engine.marked.volatilities[index])
    }
    let mark = engine.marks[index]
    let units = Double(contract.settlementAsset.unitsPerWhole)
    let worth = position.size.steps * mark.unitValue
    self.init(
      name: contract.name, underlying: underlying, kind: kind,
      isInverse: contract.settlement == .inverse,
      quantity: Double(position.size.steps) * (Double(contract.stepQuantity) / 1e8),
      mark: mark.price.value, value: Double(worth) / units,
      profit: Double(position.unrealizedProfit(unitValue: mark.unitValue)) / units)
  }
}
