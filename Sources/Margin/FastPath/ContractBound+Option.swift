// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import NumericalMethods
import Parameters
import Pricing
import Quantities
import Volatility

// Black's undiscounted price V(F, w) with w = σ√τ has ∂V/∂F = N(d₁) (less 1 for a put) and
// ∂V/∂w = F·φ(d₁), d₁ = ln(F/K)/w + w/2. Over a box of F and w both are bounded by the ends of
// d₁, because N rises and φ falls away from 0. A path between two markets of the box goes first
// along time, volatility level and basis, at a fixed strike and index: it costs at most
// F·max φ·(change of w). Then along the index, where the strike's moneyness moves along the
// smile: the slope is in the bracket of F·N + F·φ·√τ·dσ/dF. Curvature needs no bound of its own,
// for the brackets hold over the whole box.
extension BoundMaker {
  /// - Returns: Whether the option is covered.
  func setOption(
    _ index: Int, _ bound: inout ContractBound, _ contract: Contract, _ ratio: Bracket,
    _ years: Bracket, _ box: UnderlyingBox
  ) -> Bool {
    let place = engine.layout.places[index]
    let plan = engine.table.plans[place.underlying]
    guard case .option(let right, let strike, _) = contract.kind, !plan.volatilityFollowsSpot
    else { return false }
    let option = BoxedOption(
      right, strike: strike.value, quantity: Double(contract.stepQuantity) * 0.01,
      index: box.reference.value, box: box.index, ratio: ratio, years: years,
      isInverse: contract.settlement == .inverse)
    guard option.highestPrice < contract.highestPrice.value,
      let smile = smile(index, option, years, box)
    else { return false }
    let now = option.moves(shift: 0, smile)
    bound.now = now.slope
    bound.lanes = now.slope
    bound.delta = (Double(contract.stepQuantity) * 0.01 * box.reference.value) * now.delta
    for lane in plan.shifts.indices {
      let share = weight(plan.dampers[lane])
      guard share <= 1 else { return false }
      let elapsed = plan.elapsedYears[lane]
      let then = Bracket(low: max(years.low - elapsed, 0), high: max(years.high - elapsed, 0))
      let factor = plan.volatilityFactors[lane]
      let moves = option.moves(
        shift: plan.shifts[lane], shocked(smile, plan.states[lane], years).scaled(by: factor),
        years: then)
      bound.lanes = bound.lanes.joined((1 - share) * now.slope + share * moves.slope)
      bound.drift = max(bound.drift, (1 - share) * now.drift + share * moves.drift)
    }
    setSkew(&bound, option, smile, years, now, box, plan.skews)
    if contract.settlement == .inverse {
      // A price in coin is rounded to 10^-8 coins.
      bound.worthDrift +=
        Double(contract.stepQuantity) * 4e-10 * box.reference.value * box.index.high
    }
    bound.drift += bound.worthDrift
    bound.worthDrift += now.drift
    bound.notional = Double(contract.stepQuantity) * 0.01 * box.reference.value
    bound.notionalMoves = true
    return true
  }

  private func weight(_ damper: Double) -> Double {
    engine.parameters.maintenanceFactor.value * damper
  }

  /// A skew scenario multiplies the volatility by a factor: 1 + clip(k·slope, ±cap), 1 + the move
  /// of the term, or 1 + s·(2·clip(|k|·slope, cap) − cap).
  private func setSkew(
    _ bound: inout ContractBound, _ option: BoxedOption, _ smile: BoxedSmile,
    _ years: Bracket, _ now: BoxedMoves, _ box: UnderlyingBox, _ skews: [SkewState]
  ) {
    let near = skewMoves(years.low)
    let far = skewMoves(years.high)
    let twist = skews.contains(.smile) ? max(near.smile, far.smile) : 0
    let term = skews.contains(.term) ? Bracket(near.term, far.term) : .zero
    let widest = max(near.cap, far.cap)
    let cap = max(1, twist) * widest
    let steepest = max(near.slope, far.slope)
    let least = max(1 - cap, 0)
    let most = 1 + max(cap, term.high)
    // Cap, slope and term are monotone in time; what time changes of the factor, it changes by
    // less than all together, three times over where the twist has both of cap and clip.
    let slope = min(near.slope, far.slope)
    let change =
      max(1, 3 * twist)
      * (abs(near.cap - far.cap) + (slope > 0 ? widest * (steepest / slope - 1) : widest))
    let range = Bracket(
      low: smile.volatility.low * least, high: smile.volatility.high * most)
    // k = ln(strike ÷ forward) moves by 1 ÷ y for each multiple of the index.
    let roll =
      smile.roll.magnitude * most
      + smile.volatility.high * max(1, 2 * twist) * steepest / (1 - box.reach)
    let bent = BoxedSmile(
      volatility: range, roll: Bracket(low: -roll, high: roll),
      width: smile.width * most + smile.volatility.high * max(change, term.width))
    let moves = option.moves(shift: 0, bent)
    let spread = max(moves.slope.high - now.slope.low, now.slope.high - moves.slope.low)
    let share = engine.parameters.maintenanceFactor.value
    bound.skew = share * max(spread, 0)
    bound.drift = max(bound.drift, now.drift + share * (moves.drift + now.drift))
  }

