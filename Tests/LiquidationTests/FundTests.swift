// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Liquidation
import Quantities
import TestFixtures
import Testing

@Suite("The insurance fund")
struct FundTests {
  @Test("the target covers the two that lose most in the worst scenario")
  func coverTwo() throws {
    let target = FundTarget(
      shortfalls: [[10, 40, -5, 30], [60, 9, 0, 0], [-1, -2, -3, -4]], simulated: [],
      addition: try Rate("10%"))
    #expect(target.coverTwo == 70 && target.expectedShortfall == 0 && target.target == 77)
    #expect(FundTarget(shortfalls: [], simulated: [], addition: .zero).target == 0)
    #expect(FundTarget(shortfalls: [[-5, 3]], simulated: [], addition: .zero).coverTwo == 3)
    let widest = FundTarget(
      shortfalls: [[.max, .max]], simulated: [.max, .max], addition: try Rate("10%"))
    #expect(widest.coverTwo == .max && widest.target == .max)
  }

  @Test("or the mean of the worst thousandth, with the part of a day that the tail cuts")
  func expectedShortfall() {
    let shortfall = { (days: [Int64]) in
      FundTarget(shortfalls: [], simulated: days, addition: .zero).expectedShortfall
    }
    var days = Array(repeating: Int64(0), count: 2_500)
    days[7] = 1_000
    days[8] = 400
    days[9] = 100
    // 2.5 days: (1000 + 400 + 50) ÷ 2.5.
    #expect(shortfall(days) == 580)
    #expect(shortfall(days.reversed()) == 580)
    // Fewer than a thousand days: the worst alone.
    #expect(shortfall([5, 9, -4]) == 9 && shortfall([-4]) == 0)
    #expect(shortfall(Array(days.prefix(1_000))) == 1_000)
    // One thousandth of the second day: 1,000,400 ÷ 1,001, rounded up.
    #expect(shortfall(Array(days.prefix(1_001))) == 1_000)
  }

  @Test(
    "alarms at a quarter, a half and three quarters below the peak",
    arguments: [
      (1_000, 0), (751, 0), (750, 25), (749, 25), (501, 25), (500, 50), (499, 50), (251, 50),
      (250, 75), (249, 75), (0, 75), (-5, 75),
    ] as [(Int64, Int)])
  func alarms(balance: Int64, alarm: Int) {
    #expect(FundAlarm(balance: balance, peak: 1_000).rawValue == alarm)
    #expect(FundAlarm(balance: 0, peak: 0) == .none)
  }

  @Test(
    "below 70 % of the target fees rise, below 30 % leverage falls",
    arguments: [
      (1_000, 0, false), (700, 0, false), (699, 625_000, false), (500, 125_000_000, false),
      (300, 250_000_000, false), (299, 250_000_000, true), (0, 250_000_000, true),
    ] as [(Int64, Int64, Bool)])
  func tightening(balance: Int64, rise: Int64, lowers: Bool) throws {
    let tightening = FundTightening(
      balance: balance, target: 1_000, largestRise: try Rate("25%"))
    #expect(tightening.feeRise.billionths == rise && tightening.lowersLeverage == lowers)
  }

  @Test("a fund without target asks nothing")
  func noTarget() throws {
    let none = FundTightening(balance: 0, target: 0, largestRise: try Rate("25%"))
    #expect(none.feeRise == .zero && !none.lowersLeverage)
  }

  @Test("draws end at the event's cap, the window's and the balance")
  func draws() throws {
    let allowance = FundAllowance(
      eventCap: try Rate("10%"), windowCap: try Rate("25%"), window: .hour)
    let start = Timestamp(nanoseconds: 1_000_000_000)
    var (units, window) = allowance.draw(wanted: 500, balance: 1_000, at: start, nil)
    #expect(units == 100 && window.drawn == 100 && window.opening == 1_000)
    (units, window) = allowance.draw(wanted: 50, balance: 900, at: start + .minute, window)
    #expect(units == 50 && window.drawn == 150)
    (units, window) = allowance.draw(wanted: 500, balance: 850, at: start + .minute, window)
    #expect(units == 85 && window.drawn == 235)
    (units, window) = allowance.draw(wanted: 500, balance: 765, at: start + .minute, window)
    #expect(units == 15 && window.drawn == 250)
    (units, window) = allowance.draw(wanted: 5, balance: 750, at: start + .minute, window)
    #expect(units == 0)
    let last = Timestamp(nanoseconds: (start + .hour).nanoseconds - 1)
    #expect(allowance.draw(wanted: 5, balance: 750, at: last, window).units == 0)
    (units, window) = allowance.draw(wanted: 500, balance: 750, at: start + .hour, window)
    #expect(units == 75 && window.opening == 750 && window.drawn == 75)
    #expect(allowance.draw(wanted: -5, balance: 750, at: start + .hour, window).units == 0)
    #expect(allowance.draw(wanted: 5, balance: -1, at: start + .hour, nil).units == 0)
  }

  @Test("in no window is more drawn than its cap, and nothing below zero", arguments: 0..<50)
  func properties(seed: UInt64) throws {
    var random = Seeded(seed)
    let allowance = FundAllowance(
      eventCap: Rate(billionths: .random(in: 0...1_000_000_000, using: &random)),
      windowCap: Rate(billionths: .random(in: 0...1_000_000_000, using: &random)), window: .hour)
    var (balance, now) = (Int64(1_000_000), Timestamp(nanoseconds: 0))
    var window: FundAllowance.Window?
    for _ in 0..<200 {
      now = now + TimeSpan(seconds: .random(in: 0...900, using: &random))
      let drawn = allowance.draw(
        wanted: .random(in: -5...500_000, using: &random), balance: balance, at: now, window)
      #expect(drawn.units <= allowance.eventCap.share(of: balance, rounding: .down))
      #expect(
        drawn.window.drawn
          <= allowance.windowCap.share(of: drawn.window.opening, rounding: .down))
      (balance, window) = (balance - drawn.units, drawn.window)
      #expect(balance >= 0)
      balance += .random(in: 0...50_000, using: &random)
    }
  }
}
