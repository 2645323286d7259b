// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import Testing

@Suite("Published examples of Deribit's models")
struct DeribitExampleTests {
  // Source: Deribit, production answer of private/pme/simulate, 15 February 2026: −0.999487053
  // ETH of an inverse perpetual at 1,949.34. Figures have nine to eleven digits.
  @Test("one perpetual: rows, clipped tails, roll shock and both margins")
  func perpetual() throws {
    let index = 1_949.34
    var fixture = try BookFixture("ETH", index: index)
    fixture.book.positions = [
      ModelBook.Position(
        name: "ETH-PERPETUAL", kind: .perpetual, isInverse: true,
        quantity: -0.999487053 * index, mark: index)
    ]
    let model = try ModelFixture.model("deribit-portfolio")
    let requirement = try model.requirement(of: fixture.book)
    let scan = try #require(requirement.scans.first)
    func coins(_ shift: Double) throws -> Double {
      let row = try #require(scan.rows.firstIndex { isNear($0.spotShift, shift, within: 1e-12) })
      return scan.profits[row] / index
    }
    for (shift, expected) in [
      (0.045, -0.04304011233), (0.09, -0.08252645392), (0.135, -0.11888171996),
      (0.18, -0.15246412673), (-0.18, 0.1316397582), (-0.135, 0.15598930885 * 0.6),
    ] {
      #expect(isNear(try coins(shift), expected, within: 1e-10), "\(shift)")
    }
    // The dampener takes the tails away.
    for profit in scan.profits.suffix(8) { #expect(profit == 0) }
    #expect(isNear(requirement.sum(of: .roll).initial / index, 0.004997435265, within: 1e-12))
    #expect(isNear(requirement.exactInitial / index, 0.157461562, within: 6e-10))
    #expect(isNear(requirement.exactMaintenance / index, 0.12596925, within: 6e-10))

    // Without dampener and shortened gains: the published pre-aggregated table.
    let whole = try ModelFixture.model(
      "deribit-portfolio", applying: ["model.ETH.scan.coin.gainShare=100%"],
      without: ["model.ETH.tail.coin.deduction"])
    let tails = try #require(try whole.requirement(of: fixture.book).scans.first).profits.suffix(8)
    for (place, profit) in tails.enumerated() {
      let expected = place < 2 ? 0.219399597 : -0.15246412673
      #expect(isNear(profit / index, expected, within: 1e-9))
    }
  }

  /// The specification's section 3.1, to 1e-4: 27 rows of the file as it is, and the same with
  /// tails damped to 0.77 of the range, as the specification takes them.
  @Test("the specification's grid vectors", arguments: gridVectors)
  func grid(vector: GridVector) throws {
    // Forwards and options of one underlying at 100,000, every expiry by itself.
    var book = ModelBook(
      underlyings: [
        ModelBook.Underlying(symbol: try ModelFixture.symbol("BTC"), index: 100_000)
      ])
    for holding in vector.holdings {
      let amount = Double(holding.amount)
      switch holding.kind {
      case .future:
        book.positions.append(
          ModelBook.Position(
            name: "future", kind: .perpetual, quantity: amount, mark: 100_000))
      case .option(let right, let strike, let days, let volatility):
        book.expiries.append(
          ModelBook.Expiry(underlying: 0, forward: 100_000, years: Double(days) / 365))
        let place = book.expiries.count - 1
        let strike = try #require(Double(strike))
        book.positions.append(
          ModelBook.Position(
            name: "option",
            kind: .option(right, strike: strike, expiry: place, volatility: volatility),
            quantity: amount,
            mark: try book.optionMark(
              right, strike: strike, expiry: place, volatility: volatility)))
      }
    }
    let own = try ModelFixture.model(
      "deribit-portfolio", applying: ["model.BTC.scan.quote.gainShare=100%"])
    let scan = try #require(try own.requirement(of: book).scans.first)
    let worst = try #require(scan.profits.prefix(27).min())
    #expect(isNear(worst, vector.worst27, within: 1e-4))
    let binding = scan.rows[try #require(scan.profits.prefix(27).firstIndex(of: worst))]
    #expect(isNear(binding.spotShift, vector.spotShift, within: 1e-12))
    // A future loses the same with any volatility: the first row counts.
    #expect(String(describing: binding.volatility) == vector.state)
    let damped = try ModelFixture.model(
      "deribit-portfolio", applying: ["model.BTC.tail.rangeDamper=0.77"],
      without: [
        "model.BTC.tail.clipsLinear", "model.BTC.tail.coin", "model.BTC.tail.quote",
      ])
    let whole = try #require(try damped.requirement(of: book).scans.first)
    #expect(isNear(-whole.loss, vector.worst35, within: 1e-4))
  }

  // Source: Deribit help, Linear Perpetual: worked figures at BTC 100,000 and SOL 200.
  @Test(
    "linear perpetuals, whose rates rise with size",
    arguments: [
      ("BTC", 100_000.0, 25.0, 53_125.0, 28_125.0), ("BTC", 100_000, 350, 1_312_500, 962_500),
      ("SOL", 200, 25, 200.625, 100.625), ("SOL", 200, 6_000, 84_000, 60_000),
    ])
  func linearPerpetual(
    symbol: String, price: Double, size: Double, initial: Double, maintenance: Double
  ) throws {
    var fixture = try BookFixture(symbol, index: price)
    fixture.hold(perpetual: size, at: price)
    let requirement = try ModelFixture.model("deribit-standard").requirement(of: fixture.book)
    #expect(requirement.initialMargin == Int64(initial * 1e6))
    #expect(requirement.maintenanceMargin == Int64(maintenance * 1e6))
  }

  // Source: Deribit's rule in coin, S = 50,000: call at 60,000 with mark 0.02, put at 50,000 with
  // mark 0.05; max(0.15 − OTM/S, 0.1) + mark and 0.075 + mark, for the put at least
  // max(0.075, 0.075 × mark) + mark. By hand: 0.12 and 0.095; 0.2 and 0.125.
  @Test("short inverse options, in coin")
  func inverseOptions() throws {
    for (right, strike, mark, initial, maintenance) in [
      (OptionRight.call, 60_000.0, 0.02, 0.12, 0.095), (.put, 50_000, 0.05, 0.2, 0.125),
    ] {
      var fixture = try BookFixture("BTC", index: 50_000, seconds: 2_592_000)
      fixture.book.positions = [
        ModelBook.Position(
          name: "option", kind: .option(right, strike: strike, expiry: 0, volatility: 0.6),
          isInverse: true, quantity: -2, mark: mark)
      ]
      let requirement = try ModelFixture.model("deribit-standard").requirement(of: fixture.book)
      let option = requirement.sum(of: .option)
      #expect(isNear(option.initial / 50_000, 2 * initial, within: 1e-12))
      #expect(isNear(option.maintenance / 50_000, 2 * maintenance, within: 1e-12))
      // Equity counts the option at its mark already, the requirement only what is above it.
      #expect(isNear(requirement.exactEquity / 50_000, -2 * mark, within: 1e-12))
      #expect(
        isNear(requirement.exactInitial / 50_000, 2 * (initial - mark), within: 1e-12))
    }
  }
}
