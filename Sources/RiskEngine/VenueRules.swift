// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import Ledger
import Margin
public import MarketData
public import Parameters
public import Quantities

/// A feed the venue follows, with its parameters.
public struct FeedRule: Hashable, Sendable {
  public let id: FeedID
  public let parameters: FeedParameters
}

/// How an underlying is marked.
public struct UnderlyingRule: Hashable, Sendable {
  public let symbol: AssetSymbol
  /// The base of the feed of its perpetual, if there is one.
  public let perpetualFeed: AssetSymbol?
  public let marks: MarkParameters
}

/// How an asset is priced as collateral, where that is not simply its index, and how much of it
/// counts.
public struct CollateralRule: Hashable, Sendable {
  public let asset: Asset
  /// `nil` for the quote currency.
  public let underlying: AssetSymbol?
  /// The base of the feed of what it can be redeemed for, if there is one.
  public let redemptionFeed: AssetSymbol?
  public let markUp: Rate?
  public let venueCap: Int64?
}

/// A parameter set as the engine reads it: typed, and complete for what is listed.
///
/// Shared and never changed: rules are large, and the engine they belong to is handed on with
/// every question.
public final class VenueRules: Sendable {
  /// Sorted by feed.
  public let feeds: [FeedRule]
  /// Sorted by symbol.
  public let underlyings: [UnderlyingRule]
  public let surface: SurfaceParameters
  public let margin: MarginParameters
  public let liquidation: LiquidationParameters
  public let clearing: ClearingParameters
  public let fees: FeeParameters
  /// In the order of the listing; only assets that have such rules.
  public let collateral: [CollateralRule]
  /// What owing each asset costs, by dense index.
  public let debts: [DebtTerms]
  /// In which order collateral is sold for debts: dense indices by rank, then haircut.
  public let conversionOrder: [Int]
  public let pool: PoolParameters
  /// By underlying; only those where something is asked for its balance.
  public let balance: [BalanceRule]
  public let hedge: HedgeParameters
  /// By underlying; only those that are hedged.
  public let hedgeBands: [HedgeRule]

  /// Decimals of every feed of the venue.
  public static let feedDecimals: UInt8 = 8

  /// - Throws: ``ParameterError`` when a parameter that something listed needs is not stated.
  public init(_ set: ParameterSet, listing: Listing) throws(ParameterError) {
    surface = try SurfaceParameters(set)
    margin = try MarginParameters(set)
    liquidation = try LiquidationParameters(set)
    for depeg in liquidation.losses.fund.target?.depegs ?? []
    where depeg.asset == listing.quote.symbol {
      throw .inconsistent(
        key: FundParameters.depegPrefix + depeg.asset.description,
        reason: "prices are in this asset; state a move of all others")
    }
    clearing = try ClearingParameters(set)
    fees = try FeeParameters(set)
    pool = try PoolParameters(set)
    hedge = try HedgeParameters(set)
    var hedgeBands: [HedgeRule] = []
    var feeds: [FeedRule] = []
    var underlyings: [UnderlyingRule] = []
    var balance: [BalanceRule] = []
    for symbol in Self.symbols(of: listing) {
      if let rule = try BalanceRule(set, underlying: symbol) { balance.append(rule) }
      if let band = try HedgeBand(set, underlying: symbol) {
        hedgeBands.append(HedgeRule(underlying: symbol, band: band))
      }
      feeds.append(try Self.feed(symbol, quote: listing.quote, set))
      let perpetual = Self.perpetualFeed(of: symbol, set)
      if let perpetual { feeds.append(try Self.feed(perpetual, quote: listing.quote, set)) }
      underlyings.append(
        UnderlyingRule(
          symbol: symbol, perpetualFeed: perpetual,
          marks: try MarkParameters(set, underlying: symbol)))
    }
    collateral = Self.collateral(of: listing, margin.collateral, set)
    let owed = margin.collateral.debts
    debts = listing.collateral.map { owed[$0.asset.symbol] }
    conversionOrder = Self.conversionOrder(of: listing, margin)
    for rule in collateral {
      guard let base = rule.redemptionFeed, !feeds.contains(where: { $0.id.base == base })
      else { continue }
      feeds.append(try Self.feed(base, quote: listing.quote, set))
    }
    self.feeds = feeds.sorted { $0.id < $1.id }
    self.underlyings = underlyings
    self.balance = balance
    self.hedgeBands = hedgeBands
  }

