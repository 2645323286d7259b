// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// The gamma function's logarithm and the regularized incomplete gamma function.
public enum IncompleteGamma {
  /// ln Γ(x) by Stirling's series after raising the argument to 10 or more.
  ///
  /// Source: NIST Digital Library of Mathematical Functions, 5.5.1 and 5.11.1.
  /// - Parameter x: Positive; else the result is infinite.
  /// - Returns: Error below 5e-15 × max(1, |result|) up to 1e6.
  public static func logGamma(_ x: Double) -> Double {
    guard x > 0, x.isFinite else { return .infinity }
    var raised = x
    var product = 1.0
    while raised < 10 {
      product *= raised
      raised += 1
    }
    let square = 1 / (raised * raised)
    // B₂ₖ ÷ (2k(2k − 1)).
    let terms = [
      1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360_360, 1.0 / 156,
    ]
    var series = 0.0
    for term in terms.reversed() { series = series * square + term }
    let halfLogTwoPi = 0.918_938_533_204_672_7
    return (raised - 0.5) * Elementary.log(raised) - raised + halfLogTwoPi + series / raised
      - Elementary.log(product)
  }

  /// Q(a, x) = Γ(a, x)/Γ(a): the series of its complement below a + 1, Lentz's continued fraction
  /// above.
  ///
  /// Source: NIST Digital Library of Mathematical Functions, 8.11.4 and 8.9.2.
  /// - Parameters:
  ///   - a: 0.5 to 1,000.
  ///   - x: At least 0; below, the result is 1.
  /// - Returns: 0 to 1; error below 1e-12 absolutely, 1e-11 relatively above 1e-300.
  public static func upper(_ a: Double, _ x: Double) -> Double {
    guard x > 0 else { return 1 }
    guard x.isFinite else { return 0 }
    let scale = Elementary.exp(a * Elementary.log(x) - x - logGamma(a))
    return min(1, max(0, x < a + 1 ? 1 - scale * series(a, x) : scale * fraction(a, x)))
  }

  private static let mostTerms = 10_000

  private static func series(_ a: Double, _ x: Double) -> Double {
    var term = 1 / a
    var sum = term
    for k in 1...mostTerms {
      term *= x / (a + Double(k))
      sum += term
      if term < sum * 0x1p-54 { break }
    }
    return sum
  }

  private static func fraction(_ a: Double, _ x: Double) -> Double {
    let least = 1e-300
    var b = x + 1 - a
    var c = 1 / least
    var d = 1 / b
    var value = d
    for k in 1...mostTerms {
      let numerator = -Double(k) * (Double(k) - a)
      b += 2
      d = numerator * d + b
      if d.magnitude < least { d = least }
      c = b + numerator / c
      if c.magnitude < least { c = least }
      d = 1 / d
      let step = d * c
      value *= step
      if (step - 1).magnitude < 0x1p-52 { break }
    }
    return value
  }
}

extension IncompleteGamma {
  /// The probability that a χ² variable exceeds `statistic`.
  ///
  /// - Parameter degreesOfFreedom: 1 to 2,000.
  /// - Throws: ``ForecastingError/outOfBounds(_:)``.
  public static func chiSquaredTail(
    _ statistic: Double, degreesOfFreedom: Int
  ) throws(ForecastingError) -> Double {
    guard (1...2000).contains(degreesOfFreedom), !statistic.isNaN else {
      throw .outOfBounds(.degreesOfFreedom)
    }
    return upper(0.5 * Double(degreesOfFreedom), 0.5 * statistic)
  }
}
