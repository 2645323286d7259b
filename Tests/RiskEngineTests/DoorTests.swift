// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Parameters
import Quantities
import RiskEngine
import TestFixtures
import Testing

@Suite("The door")
struct DoorTests {
  @Test("a venue needs a quote currency of six decimals and complete parameters")
  func opening() throws {
    for decimals in [2, 5, 7, 8] as [UInt8] {
      let other = try Asset(symbol: AssetSymbol("USD"), decimals: decimals)
      #expect(throws: StepError.refused(.outsideLimits("a quote currency without 6 decimals"))) {
        _ = try Engine.open(quote: other, parameters: ParameterFixture.set())
      }
    }
    _ = try Engine.open(quote: Coins.usd, parameters: ParameterFixture.set())
    let empty = try ParameterSet(
      name: "empty", date: CivilDate.split(Venue.start).date, values: [])
    #expect(throws: StepError.self) {
      _ = try Engine.open(quote: Coins.usd, parameters: empty)
    }
  }

  @Test("65,000 instruments are listed and no more")
  func instruments() throws {
    func contract(_ number: Int) throws -> Contract {
      try Contracts.contract(
        UInt32(number), "BTC-\(number)", "BTC", .perpetual, .linear, Coins.usd, 100_000, "100000")
    }
    var state = LedgerState(quote: try Coins.usd, parameters: try ParameterFixture.set())
    for number in 0..<64_998 { state.apply(.instrumentListed(try contract(number))) }
    var engine = try Engine(state: state, hash: .zero, sequence: 1)
    for number in 64_998..<65_000 { _ = try engine.step(.listInstrument(contract(number))) }
    #expect(engine.state.listing.contracts.count == 65_000)
    #expect(throws: StepError.refused(.outsideLimits("the number of instruments"))) {
      _ = try engine.step(.listInstrument(contract(65_000)))
    }
    #expect(engine.state.listing.contracts.count == 65_000)
  }

  @Test("who holds something takes nothing out of a venue whose marks are not there")
  func unmarked() throws {
    let perpetual = try Contracts.contract(
      0, "BTC-PERP", "BTC", .perpetual, .linear, Coins.usd, 100_000, "100000")
    var state = LedgerState(quote: try Coins.usd, parameters: try ParameterFixture.set())
    state.apply(.instrumentListed(perpetual))
    let hundred = try Amount("100", of: Coins.usd)
    for id in [AccountID(1), AccountID(2)] {
      state.apply(.accountOpened(id, .cross))
      state.apply(
        .transferred(Transfer(from: .outside, to: .account(id), amount: hundred, reason: .deposit)))
    }
    let trade = Trade(
      instrument: perpetual.id, buyer: AccountID(1), seller: AccountID(2), size: Size(steps: 1),
      unitValue: 8_000_000, price: try Price("8000"), cause: .matching)
    state.apply(.traded(trade))
    var engine = try Engine(state: state, hash: .zero, sequence: 1)
    let one = try Amount("1", of: Coins.usd)
    #expect(throws: StepError.refused(.notMarked("the account's instruments"))) {
      _ = try engine.step(.withdrawCollateral(AccountID(1), one))
    }
    #expect(engine.state == state)
  }

  @Test("unknown things are refused by name")
  func unknown() throws {
    var venue = try Venue.marked()
    let one = try Amount("1", of: Coins.usd)
    let none = AccountID(77)
    let foreign = try Asset(symbol: AssetSymbol("XYZ"), decimals: 8)
    #expect(venue.refusal(of: .depositCollateral(none, one)) == .unknownAccount(none))
    #expect(venue.refusal(of: .withdrawCollateral(none, one)) == .unknownAccount(none))
    #expect(venue.refusal(of: .cancelOrder(none, OrderID(1))) == .unknownAccount(none))
    #expect(venue.refusal(of: .cancelOrder(Venue.maker, OrderID(9))) == .unknownOrder(OrderID(9)))
    let strange = try Amount("1", of: foreign)
    #expect(
      venue.refusal(of: .depositCollateral(Venue.maker, strange)) == .unknownAsset(foreign.symbol))
    #expect(
      venue.refusal(of: .withdrawCollateral(Venue.maker, strange))
        == .unknownAsset(foreign.symbol))
    #expect(venue.refusal(of: .contributeToFund(strange)) == .unknownAsset(foreign.symbol))
    let contract = try Contracts.contract(
      99, "X-PERP", "XYZ", .perpetual, .inverse, foreign, 100_000, "500")
    #expect(venue.refusal(of: .listInstrument(contract)) == .unknownAsset(foreign.symbol))
    let report = ExecutionReport(order: OrderID(5), fills: [])
    #expect(venue.refusal(of: .reportExecution(report)) == .unknownOrder(OrderID(5)))
  }

  @Test("what exists is not made again, and ids rise")
  func duplicates() throws {
    var venue = try Venue.marked()
    let usd = try Coins.usd
    #expect(
      venue.refusal(of: .openVenue(quote: usd, venue.engine.state.parameters))
        == .alreadyExists("the venue"))
    #expect(
      venue.refusal(of: .openAccount(Venue.maker, .cross)) == .alreadyExists("account 0"))
    try venue.open(9, .cross)
    #expect(
      venue.refusal(of: .openAccount(AccountID(8), .cross)) == .notIncreasing("an account's id"))
    let coin = CollateralAsset(asset: try Coins.btc, underlying: try AssetSymbol("BTC"))
    #expect(venue.refusal(of: .acceptCollateral(coin)) == .alreadyExists("collateral BTC"))
    let again = try Contracts.all[3]
    #expect(venue.refusal(of: .listInstrument(again)) == .alreadyExists(again.name))
    var sparse = try Venue.marked()
    try sparse.submit(
      .listInstrument(
        Contracts.contract(20, "B2", "BTC", .perpetual, .linear, usd, 100_000, "500000")))
    let lower = try Contracts.contract(
      19, "B1", "BTC", .perpetual, .linear, usd, 100_000, "500000")
    #expect(sparse.refusal(of: .listInstrument(lower)) == .notIncreasing("an instrument's id"))
  }

  @Test("a contract that is over or too valuable per step is not listed")
  func listing() throws {
    var venue = try Venue.marked()
    let usd = try Coins.usd
    let over = try Contracts.contract(
      50, "OLD", "BTC", .future(expiry: venue.now), .linear, usd, 100_000, "500000")
    #expect(venue.refusal(of: .listInstrument(over)) == .expired(InstrumentID(50)))
    // 2^29 ledger units at the highest price: 536,870.912 USD for a thousandth of a coin times
    // a thousand.
    let dear = try Contracts.contract(
      50, "DEAR", "BTC", .perpetual, .linear, usd, 100_000, "536870.92")
    #expect(
      venue.refusal(of: .listInstrument(dear))
        == .outsideLimits("the value of a step of DEAR"))
    try venue.submit(
      .listInstrument(
        Contracts.contract(50, "FITS", "BTC", .perpetual, .linear, usd, 100_000, "536870.911")))
  }

  @Test("a listing whose rules are not stated leaves no trace")
  func incompleteRules() throws {
    var set = try ParameterFixture.set(Venue.wideOracle)
    set = try ParameterSet(
      name: "no defaults", date: set.date,
      values: set.values.filter { !$0.key.hasPrefix("oracle.default.quorum") })
    var (engine, _) = try Engine.open(quote: Coins.usd, parameters: set)
    let before = engine.state
    let doge = try Asset(symbol: AssetSymbol("DOGE"), decimals: 8)
    let commands: [Command] = [
      .acceptCollateral(CollateralAsset(asset: doge, underlying: doge.symbol)),
      .listInstrument(
        try Contracts.contract(
          0, "DOGE-PERP", "DOGE", .perpetual, .linear, Coins.usd, 100_000, "100")),
    ]
    for command in commands {
      #expect(throws: StepError.refused(.parameters(.missing(key: "oracle.DOGE.quorum")))) {
        _ = try engine.step(command)
      }
      #expect(engine.state == before)
      #expect(engine.rules.underlyings.isEmpty)
    }
  }

  @Test("a contract that cannot be marked does not stop the venue")
  func unmarkable() throws {
    var venue = try Venue.marked()
    // A step of 10,000 USD is 50 coins at 200 USD: 5·10^9 ledger units, above 2^29.
    let coarse = try Contracts.contract(
      51, "COARSE", "ETH", .perpetual, .inverse, Coins.eth, 1_000_000_000_000, "50000")
    #expect(
      venue.refusal(of: .listInstrument(coarse)) == .outsideLimits("the scenarios of COARSE"))
    #expect(venue.engine.valuation != nil)
  }

  @Test("amounts are positive and inside their limits")
  func amounts() throws {
    var venue = try Venue.marked([(key: "clearing.depositLimit", value: "200000000000000")])
    let usd = try Coins.usd
    for units: Int64 in [0, -1, .min] {
      let amount = Amount(units: units, asset: usd)
      #expect(
        venue.refusal(of: .depositCollateral(Venue.maker, amount)) == .notPositive("an amount"))
      #expect(
        venue.refusal(of: .withdrawCollateral(Venue.maker, amount)) == .notPositive("an amount"))
      #expect(venue.refusal(of: .contributeToFund(amount)) == .notPositive("an amount"))
    }
    // 100 million USD are in: 100 million more fit to the unit.
    let beyond = Amount(units: 100_000_000_000_001, asset: usd)
    let limit = Refusal.outsideLimits("the venue's deposits of USD")
    #expect(venue.refusal(of: .depositCollateral(Venue.maker, beyond)) == limit)
    #expect(venue.refusal(of: .contributeToFund(beyond)) == limit)
    let most = Amount(units: .max, asset: usd)
    #expect(venue.refusal(of: .depositCollateral(Venue.maker, most)) == limit)
    try venue.submit(
      .depositCollateral(Venue.maker, Amount(units: 100_000_000_000_000, asset: usd)))
  }

  @Test("every refusal has a code of its own and says what is wrong")
  func codes() throws {
    let symbol = try AssetSymbol("BTC")
    let refusals: [Refusal] = [
      .unknownAccount(AccountID(1)), .unknownInstrument(InstrumentID(1)), .unknownAsset(symbol),
      .unknownOrder(OrderID(1)), .alreadyExists("x"), .notIncreasing("x"), .notPositive("x"),
      .outsideLimits("x"), .expired(InstrumentID(1)), .notMarked("x"),
      .priceOutsideBand(.zero, mark: .zero), .marketIsReduceOnly(symbol),
      .accountInLiquidation(AccountID(1)), .selfTrade(AccountID(1)),
      .isolatedAccountHoldsAnother(AccountID(1)), .tooManyPositions(AccountID(1)),
      .tooManyOrders(AccountID(1)),
      .belowInitialMargin(AccountID(1), equity: -1_500_000, initialMargin: 2),
      .insufficientBalance(AccountID(1), has: 3), .notReducing(AccountID(1)),
      .timeNotIncreasing(Venue.start, last: Venue.start), .tooManySamples(5_000),
      .fillBeyondLimit(OrderID(1)), .fillBeyondSize(OrderID(1)), .orderTooLate(OrderID(1)),
      .parameters(.missing(key: "x")), .collateralCapReached(symbol, cap: 1),
      .debtAboveCap(AccountID(1), symbol, debt: 2, cap: 1), .transferOfAnOrder(OrderID(1)),
    ]
    #expect(Set(refusals.map(\.code)).count == refusals.count)
    #expect(refusals.allSatisfy { !$0.description.isEmpty })
    #expect(refusals[17].description.contains("-1.5"))
    #expect(StepError.refused(refusals[0]).description.contains("unknown-account"))
  }
}
