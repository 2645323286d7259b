// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import NumericalMethods
import Pricing
import Quantities
import Testing

@Suite("Value at risk: books and refusals")
struct RangeBookTests {
  private let day: RangeTerms

  init() throws { day = try RangeTerms(confidence: 0.99, horizonDays: 1) }

  private static let history = FilteredHistory(
    residuals: RangeFixture.normalResiduals(500), volatility: 0.04)

  private func historical(_ book: ModelBook) throws -> RangeEstimate {
    try ValueAtRisk(of: book, terms: day).historical([Self.history], responses: [.unchanged])
  }

  @Test("settlement in coin gives the same loss in quote units, and coins held lose with them")
  func coin() throws {
    let linear = try historical(RangeFixture.book([RangeFixture.perpetual(1)]))
    let inverse = ModelBook.Position(
      name: "BTC-PERP-INV", kind: .perpetual, isInverse: true, quantity: 10_000, mark: 10_000)
    let reciprocal = try historical(RangeFixture.book([inverse]))
    #expect(abs(reciprocal.valueAtRisk - linear.valueAtRisk) <= 1e-9)
    var book = try RangeFixture.book([])
    book.holdings = [
      .init(symbol: try AssetSymbol("BTC"), amount: 1, price: 10_000, underlying: 0),
      .init(symbol: try AssetSymbol("USDC"), amount: 5_000, price: 1),
    ]
    #expect(abs(try historical(book).valueAtRisk - linear.valueAtRisk) <= 1e-9)
    // A coin short and a coin held are worth the same in every scenario.
    book.positions = [
      ModelBook.Position(
        name: "short", kind: .perpetual, isInverse: true, quantity: -10_000, mark: 10_000)
    ]
    #expect(abs(try historical(book).valueAtRisk) <= 1e-9)
    let call = RangeFixture.option(.call, strike: 11_000, quantity: -1)
    let inCoin = RangeFixture.option(.call, strike: 11_000, quantity: -1, isInverse: true)
    #expect(
      try historical(RangeFixture.book([call])).valueAtRisk
        == historical(RangeFixture.book([inCoin])).valueAtRisk)
  }

  @Test("an option that expires inside the horizon is settled there: a bought one loses its price")
  func expiry() throws {
    let call = RangeFixture.option(.call, strike: 10_500, quantity: 2)
    let book = try RangeFixture.book([call], years: 0.5 / 365)
    let price = try Black76.price(
      forward: 10_000, strike: 10_500, totalVariance: 0.64 * 0.5 / 365, right: .call)
    let estimate = try historical(book)
    #expect(abs(estimate.worst[0].loss - 2 * price) <= 1e-12)
    let simulated = try ValueAtRisk(of: book, terms: day).simulated(
      [RangeFixture.svcj()], PathTerms(paths: 10_000, stepsPerDay: 1, seed: 1))
    #expect(abs(simulated.valueAtRisk - 2 * price) <= 1e-12)
  }

  @Test("an average price that is partly fixed keeps its share")
  func settling() throws {
    var book = try RangeFixture.book(
      [RangeFixture.option(.call, strike: 9_000, quantity: 1)], years: 0.01)
    book.expiries[0].fixed = 9_500
    book.expiries[0].open = 0.05
    // Exercise is certain: a twentieth of the forward is all that moves.
    let loss = try historical(book).valueAtRisk
    let linear = try historical(RangeFixture.book([RangeFixture.perpetual(0.05)])).valueAtRisk
    #expect(abs(loss - linear) <= 1e-9)
    book.expiries[0].open = 0
    #expect(try historical(book).valueAtRisk == 0)
  }

  // Squares of such sizes are 0 and their sums have no grid: what is left is what time does, a
  // gain, and a loss where the squares are still there.
  @Test(
    "a size near the smallest numbers has a finite range of its own order",
    arguments: [0x1p-1074, 0x1p-1060, 0x1p-1030, 0x1.1p-1022, 1e-300, 1e-160])
  func denormal(size: Double) throws {
    let positions = [
      RangeFixture.perpetual(size), RangeFixture.option(.put, strike: 9_000, quantity: -size),
    ]
    let question = try ValueAtRisk(of: RangeFixture.book(positions), terms: day)
    let estimate = try question.parametric([
      ParametricMoves(dailyVolatility: 0.04, volatilityOfVolatility: 0.06, correlation: -0.4)
    ])
    #expect(estimate.expectedShortfall >= estimate.valueAtRisk)
    #expect(estimate.valueAtRisk.magnitude <= 1e4 * size)
    #expect(estimate.expectedShortfall.magnitude <= 1e4 * size)
    #expect(size < 1e-200 || estimate.valueAtRisk > 0)
  }

  @Test("two underlyings hedge each other together, and not apart")
  func joint() throws {
    let book = ModelBook(
      underlyings: [
        .init(symbol: try AssetSymbol("BTC"), index: 10_000),
        .init(symbol: try AssetSymbol("ETH"), index: 10_000),
      ],
      positions: [
        RangeFixture.perpetual(1),
        .init(name: "ETH-PERP", underlying: 1, kind: .perpetual, quantity: -1, mark: 10_000),
      ])
    let question = try ValueAtRisk(of: book, terms: day)
    let paths = try PathTerms(paths: 10_000, stepsPerDay: 1, seed: 5)
    let models = [try RangeFixture.svcj(), try RangeFixture.svcj()]
    let moves = [RangeFixture.still, RangeFixture.still]
    #expect(try question.simulated(models, paths, joint: .together).valueAtRisk == 0)
    #expect(try question.parametric(moves, joint: .together).valueAtRisk == 0)
    let one = try ValueAtRisk(of: RangeFixture.book([RangeFixture.perpetual(1)]), terms: day)
    let alone = try one.simulated([models[0]], paths)
    let apart = try question.simulated(models, paths, joint: .independent)
    #expect(apart.valueAtRisk > alone.valueAtRisk)
    // Two independent normal numbers, and curvatures of e^x that nearly offset.
    let normal = 10_000 * 0.04 * 2.0.squareRoot() * -Normal.inverse(0.01)
    #expect(abs(try question.parametric(moves).valueAtRisk - normal) <= 0.01 * normal)
    // The past has its days: the same on both sides here.
    let past = try question.historical(
      [Self.history, Self.history], responses: [.unchanged, .unchanged])
    #expect(past.valueAtRisk == 0)
  }

  @Test("several curved terms keep the mean and the reference quantile")
  func several() throws {
    let symbols = try ["A", "B", "C"].map { try AssetSymbol($0) }
    let book = ModelBook(
      underlyings: symbols.map { .init(symbol: $0, index: 100) },
      expiries: symbols.indices.map { .init(underlying: $0, forward: 100, years: 0.1) },
      positions: symbols.indices.map { place in
        .init(
          name: symbols[place].description, underlying: place,
          kind: .option(.call, strike: 100, expiry: place, volatility: 0.8), quantity: -10,
          mark: 10)
      })
    let tail = try ValueAtRisk(of: book, terms: day).parametric(
      Array(repeating: RangeFixture.still, count: 3))
    let reference = RangeFixture.threeCalls
    #expect(abs(tail.valueAtRisk - reference.valueAtRisk) <= tail.standardErrors.valueAtRisk)
    #expect(
      abs(tail.expectedShortfall - reference.shortfall)
        <= tail.standardErrors.expectedShortfall)
  }
}

