// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Parameters
import Quantities

/// How the losses of underlyings net: a common factor, a share of its own in each, and a cap on
/// what one may take up of another (decision 14).
///
/// Grids are aligned when lane s of one is the same state of the factor as lane s of the other;
/// underlyings whose grids are not add up. For aligned underlyings with stand-alone losses S_u,
/// scenario profits P_u(s), shares v_u and w_u = 1 − v_u, and caps c_u:
///
///     C    = Σ (1 − c_u)·S_u + max c_u·S_u
///     J    = max(0, max over s of −Σ v_u·P_u(s)) + √Σ (w_u·S_u)²
///     G    = max over s of −Σ P_u(s)
///     SCAN = max(C, J, G), at most Σ S_u
///
/// The correlation ρ with the factor is stressed against the book: v = ρ/2 where underlyings
/// offset each other, J, and 1 where they add up, G; the worse counts. Each of the three is
/// subadditive, at most Σ S_u and S_u for one underlying alone. Money in millionths, shares in
/// billionths.
struct NettingTable: Sendable {
  /// Underlyings with the same number net with each other.
  let groups: [Int32]
  /// c by underlying slot, billionths.
  let caps: [Int64]
  /// v by underlying slot, billionths, rounded down.
  let factorShares: [Int64]
  /// Without a cap above zero the losses add up, whatever the correlations.
  let isActive: Bool

  init(_ layout: ListingLayout, grids: [ScenarioGrid], _ parameters: MarginTermParameters) {
    let netting = layout.underlyings.map { parameters.netting[$0] }
    groups = grids.indices.map { slot in
      Int32(grids.firstIndex { $0.isAligned(with: grids[slot]) } ?? slot)
    }
    caps = netting.map(\.offsetCap.billionths)
    factorShares = netting.map { $0.correlation.billionths / 2 }
    isActive = caps.contains { $0 > 0 }
  }
}

/// The smallest integer whose square is at least `square`.
func ceilingSquareRoot(_ square: UInt128) -> UInt64 {
  guard square > 1 else { return UInt64(square) }
  guard square < UInt128(UInt64.max) * UInt128(UInt64.max) else { return .max }
  // The estimate is good to 52 bits; a step of Newton's method from it is the root or one more,
  // and the integers decide.
  let shift = (max(66 - square.leadingZeroBitCount, 0) + 1) / 2
  let head = Double(UInt64(truncatingIfNeeded: square >> UInt128(2 * shift)))
  let scaled = (head.squareRoot() * Double(1 << shift)).rounded(.up)
  let estimate = UInt128(scaled < 0x1p64 ? UInt64(scaled) : .max)
  var root = min((estimate + square / estimate) / 2, UInt128(UInt64.max))
  while root * root > square { root -= 1 }
  while root * root < square { root += 1 }
  return UInt64(root)
}

/// The stand-alone losses of one group, gathered, and their netted sum.
struct NettedGroup {
  private var total: Int128 = 0
  /// Billionths of a millionth.
  private var kept: Int128 = 0
  private var largestOffset: Int128 = 0
  /// Σ of the squares of the losses' own shares, millionths.
  private var squares: UInt128 = 0

  /// - Parameter loss: 0 to the limit of requirements.
  mutating func add(_ loss: Int64, slot: Int, _ table: NettingTable) {
    let one = Rate.one.billionths
    let offset = Int128(table.caps[slot]) * Int128(loss)
    total += Int128(loss)
    kept += Int128(one) * Int128(loss) - offset
    largestOffset = max(largestOffset, offset)
    let own = QuoteMoney.charge(loss, rate: one - table.factorShares[slot])
    // Below 2^122 each; a sum beyond 128 bits is above any requirement.
    let (sum, overflows) = squares.addingReportingOverflow(UInt128(own) * UInt128(own))
    squares = overflows ? .max : sum
  }

  /// - Parameters:
  ///   - factorLoss: Worst joint loss of the factor's shares, at least 0, billionths of a
  ///     millionth.
  ///   - jointLoss: Worst joint loss in full, millionths.
  func charge(factorLoss: Int128, jointLoss: Int128) -> Int64 {
    let capped = (kept + largestOffset).divided(by: 1_000_000_000, rounding: .up)
    let factor =
      factorLoss.divided(by: 1_000_000_000, rounding: .up) + Int128(ceilingSquareRoot(squares))
    return QuoteMoney.clampedCharge(min(total, max(capped, factor, jointLoss)))
  }
}
