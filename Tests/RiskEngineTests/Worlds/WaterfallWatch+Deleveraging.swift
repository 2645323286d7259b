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

// P31 to P36: who is deleveraged, by how much, at what price and what it does to him.
extension WaterfallWatch {
  /// A recorded allocation begins; its trades follow.
  mutating func begin(_ record: DeleveragingAllocation) {
    if let run = deleveraging { finish(run) }
    deleveraging = run(
      of: record.account, record.instrument, record.unitValue, record: record)
    hold(record.rule == UInt8(rules.liquidation.losses.queue.rawValue), "P33: another rule")
    if record.rule == 4 { checkSeed(record) }
  }

  /// One cut; without a record the first of them begins the allocation.
  mutating func follow(_ trade: Trade) {
    guard
      let bankrupt = [trade.buyer, trade.seller].first(where: {
        account($0)?.liquidation != nil
      })
    else {
      hold.broken("P32: positions are closed for nobody")
      return
    }
    if let run = deleveraging,
      run.account != bankrupt || run.instrument != trade.instrument
        || run.unitValue != trade.unitValue
    {
      finish(run)
      deleveraging = nil
    }
    if deleveraging == nil {
      hold(rules.liquidation.losses.queue == .profitTimesLeverage, "P33: no record")
      deleveraging = run(of: bankrupt, trade.instrument, trade.unitValue, record: nil)
    }
    let other = trade.buyer == bankrupt ? trade.seller : trade.buyer
    deleveraging?.cuts.append((other, trade.size.steps))
    cut = (trade, other, worth(other, of: trade))
  }

  mutating func finish(_ run: DeleveragingRun) {
    note("P33 rule \(run.rule)\(run.isWidened ? " widened" : "")")
    run.check()
    note("P34 allocations")
    let cut = run.cuts.reduce(Int128(0)) { $0 + Int128($1.steps) }
    overshoot += abs(cut - Int128(run.wanted))
  }

  private mutating func run(
    of id: AccountID, _ instrument: InstrumentID, _ unitValue: Int64,
    record: DeleveragingAllocation?
  ) -> DeleveragingRun? {
    guard let account = account(id) else { return nil }
    let held = account.portfolio.size(of: instrument)
    checkValue(account, instrument, unitValue)
    let isWidened = record?.isWidened ?? false
    return DeleveragingRun(
      account: id, instrument: instrument, unitValue: unitValue, record: record,
      candidates: candidates(
        against: held, of: instrument, at: unitValue, winning: !isWidened,
        isDraining: record?.rule == 1),
      wanted: held.steps.magnitude.clamped, side: -held.sign, hold: hold)
  }

  /// Everybody healthy on the other side with a profit at the value, or everybody without one.
  func candidates(
    against held: Size, of instrument: InstrumentID, at unitValue: Int64, winning: Bool,
    isDraining: Bool
  ) -> [DeleveragingRun.Candidate] {
    guard let valuation, let contract = contract(instrument), let asset = asset(of: instrument),
      let mark = valuation.mark(of: instrument)?.unitValue
    else { return [] }
    let exposures = isDraining ? valuation.factorExposures(to: contract.underlying) : nil
    var candidates: [DeleveragingRun.Candidate] = []
    for account in holders(of: instrument) where account.liquidation == nil {
      let slot = account.portfolio.slot(of: instrument)
      guard slot.isHeld else { continue }
      let position = account.portfolio.positions[slot.index]
      let steps = position.size.steps
      guard position.size.sign == -held.sign else { continue }
      let profit = steps * unitValue - position.cost
      guard (profit > 0) == winning else { continue }
      let gained = valuation.quote(steps * (unitValue - mark), asset: asset)
      var notional =
        contract.isOption
        ? valuation.notional(position.size, of: instrument)
        : valuation.quote(abs(steps * mark), asset: asset)
      var exposure = notional
      if let exposures {
        notional = max(exposed(position, exposures), 1)
        exposure = total(account.portfolio, exposures, sign: sign(of: position, exposures))
      }
      candidates.append(
        DeleveragingRun.Candidate(
          account: account.id, size: abs(steps),
          profit: valuation.quote(profit, asset: asset), notional: notional,
          equity: Int64(
            clamping: Int128(valuation.risk(account.portfolio).equity) + Int128(gained)),
          exposure: exposure))
    }
    return candidates.sorted { $0.account < $1.account }
  }

