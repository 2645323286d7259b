// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// The intervals of all accounts, an account's legs next to one another; a leg is an account's
/// dependence on one underlying.
struct TriggerLegs: Sendable {
  private var starts: [UInt32]
  private var owners: [UInt32]
  private(set) var underlyings: [Int32]
  /// The ends, in multiples of the reference.
  var lows: [Double]
  var highs: [Double]
  /// Neighbors in the lists of the books, by leg, for its lower and its upper end; −1 for none.
  var next: [Int32]
  var previous: [Int32]

  /// Room for all runs of the rows, and for one more an account.
  init(_ rows: borrowing AccountRows) {
    starts = []
    owners = []
    starts.reserveCapacity(rows.count + 1)
    for order in 0..<rows.count {
      starts.append(UInt32(owners.count))
      let runs = rows.underlyingCount(order)
      for _ in 0..<runs { owners.append(UInt32(truncatingIfNeeded: order)) }
    }
    starts.append(UInt32(owners.count))
    underlyings = Array(repeating: -1, count: owners.count)
    lows = Array(repeating: 0, count: owners.count)
    highs = lows
    next = Array(repeating: -1, count: 2 * owners.count)
    previous = Array(repeating: Self.unlinked, count: 2 * owners.count)
  }

  /// In ``previous``: the end is in no list.
  static let unlinked: Int32 = -2

  func range(of order: Int) -> Range<Int> { Int(starts[order])..<Int(starts[order + 1]) }
  func account(of leg: Int) -> Int { Int(owners[leg]) }
  func underlying(of leg: Int) -> Int { max(Int(underlyings[leg]), 0) }

  mutating func set(_ leg: Int, underlying: Int, low: Double, high: Double) {
    underlyings[leg] = Int32(underlying)
    lows[leg] = low
    highs[leg] = high
  }

  var byteCount: Int {
    starts.capacity * 4 + owners.capacity * 4 + underlyings.capacity * 4 + lows.capacity * 8
      + highs.capacity * 8 + next.capacity * 4 + previous.capacity * 4
  }
}

/// The legs of one underlying by where their ends lie: one list for each basis point, so that
/// inserting, removing and counting take no comparison.
struct TriggerBook: Sendable {
  /// The multiple up to which all crossed legs have been woken.
  var last = 1.0
  private let lowest: Double
  /// First end in each bucket, lower ends then upper ones; −1 for none.
  ///
  /// An end is 2·leg, plus one for the upper.
  private var heads: [Int32]
  private var counts: [Int32]
  private let bucketCount: Int

  private static var width: Double { 1e-4 }

  init(reach: Double) {
    lowest = 1 - reach
    bucketCount = Int(2 * reach / Self.width) + 2
    heads = Array(repeating: -1, count: 2 * bucketCount)
    counts = Array(repeating: 0, count: 2 * bucketCount)
  }

  var byteCount: Int { heads.capacity * 4 + counts.capacity * 4 }

  private func bucket(_ y: Double) -> Int {
    min(max(Int((y - lowest) / Self.width), 0), bucketCount - 1)
  }

  // MARK: Lists

  mutating func insert(_ leg: Int, _ legs: inout TriggerLegs) {
    link(2 * leg, bucket(legs.lows[leg]), &legs)
    link(2 * leg + 1, bucketCount + bucket(legs.highs[leg]), &legs)
  }

  mutating func remove(_ leg: Int, _ legs: inout TriggerLegs) {
    unlink(2 * leg, bucket(legs.lows[leg]), &legs)
    unlink(2 * leg + 1, bucketCount + bucket(legs.highs[leg]), &legs)
  }

  private mutating func link(_ end: Int, _ bucket: Int, _ legs: inout TriggerLegs) {
    let head = heads[bucket]
    legs.next[end] = head
    legs.previous[end] = -1
    if head >= 0 { legs.previous[Int(head)] = Int32(truncatingIfNeeded: end) }
    heads[bucket] = Int32(truncatingIfNeeded: end)
    counts[bucket] += 1
  }

  private mutating func unlink(_ end: Int, _ bucket: Int, _ legs: inout TriggerLegs) {
    let previous = legs.previous[end]
    guard previous != TriggerLegs.unlinked else { return }
    let next = legs.next[end]
    if previous >= 0 { legs.next[Int(previous)] = next } else { heads[bucket] = next }
    if next >= 0 { legs.previous[Int(next)] = previous }
    legs.previous[end] = TriggerLegs.unlinked
    counts[bucket] -= 1
  }

  // MARK: Crossings

  /// At most so many legs end between the last tick and `y`.
  func population(to y: Double) -> Int {
    var population = 0
    if y > last {
      for place in bucket(last)...bucket(y) { population += Int(counts[bucketCount + place]) }
    } else if y < last {
      for place in bucket(y)...bucket(last) { population += Int(counts[place]) }
    }
    return population
  }

  /// The lists in which the legs are that end between the last tick and `y`.
  func crossedLists(to y: Double) -> (lists: Range<Int>, isRise: Bool) {
    guard y != last else { return (0..<0, true) }
    return y > last
      ? (bucketCount + bucket(last)..<bucketCount + bucket(y) + 1, true)
      : (bucket(y)..<bucket(last) + 1, false)
  }

  /// The first end of a list; −1 for none.
  func head(_ list: Int) -> Int32 { heads[list] }
}
