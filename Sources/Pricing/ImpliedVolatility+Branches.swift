// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

// The objectives: 1/ln p in the lowest branch, p in the middle, ln(1 - p) in the highest; each
// nearly straight in its branch, so that two steps of the third order suffice.
extension NormalizedBlack {
  /// The total deviation at which the part is `part`.
  ///
  /// - Parameters:
  ///   - part: Time value ÷ smaller of forward and strike, from 2^-1022, below 1.
  ///   - rest: 1 - `part` with its own digits, above 0.
  func totalDeviation(part: Double, rest: Double) -> Double {
    switch estimate(part: part, rest: rest) {
    case .lowest(let s): refinedLowest(s, part)
    case .middle(let s):
      refinedMiddle(refinedMiddle(s, part, isRough: true), part, isRough: false)
    case .highest(let s): refinedHighest(refinedHighest(s, rest), rest)
    }
  }

  /// Both steps, in ln p = ln d - (a-t)²/2 with d = Ψ(a-t) - Ψ(a+t): no exponential, no underflow.
  ///
  /// The first step may be off by what a rough logarithm leaves; the second is of the fourth order.
  @inline(__always)
  private func refinedLowest(_ estimate: Double, _ part: Double) -> Double {
    let target = Elementary.log(part)
    let inverseTarget = 1 / target
    let first = lowPoint(at: estimate)
    let s = first.stepped(Self.roughLogarithm(first.difference), target, inverseTarget)
    let second = lowPoint(at: s)
    return second.stepped(Elementary.log(second.difference), target, inverseTarget)
  }

  /// One step.
  @inline(__always)
  private func refinedMiddle(_ s: Double, _ part: Double, isRough: Bool) -> Double {
    let point = self.part(at: s, isRough: isRough)
    let rest = (part - point.value) * point.inverse
    let slope = Self.inverseRootOf2Pi * point.exponential
    let bend = point.bend
    let third = point.third(bend) * (1.0 / 6)
    let step =
      rest * (slope + 0.5 * (rest * bend)) / (slope * slope + rest * (bend * slope + third * rest))
    return s + s * step
  }

  /// One step.
  private func refinedHighest(_ s: Double, _ rest: Double) -> Double {
    let point = self.rest(at: s)
    // -s ∂ ln(1 - p) / ∂s.
    let rate = s * (Self.inverseRootOf2Pi * point.exponential) / point.value
    let newton = Elementary.log(point.value / rest) / rate
    let bend = point.bend
    let third = point.third(bend) + 3 * bend * rate + 2 * rate * rate
    return s + s * householder(newton, bend + rate, third)
  }
}

/// The relative step of Householder's method of the third order from Newton's and the next two
/// derivatives over the first, all in units of s.
@inline(__always)
private func householder(_ newton: Double, _ second: Double, _ third: Double) -> Double {
  newton * (1 + 0.5 * (newton * second))
    / (1 + newton * (second + (1.0 / 6) * (newton * third)))
}

extension NormalizedBlack.Point {
  /// s ∂²p / ∂p: a² - t².
  @inline(__always) fileprivate var bend: Double { (a - t) * (a + t) }

  /// s² ∂³p / ∂p.
  @inline(__always) fileprivate func third(_ bend: Double) -> Double {
    bend * bend - (3 * (a * a) + t * t)
  }
}

extension NormalizedBlack.LowPoint {
  /// One step from here, with ln d known.
  @inline(__always)
  fileprivate func stepped(
    _ logarithmOfDifference: Double, _ target: Double, _ inverseTarget: Double
  ) -> Double {
    let near = a - t
    let logarithm = logarithmOfDifference - 0.5 * (near * near)
    // s ∂ ln p / ∂s and its inverse.
    let rate = s * NormalizedBlack.inverseRootOf2Pi * inverseDifference
    let inverseRate = difference * NormalizedBlack.rootOf2Pi * inverse
    let newton = (target - logarithm) * (logarithm * inverseTarget) * inverseRate
    let bend = near * (a + t)
    let third = bend * bend - (3 * (a * a) + t * t)
    let excess = bend - rate
    let thirdOfLogarithm = third - rate * (3 * bend - 2 * rate)
    // The second and third derivatives times ln p and its square: one division less.
    let second = excess * logarithm - 2 * rate
    let square = logarithm * logarithm
    let last = thirdOfLogarithm * square - 6 * (rate * second) - 6 * (rate * rate)
    let numerator = newton * (logarithm + 0.5 * (newton * second)) * logarithm
    let step = numerator / (square + newton * (second * logarithm + (1.0 / 6) * (newton * last)))
    return s + s * step
  }
}
