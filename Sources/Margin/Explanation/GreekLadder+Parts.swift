// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import MarketData
import Pricing
import Quantities

extension RequirementEngine {
  /// The Greeks of one position that has a price.
  func ladderPart(of position: Position, _ index: Int) throws(MarginError) -> LadderPart {
    let contract = layout.listing.contracts[index]
    let place = layout.places[index]
    guard let market = marked.markets[place.underlying] else { throw .unpriced(contract.name) }
    let steps = Double(position.size.steps)
    let quantity = steps * (Double(contract.stepQuantity) * 1e-8)
    var bucket = DeltaBucket.linear
    var greeks: EquityGreeks
    switch contract.kind {
    case .spot, .perpetual, .future:
      greeks = futureGreeks(contract, place, market, quantity: quantity)
    case .option(let right, let strike, _):
      (greeks, bucket) = try optionGreeks(
        index, right, strike.value, market, quantity: quantity)
    }
    if contract.settlement == .inverse {
      greeks.delta -= Double(position.cost) / Double(contract.settlementAsset.unitsPerWhole)
    } else {
      greeks = greeks.scaled(settlementPrice(place))
    }
    return LadderPart(
      place: LadderPlace(
        underlying: contract.underlying, expiry: contract.kind.expiry, bucket: bucket),
      greeks: greeks)
  }

  /// What one of the settlement asset is worth, quote units.
  private func settlementPrice(_ place: ListingLayout.Place) -> Double {
    let slot = layout.collateralUnderlyings[place.settlement]
    return slot < 0 ? 1 : marked.markets[slot]?.index.value ?? 0
  }

  private func futureGreeks(
    _ contract: Contract, _ place: ListingLayout.Place, _ market: UnderlyingMarket,
    quantity: Double
  ) -> EquityGreeks {
    let spot = market.index.value
    var (fixed, open) = (0.0, 1.0)
    var forward = spot
    switch contract.kind {
    case .perpetual: forward = marked.perpetuals[place.underlying].value
    case .future:
      let expiry = marked.expiries[place.expiry]
      forward = expiry.forward.value
      if let settling = expiry.settling { (fixed, open) = (settling.fixed, settling.open) }
    case .spot, .option: break
    }
    let slope = open * (forward / spot)
    guard contract.isReciprocal else { return EquityGreeks(delta: quantity * slope) }
    // −Q·S ÷ (fixed + open·F): without a fixed part the index cancels out.
    let price = fixed + open * forward
    let square = price * price
    return EquityGreeks(
      delta: -(quantity * fixed) / square,
      gamma: 2 * (quantity * fixed) * slope / (square * price))
  }

  private func optionGreeks(
    _ index: Int, _ right: OptionRight, _ strike: Double, _ market: UnderlyingMarket,
    quantity: Double
  ) throws(MarginError) -> (EquityGreeks, DeltaBucket) {
    let contract = layout.listing.contracts[index]
    let expiry = marked.expiries[layout.places[index].expiry]
    let spot = market.index.value
    let slope = expiry.forward.value / spot
    let coin = contract.settlement == .inverse ? spot / expiry.future.value : 1
    var (open, share) = (strike, 1.0)
    if let settling = expiry.settling {
      share = settling.open
      switch settling.option(strike: strike, forward: expiry.forward.value) {
      case .strike(let strike): open = strike
      case .certain:
        let isExercised = right.sign * (settling.expected.value - strike) > 0
        let delta = isExercised ? right.sign * (share * slope) : 0
        return (
          EquityGreeks(delta: quantity * (coin * delta)),
          settling.expected.value > strike ? .above90 : .below10
        )
      }
    }
    let value: OptionValue
    do {
      value = try Black76.value(
        forward: expiry.forward.value, strike: open, volatility: marked.volatilities[index],
        yearsToExpiry: expiry.years, right: right)
    } catch {
      throw .markOutOfRange(contract.name)
    }
    let scale = quantity * (coin * share)
    let greeks = value.greeks
    return (
      EquityGreeks(
        delta: scale * (greeks.delta * slope), gamma: scale * (greeks.gamma * (slope * slope)),
        vega: scale * greeks.vega, theta: scale * greeks.theta,
        vanna: scale * (greeks.vanna * slope), volga: scale * greeks.volga),
      DeltaBucket(callDelta: right == .call ? greeks.delta : greeks.delta + 1)
    )
  }

  /// Balances in coin, and unrealized profits that linear contracts settle in a coin.
  func coinParts(of portfolio: Portfolio) -> [LadderPart] {
    var held = portfolio.balances.map { Int128($0) }
    for position in portfolio.positions {
      guard let index = layout.index(of: position.instrument),
        layout.listing.contracts[index].settlement == .linear
      else { continue }
      let worth = Int128(position.size.steps) * Int128(charges[index].unitValue)
      held[Int(charges[index].settlement)] += worth - Int128(position.cost)
    }
    var parts: [LadderPart] = []
    for asset in held.indices where held[asset] != 0 && layout.collateralUnderlyings[asset] >= 0 {
      let collateral = layout.listing.collateral[asset].asset
      let underlying = layout.underlyings[layout.collateralUnderlyings[asset]]
      parts.append(
        LadderPart(
          place: LadderPlace(underlying: underlying, expiry: nil, bucket: .linear),
          greeks: EquityGreeks(
            delta: Double(Int64(clamping: held[asset])) / Double(collateral.unitsPerWhole))))
    }
    return parts
  }
}

extension EquityGreeks {
  /// The Greeks of so many times as much.
  func scaled(_ factor: Double) -> EquityGreeks {
    EquityGreeks(
      delta: delta * factor, gamma: gamma * factor, vega: vega * factor, theta: theta * factor,
      vanna: vanna * factor, volga: volga * factor)
  }
}