  /// The volatility of a scenario, which rises with the volatility now; its moves are monotone in
  /// time.
  private func shocked(
    _ smile: BoxedSmile, _ state: VolatilityState, _ years: Bracket
  ) -> BoxedSmile {
    guard state != .unchanged else { return smile }
    let near = shockMoves(years.low)
    let far = shockMoves(years.high)
    let isUp = state == .up
    let factors = Bracket(
      isUp ? near.upFactor : near.downFactor, isUp ? far.upFactor : far.downFactor)
    let range = Bracket(
      near.apply(state, to: smile.volatility.low), near.apply(state, to: smile.volatility.high),
      far.apply(state, to: smile.volatility.low), far.apply(state, to: smile.volatility.high))
    // Where the smallest volatility of an upward move binds, nothing rolls.
    let roll = factors * smile.roll
    return BoxedSmile(
      volatility: range, roll: roll.joined(.zero),
      width: smile.width * factors.high + smile.volatility.high * factors.width)
  }

  /// All volatilities the contract can be marked at inside the box.
  ///
  /// σ² = ½s(s + ρc + √Q), Q = c² + 2ρcs + s², with s at the money and c = φk/√τ. It rises with s,
  /// for ∂ln σ²/∂ln s = 1 + s/√Q, between 1 and 1 + g with g = 1/√(1 − ρ²); it is homogeneous of
  /// degree 2, so ∂ln σ²/∂ln c is between 1 − g and 1; in c it is convex, least at c = −2ρs with
  /// (1 − ρ²)s². s is monotone in level and time, so the corners hold its extremes. dσ²/dc =
  /// ½s(ρ + (t + ρ)/√(t² + 2ρt + 1)), t = c/s, rises with t.
  private func smile(
    _ index: Int, _ option: BoxedOption, _ years: Bracket, _ box: UnderlyingBox
  ) -> BoxedSmile? {
    if index < engine.givenVolatilities.count, let given = engine.givenVolatilities[index] {
      return BoxedSmile(volatility: Bracket(given), roll: .zero, width: 0)
    }
    var money = Bracket(
      markSurface.smile(level: box.level.low, yearsToExpiry: years.low).atTheMoney)
    for level in [box.level.low, box.level.high] {
      for time in [years.low, years.high] {
        money = money.joined(
          Bracket(markSurface.smile(level: level, yearsToExpiry: time).atTheMoney))
      }
    }
    let spread = engine.surface.smileWidth.value
    let roots = Bracket(1 / years.low.squareRoot(), 1 / years.high.squareRoot())
    let shape = spread * (option.logMoneyness * roots)
    let range = volatility(atTheMoney: money, shape)
    guard range.low > 0, money.low > 0 else { return nil }
    let tilt = Bracket(
      shape.low / money.low, shape.low / money.high, shape.high / money.low,
      shape.high / money.high)
    let bends = Bracket(low: bend(tilt.low) - 1e-9, high: bend(tilt.high) + 1e-9)
    // dσ/dk = dσ²/dc·φ/√τ ÷ 2σ; dk = −dy/y.
    let scale = Bracket(
      low: money.low * spread * roots.low / (4 * range.high * (1 + box.reach)),
      high: money.high * spread * roots.high / (4 * range.low * (1 - box.reach)))
    let correlation = engine.surface.smileCorrelation.value
    let g = 1 / (1 - correlation * correlation).squareRoot()
    let relative =
      0.5 * (1 + g) * Elementary.log(money.high / money.low)
      + 0.25 * max(1, g - 1) * Elementary.log(years.high / years.low) + 1e-9
    let roll = -1 * (scale * bends)
    return BoxedSmile(
      volatility: range, roll: roll.joined(.zero),
      width: min(range.high * Elementary.expm1(relative), range.width))
  }

  private func volatility(atTheMoney money: Bracket, _ shape: Bracket) -> Bracket {
    let correlation = engine.surface.smileCorrelation.value
    let highest = max(variance(money.high, shape.low), variance(money.high, shape.high))
    let vertex = -2 * correlation * money.low
    let least =
      shape.low <= vertex && vertex <= shape.high
      ? (1 - correlation * correlation) * money.low * money.low
      : min(variance(money.low, shape.low), variance(money.low, shape.high))
    let floor = engine.surface.lowestVolatility.value
    let ceiling = engine.surface.highestVolatility.value
    let low = max(least, 0).squareRoot() * (1 - 1e-9)
    let high = max(highest, 0).squareRoot() * (1 + 1e-9)
    return Bracket(
      low: min(max(low, floor), ceiling), high: min(max(high, floor), ceiling))
  }

  private func variance(_ s: Double, _ c: Double) -> Double {
    let correlation = engine.surface.smileCorrelation.value
    let root = (c * c + 2 * correlation * c * s + s * s).squareRoot()
    return 0.5 * s * (s + correlation * c + root)
  }

