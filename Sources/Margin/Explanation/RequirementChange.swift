// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import MarketData
public import Quantities

/// What changed between two moments and why, in money that adds up exactly.
///
/// From the earlier moment to the later one, one thing at a time, in this order: the price of each
/// underlying (index and basis, by symbol), the volatility of each, the liquidity of the markets,
/// time with the running settlement averages, the account's trades and transfers, the parameters.
/// Each part is the engine's answer after the change less the one before it, so the parts add up
/// to the whole; what two things do together belongs to the later of the two.
public struct RequirementChange: Hashable, Sendable {
  public enum Cause: Hashable, Sendable {
    case price(AssetSymbol)
    case volatility(AssetSymbol)
    /// Volumes, depths, open interest, the uncertainty of indices, and what collateral counts for.
    case liquidity
    case time
    /// Whatever is different in the account: trades, deposits, orders, margin mode.
    case trades
    case parameters
  }

  /// One cause and its differences, millionths of the quote currency.
  public struct Part: Hashable, Sendable {
    public let cause: Cause
    public let equity: Int64
    public let initialMargin: Int64
    public let maintenanceMargin: Int64
  }

  public let before: AccountRisk
  public let after: AccountRisk
  /// In the order in which they are taken; prices, volatilities and liquidity that stayed
  /// are left out.
  public let parts: [Part]

  /// - Parameters:
  ///   - earlier: The engine at the earlier market, with the account as it was.
  ///   - later: The same of the later moment, for the same listing.
  /// - Throws: ``MarginError`` where any of the markets on the way cannot be margined;
  ///   ``MarginError/unlisted(_:)`` with the first contract that is not the same in both listings,
  ///   and ``MarginError/malformedBalances`` where the collateral differs.
  public init(
    from earlier: (engine: RequirementEngine, portfolio: Portfolio),
    to later: (engine: RequirementEngine, portfolio: Portfolio)
  ) throws(MarginError) {
    try Self.check(earlier.engine, later.engine)
    before = try earlier.engine.risk(of: earlier.portfolio)
    after = try later.engine.risk(of: later.portfolio)
    var parts: [Part] = []
    var engine = earlier.engine
    var last = before
    for (cause, market) in Self.markets(from: earlier.engine.market, to: later.engine.market) {
      try engine.advance(to: market)
      let next = try engine.risk(of: earlier.portfolio)
      parts.append(Part(cause, from: last, to: next))
      last = next
    }
    let traded = try engine.risk(of: later.portfolio)
    parts.append(Part(.trades, from: last, to: traded))
    parts.append(Part(.parameters, from: traded, to: after))
    self.parts = parts
  }

  private static func check(
    _ earlier: RequirementEngine, _ later: RequirementEngine
  ) throws(MarginError) {
    let (one, other) = (earlier.layout.listing, later.layout.listing)
    guard one.collateral == other.collateral else { throw .malformedBalances }
    for (contract, same) in zip(one.contracts, other.contracts) where contract != same {
      throw .unlisted(contract.id)
    }
    guard one.contracts.count == other.contracts.count else {
      let longer = one.contracts.count > other.contracts.count ? one : other
      let shared = min(one.contracts.count, other.contracts.count)
      throw .unlisted(longer.contracts[shared].id)
    }
  }

  /// The markets on the way, each with what has just changed.
  private static func markets(
    from earlier: MarketSnapshot, to later: MarketSnapshot
  ) -> [(Cause, MarketSnapshot)] {
    var markets: [(Cause, MarketSnapshot)] = []
    var known = earlier.underlyings
    var liquidity = earlier.liquidity
    var collateral = earlier.collateral
    func snapshot() -> MarketSnapshot {
      MarketSnapshot(
        time: earlier.time, underlyings: known, settling: earlier.settling, liquidity: liquidity,
        collateral: collateral)
    }
    for place in known.indices {
      guard let next = later[known[place].underlying],
        next.index != known[place].index || next.basis != known[place].basis
      else { continue }
      known[place] = UnderlyingMarket(
        underlying: next.underlying, index: next.index, basis: next.basis,
        volatility: known[place].volatility)
      markets.append((.price(next.underlying), snapshot()))
    }
    for place in known.indices {
      guard let next = later[known[place].underlying], next != known[place] else { continue }
      known[place] = next
      markets.append((.volatility(next.underlying), snapshot()))
    }
    if later.liquidity != liquidity || later.collateral != collateral {
      liquidity = later.liquidity
      collateral = later.collateral
      markets.append((.liquidity, snapshot()))
    }
    // Underlyings that came or went belong to the passing of time as well.
    markets.append((.time, later))
    return markets
  }
}

extension RequirementChange.Part {
  fileprivate init(
    _ cause: RequirementChange.Cause, from last: AccountRisk, to next: AccountRisk
  ) {
    self.init(
      cause: cause, equity: next.equity - last.equity,
      initialMargin: next.initialMargin - last.initialMargin,
      maintenanceMargin: next.maintenanceMargin - last.maintenanceMargin)
  }
}
