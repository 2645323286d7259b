// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import MarketData
import Parameters
public import Quantities

/// What an account's net deltas add to its requirement, millionths of the quote currency.
struct DeltaCharges {
  /// The share of the tier charges of its net sizes: the scenario loss counts as much at least.
  var floor: Int64 = 0
  /// Size and basis charges.
  var added: Int64 = 0
}

extension RequirementEngine {
  /// The charges on the net deltas of the gathered positions.
  func deltaCharges(_ positionCount: Int, _ scratch: inout RiskScratch) -> DeltaCharges {
    sumDeltas(positionCount, &scratch)
    var result = DeltaCharges()
    if bases.isActive { result.added = basisCharges(scratch) }
    for place in 0..<scratch.sized.count {
      let slot = scratch.sized[place]
      let delta = scratch.netDeltas[slot]
      let notional = netNotional(slot, delta)
      let size = sizes.charge(slot: slot, isShort: delta < 0, notional: notional)
      result.added = QuoteMoney.sum(result.added, size)
      result.floor = QuoteMoney.sum(result.floor, tierFloor(slot, delta, notional))
    }
    scratch.sized.removeAll()
    scratch.dated.removeAll()
    return result
  }

  /// The same for an account whose positions are not gathered.
  func sumDeltas(of positions: [Position], _ scratch: inout RiskScratch) {
    for place in positions.indices {
      guard let index = layout.index(of: positions[place].instrument) else { continue }
      scratch.rows[place] = UInt32(truncatingIfNeeded: index)
      scratch.sizes[place] = Int32(truncatingIfNeeded: positions[place].size.steps)
    }
    sumDeltas(positions.count, &scratch)
  }

  func sumDeltas(_ positionCount: Int, _ scratch: inout RiskScratch) {
    let charges = charges.span
    for place in 0..<positionCount {
      let index = Int(scratch.rows[place])
      let delta = Int128(scratch.sizes[place]) * Int128(charges[index].deltaQuantity)
      let slot = Int(charges[index].underlying)
      if scratch.sized.insert(slot) {
        scratch.netDeltas[slot] = 0
        scratch.spotDeltas[slot] = 0
      }
      scratch.netDeltas[slot] += delta
      let expiry = Int(charges[index].expiry)
      if expiry < 0 {
        scratch.spotDeltas[slot] += delta
      } else {
        if scratch.dated.insert(expiry) { scratch.expiryDeltas[expiry] = 0 }
        scratch.expiryDeltas[expiry] += delta
      }
    }
  }

  private func basisCharges(_ scratch: borrowing RiskScratch) -> Int64 {
    var charge: Int64 = 0
    for place in 0..<scratch.sized.count {
      let slot = scratch.sized[place]
      var gross = Self.weighted(scratch.spotDeltas[slot], bases.spots[slot])
      for dated in 0..<scratch.dated.count {
        let expiry = scratch.dated[dated]
        guard layout.expiries[expiry].underlying == slot else { continue }
        gross += Self.weighted(scratch.expiryDeltas[expiry], bases.expiries[expiry])
      }
      charge = QuoteMoney.sum(charge, basisCharge(slot, gross, net: scratch.netDeltas[slot]))
    }
    return charge
  }

  /// |Δ| × weight, with 40 binary places; 2^116 where it is more than that.
  static func weighted(_ delta: Int128, _ weight: Int64) -> Int128 {
    let (product, overflows) = abs(delta).multipliedReportingOverflow(by: Int128(weight))
    return overflows ? 1 << 116 : min(product, 1 << 116)
  }

  /// A_basis of one underlying, rounded up once.
  ///
  /// - Parameter gross: Σ of ``weighted(_:_:)`` over its expiries and what has none.
  func basisCharge(_ slot: Int, _ gross: Int128, net: Int128) -> Int64 {
    guard gross < 1 << 116 else { return QuoteMoney.limit }
    let apart = max(gross - Self.weighted(net, bases.spots[slot]), 0)
    return QuoteMoney.clampedCharge((apart + ((1 << 40) - 1)) >> 40)
  }

