// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// What books of one kind lost against one requirement; adds up.
public struct OptionTally: Hashable, Sendable {
  public private(set) var books = 0
  /// Losses above the initial and above the maintenance margin.
  public private(set) var exceedances = 0
  public private(set) var maintenanceExceedances = 0
  /// Sums, quote units.
  public private(set) var initial = 0.0
  public private(set) var maintenance = 0.0
  /// Of losses beyond the initial margin.
  public private(set) var beyond = 0.0
  public private(set) var worstBeyond = 0.0

  public init() {}

  /// A loss equal to the requirement is covered.
  mutating func add(loss: Double, initial: Double, maintenance: Double) {
    books += 1
    self.initial += initial
    self.maintenance += maintenance
    if loss > maintenance { maintenanceExceedances += 1 }
    guard loss > initial else { return }
    exceedances += 1
    beyond += loss - initial
    worstBeyond = max(worstBeyond, loss - initial)
  }

  static func += (sum: inout OptionTally, other: OptionTally) {
    sum.books += other.books
    sum.exceedances += other.exceedances
    sum.maintenanceExceedances += other.maintenanceExceedances
    sum.initial += other.initial
    sum.maintenance += other.maintenance
    sum.beyond += other.beyond
    sum.worstBeyond = max(sum.worstBeyond, other.worstBeyond)
  }

  /// Shares of the books, 0 to 1; 1 without books.
  public var coverage: Double { share(of: exceedances) }
  public var maintenanceCoverage: Double { share(of: maintenanceExceedances) }

  private func share(of exceedances: Int) -> Double {
    books > 0 ? 1 - Double(exceedances) / Double(books) : 1
  }

  /// Mean requirements as shares of the notional that every book has; 0 without books.
  public var meanInitial: Double { mean(initial) }
  public var meanMaintenance: Double { mean(maintenance) }

  private func mean(_ sum: Double) -> Double {
    books > 0 ? sum / (Double(books) * OptionBook.notional) : 0
  }

  /// Mean loss beyond the initial margin where it was passed, as a share of the notional; nil
  /// where it never was.
  public var meanBeyond: Double? {
    exceedances > 0 ? beyond / (Double(exceedances) * OptionBook.notional) : nil
  }
}

/// Bounds of a coverage that count with the dependence of books on one pair.
public struct CoverageInterval: Hashable, Sendable {
  /// Of 95 %: quantiles of coverages of pairs drawn with replacement.
  ///
  /// Without any exceedance the lower one is that of so many independent pairs, 0.025^(1/pairs).
  public let lower: Double
  public let upper: Double
  /// Books that would vary as much were each independent of all others; nil without exceedance.
  public let effectiveBooks: Double?
}
