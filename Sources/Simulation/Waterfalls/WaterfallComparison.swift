// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Connectors
import Ledger
import Parameters
import Quantities
public import RiskEngine

/// One crash under one waterfall.
public struct WaterfallRun: Sendable {
  /// The waterfall's own name.
  public let name: String
  /// What it reproduces and what it leaves out.
  public let description: String
  public let result: ReplayResult

  public init(name: String, description: String, result: ReplayResult) {
    self.name = name
    self.description = description
    self.result = result
  }
}

extension WaterfallRun {
  /// How a crash ended for the venue.
  public enum Outcome: String, Hashable, Sendable {
    /// Nobody is owed anything, and nobody bore the loss of another.
    case solvent
    /// Winners gave up a part of their profit so that nobody is owed anything.
    case lossShared
    /// Accounts owe what nobody has paid.
    case insolvent
  }

  public var outcome: Outcome {
    if owedAtEnd > 0 { return .insolvent }
    return result.totals.socializedValue > 0 ? .lossShared : .solvent
  }

  /// Σ of negative equities after the last block, millionths of the quote currency.
  public var owedAtEnd: Int64 { result.points.last?.uncoveredValue ?? 0 }
  /// What traders paid, as the sum of every kind.
  public var totalCost: Int64 { result.costs.total }
  /// What those behind the venue paid out: the insurance fund for debts and to bidders, and what
  /// backstop pools lost.
  public var backstopDraw: Int64 {
    let totals = result.totals
    // What the fund paid bidders is a part of what it paid.
    return WaterfallCosts.sum(totals.fundPaid, max(-totals.poolProfit, 0))
  }
}

/// Runs one crash under several waterfalls: the same prices, accounts, depth and seed.
public struct WaterfallComparison: Sendable {
  public let title: String
  public let market: RecordedMarket
  /// What every waterfall is laid over.
  public let file: ParameterFile
  public let accounts: AccountSource
  public let workers: AccountWorkers
  /// What gas costs; without it there are no keepers, whatever a waterfall states.
  public let gas: GasProfile?
  /// See ``ReplayPlan/isLeftToKeepers``.
  public let isLeftToKeepers: Bool

  public init(
    title: String, market: RecordedMarket, file: ParameterFile, accounts: AccountSource,
    workers: AccountWorkers = .one, gas: GasProfile? = nil, isLeftToKeepers: Bool = false
  ) {
    self.gas = gas
    self.isLeftToKeepers = isLeftToKeepers
    self.title = title
    self.market = market
    self.file = file
    self.accounts = accounts
    self.workers = workers
  }

  /// The run under one waterfall.
  ///
  /// - Parameter progress: Called with blocks done and in all.
  public func run(
    _ waterfall: WaterfallFile, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> WaterfallRun {
    let whole = try waterfall.over(file)
    return WaterfallRun(
      name: waterfall.set.name, description: waterfall.description,
      result: try run(whole, progress: progress))
  }

  /// The run under a parameter file as it stands.
  func run(
    _ file: ParameterFile, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> ReplayResult {
    let keys = file.assignments.compactMap { $0.split(separator: "=").first.map(String.init) }
    var plan = ReplayPlan(
      title: title, market: market,
      parameters: try FeedFit(market: market, kept: keys).parameters(file.set),
      assignments: file.assignments, accounts: accounts, workers: workers)
    plan.gas = gas
    plan.isLeftToKeepers = isLeftToKeepers
    var replay = try Replay(plan)
    return try replay.run(progress: progress)
  }
}
