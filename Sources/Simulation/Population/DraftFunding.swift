// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import Quantities

/// Finds the collateral an account needs, by the venue's own requirement.
struct DraftFunding {
  let market: VenueMarket

  /// How far the deposit lies above initial margin, at least; covers what the rounding of
  /// several fills may add.
  private static let slack = 1.01
  private static let mostTries = 40

  /// Deposits by dense index of the collateral asset, in ledger units.
  ///
  /// The account starts with notional ÷ leverage, in the assets its positions settle in, by
  /// notional. Where that is below initial margin at any point of the opening, position by
  /// position and order by order, it deposits more: venues lend no more than that.
  /// - Returns: `nil` when no deposit within the field's limit suffices.
  func deposits(for draft: AccountDraft) -> [Int64]? {
    guard let shares = shares(draft) else { return nil }
    var total = draft.notional / draft.leverage
    for _ in 0..<Self.mostTries {
      guard let deposits = units(total, shares) else { return nil }
      guard let factor = shortage(draft, deposits) else { return deposits }
      total *= factor * Self.slack
    }
    return nil
  }

  /// By how much the deposits fall short of the highest requirement on the way; `nil` if they
  /// do not.
  private func shortage(_ draft: AccountDraft, _ deposits: [Int64]) -> Double? {
    var portfolio = Portfolio(mode: draft.mode, balances: deposits)
    var worst = 1.0
    for holding in draft.holdings {
      _ = portfolio.take(
        holding.size, of: market.listing.contracts[holding.instrument].id,
        unitValue: market.marks[holding.instrument].unitValue)
      worst = max(worst, ratio(portfolio))
    }
    for order in draft.orders {
      portfolio.orders.append(order)
      worst = max(worst, ratio(portfolio))
    }
    return worst > 1 ? worst : nil
  }

  /// Initial margin, with slack, ÷ equity, at most 4.
  private func ratio(_ portfolio: Portfolio) -> Double {
    guard let risk = market.risk(portfolio), risk.equity > 0 else { return 4 }
    return min(Self.slack * Double(risk.initialMargin) / Double(risk.equity), 4)
  }

  /// The share of the collateral in each asset; sums to one.
  private func shares(_ draft: AccountDraft) -> [Double]? {
    let listing = market.listing
    var shares = [Double](repeating: 0, count: listing.collateral.count)
    let notional = draft.notional
    guard notional > 0 else { return nil }
    for holding in draft.holdings {
      let contract = listing.contracts[holding.instrument]
      guard let asset = listing.index(of: contract.settlementAsset) else { return nil }
      let share = holding.notional / notional
      let coin = listing.collateral.firstIndex { $0.underlying == contract.underlying }
      if asset == 0, let coin {
        shares[0] += share * (1 - draft.coinShare)
        shares[coin] += share * draft.coinShare
      } else {
        shares[asset] += share
      }
    }
    return shares
  }

  private func units(_ total: Double, _ shares: [Double]) -> [Int64]? {
    var deposits = [Int64](repeating: 0, count: shares.count)
    for (asset, share) in shares.enumerated() where share > 0 {
      guard let whole = market.wholeValue(ofCollateral: asset), whole > 0 else { return nil }
      let collateral = market.listing.collateral[asset].asset
      let amount = try? Amount(total * share / whole, of: collateral, rounding: .up)
      guard let amount else { return nil }
      deposits[asset] = amount.units
    }
    return deposits
  }
}
