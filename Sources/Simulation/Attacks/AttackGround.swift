// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// A venue on which attacks are tried: which stages and features it has.
public enum AttackGround: Int, Sendable, CaseIterable {
  case book, bestTrade, fillable, auction, passedOn, pool, poolBehindBook, keepers, rights, requests
  case collateralToFund, collateralAuction, collateralBook
  case balance, depth
  case deleveraging, draining, atMark, sharing, sharingBySize
  case universes, house, funded

  /// What it states besides, or instead of, the venue's own parameters.
  var changes: [(key: String, value: String)] {
    switch self {
    case .book: Self.penaltyTerms + Self.slices
    case .bestTrade:
      Self.penaltyTerms + [
        (key: "liquidation.choice", value: "1"), (key: "liquidation.impact", value: "1"),
      ]
    case .fillable:
      Self.penaltyTerms + Self.slices + [
        (key: "liquidation.fillableSpread", value: "10%"),
        (key: "liquidation.fillableAdjustment", value: "1"),
      ]
    case .auction: Self.penaltyTerms + Self.first("auction")
    case .passedOn: Self.penaltyTerms + Self.passingOn
    case .pool: Self.poolTerms + Self.first("pool")
    case .poolBehindBook:
      Self.poolTerms + [
        (key: "waterfall.pool.rank", value: "2"), (key: "liquidation.handover", value: "60%"),
      ]
    case .keepers: Self.keeperTerms
    case .rights:
      Self.keeperTerms + [
        (key: "rights.commitSpan", value: "60s"), (key: "rights.revealSpan", value: "60s"),
        (key: "rights.lots", value: "4"), (key: "rights.deposit", value: "100"),
      ]
    case .requests:
      Self.penaltyTerms + [
        (key: "requests.life", value: "60s"), (key: "requests.fee", value: "0.01%"),
      ]
    case .collateralToFund: Self.collateral(execution: "0")
    case .collateralAuction: Self.collateral(execution: "2")
    case .collateralBook: Self.collateral(execution: "1")
    case .balance: Self.balanceTerms
    case .depth:
      Self.penaltyTerms + [
        (key: "liquidation.depthWindow", value: "120s"),
        (key: "liquidation.depthPart", value: "50%"),
        (key: "liquidation.depthDistance", value: "1%"),
      ]
    case .deleveraging:
      [(key: "deleveraging.rule", value: "0"), (key: "deleveraging.price", value: "0")]
    case .draining:
      [(key: "deleveraging.rule", value: "1"), (key: "deleveraging.price", value: "0")]
    case .atMark:
      [(key: "deleveraging.rule", value: "3"), (key: "deleveraging.price", value: "1")]
    case .sharing: Self.sharing(rule: "1")
    case .sharingBySize: Self.sharing(rule: "2")
    case .universes:
      Self.penaltyTerms + [
        (key: "insuranceFund.universe.C", value: "1"),
        (key: "oracle.D.quorum", value: "1"), (key: "oracle.D.source.ORACLE.weight", value: "1"),
      ]
    case .house, .funded: []
    }
  }

  /// Whole units of the quote currency that the insurance fund begins with.
  var fund: Int64 {
    switch self {
    case .deleveraging, .draining, .atMark, .sharing, .sharingBySize: 1
    case .funded: Self.smallFund
    default: 10_000_000
    }
  }

  /// The same of the fund that stands for C alone, beside which the common one is full; `nil`
  /// where there is none.
  var fundApart: Int64? { self == .universes ? Self.smallFund : nil }

  // Some of what an account may owe, and not all of it.
  private static let smallFund: Int64 = 500

  var hasPool: Bool { self == .pool || self == .poolBehindBook }
  var hasHedge: Bool { self == .balance }

  // A keeper's share of a penalty is where a liquidation by oneself pays most.
  static let penaltyTerms = [
    (key: "liquidation.keeperShare", value: "50%"), (key: "liquidation.penalty", value: "0.5%"),
    (key: "margin.tiers.default.row.1.penalty", value: "0.5%"),
    (key: "margin.tiers.default.row.2.penalty", value: "1%"),
    (key: "margin.tiers.default.row.3.penalty", value: "2.5%"),
    (key: "margin.tiers.default.row.4.penalty", value: "5%"),
  ]

