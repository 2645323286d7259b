// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// A place where a surface permits arbitrage.
public struct ArbitrageViolation: Hashable, Sendable {
  public enum Kind: UInt8, Hashable, Sendable, CaseIterable {
    /// The implied density is negative.
    case butterfly
    /// Total variance is smaller than at the time to expiry checked before.
    case calendar
  }

  public let kind: Kind
  public let yearsToExpiry: Double
  public let logMoneyness: Double
  /// g(k), or total variance less that of the time before; negative.
  public let amount: Double
}

/// A search for arbitrage on a dense grid, independent of the bounds that a fit keeps.
public struct ArbitrageCheck: Hashable, Sendable {
  /// Evenly spaced log-moneyness.
  public let logMoneyness: [Double]

  /// - Parameters:
  ///   - reach: The grid goes from minus to plus this log-moneyness, between 0.001 and 20.
  ///   - count: Points, between 2 and 100,001.
  /// - Throws: ``SurfaceRefusal/outOfDomain(_:value:)``.
  public init(reach: Double = 1.5, count: Int = 601) throws(SurfaceRefusal) {
    guard reach >= 0.001, reach <= 20 else { throw .outOfDomain("reach", value: reach) }
    guard count >= 2, count <= 100_001 else {
      throw .outOfDomain("count", value: Double(count))
    }
    let last = Double(count - 1)
    logMoneyness = (0..<count).map { reach * ((2 * Double($0) - last) / last) }
  }

  /// Every violation of a row of smiles, nearest expiry first.
  public func violations(
    of smiles: [(yearsToExpiry: Double, smile: SSVISmile)]
  ) -> [ArbitrageViolation] {
    var found: [ArbitrageViolation] = []
    for (index, entry) in smiles.enumerated() {
      for k in logMoneyness {
        let point = entry.smile.point(logMoneyness: k)
        let g = point.butterfly
        // Written so that NaN is a violation.
        if !(g >= 0) {
          found.append(violation(.butterfly, entry.yearsToExpiry, k, g))
        }
        guard index > 0 else { continue }
        let earlier = smiles[index - 1].smile.totalVariance(logMoneyness: k)
        let rise = point.totalVariance - earlier
        if !(rise >= 0) {
          found.append(violation(.calendar, entry.yearsToExpiry, k, rise))
        }
      }
    }
    return found
  }

  /// Every violation of a surface at its expiries.
  public func violations(of surface: VolatilitySurface) -> [ArbitrageViolation] {
    violations(of: surface.slices.map { ($0.yearsToExpiry, $0.smile) })
  }

  private func violation(
    _ kind: ArbitrageViolation.Kind, _ years: Double, _ k: Double, _ amount: Double
  ) -> ArbitrageViolation {
    ArbitrageViolation(kind: kind, yearsToExpiry: years, logMoneyness: k, amount: amount)
  }
}
