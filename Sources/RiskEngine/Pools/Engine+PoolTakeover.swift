// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
import Quantities

// The stage of the waterfall in which backstop pools take positions over.
extension Engine {
  /// Offers an account to every pool once, in the order of their ids: each takes as much of the
  /// positions it covers as restores the account, or as it may.
  ///
  /// A pool in liquidation is offered to none: no pool bears the loss of another, nor the fund's.
  /// - Returns: Whether the account is restored or has no position left; if not, what the pools
  ///   left goes to the next stage.
  mutating func offerToPools(_ id: AccountID) throws(StepError) -> Bool {
    guard !state.isEngines(id), let valuation, let index = state.index(of: id) else { return false }
    for place in state.pools.indices {
      let risk = measure(state.accounts[index].portfolio, valuation)
      guard risk.equity > 0, !isSettled(index, risk) else { break }
      try takeOver(index, by: place, risk, valuation)
    }
    let risk = measure(state.accounts[index].portfolio, valuation)
    return isSettled(index, risk)
  }

  private func isSettled(_ index: Int, _ risk: AccountRisk) -> Bool {
    risk.isRestored || state.accounts[index].portfolio.positions.isEmpty
  }

  /// Whether some pool would take anything of an account.
  mutating func poolsTakeAny(
    of index: Int, _ risk: AccountRisk, _ valuation: Valuation
  ) -> Bool {
    guard !state.isEngines(state.accounts[index].id), risk.equity > 0 else { return false }
    for place in state.pools.indices {
      if takeover(of: index, by: place, risk, valuation) != nil { return true }
    }
    return false
  }

  /// What a pool would take of an account, lot by lot; `nil` for nothing.
  private mutating func takeover(
    of index: Int, by place: Int, _ risk: AccountRisk, _ valuation: Valuation
  ) -> (lots: [PoolLot], sizes: [Size])? {
    let pool = state.pools[place]
    guard let poolIndex = state.index(of: pool.id),
      !state.accounts[poolIndex].isInLiquidation,
      (try? requireFreshPrices(state.accounts[poolIndex].portfolio)) != nil
    else { return nil }
    let lots = lots(of: state.accounts[index].portfolio, for: pool, risk, valuation)
    guard !lots.isEmpty else { return nil }
    var trial = TakeoverTrial(
      account: state.accounts[index].portfolio, pool: state.accounts[poolIndex].portfolio,
      order: pool.order, lots: lots, rules: rules, valuation: valuation,
      scratch: takeScratch(valuation))
    let share = trial.share()
    scratch = trial.scratch
    let sizes = proRata(lots.map(\.size), share: share)
    return sizes.contains { $0 != .zero } ? (lots, sizes) : nil
  }

  private mutating func takeOver(
    _ index: Int, by place: Int, _ risk: AccountRisk, _ valuation: Valuation
  ) throws(StepError) {
    guard let (lots, sizes) = takeover(of: index, by: place, risk, valuation) else { return }
    let pool = state.pools[place]
    for (lot, size) in zip(lots, sizes) where size != .zero {
      let sells = size.sign > 0
      let account = state.accounts[index].id
      try emit(
        .traded(
          Trade(
            instrument: lot.instrument, buyer: sells ? pool.id : account,
            seller: sells ? account : pool.id, size: size.magnitude, unitValue: lot.unitValue,
            price: lot.price, cause: .pool)))
    }
    try chargeTakeover(index, lots, sizes, valuation)
  }

  /// The fee goes to the insurance fund and never makes an account insolvent.
  private mutating func chargeTakeover(
    _ index: Int, _ lots: [PoolLot], _ sizes: [Size], _ valuation: Valuation
  ) throws(StepError) {
    let notional = TakeoverTrial.notional(lots, sizes, valuation)
    let equity = measure(state.accounts[index].portfolio, valuation).equity
    let charged = liquidationPenalty(notional: notional, rate: rules.pool.fee, equity: equity)
    let fee = payable(charged, asset: 0, by: index)
    // The quote currency, the first asset, has six decimals: a millionth is a ledger unit.
    guard fee > 0 else { return }
    try move(
      fee, asset: 0, from: .account(state.accounts[index].id),
      to: .fund(of: state.accounts[index].universe), .liquidationPenalty)
  }

  /// The positions of an account that a pool covers: those on its underlyings that settle in the
  /// quote currency and can still be traded, each at its price.
  private func lots(
    of portfolio: Portfolio, for pool: BackstopPool, _ risk: AccountRisk, _ valuation: Valuation
  ) -> [PoolLot] {
    portfolio.positions.compactMap { position in
      guard let market = state.listing.index(of: position.instrument) else { return nil }
      let contract = state.listing.contracts[market]
      guard pool.covers(contract.underlying), state.settlementIndex(of: contract.id) == 0,
        contract.kind.expiry.map({ $0 > state.time }) ?? true,
        let terms = valuation.terms(
          for: contract.id, in: portfolio, equity: risk.equity, fund: 0),
        let unitValue = takeoverUnitValue(
          of: contract, size: position.size, unitValue: state.marks[market].unitValue,
          bankruptcyUnitValue: terms.bankruptcyUnitValue, discount: rules.pool.discount),
        isWorthWhile(unitValue, of: state.marks[market].unitValue)
      else { return nil }
      let price = try? contract.price(ofUnitValue: unitValue, rounding: .halfEven)
      return PoolLot(
        instrument: contract.id, underlying: contract.underlying, size: position.size,
        unitValue: unitValue, price: price ?? state.marks[market].price)
    }
  }
}

