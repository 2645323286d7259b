// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities
import Testing

@Suite("An identifier")
struct IdentifierTests {
  @Test("is ordered by its number and says what it names")
  func order() {
    #expect(AccountID(2) < AccountID(10))
    #expect(InstrumentID(2) < InstrumentID(10))
    #expect(OrderID(2) < OrderID(10))
    #expect(!(OrderID(2) < OrderID(2)))
    #expect(AccountID(.max).description == "account 4294967295")
    #expect(InstrumentID(3).description == "instrument 3")
    #expect(OrderID(.max).description == "order 18446744073709551615")
  }
}

@Suite("A refusal")
struct QuantityErrorTests {
  @Test("says what is wrong and with which text")
  func descriptions() throws {
    let errors: [(QuantityError, [String])] = [
      (.overflow, ["limit"]), (.notRepresentable, ["finite"]), (.divisionByZero, ["zero"]),
      (.assetMismatch(try AssetSymbol("BTC"), try AssetSymbol("USD")), ["BTC", "USD"]),
      (.malformedDecimal("1e3"), ["1e3"]), (.tooFine("0.123", decimals: 2), ["0.123", "2"]),
      (.malformedSymbol("btc"), ["btc"]),
    ]
    for (error, words) in errors {
      for word in words { #expect(error.description.contains(word)) }
    }
  }
}
