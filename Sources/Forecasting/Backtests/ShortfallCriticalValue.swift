// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// Below which Z2 a forecast that is right falls how seldom, by simulation.
///
/// Of each run only the days beyond the range are drawn: the days between them are geometric, and
/// what lies beyond has the tail of the distribution. Equal input gives equal bits.
public enum ShortfallCriticalValue {
  /// The distribution that the days are drawn from; the forecast knows it.
  public enum Shape: CaseIterable, Hashable, Sendable {
    case normal
    /// Student's with 5 degrees of freedom.
    case studentFive
    /// Student's with 3 degrees of freedom, whose variance hardly exists.
    case studentThree
  }

  /// The value below which Z2 lies in a share `level` of the runs.
  ///
  /// - Parameters:
  ///   - observations: Days of a run, 1 to 100,000.
  ///   - probability: Of passing the range, above 0, at most 0.2.
  ///   - level: 0.05 by custom.
  ///   - runs: 100 to 100,000; the standard error of the result is about
  ///     √(level(1 − level) ÷ runs) over the density there, 0.01 with 10,000 runs of 250 days.
  /// - Throws: ``ForecastingError/outOfBounds(_:)``.
  public static func simulated(
    _ shape: Shape, observations: Int, probability: Double, level: Double = 0.05,
    runs: Int = 10_000, seed: UInt64 = 0x9_1135
  ) throws(ForecastingError) -> Double {
    guard (1...100_000).contains(observations) else { throw .outOfBounds(.observations) }
    guard probability > 0, probability <= 0.2 else { throw .outOfBounds(.probability) }
    guard level > 0, level < 1 else { throw .outOfBounds(.level) }
    guard (100...100_000).contains(runs) else { throw .outOfBounds(.runs) }
    let shortfall = shape.shortfall(probability)
    let stay = Elementary.log1p(-probability)
    var random = SplitMix64(seed: seed)
    var statistics: [Double] = []
    for _ in 0..<runs {
      var sum = 0.0
      var left = Double(observations)
      while true {
        // Days without an exceedance before the next one.
        left -= (Elementary.log(1 - random.nextUnit()) / stay).rounded(.down) + 1
        guard left >= 0 else { break }
        sum += shape.loss(beyond: probability * (1 - random.nextUnit())) / shortfall
      }
      statistics.append(1 - sum / (Double(observations) * probability))
    }
    return try EmpiricalTail(statistics).quantile(level)
  }
}

extension ShortfallCriticalValue.Shape {
  /// The loss that is passed with a probability in (0, 0.2].
  func loss(beyond probability: Double) -> Double {
    switch self {
    case .normal: -Normal.inverse(probability)
    case .studentFive: StudentAngle.five.loss(beyond: probability)
    case .studentThree: StudentAngle.three.loss(beyond: probability)
    }
  }

  /// The mean of the losses beyond that one.
  func shortfall(_ probability: Double) -> Double {
    switch self {
    case .normal: Normal.density(Normal.inverse(probability)) / probability
    case .studentFive: StudentAngle.five.shortfall(probability)
    case .studentThree: StudentAngle.three.shortfall(probability)
    }
  }
}

/// Student's distribution with an odd number of degrees of freedom ν as that of an angle:
/// t = √ν cot θ, and θ has the density c·sin^(ν−1) θ.
///
/// Source: W. Gosset, Biometrika 6 (1908), 1-25, in his own substitution.
private struct StudentAngle {
  let degrees: Int
  /// The density's constant c.
  let scale: Double

  static let three = StudentAngle(degrees: 3, scale: 0.636_619_772_367_581_3)
  static let five = StudentAngle(degrees: 5, scale: 0.848_826_363_156_775_1)

  /// Newton's steps from where the sine is its angle, down to rounding.
  private func angle(_ probability: Double) -> Double {
    let power = Double(degrees)
    var angle = min(1.4, Elementary.pow(power * probability / scale, 1 / power))
    for _ in 0..<60 {
      let step = (cumulative(angle) - probability) / (scale * sinePower(angle))
      angle = min(1.6, max(0.5 * angle, angle - step))
      if step.magnitude < 1e-14 * angle { break }
    }
    return angle
  }

  /// The probability of an angle below this one.
  private func cumulative(_ angle: Double) -> Double {
    let (sine, cosine) = (Elementary.sin(angle), Elementary.cos(angle))
    let pi = 3.141_592_653_589_793
    let series = degrees == 3 ? 1 : 1 + sine * sine * (2.0 / 3)
    return (angle - sine * cosine * series) / pi
  }

  private func sinePower(_ angle: Double) -> Double {
    let sine = Elementary.sin(angle)
    let square = sine * sine
    return degrees == 3 ? square : square * square
  }

  func loss(beyond probability: Double) -> Double {
    let angle = angle(probability)
    return Double(degrees).squareRoot() * (Elementary.cos(angle) / Elementary.sin(angle))
  }

  func shortfall(_ probability: Double) -> Double {
    let root = Double(degrees).squareRoot()
    return root * scale * sinePower(angle(probability)) / (Double(degrees - 1) * probability)
  }
}
