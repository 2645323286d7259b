// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Liquidation
import Quantities
import TestFixtures
import Testing

/// dYdX v4: equity allotted by maintenance margin.
///
/// BTC at 50,000, maintenance 10 %.
@Suite("Equity allotted by maintenance margin")
struct MarginAllotmentTests {
  private let million: Int64 = 1_000_000

  private func allotment(
    _ notional: Int64, _ maintenance: Int64, equity: Int64, account: Int64
  ) throws -> MarginAllotment {
    try #require(
      MarginAllotment(
        notional: notional * million, maintenance: maintenance * million,
        equity: equity * million, accountMaintenance: account * million))
  }

  // Source: dYdX v4-chain, liquidations_test.go, as stated in FIELD 3.6.
  @Test("bankruptcy value of a long, a short and a half")
  func bankruptcy() throws {
    // 0.1 coin with −4,501: equity 499.
    #expect(
      try allotment(5_000, 500, equity: 499, account: 500).bankruptcyValue == 4_501 * million)
    // −0.1 coin with 5,499.
    #expect(
      try allotment(-5_000, 500, equity: 499, account: 500).bankruptcyValue == -5_499 * million)
    // Half of a long with −5,000: nothing is left, so half is worth 2,500.
    #expect(
      try allotment(2_500, 250, equity: 0, account: 500).bankruptcyValue == 2_500 * million)
  }

  @Test(
    "the fillable price leaves the mark as equity falls",
    arguments: [
      (5_000, "1", "10%", 49_999), (5_000, "2", "10%", 49_998), (5_000, "1", "20%", 49_998),
      (-5_000, "1", "10%", 50_001),
    ] as [(Int64, String, String, Int64)])
  func fillable(notional: Int64, adjustment: String, spread: String, price: Int64) throws {
    let value = try allotment(notional, 500, equity: 499, account: 500)
      .fillableValue(adjustment: try Rate(adjustment), spread: try Rate(spread))
    #expect(value * 10 == price * million * notional.signum())
  }

  @Test("at no equity the spread is whole, above maintenance there is none")
  func ends() throws {
    let value = { (equity: Int64) in
      try self.allotment(5_000, 500, equity: equity, account: 500)
        .fillableValue(adjustment: .one, spread: try Rate("10%"))
    }
    #expect(try value(500) == 5_000 * million && value(501) == 5_000 * million)
    #expect(try value(0) == 4_950 * million && value(-7_000) == 4_950 * million)
  }

  // Source: FIELD 3.6: ten percent above a bankruptcy value of 5,100.
  @Test(
    "the fund receives what a fill is better, up to its cap",
    arguments: [("0.5%", 28_050_000), ("2.5%", 140_250_000), ("100%", 510_000_000)])
  func fund(cap: String, share: Int64) throws {
    let allotment = try allotment(5_500, 500, equity: 400, account: 500)
    #expect(allotment.bankruptcyValue == 5_100 * million)
    #expect(allotment.fundShare(filledAt: 5_610 * million, cap: try Rate(cap)) == share)
    #expect(allotment.fundShare(filledAt: 5_100 * million - 1, cap: try Rate(cap)) == -1)
    #expect(allotment.fundShare(filledAt: 5_100 * million, cap: try Rate(cap)) == 0)
  }

  @Test("closed part by part at bankruptcy, up to a unit each is left", arguments: 0..<100)
  func whole(seed: UInt64) throws {
    var random = Seeded(seed)
    let parts = (0..<Int.random(in: 1...9, using: &random)).map { _ in
      (
        notional: Int64.random(in: -1 << 40...1 << 40, using: &random),
        maintenance: Int64.random(in: 1...1 << 36, using: &random)
      )
    }
    let account = parts.reduce(0) { $0 + $1.maintenance }
    let equity = Int64.random(in: -1 << 40...1 << 40, using: &random)
    let received = try parts.reduce(Int64(0)) { sum, part in
      let allotment = try #require(
        MarginAllotment(
          notional: part.notional, maintenance: part.maintenance, equity: equity,
          accountMaintenance: account))
      return sum + allotment.bankruptcyValue
    }
    let cash = equity - parts.reduce(0) { $0 + $1.notional }
    #expect((0..<Int64(parts.count)).contains(cash + received))
  }

  @Test("numbers outside the field are no allotment, and those at its edge have values")
  func limits() throws {
    let most = Amount.limit
    let make = {
      MarginAllotment(notional: $0, maintenance: $1, equity: $2, accountMaintenance: $3)
    }
    #expect(make(most + 1, 0, 0, 1) == nil && make(0, most + 1, 0, 1) == nil)
    #expect(make(0, -1, 0, 1) == nil && make(0, 0, most + 1, 1) == nil)
    #expect(make(0, 0, 0, 0) == nil && make(0, 0, 0, most + 1) == nil)
    let widest = try #require(make(-most, most, -most, 1))
    #expect(widest.bankruptcyValue == .max)
    let given = widest.fillableValue(
      adjustment: Rate(billionths: .max), spread: Rate(billionths: .max))
    #expect(given == -2 * most)
    #expect(widest.fundShare(filledAt: .min, cap: .one) == .min)
  }
}

