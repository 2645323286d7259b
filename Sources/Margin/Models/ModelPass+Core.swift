// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
import Parameters
import Quantities
import Volatility

// What joins the scan, and what the sum is worth at least.
extension ModelPass {
  mutating func addCore() throws(ModelError) {
    for slot in book.underlyings.indices {
      let rules = plans[slot].rules
      let index = book.underlyings[slot].index
      if rules.roll != nil || rules.calendar != nil {
        addRolls(slot, rules, index: index)
      }
      if let shock = rules.deltaShock {
        let worth = netDelta(slot).magnitude * index
        let excess = max(worth - Double(shock.threshold) / 1e6, 0) / index
        let rate = min(shock.perUnit.value * excess, shock.most.value)
        if rate > 0 { addCore(.deltaShock, slot, worth * rate) }
      }
      if let horizon = rules.thetaHorizon {
        let loss = try thetaLoss(slot, years: horizon.years)
        if loss > 0 { addCore(.theta, slot, loss) }
      }
      if let points = rules.vegaPoints {
        let hedged = try hedgedVega(slot)
        if hedged > 0 { addCore(.vega, slot, hedged * points.value) }
      }
    }
    addCredits()
  }

  private mutating func addRolls(_ slot: Int, _ rules: ModelRules, index: Double) {
    let groups = groupedDeltas(slot)
    if let roll = rules.roll {
      var charge = 0.0
      for group in groups {
        let move = max(roll.leastMove.value, roll.annualMove.value * group.years)
        charge += (group.delta.magnitude * index) * move
      }
      if charge > 0 { addCore(.roll, slot, charge) }
    }
    if let calendar = rules.calendar {
      let hedged = Self.hedged(groups.map(\.delta))
      if hedged > 0 { addCore(.calendar, slot, (hedged * index) * calendar.value) }
    }
  }

  /// What offsets among the parts: (Σ|part| − |Σ part|) ÷ 2.
  private static func hedged(_ parts: [Double]) -> Double {
    var gross = 0.0
    var net = 0.0
    for part in parts {
      gross += part.magnitude
      net += part
    }
    return 0.5 * (gross - net.magnitude)
  }

  private func netDelta(_ slot: Int) -> Double {
    var sum = 0.0
    for (place, position) in book.positions.enumerated() where position.underlying == slot {
      sum += deltas[place]
    }
    return sum
  }

  /// What the options lose when a time passes and nothing moves, at least 0.
  private func thetaLoss(_ slot: Int, years: Double) throws(ModelError) -> Double {
    var change = 0.0
    for (place, position) in book.positions.enumerated() where position.underlying == slot {
      guard let leg = options[place] else { continue }
      let left = max(leg.years - years, 0)
      let later = try leg.value(factor: 1, variance: (leg.volatility * leg.volatility) * left)
      let coin =
        position.isInverse ? index(of: position) / leg.settlementPrice(factor: 1) : 1
      change += (later - (try leg.value(factor: 1, .unchanged))) * coin
    }
    return max(-change, 0)
  }

  /// Vega that one expiry offsets in another, quote units per 100 % of volatility.
  private func hedgedVega(_ slot: Int) throws(ModelError) -> Double {
    var sums = Array(repeating: 0.0, count: book.expiries.count)
    for (place, position) in book.positions.enumerated() where position.underlying == slot {
      guard let leg = options[place] else { continue }
      sums[leg.expiry] += try leg.greeks().vega
    }
    return Self.hedged(sums)
  }

  /// Scan given back between two underlyings whose deltas offset, each in the share that the
  /// smaller delta is of its own.
  private mutating func addCredits() {
    for credit in account.credits {
      guard let one = slot(of: credit.first), let other = slot(of: credit.second) else {
        continue
      }
      let first = netDelta(one) * book.underlyings[one].index
      let second = netDelta(other) * book.underlyings[other].index
      guard first * second < 0 else { continue }
      let matched = min(first.magnitude, second.magnitude)
      for (slot, worth) in [(one, first), (other, second)] {
        let given = credit.share.value * scanLoss(slot) * (matched / worth.magnitude)
        if given > 0 { addCore(.credit, slot, -given) }
      }
    }
  }

