// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
import Parameters
import Quantities
import Volatility

// The scenarios of each underlying; underlyings do not offset.
extension ModelPass {
  mutating func addScans() throws(ModelError) {
    for slot in book.underlyings.indices {
      guard plans[slot].rules.scan != nil, isTouched(slot) else { continue }
      let scan = try scan(slot)
      scans.append(scan)
      addCore(.scan, slot, scan.loss)
    }
  }

  private func isTouched(_ slot: Int) -> Bool {
    book.positions.contains { $0.underlying == slot }
      || book.holdings.contains { $0.underlying == slot && $0.amount != 0 }
  }

  private func scan(_ slot: Int) throws(ModelError) -> ModelScan {
    let plan = plans[slot]
    var sweep = try ScenarioSweep(self, slot)
    var profits: [Double] = []
    profits.reserveCapacity(plan.scenarios.count)
    for row in plan.scenarios.indices {
      profits.append(try sweep.profit(row: row, of: plan))
    }
    let skewLosses = try skewLosses(&sweep, plan)
    let forwardLoss = try forwardLoss(sweep, plan)
    // No comparison below would see what is not a number.
    guard profits.allSatisfy(\.isFinite), skewLosses.allSatisfy(\.isFinite), forwardLoss.isFinite
    else { throw .outOfRange }
    var loss = 0.0
    var binding = ModelScan.Binding.none
    for (row, profit) in profits.enumerated() where -profit > loss {
      (loss, binding) = (-profit, .row(row))
    }
    for (place, skewLoss) in skewLosses.enumerated() where skewLoss > loss {
      (loss, binding) = (skewLoss, .skew(place))
    }
    if forwardLoss > loss { (loss, binding) = (forwardLoss, .forward) }
    return ModelScan(
      underlying: book.underlyings[slot].symbol, rows: plan.scenarios, profits: profits,
      skewLosses: skewLosses, forwardLoss: forwardLoss, loss: loss, binding: binding)
  }

  /// Each expiry counts as a loss, whatever its sign.
  private func skewLosses(
    _ sweep: inout ScenarioSweep, _ plan: ModelPlan
  ) throws(ModelError) -> [Double] {
    guard let skew = plan.skew else { return [] }
    var losses: [Double] = []
    for state in ModelScan.skews {
      losses.append(try sweep.skewLoss(state, skew))
    }
    return losses
  }

  /// Σ over expiries of the worse of both moves, without the discounts of a shocked value.
  private func forwardLoss(
    _ sweep: ScenarioSweep, _ plan: ModelPlan
  ) throws(ModelError) -> Double {
    guard let forward = plan.rules.forward else { return 0 }
    var sum = 0.0
    for expiry in book.expiries.indices where book.expiries[expiry].underlying == sweep.slot {
      let up = try sweep.move(of: expiry, shift: forward.shift.value)
      let down = try sweep.move(of: expiry, shift: -forward.shift.value)
      let worse = min(up, down, 0)
      let share = forward.share.value + forward.sharePerYear.value * book.expiries[expiry].years
      sum += -worse * share
    }
    return sum
  }

  /// What one move of spot, volatility unchanged, costs at worst either way; at least 0.
  func extremeLoss(_ slot: Int, move: Double) throws(ModelError) -> Double {
    var sweep = try ScenarioSweep(self, slot)
    let up = try sweep.profits(
      shift: move, .unchanged, share: 1, linearShift: move, linearShare: 1)
    let down = try sweep.profits(
      shift: -move, .unchanged, share: 1, linearShift: -move, linearShare: 1)
    return max(-(up.quote + up.coin), -(down.quote + down.coin), 0)
  }
}

