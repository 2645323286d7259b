// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import MarketData
import Parameters
import Pricing
import Quantities

// What is not known of a volatility counts against the account, option by option: a long as if
// volatility were lower, a short as if it were higher. Nothing nets, for the errors of two marks
// are two errors. Source of the form: Derive and Paradex, marks at the edge of the band.
extension RequirementEngine {
  /// Whether a charge depends on more than the trigger intervals bound, whatever they bound:
  /// volatilities not well known, net sizes of isolated and cross accounts.
  var hasUnboundedTerms: Bool {
    chargesStandaloneSizes
      || layout.underlyings.contains { parameters.terms.marks[$0].factor > .zero }
  }

  /// By which share volatilities of an underlying are moved against an account; 0 without the
  /// charge.
  func volatilityShare(_ underlying: AssetSymbol) -> Double {
    let terms = parameters.terms.marks[underlying]
    guard terms.factor > .zero else { return 0 }
    let stated = marked.liquidity.first { $0.underlying == underlying }?.volatilityUncertainty
    let uncertainty = max(stated ?? terms.ordinary, .zero)
    let share = terms.factor.value * max(uncertainty - terms.free, .zero).value
    return share < Self.largestShare ? share : Self.largestShare
  }

  /// Volatility eleven times as high is as uncertain as it gets: prices stay in their domain.
  private static let largestShare = 10.0

  /// The charge on one size step, long and short, millionths with the binary places of
  /// provisions, rounded up; `nil` where it leaves its field.
  func volatilityBand(
    _ index: Int, _ place: ListingLayout.Place, _ underlying: AssetSymbol
  ) -> (long: Int64, short: Int64)? {
    guard charges[index].isOption else { return (0, 0) }
    let share = volatilityShare(underlying)
    guard share > 0 else { return (0, 0) }
    guard let band = try? model.band(index, share: share, of: marked) else { return nil }
    let contract = layout.listing.contracts[index]
    // As in the scenario table: a step's base units × 10^6, for a settlement asset at its index.
    let slot = layout.collateralUnderlyings[place.settlement]
    let settlement = slot < 0 || contract.settlement == .inverse ? nil : marked.markets[slot]
    let scale =
      Double(contract.stepQuantity) * 0.01 * (settlement?.index.value ?? 1)
      * Double(1 << ContractCharges.provisionBits)
    func gate(_ move: Double) -> Int64? {
      let charge = (move * scale).rounded(.up)
      return charge < 0x1p62 ? Int64(charge) : nil
    }
    guard let long = gate(band.below), let short = gate(band.above) else { return nil }
    return (long, short)
  }
}

/// What a portfolio's provisions are for, millionths with their binary places.
struct ProvisionParts {
  /// Close fees and funding.
  private(set) var ordinary: Int128 = 0
  private(set) var peg: Int128 = 0
  private(set) var band: Int128 = 0

  var whole: Int128 { ordinary + peg + band }

  mutating func add(_ contract: ContractCharges, steps: Int64) {
    let size = Int128(steps.magnitude)
    let (provision, pegPart, bandPart) =
      steps > 0
      ? (contract.provisionLong, contract.pegLong, contract.bandLong)
      : (contract.provisionShort, contract.pegShort, contract.bandShort)
    ordinary += size * (Int128(provision) - Int128(pegPart) - Int128(bandPart))
    peg += size * Int128(pegPart)
    band += size * Int128(bandPart)
  }
}