  /// Every underlying something depends on, sorted, each once.
  private static func symbols(of listing: Listing) -> [AssetSymbol] {
    let all = listing.contracts.map(\.underlying) + listing.collateral.compactMap(\.underlying)
    var symbols: [AssetSymbol] = []
    for symbol in all.sorted() where symbols.last != symbol { symbols.append(symbol) }
    return symbols
  }

  private static func feed(
    _ base: AssetSymbol, quote: Asset, _ set: ParameterSet
  ) throws(ParameterError) -> FeedRule {
    do {
      let id = try FeedID(base: base, quote: quote.symbol, decimals: feedDecimals)
      return FeedRule(id: id, parameters: try FeedParameters(set, feed: base))
    } catch let error as ParameterError {
      throw error
    } catch {
      throw .inconsistent(key: "oracle.\(base)", reason: "no such feed")
    }
  }

  private static func conversionOrder(
    of listing: Listing, _ margin: MarginParameters
  ) -> [Int] {
    let keys = listing.collateral.enumerated().map { index, collateral in
      let symbol = collateral.asset.symbol
      let haircut = CollateralHaircut(
        flat: margin.haircuts[symbol], margin.collateral.terms[symbol], volatility: .zero)
      return (margin.collateral.debts[symbol].conversionRank, haircut.least.billionths, index)
    }
    return keys.sorted { $0 < $1 }.map(\.2)
  }

  private static func collateral(
    of listing: Listing, _ parameters: CollateralParameters, _ set: ParameterSet
  ) -> [CollateralRule] {
    var rules: [CollateralRule] = []
    for collateral in listing.collateral {
      let terms = parameters.terms[collateral.asset.symbol]
      let redemption = collateral.underlying.flatMap { feed("\($0)_R", set) }
      guard redemption != nil || terms.markUp != nil || terms.venueCap != nil else { continue }
      rules.append(
        CollateralRule(
          asset: collateral.asset, underlying: collateral.underlying,
          redemptionFeed: redemption, markUp: terms.markUp, venueCap: terms.venueCap))
    }
    return rules
  }

  /// `BTC_PERP` for `BTC`, where the parameters state a source of it.
  private static func perpetualFeed(
    of symbol: AssetSymbol, _ set: ParameterSet
  ) -> AssetSymbol? {
    feed("\(symbol)_PERP", set)
  }

  /// The base of a feed of which the parameters state a source.
  private static func feed(_ name: String, _ set: ParameterSet) -> AssetSymbol? {
    let prefix = "oracle.\(name).source."
    guard set.values.contains(where: { $0.key.hasPrefix(prefix) }) else { return nil }
    return try? AssetSymbol(name)
  }
}

extension VenueRules {
  /// The stage that follows another in the venue's waterfall; `nil` after the last.
  func stage(after stage: LiquidationStage) -> LiquidationStage? {
    let stages = liquidation.waterfall.stages.map(LiquidationStage.init)
    guard let place = stages.firstIndex(of: stage) else { return stages.first }
    return place + 1 < stages.count ? stages[place + 1] : nil
  }
}

extension VenueRules {
  /// Whether an account for which nobody is left to close against goes on to another stage.
  ///
  /// Where only the sharing of losses follows it stays on offer at what the fund allows: winners
  /// are asked when its positions are gone.
  var goesOnAfterDeleveraging: Bool {
    let stages = liquidation.waterfall.stages
    guard let place = stages.firstIndex(of: .deleveraging) else { return false }
    return stages[(place + 1)...].contains { $0 != .socializedLoss }
  }

  /// The stages that come before another; none if the waterfall does not have it.
  func stages(before stage: WaterfallParameters.Stage) -> ArraySlice<WaterfallParameters.Stage> {
    let stages = liquidation.waterfall.stages
    return stages[..<(stages.firstIndex(of: stage) ?? 0)]
  }

  /// Whether what closing costs in a stage is shared by winners before the fund is asked.
  func isBorneByWinners(at stage: LiquidationStage) -> Bool {
    let stages = liquidation.waterfall.stages.map(LiquidationStage.init)
    guard let sharing = stages.firstIndex(of: .socializedLoss),
      let place = stages.firstIndex(of: stage)
    else { return false }
    return sharing <= place
  }

  /// Whether the waterfall has a stage.
  func has(_ stage: WaterfallParameters.Stage) -> Bool {
    liquidation.waterfall.stages.contains(stage)
  }
}

extension LiquidationStage {
  fileprivate init(_ stage: WaterfallParameters.Stage) {
    switch stage {
    case .partial: self = .partial
    case .auction: self = .auction
    case .pool: self = .pool
    case .insuranceFund: self = .insuranceFund
    case .deleveraging: self = .deleveraging
    case .socializedLoss: self = .socializedLoss
    }
  }
}
