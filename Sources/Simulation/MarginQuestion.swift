// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Connectors
public import Instruments
public import Margin
public import MarketData
public import Parameters
public import Quantities
import RiskEngine

/// What the accounts of a file need at a stated market, and at what prices they are liquidated.
public struct MarginQuestion: Sendable {
  public let listing: Listing
  private var engine: RequirementEngine

  /// - Parameter markets: One per underlying, in any order.
  public init(
    markets: [UnderlyingMarket], at time: Timestamp, parameters: ParameterSet
  ) throws {
    let sorted = markets.sorted { $0.underlying < $1.underlying }
    let quote = try Asset(symbol: AssetSymbol("USD"), decimals: 6)
    let draft = try VenueListing(
      quote: quote, underlyings: sorted.map { ($0.underlying, $0.index) },
      window: time..<(time + .day))
    var listing = Listing(quote: quote)
    for asset in draft.collateral { listing.accept(asset) }
    for contract in draft.contracts { listing.list(contract) }
    self.listing = listing
    let rules = try VenueRules(parameters, listing: listing)
    engine = try RequirementEngine(
      listing: listing, margin: rules.margin, surface: rules.surface)
    try engine.advance(to: MarketSnapshot(time: time, underlyings: sorted))
  }

  /// The answer for one account.
  public func answer(_ row: AccountRow) throws -> MarginAnswer {
    let portfolio: Portfolio
    do { portfolio = try row.portfolio(in: listing) } catch { throw ReadError.row(error) }
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
