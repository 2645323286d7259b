// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Kernels
import MarketData
import Parameters
import Quantities

// With y the multiples of the reference, h = equity − maintenance margin is at least
//
//     h(y) ≥ h(now) − K − Σ over underlyings of (rise·(Δy)⁺ + fall·(−Δy)⁺),
//
// because equity, scan, haircuts and provisions are sums over underlyings (a quote currency with
// a haircut, the one term that is not, leaves everybody restless; TriggerTerms.swift has what
// nets), max(SCAN, A_min, floor) of sums is bounded by the largest of the bounds, and each
// underlying's part is the least of a few terms, none of which has a slope outside the bracket
// taken here. What is left of h(now) after K is shared out so that all intervals of an account
// have about the same width: no joint move inside them can spend more than there is.
extension TriggerIntervals {
  /// Gives an account its intervals.
  ///
  /// - Parameter measured: The memory in which it was measured just now.
  /// - Returns: Whether it has them; otherwise it stays restless.
  mutating func arm(
    _ order: Int, of rows: borrowing AccountRows, _ sweep: VenueSweep,
    _ requirement: AccountRequirement, _ measured: borrowing SweepScratch
  ) -> Bool {
    let engine = sweep.engine
    let kind = rows.kinds[order]
    guard kind == .portfolio || kind == .standalone, requirement != .unmeasured,
      // A multiple of the expected shortfall is steeper than the losses.
      isBounded, (sweep.tail?.factor ?? .zero) == .zero
    else { return false }
    scratch.clear()
    let isPortfolio = kind == .portfolio
    guard
      isPortfolio
        ? gatherPortfolio(order, of: rows, engine) : gatherStandalone(order, of: rows, engine)
    else { return false }
    let factor = engine.parameters.maintenanceFactor.value
    var constant = 16 + Double(rows.layout.assetCount) * 4
    if isPortfolio {
      guard Int(rows.counts[order]) <= RowLimits.mostEntries,
        let drift = takeTerms(sweep, measured)
      else { return false }
      constant += drift
    }
    var total = 0.0
    for place in 0..<scratch.touched.count {
      let slot = scratch.touched[place]
      scratch.parts[slot].close(
        factor: factor, shift: isPortfolio ? largestShift : 0, isPortfolio: isPortfolio)
      constant += scratch.parts[slot].drift
      total += scratch.parts[slot].steepest
    }
    let margin = Double(requirement.equity) - Double(requirement.maintenanceMargin)
    // Doubles carry 53 bits; what they lose is far below a billionth of what goes in.
    let size = abs(Double(requirement.equity)) + Double(requirement.maintenanceMargin) + constant
    let slack = margin - constant - 1e-9 * (size + total)
    guard slack > 0, scratch.touched.count <= legs.range(of: order).count,
      isAbreast(of: engine)
    else { return false }
    link(order, slack: slack, total: total, engine)
    return true
  }

  /// Whether the books have seen the engine's market: an interval made ahead of them could be left
  /// unseen.
  private func isAbreast(of engine: RequirementEngine) -> Bool {
    for place in 0..<scratch.touched.count {
      let slot = scratch.touched[place]
      guard let box = boxes[slot], let market = engine.marked.markets[slot],
        books[slot].last == box.multiple(market.index)
      else { return false }
    }
    return true
  }

  private mutating func link(
    _ order: Int, slack: Double, total: Double, _ engine: RequirementEngine
  ) {
    var leg = legs.range(of: order).lowerBound
    for place in 0..<scratch.touched.count {
      let slot = scratch.touched[place]
      guard let box = boxes[slot], let market = engine.marked.markets[slot] else { continue }
      let part = scratch.parts[slot]
      let y = box.multiple(market.index)
      let share = total > 0 ? slack * (part.steepest / total) * (1 - 1e-9) : 0
      let low = part.fall > 0 ? y - share / part.fall : box.index.low
      let high = part.rise > 0 ? y + share / part.rise : box.index.high
      legs.set(
        leg, underlying: slot, low: max(low, box.index.low), high: min(high, box.index.high))
      books[slot].insert(leg, &legs)
      leg += 1
    }
  }

  // MARK: Portfolio accounts

