// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
public import MarketData
import NumericalMethods
public import Parameters
import Pricing
import Quantities
public import Volatility

/// The one function from market to marks: the same for a block, a scenario's center and a
/// liquidation price.
///
/// Spot: index. Perpetual: index·(1 + basis). Dated future: index·(1 + basis·min(τ/H, limit)),
/// so that it meets the index at expiry and carries the perpetual's basis at τ = H. Options:
/// Black-76 without discounting on the future of their expiry; an inverse option's price is in
/// coin, the quote price ÷ forward; none is worth more than its highest price. While an expiry's
/// settlement price is being averaged, its contracts are marked at the average to be expected
/// (`SettlingShare`). Every price is rounded once, half to even.
public struct MarkModel: Sendable {
  public let layout: ListingLayout
  public let surface: ParametricSurface
  private let shock: VolatilityShock
  private let skewShock: SkewShock
  private let carry: CarryParameters
  /// By dense index; `nil` takes the surface.
  private let givenVolatilities: [Double?]

  /// - Parameters:
  ///   - twists: Of the term and smile scenarios.
  ///   - givenVolatilities: Annualized volatilities by dense index that stand in for the surface,
  ///     for contracts with a quoted volatility; empty for none.
  /// - Throws: ``MarginError/malformedVolatility(_:)``.
  public init(
    _ layout: ListingLayout, _ parameters: SurfaceParameters, twists: TwistParameters = .none,
    givenVolatilities: [Double?] = []
  ) throws(MarginError) {
    self.layout = layout
    surface = ParametricSurface(parameters)
    shock = VolatilityShock(parameters.shock)
    skewShock = SkewShock(parameters.skewShock, twists: twists, level: shock)
    carry = parameters.carry
    let contracts = layout.listing.contracts
    for (index, volatility) in givenVolatilities.enumerated() {
      guard let volatility else { continue }
      guard index < contracts.count else { throw .malformedVolatility("contract \(index)") }
      guard contracts[index].isOption, volatility > 0, volatility <= 100
      else { throw .malformedVolatility(contracts[index].name) }
    }
    self.givenVolatilities =
      givenVolatilities
      + Array(repeating: nil, count: max(0, contracts.count - givenVolatilities.count))
  }

  /// The listing at a market.
  ///
  /// Underlyings absent from the snapshot stay without marks.
  /// - Throws: ``MarginError/markOutOfRange(_:)``.
  public func marked(at snapshot: MarketSnapshot) throws(MarginError) -> MarkedListing {
    var listing = MarkedListing(layout)
    try mark(&listing, at: snapshot)
    return listing
  }

  /// Marks a listing again, in place.
  func mark(_ listing: inout MarkedListing, at snapshot: MarketSnapshot) throws(MarginError) {
    listing.time = snapshot.time
    listing.settling = snapshot.settling
    listing.liquidity = snapshot.liquidity
    listing.collateral = snapshot.collateral
    for slot in layout.underlyings.indices {
      let market = snapshot[layout.underlyings[slot]]
      listing.markets[slot] = market
      listing.perpetuals[slot] = .zero
      guard let market else { continue }
      listing.perpetuals[slot] = try forward(market, multiple: .one)
    }
    for slot in layout.expiries.indices { try markExpiry(slot, of: &listing) }
    for index in layout.places.indices { try markContract(index, of: &listing) }
  }

  private func markExpiry(
    _ slot: Int, of listing: inout MarkedListing
  ) throws(MarginError) {
    let expiry = layout.expiries[slot]
    guard let market = listing.markets[expiry.underlying] else {
      listing.expiries[slot] = .unmarked
      return
    }
    let remaining = max(expiry.time - listing.time, .zero)
    let forward = try forward(market, multiple: carryMultiple(remaining))
    listing.expiries[slot] = MarkedExpiry(
      forward: forward, logForward: Elementary.log(forward.value), years: remaining.years,
      smile: surface.smile(level: market.volatility.value, yearsToExpiry: remaining.years),
      shockMoves: shock.moves(yearsToExpiry: remaining.years),
      skewMoves: skewShock.moves(yearsToExpiry: remaining.years),
      settling: settling(expiry.time, layout.underlyings[expiry.underlying], forward, listing))
  }

  /// The open share of an expiry whose window is the next of its underlying.
  private func settling(
    _ expiry: Timestamp, _ underlying: AssetSymbol, _ forward: Price, _ listing: MarkedListing
  ) -> SettlingShare? {
    let market = listing.settling.first { $0.underlying == underlying }
    guard let window = market?.window, window.end >= expiry else { return nil }
    return SettlingShare(window, forward: forward, at: listing.time)
  }