  // Many orders for one position, each after the last.
  private static let slices = [
    (key: "liquidation.choice", value: "0"), (key: "liquidation.sliceShare", value: "20%"),
    (key: "liquidation.wholeSliceNotional", value: "5000"), (key: "margin.buffer", value: "20%"),
  ]

  // An auction behind the book, to which goes what a part of everything helps more, or no order
  // restores; and what may only reduce goes on trading.
  private static let passingOn = [
    (key: "liquidation.choice", value: "2"), (key: "liquidation.impact", value: "1"),
    (key: "liquidation.infeasible", value: "true"),
    (key: "liquidation.keepsReducing", value: "true"),
    (key: "waterfall.auction.rank", value: "2"),
  ]

  private static let keeperTerms = [
    (key: "keeper.patience", value: "2"), (key: "keeper.bonus", value: "1%"),
    (key: "keeper.cap", value: "5%"),
  ]

  // Withdrawals without much notice, so that a depositor can leave between two liquidations.
  private static let poolTerms = [
    (key: "pool.notice", value: "60s"), (key: "pool.window", value: "1d"),
    (key: "pool.unwindShare", value: "50%"), (key: "pool.discount", value: "0.5%"),
    // As much as the pool may pay for getting rid of it.
    (key: "pool.leastDiscount", value: "0.5%"),
  ]

  private static let balanceTerms = [
    (key: "hedge.capital", value: "1000000"), (key: "hedge.default.threshold", value: "20000"),
    (key: "hedge.default.target", value: "10000"),
    (key: "balance.default.depth", value: "1000000"),
    (key: "balance.default.cost", value: "0.5%"),
    (key: "balance.default.velocity", value: "1%"),
    (key: "balance.default.largestImbalance", value: "1000000"),
    (key: "balance.default.fundingCap", value: "0.1%"),
    (key: "balance.default.impactNotional", value: "10000"),
    (key: "clearing.fundingInterval", value: "120s"),
  ]

  private static func first(_ stage: String) -> [(key: String, value: String)] {
    [
      (key: "waterfall.partial.rank", value: "0"),
      (key: "waterfall.\(stage).rank", value: "1"),
    ]
  }

  // Whoever is asked is asked before anybody is closed against.
  private static func sharing(rule: String) -> [(key: String, value: String)] {
    [
      (key: "waterfall.socializedLoss.rank", value: "5"),
      (key: "waterfall.deleveraging.rank", value: "6"),
      (key: "socializedLoss.rule", value: rule),
      (key: "socializedLoss.repayAbove", value: "1000"),
    ]
  }

  private static func collateral(execution: String) -> [(key: String, value: String)] {
    penaltyTerms + [
      (key: "conversion.choice", value: "1"), (key: "conversion.execution", value: execution),
      (key: "conversion.auctionDuration", value: "180s"),
    ]
  }

  /// Where a family is at home: the first number of a strategy takes one of these, each in an equal
  /// part of its range.
  static func grounds(of family: AttackFamily) -> [AttackGround] {
    switch family {
    case .selfLiquidation, .washTrades:
      [.book, .bestTrade, .requests, .balance, .house, .fillable]
    case .collusion: [.auction, .auction, .rights, .collateralAuction, .passedOn]
    case .dustSplitting: [.book, .auction, .keepers, .pool, .collateralToFund, .fillable]
    case .withdrawToTheEdge:
      [
        .book, .auction, .deleveraging, .pool, .collateralToFund, .house, .universes, .passedOn,
      ]
    case .fakeDepth: [.depth, .book, .requests, .poolBehindBook, .house, .fillable, .passedOn]
    case .pools: [.pool, .poolBehindBook]
    case .keepers: [.keepers, .rights]
    case .requests: [.requests]
    case .conversion: [.collateralToFund, .collateralAuction, .collateralBook]
    case .balance: [.balance]
    case .deleveraging:
      [
        .deleveraging, .draining, .atMark, .sharing, .house, .funded, .sharingBySize, .universes,
      ]
    case .subaccounts, .everything: AttackGround.allCases
    }
  }
}
