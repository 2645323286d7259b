// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Parameters
import Quantities

/// The tables of netting and of net deltas as the sweep reads them: an underlying's in one place
/// of memory, without divisions of 128 bits.
///
/// Numbers are those of the engine's own tables; where one of these forms cannot give the same
/// integer, the engine's function is asked.
struct SweepTerms: Sendable {
  /// By underlying slot.
  private(set) var underlyings: [Underlying] = []
  /// The segments of all curves, a curve's next to one another, the last of each a sentinel.
  private var segments: [Segment] = []
  /// The first segment of each curve and its first hint, by slot and side; underlyings that are
  /// charged alike share a curve, for the nearest cache has room for few.
  private var starts: [(segment: Int, hint: Int)] = []
  /// Where the search for a notional begins, by curve, then by its size: four of an octave.
  private var hints: [UInt8] = []
  /// Upper ends and rates of the tier floor, by underlying, then row; ends in millionths, rounded
  /// down, rates rounded up.
  private var ends: [Double] = []
  private var rates: [Double] = []
  private let rowCount: Int
  let hasFloor: Bool
  let hasSizes: Bool
  let hasBasis: Bool

  struct Underlying: Sendable {
    /// 10^−8 of the quote currency, and the same in millionths per 10^−8 of base units.
    var price: Int64
    var unitPrice: Double
    /// Basis charge of what has no expiry.
    var basis: Int64
    /// c of netting, billionths, and 1 − v.
    var offsetCap: UInt64
    var ownShare: Double
    /// Whether the tier floor's bound holds.
    var isFloorBounded: Bool
  }

  private struct Segment: Sendable {
    var knot: Int64
    var value: Int64
    var slope: Int64
  }

  private static let hintCount = 256

  init(_ engine: RequirementEngine) {
    rowCount = engine.netTiers.map(\.table.rows.count).max() ?? 0
    hasFloor = engine.parameters.terms.tierShare > .zero
    hasSizes = engine.sizes.isActive
    hasBasis = engine.bases.isActive
  }

  /// Takes over an engine's block; memory is taken only where curves have more knots than before.
  mutating func rebuild(_ engine: RequirementEngine) {
    underlyings.removeAll(keepingCapacity: true)
    for slot in engine.layout.underlyings.indices {
      let price = engine.marked.markets[slot]?.index.steps ?? 0
      underlyings.append(
        Underlying(
          price: price, unitPrice: Double(price) * 1e-10, basis: engine.bases.spots[slot],
          offsetCap: UInt64(engine.netting.caps[slot]),
          ownShare: Double(Rate.one.billionths - engine.netting.factorShares[slot]) * 1e-9,
          isFloorBounded: engine.netTiers[slot].table.initialPerUnit == .zero))
    }
    if hasSizes { takeCurves(engine.sizes.curves) }
    if hasFloor { takeTiers(engine) }
  }

  // MARK: Size charges

  private mutating func takeCurves(_ curves: [SizeCurve]) {
    segments.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    hints.removeAll(keepingCapacity: true)
    for (number, curve) in curves.enumerated() {
      // Of the same side of the underlying before.
      if number > 1, isSame(curve, curves[number - 2]) {
        starts.append(starts[number - 2])
        continue
      }
      starts.append((segments.count, hints.count))
      for place in curve.knots.indices {
        segments.append(
          Segment(
            knot: curve.knots[place], value: curve.values[place], slope: curve.slopes[place]))
      }
      segments.append(Segment(knot: .max, value: 0, slope: 0))
      var place = 0
      for hint in 0..<Self.hintCount {
        let least = Self.least(hint)
        while place < 255, place + 1 < curve.knots.count, curve.knots[place + 1] <= least {
          place += 1
        }
        hints.append(UInt8(place))
      }
    }
  }

  private func isSame(_ curve: SizeCurve, _ other: SizeCurve) -> Bool {
    curve.knots == other.knots && curve.values == other.values && curve.slopes == other.slopes
  }

  /// The smallest notional of a hint, four of which make an octave.
  private static func least(_ hint: Int) -> Int64 {
    let octave = hint / 4
    let quarters = Int64(4 + hint % 4)
    guard octave < 60 else { return .max }
    return octave >= 2 ? quarters << Int64(octave - 2) : (quarters << Int64(octave)) / 4
  }

