// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import MarketData
import NumericalMethods
import Parameters
import Pricing
import Quantities

extension RequirementEngine {
  /// What one size step of a contract moves with its underlying: 10^−8 of base units, rounded
  /// once, half to even; negative for puts.
  ///
  /// Futures and perpetuals count by their size, options by the delta of their forward at the
  /// volatility of their mark. While the settlement price is averaged only its open share counts.
  func deltaQuantity(_ index: Int) -> Int64 {
    let place = layout.places[index]
    let quantity = charges[index].baseQuantity
    guard place.expiry >= 0 else { return quantity }
    let expiry = marked.expiries[place.expiry]
    let contract = layout.listing.contracts[index]
    guard case .option(let right, let strike, _) = contract.kind else {
      guard let settling = expiry.settling else { return quantity }
      return Int64((Double(quantity) * settling.open).rounded(.toNearestOrEven))
    }
    var distance = expiry.logForward - place.logStrike
    var open = 1.0
    if let settling = expiry.settling {
      open = settling.open
      switch settling.option(strike: strike.value, forward: expiry.forward.value) {
      case .strike(let strike): distance = expiry.logForward - Elementary.log(strike)
      case .certain:
        let isExercised = right.sign * (settling.expected.value - strike.value) > 0
        let share = isExercised ? right.sign * open : 0
        return Int64((Double(quantity) * share).rounded(.toNearestOrEven))
      }
    }
    let deviation = marked.volatilities[index] * expiry.years.squareRoot()
    let delta = Self.delta(right.sign, distance: distance, deviation: deviation)
    return Int64((Double(quantity) * (delta * open)).rounded(.toNearestOrEven))
  }

  /// How far an option's forward lies above its strike, in logarithms, and the share of its
  /// settlement price that is still open.
  ///
  /// - Returns: `nil` for what is no option, and where averaging has decided what it pays.
  func openDistance(_ index: Int) -> (distance: Double, open: Double)? {
    let contract = layout.listing.contracts[index]
    guard case .option(_, let strike, _) = contract.kind else { return nil }
    let place = layout.places[index]
    let expiry = marked.expiries[place.expiry]
    guard let settling = expiry.settling else { return (expiry.logForward - place.logStrike, 1) }
    switch settling.option(strike: strike.value, forward: expiry.forward.value) {
    case .strike(let strike): return (expiry.logForward - Elementary.log(strike), settling.open)
    case .certain: return nil
    }
  }

  /// What one size step of a contract moves with its volatility: 10^−8 of the quote currency per
  /// point (0.01), rounded once, half to even; zero of what is no option.
  ///
  /// F·φ(d₁)·√τ at the volatility of the mark (Black 1976), of which only the open share counts
  /// while the settlement price is averaged.
  func vegaQuantity(_ index: Int) -> Int64 {
    guard let (distance, open) = openDistance(index) else { return 0 }
    let expiry = marked.expiries[layout.places[index].expiry]
    let root = expiry.years.squareRoot()
    let deviation = marked.volatilities[index] * root
    guard deviation > 0 else { return 0 }
    let density = Normal.density(distance / deviation + 0.5 * deviation)
    let perUnit = expiry.forward.value * (density * (root * (open * 0.01)))
    let perStep = Double(charges[index].baseQuantity) * perUnit
    return Int64(min(perStep, Double(QuoteFills.most)).rounded(.toNearestOrEven))
  }

  /// The delta of an option on its forward.
  ///
  /// - Parameters:
  ///   - distance: ln(forward ÷ strike).
  ///   - deviation: σ√τ; 0 gives 1 in the money, 0 out of it and ½ at it.
  private static func delta(_ sign: Double, distance: Double, deviation: Double) -> Double {
    guard deviation > 0 else {
      return distance == 0 ? sign * 0.5 : sign * distance > 0 ? sign : 0
    }
    return sign * Normal.cumulative(sign * (distance / deviation + 0.5 * deviation))
  }
}

/// What moves between the expiries of an underlying cost, per net delta of each expiry.
///
/// With r_e = rate + ratePerYear·τ_e per expiry, r_0 = rate for what has none, net deltas Δ_e and
/// the price S:
///
///     A_basis = ½·S·(Σ_e r_e·|Δ_e| − r_0·|Σ_e Δ_e|)
///
/// With one rate for all that is rate × S × the delta that one expiry hedges of another. A dated
/// position by itself pays for the time it lies ahead. Form: Derive's forward contingency,
/// 4.5 % × (½ + 2τ) on the dated leg.
struct BasisTable: Sendable {
  /// ½·r·S in millionths per 10^−8 of base units, 40 binary places, rounded up; by expiry slot.
  private(set) var expiries: [Int64]
  /// The same for perpetuals and spot, by underlying slot; never above an expiry's.
  private(set) var spots: [Int64]
  let isActive: Bool
  private let rates: [BasisRates]

  private struct BasisRates {
    let spot: Int64
    let perYear: Int64
  }

  init(_ layout: ListingLayout, _ terms: MarginTermParameters) {
    rates = layout.underlyings.map { symbol in
      let basis = terms.basis[symbol]
      return BasisRates(
        spot: basis.rate.billionths, perYear: basis.ratePerYear.billionths)
    }
    isActive = rates.contains { $0.spot > 0 || $0.perYear > 0 }
    expiries = Array(repeating: 0, count: layout.expiries.count)
    spots = Array(repeating: 0, count: layout.underlyings.count)
  }

  mutating func rebuild(_ layout: ListingLayout, _ marked: MarkedListing) {
    for slot in spots.indices {
      spots[slot] = Self.weight(rates[slot].spot, marked.markets[slot]?.index ?? .zero)
    }
    for slot in expiries.indices {
      let expiry = layout.expiries[slot]
      let rates = rates[expiry.underlying]
      let remaining = max(expiry.time - marked.time, .zero)
      let perYear = Int128(rates.perYear) * Int128(remaining.nanoseconds)
      let ahead = perYear.divided(by: 365 * 86_400_000_000_000, rounding: .up)
      let rate = rates.spot + Int64(min(ahead, Int128(Rate.one.billionths)))
      expiries[slot] = Self.weight(rate, marked.markets[expiry.underlying]?.index ?? .zero)
    }
  }

  /// - Parameter rate: Billionths, at most two.
  private static func weight(_ rate: Int64, _ price: Price) -> Int64 {
    let (product, overflows) =
      (Int128(rate) * Int128(price.steps)).multipliedReportingOverflow(by: 1 << 40)
    guard !overflows else { return 1 << 62 }
    // 10^−9 × 10^−8 quote × 10^−8 base units to millionths, halved.
    return Int64(min(product.divided(by: 20_000_000_000_000_000_000, rounding: .up), 1 << 62))
  }
}
