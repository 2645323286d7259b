// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Clearing
import Instruments
import Parameters
import Quantities
import TestFixtures
import Testing

@Suite("Funding")
struct FundingTests {
  // F = P + clamp(0.01 % − P, ±0.05 %), capped at ±0.75 %: Binance, “Introduction to Funding
  // Rates”. The worked lines follow from it by hand.
  @Test(
    "the rate follows the published formula",
    arguments: [
      ("0%", "0.01%"), ("0.01%", "0.01%"), ("0.06%", "0.01%"), ("0.0600001%", "0.0100001%"),
      ("0.1%", "0.05%"), ("-0.04%", "0.01%"), ("-0.0400001%", "0.0099999%"),
      ("-0.1%", "-0.05%"), ("0.8%", "0.75%"), ("0.7999999%", "0.7499999%"), ("5%", "0.75%"),
      ("-0.8%", "-0.75%"), ("-5%", "-0.75%"),
    ])
  func rate(premium: String, expected: String) throws {
    let parameters = try ClearingParameters(ParameterFixture.set())
    #expect(fundingRate(premium: try Rate(premium), parameters) == (try Rate(expected)))
  }

  @Test("the rate rises with the premium and never leaves its cap")
  func monotone() throws {
    let parameters = try ClearingParameters(ParameterFixture.set())
    var last = fundingRate(premium: Rate(billionths: -Rate.limit), parameters)
    for premium in stride(from: Int64(-20_000_000), through: 20_000_000, by: 7_919) {
      let rate = fundingRate(premium: Rate(billionths: premium), parameters)
      #expect(rate >= last && abs(rate.billionths) <= 7_500_000)
      last = rate
    }
    #expect(fundingRate(premium: Rate(billionths: Rate.limit), parameters).billionths == 7_500_000)
  }

  @Test(
    "a step pays its notional × rate, half to even, and a market's payments cancel",
    arguments: 0..<50)
  func zeroSum(seed: UInt64) throws {
    #expect(unitFunding(notional: 12_500, rate: try Rate("0.01%")) == 1)
    #expect(unitFunding(notional: 15_000, rate: try Rate("0.01%")) == 2)
    #expect(unitFunding(notional: 25_000, rate: try Rate("0.01%")) == 2)
    #expect(unitFunding(notional: 25_000, rate: try Rate("-0.01%")) == -2)
    var random = Seeded(seed)
    let payment = unitFunding(
      notional: unitNotional(unitValue: Int64.random(in: -(1 << 29)...(1 << 29), using: &random)),
      rate: Rate(billionths: Int64.random(in: -7_500_000...7_500_000, using: &random)))
    let sizes = (0..<20).map { _ in Int64.random(in: -1_000_000...1_000_000, using: &random) }
    let paid = sizes.map { -$0 * payment } + [sizes.reduce(0, +) * payment]
    #expect(paid.reduce(0, +) == 0)
  }

  @Test(
    "an interval is crossed by reaching a multiple of it",
    arguments: [
      (0 as Int64, 28_800 as Int64, true), (0, 28_799, false), (28_799, 28_800, true),
      (28_800, 28_801, false), (28_800, 57_599, false), (28_800, 200_000, true),
    ])
  func crossing(from: Int64, to: Int64, crosses: Bool) {
    #expect(
      crossesInterval(
        from: Timestamp(seconds: from), to: Timestamp(seconds: to),
        interval: TimeSpan(seconds: 28_800)) == crosses)
  }
}

@Suite("Trading fees")
struct TradingFeeTests {
  private func fee(
    _ worth: TradeWorth, _ role: LiquidityRole, _ changes: [(key: String, value: String)] = []
  ) throws -> Int64 {
    tradingFee(worth, role, try FeeParameters(ParameterFixture.set(changes)))
  }

  @Test("futures pay their side's rate on the value, rounded up")
  func futures() throws {
    // 10,000 USD at 0.04 % and 0.02 %.
    let trade = TradeWorth(value: 10_000_000_000)
    #expect(try fee(trade, .taker) == 4_000_000)
    #expect(try fee(trade, .maker) == 2_000_000)
    #expect(try fee(TradeWorth(value: 1), .taker) == 1)
    #expect(try fee(TradeWorth(value: 2_500), .taker) == 1)
    #expect(try fee(TradeWorth(value: 2_501), .taker) == 2)
    #expect(try fee(TradeWorth(value: 0), .taker) == 0)
    #expect(try fee(TradeWorth(value: 1 << 60), .taker) == 461_168_601_842_739)
  }

  @Test("a rebate is rounded toward nothing")
  func rebate() throws {
    let rebate = [(key: "fees.maker", value: "-0.025%")]
    #expect(try fee(TradeWorth(value: 10_000_000_000), .maker, rebate) == -2_500_000)
    #expect(try fee(TradeWorth(value: 3_999), .maker, rebate) == 0)
    #expect(try fee(TradeWorth(value: 4_000), .maker, rebate) == -1)
  }

