// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Ledger
import TestFixtures
import Testing

/// A pool of 10,000 depositors against exact fractions; of a million with `PLIMSOLL_FULL=1`.
///
/// What a claim is worth is rounded down to a whole unit, but what is no more than 2^−32 below one
/// counts as that. So a claim is less than a unit below exact and at most 2^−32 above it, and all
/// together, being whole, are never more than the pool holds while depositors are fewer than 2^32.
@Suite("Product and sum with very many depositors")
struct ProductSumScaleTests {
  private static let depositors =
    ProcessInfo.processInfo.environment["PLIMSOLL_FULL"] == "1" ? 1_000_000 : 10_000
  private static let events = 400

  private struct Depositor {
    var claim: ProductSum.Claim
    /// The event before which it was counted last.
    var event: Int
  }

  private struct Event {
    let total: Int64
    let loss: Int64
    let gains: [Int64]
  }

  /// What a unit that was there before an event has become at the end: `left` ÷ `whole` of it, and
  /// of each asset `gained` ÷ `whole`.
  private struct UnitWorth {
    var left = WideNumber(1)
    var gained = [WideNumber(0), WideNumber(0)]
    var whole = WideNumber(1)

    /// The same, before one more event.
    func before(_ event: Event) -> Self {
      let kept = UInt64(event.total - event.loss)
      guard kept > 0 else {
        return UnitWorth(
          left: WideNumber(0), gained: event.gains.map { WideNumber(UInt64($0)) },
          whole: WideNumber(UInt64(event.total)))
      }
      return UnitWorth(
        left: left * kept,
        gained: zip(gained, event.gains).map { $0 * kept + whole * UInt64($1) },
        whole: whole * UInt64(event.total))
    }
  }

  // Of all but one of 2^e units a loss leaves one: 1 − 2^−e.
  @Test(
    "a claim 2^−32 below a whole unit is that unit, and one further below is not",
    arguments: [(31, 0), (32, 1), (33, 1)])
  func nearness(exponent: Int64, units: Int64) throws {
    var pool = ProductSum(assetCount: 2)
    let whole = Int64(1) << exponent
    let most = try pool.deposit(whole - 1)
    let one = try pool.deposit(1)
    try pool.apply(loss: whole - 1, gains: [1, 0])
    #expect(try pool.worth(of: most) == .init(units: units, gains: [units, 0]))
    #expect(try pool.worth(of: one) == .init(units: 0, gains: [0, 0]))
  }

  @Test("each claim is less than a unit below exact, and none is paid by the others")
  func rounding() throws {
    var random = Seeded(20_251_010)
    var pool = ProductSum(assetCount: 2)
    var depositors: [Depositor] = []
    var events: [Event] = []
    var rescales = 0
    for event in 0..<Self.events {
      for _ in 0..<Self.depositors / Self.events {
        let units = Int64.random(
          in: 1...1 << Int64.random(in: 0...36, using: &random), using: &random)
        depositors.append(Depositor(claim: try pool.deposit(units), event: event))
      }
      for _ in 0..<Self.depositors / Self.events / 10 {
        try withdraw(
          &depositors[Int.random(in: depositors.indices, using: &random)], event, &pool, &random)
      }
      let drawn = draw(pool.total, &random)
      let scale = pool.scale
      try pool.apply(loss: drawn.loss, gains: drawn.gains)
      rescales += max(pool.scale - scale, 0)
      events.append(drawn)
    }
    #expect(pool.epoch >= 3 && rescales >= 10)
    try check(depositors, events, pool)
  }

  /// Mostly a few percent; now and then all but a speck, or all.
  private func draw(_ total: Int64, _ random: inout Seeded) -> Event {
    let kind = random.next() % 32
    let loss =
      switch kind {
      case 0: total
      case 1..<5: total - max(total >> Int64.random(in: 8...30, using: &random), 1)
      default: Int64.random(in: 0...total / 20, using: &random)
      }
    let gains = (0..<2).map { _ in Int64.random(in: 0...1_000_000_000, using: &random) }
    return Event(total: total, loss: loss, gains: gains)
  }

