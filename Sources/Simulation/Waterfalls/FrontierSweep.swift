// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Parameters
public import Quantities

/// One waterfall with one of its terms changed, in one crash.
public struct FrontierPoint: Sendable {
  /// Which term was changed.
  public enum Term: String, Hashable, Sendable, CaseIterable {
    /// Every margin, maintenance and initial, times a factor: when accounts are liquidated.
    case threshold
    /// How far above maintenance margin a liquidation ends.
    case buffer
    /// The penalty on what is liquidated, the same in every tier.
    case penalty
  }

  public let term: Term
  /// The factor, or the buffer or penalty itself, billionths.
  public let value: Rate
  public let run: WaterfallRun

  public init(term: Term, value: Rate, run: WaterfallRun) {
    self.term = term
    self.value = value
    self.run = run
  }

  /// Initial margin ÷ open interest, mean over the blocks, billionths.
  public var meanMargin: Int64 { run.result.costs.meanMargin }
  /// What accounts could not pay themselves, whoever paid it then.
  public var badDebt: Int64 {
    [run.backstopDraw, run.result.totals.socializedValue, run.owedAtEnd]
      .reduce(0, WaterfallCosts.sum)
  }
}

/// Changes one term at a time and runs the crash again: the frontier between the margin that
/// accounts must hold, the debts that remain, and what liquidations cost.
///
/// Positions stay the same; an account deposits what a higher margin asks for, so a sweep of the
/// threshold changes what accounts hold, and the other two do not.
public struct FrontierSweep: Sendable {
  /// A term and its value.
  public struct Case: Hashable, Sendable {
    public let term: FrontierPoint.Term
    public let value: Rate

    public var title: String {
      switch term {
      case .threshold: "margin × \(value)"
      case .buffer: "buffer \(value)"
      case .penalty: "penalty \(value)"
      }
    }
  }

  /// Factors, buffers and penalties, billionths.
  static let thresholds: [Int64] = [
    500_000_000, 750_000_000, 1_000_000_000, 1_250_000_000, 1_500_000_000, 2_000_000_000,
  ]
  static let buffers: [Int64] = [0, 100_000_000, 200_000_000, 500_000_000, 1_000_000_000]
  static let penalties: [Int64] = [0, 2_500_000, 5_000_000, 10_000_000, 20_000_000]

  public let cases: [Case]
  private let comparison: WaterfallComparison
  private let file: ParameterFile
  private let name: String
  private let description: String

  public init(
    _ waterfall: WaterfallFile, over comparison: WaterfallComparison
  ) throws(ParameterFileError) {
    self.comparison = comparison
    file = try waterfall.over(comparison.file)
    name = waterfall.set.name
    description = waterfall.description
    cases =
      Self.thresholds.map { Case(term: .threshold, value: Rate(billionths: $0)) }
      + Self.buffers.map { Case(term: .buffer, value: Rate(billionths: $0)) }
      + Self.penalties.map { Case(term: .penalty, value: Rate(billionths: $0)) }
  }

  public func run(
    _ one: Case, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> FrontierPoint {
    let set = try Self.changed(file.set, one)
    let result = try comparison.run(file.with(set), progress: progress)
    return FrontierPoint(
      term: one.term, value: one.value,
      run: WaterfallRun(name: name, description: description, result: result))
  }

  /// The parameters of one case; a value that its bounds do not permit stays at the bound.
  static func changed(
    _ set: ParameterSet, _ one: Case
  ) throws(ParameterError) -> ParameterSet {
    var values: [ParameterValue] = []
    for value in set.values {
      guard isChanged(value.key, one.term) else { continue }
      let bounds = try ParameterSet.definition(of: value.key).bounds
      let raw =
        one.term == .threshold
        ? one.value.share(of: value.raw, rounding: .up) : one.value.billionths
      values.append(
        ParameterValue(
          key: value.key, raw: min(max(raw, bounds.lowerBound), bounds.upperBound),
          source: "the sweep: \(one.title)"))
    }
    let changes = try ParameterSet(name: one.title, date: set.date, values: values)
    return try set.overlaid(with: changes)
  }

  private static func isChanged(_ key: String, _ term: FrontierPoint.Term) -> Bool {
    let isRow = key.hasPrefix("margin.tiers.") && key.contains(".row.")
    switch term {
    case .threshold:
      let isRate = key.hasSuffix(".initial") || key.hasSuffix(".maintenance")
      let isRange = key.hasPrefix("margin.scan.") && key.hasSuffix(".range")
      return (isRow && isRate) || isRange
    case .buffer: return key == "margin.buffer"
    case .penalty: return key == "liquidation.penalty" || (isRow && key.hasSuffix(".penalty"))
    }
  }
}