  // Deribit, “Fees”: an option traded at 0.0001 BTC pays 0.0000125 BTC instead of 0.0003 BTC.
  @Test(
    "options pay on their underlying, at most an eighth of the premium",
    arguments: [
      (10_000 as Int64, 1_250 as Int64), (1_000_000, 30_000), (240_000, 30_000), (239_999, 30_000),
      (239_992, 29_999), (0, 0), (1, 1),
    ])
  func options(premium: Int64, expected: Int64) throws {
    let trade = TradeWorth(value: premium, underlying: 100_000_000)
    for role in LiquidityRole.allCases { #expect(try fee(trade, role) == expected) }
  }

  @Test("a rebate of more than the taker pays is refused")
  func inconsistent() throws {
    let make = { (maker: String) in
      try FeeParameters(ParameterFixture.set([(key: "fees.maker", value: maker)]))
    }
    #expect(try make("-0.04%").maker == Rate("-0.04%"))
    #expect {
      _ = try make("-0.0400001%")
    } throws: { error in
      guard case .inconsistent(let key, _) = error as? ParameterError else { return false }
      return key == "fees.maker"
    }
  }
}

@Suite("Expiry")
struct ExpiryTests {
  private func value(_ contract: Contract, at price: String) throws -> Int64 {
    try settlementUnitValue(of: contract, settlementPrice: Price(price))
  }

  private func option(
    _ right: OptionRight, _ settlement: Settlement = .linear, step: Int64 = 100_000,
    highest: String = "500000"
  ) throws -> Contract {
    try Contracts.make(
      .option(right, strike: Price("8000"), expiry: Contracts.expiry), settlement,
      stepQuantity: step, highest: highest)
  }

  @Test("futures end at the settlement price, linear and inverse")
  func futures() throws {
    let linear = try Contracts.make(
      .future(expiry: Contracts.expiry), stepQuantity: 100_000, highest: "500000")
    #expect(try value(linear, at: "8420") == 8_420_000)
    let inverse = try Contracts.make(
      .future(expiry: Contracts.expiry), .inverse, stepQuantity: 100_000_000, highest: "500000")
    // −10^16 ÷ 8.42·10^11 = −11,876.48.
    #expect(try value(inverse, at: "8420") == -11_876)
  }

  @Test(
    "linear options end at their intrinsic value",
    arguments: [
      ("8420", 420_000 as Int64, 0 as Int64), ("8000", 0, 0), ("7580", 0, 420_000),
      ("8000.001", 1, 0), ("7999.999", 0, 1), ("8000.0005", 0, 0),
    ])
  func linearOptions(price: String, call: Int64, put: Int64) throws {
    #expect(try value(option(.call), at: price) == call)
    #expect(try value(option(.put), at: price) == put)
  }

  @Test(
    "coin options end at intrinsic value ÷ settlement price",
    arguments: [
      // A hundredth of a coin: 420/8,420 = 0.04988124 (to 10^−8), 420/7,580 = 0.05540897.
      ("8420", 49_881 as Int64, 0 as Int64), ("8000", 0, 0), ("7580", 0, 55_409),
      ("4000", 0, 1_000_000),
    ])
  func coinOptions(price: String, call: Int64, put: Int64) throws {
    let make = { (right: OptionRight) in
      try option(right, .inverse, step: 1_000_000, highest: "100")
    }
    #expect(try value(make(.call), at: price) == call)
    #expect(try value(make(.put), at: price) == put)
  }

  @Test("put-call parity holds at expiry")
  func parity() throws {
    for price in stride(from: 1_000, through: 60_000, by: 977) {
      let call = try value(option(.call), at: "\(price)")
      let put = try value(option(.put), at: "\(price)")
      #expect(call - put == (Int64(price) - 8_000) * 1_000)
    }
  }

  @Test("a price that is none, or beyond the contract, is refused")
  func impossible() throws {
    for contract in [try option(.call), try option(.put), try Contracts.inverse] {
      for steps: Int64 in [.min, -1] {
        #expect(throws: QuantityError.self) {
          _ = try settlementUnitValue(of: contract, settlementPrice: Price(steps: steps))
        }
      }
    }
    #expect(throws: QuantityError.self) { _ = try value(option(.put), at: "0") }
    let future = try Contracts.make(
      .future(expiry: Contracts.expiry), stepQuantity: 100_000, highest: "9000")
    #expect(throws: QuantityError.notRepresentable) { _ = try value(future, at: "9000.00000001") }
  }

  @Test("an option pays at most its highest price, at and beyond it")
  func cap() throws {
    let low = try option(.call, highest: "9000")
    #expect(try value(low, at: "16999.999") == 8_999_999)
    #expect(try value(low, at: "17000.001") == 9_000_000)
    #expect(try value(low, at: "1000000000") == 9_000_000)
    // (8,000 − S) ÷ S = 100 at S = 8,000 ÷ 101.
    let put = try option(.put, .inverse, step: 1_000_000, highest: "100")
    #expect(try value(put, at: "79.3") == 99_882_724)
    #expect(try value(put, at: "79") == 100_000_000)
    #expect(try value(put, at: "0.00000001") == 100_000_000)
  }
}
