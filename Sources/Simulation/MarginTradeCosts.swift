// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Clearing
import Instruments
import Margin
import MarketData
import Parameters
import Quantities

/// What a trade of one account would cost at a stated market: the simulated book's price and the
/// venue's fee.
///
/// The book is fresh and calm: nothing was taken from it before and its depth is whole. So an
/// order pays half the spread and the square-root impact of `book.*`, options by their delta.
struct MarginTradeCosts {
  private let listing: Listing
  private let marks: [InstrumentMark]
  private let fees: FeeParameters
  private let indices: [UnderlyingMarket]
  private let depths: [Depth]

  /// - Parameter engine: At the market of the trades.
  init(_ engine: RequirementEngine, parameters: ParameterSet) throws(ParameterError) {
    let books = try BookParameters(parameters)
    fees = try FeeParameters(parameters)
    listing = engine.layout.listing
    marks = engine.marks
    indices = engine.market.underlyings
    depths = indices.map { market in
      var depth = Depth(books[market.underlying])
      depth.observe(market, at: engine.market.time)
      return depth
    }
  }

  /// The fill of an order of a signed size as a taker; `nil` where the book cannot take it.
  func fill(of index: Int, _ size: Size) -> FillEstimate? {
    let contract = listing.contracts[index]
    guard let place = indices.firstIndex(where: { $0.underlying == contract.underlying }),
      let quote = Quote(contract, mark: marks[index].price, depth: depths[place])
    else { return nil }
    let side: Side = size > .zero ? .buy : .sell
    let limit = side == .buy ? contract.highestPrice : .zero
    guard let taken = quote.take(size.magnitude, side: side, limit: limit),
      taken.size == size.magnitude, let value = try? contract.unitValue(at: taken.price)
    else { return nil }
    let worth = TradeWorth(
      value: abs(size.steps * value),
      underlying: contract.isOption ? underlyingWorth(contract, size, indices[place].index) : nil)
    return FillEstimate(price: taken.price, fee: tradingFee(worth, .taker, fees))
  }

  /// The value of an option's underlying at the index, ledger units of the settlement asset.
  private func underlyingWorth(_ contract: Contract, _ size: Size, _ index: Price) -> Int64 {
    let quantity = Int128(size.steps.magnitude) * Int128(contract.stepQuantity)
    let perWhole = Int128(contract.settlementAsset.unitsPerWhole)
    // 10^−8 base units, times 10^−8 of the index where it is paid in the quote currency.
    let units =
      contract.settlement == .inverse
      ? (quantity * perWhole).divided(by: 100_000_000, rounding: .up)
      : (quantity * Int128(index.steps)).divided(
        by: 10_000_000_000_000_000 / perWhole, rounding: .up)
    return Int64(min(units, Int128(Amount.limit)))
  }
}
