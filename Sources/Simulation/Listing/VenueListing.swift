// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Ledger
public import Quantities

/// What a replay lists: for each underlying two perpetuals, two dated futures and options.
///
/// | contract | settles in | one size step | expiries, strikes |
/// |---|---|---|---|
/// | `BTC-PERP` | USD | a power of ten of coins worth at most 10 USD | – |
/// | `BTC-USD-INV` | BTC | 10 USD above a price of 1,000, else 1 USD | – |
/// | `BTC-27MAR20` | USD | as `BTC-PERP` | month's end, the quarter's end after it |
/// | `BTC-27MAR20-8000-C-INV` | BTC | the same, at most 100 USD | day, month, quarter; 9 |
/// | `BTC-27MAR20-8000-C` | USD | as `BTC-PERP` | month; 3 |
/// | `BTC-SPOT`, where asked for | USD | as `BTC-PERP`, one unit of the coin at least | – |
///
/// Steps follow from the index price alone, so any underlying can be listed, and a step is small
/// enough for a scenario cell: below 2,147 USD even when spot is six times as high. The step of
/// options in coin is also small enough for its value at the highest price to fit the ledger's
/// field. The day is the last one that ends inside the window. Strikes stand around the index,
/// 5 % apart (day) or 12.5 % apart (month and quarter), rounded to numbers such as 250 or 1,000.
public struct VenueListing: Sendable {
  public let quote: Asset
  /// Without the quote currency, which needs no command.
  public let collateral: [CollateralAsset]
  /// In order of id, from 0 without gaps.
  public let contracts: [Contract]

  /// - Parameters:
  ///   - quote: The currency in which indices, equity and requirements are counted.
  ///   - underlyings: Symbol and index price at the start, each symbol once.
  ///   - window: The time replayed; some options expire inside it when it has an 08:00 UTC.
  ///   - withSpot: Whether each coin has a spot market as well, listed after all other contracts.
  /// - Throws: ``ListingError`` when a price is zero or too high for any step, or no contract
  ///   fits.
  public init(
    quote: Asset, underlyings: [(symbol: AssetSymbol, index: Price)], window: Range<Timestamp>,
    withSpot: Bool = false
  ) throws(ListingError) {
    self.quote = quote
    var collateral: [CollateralAsset] = []
    var draft = ContractDraft(quote: quote)
    var scales: [ListingScale] = []
    for underlying in underlyings.sorted(by: { $0.symbol < $1.symbol }) {
      guard !collateral.contains(where: { $0.underlying == underlying.symbol }) else {
        throw .repeatedUnderlying(underlying.symbol)
      }
      guard ListingScale.permitted.contains(underlying.index) else {
        throw .priceOutOfRange(underlying.symbol, underlying.index)
      }
      do {
        let scale = try ListingScale(underlying.symbol, index: underlying.index)
        collateral.append(CollateralAsset(asset: scale.coin, underlying: underlying.symbol))
        try draft.add(scale, window: window)
        scales.append(scale)
      } catch {
        throw .unlistable(underlying.symbol, "\(error)")
      }
    }
    for scale in withSpot ? scales : [] {
      do { try draft.addSpot(scale) } catch { throw .unlistable(scale.symbol, "\(error)") }
    }
    self.collateral = collateral
    contracts = draft.contracts
  }

  /// Accepts the collateral, then lists the contracts.
  public var commands: [Command] {
    collateral.map { .acceptCollateral($0) } + contracts.map { .listInstrument($0) }
  }
}

/// Why a venue cannot be listed.
public enum ListingError: Error, Hashable, Sendable, CustomStringConvertible {
  case repeatedUnderlying(AssetSymbol)
  case priceOutOfRange(AssetSymbol, Price)
  case unlistable(AssetSymbol, String)

  public var description: String {
    switch self {
    case .repeatedUnderlying(let symbol): "\(symbol) is to be listed twice"
    case .priceOutOfRange(let symbol, let price):
      "\(symbol) at \(price): expected a price from \(ListingScale.permitted.lowerBound) to "
        + "\(ListingScale.permitted.upperBound)"
    case .unlistable(let symbol, let reason): "\(symbol): \(reason)"
    }
  }
}
