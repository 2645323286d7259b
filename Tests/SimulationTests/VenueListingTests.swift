// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Quantities
import RiskEngine
import Testing

@testable import Simulation

@Suite("The listing of a replay")
struct VenueListingTests {
  private func listing(_ prices: [(String, String)]) throws -> VenueListing {
    try VenueListing(
      quote: Asset(symbol: AssetSymbol("USD"), decimals: 6),
      underlyings: prices.map { (try AssetSymbol($0.0), try Price($0.1)) },
      window: MarkedVenue.window)
  }

  @Test("has 64 contracts for each underlying, numbered without gaps, with distinct names")
  func contracts() throws {
    let listing = try MarkedVenue.listing()
    #expect(listing.contracts.count == 128)
    #expect(listing.contracts.map(\.id.number) == Array(0..<128))
    #expect(Set(listing.contracts.map(\.name)).count == 128)
    #expect(listing.collateral.map(\.asset.description) == ["BTC", "ETH"])
    #expect(listing.commands.count == 130)
  }

  @Test("of March 2020 has the steps, expiries and strikes of its documentation")
  func terms() throws {
    let listing = try MarkedVenue.listing()
    func contract(_ name: String) throws -> Contract {
      try #require(listing.contracts.first { $0.name == name }, "\(name) is listed")
    }
    #expect(try contract("BTC-PERP").stepQuantity == 100_000)  // 0.001 BTC
    #expect(try contract("ETH-PERP").stepQuantity == 1_000_000)  // 0.01 ETH
    #expect(try contract("BTC-USD-INV").stepQuantity == 1_000_000_000)  // 10 USD
    #expect(try contract("ETH-USD-INV").stepQuantity == 100_000_000)  // 1 USD
    #expect(try contract("BTC-13MAR20-8000-C-INV").stepQuantity == 1_000_000)  // 0.01 BTC
    #expect(try contract("ETH-13MAR20-200-C-INV").stepQuantity == 10_000_000)  // 0.1 ETH
    #expect(try contract("ETH-PERP").highestPrice == Price("2000"))
    for (name, expiry) in [
      ("BTC-27MAR20", "2020-03-27T08:00Z"), ("BTC-26JUN20", "2020-06-26T08:00Z"),
      ("BTC-13MAR20-8000-C-INV", "2020-03-13T08:00Z"), ("ETH-27MAR20-200-P", "2020-03-27T08:00Z"),
    ] {
      #expect(try contract(name).kind.expiry == Timestamp(iso8601: expiry), "\(name)")
    }
    let strikes = listing.contracts.compactMap { contract -> Price? in
      guard case .option(.put, let strike, let expiry) = contract.kind,
        contract.settlement == .inverse, contract.underlying.description == "BTC",
        ExpiryCalendar.name(of: expiry) == "27MAR20"
      else { return nil }
      return strike
    }
    #expect(strikes == (4...12).map { Price(steps: $0 * 1_000 * Price.stepsPerOne) })
  }

  @Test(
    "fits its fields at any price",
    arguments: ["0.0001", "0.0123", "0.2", "3", "48.7", "194.5", "999", "7935", "64000", "5000000"])
  func fits(price: String) throws {
    let listing = try listing([("AAA", price)])
    let index = try Price(price)
    for contract in listing.contracts {
      #expect(throws: Never.self, "\(contract.name)") {
        try contract.unitValue(at: contract.highestPrice)
      }
      if contract.isReciprocal {
        // A tenth of the price.
        #expect(throws: Never.self) {
          try contract.unitValue(at: Price(steps: index.steps / 10))
        }
        continue
      }
      // Cells are below 2^31 millionths of a USD although spot rises by 500 %: a step is worth
      // at most 100 USD.
      let stepValue = Double(contract.stepQuantity) / 1e8 * index.value
      #expect(stepValue <= 100 && stepValue * 6 < 2_147, "\(contract.name)")
      #expect(contract.highestPrice >= index || contract.settlement == .inverse)
    }
  }

  @Test("is accepted by the engine")
  func accepted() throws {
    let venue = try MarkedVenue()
    #expect(venue.engine.state.listing.contracts.count == 128)
    #expect(venue.engine.valuation != nil)
  }

  @Test("refuses a price outside its limits and a repeated underlying")
  func refusals() throws {
    let btc = try AssetSymbol("BTC")
    #expect(throws: ListingError.priceOutOfRange(btc, try Price("0.00009999"))) {
      try listing([("BTC", "0.00009999")])
    }
    #expect(throws: ListingError.priceOutOfRange(btc, try Price("5000000.00000001"))) {
      try listing([("BTC", "5000000.00000001")])
    }
    #expect(throws: ListingError.repeatedUnderlying(btc)) {
      try listing([("BTC", "8000"), ("BTC", "8000")])
    }
  }

  @Test(
    "ends contracts on 08:00 UTC by the calendar",
    arguments: [
      ("2020-03-12", "2020-03-14", "2020-03-13", "2020-03-27", "2020-03-27"),
      ("2020-03-27T08:00Z", "2020-03-27T09:30Z", "2020-03-28", "2020-04-24", "2020-06-26"),
      ("2020-03-27T06:59Z", "2020-03-27T12:00Z", "2020-03-27", "2020-03-27", "2020-03-27"),
      ("2020-03-27T07:00Z", "2020-03-27T12:00Z", "2020-03-28", "2020-03-27", "2020-03-27"),
      ("2020-12-31", "2021-01-05", "2021-01-04", "2021-01-29", "2021-03-26"),
      ("2017-12-20", "2017-12-28", "2017-12-27", "2017-12-29", "2017-12-29"),
    ])
  func calendar(
    start: String, end: String, day: String, month: String, quarter: String
  ) throws {
    let window = try Timestamp(iso8601: start)..<Timestamp(iso8601: end)
    #expect(try ExpiryCalendar.daily(in: window) == Timestamp(iso8601: day + "T08:00Z"))
    #expect(
      try ExpiryCalendar.monthly(after: window.lowerBound)
        == Timestamp(iso8601: month + "T08:00Z"))
    #expect(
      try ExpiryCalendar.quarterly(after: window.lowerBound)
        == Timestamp(iso8601: quarter + "T08:00Z"))
  }

  @Test(
    "rounds steps to the nearest number of 1, 2, 2.5 and 5 by ratio",
    arguments: [
      (1, 1), (3, 2), (4, 5), (7, 5), (8, 10), (22, 20), (23, 25), (397, 500), (353, 250),
      (354, 500), (992, 1_000), (2_431, 2_500), (1_000_000_007, 1_000_000_000),
    ] as [(Int64, Int64)])
  func rounding(value: Int64, expected: Int64) {
    #expect(RoundSteps.nearest(to: value) == expected)
  }
}
