// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// What winners of a sealed-bid batch pay; the number in a file.
public enum RightsPricing: Int64, Hashable, Sendable, CaseIterable {
  /// All of them the price of the first lot that is not served.
  case uniform = 0
  /// Each what his lots displaced: the highest bids of others that would have been served without
  /// his, and the reserve for lots that nobody else wanted.
  case displaced = 1
}

/// How the right to take a slice over is sold to keepers; without a span for commitments it is
/// open to the first of them.
public struct RightsParameters: Hashable, Sendable {
  /// How long commitments are taken; zero where nothing is sold sealed.
  public let commitSpan: TimeSpan
  /// How long bids may be opened after that.
  public let revealSpan: TimeSpan
  /// Into how many equal parts a slice is cut at most.
  public let lots: Int64
  /// What a commitment locks, millionths of the quote currency.
  public let deposit: Int64
  /// The least price of the right, as a part of the reward it brings; at least one unit a lot.
  public let reserve: Rate
  /// What winners pay.
  public let pricing: RightsPricing

  /// - Throws: ``ParameterError/inconsistent(key:reason:)`` where keepers are offered nothing.
  init(_ set: ParameterSet, keeper: KeeperParameters) throws(ParameterError) {
    func stated(_ key: String, _ usual: Int64) throws(ParameterError) -> Int64 {
      set.states(key) ? try set.raw(key) : usual
    }
    commitSpan = TimeSpan(nanoseconds: try stated("rights.commitSpan", 0))
    revealSpan = TimeSpan(nanoseconds: try stated("rights.revealSpan", 60_000_000_000))
    lots = try stated("rights.lots", 10)
    deposit = try stated("rights.deposit", 100_000_000)
    reserve = Rate(billionths: try stated("rights.reserve", 0))
    // Bounds of the definition leave only the numbers there are.
    pricing = RightsPricing(rawValue: try stated("rights.pricing", 1)) ?? .displaced
    guard !isOn || keeper.isOn else {
      throw .inconsistent(key: "rights.commitSpan", reason: "keeper.patience is not stated")
    }
  }

  public var isOn: Bool { commitSpan > .zero }
}

extension ParameterDefinition {
  static let rights: [ParameterDefinition] = [
    ParameterDefinition(
      "rights.commitSpan", .duration, 0...3_600_000_000_000,
      "how long sealed bids for a slice are taken, 0 to give it to the first keeper"),
    ParameterDefinition(
      "rights.revealSpan", .duration, 1_000_000...3_600_000_000_000,
      "how long sealed bids may be opened"),
    ParameterDefinition(
      "rights.lots", .count, 1...1_024, "into how many equal parts a slice is cut at most"),
    ParameterDefinition(
      "rights.deposit", .money, 1...1_000_000_000_000,
      "what a sealed bid locks until it is opened"),
    ParameterDefinition(
      "rights.reserve", .rate, 0...1_000_000_000,
      "least price of the right to a slice, as a part of its reward"),
    ParameterDefinition(
      "rights.pricing", .count, 0...1,
      "what a winner pays: 0 the first bid not served for each lot, 1 (unless stated) what his "
        + "lots displaced"),
  ]
}
