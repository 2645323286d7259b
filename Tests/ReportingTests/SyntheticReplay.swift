// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Instruments
import Ledger
import MarketData
import Parameters
import Quantities

@testable import Simulation

/// A made-up replay of a crash: smooth enough to recognize in a picture, the same every time.
struct SyntheticReplay {
  var blocks = 120
  var accounts = 10_000
  var assignments: [String] = []
  var title = "A made-up crash"
  var market = "Seven made-up venues, a block a minute."
  var isReconstruction = true
  var chargeLabel = "BTC-PERP: tier 2"
  var stepText = "sells 1,200 steps of BTC-PERP at 5,210.5, to the book"
  var skippedRows: [RowFault] = []
  /// Scales all damage, in per cent.
  var severity: Int64 = 100

  static let start = Timestamp(seconds: 1_583_971_200)
  static let sources = [
    "BINANCE", "BITFINEX", "BITMEX", "BITSTAMP", "COINBASE", "GEMINI", "KRAKEN",
  ]

  func make() throws -> ReplayResult {
    var closed: Int64 = 0
    let points = try (0..<blocks).map { block in
      closed += flow(block)
      return try point(block, closed: closed)
    }
    let rejections = try makeRejections()
    return ReplayResult(
      origin: try origin(), points: points, rejections: rejections,
      rejectionCounts: counts(rejections), largest: (0..<10).map(story),
      totals: totals(points, rejections), hash: .digest(domain: "synthetic", parts: [[7]]),
      quote: try Asset(symbol: AssetSymbol("USD"), decimals: 6))
  }

  func time(_ block: Int) -> Timestamp {
    Self.start + TimeSpan(nanoseconds: Int64(block) * TimeSpan.minute.nanoseconds)
  }

  /// From 0 to 1,000 as the crash proceeds, with a pause in the middle, and back to 600.
  private func depth(_ block: Int) -> Int64 {
    let position = Int64(block) * 1_000 / Int64(max(blocks, 1))
    return switch position {
    case ..<300: position / 3
    case ..<420: 100 + (position - 300) * 5
    case ..<560: 700
    case ..<600: 700 + (position - 560) * 15 / 2
    default: 1_000 - (position - 600)
    }
  }

  /// A small hash in place of chance.
  private func noise(_ block: Int, _ salt: Int) -> Int64 {
    var word = UInt64(truncatingIfNeeded: block &* 2_654_435_761 &+ salt &* 40_503 &+ 12_345)
    word ^= word >> 13
    word = word &* 0x5bd1_e995_9bd1_e995
    word ^= word >> 29
    return Int64(word % 2_001) - 1_000
  }
}

// MARK: Points

extension SyntheticReplay {
  private func price(_ block: Int, _ salt: Int, first: Int64) -> Price {
    let fallen = first * depth(block) / 1_900
    let wobble = noise(block / 3, salt) * (first / 150_000) + noise(block, salt) * (first / 900_000)
    let apart = (Int64(salt) - 5) * first * depth(block) / 150_000
    return Price(steps: (first - fallen + wobble + apart) * Price.stepsPerOne / 100)
  }

  private func market(_ block: Int, _ name: String, first: Int64) throws -> MarketPoint {
    let isHalted = (blocks * 45 / 100..<blocks * 47 / 100).contains(block)
    let sources = try Self.sources.enumerated().compactMap { position, source -> SourcePoint? in
      guard !(position == 2 && isHalted) else { return nil }
      return SourcePoint(
        source: SourceID(try AssetSymbol(source)),
        price: price(block, position + 3, first: first), votes: position < 6)
    }
    let index = price(block / 2 * 2, 5, first: first)
    return MarketPoint(
      underlying: try AssetSymbol(name), index: isHalted ? nil : index,
      perpetual: Price(steps: index.steps / 1_000 * (1_000 - depth(block) / 60)),
      volatility: Rate(billionths: 600_000_000 + depth(block) * 1_400_000),
      status: isHalted ? .reduceOnly : .open, sources: sources)
  }

