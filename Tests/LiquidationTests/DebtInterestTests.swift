// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Clearing
import Quantities
import Testing

@Suite("Interest on a debt")
struct DebtInterestTests {
  private let eightHours = TimeSpan(seconds: 28_800)

  // 1,095 eight-hour intervals in 365 days: 10.95 % is 0.01 % each.
  @Test("is debt × rate × time, rounded up against the debtor")
  func amount() throws {
    let rate = try Rate("10.95%")
    #expect(debtInterest(debt: 1_000_000_000, rate: rate, over: eightHours) == 100_000)
    #expect(debtInterest(debt: 1_000_000_001, rate: rate, over: eightHours) == 100_001)
    #expect(debtInterest(debt: 1, rate: rate, over: eightHours) == 1)
    #expect(debtInterest(debt: 1, rate: Rate(billionths: 1), over: .minute) == 1)
  }

  @Test("is nothing without a debt, a rate or a time, and stays in its field")
  func limits() throws {
    let rate = try Rate("10%")
    #expect(debtInterest(debt: 0, rate: rate, over: .day) == 0)
    #expect(debtInterest(debt: -5, rate: rate, over: .day) == 0)
    #expect(debtInterest(debt: 5, rate: .zero, over: .day) == 0)
    #expect(debtInterest(debt: 5, rate: rate, over: .zero) == 0)
    let most = debtInterest(
      debt: .max, rate: Rate(billionths: Rate.limit), over: TimeSpan(nanoseconds: .max))
    #expect(Int128(most) == (Int128(Amount.limit) * 100 + 364) / 365)
  }
}
