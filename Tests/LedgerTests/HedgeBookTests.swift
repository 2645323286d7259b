// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Quantities
import Testing

@Suite("The fund's hedge in the ledger")
struct HedgeBookTests {
  private let id = AccountID(90)

  /// A hedge that was given 700 and has an order out.
  private func venue(isReducing: Bool = false) throws -> SmallVenue {
    var venue = try SmallVenue()
    venue.move(1_000, of: venue.usd, .outside, .insuranceFund, .fundContribution)
    venue.state.apply(.hedgeOpened(id))
    venue.move(700, of: venue.usd, .insuranceFund, .account(id), .hedgeCapital)
    venue.state.apply(.hedgeWindowBegun(at: Timestamp(seconds: 5)))
    venue.state.apply(.hedgeCharged(units: 11))
    let order = LiquidationOrder(
      id: venue.state.nextOrder, account: id,
      instrument: venue.state.listing.contracts[0].id, side: .buy, size: Size(steps: 3),
      limit: Price(steps: 1_000), stage: .pool, expiresAt: Timestamp(seconds: 60))
    venue.state.apply(
      .hedgeOrdered(
        HedgeOrder(
          order: order, underlying: venue.btc.symbol, imbalance: 9, unitValue: 8, expectedCost: 1,
          worstCost: 2, isReducing: isReducing)))
    venue.state.apply(.liquidationOrderIssued(order))
    return venue
  }

  @Test("what it was given counts until it is back, and a gain is no capital")
  func drawn() throws {
    var venue = try venue()
    #expect(venue.state.hedge?.drawn == 700 && venue.state.houses[0].insuranceFund == 600)
    venue.move(650, of: venue.usd, .account(id), .insuranceFund, .hedgeReturn)
    #expect(venue.state.hedge?.drawn == 50, "so much was lost")
    venue.move(20, of: venue.usd, .account(id), .insuranceFund, .gapPremium)
    #expect(venue.state.hedge?.drawn == 30, "a premium comes back to who gave it")
    venue.move(5, of: venue.usd, .account(id), .insuranceFund, .conversion)
    venue.move(5, of: venue.usd, .insuranceFund, .account(id), .conversion)
    venue.move(9, of: venue.usd, .account(SmallVenue.one), .insuranceFund, .gapPremium)
    #expect(venue.state.hedge?.drawn == 30)
    venue.move(120, of: venue.usd, .account(id), .insuranceFund, .hedgeReturn)
    #expect(venue.state.hedge?.drawn == 0)
    #expect(venue.state.brokenAfterEvent() == nil)
  }

  @Test("an order is of nobody's liquidation, is closed by its id and uses one up")
  func order() throws {
    var venue = try venue()
    let order = try #require(venue.state.hedge?.order?.order)
    let index = try #require(venue.state.index(of: id))
    #expect(venue.state.accounts[index].liquidation == nil)
    #expect(venue.state.orderOut(of: index) == order && venue.state.nextOrder > order.id)
    #expect(venue.state.brokenAfterBlock() == nil && venue.state.isHouse(index))
    #expect(venue.state.isHedge(id) && venue.state.isEngines(id) && !venue.state.isPool(id))
    venue.state.apply(.liquidationOrderClosed(id, OrderID(order.id.number + 1), .filled))
    #expect(venue.state.hedge?.order != nil)
    venue.state.apply(.liquidationOrderClosed(id, order.id, .filled))
    #expect(venue.state.hedge?.order == nil)
    #expect(try self.venue(isReducing: true).state.brokenAfterBlock() == .hedgeIsConsistent)
  }

  @Test("costs are counted in a window and for good")
  func costs() throws {
    var venue = try venue()
    venue.state.apply(.hedgeCharged(units: 4))
    #expect(venue.state.hedge?.windowCost == 15 && venue.state.hedge?.cost == 15)
    venue.state.apply(.hedgeWindowBegun(at: Timestamp(seconds: 9)))
    #expect(venue.state.hedge?.windowCost == 0 && venue.state.hedge?.cost == 15)
    #expect(venue.state.hedge?.windowStart == Timestamp(seconds: 9))
    venue.state.apply(.hedgeCharged(units: .max))
    #expect(venue.state.hedge?.cost == .max && venue.state.hedge?.windowCost == .max)
  }

  @Test("a state with it reads back; without, it has the bytes it had")
  func bytes() throws {
    let plain = try SmallVenue().state
    #expect(plain.hedge == nil && plain.canonicalBytes.last == 0)
    let state = try venue().state
    let bytes = state.canonicalBytes
    #expect(try LedgerState(canonicalBytes: bytes) == state)
    for index in plain.canonicalBytes.count - 1..<bytes.count {
      for change in [1, 2, 0x80, 0xff] as [UInt8] {
        var mutated = bytes
        mutated[index] ^= change
        guard let other = try? LedgerState(canonicalBytes: mutated) else { continue }
        #expect(other != state && other.canonicalBytes == mutated, "byte \(index)")
      }
    }
  }
}

// MARK: Samples

extension Samples {
  mutating func hedgeCommands() -> [Command] { [.openHedge(account())] }

  mutating func hedgeEvents() -> [LedgerEvent] {
    [
      .hedgeOpened(account()),
      .hedgeOrdered(
        HedgeOrder(
          order: liquidationOrder(), underlying: symbol(), imbalance: integer(),
          unitValue: integer(), expectedCost: integer(), worstCost: integer(),
          isReducing: bool())),
      .hedgeCharged(units: integer()), .hedgeWindowBegun(at: time()),
    ]
  }
}