  /// A part, or all; what is left is a claim of now.
  private func withdraw(
    _ one: inout Depositor, _ event: Int, _ pool: inout ProductSum, _ random: inout Seeded
  ) throws {
    let worth = try pool.worth(of: one.claim)
    guard worth.units > 1 else { return }
    let units = Int64.random(in: 0..<worth.units, using: &random)
    let (rest, paid) = try pool.withdraw(units, from: one.claim)
    #expect(paid == .init(units: units, gains: worth.gains))
    one = Depositor(claim: try #require(rest), event: event)
    #expect(one.claim.units == worth.units - units)
  }

  private func check(
    _ depositors: [Depositor], _ events: [Event], _ pool: ProductSum
  ) throws {
    var exact: [UnitWorth] = [UnitWorth()]
    for event in events.reversed() { exact.append((exact.last ?? UnitWorth()).before(event)) }
    exact.reverse()
    var (units, gains) = (Int128(0), [Int128](repeating: 0, count: 2))
    var wrong = 0
    for one in depositors {
      let worth = try pool.worth(of: one.claim)
      let unit = exact[one.event]
      let deposit = UInt64(one.claim.units)
      units += Int128(worth.units)
      if !isRounded(worth.units, unit.left * deposit, unit.whole) { wrong += 1 }
      for asset in 0..<2 {
        gains[asset] += Int128(worth.gains[asset])
        if !isRounded(worth.gains[asset], unit.gained[asset] * deposit, unit.whole) { wrong += 1 }
      }
    }
    #expect(wrong == 0)
    #expect(units <= Int128(pool.total))
    #expect(Int128(pool.total) - units <= Int128(depositors.count))
    for asset in 0..<2 { #expect(gains[asset] <= Int128(pool.unpaid[asset])) }
  }

  /// Whether whole units are exact ÷ whole rounded down, 2^−32 aside.
  private func isRounded(_ units: Int64, _ exact: WideNumber, _ whole: WideNumber) -> Bool {
    let claimed = whole * UInt64(units)
    guard exact < claimed + whole else { return false }
    return claimed <= exact || claimed * (1 << 32) <= exact * (1 << 32) + whole
  }
}

/// A whole number of any length.
private struct WideNumber {
  /// Lowest first, without zeros at the end.
  private var words: [UInt64]

  init(_ value: UInt64) { words = value == 0 ? [] : [value] }

  static func * (one: Self, other: UInt64) -> Self {
    var product = one
    var carried: UInt64 = 0
    for place in product.words.indices {
      let (high, low) = product.words[place].multipliedFullWidth(by: other)
      let (sum, overflows) = low.addingReportingOverflow(carried)
      product.words[place] = sum
      carried = high + (overflows ? 1 : 0)
    }
    if carried > 0 { product.words.append(carried) }
    while product.words.last == 0 { product.words.removeLast() }
    return product
  }

  static func + (one: Self, other: Self) -> Self {
    var (sum, added) =
      one.words.count >= other.words.count ? (one, other.words) : (other, one.words)
    var carried = false
    for place in sum.words.indices {
      let word = place < added.count ? added[place] : 0
      if place >= added.count, !carried { break }
      let (first, overflows) = sum.words[place].addingReportingOverflow(word)
      let (second, again) = first.addingReportingOverflow(carried ? 1 : 0)
      sum.words[place] = second
      carried = overflows || again
    }
    if carried { sum.words.append(1) }
    return sum
  }

  static func < (one: Self, other: Self) -> Bool {
    guard one.words.count == other.words.count else { return one.words.count < other.words.count }
    for place in one.words.indices.reversed() where one.words[place] != other.words[place] {
      return one.words[place] < other.words[place]
    }
    return false
  }

  static func <= (one: Self, other: Self) -> Bool { !(other < one) }
}
