// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// Margin rates by the size of a position.
public struct TierTable: Hashable, Sendable {
  /// What the whole position is charged by.
  @frozen
  public enum Convention: UInt8, Hashable, Sendable, CaseIterable {
    /// The rate of the tier its size falls into.
    case wholePosition
    /// Each part of it the rate of its own tier, as tax brackets do: notional × rate −
    /// deduction, continuous in size.
    case marginal
  }

  /// In what the upper ends of the tiers are counted.
  @frozen
  public enum Measure: UInt8, Hashable, Sendable, CaseIterable {
    /// 10^−8 of base units.
    case quantity
    /// Millionths of the quote currency, at the mark.
    case notional
  }

  public struct Row: Hashable, Sendable {
    /// The largest size of the tier, itself included; `nil` in the last row.
    public let upper: Int64?
    public let initial: Rate
    public let maintenance: Rate
    /// Paid on what a liquidation closes.
    public let penalty: Rate

    public init(upper: Int64?, initial: Rate, maintenance: Rate, penalty: Rate) {
      self.upper = upper
      self.initial = initial
      self.maintenance = maintenance
      self.penalty = penalty
    }
  }

  public let convention: Convention
  public let measure: Measure
  /// In order of size; every row but the last has an upper end.
  public let rows: [Row]
  /// Added to the rates for every base unit of the position; zero in most tables.
  public let initialPerUnit: Rate
  public let maintenancePerUnit: Rate

  /// - Throws: ``ParameterError/inconsistent(key:reason:)`` when the rows are not in order, a
  ///   rate falls with size, or a maintenance rate is above the initial rate.
  public init(
    name: String, convention: Convention, measure: Measure, rows: [Row],
    initialPerUnit: Rate = .zero, maintenancePerUnit: Rate = .zero
  ) throws(ParameterError) {
    self.convention = convention
    self.measure = measure
    self.rows = rows
    self.initialPerUnit = initialPerUnit
    self.maintenancePerUnit = maintenancePerUnit
    if let reason = inconsistency {
      throw .inconsistent(key: name, reason: reason)
    }
  }

  /// - Parameter owner: The keys' beginning, `margin.tiers.` + symbol.
  init(_ set: ParameterSet, owner: String) throws(ParameterError) {
    var rows: [Row] = []
    var measure = Measure.quantity
    while rows.count < ScanParameters.mostRows {
      let row = "\(owner).row.\(rows.count + 1)"
      guard set.states(row + ".maintenance") else { break }
      var upper: Int64?
      if set.states(row + ".upperNotional") {
        guard rows.isEmpty || measure == .notional else {
          throw .inconsistent(key: row + ".upperNotional", reason: "two measures in one table")
        }
        measure = .notional
        upper = try set.raw(row + ".upperNotional")
      } else if set.states(row + ".upperQuantity") {
        guard measure == .quantity else {
          throw .inconsistent(key: row + ".upperQuantity", reason: "two measures in one table")
        }
        upper = try set.raw(row + ".upperQuantity")
      }
      rows.append(
        Row(
          upper: upper, initial: try set.rate(row + ".initial"),
          maintenance: try set.rate(row + ".maintenance"),
          penalty: try set.rate(row + ".penalty")))
    }
    try self.init(
      name: owner,
      convention: try set.raw(owner + ".isMarginal") == 1 ? .marginal : .wholePosition,
      measure: measure, rows: rows,
      initialPerUnit: try set.rate(owner + ".initialPerUnit"),
      maintenancePerUnit: try set.rate(owner + ".maintenancePerUnit"))
  }

  private var inconsistency: String? {
    guard let last = rows.last, last.upper == nil else {
      return "the last row must have no upper end"
    }
    for index in rows.indices.dropLast() {
      guard let upper = rows[index].upper else { return "row \(index + 1) has no upper end" }
      if upper <= 0 { return "row \(index + 1) is empty" }
      if let next = rows[index + 1].upper, next <= upper {
        return "row \(index + 2) does not lie above row \(index + 1)"
      }
      if rows[index + 1].initial < rows[index].initial
        || rows[index + 1].maintenance < rows[index].maintenance
      {
        return "the rates of row \(index + 2) are below those of row \(index + 1)"
      }
    }
    for (index, row) in rows.enumerated() where row.maintenance > row.initial {
      return "row \(index + 1) has more maintenance than initial margin"
    }
    if maintenancePerUnit > initialPerUnit { return "maintenancePerUnit is above initialPerUnit" }
    let isSizeLinear = initialPerUnit != .zero || maintenancePerUnit != .zero
    if isSizeLinear && convention == .marginal {
      return "rates per unit need the convention of one rate for the whole position"
    }
    return nil
  }
}
