// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Ledger
import Quantities

/// What the liquidations of a replay cost, by stage and kind; millionths of the quote currency,
/// each at the prices of its own moment.
///
/// Positive is a cost; a liquidation that got a better price than the mark has a negative one.
public struct WaterfallCosts: Hashable, Sendable {
  /// For what somebody paid.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// How much worse than the mark liquidation orders were filled.
    case slippage
    /// Penalties of liquidated accounts.
    case penalty
    /// Trading fees of liquidated accounts.
    case fee
    /// What deleveraged accounts gave up against the mark of that block.
    case deleveraging
    /// What winners gave toward the losses of others.
    case socialized
  }

  /// By stage, then by kind, in the order of their cases.
  private var amounts = [[Int64]](
    repeating: [Int64](repeating: 0, count: Kind.allCases.count),
    count: LiquidationStage.allCases.count)
  /// What deleveraged accounts gave up against the mark some time later; in no sum.
  public var deleveragedLater: Int64 = 0
  /// The part of the penalties that went to whoever took the positions; also in the penalties.
  public var keeperRewards: Int64 = 0
  /// Accounts that owed more than they had.
  public var bankruptAccounts = 0
  /// Initial margin ÷ open interest, mean over the blocks, billionths.
  public var meanMargin: Int64 = 0

  public init() {}

  public subscript(stage: LiquidationStage, kind: Kind) -> Int64 {
    amounts[Self.row(stage)][Self.column(kind)]
  }

  /// Of all stages.
  public subscript(kind: Kind) -> Int64 {
    LiquidationStage.allCases.reduce(0) { Self.sum($0, self[$1, kind]) }
  }

  /// Of all kinds.
  public subscript(at stage: LiquidationStage) -> Int64 {
    Kind.allCases.reduce(0) { Self.sum($0, self[stage, $1]) }
  }

  /// What traders paid in all: the sum of every kind at every stage.
  public var total: Int64 {
    Kind.allCases.reduce(0) { Self.sum($0, self[$1]) }
  }

  mutating func add(_ amount: Int64, _ kind: Kind, at stage: LiquidationStage) {
    let (row, column) = (Self.row(stage), Self.column(kind))
    amounts[row][column] = Self.sum(amounts[row][column], amount)
  }

  private static func row(_ stage: LiquidationStage) -> Int {
    LiquidationStage.allCases.firstIndex(of: stage) ?? 0
  }

  private static func column(_ kind: Kind) -> Int { Kind.allCases.firstIndex(of: kind) ?? 0 }

  static func sum(_ one: Int64, _ other: Int64) -> Int64 {
    Int64(clamping: Int128(one) + Int128(other))
  }
}