/// The positions of one underlying as the scenarios move them.
struct ScenarioSweep {
  let slot: Int
  private let pass: ModelPass
  private let index: Double
  private let terms: ModelScanTerms?
  private let discount: ModelRules.Discount?
  /// Positions of the underlying: the options, and the others.
  private var options: [(leg: OptionLeg, isInverse: Bool)] = []
  private var linear: [ModelBook.Position] = []
  private var given: [ModelBook.Position] = []
  /// Coins whose value moves with the index.
  private var held = 0.0
  private let movesHeld: Bool
  /// By expiry × 2 + (1 for those settled in coin): value now, and in the scenario.
  private var now: [Double]
  private var then: [Double]

  init(_ pass: ModelPass, _ slot: Int) throws(ModelError) {
    self.pass = pass
    self.slot = slot
    let rules = pass.plans[slot].rules
    index = pass.book.underlyings[slot].index
    terms = rules.scan
    discount = rules.discount
    movesHeld = rules.scan?.holdingsMove ?? false
    now = Array(repeating: 0, count: pass.book.expiries.count * 2)
    then = now
    for (place, position) in pass.book.positions.enumerated() where position.underlying == slot {
      if !position.rowProfits.isEmpty {
        given.append(position)
      } else if let leg = pass.options[place] {
        options.append((leg, position.isInverse))
      } else {
        linear.append(position)
      }
      if position.isInverse { held -= position.value - position.profit }
    }
    var worth = 0.0
    for holding in pass.book.holdings where holding.underlying == slot {
      worth += holding.amount * holding.price
    }
    held = held * index + worth
    try fill(&now, factor: 1) { leg throws(ModelError) in
      try leg.value(factor: 1, .unchanged)
    }
  }

  /// The profit that counts in a row of the plan.
  mutating func profit(row: Int, of plan: ModelPlan) throws(ModelError) -> Double {
    let scenario = plan.scenarios[row]
    let isTail = row >= plan.firstTail
    // Contracts without options that stop at the range need no damper besides.
    let clips = isTail && terms?.clipsLinear == true
    let range = terms?.range.value ?? 0
    let linearShift =
      clips ? min(max(scenario.spotShift, -range), range) : scenario.spotShift
    let profits = try profits(
      shift: scenario.spotShift, scenario.volatility, share: scenario.damper,
      linearShift: linearShift, linearShare: clips ? 1 : scenario.damper)
    var sum =
      counted(profits.quote, terms?.quote, isTail: isTail)
      + counted(profits.coin, terms?.coin, isTail: isTail)
    for position in given {
      guard position.rowProfits.count == plan.scenarios.count else {
        throw .wrongRowCount(position.name, rows: plan.scenarios.count)
      }
      sum += position.rowProfits[row]
    }
    return sum
  }

  /// The profit of all that is not given, by settlement currency.
  ///
  /// - Parameters:
  ///   - share: Of the options' profit that counts.
  ///   - linearShift: Move of spot for contracts that are no options, and for coins held.
  ///   - linearShare: Of their profit.
  mutating func profits(
    shift: Double, _ state: VolatilityState, share: Double, linearShift: Double,
    linearShare: Double
  ) throws(ModelError) -> (quote: Double, coin: Double) {
    let factor = 1 + shift
    try fill(&then, factor: factor) { leg throws(ModelError) in
      try leg.value(factor: factor, state)
    }
    var quote = 0.0
    var coin = 0.0
    for expiry in pass.book.expiries.indices
    where pass.book.expiries[expiry].underlying == slot {
      quote += share * (discounted(then[expiry * 2], expiry) - now[expiry * 2])
      coin += share * (discounted(then[expiry * 2 + 1], expiry) - now[expiry * 2 + 1])
    }
    for position in linear {
      let profit = linearShare * self.profit(of: position, shift: linearShift)
      if position.isInverse { coin += profit } else { quote += profit }
    }
    if movesHeld { coin += linearShare * (held * linearShift) }
    return (quote, coin)
  }