  /// A net delta at the index, rounded up to a millionth, at most the limit of requirements.
  func netNotional(_ slot: Int, _ delta: Int128) -> Int64 {
    let price = Int128(marked.markets[slot]?.index.steps ?? 0)
    let (product, overflows) = abs(delta).multipliedReportingOverflow(by: price)
    guard !overflows else { return QuoteMoney.limit }
    return QuoteMoney.clampedCharge(product.divided(by: 10_000_000_000, rounding: .up))
  }

  /// The share of the tier charge of a net delta that the scan counts at least, rounded up.
  func tierFloor(_ slot: Int, _ delta: Int128, _ notional: Int64) -> Int64 {
    let share = parameters.terms.tierShare.billionths
    guard share > 0 else { return 0 }
    return QuoteMoney.charge(
      netTiers[slot].charge(quantity: abs(delta), notional: notional), rate: share)
  }
}

// MARK: A block's tables

extension RequirementEngine {
  /// Takes over liquidity and price of one underlying; before the charges of its contracts.
  mutating func remeasureTerms(_ slot: Int) {
    guard let market = marked.markets[slot] else { return }
    let symbol = layout.underlyings[slot]
    sizes.rebuild(slot, market, marked.liquidity.first { $0.underlying == symbol })
    netTiers[slot].price = market.index
    netTiers[slot].shrink = NetTiers.shrink(
      tierTables[slot], price: market.index, volume: sizes.stressedVolume(slot),
      multiple: parameters.terms.tierVolumes[symbol])
  }

  /// What a unit of notional of a short or a perpetual is charged while its settlement asset is
  /// off its peg, billionths, rounded up.
  func pegRate(_ settlement: Int) -> Int64 {
    let slot = layout.collateralUnderlyings[settlement]
    guard slot >= 0, let market = marked.markets[slot] else { return 0 }
    let peg = parameters.terms.peg[layout.listing.collateral[settlement].asset.symbol]
    // Price steps are 10^−8.
    let distance = Int128(peg.threshold.billionths) - Int128(market.index.steps) * 10
    guard distance > 0 else { return 0 }
    let rate = (distance * Int128(peg.factor.billionths)).divided(
      by: 1_000_000_000, rounding: .up)
    return Int64(min(rate, 2_000_000_000))
  }
}

// MARK: The gap premium

extension RequirementEngine {
  /// What an account pays for jumps through its margin over a time, millionths of the quote
  /// currency: Σ over underlyings of its net notional × λ·E(loss beyond the margin)⁺, rounded up
  /// once per underlying.
  ///
  /// Nothing without jumps. Of any mode: who is liquidated by tiers leaves the same gap.
  /// - Throws: ``MarginError``, as ``risk(of:scratch:)`` does.
  public func gapPremium(
    of portfolio: Portfolio, over span: TimeSpan, scratch: inout RiskScratch
  ) throws(MarginError) -> Int64 {
    _ = try takeStock(of: portfolio, &scratch)
    guard sizes.isActive, span > .zero else { return 0 }
    sumDeltas(of: portfolio.positions, &scratch)
    var premium: Int64 = 0
    for place in 0..<scratch.sized.count {
      let slot = scratch.sized[place]
      let delta = scratch.netDeltas[slot]
      let curve = sizes.premiums[SizeTable.place(slot, isShort: delta < 0)]
      let perDay = curve.numerator(netNotional(slot, delta))
      premium = QuoteMoney.sum(premium, Self.share(perDay, of: span))
    }
    scratch.sized.removeAll()
    scratch.dated.removeAll()
    return premium
  }

  /// - Parameter perDay: With 40 binary places.
  private static func share(_ perDay: Int128, of span: TimeSpan) -> Int64 {
    let (product, overflows) = perDay.multipliedReportingOverflow(by: Int128(span.nanoseconds))
    guard !overflows else {
      // A day's premium of 2^70: as coarse as that, the time in seconds will do.
      let seconds = (span.nanoseconds - 1) / 1_000_000_000 + 1
      return QuoteMoney.clampedCharge(
        (((perDay >> 40) + 1) * Int128(seconds)).divided(by: 86_400, rounding: .up))
    }
    return QuoteMoney.clampedCharge(
      product.divided(by: 86_400_000_000_000 << 40, rounding: .up))
  }
}
