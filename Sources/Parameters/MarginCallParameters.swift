// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// The lines of the ladder before liquidation, each a multiple of the maintenance margin.
public struct MarginCallParameters: Hashable, Sendable {
  /// `nil` for a line that is not drawn.
  public let warning: Rate?
  public let reduceOnly: Rate?
  public let cancelOrders: Rate?
  /// How far above a line, in the same multiples, an account must rise to leave the step.
  public let release: Rate

  /// Whether any line is drawn.
  public var isDrawn: Bool { warning != nil || reduceOnly != nil || cancelOrders != nil }

  /// - Throws: ``ParameterError/inconsistent(key:reason:)`` for a line above an earlier one.
  init(_ set: ParameterSet) throws(ParameterError) {
    warning = try Self.line("warning", set)
    reduceOnly = try Self.line("reduceOnly", set)
    cancelOrders = try Self.line("cancelOrders", set)
    let key = "marginCall.release"
    release = set.states(key) ? try set.rate(key) : .zero
    var highest = Rate(billionths: .max)
    for (name, line) in [
      ("warning", warning), ("reduceOnly", reduceOnly), ("cancelOrders", cancelOrders),
    ] {
      guard let line else { continue }
      guard line <= highest else {
        throw .inconsistent(key: "marginCall.\(name)", reason: "above an earlier line")
      }
      highest = line
    }
  }

  private static func line(_ name: String, _ set: ParameterSet) throws(ParameterError) -> Rate? {
    let key = "marginCall.\(name)"
    return set.states(key) ? try set.rate(key) : nil
  }
}

extension ParameterDefinition {
  static let marginCall: [ParameterDefinition] =
    ["warning", "reduceOnly", "cancelOrders"].map {
      ParameterDefinition(
        "marginCall.\($0)", .rate, 1_000_000_000...10_000_000_000,
        "multiple of the maintenance margin below which an account enters this step")
    } + [
      ParameterDefinition(
        "marginCall.release", .rate, 0...1_000_000_000,
        "how far above its line an account leaves a step, in multiples of maintenance margin")
    ]
}