  /// What bending the smile costs, every expiry counted as a loss.
  mutating func skewLoss(
    _ state: SkewState, _ skew: SkewShock
  ) throws(ModelError) -> Double {
    try fill(&then, factor: 1) { leg throws(ModelError) in
      let factor = skew.moves(yearsToExpiry: leg.years)
        .factor(state, logMoneyness: leg.logMoneyness)
      let bent = leg.volatility * factor
      return try leg.value(factor: 1, variance: (bent * bent) * leg.years)
    }
    var loss = 0.0
    for expiry in pass.book.expiries.indices
    where pass.book.expiries[expiry].underlying == slot {
      let quote = discounted(then[expiry * 2], expiry) - now[expiry * 2]
      let coin = discounted(then[expiry * 2 + 1], expiry) - now[expiry * 2 + 1]
      loss += (quote + coin).magnitude
    }
    return loss
  }

  /// What the options of an expiry gain when its forward moves by itself.
  func move(of expiry: Int, shift: Double) throws(ModelError) -> Double {
    let factor = 1 + shift
    var sum = 0.0
    for option in options where option.leg.expiry == expiry {
      let then = try option.leg.value(factor: factor, .unchanged)
      sum += option.isInverse ? then * coinRate(option.leg, factor) : then
    }
    return sum - (now[expiry * 2] + now[expiry * 2 + 1])
  }

  // MARK: Parts

  /// Sums the options by expiry and settlement currency, quote units.
  private func fill(
    _ sums: inout [Double], factor: Double,
    value: (OptionLeg) throws(ModelError) -> Double
  ) throws(ModelError) {
    for place in sums.indices { sums[place] = 0 }
    for option in options {
      let place = option.leg.expiry * 2
      if option.isInverse {
        sums[place + 1] += try value(option.leg) * coinRate(option.leg, factor)
      } else {
        sums[place] += try value(option.leg)
      }
    }
  }

  /// Index ÷ settlement price: what a quote unit paid in coin is worth.
  ///
  /// It stays as it is when both move together; counted in coin, the coins are valued at today's
  /// index.
  private func coinRate(_ leg: OptionLeg, _ factor: Double) -> Double {
    index / leg.settlementPrice(factor: terms?.inCoin == true ? factor : 1)
  }

  private func profit(of position: ModelBook.Position, shift: Double) -> Double {
    let factor = 1 + shift
    let isInCoin = terms?.inCoin == true
    if case .future(let expiry) = position.kind {
      let terms = pass.book.expiries[expiry]
      if terms.open < 1 {
        let price = terms.fixed + terms.open * terms.forward
        let after = terms.fixed + terms.open * (terms.forward * factor)
        guard position.isInverse else { return position.quantity * (after - price) }
        let spot = isInCoin ? index : index * factor
        return position.quantity * (index / price - spot / after)
      }
    }
    guard position.isInverse else { return position.quantity * position.mark * shift }
    // In quote units its value stays as it is: all of its risk is in the coins of its cost.
    return isInCoin ? position.quantity * (index / position.mark) * (shift / factor) : 0
  }

  private func discounted(_ value: Double, _ expiry: Int) -> Double {
    guard let discount else { return value }
    let terms = pass.book.expiries[expiry]
    let logDiscount = Elementary.log(terms.discount)
    let rate = terms.years > 0 ? max(-logDiscount / terms.years, 0) : 0
    if value >= 0 {
      let years = terms.years * (rate * discount.longRate.value + discount.longSpread.value)
      return value * (discount.longBase.value * Elementary.exp(-years))
    }
    let years = terms.years * (rate * discount.shortRate.value + discount.shortSpread.value)
    return value * min(1 / terms.discount, discount.shortBase.value * Elementary.exp(years))
  }

  /// A profit after what its settlement currency gives up of gains and of a tail's losses.
  private func counted(
    _ profit: Double, _ terms: ModelScanTerms.Settled?, isTail: Bool
  ) -> Double {
    guard let terms else { return profit }
    if isTail, let deduction = terms.deduction {
      return min(profit + Double(deduction) / 1e6, 0)
    }
    guard profit > 0 else { return profit }
    let shortened = profit * terms.gainShare.value
    guard let limit = terms.gainLimit else { return shortened }
    return min(shortened, Double(limit) / 1e6)
  }
}
