// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import NumericalMethods
import Parameters
import Quantities
import Volatility

/// How one size step of a contract can move inside the box; money in millionths of the quote
/// currency, slopes per whole multiple of the index.
///
/// Between any two markets of the box the worth changes by slope × move of the index with a
/// slope inside ``now``, give or take ``drift``; what counts toward the requirement of a
/// portfolio, (1 − f·d)·worth + f·d·worth in the scenario, with a slope inside ``lanes`` for every
/// scenario; f is the maintenance factor, d the scenario's damper.
struct ContractBound: Sendable {
  /// Whether the contract moves in proportion to the index: its worth at the reference is then
  /// ``exposure``, and the slopes are zero.
  var exposure = 0.0
  var now = Bracket.zero
  var lanes = Bracket.zero
  /// Largest slope of a skew scenario's profit, times f.
  var skew = 0.0
  /// What time, basis, volatility and roundings can take, whatever the index does.
  var drift = 0.0
  /// The part of it that the worth itself has.
  var worthDrift = 0.0
  /// Most of the provision at the reference, long and short.
  var provisionLong = 0.0
  var provisionShort = 0.0
  /// How far the provision can lie above what it is now, the index aside.
  var provisionSpread = 0.0
  var provisionMoves = false
  /// Notional at the reference, and whether it moves with the index.
  var notional = 0.0
  var notionalMoves = false
  /// What counts toward the net size of the underlying, at the reference index.
  var delta = Bracket.zero
  /// What the basis charge of one date can rise beside the index, time and deltas moving.
  var basisDrift = 0.0
}

/// Makes the bounds of all contracts at one reference market.
struct BoundMaker {
  let engine: RequirementEngine
  let boxes: [UnderlyingBox?]
  let markSurface: ParametricSurface
  private let shock: VolatilityShock
  private let skewShock: SkewShock
  private let factor: Double
  /// ½·r of the basis charge at the reference, by expiry and, without one, by underlying; and how
  /// much of it time can give back.
  private let basisRates: BasisBounds

  init(_ engine: RequirementEngine, _ boxes: [UnderlyingBox?]) {
    self.engine = engine
    self.boxes = boxes
    markSurface = ParametricSurface(engine.surface)
    shock = VolatilityShock(engine.surface.shock)
    skewShock = SkewShock(
      engine.surface.skewShock, twists: engine.parameters.scan.twists, level: shock)
    factor = engine.parameters.maintenanceFactor.value
    basisRates = BasisBounds(engine, boxes)
  }

  func shockMoves(_ years: Double) -> VolatilityMoves { shock.moves(yearsToExpiry: years) }
  func skewMoves(_ years: Double) -> SkewMoves { skewShock.moves(yearsToExpiry: years) }

  /// - Returns: `nil` where nothing is proven: its holders are woken by every tick.
  func bound(_ index: Int) -> ContractBound? {
    let contract = engine.layout.listing.contracts[index]
    let place = engine.layout.places[index]
    guard let box = boxes[place.underlying], engine.charges[index].isPriced,
      place.expiry < 0 || engine.marked.expiries[place.expiry].settling == nil,
      let years = years(place.expiry, box)
    else { return nil }
    let ratio = ratio(place.expiry, contract, box, years)
    guard ratio.low > 0.1 else { return nil }
    var bound = ContractBound()
    // Price steps of 10^-8 and unit values of whole ledger units, each rounded once at either
    // end; a scenario cell once more.
    let unitMoney = unitMoney(place.settlement, box)
    bound.worthDrift = 2 * unitMoney + Double(contract.stepQuantity) * 4e-10
    let isOwnCoin = contract.settlement == .inverse
    if contract.isReciprocal {
      setReciprocal(&bound, contract, ratio, box)
    } else if !contract.isOption {
      guard engine.layout.collateralUnderlyings[place.settlement] < 0 else { return nil }
      setLinear(&bound, contract, ratio, box)
    } else {
      guard isOwnCoin || engine.layout.collateralUnderlyings[place.settlement] < 0,
        setOption(index, &bound, contract, ratio, years, box)
      else { return nil }
    }
    // A coin's haircut, and twice the roundings of cells.
    bound.drift += factor * bound.worthDrift + 3
    setProvision(&bound, contract, ratio, box)
    // Deltas are whole 10^-8 of base units.
    let unit = 0.01 * box.reference.value
    bound.delta = Bracket(low: bound.delta.low - unit, high: bound.delta.high + unit)
    bound.basisDrift = basisRates.drift(place, bound.delta, box)
    return bound
  }