/// Drift v2: base to liquidate.
///
/// Source: liquidation/tests.rs, as stated in FIELD 3.16.
@Suite("The size that frees missing margin at a fee")
struct ShortageRuleTests {
  private func rule(_ margin: String, _ fee: String = "0", fund: String = "0") throws
    -> ShortageRule
  {
    try #require(
      ShortageRule(
        marginRate: try Rate(margin), liquidatorFee: try Rate(fee), fundFee: try Rate(fund)))
  }

  @Test(
    "a shortage of 10 at a price of 100",
    arguments: [
      ("0", "1", 1_000_000_000), ("0", "0.99", 1_010_101_010), ("0", "1.01", 990_099_009),
      ("1%", "1", 1_111_111_111),
    ] as [(String, String, Int64)])
  func size(fee: String, quote: String, size: Int64) throws {
    let sized = try rule("10%", fee).size(
      shortage: 10_000_000, price: try Price("100"), settlementPrice: try Price(quote))
    #expect(sized == size)
  }

  @Test("where fees eat the margin nothing helps")
  func toxic() throws {
    let size = { (fee: String) in
      try self.rule("10%", fee, fund: "4%").size(
        shortage: 1, price: try Price("1"), settlementPrice: try Price("1"))
    }
    #expect(try size("6%") == nil && size("6.0000001%") == nil)
    #expect(try size("5.9999999%") != nil)
    #expect(
      try rule("10%").size(shortage: 1, price: Price(steps: 0), settlementPrice: .init(steps: 1))
        == nil)
  }

  // 10 ÷ 200 of margin is short: 10 % − 1 % − 5 % = 4 %, of which 95 %.
  @Test("the fund takes what leaves enough")
  func fundFee() throws {
    let fee = { (shortage: Int64, fund: String) in
      try self.rule("10%", "1%", fund: fund).affordableFundFee(
        shortage: shortage, notional: 200_000_000)
    }
    #expect(try fee(10_000_000, "5%") == Rate("3.8%") && fee(10_000_000, "2%") == Rate("2%"))
    #expect(try fee(18_000_000, "5%") == .zero && fee(17_999_998, "5%") > .zero)
    #expect(try rule("10%").affordableFundFee(shortage: 1, notional: 0) == .zero)
  }

  @Test("rates outside their field are no rule, and the largest numbers have sizes")
  func limits() throws {
    let one = Rate(billionths: 1_000_000_001)
    #expect(ShortageRule(marginRate: one, liquidatorFee: .zero, fundFee: .zero) == nil)
    #expect(ShortageRule(marginRate: .one, liquidatorFee: one, fundFee: .zero) == nil)
    #expect(ShortageRule(marginRate: .one, liquidatorFee: .zero, fundFee: -.one) == nil)
    let thin = try #require(
      ShortageRule(marginRate: Rate(billionths: 1), liquidatorFee: .zero, fundFee: .zero))
    #expect(
      thin.size(shortage: .max, price: Price(steps: 1), settlementPrice: Price(steps: 1)) == .max)
    let dear = Price(steps: Price.limit)
    #expect(try rule("100%").size(shortage: .max, price: dear, settlementPrice: dear) != nil)
    #expect(try rule("100%").affordableFundFee(shortage: .max, notional: 1) == .zero)
  }
}

