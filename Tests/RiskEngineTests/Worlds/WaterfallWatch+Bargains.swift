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

/// Profit of a winner that is sold for another asset, as the events tell it.
struct Bargain {
  let winner: AccountID
  let market: InstrumentID
  /// In which the market settles, by dense index.
  let asset: Int
  /// Ledger units of it.
  let given: Int64
  /// The winner before.
  let portfolio: Portfolio
  let profit: Int64
  /// For whom it is sold, with the second of its events.
  var debtor: Account?
  /// The other asset, with the third of them.
  var other = 0
  var paid: Int64 = 0
  var isOfFund = false
}

/// What is given, in the asset of a market, for what is paid, in another asset.
struct Exchange {
  let given: Int64
  let paid: Int64
}

// P30, P31, P36: profit that is bought of winners, by who owes or by the fund that stands for it.
extension WaterfallWatch {
  /// A profit is realized to be given away; to whom, and for what, the next events say.
  mutating func begin(
    _ winner: AccountID, _ market: InstrumentID, _ units: Int64
  ) {
    guard let account = account(winner), let asset = asset(of: market),
      let mark = valuation?.mark(of: market)?.unitValue
    else {
      hold.broken("P31: a profit of nobody is given away")
      return
    }
    let slot = account.portfolio.slot(of: market)
    guard slot.isHeld else {
      hold.broken("P31: a profit without a position")
      return
    }
    let position = account.portfolio.positions[slot.index]
    let profit = position.size.steps * mark - position.cost
    hold(units > 0 && units <= profit, "P31: \(units) of a profit of \(profit)")
    hold(account.liquidation == nil && !state.isPool(winner), "P31: \(winner) gives")
    bargain = Bargain(
      winner: winner, market: market, asset: asset, given: units, portfolio: account.portfolio,
      profit: profit)
  }

  /// The events of a bargain follow each other: the profit, what is given, what is paid.
  mutating func followBargain(_ event: LedgerEvent) {
    guard let open = bargain else { return }
    switch event {
    case .transferred(let transfer):
      bargain = nil
      if open.debtor == nil { give(transfer, open) } else { pay(transfer, open) }
    // A fund that pays may begin a window with it.
    case .fundWindowOpened, .inUniverse(_, .fundWindowOpened):
      hold(open.debtor != nil, "P31: a profit is realized for nobody")
    default:
      hold.broken("P31: a profit of \(open.winner) is realized for nothing")
      bargain = nil
    }
  }

  private mutating func give(_ transfer: Transfer, _ open: Bargain) {
    hold(transfer.from == .account(open.winner), "P31: another gives than has won")
    // A loss that is shared; what is not profit of it is taken from whom it is shared with by size.
    guard transfer.reason != .socializedLoss else {
      hold(open.given <= transfer.amount.units, "P31: more is realized than is given")
      return
    }
    guard transfer.reason == .conversion, case .account(let id) = transfer.to,
      let debtor = account(id)
    else {
      hold.broken("P31: profit is given away as \(transfer.reason)")
      return
    }
    hold(
      transfer.amount.units == open.given
        && state.listing.index(of: transfer.amount.asset) == open.asset,
      "P31: what is given is not what was realized")
    hold(isOpen(open.market), "P20: profit in a market without a price")
    hold(
      debtor.liquidation != nil && debtor.portfolio.positions.isEmpty,
      "P30: profit is bought for \(id), who has positions or is not in liquidation")
    let owed = -debtor.portfolio.balances[open.asset]
    hold(open.given <= owed, "P30: \(open.given) are bought of \(owed) owed")
    hold(
      universe(of: open.market) == debtor.universe,
      "P30: bought in the \(universe(of: open.market)) for one of the \(debtor.universe)")
    bargain = open
    bargain?.debtor = debtor
  }

  private mutating func pay(_ transfer: Transfer, _ open: Bargain) {
    guard let debtor = open.debtor, transfer.to == .account(open.winner),
      let other = state.listing.index(of: transfer.amount.asset)
    else {
      hold.broken("P31: a winner gives and is not paid")
      return
    }
    var done = open
    (done.other, done.paid) = (other, transfer.amount.units)
    done.isOfFund = transfer.reason == .insuranceCover
    hold(other != open.asset && isFresh(other), "P20: paid in an asset without a price")
    if done.isOfFund {
      note("P30 bought of winners by the fund")
      hold(transfer.from.fundUniverse == debtor.universe, "P30: another fund pays")
      hold(debtor.liquidation?.market == open.market, "P30: of winners of another market")
    } else {
      note("P30 bought of winners by who owes")
      hold(
        transfer.from == .account(debtor.id) && transfer.reason == .profitPrice,
        "P30: \(transfer.reason) for a profit")
      checkNeedOfBargain(done, debtor)
    }
    hold(done.paid <= purse(of: done), "P30: more is paid than there is")
    checkPrice(of: done)
    checkBorne(done)
    bargains.append(done)
  }