  /// ``SizeTable/charge(slot:isShort:notional:)``.
  ///
  /// - Parameter notional: 0 to the limit of requirements.
  @inline(__always)
  func sizeCharge(_ slot: Int, isShort: Bool, notional: Int64) -> Int64 {
    let curve = SizeTable.place(slot, isShort: isShort)
    let segments = segments.span
    // Exponent and the first two digits of the mantissa: quarters of an octave.
    let bits = Int(truncatingIfNeeded: Double(notional).bitPattern >> 50) - 4 * 1_023
    let start = starts.span[curve]
    let hint = hints.span[start.hint + min(max(bits, 0), Self.hintCount - 1)]
    // A quarter of an octave has hardly ever two knots: one step without a branch.
    var place = start.segment + Int(hint)
    place += segments[place + 1].knot <= notional ? 1 : 0
    while segments[place + 1].knot <= notional { place += 1 }
    // A notional beyond 2^53 may have been rounded up into the next hint.
    while segments[place].knot > notional { place -= 1 }
    let segment = segments[place]
    let product = UInt64(bitPattern: segment.slope).multipliedFullWidth(
      by: UInt64(bitPattern: notional - segment.knot))
    let (low, carries) = product.low.addingReportingOverflow((1 << 40) - 1)
    let high = product.high + (carries ? 1 : 0)
    guard high < 1 << 37 else { return QuoteMoney.limit }
    let above = Int64(bitPattern: high << 24 | low >> 40)
    return min(segment.value + above, QuoteMoney.limit)
  }

  // MARK: The tier floor

  private mutating func takeTiers(_ engine: RequirementEngine) {
    ends.removeAll(keepingCapacity: true)
    rates.removeAll(keepingCapacity: true)
    let share = engine.parameters.terms.tierShare.value
    for slot in underlyings.indices {
      let tiers = engine.netTiers[slot]
      let unit = tiers.table.measure == .quantity ? underlyings[slot].unitPrice : 1
      for row in 0..<rowCount {
        let stated = tiers.table.rows[min(row, tiers.table.rows.count - 1)]
        let shrunk = stated.upper.map { Double($0) * Double(tiers.shrink) * 1e-9 }
        // An upper end is rounded down to a whole measure before it is compared.
        ends.append(shrunk.map { max($0 - 1, 0) * unit * (1 - 1e-9) - 1 } ?? .infinity)
        rates.append(stated.initial.value * share * (1 + 1e-9))
      }
    }
  }

  /// No less than ``RequirementEngine/tierFloor(_:_:_:)``.
  @inline(__always)
  func floorBound(_ slot: Int, notional: Int64) -> Double {
    let size = Double(notional)
    let start = slot * rowCount
    var row = start
    while size > ends.span[row] { row += 1 }
    return size * rates.span[row] + 2
  }

  // MARK: Netting

  /// J rounded up, as a double that is not below it.
  ///
  /// - Parameters:
  ///   - squares: Σ (w·loss)² within a few roundings.
  ///   - count: Underlyings.
  @inline(__always)
  static func factorBound(_ high: Int64, _ low: Int64, squares: Double, count: Int) -> Double {
    let factor = -(Double(high) * 0x1p30 + Double(low)) * 1e-9
    return (max(factor, 0) + squares.squareRoot()) * (1 + 0x1p-40) + Double(count) + 4
  }
}

/// a × b ÷ divisor in integers, from an estimate in doubles that the remainder corrects.
///
/// - Parameter inverse: 1 ÷ divisor, to the last bits.
/// - Returns: Quotient, rounded down, and remainder; `nil` from 2^50 on.
@inline(__always)
func scaled(
  _ one: UInt64, _ other: UInt64, divisor: Int64, inverse: Double
) -> (quotient: Int64, remainder: Int64)? {
  let estimate = Double(one) * Double(other) * inverse
  guard estimate < 0x1p50 else { return nil }
  // Four roundings of 2^-53 leave the estimate within one of the quotient, and the difference
  // of the products within 64 bits.
  var quotient = Int64(estimate)
  var remainder = Int64(bitPattern: one &* other) &- quotient &* divisor
  while remainder < 0 {
    quotient -= 1
    remainder += divisor
  }
  while remainder >= divisor {
    quotient += 1
    remainder -= divisor
  }
  return (quotient, remainder)
}
