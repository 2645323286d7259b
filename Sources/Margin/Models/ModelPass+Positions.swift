// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Parameters
import Pricing
import Quantities

// What single positions and expiries are charged.
extension ModelPass {
  mutating func addPositions() {
    for (place, position) in book.positions.enumerated() where !position.isOption {
      let rules = plans[position.underlying].rules
      if let table = rules.tiers { addTier(place, position, table, rules.openInterest) }
      if let factors = rules.factors { addFactor(place, position, factors, rules.slippage) }
    }
    for slot in book.underlyings.indices {
      guard let terms = plans[slot].rules.option else { continue }
      if let unpaired = terms.unpaired {
        addPairedOptions(slot, terms, unpaired)
      } else {
        addOptions(slot, terms)
      }
      addOptionValue(slot, terms)
    }
  }

  // MARK: Futures and perpetuals

  private mutating func addTier(
    _ place: Int, _ position: ModelBook.Position, _ table: TierTable,
    _ openInterest: ModelRules.OpenInterest?
  ) {
    let notional = notional(of: position)
    let quantity = baseQuantity(of: position)
    guard notional > 0, quantity > 0 else { return }
    let price = notional / quantity
    let measure = table.measure == .quantity ? quantity * 1e8 : notional * 1e6
    var row = 0
    var deductions = (initial: 0.0, maintenance: 0.0)
    while let upper = table.rows[row].upper, measure > Double(upper) {
      let end = table.measure == .quantity ? Double(upper) / 1e8 * price : Double(upper) / 1e6
      let (here, next) = (table.rows[row], table.rows[row + 1])
      deductions.initial += end * (next.initial.value - here.initial.value)
      deductions.maintenance += end * (next.maintenance.value - here.maintenance.value)
      row += 1
    }
    if table.convention == .wholePosition { deductions = (0, 0) }
    let rates = table.rows[row]
    var initial =
      notional * (rates.initial.value + table.initialPerUnit.value * quantity)
      - deductions.initial
    let maintenance =
      notional * (rates.maintenance.value + table.maintenancePerUnit.value * quantity)
      - deductions.maintenance
    if let terms = openInterest {
      // r + (1 − r)·c of the notional, for whatever r the tiers come to.
      initial += (notional - initial) * share(of: terms, position)
    }
    add(.tier, .position(place), initial, maintenance)
  }

  /// How far open interest is between the two ends, 0 to 1.
  private func share(
    of terms: ModelRules.OpenInterest, _ position: ModelBook.Position
  ) -> Double {
    let open = book.underlyings[position.underlying].openInterest
    let lower = Double(terms.lower) / 1e6
    return min(max((open - lower) / (Double(terms.upper) / 1e6 - lower), 0), 1)
  }

  private mutating func addFactor(
    _ place: Int, _ position: ModelBook.Position, _ factors: ModelRules.RiskFactors,
    _ slippage: ModelRules.Slippage?
  ) {
    let rates = factors.rates()
    let notional = notional(of: position)
    let isLong = position.quantity > 0
    add(.factor, .position(place), notional * (isLong ? rates.long : rates.short))
    guard let slippage else { return }
    let size = baseQuantity(of: position)
    add(
      .slippage, .position(place),
      notional * (slippage.linear.value + slippage.quadratic.value * size))
  }

  // MARK: Options

  /// The mark per base unit, quote units.
  private func mark(of position: ModelBook.Position) -> Double {
    position.mark * rate(of: position)
  }

  /// The margin of a short option with its mark, as venues publish it; 0 of a long one.
  private func charge(
    of position: ModelBook.Position, _ terms: ModelOptionTerms
  ) -> (initial: Double, maintenance: Double) {
    guard case .option(let right, let strike, _, _) = position.kind, position.quantity < 0 else {
      return (0, 0)
    }
    let spot = index(of: position)
    let mark = mark(of: position)
    let outOfTheMoney = max(right.sign * (strike - spot), 0)
    let opening =
      max(terms.base.value * spot - outOfTheMoney, terms.least.value * spot) + mark
    let maintenance: Double
    var initial = opening
    switch right {
    case .call: maintenance = terms.call.value * spot + mark
    case .put:
      maintenance = max(terms.put.value * spot, terms.putMark.value * mark) + mark
      initial = max(initial, terms.putInitial.value * maintenance)
    }
    let size = -position.quantity
    return (max(initial, maintenance) * size, maintenance * size)
  }

  private mutating func addOptions(_ slot: Int, _ terms: ModelOptionTerms) {
    for (place, position) in book.positions.enumerated()
    where position.underlying == slot && position.isOption && position.quantity < 0 {
      let charge = charge(of: position, terms)
      add(.option, .position(place), charge.initial, charge.maintenance)
    }
  }

  /// By expiry the smaller of the sum of its options and of its largest loss at expiry.
  private mutating func addPairedOptions(
    _ slot: Int, _ terms: ModelOptionTerms, _ unpaired: ModelRates
  ) {
    for expiry in book.expiries.indices where book.expiries[expiry].underlying == slot {
      var alone = (initial: 0.0, maintenance: 0.0)
      var calls = 0.0
      var held: [ModelBook.Position] = []
      for position in book.positions where position.isOption && position.expiry == expiry {
        let charge = charge(of: position, terms)
        alone.initial += charge.initial
        alone.maintenance += charge.maintenance
        if case .option(.call, _, _, _) = position.kind { calls += position.quantity }
        held.append(position)
      }
      guard !held.isEmpty else { continue }
      let loss = largestLoss(held)
      let open = max(-calls, 0) * book.expiries[expiry].forward
      add(
        .option, .expiry(expiry), min(alone.initial, loss + unpaired.initial.value * open),
        min(alone.maintenance, loss + unpaired.maintenance.value * open))
    }
  }

  /// What the options of an expiry pay out at worst, settled at 0 or at any of their strikes.
  private func largestLoss(_ options: [ModelBook.Position]) -> Double {
    var worst = 0.0
    var prices = [0.0]
    for option in options {
      if case .option(_, let strike, _, _) = option.kind { prices.append(strike) }
    }
    for price in prices {
      var payoff = 0.0
      for option in options {
        guard case .option(let right, let strike, _, _) = option.kind else { continue }
        payoff += option.quantity * max(right.sign * (price - strike), 0)
      }
      worst = max(worst, -payoff)
    }
    return worst
  }

  /// Takes options back out of equity: short ones at their marks, of long ones what gives no
  /// credit.
  private mutating func addOptionValue(_ slot: Int, _ terms: ModelOptionTerms) {
    var value = 0.0
    for position in book.positions where position.underlying == slot && position.isOption {
      value +=
        position.quantity < 0
        ? position.quantity * mark(of: position)
        : position.value * rate(of: position) * terms.longValue.value
    }
    if value != 0 { add(.optionValue, .asset(book.underlyings[slot].symbol), value) }
  }
}
