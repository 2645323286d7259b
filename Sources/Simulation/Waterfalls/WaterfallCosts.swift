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
  /// What the insurance fund gave at each stage, in the order of the cases; in no sum of costs.
  private var backing = [Int64](repeating: 0, count: LiquidationStage.allCases.count)
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

  /// What the insurance fund gave at a stage: for debts, and to bidders.
  public func fundPaid(at stage: LiquidationStage) -> Int64 { backing[Self.row(stage)] }

  /// What one of those who pay for a liquidation gave at a stage: together all that it cost.
  ///
  /// What the fund and winners give pays debts, and debts hold what an account was charged and
  /// did not have; so a part may have been counted where it was charged.
  public func paid(by bearer: CostBearer, at stage: LiquidationStage) -> Int64 {
    switch bearer {
    case .fund: fundPaid(at: stage)
    case .account, .winners:
      Kind.allCases.reduce(0) { $1.bearer == bearer ? Self.sum($0, self[stage, $1]) : $0 }
    }
  }

  mutating func pay(_ amount: Int64, at stage: LiquidationStage) {
    backing[Self.row(stage)] = Self.sum(backing[Self.row(stage)], amount)
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

/// Who pays for a liquidation.
public enum CostBearer: String, Hashable, Sendable, CaseIterable {
  /// The account in liquidation: slippage, penalties and fees.
  case account
  /// The insurance fund: debts, and bids for what is worth nothing.
  case fund
  /// Those with profits: what they give up in a deleveraging, and losses they share.
  case winners
}

extension WaterfallCosts.Kind {
  public var bearer: CostBearer {
    switch self {
    case .slippage, .penalty, .fee: .account
    case .deleveraging, .socialized: .winners
    }
  }
}
