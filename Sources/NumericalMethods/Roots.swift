// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// The smallest whole number in (lower, upper] for which a monotone predicate holds.
///
/// At most 64 calls of the predicate, none of them at `lower`.
/// - Parameters:
///   - lower: Excluded.
///   - upper: Included; a range that is empty has no such number.
///   - predicate: False up to some number and true from there on.
/// - Returns: The number, or nil if the predicate is false throughout.
/// - Throws: What the predicate throws.
@inlinable
public func bisect<Failure: Error>(
  lower: Int64, upper: Int64, predicate: (Int64) throws(Failure) -> Bool
) throws(Failure) -> Int64? {
  guard lower < upper, try predicate(upper) else { return nil }
  // The predicate holds at `last` and is taken to fail at `first`.
  var first = lower
  var last = upper
  while true {
    // The distance of two signed numbers always fits an unsigned one.
    let distance = UInt64(bitPattern: last &- first)
    if distance <= 1 { return last }
    let middle = first &+ Int64(bitPattern: distance &>> 1)
    if try predicate(middle) { last = middle } else { first = middle }
  }
}

/// Why a root was not searched for.
public enum RootError: Error, Equatable, Sendable {
  /// The ends are not in order, not finite, or the function has one sign at both.
  case notBracketed
  /// The function gave NaN.
  case undefinedValue
}

/// A root of a continuous function between two points where its signs differ.
///
/// The Illinois form of false position (M. Dowell, P. Jarratt, BIT 11 (1971), 168-174). From the
/// thirteenth step on, the number of doubles in the bracket must halve every three steps, or a
/// step halves it: 204 steps at most lead to neighboring doubles, whatever the function. Equal
/// input gives equal bits.
/// - Parameters:
///   - lower: The lower end, finite.
///   - upper: The upper end, finite, above `lower`.
///   - tolerance: A bracket this wide or less ends the search; 0 asks for neighboring doubles.
///   - function: Continuous on the bracket; infinite values are taken by their sign.
/// - Returns: A zero, or the end with the smaller magnitude of the last bracket.
/// - Throws: ``RootError``.
public func bracketedRoot(
  lower: Double, upper: Double, tolerance: Double = 0, of function: (Double) -> Double
) throws(RootError) -> Double {
  guard lower.isFinite, upper.isFinite, lower < upper else { throw .notBracketed }
  var a = BracketEnd(point: lower, value: function(lower))
  var b = BracketEnd(point: upper, value: function(upper))
  guard !a.value.isNaN, !b.value.isNaN else { throw .undefinedValue }
  if a.value == 0 { return a.point }
  if b.value == 0 { return b.point }
  guard (a.value < 0) != (b.value < 0) else { throw .notBracketed }
  let width = rankDistance(lower, upper)
  for step in 1...204 where b.point - a.point > tolerance && a.point.nextUp < b.point {
    let isLate = rankDistance(a.point, b.point) > width >> (max(0, step - 12) / 3)
    let run = (b.point - a.point) / (b.weighted - a.weighted)
    let crossing = b.point - b.weighted * run
    let isInside = crossing > a.point && crossing < b.point
    let point = isInside && !isLate ? crossing : middleDouble(a.point, b.point)
    let value = function(point)
    if value.isNaN { throw .undefinedValue }
    if value == 0 { return point }
    if (value < 0) == (a.value < 0) {
      a = BracketEnd(point: point, value: value)
      b.stay()
    } else {
      b = BracketEnd(point: point, value: value)
      a.stay()
    }
  }
  return a.value.magnitude <= b.value.magnitude ? a.point : b.point
}

private struct BracketEnd {
  var point: Double
  var value: Double
  /// Halved each time the end stays again, so that false position cannot stall on one side.
  var weight = 1.0
  var hasStayed = false

  var weighted: Double { weight * value }

  mutating func stay() {
    weight *= hasStayed ? 0.5 : 1
    hasStayed = true
  }
}

/// The double with as many doubles between it and one end as between it and the other.
private func middleDouble(_ a: Double, _ b: Double) -> Double {
  doubleAtRank(rank(a) &+ Int64(bitPattern: rankDistance(a, b) &>> 1))
}

/// How many doubles lie after a up to b, for a below b.
private func rankDistance(_ a: Double, _ b: Double) -> UInt64 {
  UInt64(bitPattern: rank(b) &- rank(a))
}

/// The place of a double in the order of all; both zeros have place 0.
private func rank(_ x: Double) -> Int64 {
  let magnitude = Int64(bitPattern: x.magnitude.bitPattern)
  return x < 0 ? -magnitude : magnitude
}

private func doubleAtRank(_ rank: Int64) -> Double {
  let magnitude = Double(bitPattern: rank.magnitude)
  return rank < 0 ? -magnitude : magnitude
}
