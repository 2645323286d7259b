// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities

// Charges on the net delta of an underlying, shared by who makes that delta.
extension RequirementEngine {
  /// A charge on a net size by each position's part of that size, with its sign: whoever reduces
  /// it has a negative share.
  func sizeParts(
    _ line: ChargeLine, _ underlying: AssetSymbol, _ portfolio: Portfolio
  ) -> [(place: Int, initial: Int64)] {
    Self.proportional(line.initial, deltas(of: underlying, portfolio).map { ($0.place, $0.delta) })
  }

  /// The basis charge Σ |D_e|·W_e − |D|·W by what each position adds to it at the margin; those
  /// parts add up to the whole, because twice the account has twice the charge.
  func basisParts(
    _ line: ChargeLine, _ underlying: AssetSymbol, _ portfolio: Portfolio
  ) -> [(place: Int, initial: Int64)] {
    guard let slot = layout.underlyings.firstIndex(of: underlying) else { return [] }
    let held = deltas(of: underlying, portfolio)
    let net = held.reduce(Int128(0)) { $0 + $1.delta }
    return Self.proportional(
      line.initial,
      held.map { part in
        let group = held.reduce(Int128(0)) {
          $1.expiry == part.expiry ? $0 + $1.delta : $0
        }
        let own = part.expiry < 0 ? bases.spots[slot] : bases.expiries[part.expiry]
        let weight =
          group.signum() * Int128(own) - net.signum() * Int128(bases.spots[slot])
        return (part.place, part.delta * weight)
      })
  }

  private func deltas(
    of underlying: AssetSymbol, _ portfolio: Portfolio
  ) -> [(place: Int, expiry: Int, delta: Int128)] {
    portfolio.positions.enumerated().compactMap { place, position in
      guard let index = layout.index(of: position.instrument),
        layout.listing.contracts[index].underlying == underlying
      else { return nil }
      return (
        place, Int(charges[index].expiry),
        Int128(position.size.steps) * Int128(charges[index].deltaQuantity)
      )
    }
  }

  /// A charge split in proportion to weights of either sign, as differences of a running total;
  /// nothing where the weights cancel out.
  static func proportional(
    _ charge: Int64, _ weights: [(place: Int, weight: Int128)]
  ) -> [(place: Int, initial: Int64)] {
    var running: Int128 = 0
    var largest: Int128 = 1
    let sums = weights.map { part in
      running += part.weight
      largest = max(largest, abs(running))
      return running
    }
    guard running != 0 else { return [] }
    // Sixty-two bits are left of a running total, so that its product with money fits.
    var scale: Int128 = 1
    while largest / scale >= 1 << 62 { scale *= 2 }
    let whole = running / scale
    guard whole != 0 else { return [] }
    var given: Int64 = 0
    return zip(weights, sums).map { part, sum in
      let upTo = (Int128(charge) * (sum / scale)).divided(by: whole, rounding: .down)
      let share = Int64(clamping: upTo) - given
      given += share
      return (part.place, share)
    }
  }
}
