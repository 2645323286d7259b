// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// What is offered to keepers outside before the book has it; without patience nothing is.
///
/// Source of the reward: Synthetix v3, the larger of a share of what is liquidated and of the gas
/// with a profit, within a cap.
public struct KeeperParameters: Hashable, Sendable {
  /// Blocks for which a slice is offered; zero where none is.
  public let patience: Int64
  /// What a transaction that takes a slice needs.
  public let gasUnits: Int64
  /// After which a reported price of gas is no longer believed.
  public let gasLife: TimeSpan
  /// What a keeper is paid of the notional it takes.
  public let bonus: Rate
  /// What it earns on top of its gas at least, as a share of it.
  public let margin: Rate
  /// The most it is paid of the notional, whatever gas costs.
  public let cap: Rate
  /// Whether what no keeper took goes to the next stage and not to the book.
  public let skipsBook: Bool

  /// - Throws: ``ParameterError/inconsistent(key:reason:)`` for a cap below the bonus.
  init(_ set: ParameterSet) throws(ParameterError) {
    func stated(_ key: String, _ usual: Int64) throws(ParameterError) -> Int64 {
      set.states(key) ? try set.raw(key) : usual
    }
    patience = try stated("keeper.patience", 0)
    gasUnits = try stated("keeper.gasUnits", 0)
    gasLife = TimeSpan(nanoseconds: try stated("keeper.gasLife", 600_000_000_000))
    bonus = Rate(billionths: try stated("keeper.bonus", 0))
    margin = Rate(billionths: try stated("keeper.margin", 0))
    cap = Rate(billionths: try stated("keeper.cap", bonus.billionths))
    skipsBook = try stated("keeper.skipsBook", 0) == 1
    guard cap >= bonus else {
      throw .inconsistent(key: "keeper.cap", reason: "below keeper.bonus")
    }
  }

  public var isOn: Bool { patience > 0 }
}

extension ParameterDefinition {
  static let keeper: [ParameterDefinition] = [
    ParameterDefinition(
      "keeper.patience", .count, 0...100_000,
      "blocks for which a slice is offered to keepers outside, 0 to offer none"),
    ParameterDefinition(
      "keeper.gasUnits", .count, 0...100_000_000,
      "gas of a transaction that takes a slice"),
    ParameterDefinition(
      "keeper.gasLife", .duration, 1_000_000_000...86_400_000_000_000,
      "time after which a reported price of gas is no longer believed"),
    ParameterDefinition(
      "keeper.bonus", .rate, 0...200_000_000,
      "what a keeper is paid, as a share of the notional it takes"),
    ParameterDefinition(
      "keeper.margin", .rate, 0...1_000_000_000,
      "what a keeper earns at least on top of its gas, as a share of it"),
    ParameterDefinition(
      "keeper.cap", .rate, 0...200_000_000,
      "most that a keeper is paid, as a share of the notional it takes"),
    ParameterDefinition(
      "keeper.skipsBook", .flag, 0...1,
      "whether what no keeper took goes to the next stage and not to the book"),
  ]
}