  /// Who may hold an instrument, in no order.
  func holders(of instrument: InstrumentID) -> [Account] {
    holders[instrument, default: []].compactMap(account)
  }

  /// What a position is exposed to its underlying, millionths, positive: |q · β Δ S|.
  private func exposed(_ position: Position, _ exposures: FactorExposures) -> Int64 {
    let index = state.listing.index(of: position.instrument) ?? 0
    let product = Int128(position.size.steps) * Int128(exposures.contracts[index])
    return Int64(clamping: abs(product) / 1_000_000)
  }

  private func sign(of position: Position, _ exposures: FactorExposures) -> Int128 {
    let index = state.listing.index(of: position.instrument) ?? 0
    return Int128(position.size.steps) * Int128(exposures.contracts[index]) < 0 ? -1 : 1
  }

  /// The whole account, coins included, on that side.
  private func total(
    _ portfolio: Portfolio, _ exposures: FactorExposures, sign: Int128
  ) -> Int64 {
    guard let valuation else { return 0 }
    var sum: Int128 = 0
    for position in portfolio.positions {
      let index = state.listing.index(of: position.instrument) ?? 0
      sum += Int128(position.size.steps) * Int128(exposures.contracts[index])
    }
    var total = sum * sign / 1_000_000
    for (asset, units) in portfolio.balances.enumerated() where exposures.collateral[asset] != 0 {
      let worth = Int128(valuation.quote(units, asset: asset))
      total += sign * (worth * Int128(exposures.collateral[asset]) / 1_000_000_000)
    }
    return Int64(clamping: total)
  }

  // MARK: Price

  /// P35: the mark where the venue says so, or else the bankruptcy price: the account's equity,
  /// shared among its positions by notional, is used up there; or as near the mark as the fund
  /// can pay.
  private mutating func checkValue(
    _ account: Account, _ instrument: InstrumentID, _ unitValue: Int64
  ) {
    if pass?.account.id != account.id {
      if account.liquidation?.stage != .pool { checkPrices(of: account, "deleveraging") }
      checkStillBelow(account, "deleveraging")
    }
    // One look at an account takes its positions in their order.
    if pass?.account.id != account.id || (pass?.last ?? instrument) > instrument {
      pass = (account, instrument)
    }
    pass?.last = instrument
    guard let mark = valuation?.mark(of: instrument)?.unitValue else { return }
    switch rules.liquidation.losses.price {
    case .bankruptcy: note("P35 bankruptcy prices")
    case .mark: note("P35 marks")
    case .funded: note(unitValue == mark ? "P35 funded marks" : "P35 nearer than the fund can pay")
    }
    let whole = pass.map { executionValue(of: instrument, in: $0.account.portfolio) }
    let now = executionValue(of: instrument, in: account.portfolio)
    hold([whole, now].contains(unitValue), "P35: \(unitValue), not \(now)")
  }

  /// What the venue's rule closes a position at.
  func executionValue(of instrument: InstrumentID, in portfolio: Portfolio) -> Int64 {
    guard let mark = valuation?.mark(of: instrument)?.unitValue else { return 0 }
    switch rules.liquidation.losses.price {
    case .mark: return mark
    case .bankruptcy: return bankruptcyValue(of: instrument, in: portfolio)
    case .funded:
      let value = bankruptcyValue(
        of: instrument, in: portfolio, fund: fundShare(of: instrument, in: portfolio))
      return portfolio.size(of: instrument).sign > 0 ? max(value, mark) : min(value, mark)
    }
  }

