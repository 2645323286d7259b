// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// The mark of one instrument: its price and what one size step is worth at it.
@frozen
public struct InstrumentMark: Hashable, Sendable {
  public let price: Price
  /// Ledger units of the contract's settlement asset per size step, rounded once.
  public let unitValue: Int64

  @inlinable
  public init(price: Price, unitValue: Int64) {
    self.price = price
    self.unitValue = unitValue
  }
}

/// What the market of one underlying looks like in one block.
@frozen
public struct UnderlyingMarket: Hashable, Sendable {
  public let underlying: AssetSymbol
  /// The accepted index price, in the venue's quote currency.
  public let index: Price
  /// Perpetual mark ÷ index − 1, smoothed and clamped.
  public let basis: Rate
  /// At-the-money volatility for 30 days, annualized.
  public let volatility: Rate

  @inlinable
  public init(underlying: AssetSymbol, index: Price, basis: Rate, volatility: Rate) {
    self.underlying = underlying
    self.index = index
    self.basis = basis
    self.volatility = volatility
  }
}

/// The running average at which the next expiry of an underlying settles.
@frozen
public struct SettlingMarket: Hashable, Sendable {
  public let underlying: AssetSymbol
  public let window: SettlementWindow

  @inlinable
  public init(underlying: AssetSymbol, window: SettlementWindow) {
    self.underlying = underlying
    self.window = window
  }
}

/// How much of one underlying can be traded now, and how well its index is known.
///
/// What margin depends on besides prices; where a snapshot has none, the ordinary volume of the
/// parameters holds, depth is whole, and nothing is known of the rest.
@frozen
public struct UnderlyingLiquidity: Hashable, Sendable {
  public let underlying: AssetSymbol
  /// Traded on an ordinary day, millionths of the quote currency, positive; `nil` is the figure
  /// of the parameters.
  public let dailyVolume: Int64?
  /// Depth of the order book ÷ its ordinary depth, at least 0.
  public let depthShare: Rate
  /// One side of all open positions, millionths of the quote currency, at least 0.
  public let openInterest: Int64
  /// Half the range in which the index lies ÷ the index, at least 0.
  public let uncertainty: Rate
  /// Half the range in which volatilities lie ÷ the volatility, at least 0; `nil` is the figure of
  /// the parameters.
  public let volatilityUncertainty: Rate?

  @inlinable
  public init(
    underlying: AssetSymbol, dailyVolume: Int64? = nil, depthShare: Rate = .one,
    openInterest: Int64 = 0, uncertainty: Rate = .zero, volatilityUncertainty: Rate? = nil
  ) {
    self.underlying = underlying
    self.dailyVolume = dailyVolume
    self.depthShare = depthShare
    self.openInterest = openInterest
    self.uncertainty = uncertainty
    self.volatilityUncertainty = volatilityUncertainty
  }
}

/// Everything a block's margin depends on besides the accounts: accepted prices, as values.
public struct MarketSnapshot: Hashable, Sendable {
  public let time: Timestamp
  /// Sorted by symbol.
  public let underlyings: [UnderlyingMarket]
  /// Of underlyings with an expiry near; in any order, each at most once.
  public let settling: [SettlingMarket]
  /// Of underlyings whose liquidity is known; in any order, each at most once.
  public let liquidity: [UnderlyingLiquidity]
  /// Of assets whose price as collateral or counted share is not simply the index and whole.
  public let collateral: [CollateralMark]

  /// - Precondition: `underlyings` is sorted by symbol, without duplicates.
  public init(
    time: Timestamp, underlyings: [UnderlyingMarket], settling: [SettlingMarket] = [],
    liquidity: [UnderlyingLiquidity] = [], collateral: [CollateralMark] = []
  ) {
    self.time = time
    self.underlyings = underlyings
    self.settling = settling
    self.liquidity = liquidity
    self.collateral = collateral
  }

  public subscript(underlying: AssetSymbol) -> UnderlyingMarket? {
    underlyings.first { $0.underlying == underlying }
  }
}
