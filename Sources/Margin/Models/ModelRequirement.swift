// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities
public import Volatility

/// What a line of a model's requirement is for.
@frozen
public enum ModelCharge: String, Hashable, Sendable, CaseIterable {
  // The core.
  case scan, roll, deltaShock, calendar, theta, vega, credit
  /// What a floor adds to the core.
  case extremeMove, shortOptionMinimum, minimumDelta, minimumLadder
  // Added to the core.
  case perpetual, shortOption, haircut, confidence, peg, stableHedge, provision
  // Of single positions and expiries.
  case tier, option, factor, slippage
  /// Options at their marks, which equity counts and the venue's equity does not.
  case optionValue
}

/// One line of a requirement; its kind and whom it concerns.
public struct ModelLine: Hashable, Sendable {
  public enum Subject: Hashable, Sendable {
    case account
    case asset(AssetSymbol)
    /// Its place in ``ModelBook/positions``.
    case position(Int)
    /// Its place in ``ModelBook/expiries``.
    case expiry(Int)
  }
  public let charge: ModelCharge
  public let subject: Subject
  /// Quote units, not rounded.
  public let initial: Double
  public let maintenance: Double
}

/// The scenarios of one underlying in one model.
public struct ModelScan: Hashable, Sendable {
  /// Which row a loss comes from.
  public enum Binding: Hashable, Sendable {
    /// No row loses.
    case none
    /// Its place in ``ModelScan/rows``.
    case row(Int)
    /// Its place in ``ModelScan/skewLosses``.
    case skew(Int)
    case forward
  }
  /// The skew scenarios of models, in the order of ``skewLosses``.
  public static let skews: [SkewState] = [.tilt, .bend]

  public let underlying: AssetSymbol
  public let rows: [Scenario]
  /// Of each row, quote units, share and deduction applied.
  public let profits: [Double]
  /// By ``skews``; empty without them.
  public let skewLosses: [Double]
  /// Of the forwards' own moves, at least 0.
  public let forwardLoss: Double
  /// The worst of all, at least 0.
  public let loss: Double
  public let binding: Binding
}

/// What a model requires of an account; money in millionths of the quote currency.
///
/// Equity counts every option at its mark in every model, so that requirements compare: where a
/// venue leaves options out of equity, the line `optionValue` takes them back.
public struct ModelRequirement: Hashable, Sendable {
  /// Rounded down.
  public let equity: Int64
  /// Rounded up, as every requirement.
  public let initialMargin: Int64
  public let maintenanceMargin: Int64
  /// Below it margin is topped up; `nil` in models without such a level.
  public let searchLevel: Int64?
  /// Above it margin is given back; `nil` in models without such a level.
  public let releaseLevel: Int64?
  /// The same before rounding, quote units.
  public let exactEquity: Double
  public let exactInitial: Double
  public let exactMaintenance: Double
  /// They add up to both levels, in order, before rounding.
  public let lines: [ModelLine]
  /// By underlying, where the model has scenarios.
  public let scans: [ModelScan]

  /// Equity above initial margin, negative when short of it.
  public var excess: Int64 { equity - initialMargin }

  /// - Throws: ``ModelError/outOfRange``.
  init(
    equity: Double, lines: [ModelLine], scans: [ModelScan], search: Double?, release: Double?
  ) throws(ModelError) {
    var initial = 0.0
    var maintenance = 0.0
    for line in lines {
      initial += line.initial
      maintenance += line.maintenance
    }
    self.lines = lines
    self.scans = scans
    exactEquity = equity
    exactInitial = initial
    exactMaintenance = maintenance
    self.equity = try Self.millionths(equity, .down)
    initialMargin = try Self.millionths(initial, .up)
    maintenanceMargin = try Self.millionths(maintenance, .up)
    var levels: [Int64?] = []
    for multiple in [search, release] {
      guard let multiple else {
        levels.append(nil)
        continue
      }
      levels.append(try Self.millionths(multiple * maintenance, .up))
    }
    searchLevel = levels[0]
    releaseLevel = levels[1]
  }

  /// The one gate from model to money.
  ///
  /// What lies within 2^−46 of a whole number of millionths counts as that number: sums in
  /// another order may differ by so much, and a charge of zero must not become one unit.
  static func millionths(
    _ value: Double, _ rule: FloatingPointRoundingRule
  ) throws(ModelError) -> Int64 {
    let scaled = value * 1e6
    let nearest = scaled.rounded(.toNearestOrEven)
    let slack = 0x1p-46 * max(scaled.magnitude, 1)
    let rounded = (scaled - nearest).magnitude <= slack ? nearest : scaled.rounded(rule)
    guard rounded.magnitude <= 0x1p61, let units = Int64(exactly: rounded) else {
      throw .outOfRange
    }
    return units
  }

  /// The sum of the lines of a kind, quote units.
  public func sum(
    of charge: ModelCharge
  ) -> (initial: Double, maintenance: Double) {
    var initial = 0.0
    var maintenance = 0.0
    for line in lines where line.charge == charge {
      initial += line.initial
      maintenance += line.maintenance
    }
    return (initial, maintenance)
  }
}
