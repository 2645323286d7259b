// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
import Quantities

// What makes a move worse than its marks: thin books, late liquidations, lost pegs.
extension Engine {
  /// The mean of the worst hundredth of a standard normal: how far prices go, in standard
  /// deviations, while liquidations are late.
  private static let tailMean = 2.665

  /// What owners lack in each stress beyond a plain move: by stress, then by universe.
  ///
  /// - Parameter moved: The market after each of the stated moves, in their order.
  /// - Returns: `nil` when a mark leaves its limits.
  func stressedShortfalls(
    _ parameters: FundParameters.Target, after moved: [MovedMarket], _ universes: [RiskUniverse],
    _ valuation: Valuation
  ) -> [[[Int64]]]? {
    var found: [[[Int64]]] = []
    for (move, moved) in zip(parameters.moves, moved)
    where move.depth != nil || move.latency > .zero {
      guard let shortfalls = shortfalls(after: move, moved, universes, valuation) else {
        return nil
      }
      found.append(shortfalls)
    }
    guard !parameters.depegs.isEmpty else { return found }
    let lost = parameters.depegs.compactMap { depeg in
      state.listing.collateral.first { $0.asset.symbol == depeg.asset }?.underlying
        .map { (underlying: $0, left: depeg.left) }
    }
    let unpegged = valuation.moved(state) { underlying in
      lost.first { $0.underlying == underlying }?.left ?? .one
    }
    guard let unpegged else { return nil }
    found.append(
      shortfalls(of: universes) { -unpegged.equity(of: state.accounts[$0].portfolio) })
    return found
  }

  /// Refuses a lost peg of what is no collateral, or has no price that could be lost: nobody would
  /// lack anything, nor know of it.
  ///
  /// Not at the opening, which comes before any collateral is accepted.
  func checkDepegs(under next: VenueRules) throws(StepError) {
    for depeg in next.liquidation.losses.fund.target?.depegs ?? [] {
      let asset = state.listing.collateral.first { $0.asset.symbol == depeg.asset }
      guard asset?.underlying == nil else { continue }
      throw .refused(
        .parameters(
          .inconsistent(
            key: FundParameters.depegPrefix + depeg.asset.description,
            reason: asset == nil
              ? "this asset is no collateral; accept it first"
              : "this asset counts at par: it has no price to lose")))
    }
  }

  /// What owners lack once their accounts are closed after a move.
  ///
  /// The move comes at once, before any liquidation. Who is below today's maintenance margin after
  /// it is closed: at the worse of the prices that are φ σ √latency up or down from there, all
  /// underlyings together, and at what closing costs with the depth that is left.
  private func shortfalls(
    after move: FundParameters.Move, _ moved: MovedMarket, _ universes: [RiskUniverse],
    _ valuation: Valuation
  ) -> [[Int64]]? {
    let factor = Rate(billionths: Rate.one.billionths + move.shift.billionths)
    var later: [MovedMarket] = []
    for sign: Double in move.latency > .zero ? [-1, 1] : [] {
      let further = valuation.moved(state) { underlying in
        drifted(factor, sign, underlying, over: move.latency)
      }
      guard let further else { return nil }
      later.append(further)
    }
    var memory = valuation.makeScratch()
    return shortfalls(of: universes) { index in
      let portfolio = state.accounts[index].portfolio
      let equity = moved.equity(of: portfolio)
      let line = Int128(standing(index, valuation, &memory).maintenanceMargin)
      guard equity < line, !portfolio.positions.isEmpty else { return -equity }
      let worst = later.reduce(equity) { min($0, $1.equity(of: portfolio)) }
      guard let depth = move.depth else { return -worst }
      return Int128(costOfClosingAll(portfolio, at: factor, depth: depth, valuation)) - worst
    }
  }

  /// Where prices that have moved to a factor go while liquidations are late.
  ///
  /// - Parameter sign: −1 down, 1 up.
  private func drifted(
    _ factor: Rate, _ sign: Double, _ underlying: AssetSymbol, over latency: TimeSpan
  ) -> Rate {
    let volatility = state.market(of: underlying)?.market.volatility.value ?? 0
    // Variance is counted in years of 365 days, without closing hours.
    let years = Double(latency.nanoseconds) / 3.1536e16
    let drift = Self.tailMean * volatility * years.squareRoot()
    let most = max(1 + sign * min(drift, 1), 0.001)
    let moved = min((Double(factor.billionths) * most).rounded(.toNearestOrEven), 1e13)
    return Rate(billionths: max(Int64(moved), 1))
  }

  /// What closing all of a portfolio is expected to cost where only a part of the depth is left, at
  /// prices that have moved to a factor; millionths of the quote currency, at most what is closed.
  private func costOfClosingAll(
    _ portfolio: Portfolio, at factor: Rate, depth: Rate, _ valuation: Valuation
  ) -> Int64 {
    var cost: Int128 = 0
    for position in portfolio.positions {
      guard let terms = costTerms(of: TradeDirection(closing: position)) else { continue }
      let contract = state.listing.contracts[terms.index]
      let now = Int128(valuation.notional(position.size, of: position.instrument))
      // A reciprocal contract is a fixed amount of the quote currency.
      let part = contract.isReciprocal ? Rate.one : factor
      let moved = (now * Int128(part.billionths)).divided(by: 1_000_000_000, rounding: .up)
      let notional = Int64(min(moved, Int128(QuoteMoney.limit)))
      let fee = takerRate(isOption: contract.isOption)
      let one = terms.thinned(to: depth, fee: fee).cost(
        of: position.size.magnitude, notional: notional)
      cost += Int128(min(one, notional))
    }
    return Int64(clamping: cost)
  }
}
