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

/// Coins of an account that its fund takes for others, as the events tell it.
struct Conversion {
  let account: AccountID
  /// By dense index, ledger units.
  var paid: [(asset: Int, units: Int64)] = []
}

// P28, P30: what is exchanged through the fund, and who pays for liquidations.
extension WaterfallWatch {
  /// Coins into the fund, one asset or several, and what they are worth out of it at once.
  mutating func followConversion(_ event: LedgerEvent) {
    guard case .transferred(let transfer) = event, transfer.reason == .conversion,
      let asset = state.listing.index(of: transfer.amount.asset)
    else {
      hold(conversion == nil, "P30: the fund takes coins for nothing")
      conversion = nil
      return
    }
    hold(isFresh(asset), "P20: converted at a price that is not fresh")
    let units = transfer.amount.units
    if case .account(let id) = transfer.from, let universe = transfer.to.fundUniverse,
      let payer = account(id)
    {
      hold(universe == payer.universe, "P30: coins for another fund")
      hold(units <= payer.portfolio.balances[asset], "P30: more is converted than there is")
      hold(conversion.map { $0.account == id } ?? true, "P30: two conversions at once")
      conversion = conversion ?? Conversion(account: id)
      conversion?.paid.append((asset, units))
    } else if let open = conversion, transfer.to == .account(open.account),
      transfer.from.fundUniverse != nil
    {
      conversion = nil
      checkConversion(open, units, of: asset)
    } else if bargain == nil {
      hold.broken("P30: a conversion of nobody's: \(transfer)")
    }
  }

  /// P30: the fund gives no more than it is given; and of somebody without positions it keeps what
  /// a sale costs and no more.
  private mutating func checkConversion(_ open: Conversion, _ units: Int64, of asset: Int) {
    guard let account = account(open.account) else { return }
    let paid = open.paid.reduce(Int128(0)) { $0 + worth($1.units, collateral: $1.asset) }
    let given = worth(units, of: asset)
    hold(given <= paid, "P30: the fund gives \(units) for \(open.paid)")
    hold(!open.paid.contains { $0.asset == asset }, "P30: a coin for itself")
    guard account.portfolio.positions.isEmpty else { return }
    note("P30 coins for a debt through the fund")
    if open.paid.count > 1 { note("P30 coins together through the fund") }
    hold(account.portfolio.balances[asset] + units <= 0, "P30: more is given than was owed")
    let rate = open.paid.map { rules.debts[$0.asset].conversionCost.billionths }.max() ?? 0
    let cost = paid / 1_000_000_000 * Int128(rate)
    let unit = open.paid.map { worth(1, collateral: $0.asset) }.max() ?? 0
    let most = cost + unit + worth(1, of: asset) + Int128(open.paid.count + 3) * millionth
    hold(paid - given <= most, "P30: \(open.paid) for \(units) of \(asset)")
  }

  /// P28, P31: only who is liquidated pays for it, but for what winners give.
  mutating func checkPayer(_ transfer: Transfer) {
    guard case .account(let id) = transfer.from, let payer = account(id),
      payer.liquidation == nil
    else { return }
    switch transfer.reason {
    case .liquidationPenalty, .keeperReward, .relayFee, .conversionFee, .auctionDiscount:
      hold.broken("P28: \(transfer.reason) of \(id), who is not in liquidation")
    case .conversion where transfer.to.fundUniverse != nil:
      // Debts above their thresholds are converted of everybody: what long options have cost
      // counts as owed.
      let isDebtor = payer.portfolio.balances.indices.contains { cash(payer.portfolio, $0) < 0 }
      hold(isDebtor, "P28: coins of \(id), who owes nothing and is not in liquidation")
    case .conversion:
      hold(bargain?.winner == id, "P31: \(id) gives and is not a winner")
    default: break
    }
  }

  /// What an account has of an asset after the premiums of its long options.
  private func cash(_ portfolio: Portfolio, _ asset: Int) -> Int128 {
    portfolio.positions.reduce(Int128(portfolio.balances[asset])) { cash, position in
      let isPremium =
        position.size > .zero && self.asset(of: position.instrument) == asset
        && contract(position.instrument)?.isOption == true
      return isPremium ? cash - Int128(max(position.cost, 0)) : cash
    }
  }
}
