// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

// Jäckel's four branches meet at the inflection c = √(2m) of the price, and where the tangent
// there reaches price 0 and price 1. At c both arguments of Ψ are known, a - t = 0 and a + t = c,
// so the part is 1/2 - Ψ(c) and its slope 1/√(2π).

/// A first estimate, and the branch whose objective refines it.
enum DeviationEstimate {
  case lowest(Double)
  case middle(Double)
  case highest(Double)
}

extension NormalizedBlack {
  /// The estimate of a price.
  ///
  /// For forward and strike within a factor of 3.08 the values where the branches meet are
  /// polynomials in c with relative errors below 5e-5, more than an estimate needs.
  /// Coefficients: implied_volatility_coefficients.py among the reference values.
  @inline(__always)
  func estimate(part: Double, rest: Double) -> DeviationEstimate {
    let c = (2 * magnitude).squareRoot()
    guard c <= 1.5 else { return farEstimate(part, rest, center: c) }
    let square = c * c
    let lowPart =
      square
      * polynomial(
        0.07560932231, -0.09668514116, 0.08029439842, -0.05030209297, 0.02315338559,
        -0.006833395591, 0.0009391441934, at: c)
    if part < lowPart { return .lowest(nearLowest(part, lowPart, c)) }
    let centerPart =
      c
      * polynomial(
        0.3989416795, -0.2499605292, 0.1325482406, -0.0606746406, 0.02277343525,
        -0.005980473288, 0.0007736890554, at: c)
    if part <= centerPart {
      let tangentLow =
        square
        * polynomial(
          0.6266565446, -0.3332989245, 0.1562877968, -0.06508268355, 0.02281123367,
          -0.005731064913, 0.0007222312479, at: c)
      let lowSlope = polynomial(
        3.446058516, 1.169859461, -0.3049829233, -0.04648251083, 0.06059449745,
        -0.01364485989, at: c)
      return .middle(
        Self.bentAtStart(
          part, from: (centerPart, c, Self.rootOf2Pi), to: (lowPart, tangentLow, lowSlope)))
    }
    let highRest = polynomial(
      0.2100995409, -0.0003894209603, -0.05848038767, 0.05259025703, -0.02223380039,
      0.003856203626, at: c)
    let tangentHigh = c + (1 - centerPart) * Self.rootOf2Pi
    guard rest >= highRest else {
      return .highest(highest(rest, tangentHigh, self.rest(at: tangentHigh)))
    }
    let highSlope = polynomial(
      5.497468471, 0.01308279542, 0.6763902124, -0.7983791045, 0.39102794, -0.07382778717,
      at: c)
    return .middle(
      Self.bentAtStart(
        part, from: (centerPart, c, Self.rootOf2Pi), to: (1 - highRest, tangentHigh, highSlope)))
  }

  /// The lowest branch of an option near the money.
  @inline(__always)
  private func nearLowest(_ part: Double, _ lowPart: Double, _ c: Double) -> Double {
    let end = polynomial(
      0.2682636894, 0.1239295707, -0.00332060817, -0.0005051705417, 0.004736044441,
      -0.0005448942916, at: c)
    let slope = polynomial(
      0.1714788976, 0.1277712732, 0.008838531945, -0.004549772597, 0.006036728483,
      -0.0005937104435, at: c)
    let control = polynomial(
      9.075855246, -0.8767622217, 0.8648739794, -0.2783007196, 0.04753669252, 0.01454480624,
      at: c)
    // The rational cubic from (0, 0) with slope 1, times the square of its width.
    let left = lowPart - part
    let mapped = left * left + part * ((control * end - slope) * left + end * part)
    let divisor = lowPart * lowPart + (control - 3) * (part * left)
    let ratio = part * mapped / (divisor * (Self.mapFactor * magnitude))
    return lowestDeviation(logarithm: Self.roughLogarithm(ratio))
  }

  /// Every other price, by the values where the branches meet.
  private func farEstimate(
    _ part: Double, _ rest: Double, center: Double
  ) -> DeviationEstimate {
    let tail = Self.scaledTailValue(center)
    let centerPart = 0.5 - tail
    let start = (centerPart, center, Self.rootOf2Pi)
    if part <= centerPart {
      let tangentLow = center - centerPart * Self.rootOf2Pi
      let low = self.part(at: tangentLow)
      if part < low.value { return .lowest(lowest(part, tangentLow, low)) }
      let slope = Self.rootOf2Pi / low.exponential
      return .middle(Self.bentAtStart(part, from: start, to: (low.value, tangentLow, slope)))
    }
    let tangentHigh = center + (0.5 + tail) * Self.rootOf2Pi
    let high = self.rest(at: tangentHigh)
    if rest < high.value { return .highest(highest(rest, tangentHigh, high)) }
    let slope = Self.rootOf2Pi / high.exponential
    return .middle(
      Self.bentAtStart(part, from: start, to: (1 - high.value, tangentHigh, slope)))
  }

  /// 2π / (3√3).
  private static var mapFactor: Double { 1.209_199_576_156_145_2 }

