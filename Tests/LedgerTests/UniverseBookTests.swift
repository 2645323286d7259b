// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Parameters
import Quantities
import TestFixtures
import Testing

@testable import Ledger

@Suite("Funds of risk universes")
struct UniverseBookTests {
  private let second = RiskUniverse(2)

  @Test("an account is where it holds a position, and stays there until it holds another")
  func accounts() throws {
    var venue = try SmallVenue()
    #expect(venue.state.universes.isEmpty)
    venue.trade(SmallVenue.linear, SmallVenue.one, SmallVenue.two, 5, at: 100)
    #expect(venue.account(SmallVenue.one).universe == .common)
    try venue.setApart("2")
    #expect(venue.state.universes == [second, second])
    #expect(venue.account(SmallVenue.one).universe == second)
    #expect(venue.account(SmallVenue.three).universe == .common, "it holds nothing")
    venue.trade(SmallVenue.linear, SmallVenue.three, SmallVenue.one, 5, at: 100)
    #expect(venue.account(SmallVenue.three).universe == second)
    #expect(venue.account(SmallVenue.one).universe == second, "what it lost it lost there")
    try venue.setApart("3")
    #expect(venue.account(SmallVenue.three).universe == RiskUniverse(3))
    #expect(venue.account(SmallVenue.one).universe == second)
    try venue.setApart("0")
    #expect(venue.state.universes.isEmpty)
    #expect(venue.state.accounts.allSatisfy { $0.universe == .common })
  }

  @Test("an account whose position has expired is still where it held it")
  func expired() throws {
    var venue = try SmallVenue()
    try venue.setApart("2")
    venue.trade(SmallVenue.linear, SmallVenue.one, SmallVenue.two, 5, at: 100)
    venue.state.apply(
      .instrumentExpired(SmallVenue.linear, settlementPrice: Price(steps: 1), unitValue: 40))
    #expect(venue.account(SmallVenue.one).portfolio.positions.isEmpty)
    #expect(venue.account(SmallVenue.one).universe == second)
    #expect(try LedgerState(canonicalBytes: venue.state.canonicalBytes) == venue.state)
  }

  @Test("a moved position takes its account along")
  func moved() throws {
    var venue = try SmallVenue()
    try venue.setApart("2")
    venue.trade(SmallVenue.linear, SmallVenue.one, SmallVenue.two, 5, at: 100)
    venue.state.apply(
      .positionMoved(
        PositionMove(
          from: SmallVenue.one, to: SmallVenue.three, instrument: SmallVenue.linear,
          size: Size(steps: 5), cost: 500)))
    #expect(venue.account(SmallVenue.three).universe == second)
  }

  @Test("what is told of one universe's fund is told of no other")
  func facts() throws {
    var venue = try SmallVenue()
    try venue.setApart("2")
    let usd = venue.usd
    let claim = LossClaim(account: SmallVenue.one, asset: usd, units: 42)
    venue.move(90, of: usd, .outside, .universeFund(second), .fundContribution)
    venue.state.apply(.inUniverse(second, .fundWindowOpened(usd, opening: 90)))
    venue.state.apply(.inUniverse(second, .fundDrawdownChanged(usd, percent: 0, peak: 90)))
    venue.state.apply(.inUniverse(second, .claimsGranted([claim])))
    venue.state.apply(.claimsGranted([claim]))
    venue.move(
      30, of: usd, .universeFund(second), .account(SmallVenue.two), .insuranceCover)
    venue.move(2, of: usd, .universeFund(second), .account(SmallVenue.one), .lossRecovery)
    let book = venue.state.losses(of: second)
    #expect(book.fund(usd)?.drawn == 30 && book.fund(usd)?.peak == 90)
    #expect(book.claims.map(\.units) == [40])
    #expect(venue.state.losses.claims.map(\.units) == [42] && venue.state.losses.funds.isEmpty)
    #expect(venue.state.fund(0, of: second) == 58 && venue.state.fund(0, of: .common) == 300)
    #expect(venue.state.houses[0].allFunds == 358 && venue.state.houses[0].total == 0)
    #expect(venue.state.losses(of: RiskUniverse(9)).isEmpty)
    #expect(venue.state.fund(1, of: RiskUniverse(9)) == 0)
  }

  @Test("an asset that is accepted later has a place in every fund")
  func laterAsset() throws {
    var venue = try SmallVenue()
    try venue.setApart("2")
    venue.move(9, of: venue.btc, .outside, .universeFund(second), .fundContribution)
    let eth = try Asset(symbol: AssetSymbol("ETH"), decimals: 8)
    venue.state.apply(.collateralAccepted(CollateralAsset(asset: eth, underlying: eth.symbol)))
    venue.move(7, of: eth, .outside, .universeFund(second), .fundContribution)
    #expect(venue.state.losses.universes.map(\.balances) == [[0, 9, 7]])
    #expect(venue.state.brokenAfterBlock() == nil)
  }

