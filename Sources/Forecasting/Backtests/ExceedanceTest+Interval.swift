// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

extension ExceedanceTest {
  /// The frequencies that a count does not contradict: the exact interval of a binomial share.
  ///
  /// Each end leaves half of `level` beyond it.
  /// Source: C. Clopper, E. Pearson, Biometrika 26 (1934), 404-413.
  /// - Parameters:
  ///   - exceedances: 0 to `observations`.
  ///   - observations: 1 to 100,000.
  ///   - level: What the interval may miss, above 0, at most 0.5; 0.05 by custom.
  /// - Returns: Ends inside 0 to 1, to 1e-9.
  /// - Throws: ``ForecastingError/outOfBounds(_:)``.
  public static func frequencyInterval(
    exceedances: Int, observations: Int, level: Double = 0.05
  ) throws(ForecastingError) -> ClosedRange<Double> {
    guard (1...100_000).contains(observations), (0...observations).contains(exceedances) else {
      throw .outOfBounds(.observations)
    }
    guard level > 0, level <= 0.5 else { throw .outOfBounds(.level) }
    // Inside (0, 1), where the cumulative probability is defined.
    let least = 1e-12
    let share = max(least, min(1 - least, Double(exceedances) / Double(observations)))
    func cumulative(_ count: Int, _ probability: Double) -> Double {
      let value = try? TrafficLight.cumulative(
        count, observations: observations, probability: probability)
      return value ?? .nan
    }
    var lower = 0.0
    var upper = 1.0
    do throws(RootError) {
      if exceedances > 0 {
        lower = try bracketedRoot(lower: least, upper: share, tolerance: 1e-11) {
          1 - cumulative(exceedances - 1, $0) - 0.5 * level
        }
      }
      if exceedances < observations {
        upper = try bracketedRoot(lower: share, upper: 1 - least, tolerance: 1e-11) {
          cumulative(exceedances, $0) - 0.5 * level
        }
      }
    } catch {
      throw .outOfBounds(.level)
    }
    return lower...max(lower, upper)
  }
}