  /// min(τ ÷ horizon, limit), in billionths.
  private func carryMultiple(_ remaining: TimeSpan) -> Rate {
    let product = Int128(remaining.nanoseconds) * 1_000_000_000
    let multiple = product.divided(by: Int128(carry.horizon.nanoseconds), rounding: .halfEven)
    return Rate(billionths: Int64(min(multiple, Int128(carry.limit.billionths))))
  }

  private func forward(
    _ market: UnderlyingMarket, multiple: Rate
  ) throws(MarginError) -> Price {
    let scaled = Int128(market.basis.billionths) * Int128(multiple.billionths)
    let adjustment = scaled.divided(by: 1_000_000_000, rounding: .halfEven)
    let product = Int128(market.index.steps) * (1_000_000_000 + adjustment)
    let steps = product.divided(by: 1_000_000_000, rounding: .halfEven)
    guard steps > 0, steps <= Int128(Price.limit) else {
      throw .markOutOfRange(market.underlying.description)
    }
    return Price(steps: Int64(steps))
  }

  private func markContract(
    _ index: Int, of listing: inout MarkedListing
  ) throws(MarginError) {
    let contract = layout.listing.contracts[index]
    let place = layout.places[index]
    listing.volatilities[index] = 0
    guard let market = listing.markets[place.underlying] else {
      listing.marks[index] = InstrumentMark(price: .zero, unitValue: 0)
      return
    }
    do {
      let price: Price
      switch contract.kind {
      case .spot: price = market.index
      case .perpetual: price = listing.perpetuals[place.underlying]
      case .future: price = listing.expiries[place.expiry].future
      case .option(let right, let strike, _):
        let expiry = listing.expiries[place.expiry]
        let value = try value(
          of: index, right, strike.value, expiry, volatility: &listing.volatilities[index])
        let quoted = contract.settlement == .inverse ? value / expiry.future.value : value
        price = min(
          try Price(min(quoted, contract.highestPrice.value), rounding: .toNearestOrEven),
          contract.highestPrice)
      }
      let unitValue = try contract.unitValue(at: price)
      listing.marks[index] = InstrumentMark(price: price, unitValue: unitValue)
    } catch {
      throw .markOutOfRange(contract.name)
    }
  }

  /// An option in quote units, and the volatility at which it is marked.
  private func value(
    of index: Int, _ right: OptionRight, _ strike: Double, _ expiry: MarkedExpiry,
    volatility: inout Double
  ) throws(PricingError) -> Double {
    var logStrike = layout.places[index].logStrike
    if let settling = expiry.settling {
      switch settling.option(strike: strike, forward: expiry.forward.value) {
      case .strike(let strike): logStrike = Elementary.log(strike)
      case .certain: return max(right.sign * (settling.expected.value - strike), 0)
      }
    }
    volatility = givenVolatilities[index] ?? self.volatility(logStrike - expiry.logForward, expiry)
    return try value(of: index, right, strike, expiry, at: volatility)
  }

  /// The same at a volatility.
  private func value(
    of index: Int, _ right: OptionRight, _ strike: Double, _ expiry: MarkedExpiry,
    at volatility: Double
  ) throws(PricingError) -> Double {
    var (open, share) = (strike, 1.0)
    if let settling = expiry.settling {
      switch settling.option(strike: strike, forward: expiry.forward.value) {
      case .strike(let strike): (open, share) = (strike, settling.open)
      case .certain: return max(right.sign * (settling.expected.value - strike), 0)
      }
    }
    return try share
      * Black76.price(
        forward: expiry.forward.value, strike: open,
        totalVariance: (volatility * volatility) * expiry.years, right: right)
  }

  /// What an option loses where its volatility is lower, and gains where it is higher, by a share;
  /// quote units per base unit, never negative.
  ///
  /// - Parameter share: At least 0; a volatility that would fall below 0 is 0.
  func band(
    _ index: Int, share: Double, of listing: MarkedListing
  ) throws(PricingError) -> (below: Double, above: Double) {
    let contract = layout.listing.contracts[index]
    let place = layout.places[index]
    guard case .option(let right, let strike, _) = contract.kind,
      let market = listing.markets[place.underlying]
    else { return (0, 0) }
    let expiry = listing.expiries[place.expiry]
    let coin =
      contract.settlement == .inverse ? market.index.value / expiry.future.value : 1
    func value(_ volatility: Double) throws(PricingError) -> Double {
      try self.value(of: index, right, strike.value, expiry, at: volatility) * coin
    }
    let volatility = listing.volatilities[index]
    let now = try value(volatility)
    let below = now - (try value(share < 1 ? volatility * (1 - share) : 0))
    let above = try value(volatility * (1 + share)) - now
    return (below > 0 ? below : 0, above > 0 ? above : 0)
  }

  private func volatility(_ logMoneyness: Double, _ expiry: MarkedExpiry) -> Double {
    expiry.smile?.volatility(logMoneyness: logMoneyness) ?? 0
  }
}
