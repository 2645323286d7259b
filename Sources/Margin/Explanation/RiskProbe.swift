// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
public import MarketData
public import Quantities

extension RequirementEngine {
  /// The market at which the engine stands.
  public var market: MarketSnapshot {
    MarketSnapshot(
      time: marked.time, underlyings: marked.markets.compactMap(\.self),
      settling: marked.settling, liquidity: marked.liquidity, collateral: marked.collateral)
  }
}

extension MarketSnapshot {
  /// This market with index and volatility of one underlying moved, all else equal.
  public func moving(
    _ underlying: AssetSymbol, to index: Price, volatility: Rate
  ) -> MarketSnapshot {
    let moved = underlyings.map { market in
      market.underlying == underlying
        ? UnderlyingMarket(
          underlying: underlying, index: index, basis: market.basis, volatility: volatility)
        : market
    }
    return MarketSnapshot(
      time: time, underlyings: moved, settling: settling, liquidity: liquidity,
      collateral: collateral)
  }
}

/// One account's risk at markets that differ from the present one in one underlying.
///
/// It asks what ``RequirementEngine`` would say: marks, scenarios and tiers are all made anew.
/// Options with a volatility of their own keep it; open orders play no part.
struct RiskProbe {
  private var engine: RequirementEngine
  private var scratch: RiskScratch
  private let portfolio: Portfolio
  private let market: MarketSnapshot

  init(_ engine: RequirementEngine, _ portfolio: Portfolio) throws(MarginError) {
    var portfolio = portfolio
    portfolio.orders = []
    _ = try engine.risk(of: portfolio)
    self.engine = try engine.restricted(to: portfolio)
    scratch = self.engine.makeScratch()
    self.portfolio = portfolio
    market = engine.market
  }

  /// - Throws: ``MarginError/unpriced(_:)`` for an underlying without a market.
  func present(_ underlying: AssetSymbol) throws(MarginError) -> UnderlyingMarket {
    guard let present = market[underlying] else { throw .unpriced(underlying.description) }
    return present
  }

  /// - Returns: `nil` where the engine has no market.
  mutating func risk(
    _ underlying: AssetSymbol, at index: Price, volatility: Rate
  ) -> AccountRisk? {
    do {
      try engine.advance(to: market.moving(underlying, to: index, volatility: volatility))
      return try engine.risk(of: portfolio, scratch: &scratch)
    } catch { return nil }
  }
}

/// A price axis and multiples of the present volatility, over which an account is looked at.
public struct RiskRange: Hashable, Sendable {
  /// Multiples of the present index, ascending; both positive.
  public let lowest: Rate
  public let highest: Rate
  /// Multiples of the present volatility level, ascending and positive.
  public let volatilityMultiples: [Rate]

  /// - Returns: `nil` for a range that is empty or not positive, and for more than 100 multiples
  ///   or multiples that do not ascend.
  public init?(lowest: Rate, highest: Rate, volatilityMultiples: [Rate]) {
    let ascends = zip(volatilityMultiples, volatilityMultiples.dropFirst()).allSatisfy(<)
    guard lowest > .zero, lowest < highest, highest.billionths <= 100_000_000_000, ascends,
      (1...100).contains(volatilityMultiples.count),
      volatilityMultiples.allSatisfy({ $0 > .zero && $0.billionths <= 100_000_000_000 })
    else { return nil }
    self.lowest = lowest
    self.highest = highest
    self.volatilityMultiples = volatilityMultiples
  }

  private init(_ lowest: Int64, _ highest: Int64, eighths: ClosedRange<Int64>) {
    self.lowest = Rate(billionths: lowest * 100_000_000)
    self.highest = Rate(billionths: highest * 100_000_000)
    volatilityMultiples = eighths.map { Rate(billionths: $0 * 125_000_000) }
  }

  /// 0.4 to 2 times the index; half to three times the volatility, by eighths.
  public static let usual = RiskRange(4, 20, eighths: 4...24)

  /// A price of the range by a multiple of the index, within the field of a price.
  static func price(_ index: Price, _ multiple: Rate) -> Price {
    let product = Int128(index.steps) * Int128(multiple.billionths)
    let steps = product.divided(by: 1_000_000_000, rounding: .halfEven)
    return Price(steps: Int64(min(max(steps, 1), Int128(Price.limit))))
  }

  /// A volatility level by a multiple of the present one, at least a billionth.
  static func volatility(_ level: Rate, _ multiple: Rate) -> Rate {
    let product = Int128(level.billionths) * Int128(multiple.billionths)
    let rounded = product.divided(by: 1_000_000_000, rounding: .halfEven)
    return Rate(billionths: Int64(min(max(rounded, 1), Int128(Rate.limit))))
  }
}
