// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Which stages a venue's waterfall has, and in which order.
public struct WaterfallParameters: Hashable, Sendable {
  /// A stage that a parameter file may leave out or move.
  public enum Stage: String, Hashable, Sendable, CaseIterable {
    case partial
    case auction
    case pool
    case insuranceFund
    case deleveraging
    case socializedLoss

    /// Its place where none is stated; 0 for none.
    var usualRank: Int64 {
      switch self {
      case .partial: 1
      case .auction, .pool: 0
      case .insuranceFund: 4
      case .deleveraging: 5
      case .socializedLoss: 6
      }
    }
  }

  /// The stages there are, in the order in which an account goes through them.
  public let stages: [Stage]

  /// - Throws: ``ParameterError/inconsistent(key:reason:)`` for two stages with one rank, and for
  ///   a venue without any stage.
  init(_ set: ParameterSet) throws(ParameterError) {
    var ranked: [(rank: Int64, stage: Stage)] = []
    for stage in Stage.allCases {
      let key = "waterfall.\(stage.rawValue).rank"
      let rank = set.states(key) ? try set.raw(key) : stage.usualRank
      guard rank > 0 else { continue }
      if let other = ranked.first(where: { $0.rank == rank }) {
        throw .inconsistent(key: key, reason: "the same rank as \(other.stage.rawValue)")
      }
      ranked.append((rank, stage))
    }
    guard !ranked.isEmpty else {
      throw .inconsistent(key: "waterfall.partial.rank", reason: "no stage has a rank")
    }
    stages = ranked.sorted { $0.rank < $1.rank }.map(\.stage)
  }
}

extension ParameterDefinition {
  static let waterfall: [ParameterDefinition] = WaterfallParameters.Stage.allCases.map {
    ParameterDefinition(
      "waterfall.\($0.rawValue).rank", .count, 0...9,
      "place of this stage in the waterfall, 0 to leave it out")
  }
}