  private func bend(_ t: Double) -> Double {
    let correlation = engine.surface.smileCorrelation.value
    return correlation
      + (t + correlation) / (t * t + 2 * correlation * t + 1).squareRoot()
  }
}

/// The volatility of one option over a box of markets.
struct BoxedSmile {
  let volatility: Bracket
  /// Its change with the index, per multiple, strike and time as they are.
  let roll: Bracket
  /// What level and time can change of it at one strike and index.
  let width: Double

  func scaled(by factor: Double) -> BoxedSmile {
    factor == 1
      ? self
      : BoxedSmile(volatility: factor * volatility, roll: factor * roll, width: factor * width)
  }
}

/// One option over a box of markets.
struct BoxedOption {
  private let sign: Double
  private let strike: Double
  private let scale: Bracket
  private let forward: Bracket
  private let slopeScale: Bracket
  private let ratioWidth: Double
  private let years: Bracket
  private let isInverse: Bool
  /// ln(K/F).
  let logMoneyness: Bracket

  /// - Parameters:
  ///   - quantity: Base units of a step × 10^6.
  ///   - box: The index in multiples of the reference.
  ///   - ratio: Future ÷ index.
  init(
    _ right: OptionRight, strike: Double, quantity: Double, index: Double, box: Bracket,
    ratio: Bracket, years: Bracket, isInverse: Bool
  ) {
    sign = right.sign
    self.strike = strike
    self.isInverse = isInverse
    forward = index * (box * ratio)
    // The premium of an inverse option is in coin: quote value ÷ future × index.
    let coin = isInverse ? Bracket(low: 1 / ratio.high, high: 1 / ratio.low) : Bracket(1)
    scale = quantity * coin
    slopeScale = index * (ratio * scale)
    ratioWidth = ratio.width / ratio.low
    self.years = years
    logMoneyness = Bracket(
      low: Elementary.log(strike / forward.high) - 1e-12,
      high: Elementary.log(strike / forward.low) + 1e-12)
  }

  /// No price of the box is above it, in the contract's own terms.
  var highestPrice: Double {
    let most = sign > 0 ? forward.high : strike
    return (isInverse ? most / forward.low : most) * (1 + 1e-9)
  }

  /// How the value in a scenario moves over the box.
  ///
  /// - Parameter years: To expiry in the scenario; `nil` leaves the box's own.
  func moves(shift: Double, _ smile: BoxedSmile, years: Bracket? = nil) -> BoxedMoves {
    let time = years ?? self.years
    let rootYears = Bracket(time.low.squareRoot(), time.high.squareRoot())
    let deviation = Bracket(
      low: smile.volatility.low * rootYears.low * (1 - 1e-12),
      high: smile.volatility.high * rootYears.high * (1 + 1e-12))
    let width =
      smile.width * rootYears.high + smile.volatility.high * rootYears.width
    let move = Elementary.log1p(shift)
    let low = -logMoneyness.high + move - 1e-12
    let high = -logMoneyness.low + move + 1e-12
    guard deviation.low > 1e-6 else {
      return moves(
        shift, Bracket(low: 0, high: 1), Bracket(low: 0, high: 0.4), width, smile.roll, rootYears)
    }
    let first = low / (low >= 0 ? deviation.high : deviation.low) + deviation.low / 2
    let last = high / (high >= 0 ? deviation.low : deviation.high) + deviation.high / 2
    let delta = Bracket(
      low: max(Normal.cumulative(first) - 1e-12, 0),
      high: min(Normal.cumulative(last) + 1e-12, 1))
    let nearest = first > 0 ? first : last < 0 ? last : 0
    let farthest = max(abs(first), abs(last))
    let density = Bracket(
      low: max(Normal.density(farthest) - 1e-12, 0), high: Normal.density(nearest) + 1e-12)
    return moves(shift, delta, density, width, smile.roll, rootYears)
  }

  private func moves(
    _ shift: Double, _ callDelta: Bracket, _ density: Bracket, _ width: Double, _ roll: Bracket,
    _ rootYears: Bracket
  ) -> BoxedMoves {
    let delta =
      sign > 0 ? callDelta : Bracket(low: callDelta.low - 1, high: callDelta.high - 1)
    let most = (1 + shift) * forward.high
    let ofRatio = most * ratioWidth * delta.magnitude
    // The ratio also moves the moneyness along the smile.
    let ofRoll = most * density.high * rootYears.high * roll.magnitude * 2 * ratioWidth
    // An inverse premium also changes by the width of index ÷ future.
    let value = sign > 0 ? most : max(strike, most)
    let ofCoin = isInverse ? value * scale.width : 0
    let drift = scale.high * (most * density.high * width + ofRatio + ofRoll) + ofCoin
    let vega = (1 + shift) * (forward * (scale * (density * rootYears)))
    return BoxedMoves(
      slope: (1 + shift) * (slopeScale * delta) + vega * roll, drift: drift * (1 + 1e-9),
      delta: delta)
  }
}

/// A slope per multiple of the index, and what else can happen; money of one step.
struct BoxedMoves {
  let slope: Bracket
  let drift: Double
  /// On the forward, shift apart.
  let delta: Bracket
}
