// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Connectors
public import Instruments
public import Margin
public import MarketData
public import Parameters
public import Quantities
import RiskEngine

/// A market at a stated time under stated parameters.
public struct MarginMoment: Sendable {
  /// One per underlying, in any order.
  public let markets: [UnderlyingMarket]
  public let time: Timestamp
  public let parameters: ParameterSet

  public init(markets: [UnderlyingMarket], time: Timestamp, parameters: ParameterSet) {
    self.markets = markets
    self.time = time
    self.parameters = parameters
  }

  var snapshot: MarketSnapshot {
    MarketSnapshot(time: time, underlyings: markets.sorted { $0.underlying < $1.underlying })
  }
}

/// What the accounts of a file need at a stated market, and at what prices they are liquidated.
public struct MarginQuestion: Sendable {
  public let listing: Listing
  public let engine: RequirementEngine
  let moment: MarginMoment
  private let costs: MarginTradeCosts
  private let earlier: RequirementEngine?

  /// - Parameters:
  ///   - markets: One per underlying, in any order.
  ///   - since: The moment with which an explanation compares, for the same contracts.
  public init(
    markets: [UnderlyingMarket], at time: Timestamp, parameters: ParameterSet,
    since: MarginMoment? = nil
  ) throws {
    let moment = MarginMoment(markets: markets, time: time, parameters: parameters)
    let quote = try Asset(symbol: AssetSymbol("USD"), decimals: 6)
    let draft = try VenueListing(
      quote: quote, underlyings: moment.snapshot.underlyings.map { ($0.underlying, $0.index) },
      window: time..<(time + .day))
    var listing = Listing(quote: quote)
    for asset in draft.collateral { listing.accept(asset) }
    for contract in draft.contracts { listing.list(contract) }
    self.listing = listing
    self.moment = moment
    engine = try Self.engine(listing, at: moment)
    costs = try MarginTradeCosts(engine, parameters: parameters)
    earlier = try since.map { try Self.engine(listing, at: $0) }
  }

  private static func engine(
    _ listing: Listing, at moment: MarginMoment
  ) throws -> RequirementEngine {
    let rules = try VenueRules(moment.parameters, listing: listing)
    var engine = try RequirementEngine(
      listing: listing, margin: rules.margin, surface: rules.surface)
    try engine.advance(to: moment.snapshot)
    return engine
  }

  /// The answer for one account.
  public func answer(_ row: AccountRow) throws -> MarginAnswer {
    try answer(row, portfolio(row))
  }

  /// The answer with everything that explains it.
  ///
  /// - Parameters:
  ///   - earlier: The account at the earlier moment; the same as now where there is none.
  ///   - models: Venues' models whose requirement is compared; none for no comparison.
  public func explain(
    _ row: AccountRow, since earlier: AccountRow? = nil, under models: [MarginModel] = []
  ) throws -> MarginExplanation {
    let portfolio = try portfolio(row)
    let answer = try answer(row, portfolio)
    let underlyings = underlyings(of: portfolio)
    var change: RequirementChange?
    if let engine = self.earlier {
      let before = try earlier.map { try self.portfolio($0) } ?? portfolio
      change = try RequirementChange(from: (engine, before), to: (self.engine, portfolio))
    }
    return MarginExplanation(
      answer: answer, time: moment.time, listing: listing,
      markets: underlyings.compactMap { engine.market[$0] },
      ranking: ScenarioRanking(answer.breakdown.scans, of: engine),
      grids: underlyings.compactMap { underlying in
        engine.layout.underlyings.firstIndex(of: underlying)
          .map { MarginExplanation.Grid(underlying: underlying, grid: engine.grids[$0]) }
      },
      shares: engine.shares(of: answer.breakdown, portfolio),
      positions: portfolio.positions,
      ladder: try GreekLadder(engine, portfolio),
      lines: try underlyings.map { try LiquidationLine(engine, portfolio, of: $0) },
      maps: try underlyings.map { try LiquidationMap(engine, portfolio, of: $0) },
      repairs: try RepairTarget.allCases.map { target in
        try RepairTrades(engine, portfolio, target: target) { costs.fill(of: $0, $1) }
      }, change: change,
      comparison: models.isEmpty ? nil : try compare(row, under: models))
  }

  /// What venues' models require of one account.
  public func compare(
    _ row: AccountRow, under models: [MarginModel]
  ) throws -> ModelComparison {
    try ModelComparison(of: portfolio(row), at: engine, under: models)
  }

  /// An account of a file as a portfolio of the listing.
  public func portfolio(_ row: AccountRow) throws(ReadError) -> Portfolio {
    do throws(RowFault) {
      try checkNames(of: row)
      return try row.portfolio(in: listing)
    } catch { throw .row(error) }
  }

  private func answer(_ row: AccountRow, _ portfolio: Portfolio) throws -> MarginAnswer {
    var solver = try LiquidationPriceSolver(engine, portfolio)
    var prices: [MarginAnswer.Prices] = []
    for underlying in underlyings(of: portfolio) {
      prices.append(
        MarginAnswer.Prices(
          underlying: underlying,
          liquidationBelow: try solver.crossing(
            below: .maintenanceMargin, asFalls: underlying),
          liquidationAbove: try solver.crossing(
            below: .maintenanceMargin, asRises: underlying),
          bankruptcyBelow: try solver.crossing(below: .bankruptcy, asFalls: underlying),
          bankruptcyAbove: try solver.crossing(below: .bankruptcy, asRises: underlying)))
    }
    return MarginAnswer(
      account: row.account, mode: row.mode, breakdown: try engine.breakdown(of: portfolio),
      prices: prices)
  }

  /// Every underlying the portfolio's equity or requirement depends on, sorted.
  private func underlyings(of portfolio: Portfolio) -> [AssetSymbol] {
    var found: [AssetSymbol] = []
    for position in portfolio.positions {
      guard let index = listing.index(of: position.instrument) else { continue }
      found.append(listing.contracts[index].underlying)
    }
    for (asset, balance) in zip(listing.collateral, portfolio.balances) where balance != 0 {
      if let underlying = asset.underlying { found.append(underlying) }
    }
    var distinct: [AssetSymbol] = []
    for symbol in found.sorted() where distinct.last != symbol { distinct.append(symbol) }
    return distinct
  }
}

/// One account's requirement, explained.
public struct MarginAnswer: Sendable {
  public let account: AccountID
  public let mode: MarginMode
  public let breakdown: RequirementBreakdown
  public let prices: [Prices]

  /// Where the account falls below its lines as one underlying moves and all else stays.
  public struct Prices: Sendable {
    public let underlying: AssetSymbol
    public let liquidationBelow: LineCrossing
    public let liquidationAbove: LineCrossing
    public let bankruptcyBelow: LineCrossing
    public let bankruptcyAbove: LineCrossing
  }
}
