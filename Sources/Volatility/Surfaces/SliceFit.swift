// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// The quotes of one expiry as columns, and the smile before it that must not be crossed.
///
/// Errors are those of √w: near enough (w - wᵢ) / 2√wᵢ, so that a fit is a least-squares problem
/// in w with weights cᵢ.
struct SliceProblem {
  private(set) var logMoneyness: [Double] = []
  private(set) var variance: [Double] = []
  private(set) var deviation: [Double] = []
  /// The weight of a quote's error in √w.
  private var weight: [Double] = []
  /// That of its error in w.
  private var factor: [Double] = []
  private let bounds: SliceBounds

  /// - Parameters:
  ///   - quotes: At least one.
  ///   - atTheMoney: About √θ; weights fall over so much log-moneyness.
  init(_ quotes: [SmileQuote], atTheMoney: Double, after earlier: SSVISmile?) {
    bounds = SliceBounds(after: earlier)
    logMoneyness.reserveCapacity(quotes.count)
    variance.reserveCapacity(quotes.count)
    deviation.reserveCapacity(quotes.count)
    weight.reserveCapacity(quotes.count)
    factor.reserveCapacity(quotes.count)
    for quote in quotes {
      let w = quote.totalDeviation * quote.totalDeviation
      let distance = quote.logMoneyness / atTheMoney
      let importance = Elementary.exp(-0.5 * (distance * distance)) + 0.05
      logMoneyness.append(quote.logMoneyness)
      variance.append(w)
      deviation.append(quote.totalDeviation)
      weight.append(importance)
      factor.append(importance / (4 * w))
    }
  }

  /// A candidate and its weighted sum of squares.
  struct Candidate {
    var theta: Double
    var rho: Double
    var psi: Double
    var cost: Double

    var smile: SSVISmile { SSVISmile(uncheckedTheta: theta, rho: rho, psi: psi) }
  }

  /// The best smile within the bounds: a grid over ρ, two refinements, and the same two again
  /// after far quotes have lost weight.
  ///
  /// - Parameter start: About θ; the width begins at what is usual for it.
  mutating func solve(startingAt theta: Double) -> SSVISmile {
    var best = Candidate(theta: theta, rho: 0, psi: 0.6 * theta.squareRoot(), cost: .infinity)
    var last = best
    for step in -19...19 {
      guard let found = candidate(rho: 0.05 * Double(step), near: last) else { continue }
      last = found
      if found.cost < best.cost { best = found }
    }
    if let earlier = bounds.earlier, let found = candidate(rho: earlier.rho, near: best),
      found.cost < best.cost
    {
      best = found
    }
    refine(&best)
    loosen(around: best.smile)
    best.cost = .infinity
    refine(&best)
    return best.smile
  }

  private func refine(_ best: inout Candidate) {
    for width in [0.01, 0.002] {
      let center = best.rho
      for step in -5...5 {
        let rho = center + width * Double(step)
        guard rho.magnitude <= 0.97, let found = candidate(rho: rho, near: best) else { continue }
        if found.cost < best.cost { best = found }
      }
    }
  }

  /// Makes quotes that are more than twice the median error away count as much less.
  ///
  /// Source: P. Huber, Annals of Mathematical Statistics 35 (1964), 73-101.
  private mutating func loosen(around smile: SSVISmile) {
    let errors = logMoneyness.indices.map { index in
      let w = smile.totalVariance(logMoneyness: logMoneyness[index])
      return (w.squareRoot() - deviation[index]).magnitude
    }
    let median = errors.sorted()[errors.count / 2]
    let limit = 2 * median > 1e-6 ? 2 * median : 1e-6
    for index in errors.indices where errors[index] > limit {
      factor[index] = weight[index] / (4 * variance[index]) * (limit / errors[index])
    }
  }

  /// The best θ and ψ for a ρ: two steps of Gauss and Newton inside the bounds.
  private func candidate(rho: Double, near start: Candidate) -> Candidate? {
    guard let box = bounds.box(rho: rho) else { return nil }
    var theta = start.theta > box.leastTheta ? start.theta : box.leastTheta
    var psi = box.clamped(psi: start.psi, theta: theta)
    for _ in 0..<2 {
      let sums = self.sums(theta: theta, rho: rho, psi: psi)
      (theta, psi) = sums.step(theta: theta, psi: psi, in: box)
    }
    let cost = self.cost(theta: theta, rho: rho, psi: psi)
    return Candidate(theta: theta, rho: rho, psi: psi, cost: cost)
  }

  private func sums(theta: Double, rho: Double, psi: Double) -> NormalSums {
    var sums = NormalSums()
    let product = 2 * rho * (psi * theta)
    let square = psi * psi
    let floor = theta * theta
    for index in logMoneyness.indices {
      let k = logMoneyness[index]
      let root = (k * (square * k + product) + floor).squareRoot()
      let inverse = 1 / root
      let tilt = rho * k
      let byTheta = 0.5 + 0.5 * (theta + tilt * psi) * inverse
      let byPsi = 0.5 * tilt + 0.5 * (k * (psi * k + rho * theta)) * inverse
      let rest = variance[index] - 0.5 * ((theta + tilt * psi) + root)
      sums.add(factor[index], byTheta, byPsi, rest)
    }
    return sums
  }

