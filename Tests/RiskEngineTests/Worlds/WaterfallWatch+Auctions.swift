// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Parameters
import Quantities
import Testing

@testable import RiskEngine

/// A bid that was filled, and both sides before it.
struct AuctionRun {
  let fill: AuctionFill
  let seller: Account
  let bidder: Account
  let progress: AuctionProgress
}

// P22, P24, P26, P28 in auctions: never below the reserve, never for nothing, never worse.
extension WaterfallWatch {
  mutating func begin(_ fill: AuctionFill) {
    if let run = auction { finish(run) }
    guard let seller = account(fill.account), let bidder = account(fill.bidder),
      let progress = seller.liquidation?.auction
    else {
      hold.broken("P26: a bid outside an auction")
      return
    }
    auction = AuctionRun(fill: fill, seller: seller, bidder: bidder, progress: progress)
    checkPrice(fill, seller, progress)
  }

  /// P26: the factor is the block's and not below the reserve; what is given is at most what the
  /// factor says, and more than the largest part is not sold.
  private mutating func checkPrice(
    _ fill: AuctionFill, _ seller: Account, _ progress: AuctionProgress
  ) {
    guard let valuation else { return }
    let terms = rules.liquidation.auction
    let risk = valuation.risk(seller.portfolio)
    note("P26 bids in the \(progress.round.phase) phase")
    hold(fill.factor == progress.factor && progress.pricedAt == state.time, "P26")
    hold(fill.share > .zero && fill.share <= .one, "P26")
    switch progress.round.phase {
    case .solvent:
      hold(fill.factor >= terms.reserve, "P26: below the reserve")
      hold(fill.fundPaid == 0 && risk.equity > 0, "P26: the fund pays for a solvent account")
      // f (V − R)(1 − d), rounded up once for each product.
      let sold = max(Int128(risk.equity) - Int128(progress.reserved), 0)
      let discount =
        sold * Int128(fill.share.billionths)
        * Int128(1_000_000_000 - fill.factor.billionths)
      hold(
        Int128(fill.discount) * 1_000_000_000_000_000_000 <= discount + 2_000_000_000_000_000_000,
        "P26: given for less than its price")
      checkPart(fill, risk, progress)
    case .insolvent:
      hold(fill.discount == 0, "P28: taken from an account that has nothing")
      let rise =
        Int128(takenMargin(seller.portfolio, valuation)) * Int128(fill.factor.billionths)
        * Int128(fill.share.billionths)
      hold(
        Int128(fill.fundPaid) * 1_000_000_000_000_000_000 <= rise,
        "P26: the fund pays more than the margin taken over")
    }
  }

  /// What the positions for sale need of one who has nothing but them and paid the mark.
  private func takenMargin(_ portfolio: Portfolio, _ valuation: Valuation) -> Int64 {
    var taken = portfolio
    taken.balances = taken.balances.map { _ in 0 }
    taken.orders.removeAll()
    taken.positions.removeAll { position in
      contract(position.instrument)?.kind.expiry.map { $0 <= state.time } ?? false
    }
    for index in taken.positions.indices {
      guard let mark = valuation.mark(of: taken.positions[index].instrument) else { continue }
      taken.positions[index].cost = taken.positions[index].size.steps * mark.unitValue
    }
    return valuation.risk(taken).maintenanceMargin
  }

  /// f = BM ÷ (BM − V d − R (1 − d)), in real numbers; the whole where it is small.
  private func checkPart(_ fill: AuctionFill, _ risk: AccountRisk, _ progress: AuctionProgress) {
    guard let valuation, let seller = account(fill.account) else { return }
    let terms = rules.liquidation.auction
    var notional: Int128 = 0
    for position in seller.portfolio.positions {
      // What has expired is not for sale.
      let expiry = contract(position.instrument)?.kind.expiry
      guard expiry.map({ $0 > state.time }) ?? true else { continue }
      notional += Int128(valuation.notional(position.size, of: position.instrument))
    }
    guard notional > Int128(terms.wholeNotional) else { return }
    let buffer = max(
      terms.buffer.share(of: risk.maintenanceMargin, rounding: .up), risk.liquidationBuffer)
    let excess = Double(risk.equity) - Double(risk.maintenanceMargin) - Double(buffer)
    let factor = Double(fill.factor.billionths) * 1e-9
    let paid = Double(risk.equity) * factor + Double(progress.reserved) * (1 - factor)
    let most = excess / (excess - paid)
    // A bid for all that may be sold takes whole steps; what it is paid for is the share.
    hold(
      Double(fill.share.billionths) * 1e-9 <= most + 1e-6,
      "P26: more than \(most) is sold at once: \(fill), \(risk), \(progress)")
  }

  /// What a bid has left: nothing turned round, the account no worse, the bidder able to carry it.
  mutating func finish(_ run: AuctionRun) {
    auction = nil
    guard let valuation, let seller = account(run.seller.id), let bidder = account(run.bidder.id)
    else { return }
    let (stood, stands) = (
      valuation.risk(run.seller.portfolio), valuation.risk(seller.portfolio)
    )
    let terms = rules.liquidation.auction
    func excess(_ risk: AccountRisk) -> Int128 {
      let buffer = terms.buffer.share(of: risk.maintenanceMargin, rounding: .up)
      return Int128(risk.equity) - Int128(risk.maintenanceMargin)
        - Int128(max(buffer, risk.liquidationBuffer))
    }
    hold(excess(stands) >= excess(stood), "P22: a bid has made it worse")
    if run.progress.round.phase == .solvent {
      hold(stands.equity >= 0, "P28: a discount has made a debt")
    }
    let carried = valuation.risk(bidder.portfolio)
    hold(carried.equity >= carried.initialMargin, "P24: a bidder who cannot carry it")
  }
}