  @Test("a state with universes is read back as it was; a torn or disordered one is refused")
  func bytes() throws {
    var venue = try SmallVenue()
    let plain = venue.state.canonicalBytes
    try venue.setApart("2")
    venue.trade(SmallVenue.linear, SmallVenue.one, SmallVenue.two, 5, at: 100)
    venue.move(90, of: venue.usd, .outside, .universeFund(second), .fundContribution)
    venue.move(5, of: venue.btc, .outside, .universeFund(RiskUniverse(7)), .fundContribution)
    venue.state.apply(.inUniverse(second, .fundWindowOpened(venue.usd, opening: 90)))
    let bytes = venue.state.canonicalBytes
    let read = try LedgerState(canonicalBytes: bytes)
    #expect(read == venue.state && read.digest == venue.state.digest)
    #expect(read.losses.universes.map(\.universe) == [second, RiskUniverse(7)])
    #expect(bytes.count > plain.count)
    for count in bytes.count - 80..<bytes.count {
      #expect(throws: CanonicalError.self) {
        _ = try LedgerState(canonicalBytes: Array(bytes[..<count]))
      }
    }
    var disordered = venue.state
    disordered.losses.universes.reverse()
    var elsewhere = venue.state
    elsewhere.accounts[0].universe = RiskUniverse(7)
    var narrow = venue.state
    narrow.losses.universes[1].balances.removeLast()
    for broken in [disordered, elsewhere, narrow] {
      #expect(throws: CanonicalError.self) {
        _ = try LedgerState(canonicalBytes: broken.canonicalBytes)
      }
    }
  }

  @Test("a universe is 1 to 63 in a file, and a fact of one is one of four")
  func refusedBytes() throws {
    for number: UInt8 in [1, 63] {
      #expect(try RiskUniverse(canonicalBytes: [number]) == RiskUniverse(number))
    }
    for number: UInt8 in [0, 64, 255] {
      #expect(throws: CanonicalError.self) { _ = try RiskUniverse(canonicalBytes: [number]) }
    }
    let digest = LedgerEvent.inUniverse(second, .fundReviewed(nil)).canonicalBytes
    #expect(try LedgerEvent(canonicalBytes: digest) == .inUniverse(second, .fundReviewed(nil)))
    for tag: UInt8 in [120, 125, 130] {
      var other = digest
      other[2] = tag
      #expect(throws: CanonicalError.self) { _ = try LedgerEvent(canonicalBytes: other) }
    }
  }

  @Test("a contract that is listed is where its underlying is, as if all were found anew")
  func listed() throws {
    var venue = try SmallVenue()
    let eth = try ParameterSet.read(
      key: "insuranceFund.universe.ETH", text: "2", source: "test")
    venue.state.apply(
      .parametersChanged(
        try ParameterSet(
          name: "apart", date: venue.state.parameters.date,
          values: venue.state.parameters.values + [eth])))
    let common = RiskUniverse.common
    for (symbol, found) in [
      ("BTC", []), ("ETH", [common, common, common, second]),
      ("BTC", [common, common, common, second, common]),
      ("ETH", [common, common, common, second, common, second]),
    ] {
      let id = InstrumentID(UInt32(10 + venue.state.listing.contracts.count))
      venue.state.apply(
        .instrumentListed(
          try Contract(
            id: id, name: "C\(id.number)", underlying: AssetSymbol(symbol), kind: .perpetual,
            settlement: .linear, settlementAsset: venue.usd, stepQuantity: 100_000,
            tick: Price(steps: 1), highestPrice: Price(steps: Price.limit))))
      #expect(venue.state.universes == found)
      #expect(try LedgerState(canonicalBytes: venue.state.canonicalBytes) == venue.state)
    }
  }

  @Test("a universe's book holds no books of universes, however deep they would lie")
  func nested() throws {
    var book = LossBook()
    book.universes = [UniverseBook(second, assets: 0)]
    let plain = book.canonicalBytes
    #expect(try LossBook(canonicalBytes: plain) == book)
    // The last byte says whether the universe's own book follows.
    let level = plain.dropLast() + [1]
    for depth in [1, 2, 200_000] {
      var bytes: [UInt8] = []
      for _ in 0..<depth { bytes += level }
      #expect(throws: CanonicalError.self) {
        _ = try LossBook(canonicalBytes: bytes + plain)
      }
    }
    book.universes[0].losses.review = FundReview(
      target: 1, balance: 2, feeRise: .zero, marginRise: .zero)
    #expect(try LossBook(canonicalBytes: book.canonicalBytes) == book)
  }
}
