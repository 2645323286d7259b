// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import MarketData
public import Quantities

/// The line an account's equity is watched against.
public enum EquityLine: Hashable, Sendable {
  /// Equity at least maintenance margin.
  case maintenanceMargin
  /// Equity at least zero.
  case bankruptcy
}

/// Where an account falls below a line as one index price moves.
public enum LineCrossing: Hashable, Sendable {
  /// Adjacent price steps: at the first the account still holds the line, at the second not.
  case at(lastHealthy: Price, firstUnhealthy: Price)
  /// The account is below the line already.
  case alreadyCrossed
  /// Not within the range that is searched.
  case outOfRange
}

/// Exact liquidation and bankruptcy prices: where the engine's own equity and maintenance margin
/// cross, all else equal.
///
/// The question asked at every price is what ``RequirementEngine`` would say if the next market
/// had that index for one underlying and everything else (time, basis, volatility level, other
/// underlyings) as now: marks, scenarios and tiers are all made anew. The search walks away from
/// the index in steps of a share of the price until the line is crossed, then halves that
/// step down to two adjacent prices. A crossing and its reversal within one step are not seen.
public struct LiquidationPriceSolver {
  private var engine: RequirementEngine
  private var scratch: RiskScratch
  private let portfolio: Portfolio
  private let market: MarketSnapshot

  /// - Parameters:
  ///   - engine: At the market from which prices move.
  ///   - portfolio: An account of the engine's listing; its open orders play no part.
  /// - Throws: ``MarginError``, as ``RequirementEngine/risk(of:scratch:)`` does.
  public init(_ engine: RequirementEngine, _ portfolio: Portfolio) throws(MarginError) {
    var portfolio = portfolio
    portfolio.orders = []
    _ = try engine.risk(of: portfolio)
    self.engine = try engine.restricted(to: portfolio)
    scratch = self.engine.makeScratch()
    self.portfolio = portfolio
    market = MarketSnapshot(
      time: engine.marked.time, underlyings: engine.marked.markets.compactMap(\.self),
      settling: engine.marked.settling, liquidity: engine.marked.liquidity,
      collateral: engine.marked.collateral)
  }

  /// The nearest crossing as the index of an underlying falls.
  ///
  /// - Parameters:
  ///   - stepsPerPrice: The walk goes by this fraction of the price: 64 is about 1.6 %.
  ///   - lowest: Where the walk ends; `nil` is a hundredth of the index.
  /// - Throws: ``MarginError/unpriced(_:)`` for an underlying without a market.
  public mutating func crossing(
    below line: EquityLine, asFalls underlying: AssetSymbol, stepsPerPrice: Int64 = 64,
    lowest: Price? = nil
  ) throws(MarginError) -> LineCrossing {
    let index = try index(of: underlying)
    let end = max(lowest?.steps ?? index.steps / 100, 1)
    return walk(line, underlying, from: index.steps) { price in
      let next = price - max(price / stepsPerPrice, 1)
      return price <= end ? nil : max(next, end)
    }
  }

  /// The nearest crossing as the index of an underlying rises.
  ///
  /// - Parameters:
  ///   - stepsPerPrice: The walk goes by this fraction of the price: 64 is about 1.6 %.
  ///   - highest: Where the walk ends; `nil` is 16 times the index.
  /// - Throws: ``MarginError/unpriced(_:)`` for an underlying without a market.
  public mutating func crossing(
    below line: EquityLine, asRises underlying: AssetSymbol, stepsPerPrice: Int64 = 64,
    highest: Price? = nil
  ) throws(MarginError) -> LineCrossing {
    let index = try index(of: underlying)
    let end = min(highest?.steps ?? index.steps * 16, Price.limit)
    return walk(line, underlying, from: index.steps) { price in
      let next = price + max(price / stepsPerPrice, 1)
      return price >= end ? nil : min(next, end)
    }
  }

  private func index(of underlying: AssetSymbol) throws(MarginError) -> Price {
    guard let index = market[underlying]?.index else {
      throw .unpriced(underlying.description)
    }
    return index
  }

  private mutating func walk(
    _ line: EquityLine, _ underlying: AssetSymbol, from start: Int64,
    next: (Int64) -> Int64?
  ) -> LineCrossing {
    guard var isHealthy = holds(line, underlying, start) else { return .outOfRange }
    guard isHealthy else { return .alreadyCrossed }
    var healthy = start
    while let price = next(healthy) {
      guard let answer = holds(line, underlying, price) else { return .outOfRange }
      isHealthy = answer
      if !isHealthy { return bisect(line, underlying, healthy: healthy, unhealthy: price) }
      healthy = price
    }
    return .outOfRange
  }

  private mutating func bisect(
    _ line: EquityLine, _ underlying: AssetSymbol, healthy: Int64, unhealthy: Int64
  ) -> LineCrossing {
    var healthy = healthy
    var unhealthy = unhealthy
    while abs(healthy - unhealthy) > 1 {
      let middle = healthy + (unhealthy - healthy) / 2
      if holds(line, underlying, middle) ?? false { healthy = middle } else { unhealthy = middle }
    }
    return .at(
      lastHealthy: Price(steps: healthy), firstUnhealthy: Price(steps: unhealthy))
  }

  /// Whether the account holds the line at a price; `nil` where the engine has no market.
  private mutating func holds(
    _ line: EquityLine, _ underlying: AssetSymbol, _ steps: Int64
  ) -> Bool? {
    let moved = market.moving(underlying, to: Price(steps: steps))
    do {
      try engine.advance(to: moved)
      let risk = try engine.risk(of: portfolio, scratch: &scratch)
      return switch line {
      case .maintenanceMargin: !risk.isLiquidatable
      case .bankruptcy: risk.equity >= 0
      }
    } catch { return nil }
  }
}

extension MarketSnapshot {
  /// This market with one index moved, all else equal.
  public func moving(_ underlying: AssetSymbol, to index: Price) -> MarketSnapshot {
    let moved = underlyings.map { market in
      market.underlying == underlying
        ? UnderlyingMarket(
          underlying: underlying, index: index, basis: market.basis,
          volatility: market.volatility)
        : market
    }
    return MarketSnapshot(
      time: time, underlyings: moved, settling: settling, liquidity: liquidity,
      collateral: collateral)
  }
}
