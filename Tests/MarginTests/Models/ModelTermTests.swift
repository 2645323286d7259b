// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import Parameters
import Pricing
import Quantities
import Testing

/// Terms that no published example shows, each by arithmetic done by hand.
@Suite("Terms of a margin model")
struct ModelTermTests {
  /// A model of its own: one scenario of −10 % and what is added to it.
  private func model(
    _ changes: [String] = [], row: [String] = ["-10%", "0", "100%"]
  ) throws -> MarginModel {
    let values =
      [
        "model.default.scan.range=10%", "model.default.scan.steps=0",
        "model.default.row.1.shift=\(row[0])", "model.default.row.1.volatility=\(row[1])",
        "model.default.row.1.share=\(row[2])",
      ] + changes
    return try MarginModel(
      try ParameterSet(
        name: "own", date: ModelFixture.date,
        values: try values.map { text throws in
          let parts = text.split(separator: "=").map(String.init)
          return try ParameterSet.read(key: parts[0], text: parts[1], source: "test")
        }))
  }

  /// BTC at 100 and ETH at 10, expiries in half a year and a year.
  private func book(_ positions: [ModelBook.Position] = []) throws -> ModelBook {
    ModelBook(
      underlyings: [
        ModelBook.Underlying(symbol: try ModelFixture.symbol("BTC"), index: 100),
        ModelBook.Underlying(symbol: try ModelFixture.symbol("ETH"), index: 10),
      ],
      expiries: [
        ModelBook.Expiry(underlying: 0, forward: 100, years: 0.5),
        ModelBook.Expiry(underlying: 0, forward: 100, years: 1),
      ], positions: positions)
  }

  private func perpetual(_ quantity: Double, _ underlying: Int = 0) -> ModelBook.Position {
    ModelBook.Position(
      name: "perpetual", underlying: underlying, kind: .perpetual, quantity: quantity,
      mark: underlying == 0 ? 100 : 10)
  }

  private func future(_ quantity: Double, expiry: Int) -> ModelBook.Position {
    ModelBook.Position(
      name: "future", kind: .future(expiry: expiry), quantity: quantity, mark: 100)
  }

  private func option(
    _ quantity: Double, expiry: Int, strike: Double = 100
  ) throws -> ModelBook.Position {
    ModelBook.Position(
      name: "call", kind: .option(.call, strike: strike, expiry: expiry, volatility: 0.5),
      quantity: quantity,
      mark: try book().optionMark(.call, strike: strike, expiry: expiry, volatility: 0.5))
  }

  private func amount(
    _ charge: ModelCharge, _ changes: [String], _ positions: [ModelBook.Position]
  ) throws -> Double {
    try model(changes).requirement(of: try book(positions)).sum(of: charge).initial
  }

  @Test("roll: every expiry's delta, by its time, at least the least move")
  func roll() throws {
    let changes = ["model.default.roll.leastMove=1%", "model.default.roll.annualMove=4%"]
    let positions = [perpetual(2), future(-1, expiry: 0), future(-1, expiry: 1)]
    // 200 × 1 % + 100 × 2 % + 100 × 4 %.
    #expect(isNear(try amount(.roll, changes, positions), 8, within: 1e-12))
  }

  @Test("calendar: delta that one expiry offsets in another")
  func calendar() throws {
    let positions = [perpetual(3), future(-1, expiry: 0), future(-1, expiry: 1)]
    // (5 − 1) ÷ 2 = 2 units of 100 at 3 %.
    let charge = try amount(.calendar, ["model.default.calendar.rate=3%"], positions)
    #expect(isNear(charge, 6, within: 1e-12))
  }

  @Test("delta shock: nothing to the threshold, then a rate that rises to its most")
  func deltaShock() throws {
    let changes = [
      "model.default.deltaShock.threshold=100", "model.default.deltaShock.perUnit=1%",
      "model.default.deltaShock.most=5%",
    ]
    for (size, expected) in [(1.0, 0.0), (3.0, 6.0), (9.0, 45.0)] {
      let charge = try amount(.deltaShock, changes, [perpetual(-size)])
      #expect(isNear(charge, expected, within: 1e-9))
    }
  }

  @Test("theta: what passing time takes from long options; short ones pay nothing")
  func theta() throws {
    let changes = ["model.default.theta.horizon=1d"]
    let years = 0.5 - 1.0 / 365
    let now = try book().optionMark(.call, strike: 100, expiry: 0, volatility: 0.5)
    let later = try Black76.price(
      forward: 100, strike: 100, totalVariance: 0.25 * years, right: .call)
    let long = try amount(.theta, changes, [try option(3, expiry: 0)])
    #expect(isNear(long, 3 * (now - later), within: 1e-10))
    #expect(try amount(.theta, changes, [try option(-3, expiry: 0)]) == 0)
  }

