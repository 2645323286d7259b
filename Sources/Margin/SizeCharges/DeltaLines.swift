// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities

extension RequirementEngine {
  /// The lines of the net deltas, by plain loops apart from ``deltaCharges(_:_:)``.
  ///
  /// The kinds of one underlying's size charge split their sum by rounding up the running total.
  func deltaLines(of portfolio: Portfolio) -> (floor: Int64, lines: [(ChargeKind, Int64)]) {
    guard hasDeltaTerms else { return (0, []) }
    var lines: [(ChargeKind, Int64)] = []
    var floor: Int64 = 0
    for slot in layout.underlyings.indices {
      let held = portfolio.positions.compactMap { position -> (expiry: Int, delta: Int128)? in
        guard let index = layout.index(of: position.instrument),
          charges[index].underlying == slot
        else { return nil }
        return (
          Int(charges[index].expiry),
          Int128(position.size.steps) * Int128(charges[index].deltaQuantity)
        )
      }
      guard !held.isEmpty else { continue }
      let net = held.reduce(0) { $0 + $1.delta }
      let notional = netNotional(slot, net)
      floor = QuoteMoney.sum(floor, tierFloor(slot, net, notional))
      lines += sizeLines(slot, isShort: net < 0, notional)
      let basis = basisCharge(slot, gross(slot, held), net: net)
      if bases.isActive, basis > 0 { lines.append((.basis(layout.underlyings[slot]), basis)) }
    }
    return (floor, lines)
  }

  private func gross(_ slot: Int, _ held: [(expiry: Int, delta: Int128)]) -> Int128 {
    var gross: Int128 = 0
    for expiry in Set(held.map(\.expiry)).sorted() {
      let delta = held.reduce(0) { $1.expiry == expiry ? $0 + $1.delta : $0 }
      gross += Self.weighted(delta, expiry < 0 ? bases.spots[slot] : bases.expiries[expiry])
    }
    return gross
  }

  func sizeLines(
    _ slot: Int, isShort: Bool, _ notional: Int64
  ) -> [(ChargeKind, Int64)] {
    let symbol = layout.underlyings[slot]
    var numerator: Int128 = 0
    var before: Int64 = 0
    var lines: [(ChargeKind, Int64)] = []
    let curves = sizes.kinds[SizeTable.place(slot, isShort: isShort)]
    for (kind, curve) in zip(SizeCharge.allCases, curves) {
      numerator += curve.numerator(notional)
      let charge = QuoteMoney.clampedCharge((numerator + ((1 << 40) - 1)) >> 40)
      if charge > before { lines.append((kind.line(symbol), charge - before)) }
      before = charge
    }
    return lines
  }
}

extension SizeCharge {
  func line(_ underlying: AssetSymbol) -> ChargeKind {
    switch self {
    case .concentration: .concentration(underlying)
    case .gap: .gap(underlying)
    case .uncertainty: .uncertainty(underlying)
    case .openInterest: .openInterest(underlying)
    case .horizon: .horizon(underlying)
    }
  }
}
