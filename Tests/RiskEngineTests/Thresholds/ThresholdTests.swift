// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Parameters
import Testing

/// What a parameter decides one unit below a line, at it and one unit above.
struct Threshold: Sendable, CustomTestStringConvertible {
  let key: String
  let note: String
  let expected: [Bool]
  let decision: @Sendable (Int64) throws -> Bool

  var testDescription: String { note.isEmpty ? key : "\(key), \(note)" }

  /// - Parameters:
  ///   - expected: Below the line, at it, above it.
  ///   - decision: What is decided so many units above the line.
  init(
    _ key: String, _ note: String, _ expected: [Bool],
    _ decision: @escaping @Sendable (Int64) throws -> Bool
  ) {
    self.key = key
    self.note = note
    self.expected = expected
    self.decision = decision
  }

  init(
    _ key: String, _ expected: [Bool], _ decision: @escaping @Sendable (Int64) throws -> Bool
  ) {
    self.init(key, "", expected, decision)
  }

  static var all: [Threshold] {
    sizes + times + losses + auctions + outside + collateral + hedge + debts + ends
  }
}

@Suite("Every threshold of the waterfall, one unit below, at it and above")
struct ThresholdTests {
  @Test("what is decided on each side of the line", arguments: Threshold.all)
  func threshold(_ threshold: Threshold) throws {
    #expect(try [-1, 0, 1].map(threshold.decision) == threshold.expected)
  }

  /// Parameters that begin so, or are called so.
  private static let families = [
    "liquidation", "auction", "insuranceFund", "waterfall", "deleveraging", "socializedLoss",
    "withdrawalGate", "rights", "requests", "keeper", "pool", "balance", "conversion",
    "marginCall", "hedge", "collateral", "margin.buffer",
  ]

  /// Parameters whose line a test elsewhere states, with words of that test: each decides one unit
  /// below, at and above.
  private static let elsewhere = [
    "liquidation.leastLeft":
      "a rest worth too little is closed with it: one unit below, at and above",
    "liquidation.infeasible":
      "what no order restores is passed on where the venue says so: a unit below, at and above",
    "liquidation.blockShare":
      "a throttle has room for what is wanted: one step below, at and above",
    "liquidation.windowShare":
      "a throttle has room for what is wanted: one step below, at and above",
    "liquidation.depthTolerance": "less may have been there for that part of the time",
    "insuranceFund.alarms": "alarms at a quarter, a half and three quarters below the peak",
    "insuranceFund.feeRise": "below 70 % of the target fees rise, below 30 % margins do",
    "insuranceFund.marginRise": "below 70 % of the target fees rise, below 30 % margins do",
    "conversion.auctionStart":
      "a bid at the asking price is filled, one unit below is not, and above pays no more",
    "marginCall.warning": "a step is entered below its line: one unit below, at and above",
    "marginCall.reduceOnly": "a step is entered below its line: one unit below, at and above",
    "marginCall.cancelOrders": "a step is entered below its line: one unit below, at and above",
    "marginCall.release": "a step is left at its line and the release above it, and not before",
    "insuranceFund.slippage": "the fund pays no further from the mark than it is told to",
    "requests.minimum": "slices below the minimum are the book's, at it and above are asked for",
    "pool.leastDiscount": "what gives less than the least discount is left to the next stage",
    "pool.marketCap": "a cap is reached to the step and never passed",
    "pool.leverage": "the leverage limit is reached to the step and never passed",
    "pool.eventShare":
      "no more than the stated share of the pool's equity, and one step more would",
    "auction.step": "stairs fall once a step, rounded down each time",
    "balance.*.threshold": "up to the threshold nothing is asked; one step beyond it the least",
    "balance.*.slopeCap":
      "a cap on the slope binds from one billionth below the slope on, and not at it",
    "balance.*.rebateShare": "a rebate is cut, and never more than the pot holds",
    "balance.*.largestImbalance": "the rate rises with time and imbalance, and stops at the cap",
    "balance.*.fundingCap": "the rate rises with time and imbalance, and stops at the cap",
    "collateral.*.accountCap": "ends at the cap of the account: one unit below, at and above",
    "collateral.*.markUp": "rises by the rate and no more: one step below, at and above",
    "collateral.*.volumeStress":
      "grows when depth falls below what stress leaves, and not before",
  ]

  /// Parameters whose line is where a command is refused, with the code of that edge.
  private static let refused = [
    "liquidation.orderLife": "order-too-late",
    "withdrawalGate.fundShare": "withdrawals-stopped",
    "rights.commitSpan": "sealed-bid",
    "keeper.patience": "offer-over",
    "pool.notice": "notice-not-over",
    "pool.window": "notice-lapsed",
    "auction.leastShare": "bid-too-small",
    "collateral.*.venueCap": "collateral-cap-reached",
  ]

