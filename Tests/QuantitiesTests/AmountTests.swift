// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities
import Testing

@Suite("An amount")
struct AmountTests {
  let bitcoin: Asset
  let dollar: Asset
  let whole: Asset

  init() throws {
    bitcoin = try Asset(symbol: AssetSymbol("BTC"), decimals: 8)
    dollar = try Asset(symbol: AssetSymbol("USD"), decimals: 6)
    whole = try Asset(symbol: AssetSymbol("POINTS"), decimals: 0)
  }

  @Test("is read in its asset's unit")
  func reading() throws {
    #expect(try Amount("0.00000001", of: bitcoin).units == 1)
    #expect(try Amount("-12.5", of: dollar).units == -12_500_000)
    #expect(try Amount("-12.5", of: dollar).description == "-12.5 USD")
    #expect(throws: QuantityError.tooFine("0.0000001", decimals: 6)) {
      try Amount("0.0000001", of: dollar)
    }
    #expect(throws: QuantityError.malformedDecimal("x")) { try Amount("x", of: dollar) }
  }

  @Test("in text is refused one unit beyond 2^60")
  func textLimit() throws {
    let limit = Int64(1) << 60
    #expect(Amount.limit == limit)
    for sign in ["", "-"] {
      #expect(try Amount("\(sign)\(limit - 1)", of: whole).units.magnitude == UInt64(limit - 1))
      #expect(try Amount("\(sign)\(limit)", of: whole).units.magnitude == UInt64(limit))
      #expect(throws: QuantityError.overflow) { try Amount("\(sign)\(limit + 1)", of: whole) }
    }
  }

  @Test("from a model is rounded as stated, and only then counted")
  func gate() throws {
    // 2.5, −2.5, 3.5 and 0.25 units of a dollar with 6 decimals are exact in binary here.
    let cases: [(Double, FloatingPointRoundingRule, Int64)] = [
      (2.5, .up, 3), (2.5, .down, 2), (2.5, .toNearestOrEven, 2), (3.5, .toNearestOrEven, 4),
      (-2.5, .up, -2), (-2.5, .down, -3), (-2.5, .towardZero, -2), (-2.5, .awayFromZero, -3),
      (0.25, .up, 1), (0.25, .down, 0), (-0.25, .up, 0), (-0.25, .down, -1),
    ]
    for (value, rule, units) in cases {
      #expect(try Amount(value, of: whole, rounding: rule).units == units)
    }
    #expect(try Amount(1.5, of: dollar, rounding: .down).units == 1_500_000)
  }

  @Test("from a model is refused beyond 2^60, at infinity and for NaN")
  func gateLimit() throws {
    let limit = 0x1p60
    #expect(try Amount(limit, of: whole, rounding: .down).units == 1 << 60)
    #expect(try Amount(-limit, of: whole, rounding: .down).units == -(1 << 60))
    #expect(try Amount(limit.nextDown, of: whole, rounding: .up).units == 1 << 60 - 128)
    for value in [limit.nextUp, -limit.nextUp, 1e300, .infinity, -.infinity, .nan] {
      #expect(throws: QuantityError.notRepresentable) {
        try Amount(value, of: whole, rounding: .down)
      }
    }
    #expect(throws: QuantityError.notRepresentable) {
      try Amount(limit / 1e6 * 1.000_001, of: dollar, rounding: .down)
    }
  }

  @Test("adds to one of its asset, up to the limit")
  func adding() throws {
    let most = Amount(units: Amount.limit - 1, asset: dollar)
    let one = Amount(units: 1, asset: dollar)
    #expect(try most.adding(one).units == Amount.limit)
    #expect(throws: QuantityError.overflow) { try most.adding(one).adding(one) }
    #expect(try (-most).adding(-one).units == -Amount.limit)
    #expect(throws: QuantityError.overflow) { try (-most).adding(-one).adding(-one) }
    let absurd = Amount(units: .max, asset: dollar)
    #expect(throws: QuantityError.overflow) { try absurd.adding(absurd) }
  }

  @Test("does not add to one of another asset, nor of another unit")
  func mismatch() throws {
    let cents = try Asset(symbol: AssetSymbol("USD"), decimals: 2)
    #expect(throws: QuantityError.assetMismatch(dollar.symbol, bitcoin.symbol)) {
      try Amount(units: 1, asset: dollar).adding(Amount(units: 1, asset: bitcoin))
    }
    #expect(throws: QuantityError.assetMismatch(dollar.symbol, dollar.symbol)) {
      try Amount(units: 1, asset: dollar).adding(Amount(units: 1, asset: cents))
    }
  }
}
