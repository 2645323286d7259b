// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Kernels
import MarketData
import Parameters
import Quantities

// What netting and the charges on net deltas can take inside the box.
//
// SCAN with netting is 1-Lipschitz in the losses: Σ S, C, J and G rise by no more than Σ over
// underlyings of what the worst of its scenarios and skews loses more, for the weights of each
// underlying in each of them add up to one at most (v + w in J; the root of a sum of squares rises
// by no more than the sum). So equity − f·SCAN falls by no more than the sum over underlyings of
// the steepest of worth now + f·(profit in a scenario): the slopes that are bounded without
// netting. Only the roundings are more.

/// ½·r of the basis charge, and how much more it can be at other times of the box.
struct BasisBounds {
  private let rates: [BasisParameters]
  private let isActive: Bool
  private let engine: RequirementEngine
  private let boxes: [UnderlyingBox?]

  init(_ engine: RequirementEngine, _ boxes: [UnderlyingBox?]) {
    self.engine = engine
    self.boxes = boxes
    isActive = engine.bases.isActive
    rates = engine.layout.underlyings.map { engine.parameters.terms.basis[$0] }
  }

  /// What one step adds to A_basis = ½·S·(Σ r_e·|Δ_e| − r_0·|Σ Δ_e|) at most while its delta moves
  /// within a bracket and time passes, the index apart.
  func drift(_ place: ListingLayout.Place, _ delta: Bracket, _ box: UnderlyingBox) -> Double {
    guard isActive else { return 0 }
    let rate = rates[place.underlying]
    var most = rate.rate.value
    var passing = 0.0
    if place.expiry >= 0 {
      let ahead = engine.layout.expiries[place.expiry].time - box.firstTime
      most += rate.ratePerYear.value * max(ahead.years, 0)
      passing = rate.ratePerYear.value * (box.lastTime - box.firstTime).years
    }
    return 0.5 * box.index.high / box.index.low
      * box.index.high * ((most + rate.rate.value) * delta.width + passing * delta.magnitude)
  }
}

/// Size charges and tier floor of one underlying at the worst market of its box.
struct BoxedTerms: Sendable {
  /// Charges of longs and shorts at the highest volatility, convex in size.
  ///
  /// No charge falls as volatility rises: concentration rises in proportion, and the margin that is
  /// left for a jump falls.
  private let long: SizeCurve
  private let short: SizeCurve
  /// Upper ends of the tiers as net deltas at the reference index, and the floor's rate in each.
  private let ends: [Double]
  private let rates: [Double]
  /// Whether the floor is bounded at all.
  let isBounded: Bool

  /// - Parameter sizes: At the highest volatility of the box.
  init(_ slot: Int, _ engine: RequirementEngine, _ box: UnderlyingBox, _ sizes: SizeTable) {
    long = sizes.curves[SizeTable.place(slot, isShort: false)]
    short = sizes.curves[SizeTable.place(slot, isShort: true)]
    let share = engine.parameters.terms.tierShare.value
    let table = engine.tierTables[slot]
    isBounded = share == 0 || table.initialPerUnit == .zero
    // Where the ends shrink with the price, they do so most at the highest.
    let highest = Price(
      steps: Int64((Double(box.reference.steps) * box.index.high).rounded(.up)))
    let shrink = NetTiers.shrink(
      table, price: highest, volume: engine.sizes.stressedVolume(slot),
      multiple: engine.parameters.terms.tierVolumes[engine.layout.underlyings[slot]])
    let unit =
      table.measure == .quantity ? 0.01 * box.reference.value : 1 / box.index.high
    ends = table.rows.map { row in
      guard let upper = row.upper else { return .infinity }
      return (Double(upper) * Double(shrink) * 1e-9 - 2) * unit * (1 - 1e-9)
    }
    rates = table.rows.map { $0.initial.value * share * (1 + 1e-9) }
  }

  /// The steepest slope of the size charges up to a notional, on the sides that a bracket has.
  func steepest(_ delta: Bracket, notional: Double) -> Double {
    var slope = 0.0
    if delta.high > 0 { slope = max(slope, Self.slope(long, notional)) }
    if delta.low < 0 { slope = max(slope, Self.slope(short, notional)) }
    return slope
  }

  private static func slope(_ curve: SizeCurve, _ notional: Double) -> Double {
    let most = Int64(min(notional.rounded(.up) + 1, 0x1p60))
    var low = 0
    var high = curve.knots.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if curve.knots[middle] <= most { low = middle } else { high = middle }
    }
    return Double(curve.slopes[low]) * 0x1p-40 * (1 + 1e-12)
  }

  /// The size charge at the highest volatility.
  func charge(isShort: Bool, notional: Int64) -> Int64 {
    isShort ? short.charge(notional) : long.charge(notional)
  }

  /// The rate of the floor at the largest net delta.
  func floorRate(_ delta: Bracket) -> Double {
    let most = delta.magnitude * (1 + 1e-9)
    for row in ends.indices where most <= ends[row] { return rates[row] }
    return rates.last ?? 0
  }
}

extension TriggerIntervals {
  /// Adds what netting and net deltas can take to the parts of the account that was measured last.
  ///
  /// - Parameter measured: Its runs are there.
  /// - Returns: What is taken whatever the indices do, money times the maintenance factor; `nil`
  ///   where nothing is proven.
  mutating func takeTerms(_ sweep: VenueSweep, _ measured: borrowing SweepScratch) -> Double? {
    let engine = sweep.engine
    guard engine.hasFurtherTerms else { return 0 }
    guard sweep.canSweep else { return nil }
    let factor = engine.parameters.maintenanceFactor.value
    let runs = 0..<Int(measured.runEnds[0])
    // Roundings: each own share of a loss, and four more.
    var constant = factor * (Double(runs.count) + 4)
    guard engine.hasDeltaTerms else { return constant }
    var floor: Int64 = 0
    var floorDrift = 0.0
    for place in runs {
      let run = measured.runs[place]
      let slot = Int(run.underlying)
      guard let terms = terms[slot], terms.isBounded, let box = boxes[slot],
        let market = engine.marked.markets[slot]
      else { return nil }
      let delta = scratch.parts[slot].delta
      let now = sweep.netNotional(slot, run.delta)
      let widening = box.index.high * delta.width
      let steepest = terms.steepest(delta, notional: box.index.high * delta.magnitude)
      let isShort = run.delta < 0
      let shocked = terms.charge(isShort: isShort, notional: now)
      let charged = engine.sizes.charge(slot: slot, isShort: isShort, notional: now)
      let basis = engine.bases.isActive ? sweep.basisCharge(slot, run, run.delta) : 0
      let rise = steepest * delta.magnitude + Double(basis) / box.multiple(market.index)
      scratch.parts[slot].charges += factor * rise
      constant += factor * (steepest * widening + Double(max(shocked - charged, 0)) + 4)
      let rate = terms.floorRate(delta)
      scratch.parts[slot].floor = factor * rate * delta.magnitude
      let share = engine.tierFloor(slot, Int128(run.delta), now)
      floor = QuoteMoney.sum(floor, share)
      floorDrift += rate * widening + max(rate * Double(now) - Double(share), 0) + 4
    }
    // What the scan is above the floor, the floor must rise before it counts.
    let room = max(Double(measured.scanned) - Double(floor), 0) * (1 - 1e-9)
    return constant + factor * max(floorDrift - room, 0)
  }
}