/// Maker: clip.sol.
///
/// Source: src/test/clip.t.sol, as stated in FIELD 3.15: lot 40, tab 110, price 5.
@Suite("Collateral sold until a debt is raised")
struct DebtSaleTests {
  private let whole: Int64 = 100_000_000
  private let money: Int64 = 1_000_000

  private func sale(leastDebt: Int64 = 0) throws -> DebtSale {
    try #require(DebtSale(lot: 40 * whole, debt: 110 * money, leastDebt: leastDebt * money))
  }

  @Test("taking 22 of 40 raises the debt, and 18 go back")
  func all() throws {
    var clip = try sale()
    let sold = try clip.take(22 * whole, at: Price("5"), limit: Price("5"))
    #expect(sold == .init(size: 22 * whole, paid: 110 * money, returned: 18 * whole))
    #expect(clip.isEnded && clip.lot == 0 && clip.debt == 0)
    #expect(throws: DebtSale.Refusal.ended) {
      try clip.take(1, at: Price("5"), limit: Price("5"))
    }
  }

  @Test("taking 11 pays 55, and the sale goes on with 29 and 55")
  func part() throws {
    var clip = try sale()
    let sold = try clip.take(11 * whole, at: Price("5"), limit: Price("5"))
    #expect(sold == .init(size: 11 * whole, paid: 55 * money, returned: 0))
    #expect(!clip.isEnded && clip.lot == 29 * whole && clip.debt == 55 * money)
  }

  @Test("a greedy bid is cut to what raises the debt")
  func greedy() throws {
    var clip = try sale()
    let sold = try clip.take(.max, at: Price("5"), limit: Price("6"))
    #expect(sold == .init(size: 22 * whole, paid: 110 * money, returned: 18 * whole))
  }

  @Test("a price above the limit, and one of nothing, are refused")
  func limits() throws {
    var clip = try sale()
    #expect(throws: DebtSale.Refusal.aboveLimit) {
      try clip.take(1, at: Price("5.00000001"), limit: Price("5"))
    }
    #expect(throws: DebtSale.Refusal.notPositive) {
      try clip.take(1, at: .zero, limit: Price("5"))
    }
    #expect(throws: DebtSale.Refusal.notPositive) {
      try clip.take(0, at: Price("5"), limit: Price("5"))
    }
    #expect(clip == (try sale()))
    #expect(DebtSale(lot: -1, debt: 1) == nil && DebtSale(lot: 1, debt: Amount.limit + 1) == nil)
  }

  // 110 less 105 leaves 5, below the least of 20: 90 are raised and 20 are left.
  @Test("too small a rest is never left")
  func dust() throws {
    var clip = try sale(leastDebt: 20)
    let cut = try clip.take(21 * whole, at: Price("5"), limit: Price("5"))
    #expect(cut == .init(size: 18 * whole, paid: 90 * money, returned: 0))
    #expect(throws: DebtSale.Refusal.tooSmallRest) {
      try clip.take(whole, at: Price("5"), limit: Price("5"))
    }
    let rest = try clip.take(4 * whole, at: Price("5"), limit: Price("5"))
    #expect(rest == .init(size: 4 * whole, paid: 20 * money, returned: 18 * whole))
    var exact = try sale(leastDebt: 20)
    #expect(try exact.take(18 * whole, at: Price("5"), limit: Price("5")).paid == 90 * money)
  }

  @Test("never below the price, never more than the debt, nothing lost", arguments: 0..<200)
  func properties(seed: UInt64) throws {
    var random = Seeded(seed)
    let start = try #require(
      DebtSale(
        lot: .random(in: 1...1 << 50, using: &random),
        debt: .random(in: 1...1 << 50, using: &random),
        leastDebt: .random(in: 0...1 << 44, using: &random)))
    var clip = start
    var (sold, paid, returned) = (Int64(0), Int64(0), Int64(0))
    for _ in 0..<50 where !clip.isEnded {
      let price = Price(steps: .random(in: 1...1 << 40, using: &random))
      let size = Int64.random(in: 1...1 << 48, using: &random)
      guard let sale = try? clip.take(size, at: price, limit: price) else { continue }
      #expect(sale.size > 0 && sale.paid > 0)
      if sale.size > 1 {
        // Up to one unit of collateral less than a whole unit of money pays for.
        let asked = Double(sale.size - 1) * 1e-8 * Double(price.steps) * 1e-8 * 1e6
        #expect(Double(sale.paid) >= asked * (1 - 1e-12) - 1)
      }
      (sold, paid, returned) = (sold + sale.size, paid + sale.paid, returned + sale.returned)
    }
    #expect(sold + returned + clip.lot == start.lot && paid + clip.debt == start.debt)
    #expect(clip.debt == 0 || clip.lot == 0 || returned == 0)
  }
}