  private func slot(of symbol: AssetSymbol) -> Int? {
    book.underlyings.firstIndex { $0.symbol == symbol }
  }

  private func scanLoss(_ slot: Int) -> Double {
    scans.first { $0.underlying == book.underlyings[slot].symbol }?.loss ?? 0
  }

  // MARK: Floors

  mutating func addFloors() throws(ModelError) {
    var floors: [(charge: ModelCharge, amounts: [Double])] = []
    let slots = book.underlyings.indices
    var extreme: [Double] = []
    for slot in slots {
      guard let move = plans[slot].rules.extremeMove else {
        extreme.append(0)
        continue
      }
      extreme.append(try extremeLoss(slot, move: move.value))
    }
    floors.append((.extremeMove, extreme))
    floors.append((.shortOptionMinimum, slots.map(shortOptionMinimum)))
    floors.append((.minimumDelta, slots.map(minimumDelta)))
    floors.append((.minimumLadder, slots.map(ladderMinimum)))
    if account.comparesByUnderlying {
      for slot in slots {
        for floor in floors where floor.amounts[slot] > core[slot] {
          addCore(floor.charge, slot, floor.amounts[slot] - core[slot])
        }
      }
      return
    }
    var sum = core.reduce(0, +)
    for floor in floors {
      let least = floor.amounts.reduce(0, +)
      guard least > sum else { continue }
      add(floor.charge, .account, least - sum)
      sum = least
    }
  }

  private func shortOptionMinimum(_ slot: Int) -> Double {
    guard let rate = plans[slot].rules.minimumShortOption else { return 0 }
    return (nakedShorts(slot) * book.underlyings[slot].index) * rate.value
  }

  private func minimumDelta(_ slot: Int) -> Double {
    guard let terms = plans[slot].rules.minimumDelta else { return 0 }
    var parts: [Double] = []
    for (place, position) in book.positions.enumerated() where position.underlying == slot {
      parts.append(deltas[place])
    }
    let net = netDelta(slot).magnitude
    let charge = terms.net.value * net + terms.hedged.value * Self.hedged(parts)
    return charge * book.underlyings[slot].index
  }

  private func ladderMinimum(_ slot: Int) -> Double {
    guard let ladder = plans[slot].rules.ladder else { return 0 }
    var sum = 0.0
    for position in book.positions where position.underlying == slot {
      sum += notional(of: position)
    }
    let raw = sum * ladder.rate.value
    let row = ladder.steps.rows.first { row in
      row.upper.map { raw <= Double($0) / 1e6 } ?? true
    }
    return raw * (row?.value.value ?? 1)
  }

  /// Base units of options short on balance at their strike, calls and puts together.
  func nakedShorts(_ slot: Int) -> Double {
    let options = book.positions.filter { $0.underlying == slot && $0.isOption }
    var sum = 0.0
    for (place, option) in options.enumerated() {
      // Each strike is counted where it first stands.
      guard !options[..<place].contains(where: { $0.sharesStrike(with: option) }) else {
        continue
      }
      var quantity = 0.0
      for other in options[place...] where other.sharesStrike(with: option) {
        quantity += other.quantity
      }
      if quantity < 0 { sum -= quantity }
    }
    return sum
  }

  /// Multiplies the core by its factors, the initial one raised while a stable coin is off.
  mutating func scaleCore() {
    let initial = account.core.initial.value + pegLoss * (account.peg?.core.value ?? 0)
    let maintenance = account.core.maintenance.value
    lines = lines.map { line in
      ModelLine(
        charge: line.charge, subject: line.subject, initial: line.initial * initial,
        maintenance: line.maintenance * maintenance)
    }
  }

  /// How far the stable coin is below its threshold.
  var pegLoss: Double {
    account.peg.map { max($0.threshold.value - book.stableIndex, 0) } ?? 0
  }
}

extension ModelBook.Position {
  fileprivate func sharesStrike(with other: Self) -> Bool {
    guard case .option(_, let strike, let expiry, _) = kind,
      case .option(_, let otherStrike, let otherExpiry, _) = other.kind
    else { return false }
    return strike == otherStrike && expiry == otherExpiry
  }
}