  /// What the fund may pay for one position: its part, by notional, of what it may for all that
  /// settle in the same asset.
  private func fundShare(of instrument: InstrumentID, in portfolio: Portfolio) -> Int64 {
    guard rules.has(.insuranceFund), let valuation, let asset = asset(of: instrument)
    else { return 0 }
    let own = Int128(
      max(valuation.notional(portfolio.size(of: instrument), of: instrument), 1))
    let total = portfolio.positions.filter { self.asset(of: $0.instrument) == asset }
      .reduce(Int128(0)) { $0 + Int128(max(valuation.notional($1.size, of: $1.instrument), 1)) }
    let fund = WatchedFund(asset, universe(of: instrument))
    let cap = rules.liquidation.fundEventCap.share(of: free(fund), rounding: .down)
    return Int64(clamping: (Int128(min(cap, room(of: fund))) * own).floored(by: total))
  }

  func bankruptcyValue(
    of instrument: InstrumentID, in portfolio: Portfolio, fund: Int64 = 0
  ) -> Int64 {
    guard let valuation, let contract = contract(instrument), let asset = asset(of: instrument),
      let mark = valuation.mark(of: instrument)?.unitValue
    else { return 0 }
    let held = portfolio.size(of: instrument)
    let notionals = portfolio.positions.map {
      Int128(max(valuation.notional($0.size, of: $0.instrument), 1))
    }
    let own = Int128(max(valuation.notional(held, of: instrument), 1))
    let total = notionals.reduce(0, +)
    let equity = Int128(valuation.risk(portfolio).equity) * own
    let share = valuation.units(
      ofQuote: Int64(clamping: equity.floored(by: total)), asset: asset, rounding: .down)
    let perStep = (Int128(share) + Int128(fund)).floored(by: Int128(held.steps.magnitude))
    let value = Int128(mark) - perStep * Int128(held.sign)
    let highest = Int128((try? contract.unitValue(at: contract.highestPrice)) ?? 0)
    return contract.isReciprocal
      ? Int64(min(max(value, -Int128(Contract.unitValueLimit)), min(highest, -1)))
      : Int64(min(max(value, 0), highest))
  }

  /// What a winner's cash in the market's asset and its position are worth at the execution value.
  private func worth(_ id: AccountID, of trade: Trade) -> Int128 {
    guard let portfolio = account(id)?.portfolio, let asset = asset(of: trade.instrument)
    else { return 0 }
    let slot = portfolio.slot(of: trade.instrument)
    let position = slot.isHeld ? portfolio.positions[slot.index] : nil
    let open = position.map { Int128($0.size.steps * trade.unitValue - $0.cost) } ?? 0
    return Int128(portfolio.balances[asset]) + open
  }

  /// P36: at the execution value the other side is worth the same before and after; what it gives
  /// up is what its position would have gained beyond that.
  mutating func checkWinner(_ trade: Trade) {
    guard let cut = cut, cut.trade == trade else { return }
    note("P36 cuts")
    hold(worth(cut.winner, of: trade) == cut.worth, "P36: more is taken than a position")
    self.cut = nil
  }

  private func checkSeed(_ record: DeleveragingAllocation) {
    let market = state.listing.index(of: record.instrument) ?? 0
    let seed =
      state.block << 32 ^ UInt64(record.account.number) << 16 ^ UInt64(market)
      ^ UInt64(bitPattern: state.time.nanoseconds)
    hold(record.seed == seed, "P33: drawn from something else")
  }
}

extension Int128 {
  /// The quotient rounded toward minus infinity; by something positive.
  func floored(by divisor: Int128) -> Int128 {
    let (quotient, rest) = quotientAndRemainder(dividingBy: divisor)
    return rest < 0 ? quotient - 1 : quotient
  }
}

extension UInt64 {
  fileprivate var clamped: Int64 { Int64(clamping: self) }
}