extension RangeBookTests {
  private func refusal(_ body: () throws -> Any) -> ValueAtRiskError? {
    do {
      _ = try body()
      return nil
    } catch { return error as? ValueAtRiskError }
  }

  @Test("terms outside their domain are refused by name")
  func terms() {
    for value in [0, 1, -0.1, 1.1, Double.nan, .infinity] {
      let refused = refusal { try RangeTerms(confidence: value, horizonDays: 1) }
      guard case .confidenceOutOfBounds = refused else { return #expect(refused == nil) }
    }
    for value in [0, -1, 100.000_001, Double.nan, .infinity] {
      let refused = refusal { try RangeTerms(confidence: 0.99, horizonDays: value) }
      guard case .horizonOutOfBounds = refused else { return #expect(refused == nil) }
    }
    #expect(refusal { try RangeTerms(confidence: 0.5, horizonDays: 100) } == nil)
    for count in [9_999, 1_000_001] {
      #expect(
        refusal { try PathTerms(paths: count, stepsPerDay: 1, seed: 0) }
          == .pathCountOutOfBounds(count))
    }
    for steps in [0, 1_001] {
      #expect(
        refusal { try PathTerms(paths: 10_000, stepsPerDay: steps, seed: 0) }
          == .stepsOutOfBounds(steps))
    }
  }

