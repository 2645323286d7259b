// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
import Parameters
import Pricing
import Quantities
import Volatility

/// One evaluation of a model over a book: its lines as they come.
struct ModelPass {
  let model: MarginModel
  let book: ModelBook
  /// By underlying.
  let plans: [ModelPlan]
  /// By position; `nil` for contracts that are no options.
  private(set) var options: [OptionLeg?] = []
  /// Of each position, base units; empty unless a term asks for them.
  private(set) var deltas: [Double] = []
  var lines: [ModelLine] = []
  var scans: [ModelScan] = []
  /// The core of each underlying so far, quote units.
  var core: [Double]

  init(_ model: MarginModel, _ book: ModelBook) throws(ModelError) {
    self.model = model
    self.book = book
    let plans = book.underlyings.map { model.plan(of: $0.symbol) }
    self.plans = plans
    core = Array(repeating: 0, count: plans.count)
    options.reserveCapacity(book.positions.count)
    for position in book.positions {
      let plan = plans[position.underlying]
      guard Self.covers(position, plan.rules) else { throw .notCovered(position.name) }
      options.append(try OptionLeg(position, book, plan))
    }
    if plans.contains(where: { $0.rules.needsDeltas }) || !account.credits.isEmpty {
      for place in book.positions.indices { deltas.append(try delta(of: place)) }
    }
  }

  var account: ModelAccountTerms { model.parameters.account }

  private static func covers(_ position: ModelBook.Position, _ rules: ModelRules) -> Bool {
    if rules.scan != nil { return true }
    return position.isOption
      ? rules.option != nil : rules.tiers != nil || rules.factors != nil
  }

  /// Cash, collateral at its price, profits at the index, funding; options at their marks.
  var equity: Double {
    var sum = book.cash
    for holding in book.holdings { sum += holding.amount * holding.price }
    for position in book.positions {
      sum += position.profit * rate(of: position)
      sum += position.funding
    }
    return sum
  }

  /// Quote units per settlement unit.
  func rate(of position: ModelBook.Position) -> Double {
    position.isInverse ? book.underlyings[position.underlying].index : 1
  }

  func index(of position: ModelBook.Position) -> Double {
    book.underlyings[position.underlying].index
  }

  /// Futures and perpetuals at the mark, options at the index; quote units, not negative.
  func notional(of position: ModelBook.Position) -> Double {
    if position.isOption { return position.quantity.magnitude * index(of: position) }
    return position.isInverse ? position.quantity.magnitude : position.value.magnitude
  }

  /// Base units, not negative.
  func baseQuantity(of position: ModelBook.Position) -> Double {
    position.isReciprocal ? position.value.magnitude : position.quantity.magnitude
  }

  mutating func add(
    _ charge: ModelCharge, _ subject: ModelLine.Subject, _ initial: Double,
    _ maintenance: Double? = nil
  ) {
    lines.append(
      ModelLine(
        charge: charge, subject: subject, initial: initial,
        maintenance: maintenance ?? initial))
  }

  /// Adds a part of the core of one underlying.
  mutating func addCore(_ charge: ModelCharge, _ slot: Int, _ amount: Double) {
    add(charge, .asset(book.underlyings[slot].symbol), amount)
    core[slot] += amount
  }

  // MARK: Deltas

  private func delta(of place: Int) throws(ModelError) -> Double {
    let position = book.positions[place]
    if let given = position.delta { return given }
    let index = index(of: position)
    switch position.kind {
    case .perpetual:
      return position.isInverse ? -position.value : position.quantity
    case .future(let expiry):
      let terms = book.expiries[expiry]
      return position.isInverse
        ? -position.value : position.quantity * (terms.open * terms.forward / index)
    case .option(_, _, let expiry, _):
      guard let leg = options[place] else { return 0 }
      return try leg.greeks().delta * (book.expiries[expiry].forward / index)
    }
  }

  /// Net delta of the perpetuals and spot of an underlying, then of each of its expiries.
  func groupedDeltas(_ slot: Int) -> [(years: Double, delta: Double)] {
    var groups: [(years: Double, delta: Double)] = [(0, 0)]
    var places = Array(repeating: -1, count: book.expiries.count)
    for (place, position) in book.positions.enumerated() where position.underlying == slot {
      guard let expiry = position.expiry else {
        groups[0].delta += deltas[place]
        continue
      }
      if places[expiry] < 0 {
        places[expiry] = groups.count
        groups.append((book.expiries[expiry].years, 0))
      }
      groups[places[expiry]].delta += deltas[place]
    }
    return groups
  }
}

extension ModelBook.Position {
  /// Its place in ``ModelBook/expiries``.
  var expiry: Int? {
    switch kind {
    case .perpetual: nil
    case .future(let expiry), .option(_, _, let expiry, _): expiry
    }
  }
}

extension ModelRules {
  var needsDeltas: Bool {
    roll != nil || deltaShock != nil || calendar != nil || minimumDelta != nil
  }
}
