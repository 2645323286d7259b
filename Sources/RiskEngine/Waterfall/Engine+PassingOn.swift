// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import Parameters
import Quantities

// When an account is better passed on than reduced in the book: where a part of everything together
// frees more, and where no order restores it.
extension Engine {
  /// Whether a part of everything would free more for its cost than the best trade in the book,
  /// and the next stage is one that sells such parts: an auction, or pools of which one would take
  /// something of the account now.
  ///
  /// Never in the book: between the fills of two legs that hedge one another the account would
  /// stand worse than before, and the second may never come. Decision 40.
  mutating func isBetterTogether(
    _ account: Account, _ risk: AccountRisk, _ valuation: Valuation, than best: SizedTrade?
  ) -> Bool {
    guard rules.liquidation.sizing.choice == .bestOfThree, account.collateralSale == nil,
      sellsPartsNext, let part = partTogether(account.portfolio, risk, valuation),
      best.map({ part.isBetter(than: $0) }) ?? true
    else { return false }
    guard rules.stage(after: .partial) == .pool else { return true }
    return state.index(of: account.id).map { poolsTakeAny(of: $0, risk, valuation) } ?? false
  }

  /// Whether the stage after the book sells parts of a whole portfolio, so that no leg goes without
  /// the others.
  private var sellsPartsNext: Bool {
    switch rules.stage(after: .partial) {
    case .auction, .pool: true
    default: false
    }
  }

  /// The smallest part of a hedged portfolio that restores it, at the costs of its legs in the
  /// book; `nil` if it does not help or not all of it can be traded.
  private mutating func partTogether(
    _ portfolio: Portfolio, _ risk: AccountRisk, _ valuation: Valuation
  ) -> PartTogether? {
    guard portfolio.mode == .portfolio, portfolio.positions.count > 1 else { return nil }
    let legs = portfolio.positions.compactMap { costTerms(of: TradeDirection(closing: $0)) }
    guard legs.count == portfolio.positions.count, legs.allSatisfy({ isTraded($0.index) })
    else { return nil }
    var memory = takeScratch(valuation)
    let part = choosePart(from: risk.maintenanceMargin + risk.liquidationBuffer) { share in
      let sizes = proRata(portfolio.positions.map(\.size), share: share)
      var cost: Int128 = 0
      for ((position, size), leg) in zip(zip(portfolio.positions, sizes), legs) {
        let notional = valuation.notional(size, of: position.instrument)
        cost += Int128(leg.cost(of: size.magnitude, notional: notional))
      }
      let expected = Int64(clamping: cost)
      return TradeOutcome(
        standing: valuation.standing(of: portfolio, without: sizes, cost: expected, &memory),
        cost: expected)
    }
    scratch = consume memory
    return part
  }
}

extension Engine {
  /// Whether the venue passes on what no single order restores, and none does: not the whole of
  /// a position, nor the part of it at which its impact outgrows what it frees, nor a hedge.
  ///
  /// Of slices and throttles nothing is asked, nor how much of the depth one order may take: they
  /// are about when, not whether. What trading costs counts the depth that stands. Collateral that
  /// is for sale may yet help.
  mutating func isInfeasible(
    _ account: Account, _ risk: AccountRisk, _ valuation: Valuation
  ) -> Bool {
    let sizing = rules.liquidation.sizing
    guard sizing.passesOnInfeasible, account.collateralSale == nil else { return false }
    let found = directions(account.portfolio, .one, valuation)
    let open = found.filter { sizing.choice != .mostRelief || account.portfolio.isReduced(by: $0) }
    // What has expired waits for its settlement.
    guard !open.isEmpty else { return false }
    let portfolio = account.portfolio
    var memory = takeScratch(valuation)
    defer { scratch = memory }
    for direction in open where direction.most > 0 {
      guard let terms = costTerms(of: direction) else { continue }
      let restores = canRestore(through: direction.most) { size in
        terms.outcome(of: direction, size, for: portfolio, valuation, &memory)
      }
      if restores { return false }
    }
    return true
  }
}

extension Portfolio {
  /// Whether a trade lowers a position.
  fileprivate func isReduced(by direction: TradeDirection) -> Bool {
    size(of: direction.instrument).sign == -direction.side.sign
  }
}
