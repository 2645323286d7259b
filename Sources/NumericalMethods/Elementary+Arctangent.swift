// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension Elementary {
  /// The angle of the point (x, y), from -π to π.
  ///
  /// - Parameters:
  ///   - y: The ordinate, finite.
  ///   - x: The abscissa, finite; the larger magnitude of both lies between 2^-1000 and 2^1000.
  /// - Returns: Radians, within 1.5 ulp; 0 for two zeros, π for a negative x with y a zero of
  ///   either sign. Anything not finite gives NaN.
  @inlinable public static func atan2(_ y: Double, _ x: Double) -> Double {
    let across = x.magnitude
    let up = y.magnitude
    let smaller = up < across ? up : across
    let larger = up < across ? across : up
    // Above tan(π/8) the angle is counted from the diagonal.
    let isSteep = smaller > larger * 0x1.a827999fcef32p-2
    let top = isSteep ? smaller - larger : smaller
    let bottom = isSteep ? smaller + larger : larger
    let t = bottom == 0 ? 0 : top / bottom
    let z = t * t
    let z2 = z * z
    let z4 = z2 * z2
    let p0 = -0x1.5555555555555p-2 + 0x1.9999999999953p-3 * z
    let p2 = -0x1.249249248d7eep-3 + 0x1.c71c71c304b68p-4 * z
    let p4 = -0x1.745d165df3f95p-4 + 0x1.3b1392d9e785cp-4 * z
    let p6 = -0x1.110e880a7a521p-4 + 0x1.e19a13b9fc6dfp-5 * z
    let p8 = -0x1.ac7a938b69c93p-5 + 0x1.74ddd408bb4c1p-5 * z
    let p10 = -0x1.1b33b923aa954p-5 + 0x1.0ad36a455cafbp-6 * z
    let upper = (p8 + p10 * z2) * z4 + (p4 + p6 * z2)
    let series = upper * z4 + (p0 + p2 * z2)
    let rest = t * (z * series)
    // The angle is ±(a multiple of π/4) ± (t + rest): the multiple in two parts.
    let isUpright = up > across
    let sign: Double = isUpright ? -1 : 1
    let turn: Double = (isSteep ? 1 : isUpright ? 2 : 0)
    let isBehind = x < 0
    let wholeTurn = isBehind ? 4 - turn : turn
    let wholeSign = isBehind ? -sign : sign
    let high = wholeTurn * 0x1.921fb54442d18p-1
    let low = wholeTurn * 0x1.1a62633145c07p-55
    let sum = DoubleDouble.orderedSum(high, wholeSign * t)
    let angle = sum.high + (sum.low + (low + wholeSign * rest))
    let result = y < 0 ? -angle : angle
    // Zero times a finite number is 0: only what is not finite leaves a trace.
    let trace = 0 * x + 0 * y
    return trace == 0 ? result : .nan
  }
}
