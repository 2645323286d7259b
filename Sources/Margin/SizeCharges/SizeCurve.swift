// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

/// A charge on a notional as a chain of chords in integers: convex, never falling, 0 at 0.
///
/// At the knots it is at least what it is made from, rounded up; between them it is above
/// anything convex. For a charge that grows like size^1.5, the chords are at most 1.2 % above it
/// on knots with a ratio of √2, and 4.6 % with a ratio of 2. Beyond the last knot the last chord
/// goes on.
struct SizeCurve: Sendable {
  /// Millionths, rising from 0.
  let knots: [Int64]
  /// Charge at each knot, millionths.
  private(set) var values: [Int64]
  /// Charge per notional from each knot on, with 40 binary places.
  private(set) var slopes: [Int64]

  static let none = SizeCurve(knots: [0], charges: [0])

  /// Slopes and values stay below 2^60, so that the curves of all kinds add up in 64 bits.
  private static let most: Int128 = 1 << 60

  /// - Parameters:
  ///   - knots: Rising from 0, at most 2^60.
  ///   - charges: At each knot, the first 0; made convex where they are not by raising them.
  ///   - steepest: The largest slope, with 40 binary places; a chord that would be steeper stays
  ///     below the charges.
  init(knots: [Int64], charges: [Int64], steepest: Int128 = most) {
    self.knots = knots
    values = [0]
    slopes = []
    var slope: Int128 = 0
    for place in knots.indices.dropLast() {
      let width = Int128(knots[place + 1] - knots[place])
      let rise = max(Int128(charges[place + 1]) - Int128(values[place]), 0)
      slope = min(max(slope, (rise << 40).divided(by: width, rounding: .up)), steepest)
      let value = Int128(values[place]) + (slope * width + Self.roundUp) >> 40
      slopes.append(Int64(slope))
      values.append(Int64(min(value, Self.most)))
    }
    slopes.append(Int64(slope))
  }

  /// A charge that is the same share of every notional.
  init(knots: [Int64], share: Double) {
    self.knots = knots
    let scaled = (share * 0x1p40).rounded(.up)
    let slope = scaled < 0x1p60 ? Int128(scaled) : Self.most
    slopes = knots.map { _ in Int64(slope) }
    values = knots.map { knot in
      Int64(min((slope * Int128(knot) + Self.roundUp) >> 40, Self.most))
    }
  }

  var isFlat: Bool { slopes.allSatisfy { $0 == 0 } }

  /// The sum of curves over the same knots.
  static func + (left: Self, right: Self) -> Self {
    var sum = left
    for place in sum.knots.indices {
      sum.values[place] += right.values[place]
      sum.slopes[place] += right.slopes[place]
    }
    return sum
  }

  /// The first knot from which on the curve is steeper than a slope with 40 binary places; `nil`
  /// where it never is.
  func knot(steeperThan slope: Int64) -> Int64? {
    slopes.firstIndex { $0 > slope }.map { knots[$0] }
  }

  /// The charge on a notional, rounded up, at most the limit of requirements.
  func charge(_ notional: Int64) -> Int64 {
    QuoteMoney.clampedCharge((numerator(notional) + Self.roundUp) >> 40)
  }

  /// The same before rounding, with 40 binary places.
  ///
  /// - Parameter notional: 0 to the limit of requirements.
  func numerator(_ notional: Int64) -> Int128 {
    var low = 0
    var high = knots.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if knots[middle] <= notional { low = middle } else { high = middle }
    }
    return Int128(values[low]) << 40 + Int128(slopes[low]) * Int128(notional - knots[low])
  }

  private static var roundUp: Int128 { (1 << 40) - 1 }
}