  private func point(_ block: Int, closed: Int64) throws -> ReplayPoint {
    let depth = depth(block)
    let shared = block * 10 > blocks * 6 ? min(Int64(block - blocks * 6 / 10), 40) : 0
    let fund = 35_000_000_000_000 - closed / 40 + Int64(block) * 9_000_000_000
    let ratios = ReplayResult.ratioBins.indices.map { bin -> Int in
      let height = 14 - abs(bin - (11 - Int(depth) / 140))
      let crowd = max(height - 6, 0)
      return bin < 5 ? crowd * accounts / 20_000 : crowd * crowd * accounts / 400
    }
    return ReplayPoint(
      time: time(block),
      markets: [
        try market(block, "BTC", first: 793_400), try market(block, "ETH", first: 19_400),
      ],
      ratioCounts: ratios, accountsInLiquidation: Int(flow(block) / 150_000_000_000),
      insuranceFund: [fund, 12_345], insuranceFundValue: fund,
      openInterestValue: 900_000_000_000_000 - closed, liquidatedValue: closed,
      deleveragedValue: shared * severity * 12_000_000_000,
      socializedValue: shared * severity * 700_000_000,
      uncoveredValue: depth > 880 ? (depth - 880) * 11_000_000_000 : 0,
      coverage: coverage(block))
  }

  private func coverage(_ block: Int) -> MarginCoverage {
    var coverage = MarginCoverage()
    coverage.accounts = accounts
    coverage.losses = flow(block) * 3
    coverage.beyondMaintenance = depth(block) > 700 ? flow(block) / 5 : 0
    coverage.beyondMaintenanceCount = depth(block) > 700 ? 3 : 0
    return coverage
  }

  private func flow(_ block: Int) -> Int64 {
    let fall = max(depth(block) - depth(max(block - 1, 0)), 0)
    return fall * severity * 1_234_567_890 * (1_200 + noise(block, 9)) / 2_000
  }
}

// MARK: Rejections, stories and totals

extension SyntheticReplay {
  private func makeRejections() throws -> [RejectionPoint] {
    let feed = try FeedID(base: AssetSymbol("BTC"), quote: AssetSymbol("USD"), decimals: 8)
    return try (0..<blocks).flatMap { block -> [RejectionPoint] in
      var reasons: [(Int, SampleRejection)] = []
      if noise(block, 21) > 960 { reasons.append((4, .outsideDeviationBand)) }
      if noise(block / 9, 23) > 900 { reasons.append((2, .stale)) }
      if noise(block, 25) > 980 { reasons.append((5, .notPositive)) }
      return try reasons.map { position, reason in
        let mantissa =
          reason == .notPositive ? 0 : price(block, position + 3, first: 793_400).steps / 100 * 97
        let sample = PriceSample(
          source: SourceID(try AssetSymbol(Self.sources[position])), feed: feed,
          mantissa: mantissa, confidence: 0, publishedAt: time(block))
        return RejectionPoint(time: time(block), rejected: RejectedSample(sample, reason))
      }
    }
  }

  private func counts(
    _ rejections: [RejectionPoint]
  ) -> [(source: SourceID, reason: SampleRejection, count: Int)] {
    let sources = Set(rejections.map(\.rejected.sample.source)).sorted()
    return sources.flatMap { source in
      SampleRejection.allCases.compactMap { reason in
        let count = rejections.count {
          $0.rejected.sample.source == source && $0.rejected.reason == reason
        }
        return count == 0 ? nil : (source: source, reason: reason, count: count)
      }
    }
  }