  private mutating func gatherPortfolio(
    _ order: Int, of rows: borrowing AccountRows, _ engine: RequirementEngine
  ) -> Bool {
    guard gatherAmounts(order, of: rows, engine, factor: engine.parameters.maintenanceFactor.value)
    else { return false }
    let factor = engine.parameters.maintenanceFactor.value
    let minimum = engine.parameters.shortOptionMinimum.value
    let start = Int(rows.starts[order])
    for place in start..<start + Int(rows.counts[order])
    where rows.entries[place] & PLIMSOLL_ENTRY_AMOUNT == 0 {
      let index = Int(rows.entries[place] & PLIMSOLL_ENTRY_ROW)
      guard let bound = bounds[index] else { return false }
      let slot = Int(engine.charges.span[index].underlying)
      let size = Double(rows.sizes[place])
      let steps = abs(size)
      scratch.touch(slot)
      scratch.parts[slot].add(bound, size)
      let provision = size > 0 ? bound.provisionLong : bound.provisionShort
      if bound.provisionMoves { scratch.parts[slot].charges += factor * steps * provision }
      scratch.parts[slot].drift += factor * steps * (bound.provisionSpread + bound.basisDrift)
      if engine.charges.span[index].isOption, size < 0 {
        scratch.parts[slot].minimum += factor * steps * bound.notional * minimum
      }
      if engine.charges.span[index].isOption, rows.layout.settlements[index] != 0 {
        addCoin(slot, asset: Int(rows.layout.settlements[index]), size * bound.now, factor, engine)
      }
    }
    return true
  }

  /// What is held in coin moves with its index.
  private mutating func gatherAmounts(
    _ order: Int, of rows: borrowing AccountRows, _ engine: RequirementEngine, factor: Double
  ) -> Bool {
    let assets = rows.layout.assetCount
    for asset in 0..<assets {
      let slot = rows.layout.assetUnderlyings[asset]
      let units = rows.held[order * assets + asset]
      guard slot >= 0, units != 0 else { continue }
      guard boxes[slot] != nil else { return false }
      scratch.touch(slot)
      let worth = Double(units) * unitWorths[asset]
      scratch.parts[slot].exposure += worth
      // A haircut falls on what is positive: more of it when an asset rises, or a debt shrinks.
      let haircut = factor * Double(engine.haircuts[asset]) * 1e-9
      if worth > 0 {
        scratch.parts[slot].charges += haircut * worth
      } else {
        scratch.parts[slot].falls -= haircut * worth
      }
    }
    return true
  }

  /// The haircut on the worth of an option that settles in coin.
  private mutating func addCoin(
    _ slot: Int, asset: Int, _ slope: Bracket, _ factor: Double, _ engine: RequirementEngine
  ) {
    let haircut = factor * Double(engine.haircuts[asset]) * 1e-9
    scratch.parts[slot].charges += haircut * max(slope.high, 0)
    scratch.parts[slot].falls += haircut * max(-slope.low, 0)
  }

  // MARK: Isolated and cross accounts

  private mutating func gatherStandalone(
    _ order: Int, of rows: borrowing AccountRows, _ engine: RequirementEngine
  ) -> Bool {
    guard gatherAmounts(order, of: rows, engine, factor: 1) else { return false }
    let start = Int(rows.starts[order])
    for place in start..<start + Int(rows.counts[order]) {
      let index = Int(rows.entries[place] & PLIMSOLL_ENTRY_ROW)
      guard let bound = bounds[index] else { return false }
      let slot = Int(engine.charges.span[index].underlying)
      let size = Double(rows.sizes[place])
      scratch.touch(slot)
      let coin = Int(rows.layout.settlements[index])
      let isCovered =
        engine.charges.span[index].isOption
        ? addOption(index, slot, bound, size, coin: coin, engine)
        : addLinear(index, slot, bound, Int64(rows.sizes[place]), engine)
      guard isCovered else { return false }
    }
    return true
  }

