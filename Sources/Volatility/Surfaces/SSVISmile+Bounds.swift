// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// The bounds are linear in the wings u = ψ(1 + ρ) and v = ψ(1 - ρ) but for one product:
//
//     butterfly  max(u, v) ≤ 4,  ½(u + v)·max(u, v) ≤ 4θ
//     calendar   θ₂ ≥ θ₁,  u₂ ≥ u₁,  v₂ ≥ v₁,  (u₂ + v₂)/θ₂ ≤ (u₁ + v₁)/θ₁
//
// Sources: Gatheral, Jacquier (2014), theorem 4.2; Hendriks, Martini, J. Computational Finance 22
// (2019); Corbetta, Cohort, Laachir, Martini, arXiv 1804.04924. They are sufficient.
extension SSVISmile {
  /// ψ(1 + |ρ|) ≤ 4 and ψ²(1 + |ρ|) ≤ 4θ: no butterfly has a negative price.
  public var satisfiesButterflyBounds: Bool {
    let steepest = psi * (1 + rho.magnitude)
    return steepest <= 4 && psi * steepest <= 4 * theta
  }

  /// Whether no calendar spread between the smile of an earlier expiry and this one has a
  /// negative price, by the three bounds.
  public func satisfiesCalendarBounds(after earlier: SSVISmile) -> Bool {
    theta >= earlier.theta && callWing >= earlier.callWing && putWing >= earlier.putWing
      && psi * earlier.theta <= earlier.psi * theta
  }

  /// ψ(1 + ρ): twice the slope of the call wing.
  var callWing: Double { psi * (1 + rho) }
  /// ψ(1 - ρ): twice the slope of the put wing.
  var putWing: Double { psi * (1 - rho) }

  /// Kept free between a smile and its butterfly bounds, and by which variance rises between two
  /// expiries at least, so that rounding does not cross a bound.
  static var slack: Double { 1e-9 }
  /// The same between the wings of two expiries; much smaller, so that the room that the other
  /// leaves suffices for many expiries.
  static var wingSlack: Double { 1e-12 }

  /// The smile moved inside the bounds, if it is not: θ up, then the wings.
  ///
  /// First the wings rise to those of the earlier expiry; then they go back toward these, along a
  /// straight line, as far as the upper bounds ask. The earlier wings satisfy every upper bound,
  /// so there always is such a point.
  /// - Parameter earlier: The smile of the expiry before, inside the butterfly bounds; nil for
  ///   the first.
  func projected(after earlier: SSVISmile?) -> SSVISmile {
    let lift = 1 + Self.wingSlack
    let start =
      earlier.map { (call: $0.callWing * lift, put: $0.putWing * lift) } ?? (call: 0, put: 0)
    let leastTheta = (earlier?.theta ?? 0) * (1 + Self.slack)
    let theta = self.theta > leastTheta ? self.theta : leastTheta
    let call = callWing > start.call ? callWing : start.call
    let put = putWing > start.put ? putWing : start.put
    let line = WingLine(start: start, rise: (call: call - start.call, put: put - start.put))
    var part = 1.0
    func limit(_ other: Double) { part = other < part ? other : part }
    limit(line.part(sumUpTo: .infinity, wingsUpTo: 4 * (1 - Self.slack)))
    limit(line.part(productUpTo: 4 * theta * (1 - Self.slack)))
    if let earlier {
      let steepest = 2 * earlier.psi * (theta / earlier.theta) * (1 - Self.wingSlack)
      limit(line.part(sumUpTo: steepest, wingsUpTo: .infinity))
    }
    let isInside =
      part == 1 && theta == self.theta && call == callWing && put == putWing
    return isInside ? self : line.smile(at: part > 0 ? part : 0, theta: theta)
  }
}

/// Wings between those of an earlier expiry and wished ones.
private struct WingLine {
  let start: (call: Double, put: Double)
  /// At least 0.
  let rise: (call: Double, put: Double)

  /// The largest part of the rise within linear bounds.
  func part(sumUpTo sum: Double, wingsUpTo wing: Double) -> Double {
    var part = 1.0
    func limit(_ room: Double, _ slope: Double) {
      guard slope > room else { return }
      let other = room / slope
      part = other < part ? other : part
    }
    limit(sum - (start.call + start.put), rise.call + rise.put)
    limit(wing - start.call, rise.call)
    limit(wing - start.put, rise.put)
    return part
  }

  /// The largest part of the rise with ½(u + v)·max(u, v) within a bound.
  func part(productUpTo bound: Double) -> Double {
    let mean = 0.5 * (start.call + start.put)
    let meanRise = 0.5 * (rise.call + rise.put)
    func root(_ wing: Double, _ wingRise: Double) -> Double {
      let room = bound - mean * wing
      guard room > 0 else { return 0 }
      let linear = mean * wingRise + wing * meanRise
      let square = meanRise * wingRise
      // The positive root of square·x² + linear·x = room, without cancellation.
      let discriminant = linear * linear + 4 * (square * room)
      let divisor = linear + discriminant.squareRoot()
      return divisor > 2 * room ? 2 * room / divisor : 1
    }
    let call = root(start.call, rise.call)
    let put = root(start.put, rise.put)
    return call < put ? call : put
  }

  func smile(at part: Double, theta: Double) -> SSVISmile {
    let call = start.call + part * rise.call
    let put = start.put + part * rise.put
    let sum = call + put
    return SSVISmile(
      uncheckedTheta: theta, rho: sum > 0 ? (call - put) / sum : 0, psi: 0.5 * sum)
  }
}