  @Test("vega: what one expiry offsets in another")
  func vega() throws {
    let vegas = try [0.5, 1.0].map { years in
      try Black76.value(
        forward: 100, strike: 100, volatility: 0.5, yearsToExpiry: years, right: .call
      ).greeks.vega
    }
    let positions = [try option(1, expiry: 0), try option(-1, expiry: 1)]
    // (|v0| + |v1| − |v0 − v1|) ÷ 2 is the smaller one.
    let charge = try amount(.vega, ["model.default.vega.points=2%"], positions)
    #expect(isNear(charge, 0.02 * vegas[0], within: 1e-10))
    #expect(try amount(.vega, ["model.default.vega.points=2%"], [positions[0]]) == 0)
  }

  @Test("credit: a share of the scans where two underlyings offset, never without opposition")
  func credit() throws {
    // BTC +1 at 100 loses 10 %; ETH −20 at 10 gains: only BTC's row of −10 % has a loss, and
    // half of ETH's delta is matched.
    let changes = ["model.credit.BTC.ETH.share=50%"]
    let charge = try amount(.credit, changes, [perpetual(1), perpetual(-20, 1)])
    #expect(isNear(charge, -5, within: 1e-12))
    #expect(try amount(.credit, changes, [perpetual(1), perpetual(20, 1)]) == 0)
  }

  @Test("floors: extreme move, short options, ladder; each adds what is missing")
  func floors() throws {
    let long = try model(["model.default.extreme.move=24%"])
      .requirement(of: try book([perpetual(-1)]))
    // The one scenario gains; a rise of 24 % costs 24.
    #expect(isNear(long.exactInitial, 24, within: 1e-12))
    #expect(long.lines.map(\.charge) == [.scan, .extremeMove])

    let short = try model(["model.default.minimum.shortOption=2%"])
    var positions = [try option(-3, expiry: 0, strike: 200), try option(1, expiry: 0, strike: 200)]
    positions[1].name = "other"
    // Two short on balance at the strike.
    #expect(isNear(try short.requirement(of: try book(positions)).exactInitial, 4, within: 1e-12))

    let ladder = [
      "model.default.ladder.rate=1%", "model.default.ladder.row.1.upper=2",
      "model.default.ladder.row.1.multiple=1", "model.default.ladder.row.2.multiple=3",
    ]
    for (size, expected) in [(-2.0, 2.0), (-2.01, 6.03)] {
      let charge = try amount(.minimumLadder, ladder, [perpetual(size)])
      #expect(isNear(charge, expected, within: 1e-12))
    }
  }

  @Test("floors are compared in sum, or underlying by underlying")
  func floorsByUnderlying() throws {
    // BTC loses 10 and has a floor of 5; ETH loses nothing and has a floor of 4.
    let changes = ["model.BTC.extreme.move=5%", "model.ETH.extreme.move=4%"]
    let positions = [perpetual(1), perpetual(-10, 1)]
    #expect(try amount(.extremeMove, changes, positions) == 0)
    let apart =
      changes + [
        "model.account.core.perUnderlying=true", "model.account.core.initial=1",
        "model.account.core.maintenance=1",
      ]
    #expect(isNear(try amount(.extremeMove, apart, positions), 4, within: 1e-12))
  }

  @Test("provisions: fee on all notional, funding for the side that pays")
  func provision() throws {
    let changes = [
      "model.default.provision.closeFee=0.1%", "model.default.provision.fundingShare=50%",
    ]
    let cases: [(Double, Double, Double)] = [
      (2, 0.04, 4.2), (-2, 0.04, 0.2), (-2, -0.04, 4.2), (2, -0.04, 0.2),
    ]
    for (size, basis, expected) in cases {
      var book = try book([perpetual(size)])
      book.underlyings[0].basis = basis
      let charge = try model(changes).requirement(of: book).sum(of: .provision).initial
      #expect(isNear(charge, expected, within: 1e-12))
    }
  }

  @Test("gains of one settlement currency offset the other's losses by their share alone")
  func gains() throws {
    // In coin, short 100 quote units of BTC gain 100 × (1/0.9 − 1); linear long one loses 10.
    let short = ModelBook.Position(
      name: "inverse", kind: .perpetual, isInverse: true, quantity: -100, mark: 100)
    let gain = 100.0 * (0.1 / 0.9)
    let cases: [([String], Double)] = [
      ([], gain), (["model.default.scan.coin.gainShare=60%"], 0.6 * gain),
      (["model.default.scan.coin.gainLimit=4"], 4),
    ]
    for (changes, counted) in cases {
      let loss = try amount(
        .scan, changes + ["model.default.scan.inCoin=true"], [perpetual(1), short])
      #expect(isNear(loss, max(10 - counted, 0), within: 1e-12))
    }
  }

