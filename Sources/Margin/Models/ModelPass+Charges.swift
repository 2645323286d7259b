// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Parameters
import Quantities

// What is added to the core.
extension ModelPass {
  mutating func addContingencies() {
    for slot in book.underlyings.indices {
      let rules = plans[slot].rules
      let underlying = book.underlyings[slot]
      let subject = ModelLine.Subject.asset(underlying.symbol)
      if let rates = rules.perpetual {
        let size = perpetualSize(slot) * underlying.index
        if size > 0 {
          add(.perpetual, subject, size * rates.initial.value, size * rates.maintenance.value)
        }
      }
      if let rates = rules.shortOption {
        let size = nakedShorts(slot) * underlying.index
        if size > 0 {
          add(.shortOption, subject, size * rates.initial.value, size * rates.maintenance.value)
        }
      }
      if let terms = rules.confidence {
        let charge = doubt(slot, terms)
        if charge > 0 { add(.confidence, subject, charge, 0) }
      }
    }
    addPeg()
    addStableHedge()
  }

  /// Σ|size| of the perpetuals, base units.
  private func perpetualSize(_ slot: Int) -> Double {
    var sum = 0.0
    for position in book.positions where position.underlying == slot {
      if case .perpetual = position.kind { sum += baseQuantity(of: position) }
    }
    return sum
  }

  /// (1 − confidence) × factor × notional at the index, of everything priced with too little.
  private func doubt(_ slot: Int, _ terms: ModelRules.Confidence) -> Double {
    let underlying = book.underlyings[slot]
    var charge = 0.0
    func add(_ confidence: Double, _ notional: Double) {
      let least = min(confidence, underlying.confidence)
      guard least < terms.threshold.value else { return }
      charge += (1 - least) * terms.factor.value * notional
    }
    for position in book.positions where position.underlying == slot {
      let confidence =
        position.expiry.map { book.expiries[$0].confidence } ?? underlying.perpetualConfidence
      add(confidence, baseQuantity(of: position) * underlying.index)
    }
    for holding in book.holdings where holding.underlying == slot && holding.amount > 0 {
      add(holding.confidence, holding.amount * holding.price)
    }
    return charge
  }

  private mutating func addPeg() {
    guard let peg = account.peg, peg.notional > .zero, pegLoss > 0 else { return }
    var notional = 0.0
    for position in book.positions {
      let isCounted =
        if case .perpetual = position.kind { true } else {
          position.isOption && position.quantity < 0
        }
      if isCounted { notional += baseQuantity(of: position) * index(of: position) }
    }
    if notional > 0 { add(.peg, .account, pegLoss * peg.notional.value * notional, 0) }
  }

  /// What one stable coin hedges another, each part of it by its own step.
  private mutating func addStableHedge() {
    guard !account.stableLadder.rows.isEmpty else { return }
    var long = max(book.cash, 0)
    var short = max(-book.cash, 0)
    for holding in book.holdings where holding.underlying == nil {
      let worth = holding.amount * holding.price
      if worth > 0 { long += worth } else { short -= worth }
    }
    let hedge = min(long, short)
    guard hedge > 0 else { return }
    var charge = 0.0
    var lower = 0.0
    for row in account.stableLadder.rows {
      let upper = row.upper.map { min(Double($0) / 1e6, hedge) } ?? hedge
      if upper > lower { charge += (upper - lower) * row.value.value }
      lower = max(lower, upper)
    }
    add(.stableHedge, .account, charge)
  }

  // MARK: Haircuts and provisions

  mutating func addHaircuts() {
    for slot in book.underlyings.indices {
      guard let rates = plans[slot].rules.collateral else { continue }
      let worth = account.haircutsAreNet ? netWorth(slot) : grossWorth(slot)
      addHaircut(book.underlyings[slot].symbol, worth, rates)
    }
    for holding in book.holdings where holding.underlying == nil {
      guard let rates = model.plan(of: holding.symbol).rules.collateral else { continue }
      addHaircut(holding.symbol, holding.amount * holding.price, rates)
    }
  }

  private mutating func addHaircut(_ symbol: AssetSymbol, _ worth: Double, _ rates: ModelRates) {
    guard worth > 0, rates.initial > .zero else { return }
    add(.haircut, .asset(symbol), worth * rates.initial.value, worth * rates.maintenance.value)
  }

  private func grossWorth(_ slot: Int) -> Double {
    var worth = 0.0
    for holding in book.holdings where holding.underlying == slot && holding.amount > 0 {
      worth += holding.amount * holding.price
    }
    return worth
  }

  /// What the coin comes to with the profits settled in it.
  private func netWorth(_ slot: Int) -> Double {
    var worth = 0.0
    for holding in book.holdings where holding.underlying == slot {
      worth += holding.amount * holding.price
    }
    for position in book.positions where position.underlying == slot && position.isInverse {
      var coins = position.profit
      if !account.haircutsCountLongOptions, position.isOption, position.quantity > 0 {
        coins -= position.value
      }
      worth += coins * book.underlyings[slot].index
    }
    return worth
  }

  mutating func addProvisions() {
    for slot in book.underlyings.indices {
      guard let terms = plans[slot].rules.provision else { continue }
      let basis = book.underlyings[slot].basis
      let funding = min(terms.fundingShare.value * basis.magnitude, 1)
      var charge = 0.0
      for position in book.positions where position.underlying == slot {
        var rate = terms.closeFee.value
        if case .perpetual = position.kind, basis * position.quantity > 0 { rate += funding }
        charge += notional(of: position) * rate
      }
      if charge > 0 { add(.provision, .asset(book.underlyings[slot].symbol), charge) }
    }
  }

  /// Sets one level of margin by the other where the model has them so.
  mutating func relate() {
    switch account.relation {
    case .separate: return
    case .maintenanceShare(let share):
      lines = lines.map { line in
        ModelLine(
          charge: line.charge, subject: line.subject, initial: line.initial,
          maintenance: line.initial * share.value)
      }
    case .initialMultiple(let multiple):
      lines = lines.map { line in
        ModelLine(
          charge: line.charge, subject: line.subject,
          initial: line.maintenance * multiple.value, maintenance: line.maintenance)
      }
    }
  }
}