extension Engine {
  /// Whether a price is far enough from a mark for a pool to take over.
  private func isWorthWhile(_ unitValue: Int64, of mark: Int64) -> Bool {
    abs(mark - unitValue) >= rules.pool.leastDiscount.share(of: abs(mark), rounding: .up)
  }
}

/// One position that a pool could take over.
struct PoolLot {
  let instrument: InstrumentID
  let underlying: AssetSymbol
  /// As the account holds it.
  let size: Size
  /// At which it changes hands.
  let unitValue: Int64
  let price: Price
}

/// Looks for the share of an account's positions that a pool takes.
///
/// The same share of each: a hedged portfolio is not taken apart. The account's requirement must
/// fall, and unless everything is taken it must stand better than before; the pool must keep its
/// initial margin, its caps and the position that its order reduces.
private struct TakeoverTrial {
  let account: Portfolio
  let pool: Portfolio
  let order: LiquidationOrder?
  let lots: [PoolLot]
  let rules: VenueRules
  let valuation: Valuation
  var scratch: RiskScratch

  mutating func share() -> Rate {
    let stood = valuation.risk(account, &scratch)
    let held = valuation.risk(pool, &scratch)
    guard held.equity >= held.initialMargin, held.equity > 0 else { return .zero }
    let wanted = leastShare { share in
      let sizes = proRata(lots.map(\.size), share: share)
      return standing(after: sizes).isRestored
    }
    return largestShare(upTo: wanted) { share in
      let sizes = proRata(lots.map(\.size), share: share)
      guard sizes.contains(where: { $0 != .zero }) else { return false }
      return isHeld(sizes) && relieves(sizes, share, stood) && fits(sizes, held)
    }
  }

  /// Where the account stands without so much of its positions, the fee deducted.
  private mutating func standing(after sizes: [Size]) -> AccountRisk {
    let risk = valuation.risk(changed(account, sizes, sign: -1), &scratch)
    let fee = rules.pool.fee.share(
      of: Self.notional(lots, sizes, valuation), rounding: .up)
    return AccountRisk(
      equity: risk.equity - min(fee, max(risk.equity, 0)), initialMargin: risk.initialMargin,
      maintenanceMargin: risk.maintenanceMargin, liquidationBuffer: risk.liquidationBuffer,
      penaltyRate: risk.penaltyRate)
  }

  private mutating func relieves(_ sizes: [Size], _ share: Rate, _ stood: AccountRisk) -> Bool {
    let stands = standing(after: sizes)
    guard stands.equity >= 0, stands.maintenanceMargin < stood.maintenanceMargin else {
      return false
    }
    let isAll = share == .one && lots.count == account.positions.count
    return isAll || stands.surplus > stood.surplus
  }

  /// Whether account and pool can hold what each realizes, position after position.
  private func isHeld(_ sizes: [Size]) -> Bool {
    var (giver, taker) = (account, pool)
    for (lot, size) in zip(lots, sizes) where size != .zero {
      giver.balances[0] += giver.take(-size, of: lot.instrument, unitValue: lot.unitValue)
      taker.balances[0] += taker.take(size, of: lot.instrument, unitValue: lot.unitValue)
      let largest = max(giver.balances[0].magnitude, taker.balances[0].magnitude)
      guard largest <= Amount.limit.magnitude else { return false }
    }
    return true
  }

  private mutating func fits(_ sizes: [Size], _ held: AccountRisk) -> Bool {
    let after = changed(pool, sizes, sign: 1)
    guard after.positions.count <= Int(rules.clearing.positionLimit),
      after.positions.allSatisfy({ $0.size.isPermitted }), keepsOrder(after)
    else { return false }
    let stands = valuation.risk(after, &scratch)
    guard stands.equity >= stands.initialMargin else { return false }
    let bound = stands.initialMargin - held.initialMargin
    guard bound <= rules.pool.eventShare.share(of: held.equity, rounding: .down) else {
      return false
    }
    let value = gross(after)
    // In billionths, for a multiple of the largest equity would leave 64 bits.
    let most = Int128(rules.pool.leverage.billionths) * Int128(stands.equity)
    guard value * 1_000_000_000 <= most || value <= gross(pool) else { return false }
    return lots.allSatisfy { lot in
      let held = gross(after, on: lot.underlying)
      return held <= Int128(rules.pool.marketCap) || held <= gross(pool, on: lot.underlying)
    }
  }

  /// Whether what the pool has sent to the book is still there.
  private func keepsOrder(_ after: Portfolio) -> Bool {
    guard let order else { return true }
    let left = after.size(of: order.instrument)
    return left.sign == -order.side.sign && left.magnitude >= order.size
  }

  /// Σ of the notionals of a portfolio's positions, millionths of the quote currency.
  private func gross(_ portfolio: Portfolio, on underlying: AssetSymbol? = nil) -> Int128 {
    var sum: Int128 = 0
    for position in portfolio.positions {
      if let underlying, valuation.underlying(of: position.instrument) != underlying { continue }
      sum += Int128(valuation.notional(position.size, of: position.instrument))
    }
    return sum
  }

  private func changed(_ portfolio: Portfolio, _ sizes: [Size], sign: Int64) -> Portfolio {
    var after = portfolio
    for (lot, size) in zip(lots, sizes) where size != .zero {
      after.balances[0] += after.take(
        Size(steps: sign * size.steps), of: lot.instrument, unitValue: lot.unitValue)
    }
    return after
  }

  static func notional(
    _ lots: [PoolLot], _ sizes: [Size], _ valuation: Valuation
  ) -> Int64 {
    var sum: Int128 = 0
    for (lot, size) in zip(lots, sizes) {
      sum += Int128(valuation.notional(size, of: lot.instrument))
    }
    return Int64(min(sum, Int128(QuoteMoney.limit)))
  }
}