  @Test("legs that cannot be revalued are refused by name")
  func legs() throws {
    let expired = try RangeFixture.book(
      [RangeFixture.option(.call, strike: 1, quantity: 1)], years: 0)
    #expect(refusal { try ValueAtRisk(of: expired, terms: day) } == .expiredLeg("call 1.0"))
    let flat = try RangeFixture.book(
      [RangeFixture.option(.call, strike: 1, quantity: 1, volatility: 0)])
    #expect(refusal { try ValueAtRisk(of: flat, terms: day) } == .withoutVolatility("call 1.0"))
    var given = RangeFixture.perpetual(1)
    given.rowProfits = [1]
    let rows = try RangeFixture.book([given])
    #expect(refusal { try ValueAtRisk(of: rows, terms: day) } == .withoutModel("BTC-PERP"))
    let malformed = try RangeFixture.book([RangeFixture.perpetual(.nan)])
    #expect(
      refusal { try ValueAtRisk(of: malformed, terms: day) } == .book(.malformed("BTC-PERP")))
  }

  @Test("histories, moves and models are refused where they are wrong")
  func markets() throws {
    let question = try ValueAtRisk(
      of: RangeFixture.book([RangeFixture.perpetual(1)]), terms: day)
    func past(_ residuals: [Double], _ volatility: Double = 0.04) -> ValueAtRiskError? {
      refusal {
        try question.historical(
          [FilteredHistory(residuals: residuals, volatility: volatility)],
          responses: [.unchanged])
      }
    }
    let twenty = RangeFixture.normalResiduals(20)
    #expect(past(twenty) == nil)
    #expect(past(Array(twenty.dropLast())) == .tooFewReturns(needed: 20, found: 19))
    #expect(past(twenty + [.nan]) == .malformedReturn(underlying: 0, place: 20))
    #expect(past(twenty + [250.1]) == .malformedReturn(underlying: 0, place: 20))
    for volatility in [0, -1, 10.01, Double.nan] {
      #expect(past(twenty, volatility) == .malformedVolatility(underlying: 0))
    }
    #expect(
      refusal { try question.historical([Self.history], responses: []) }
        == .wrongCount(expected: 1, found: 0))
    let wild = VolatilityResponse(down: 101, up: 0)
    #expect(
      refusal { try question.historical([Self.history], responses: [wild]) }
        == .malformedResponse(underlying: 0))
    for correlation in [-1.01, 1.01, Double.nan] {
      let moves = ParametricMoves(
        dailyVolatility: 0.04, volatilityOfVolatility: 0.1, correlation: correlation)
      #expect(refusal { try question.parametric([moves]) } == .malformedResponse(underlying: 0))
    }
    let paths = try PathTerms(paths: 10_000, stepsPerDay: 1, seed: 0)
    #expect(refusal { try question.simulated([], paths) } == .wrongCount(expected: 1, found: 0))
  }
}
