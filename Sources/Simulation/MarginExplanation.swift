// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Margin
public import MarketData
public import Quantities

/// Everything that explains one account's requirement at one market.
public struct MarginExplanation: Sendable {
  /// The scenarios of one underlying, by which a ranking's places are named.
  public struct Grid: Sendable {
    public let underlying: AssetSymbol
    public let grid: ScenarioGrid
  }

  public let answer: MarginAnswer
  public let time: Timestamp
  public let listing: Listing
  /// Of the underlyings the account depends on, sorted by symbol.
  public let markets: [UnderlyingMarket]
  /// Of portfolio accounts; empty otherwise.
  public let ranking: ScenarioRanking
  /// By underlying, as ``markets``.
  public let grids: [Grid]
  /// The requirement by position, coin and what belongs to the whole account.
  public let shares: [RequirementShare]
  public let positions: [Position]
  public let ladder: GreekLadder
  /// By underlying, as ``markets``.
  public let lines: [LiquidationLine]
  public let maps: [LiquidationMap]
  /// One for each ``RepairTarget``, in their order.
  public let repairs: [RepairTrades]
  /// `nil` without an earlier moment to compare with.
  public let change: RequirementChange?
  /// `nil` without models to compare.
  public let comparison: ModelComparison?

  /// The scenarios of an underlying; `nil` where the account does not depend on it.
  public func grid(of underlying: AssetSymbol) -> ScenarioGrid? {
    grids.first { $0.underlying == underlying }?.grid
  }

  /// A contract's name, or its id where it is not listed.
  public func name(of instrument: InstrumentID) -> String {
    listing.index(of: instrument).map { listing.contracts[$0].name } ?? instrument.description
  }

  /// A signed size in the unit of its contract, such as `−2.5 BTC`.
  public func quantity(_ size: Size, of instrument: InstrumentID) -> String {
    guard let index = listing.index(of: instrument) else { return size.description }
    let text = listing.contracts[index].quantityText(size, quote: listing.quote)
    return (size < .zero ? "−" : "") + text
  }
}