  private func story(_ rank: Int) -> LiquidationStory {
    let maintenance = Int64(9 - rank / 2) * 410_203_040_506
    let stage = LiquidationStage.allCases[4 - rank % 4]
    let begun = time(blocks * 4 / 10 + rank)
    let steps = (0..<(rank == 0 ? 70 : 6)).map { step in
      LiquidationStory.Step(
        time: begun + TimeSpan(seconds: Int64(step) * 60),
        stage: LiquidationStage.allCases[min(step / 2, Int(stage.rawValue))], text: stepText)
    }
    return LiquidationStory(
      account: AccountID(UInt32(4_711 + rank)), mode: MarginMode.allCases[rank % 3],
      cause: LiquidationCause(
        equity: maintenance / 10 * (9 - Int64(rank)) - 1, maintenanceMargin: maintenance,
        time: begun),
      charges: [
        (label: chargeLabel, amount: maintenance - maintenance / 3),
        (label: "ETH-27MAR20: tier 1", amount: maintenance / 3),
      ],
      steps: steps, endedAt: rank == 3 ? nil : begun + TimeSpan(seconds: 1_260),
      outcome: rank == 3 ? nil : rank % 2 == 0 ? .closed : .restored,
      closedValue: Int64(20 - rank) * 6_123_456_789_012,
      deleveragedValue: rank < 4
        ? 3_210_000_000_001 : 0, penalty: Int64(20 - rank) * 30_617_283_945,
      fundPaid: [.insuranceFund, .deleveraging, .socializedLoss].contains(stage)
        ? 210_000_000_000 : 0,
      socialized: stage == .socializedLoss ? 98_765_432_101 : 0, stage: stage)
  }

  private func totals(_ points: [ReplayPoint], _ rejections: [RejectionPoint]) -> ReplayTotals {
    var totals = ReplayTotals()
    totals.blocks = points.count
    totals.records = points.count * 11
    totals.events = points.count * 97
    totals.accounts = accounts
    totals.positions = accounts * 4
    totals.instruments = 46
    totals.liquidationsByFurthestStage = [
      .cancelOrders: 41, .partial: Int(1_203 * severity / 100), .insuranceFund: 310,
      .deleveraging: Int(87 * severity / 100), .socializedLoss: 5,
    ]
    totals.liquidations = totals.liquidationsByFurthestStage.values.reduce(0, +)
    totals.liquidatedValue = points.last?.liquidatedValue ?? 0
    totals.deleveragedValue = points.last?.deleveragedValue ?? 0
    totals.deleveragedAccounts = 233
    totals.socializedValue = points.last?.socializedValue ?? 0
    totals.penalties = totals.liquidatedValue / 200
    totals.fundPaid = totals.liquidatedValue / 90
    totals.fundAtStart = 35_000_000_000_001
    totals.fundAtEnd = points.last?.insuranceFundValue ?? 0
    totals.lowestFund = points.map(\.insuranceFundValue).min() ?? 0
    totals.refusedCommands = 3
    totals.rejectedSamples = rejections.count
    return totals
  }

  private func origin() throws -> ReplayOrigin {
    var parameters = try ParameterSet(
      name: "made-up", date: CivilDate.split(Self.start).date,
      values: [
        ParameterSet.read(
          key: "liquidation.penalty", text: "0.5%", source: "Tier table, lowest tier"),
        ParameterSet.read(
          key: "liquidation.orderLife", text: "60s", source: "House: one block"),
        ParameterSet.read(
          key: "liquidation.sliceShare", text: "20%",
          source: "Hyperliquid documentation, liquidations"),
      ])
    for assignment in assignments {
      let parts = assignment.split(separator: "=").map(String.init)
      parameters = try parameters.setting(parts[0], to: parts[1], source: "set on the command line")
    }
    return ReplayOrigin(
      title: title, market: market, isReconstruction: isReconstruction,
      accounts: "A seeded population of \(accounts) accounts (seed 7).",
      options: "Option marks come from a parametric surface, not from recorded chains.",
      parameters: parameters, assignments: assignments, skippedRows: skippedRows)
  }
}