  @Test("additive volatility moves are points")
  func additive() throws {
    let changes = [
      "model.default.volatility.isAdditive=true", "model.default.volatility.up=20%",
      "model.default.volatility.down=25%", "model.default.volatility.shortPower=0",
      "model.default.volatility.longPower=0", "model.default.volatility.shortestExpiry=1d",
    ]
    for (state, volatility) in [("1", 0.7), ("-1", 0.25)] {
      let short = try option(state == "1" ? -1 : 1, expiry: 1)
      let loss = try model(changes, row: ["0", state, "100%"])
        .requirement(of: try book([short])).exactInitial
      let now = try book().optionMark(.call, strike: 100, expiry: 1, volatility: 0.5)
      let then = try book().optionMark(.call, strike: 100, expiry: 1, volatility: volatility)
      #expect(isNear(loss, (then - now).magnitude, within: 1e-10))
    }
  }

  @Test("a settlement average moves only its open part")
  func settling() throws {
    var book = try book([future(1, expiry: 0)])
    book.expiries[0].fixed = 75
    book.expiries[0].open = 0.25
    #expect(isNear(try model().requirement(of: book).exactInitial, 2.5, within: 1e-12))
    // Certain to be exercised: strike below what is fixed.
    book.positions = [try option(1, expiry: 0, strike: 50)]
    #expect(isNear(try model().requirement(of: book).exactInitial, 2.5, within: 1e-12))
    // Certain not to be.
    book.positions = [
      ModelBook.Position(
        name: "put", kind: .option(.put, strike: 50, expiry: 0, volatility: 0.5), quantity: 1,
        mark: 0)
    ]
    #expect(try model().requirement(of: book).exactInitial == 0)
  }

  @Test("a settlement average that is none is refused, at and beyond its bounds")
  func malformedSettling() throws {
    func requirement(fixed: Double, open: Double) throws -> Double {
      var book = try book([future(1, expiry: 0)])
      book.expiries[0].fixed = fixed
      book.expiries[0].open = open
      return try model().requirement(of: book).exactInitial
    }
    for (fixed, open) in [
      (-0.000001, 1.0), (1e15 * 1.000001, 0), (.nan, 1), (.infinity, 1), (0, -0.000001),
      (0, 1.000001), (0, .nan), (0, 0),
    ] {
      #expect(throws: ModelError.malformed("expiry 0"), "\(fixed) and \(open)") {
        _ = try requirement(fixed: fixed, open: open)
      }
    }
    #expect(try requirement(fixed: 0, open: 1) > 0)
    #expect(try requirement(fixed: 0.000001, open: 0) == 0)
  }

  @Test("haircuts of holdings alone, or of what an asset comes to")
  func haircuts() throws {
    let changes = ["model.BTC.collateral.initial=20%", "model.BTC.collateral.maintenance=10%"]
    var book = try book([
      ModelBook.Position(
        name: "inverse", kind: .perpetual, isInverse: true, quantity: 100, mark: 100, profit: -0.5)
    ])
    book.holdings = [
      ModelBook.Holding(
        symbol: try ModelFixture.symbol("BTC"), amount: 2, price: 100, underlying: 0)
    ]
    let gross = try model(changes).requirement(of: book).sum(of: .haircut)
    #expect(isNear(gross.initial, 40, within: 1e-12))
    #expect(isNear(gross.maintenance, 20, within: 1e-12))
    let net = try model(changes + ["model.account.collateral.net=true"])
    #expect(isNear(try net.requirement(of: book).sum(of: .haircut).initial, 30, within: 1e-12))
  }

  @Test("one gate: requirements up, equity down, and no unit for a sum's last bit")
  func gate() throws {
    var book = try book([perpetual(0.0000015)])
    book.cash = -0.0000015
    let requirement = try model().requirement(of: book)
    // 15 millionths exactly; −1.5 millionths of equity.
    #expect(requirement.initialMargin == 15)
    #expect(requirement.equity == -2)
    book.positions = [perpetual(0.00000151)]
    #expect(try model().requirement(of: book).initialMargin == 16)
    book.positions = [perpetual(1e12)]
    #expect(throws: ModelError.outOfRange) { _ = try model().requirement(of: book) }
  }
}
