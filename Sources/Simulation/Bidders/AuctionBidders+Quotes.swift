// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Parameters
import Quantities
import RiskEngine

// The makers of a replay as those who answer requests for quotes.
//
// Decisions, with their reasons:
// - A maker asks for what the slice costs it. As far as the slice brings its own holding of the
//   underlying nearer to zero, nothing has to be hedged; the rest it works off in the book, as a
//   bidder does with what it has won. So makers who are on the other side quote best.
// - An answer binds for the request's life while the market moves: an option at the money that the
//   maker gives away, worth σ√(life ÷ 2π) (L. Bachelier, 1900), which it asks for as well.
// - Options cost their own spread besides, on their notional × |delta|, as in the book.
// - Prices are multiples of the tick, rounded against the account.
extension AuctionBidders {
  /// √(1 ÷ 2π).
  private static let bachelier = 0.398_942_280_401_432_7

  /// The answers of the registered makers to a request, by account.
  func answers(
    to request: QuoteRequest, _ engine: Engine, _ book: SimulatedBook
  ) -> [Command] {
    guard let index = engine.state.listing.index(of: request.instrument),
      let mark = engine.valuation?.mark(of: request.instrument)
    else { return [] }
    let contract = engine.state.listing.contracts[index]
    guard let depth = book.depth(of: contract.underlying),
      let quote = Quote(contract, mark: mark.price, depth: depth)
    else { return [] }
    let makers = book.makers(of: contract.underlying).filter {
      $0 != request.account && engine.state.balance.isMaker($0)
    }
    let life = Double(max((request.endsAt - engine.state.time).nanoseconds, 0)) * 1e-9
    return makers.compactMap { maker in
      guard let cost = cost(of: request, to: maker, seconds: life, quote, engine, book) else {
        return nil
      }
      let move = (min(cost * quote.priceScale, 1e9) * Double(Price.stepsPerOne)).rounded(.up)
      let tick = contract.tick.steps
      let steps = mark.price.steps + request.side.sign * Int64(move)
      let price = steps.rounded(toMultipleOf: tick, up: request.side == .buy)
      guard price > 0, price <= contract.highestPrice.steps else { return nil }
      return .answerRequest(maker, request.id, Price(steps: price), request.size)
    }
  }

  /// What taking a slice costs a maker, as a share of what it takes from the underlying's book.
  private func cost(
    of request: QuoteRequest, to maker: AccountID, seconds: Double, _ quote: Quote,
    _ engine: Engine, _ book: SimulatedBook
  ) -> Double? {
    let taken = request.side == .sell ? request.size : -request.size
    let position = Position(instrument: request.instrument, size: taken, cost: 0)
    guard let slice = exposures(of: [position], engine).first,
      let hedge = cost(slice.underlying, slice.delta > 0 ? .sell : .buy, book)
    else { return nil }
    let whole = Double(request.size.steps) * quote.stepNotional
    let rest = rest(of: slice.delta, beside: held(slice.underlying, by: maker, engine))
    var cost = rest > 0 ? rest * hedge.cheapest(rest).share : 0
    cost += slice.options * 0.5 * book.optionSpread(of: slice.underlying)
    let wait = Self.bachelier * hedge.volatility * seconds.squareRoot()
    return whole > 0 ? cost / whole + wait + parameters.leastReturn.value : nil
  }

  /// How much of a delta is not met by what is held the other way, quote units.
  private func rest(of delta: Double, beside held: Double) -> Double {
    let met = delta * held < 0 ? min(abs(delta), abs(held)) : 0
    return abs(delta) - met
  }

  /// A maker's delta in an underlying, quote units.
  private func held(
    _ underlying: AssetSymbol, by maker: AccountID, _ engine: Engine
  ) -> Double {
    guard let index = engine.state.index(of: maker) else { return 0 }
    let held = engine.state.accounts[index].portfolio.positions
    return exposures(of: held, engine).first { $0.underlying == underlying }?.delta ?? 0
  }

  /// A maker has taken a slice at its own price: what it did not hold the other way is worked off.
  ///
  /// - Parameter engine: As it is after the trade.
  mutating func hedge(
    _ trade: Trade, of maker: AccountID, _ engine: Engine, in book: inout SimulatedBook
  ) {
    let taken = trade.buyer == maker ? trade.size : -trade.size
    let position = Position(instrument: trade.instrument, size: taken, cost: 0)
    guard let slice = exposures(of: [position], engine).first else { return }
    let before = held(slice.underlying, by: maker, engine) - slice.delta
    let rest = rest(of: slice.delta, beside: before)
    guard rest > 0 else { return }
    workOff(rest, in: slice.underlying, by: slice.delta > 0 ? .sell : .buy, &book)
  }
}

extension Int64 {
  /// The nearest multiple of a positive number below, or above.
  fileprivate func rounded(toMultipleOf tick: Int64, up: Bool) -> Int64 {
    let rest = self % tick
    let floor = rest < 0 ? self - rest - tick : self - rest
    return up && floor != self ? floor + tick : floor
  }
}