  /// Choices, shares and factors: what they change has no line.
  private static let without: Set<String> = [
    "liquidation.sliceShare", "liquidation.expectedCost", "liquidation.penalty",
    "liquidation.expectedOptionCost", "liquidation.choice", "liquidation.impact",
    "liquidation.fillableSpread", "liquidation.fillableAdjustment", "liquidation.depthPart",
    "liquidation.depthDistance", "liquidation.closesAll", "liquidation.keeperShare",
    "liquidation.keepsReducing", "insuranceFund.openingShare", "insuranceFund.targetAddition",
    "insuranceFund.move.*.shift", "insuranceFund.move.*.depth", "insuranceFund.move.*.latency",
    "insuranceFund.depeg.*", "insuranceFund.tailShape", "insuranceFund.tailScale",
    "insuranceFund.feeShare",
    "deleveraging.rule", "deleveraging.price", "socializedLoss.rule", "requests.fee",
    "requests.relayed", "rights.pricing", "keeper.gasUnits", "keeper.bonus", "keeper.margin",
    "keeper.skipsBook", "pool.discount", "pool.fee", "pool.juniorShare", "pool.unwindShare",
    "pool.openingShare", "pool.openingJuniorShare", "auction.path", "auction.start",
    "auction.knee", "auction.cut", "auction.speed", "auction.isAdaptive", "auction.fairFactor",
    "auction.aversion", "auction.bidInterval", "auction.insolventGrowth", "auction.fee",
    "auction.fastDuration", "insuranceFund.universe.*",
    "balance.*.depth", "balance.*.cost", "balance.*.exponent", "balance.*.velocity",
    "balance.*.premiumWeight", "balance.*.impactNotional", "conversion.choice",
    "conversion.execution", "conversion.impact", "conversion.fee", "hedge.margin",
    "collateral.*.bridge", "collateral.*.impact", "collateral.*.dailyVolume",
    "collateral.*.finalityFactor", "collateral.*.finalityTime", "collateral.*.reorganization",
    "collateral.*.wrongWay.*", "collateral.*.debtInterest", "collateral.*.conversionRank",
    // The larger of two haircuts or volatilities counts, and where they meet they are the same.
    "collateral.*.expectedShortfall", "collateral.*.leastVolatility",
  ]

  @Test("every parameter of the waterfall is here, or in a test elsewhere, or has no line")
  func complete() throws {
    let keys = ParameterDefinition.all.map(\.key).filter { key in
      Self.families.contains { key == $0 || key.hasPrefix($0 + ".") }
        && !key.hasPrefix("waterfall.")
    }
    let here = Set(Threshold.all.map(\.key))
    let lists = [
      here, Set(Self.elsewhere.keys), Set(Self.refused.keys), Self.without,
    ]
    let known = lists.reduce(Set()) { $0.union($1) }
    #expect(known.sorted() == Set(keys).sorted())
    #expect(lists.map(\.count).reduce(0, +) == known.count, "no key is in two lists")
    let stepped = RefusalEdge.all.filter(\.isStepped).map(\.code)
    #expect(Set(Self.refused.values).isSubset(of: stepped))
    let tests = try Self.texts().flatMap(Self.tests)
    #expect(tests.count > 500)
    for (key, words) in Self.elsewhere {
      #expect(tests.filter { $0.contains(words) }.count == 1, "\(key)")
    }
  }

  /// What tests that run say they show: comments are none.
  private static func tests(in text: String) -> [String] {
    let code = text.split(separator: "\n")
      .filter { !$0.drop { $0 == " " }.hasPrefix("//") }.joined(separator: "\n")
    return code.matches(of: /@Test\(\s*"([^"]*)"(?!,\s*\.disabled)/).map { String($0.1) }
  }

  /// The tests of this target and of those where its lines are drawn, without this file.
  private static func texts() throws -> [String] {
    let file = URL(filePath: #filePath)
    let tests = file.deletingLastPathComponent().appending(path: "../..").standardized
    let folders = ["RiskEngineTests", "LiquidationTests", "MarginTests", "OraclesTests"]
    return try folders.flatMap { folder in
      let found = FileManager.default.enumerator(
        at: tests.appending(path: folder), includingPropertiesForKeys: nil)
      return try (found?.allObjects as? [URL] ?? [])
        .filter { $0.pathExtension == "swift" && $0.lastPathComponent != file.lastPathComponent }
        .map { try String(contentsOf: $0, encoding: .utf8) }
    }
  }
}