  /// The estimate below the lower tangent's root: rational in N(-a/√3)³, which has the price's
  /// behavior for small deviations.
  private func lowest(_ part: Double, _ s: Double, _ low: Point) -> Double {
    let y = low.a * 0.577_350_269_189_625_8
    let tail = Self.scaledTailValue(y)
    let growth = Elementary.exp(0.5 * (low.t * low.t))
    let map = (Self.mapFactor * magnitude) * (tail * tail * tail) * (low.exponential * growth)
    // 2π / 3.
    let slope = (2.094_395_102_393_195_5 * (low.a * low.a)) * (tail * tail) * growth
    let bend = (0.5 * (low.t * s) - 2 - 2 * y * (y - Self.inverseRootOf2Pi / tail)) / s
    let second = slope * bend * Self.rootOf2Pi / low.exponential
    let mapped = Self.bentAtEnd(
      part, to: (low.value, map, slope), startSlope: 1, secondDerivative: second)
    let ratio = (mapped > 0 ? mapped : part) / (Self.mapFactor * magnitude)
    return lowestDeviation(logarithm: Elementary.log(ratio))
  }

  /// s with N(-a/√3)³ e^(m/2) = e^logarithm.
  private func lowestDeviation(logarithm: Double) -> Double {
    let third = (logarithm - 0.5 * magnitude) * (1.0 / 3)
    let y = Self.quantile(logarithm: third)
    return magnitude * y.denominator / (1.732_050_807_568_877_2 * y.numerator)
  }

  /// The estimate above the upper tangent's root: rational in N(-s/2).
  private func highest(_ rest: Double, _ s: Double, _ high: Point) -> Double {
    let square = high.a * high.a
    let growth = Elementary.exp(0.5 * square)
    let map = growth * high.exponential * Self.scaledTailValue(high.t)
    let slope = 0.5 * growth
    let second = slope * (square / s) * Self.rootOf2Pi / high.exponential
    let mapped = Self.bentAtEnd(
      rest, to: (high.value, map, slope), startSlope: 0.5, secondDerivative: second)
    let logarithm = Elementary.log(mapped > 0 ? mapped : 0.5 * rest) - 0.5 * magnitude
    let y = Self.quantile(logarithm: logarithm)
    return 2 * y.numerator / y.denominator
  }

  /// The y with ln N(-y) = `logarithm`, as a quotient within 4.5e-4, for N(-y) up to a half.
  ///
  /// Source: M. Abramowitz, I. Stegun, Handbook of Mathematical Functions, 26.2.23.
  @inline(__always)
  private static func quantile(logarithm: Double) -> (numerator: Double, denominator: Double) {
    let r = (-2 * logarithm).squareRoot()
    let numerator = 2.515517 + r * (0.802853 + r * 0.010328)
    let denominator = 1 + r * (1.432788 + r * (0.189269 + r * 0.001308))
    return (r * denominator - numerator, denominator)
  }
}

// Rational cubics: a cubic over a quadratic through two points with given slopes, whose third
// shape parameter, the control, sets the second derivative at one end.
// Source: R. Delbourgo, J. Gregory, SIAM J. Sci. Stat. Comput. 6 (1985), 967-976.
extension NormalizedBlack {
  typealias Knot = (point: Double, value: Double, slope: Double)

  /// The value at a point of the curve without curvature at its first knot.
  ///
  /// The control is (s₁ - s₀) / (chord - s₀). Numerator and denominator are multiplied by its
  /// denominator and by powers of the width, which leaves one division.
  @inline(__always)
  fileprivate static func bentAtStart(
    _ point: Double, from start: Knot, to end: Knot
  ) -> Double {
    let width = end.point - start.point
    let u = point - start.point
    let v = end.point - point
    let uv = u * v
    let rise = (end.slope - start.slope) * width
    let first = end.value - start.value - width * start.slope
    let ends = end.value * (u * u * u) + start.value * (v * v * v)
    let slopes = (width * uv) * (start.slope * v - end.slope * u)
    let values = uv * (end.value * u + start.value * v)
    return ((ends + slopes) * first + values * rise)
      / (width * (first * (width * width) + (rise - 3 * first) * uv))
  }

  /// The value at a point of the curve from the origin with a given second derivative at its end,
  /// or as near to that as it stays convex or concave.
  fileprivate static func bentAtEnd(
    _ point: Double, to end: Knot, startSlope: Double, secondDerivative: Double
  ) -> Double {
    let chord = end.value / end.point
    let rise = end.slope - startSlope
    let first = chord - startSlope
    let last = end.slope - chord
    var control = (0.5 * end.point * secondDerivative + rise) / last
    for least in [(startSlope + end.slope) / chord, rise / first, rise / last] {
      control = least > control ? least : control
    }
    // Straight data leave 0 / 0: any control gives the line.
    control = control < 1e10 ? control : 1e10
    let u = point / end.point
    let v = 1 - u
    let late = (control * end.value - end.point * end.slope) * (u * u * v)
    let early = (end.point * startSlope) * (u * v * v)
    return (end.value * (u * u * u) + late + early) / (1 + (control - 3) * (u * v))
  }
}

/// A polynomial of the sixth degree or less, as its even and odd powers apart.
@inline(__always)
private func polynomial(
  _ c0: Double, _ c1: Double, _ c2: Double, _ c3: Double, _ c4: Double, _ c5: Double,
  _ c6: Double = 0, at x: Double
) -> Double {
  let z = x * x
  let even = c0 + z * (c2 + z * (c4 + z * c6))
  let odd = c1 + z * (c3 + z * c5)
  return even + x * odd
}
