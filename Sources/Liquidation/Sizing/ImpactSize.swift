// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// A position and what selling a part of it costs, as real numbers; money in one unit throughout.
public struct ImpactProblem: Hashable, Sendable {
  /// Notional of the position, positive.
  public let notional: Double
  public let equity: Double
  /// Maintenance margin per notional.
  public let maintenanceRate: Double
  /// Equity ÷ maintenance margin that must be reached, at least 1.
  public let target: Double
  /// Fee per notional sold.
  public let feeRate: Double
  /// κ of the square-root law: selling x costs κ x^{3/2}.
  public let impact: Double

  /// The impact is that of the square-root law: κ = Y σ ÷ √V, with σ of one day, V traded in it.
  public init(
    notional: Double, equity: Double, maintenanceRate: Double, target: Double, feeRate: Double,
    dailyVolatility: Double, dailyVolume: Double, impactConstant: Double = 1
  ) {
    self.notional = notional
    self.equity = equity
    self.maintenanceRate = maintenanceRate
    self.target = target
    self.feeRate = feeRate
    impact = impactConstant * dailyVolatility / dailyVolume.squareRoot()
  }

  /// D = τ m N − E: what is missing to the target before anything is sold.
  public var deficit: Double { target * maintenanceRate * notional - equity }

  /// a = τ m − f: what a unit sold brings nearer to the target, impact apart.
  public var relief: Double { target * maintenanceRate - feeRate }

  /// The largest deficit that selling can cure, 4a³ ÷ 27κ², if the position is large enough;
  /// unlimited without impact.
  ///
  /// ``smallestSale`` ends at the notional.
  public var largestDeficit: Double {
    guard relief > 0 else { return 0 }
    guard impact > 0 else { return .infinity }
    return 4 * relief * relief * relief / (27 * impact * impact)
  }

  /// The smallest notional x whose sale restores the target.
  ///
  ///     E − f x − κ x^{3/2} = τ m (N − x)
  ///
  /// A cubic in √x, solved by cosines and one Newton step. Derived for this engine; what is left of
  /// the equation is at most 10⁻¹⁵ of the notional.
  /// - Returns: 0 if nothing is missing; `nil` where no sale can cure: then every unit sold costs
  ///   more than it frees, and the account must be passed on whole. `nil` too for numbers that are
  ///   not finite, or not of their range.
  public var smallestSale: Double? {
    let numbers = [notional, equity, maintenanceRate, target, feeRate, impact]
    guard numbers.allSatisfy(\.isFinite), notional >= 0, impact >= 0 else { return nil }
    guard deficit > 0 else { return 0 }
    guard relief > 0, deficit <= largestDeficit else { return nil }
    let root = refined(firstRoot)
    let sale = root * root
    return sale.isFinite && sale <= notional ? sale : nil
  }

  /// √x before it is refined.
  private var firstRoot: Double {
    let plain = deficit / relief
    let first = plain.squareRoot()
    // 27d ÷ 2b³ with b = a/κ, d = D/κ; below it the cosines would lose what they are for.
    let shape = 27 * deficit * impact * impact / (2 * relief * relief * relief)
    guard shape >= 1e-8 else {
      return (plain + impact * plain * first / relief).squareRoot()
    }
    let cosine = min(max(1 - shape, -1), 1)
    let angle = Elementary.atan2((1 - cosine * cosine).squareRoot(), cosine)
    let third = relief / impact / 3
    return third * (1 + 2 * Elementary.cos((angle - 2 * Double.pi) / 3))
  }

  private func refined(_ root: Double) -> Double {
    let slope = 2 * relief * root - 3 * impact * root * root
    guard slope > 0 else { return root }
    return root + (deficit - relief * root * root + impact * root * root * root) / slope
  }
}

/// One step of a schedule of maintenance rates by the notional that is left.
public struct ImpactTier: Hashable, Sendable {
  /// The largest notional the rate holds for; of the last tier infinite.
  public let upper: Double
  public let maintenanceRate: Double
  /// Taken off rate × notional, so that a schedule is continuous; 0 where the whole position is
  /// charged at one rate.
  public let deduction: Double

  public init(upper: Double, maintenanceRate: Double, deduction: Double = 0) {
    self.upper = upper
    self.maintenanceRate = maintenanceRate
    self.deduction = deduction
  }
}

extension ImpactProblem {
  /// The smallest sale where the rate of the whole position is that of the tier it falls into.
  ///
  /// In each tier the equation is solved with the tier's rate; just below each boundary the rate
  /// falls at once, so the boundary itself is tried too. The smallest sale that reaches the target
  /// is the answer: with tiers a few units may be enough where one rate would sell most.
  /// - Parameter tiers: By ascending `upper`.
  public func smallestSale(through tiers: [ImpactTier]) -> Double? {
    var best: Double?
    var lower = 0.0
    for tier in tiers {
      defer { lower = tier.upper }
      guard notional > lower else { break }
      let problem = ImpactProblem(self, tier)
      // Sales that leave between `lower` and `upper`.
      var least = max(notional - tier.upper, 0)
      // The difference may round to a sale that leaves a trace of the tier above.
      if notional - least > tier.upper { least += notional.ulp }
      if let sale = problem.sale(from: least, before: notional - lower) {
        best = min(best ?? sale, sale)
      }
    }
    return best
  }

  /// The smallest sale of at least `least` that reaches the target.
  private func sale(from least: Double, before most: Double) -> Double? {
    if surplus(after: least) >= 0 { return least }
    guard let sale = smallestSale, sale >= least, sale <= most else { return nil }
    return sale
  }

  /// Equity above the target after a sale.
  public func surplus(after sale: Double) -> Double {
    equity - feeRate * sale - impact * sale * sale.squareRoot()
      - target * maintenanceRate * (notional - sale)
  }

  /// The same position at one tier's rate: a deduction is equity that the target does not ask for.
  private init(_ other: ImpactProblem, _ tier: ImpactTier) {
    notional = other.notional
    equity = other.equity + other.target * tier.deduction
    maintenanceRate = tier.maintenanceRate
    target = other.target
    feeRate = other.feeRate
    impact = other.impact
  }
}