/// Vega: what is collected is distributed by floors.
@Suite("What was collected, by floors")
struct FloorShareTests {
  // Source: Vega, 0002-STTL-settlement-verified-loss-socialization-case1.feature. Mark 100 to 180;
  // party 1 is short 100 and loses 8,000 with 5,000; party 2 is long 100 and wins 8,000. The file
  // expects −2,970 of it, which 5,000 alone do not explain: aux1 and aux2 have traded 1 at 100 to
  // end the auction, so that 5,080 are collected for 8,080, of which aux2 gets
  // ⌊80 × 5,080 ÷ 8,080⌋ = 50, party 2 ⌊5,029.7⌋ = 5,029, and the unit left over as the last.
  @Test("case 1: the winner of 8,000 gets 5,030, so it is 2,970 short")
  func caseOne() {
    let shares = shareCollected(5_000 + 80, among: [80, 8_000])
    #expect(shares == [50, 5_030])
    #expect(8_000 - shares[1] == 2_970)
    // With nothing in the fund: the 400,105,000 of all parties together stay.
    let total: Int64 = 400_105_000
    #expect(total - 5_080 + shares[0] + shares[1] == total)
  }

  @Test("all is given when there is enough, and nothing to losers")
  func enough() {
    #expect(shareCollected(10, among: [3, -4, 7]) == [3, 0, 7])
    #expect(shareCollected(11, among: [3, -4, 7]) == [3, 0, 7])
    #expect(shareCollected(9, among: [3, 7, -4]) == [2, 7, 0])
    #expect(shareCollected(-1, among: [3, 7]) == [0, 0] && shareCollected(5, among: []) == [])
    #expect(shareCollected(5, among: [0, -1]) == [0, 0])
    #expect(shareCollected(.max, among: [.max, .max]) == [.max / 2, .max / 2 + 1])
  }

  @Test("the sum is what was collected, and none but the last gets more", arguments: 0..<200)
  func properties(seed: UInt64) {
    var random = Seeded(seed)
    let wins = (0..<Int.random(in: 1...30, using: &random)).map { _ in
      Int64.random(in: -1_000...100_000, using: &random)
    }
    let won = wins.reduce(0) { $0 + max($1, 0) }
    let collected = Int64.random(in: 0...won + 5, using: &random)
    let shares = shareCollected(collected, among: wins)
    #expect(shares.reduce(0, +) == min(collected, won))
    let last = wins.lastIndex { $0 > 0 }
    for (place, win) in wins.enumerated() {
      // What rounding leaves over is less than a unit for each.
      let over = place == last ? Int64(wins.count) : 0
      #expect(shares[place] >= 0 && shares[place] <= max(win, 0) + over)
    }
  }
}
