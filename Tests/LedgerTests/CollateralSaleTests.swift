// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Quantities
import TestFixtures
import Testing

@Suite("A sale of collateral in the ledger")
struct CollateralSaleStateTests {
  private let cause = LiquidationCause(
    equity: 1, maintenanceMargin: 2, time: Timestamp(seconds: 60))

  private func offered(_ venue: inout SmallVenue, left: Int64 = 100) throws -> CollateralSale {
    let sale = CollateralSale(
      id: OrderID(9), account: SmallVenue.one, asset: venue.btc, market: nil, units: left,
      limit: try Price("7000"), price: try Price("8160"), startedAt: Timestamp(seconds: 60),
      expiresAt: Timestamp(seconds: 660))
    venue.state.apply(.liquidationStarted(SmallVenue.one, cause))
    venue.state.apply(.collateralOffered(sale))
    return sale
  }

  private func sale(_ venue: SmallVenue) -> CollateralSale? {
    venue.state.index(of: SmallVenue.one).flatMap { venue.state.accounts[$0].liquidation?.sale }
  }

  @Test("it is kept with the liquidation, follows fills and prices, and is gone when it is closed")
  func life() throws {
    var venue = try SmallVenue()
    let offer = try offered(&venue)
    #expect(sale(venue) == offer && venue.state.nextOrder == OrderID(10))
    venue.state.apply(.blockStarted(at: Timestamp(seconds: 120)))
    venue.state.apply(
      .collateralPriced(SmallVenue.one, elapsed: .minute, price: try Price("8104")))
    venue.state.apply(
      .collateralSold(
        CollateralFill(
          sale: offer.id, account: SmallVenue.one, buyer: SmallVenue.two, units: 40, paid: 1)))
    let now = try #require(sale(venue))
    #expect(now.left == 60 && now.elapsed == .minute && now.pricedAt == Timestamp(seconds: 120))
    #expect(try now.price == Price("8104") && now.limit == offer.limit)
    venue.state.apply(.collateralSaleClosed(SmallVenue.one, offer.id, .expired))
    #expect(sale(venue) == nil)
    let index = try #require(venue.state.index(of: SmallVenue.one))
    #expect(venue.state.accounts[index].liquidation != nil)
  }

  @Test("it ends with its liquidation and with its stage, and adds no byte while there is none")
  func end() throws {
    var venue = try SmallVenue()
    venue.state.apply(.liquidationStarted(SmallVenue.one, cause))
    let bare = venue.state.canonicalBytes
    let offer = try offered(&venue)
    let bytes = venue.state.canonicalBytes
    #expect(bytes.count > bare.count)
    #expect(try LedgerState(canonicalBytes: bytes) == venue.state)
    venue.state.apply(.liquidationStageEntered(SmallVenue.one, .insuranceFund))
    #expect(sale(venue) == nil)
    venue.state.apply(.collateralOffered(offer))
    venue.state.apply(.liquidationEnded(SmallVenue.one, .restored))
    #expect(sale(venue) == nil)
    // Nothing is for sale of an account that is healthy.
    venue.state.apply(.collateralOffered(offer))
    #expect(sale(venue) == nil)
  }
}