  private func cost(theta: Double, rho: Double, psi: Double) -> Double {
    var cost = 0.0
    let product = 2 * rho * (psi * theta)
    let square = psi * psi
    let floor = theta * theta
    let slope = rho * psi
    for index in logMoneyness.indices {
      let k = logMoneyness[index]
      let root = (k * (square * k + product) + floor).squareRoot()
      let rest = variance[index] - 0.5 * ((theta + slope * k) + root)
      cost += factor[index] * (rest * rest)
    }
    return cost
  }
}

/// The normal equations of a step in θ and ψ.
private struct NormalSums {
  var thetaTheta = 0.0
  var thetaPsi = 0.0
  var psiPsi = 0.0
  var thetaRest = 0.0
  var psiRest = 0.0

  @inline(__always)
  mutating func add(_ weight: Double, _ byTheta: Double, _ byPsi: Double, _ rest: Double) {
    let first = weight * byTheta
    let second = weight * byPsi
    thetaTheta += first * byTheta
    thetaPsi += first * byPsi
    psiPsi += second * byPsi
    thetaRest += first * rest
    psiRest += second * rest
  }

  /// The step, cut at the bounds: where ψ meets one, θ is solved for again.
  func step(theta: Double, psi: Double, in box: SliceBounds.Box) -> (Double, Double) {
    guard thetaTheta > 0 else { return (theta, psi) }
    let determinant = thetaTheta * psiPsi - thetaPsi * thetaPsi
    var psiStep = 0.0
    if determinant > 1e-9 * (thetaTheta * psiPsi) {
      psiStep = (thetaTheta * psiRest - thetaPsi * thetaRest) / determinant
    }
    func newTheta(_ psiStep: Double) -> Double {
      let wished = theta + (thetaRest - thetaPsi * psiStep) / thetaTheta
      let low = 0.5 * theta > box.leastTheta ? 0.5 * theta : box.leastTheta
      let limited = wished > low ? wished : low
      return limited < 2 * theta || box.leastTheta > 2 * theta ? limited : 2 * theta
    }
    let first = newTheta(psiStep)
    let clamped = box.clamped(psi: psi + psiStep, theta: first)
    guard clamped != psi + psiStep else { return (first, clamped) }
    let second = newTheta(clamped - psi)
    return (second, box.clamped(psi: clamped, theta: second))
  }
}

/// The closed-form bounds of θ and ψ for a ρ: butterfly, and calendar after an earlier smile.
struct SliceBounds {
  let earlier: SSVISmile?

  init(after earlier: SSVISmile?) {
    self.earlier = earlier
  }

  struct Box {
    let leastTheta: Double
    let leastPsi: Double
    /// ψ ≥ this × √θ.
    fileprivate let leastWidth: Double
    /// 4 / (1 + |ρ|).
    fileprivate let wingBound: Double
    /// ψ² ≤ this × θ.
    fileprivate let squareBound: Double
    /// ψ ≤ this × θ.
    fileprivate let ratioBound: Double

    func clamped(psi: Double, theta: Double) -> Double {
      let root = (squareBound * theta).squareRoot()
      var most = root < wingBound ? root : wingBound
      most = ratioBound * theta < most ? ratioBound * theta : most
      let limited = psi < most ? psi : most
      let wide = leastWidth * theta.squareRoot()
      let least = wide > leastPsi ? wide : leastPsi
      return limited > least ? limited : least
    }
  }

  /// Nil for a ρ at which the earlier wings leave no room.
  func box(rho: Double) -> Box? {
    let steepness = 1 + rho.magnitude
    let wingBound = 4 * (1 - SSVISmile.slack) / steepness
    guard let earlier else {
      // Without a width of its own the first expiry would forbid all others to bend. At 1/10 the
      // upper bounds are far, for θ up to 400.
      return Box(
        leastTheta: 1e-12, leastPsi: 0, leastWidth: 0.1, wingBound: wingBound,
        squareBound: wingBound, ratioBound: .infinity)
    }
    let lift = 1 + SSVISmile.wingSlack
    let call = earlier.callWing * lift / (1 + rho)
    let put = earlier.putWing * lift / (1 - rho)
    let leastPsi = call > put ? call : put
    guard leastPsi <= wingBound else { return nil }
    let ratio = earlier.psi / earlier.theta * (1 - SSVISmile.wingSlack)
    var leastTheta = earlier.theta * (1 + SSVISmile.slack)
    if leastPsi > 0 {
      let byRatio = leastPsi / ratio
      let bySquare = leastPsi * leastPsi / wingBound
      leastTheta = byRatio > leastTheta ? byRatio : leastTheta
      leastTheta = bySquare > leastTheta ? bySquare : leastTheta
    }
    return Box(
      leastTheta: leastTheta, leastPsi: leastPsi, leastWidth: 0, wingBound: wingBound,
      squareBound: wingBound,
      ratioBound: ratio)
  }
}