  /// P30: nobody buys what its fund has.
  private func checkNeedOfBargain(_ bargain: Bargain, _ debtor: Account) {
    guard let valuation, bargains.last?.debtor?.id != debtor.id else { return }
    guard isFresh(bargain.asset) else { return }
    let free = free(WatchedFund(bargain.asset, debtor.universe))
    hold(
      valuation.quote(free, asset: bargain.asset) < 1_000_000,
      "P30: bought of winners while the fund has \(free)")
  }

  /// What the payer of a bargain may spend of the asset it pays in.
  private func purse(of bargain: Bargain) -> Int64 {
    guard let debtor = bargain.debtor else { return 0 }
    return bargain.isOfFund
      ? room(of: WatchedFund(bargain.other, debtor.universe))
      : max(account(debtor.id)?.portfolio.balances[bargain.other] ?? 0, 0)
  }

  /// What was still to be bought: the debt, or as much of it as equity does not cover where the
  /// fund buys.
  private func wanted(of bargain: Bargain) -> Int64 {
    guard let valuation, let debtor = bargain.debtor else { return 0 }
    let owed = -debtor.portfolio.balances[bargain.asset]
    guard bargain.isOfFund else { return owed }
    let deficit = deficit(of: debtor.portfolio)
    return min(owed, valuation.units(ofQuote: deficit, asset: bargain.asset, rounding: .up))
  }

  // MARK: The price

  /// P36: a winner is never paid less than what it gives is worth, at the price of what it is paid
  /// as collateral; and no more than whole units make it.
  ///
  /// A unit of what is paid where all that is left of a debt is bought, of what is given else.
  private mutating func checkPrice(of bargain: Bargain) {
    let given = worth(bargain.given, of: bargain.asset)
    let paid = worth(bargain.paid, collateral: bargain.other)
    hold(paid >= given, "P36: a winner is paid \(bargain.paid) for \(bargain.given)")
    let unit = worth(1, of: bargain.asset)
    let isRest = bargain.given >= wanted(of: bargain) - Self.unitsRounded
    let most = isRest ? max(unit, worth(1, collateral: bargain.other)) : unit
    hold(
      paid - given <= most + 2 * millionth,
      "P30: \(bargain.paid) are paid for \(bargain.given), a rest: \(isRest)")
    if isRest { note("P30 the rest of a debt is bought") }
  }

  /// Ledger units by which a deficit, in millionths, may be taken for another.
  private static let unitsRounded: Int64 = 4

  /// A worth without rounding, in a unit that only ``millionth`` has to know.
  func worth(_ units: Int64, of asset: Int) -> Int128 {
    worth(units, asset, valuation?.prices[asset] ?? .zero)
  }

  func worth(_ units: Int64, collateral asset: Int) -> Int128 {
    worth(units, asset, valuation?.collateralPrices[asset] ?? .zero)
  }

  private func worth(_ units: Int64, _ asset: Int, _ price: Price) -> Int128 {
    let part = scale / state.listing.collateral[asset].asset.unitsPerWhole
    return Int128(units) * Int128(price.steps) * Int128(part)
  }

  /// A millionth of the quote currency as a worth.
  var millionth: Int128 { Int128(scale) * 100 }

  /// Ledger units in a whole of the finest asset: powers of ten, so that the others divide it.
  private var scale: Int64 { state.listing.collateral.map(\.asset.unitsPerWhole).max() ?? 1 }

  // MARK: The winner

  /// P36: nobody is brought below initial margin by what it sells, and who sells only a part of
  /// what it could would be.
  private func checkBorne(_ bargain: Bargain) {
    guard let valuation else { return }
    let exchange = Exchange(given: bargain.given, paid: bargain.paid)
    let stood = valuation.risk(bargain.portfolio)
    let had = Int128(stood.equity) - Int128(stood.initialMargin)
    let room = room(after: exchange, bargain)
    hold(room >= 0 || room >= had, "P36: \(bargain.winner) below initial margin: \(room) of \(had)")
    if bargains.last?.winner != bargain.winner {
      hold(stood.equity > 0, "P31: an insolvent winner sells")
    }
    let (purse, wanted) = (purse(of: bargain), wanted(of: bargain))
    let all = wholes(of: min(bargain.profit, wanted), rest: wanted, bargain, purse)
    guard let whole = all.last?.paid, whole > bargain.paid + 1 else { return }
    hold(!isBorne(all, bargain), "P30: \(bargain.paid) of \(whole) that are borne")
    // The parts after the one that was sold: 1,024ths, and at least a unit.
    let part = (Int128(bargain.paid) * 1_024 + Int128(whole) - 1) / Int128(whole)
    let next = (Int128(1)...3).map { step in
      max(
        Int64(clamping: Int128(whole) * (part + step) / 1_024),
        bargain.paid + Int64(clamping: step))
    }
    guard next.allSatisfy({ $0 < whole }) else { return }
    let areBorne = next.allSatisfy { isBorne(part: $0, bargain) }
    hold(!areBorne, "P30: \(bargain.paid) of \(whole), of which more is borne")
  }