  /// Years to expiry inside the box, last first; `nil` when too near.
  private func years(_ expiry: Int, _ box: UnderlyingBox) -> Bracket? {
    guard expiry >= 0 else { return .zero }
    let time = engine.layout.expiries[expiry].time
    let least = (time - box.lastTime).years
    guard least > 1.0 / 8_760 else { return nil }
    return Bracket(low: least, high: (time - box.firstTime).years)
  }

  /// Future ÷ index.
  private func ratio(
    _ expiry: Int, _ contract: Contract, _ box: UnderlyingBox, _ years: Bracket
  ) -> Bracket {
    if case .spot = contract.kind { return Bracket(1) }
    guard expiry >= 0 else {
      return Bracket(low: 1 + box.basis.low - 1e-9, high: 1 + box.basis.high + 1e-9)
    }
    let carry = engine.surface.carry
    let horizon = carry.horizon.years
    let multiples = Bracket(
      low: min(years.low / horizon, carry.limit.value) - 1e-9,
      high: min(years.high / horizon, carry.limit.value) + 1e-9)
    let product = box.basis * multiples
    return Bracket(low: 1 + product.low - 1e-9, high: 1 + product.high + 1e-9)
  }

  private func unitMoney(_ asset: Int, _ box: UnderlyingBox) -> Double {
    let decimals = engine.layout.listing.collateral[asset].asset.unitsPerWhole
    let price =
      engine.layout.collateralUnderlyings[asset] < 0 ? 1 : box.reference.value * box.index.high
    return price * 1e6 / Double(decimals)
  }

  // MARK: Contracts without options

  private func setLinear(
    _ bound: inout ContractBound, _ contract: Contract, _ ratio: Bracket, _ box: UnderlyingBox
  ) {
    let perStep = Double(contract.stepQuantity) * 0.01 * box.reference.value
    bound.exposure = perStep * (ratio.low + ratio.high) / 2
    // Worth = q·p·r is exactly linear in p but for r: half its width, at both ends.
    bound.worthDrift += perStep * ratio.width * box.index.high
    bound.drift = bound.worthDrift * (1 + largestShift)
    bound.notional = perStep * ratio.high
    bound.notionalMoves = true
    bound.delta = Bracket(perStep)
  }

  /// Worth in quote is −Q ÷ r whatever the index does, and no scenario moves it.
  private func setReciprocal(
    _ bound: inout ContractBound, _ contract: Contract, _ ratio: Bracket, _ box: UnderlyingBox
  ) {
    let quantity = Double(contract.stepQuantity) * 0.01
    let lowest = box.reference.value * box.index.low * ratio.low
    bound.worthDrift += quantity * (1 / ratio.low - 1 / ratio.high)
    bound.worthDrift += quantity / ratio.low * 2e-8 / lowest
    bound.drift = bound.worthDrift
    bound.notional = quantity
    // The delta is the worth in coin, which is rounded to whole ledger units.
    let unit = unitMoney(
      engine.layout.places[engine.layout.index(of: contract.id) ?? 0].settlement, box)
    bound.delta = Bracket(
      low: quantity / (ratio.high * box.index.high) - unit,
      high: quantity / (ratio.low * box.index.low) + unit)
  }

  /// The largest move of a scenario that counts, times f.
  var largestShift: Double {
    engine.table.plans.reduce(0) { most, plan in
      zip(plan.shifts, plan.dampers).reduce(most) { max($0, factor * $1.1 * abs($1.0)) }
    }
  }

  private func setProvision(
    _ bound: inout ContractBound, _ contract: Contract, _ ratio: Bracket, _ box: UnderlyingBox
  ) {
    let fee = engine.parameters.closeFee.value
    var long = Bracket(fee)
    var short = Bracket(fee)
    if case .perpetual = contract.kind {
      let share = engine.parameters.fundingShare.value
      long = Bracket(
        low: fee + share * max(box.basis.low, 0), high: fee + share * max(box.basis.high, 0))
      short = Bracket(
        low: fee + share * max(-box.basis.high, 0), high: fee + share * max(-box.basis.low, 0))
    }
    bound.provisionLong = bound.notional * long.high
    bound.provisionShort = bound.notional * short.high
    bound.provisionMoves = bound.notionalMoves
    let widest = max(long.width, short.width) + ratio.width / ratio.low * max(long.high, short.high)
    // Rounded up to 2^-20 millionths a step, from a notional rounded up to a millionth.
    bound.provisionSpread = bound.notional * box.index.high * widest + 1e-3
  }
}