  /// A tier's charge rises with the notional; where the box reaches the next tier, its rate counts
  /// from the start.
  private mutating func addLinear(
    _ index: Int, _ slot: Int, _ bound: ContractBound, _ steps: Int64, _ engine: RequirementEngine
  ) -> Bool {
    guard engine.charges.span[index].initialPerUnit == 0,
      engine.charges.span[index].maintenancePerUnit == 0, let box = boxes[slot]
    else { return false }
    let size = Double(steps)
    scratch.parts[slot].exposure += size * bound.exposure
    scratch.parts[slot].drift += abs(size) * bound.drift + 2
    let widest = box.index.high / box.index.low * 1.02
    let reached = Int64((abs(size) * widest).rounded(.up)) + 1
    let tier = engine.tierPlace(index, steps: steps)
    let last = engine.tierPlace(index, steps: reached)
    let rate = Double(engine.tiers[last].maintenance.rate) * 1e-9
    let notional = abs(size) * bound.notional
    if bound.notionalMoves { scratch.parts[slot].charges += rate * notional }
    scratch.parts[slot].drift += rate * abs(size) * bound.worthDrift
    if tier != last {
      let charge = engine.standaloneCharge(index, steps: steps, tier).maintenance
      scratch.parts[slot].drift += max(
        rate * notional * box.index.high - Double(charge), 0)
    }
    return true
  }

  /// A long option is charged its worth; a short one a share of the index, a put at least one of
  /// its mark.
  private mutating func addOption(
    _ index: Int, _ slot: Int, _ bound: ContractBound, _ size: Double, coin: Int,
    _ engine: RequirementEngine
  ) -> Bool {
    let terms = engine.parameters.option
    let steps = abs(size)
    if size > 0 {
      guard terms.longValue.value <= 1 else { return false }
      let rest = size * (1 - terms.longValue.value)
      scratch.parts[slot].now = scratch.parts[slot].now + rest * bound.now
      scratch.parts[slot].drift += 2 * size * bound.worthDrift + 2
      return true
    }
    scratch.parts[slot].now = scratch.parts[slot].now + size * bound.now
    if coin != 0 { addCoin(slot, asset: coin, size * bound.now, 1, engine) }
    scratch.parts[slot].charges += steps * bound.notional * terms.maintenance.value
    // The mark's share can rise either way.
    scratch.parts[slot].either += steps * terms.putMark.value * bound.now.magnitude
    scratch.parts[slot].drift +=
      steps * bound.worthDrift * (2 + terms.putMark.value) + steps * 1e-3 + 2
    return true
  }
}

/// What one account has in one underlying, as far as its interval is concerned; slopes per
/// multiple of the index, money in millionths.
struct ArmPart: Sendable {
  /// Worth at the reference of what moves in proportion.
  var exposure = 0.0
  var now = Bracket.zero
  var lanes = Bracket.zero
  var skew = 0.0
  /// The net delta at the reference index.
  var delta = Bracket.zero
  /// Slopes of charges that rise with the index, that rise when it falls, of the minimum charge
  /// and the tier floor, and of what can rise either way.
  var charges = 0.0
  var falls = 0.0
  var minimum = 0.0
  var floor = 0.0
  var either = 0.0
  var drift = 0.0
  /// The result: what a whole multiple up or down costs at most.
  var rise = 0.0
  var fall = 0.0

  var steepest: Double { max(rise, fall) }

  mutating func add(_ bound: ContractBound, _ size: Double) {
    exposure += size * bound.exposure
    now = now + size * bound.now
    lanes = lanes + size * bound.lanes
    skew += abs(size) * bound.skew
    drift += abs(size) * bound.drift
    delta = delta + size * bound.delta
  }

  /// - Parameter shift: Largest damped move of a scenario times the maintenance factor.
  mutating func close(factor: Double, shift: Double, isPortfolio: Bool) {
    let linear = Bracket(exposure * (1 - shift), exposure * (1 + shift))
    let bare = Bracket(low: exposure + now.low - skew, high: exposure + now.high + skew)
    let least = Bracket(
      low: exposure + now.low - max(minimum, floor), high: exposure + now.high)
    var slope = bare.joined(least)
    if isPortfolio { slope = slope.joined(linear + lanes) }
    rise = max(-slope.low, 0) + charges + either
    fall = max(slope.high, 0) + falls + either
  }
}

/// The parts of the account that is being armed.
struct ArmScratch: Sendable {
  var parts: [ArmPart]
  var touched: SlotSet

  init(underlyings: Int) {
    parts = Array(repeating: ArmPart(), count: underlyings)
    touched = SlotSet(count: underlyings)
  }

  mutating func clear() {
    for place in 0..<touched.count { parts[touched[place]] = ArmPart() }
    touched.removeAll()
  }

  mutating func touch(_ slot: Int) {
    if touched.insert(slot) { parts[slot] = ArmPart() }
  }
}