  /// Equity over initial margin of a winner after an exchange.
  private func room(after exchange: Exchange, _ bargain: Bargain) -> Int128 {
    var portfolio = bargain.portfolio
    let slot = portfolio.slot(of: bargain.market)
    guard slot.isHeld, let valuation else { return .min }
    portfolio.positions[slot.index].cost += exchange.given
    portfolio.balances[bargain.other] += exchange.paid
    let risk = valuation.risk(portfolio)
    return Int128(risk.equity) - Int128(risk.initialMargin)
  }

  /// The exchange of so much, as far as it can be paid, in what it may be rounded to: up where it
  /// is all that is left to buy, else what whole units of the other asset buy.
  private func wholes(
    of units: Int64, rest: Int64, _ bargain: Bargain, _ purse: Int64,
    slack: Int64 = Self.unitsRounded
  ) -> [Exchange] {
    guard let valuation, units > 0, purse > 0 else { return [] }
    let (asset, other) = (bargain.asset, bargain.other)
    var found: [Exchange] = []
    let price = valuation.quote(units, asset: asset, rounding: .up)
    let asked = valuation.units(ofQuote: price, collateral: other, rounding: .up)
    if units >= rest - slack, asked <= purse {
      found.append(Exchange(given: units, paid: asked))
    }
    let paid = min(valuation.units(ofQuote: price, collateral: other, rounding: .down), purse)
    let given = min(given(for: paid, bargain), units)
    if paid > 0, given > 0 { found.append(Exchange(given: given, paid: paid)) }
    return found
  }

  private func given(for paid: Int64, _ bargain: Bargain) -> Int64 {
    guard let valuation else { return 0 }
    return valuation.units(
      ofQuote: valuation.quote(paid, collateral: bargain.other), asset: bargain.asset,
      rounding: .down)
  }

  private func isBorne(_ exchanges: [Exchange], _ bargain: Bargain) -> Bool {
    guard let valuation, !exchanges.isEmpty else { return false }
    let stood = valuation.risk(bargain.portfolio)
    let had = Int128(stood.equity) - Int128(stood.initialMargin)
    return exchanges.allSatisfy { exchange in
      let room = room(after: exchange, bargain)
      return room >= 0 || room >= had
    }
  }

  /// Whether a part is borne with a cent to spare, one unit more or less; who is below initial
  /// margin already is asked for no part.
  private func isBorne(part paid: Int64, _ bargain: Bargain) -> Bool {
    let stands = valuation?.risk(bargain.portfolio)
    guard paid > 2, let stands, stands.equity >= stands.initialMargin else { return false }
    return [paid - 1, paid, paid + 1].allSatisfy { paid in
      let given = given(for: paid, bargain)
      guard given > 1 else { return false }
      return room(after: Exchange(given: given, paid: paid), bargain) >= 10_000
    }
  }

  // MARK: What could have been sold

  /// Whether a winner could give up profit for what the fund has of another asset, whole or a
  /// 1,024th of it, and not come below initial margin by it.
  ///
  /// Each winner is asked once: who has sold has no more to sell. What others have sold since a
  /// winner was asked was there when it was.
  func isSold(_ run: SharingRun, for left: Int64, of other: Int) -> Bool {
    guard let loss = run.loss else { return false }
    let earlier = bargains.filter { $0.isOfFund && $0.debtor?.id == run.debtor }
    let bought = earlier.reduce(0) { $0 + $1.given }
    let spent = earlier.reduce(0) { $1.other == other ? $0 + $1.paid : $0 }
    return run.winners.contains { winner in
      guard !earlier.contains(where: { $0.winner == winner.winner }) else { return false }
      var trial = winner
      trial.other = other
      let all = wholes(
        of: min(trial.profit, loss + bought), rest: loss + bought, trial, left + spent,
        // Dust that is not all of the rest buys no unit.
        slack: 0)
      if earlier.isEmpty, isBorne(all, trial) { return true }
      guard let whole = all.last?.paid else { return false }
      return isBorne(part: whole / 1_024, trial)
        && isBorne(part: max(min(whole, left) / 1_024, 3), trial)
    }
  }
}
