// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Quantities
import TestFixtures
import Testing

@Suite("Applying events")
struct ApplyTests {
  private let one = SmallVenue.one
  private let two = SmallVenue.two
  private let three = SmallVenue.three
  private let linear = SmallVenue.linear
  private let inverse = SmallVenue.inverse

  @Test("accounts are found by id, and only those there are")
  func lookup() throws {
    let venue = try SmallVenue()
    let found = (0..<11).map { venue.state.index(of: AccountID($0)) }
    #expect(found == [nil, 0, nil, nil, 1, nil, nil, nil, nil, 2, nil])
    #expect(venue.state.index(of: AccountID(.max)) == nil)
    #expect(venue.state.accounts.allSatisfy { $0.portfolio.balances.count == 2 })
  }

  @Test("a transfer is two entries")
  func transfers() throws {
    var venue = try SmallVenue()
    venue.move(7, of: venue.usd, .account(one), .account(two), .socializedLoss)
    venue.move(5, of: venue.btc, .account(two), .fees, .conversion)
    venue.move(300, of: venue.usd, .insuranceFund, .account(three), .insuranceCover)
    venue.move(11, of: venue.usd, .account(three), .outside, .withdrawal)
    #expect(venue.balance(one) == 999_993 && venue.balance(two) == 1_000_007)
    #expect(venue.balance(two, 1) == 495 && venue.state.houses[1].fees == 5)
    #expect(venue.balance(three) == 1_000_289 && venue.state.houses[0].insuranceFund == 0)
    #expect(venue.state.houses[0].outside == -3_000_289)
    #expect(venue.state.houses.allSatisfy { $0.total == 0 })
    #expect(venue.state.brokenAfterBlock() == nil)
  }

  @Test("trades keep size and money of a market at zero", arguments: 0..<20)
  func trades(seed: UInt64) throws {
    var venue = try SmallVenue()
    var random = Seeded(seed)
    for _ in 0..<60 {
      let parties = [one, two, three].shuffled(using: &random)
      // The isolated account keeps to one contract.
      let instrument =
        parties[..<2].contains(two) ? linear : [linear, inverse].randomElement(using: &random)!
      venue.trade(
        instrument, parties[0], parties[1], Int64.random(in: 1...9, using: &random),
        at: Int64.random(in: -50...50, using: &random))
      #expect(venue.state.brokenAfterBlock() == nil)
    }
  }

  @Test("realized profit comes out of the market's clearing balance")
  func clearing() throws {
    var venue = try SmallVenue()
    venue.trade(linear, one, two, 10, at: 100)
    #expect(venue.state.totals[0].openInterest == 10 && venue.state.totals[0].netSize == 0)
    venue.trade(linear, three, one, 4, at: 130)
    #expect(venue.balance(one) == 1_000_120)
    #expect(venue.state.totals[0].clearing == -120 && venue.state.houses[0].clearing == -120)
    venue.trade(linear, two, three, 4, at: 90)
    #expect(venue.balance(two) == 1_000_040 && venue.balance(three) == 999_840)
    #expect(venue.state.totals[0].clearing == 0 && venue.state.totals[0].openInterest == 6)
  }

  @Test("funding, profits and expiry pay every holder, out of one another")
  func settlement() throws {
    var venue = try SmallVenue()
    venue.trade(linear, one, two, 10, at: 100)
    venue.state.apply(.fundingSettled(linear, rate: Rate(billionths: 1), unitPayment: 3))
    #expect(venue.balance(one) == 999_970 && venue.balance(two) == 1_000_030)
    venue.state.apply(.profitsSettled(linear, unitValue: 120))
    #expect(venue.balance(one) == 1_000_170 && venue.balance(two) == 999_830)
    #expect(venue.account(one).portfolio.positions[0].cost == 1_200)
    venue.state.apply(.profitRealized(two, linear, units: -5))
    #expect(venue.balance(two) == 999_825)
    #expect(venue.account(two).portfolio.positions[0].cost == -1_205)
    #expect(venue.state.brokenAfterBlock() == nil)
    venue.state.apply(
      .instrumentExpired(linear, settlementPrice: Price(steps: 1), unitValue: 110))
    #expect(venue.balance(one) == 1_000_070 && venue.balance(two) == 999_930)
    #expect(venue.account(one).portfolio.positions.isEmpty)
    #expect(venue.state.totals[0].isExpired && venue.state.totals[0].openInterest == 0)
    #expect(venue.state.brokenAfterBlock() == nil)
  }

  @Test("an order lives from being placed to being removed")
  func orders() throws {
    var venue = try SmallVenue()
    let order = RestingOrder(
      id: OrderID(8), instrument: linear, side: .buy, remaining: Size(steps: 5),
      limit: Price(steps: 1), isReduceOnly: false)
    venue.state.apply(.orderPlaced(one, order))
    #expect(venue.state.nextOrder == OrderID(9))
    venue.state.apply(.orderFilled(one, OrderID(8), Size(steps: 2)))
    #expect(venue.account(one).portfolio.orders.map(\.remaining) == [Size(steps: 3)])
    venue.state.apply(.orderRemoved(one, OrderID(8), .cancelled))
    #expect(venue.account(one).portfolio.orders.isEmpty)
  }

  @Test("a liquidation remembers its stage, its order and its empty-handed tries")
  func liquidation() throws {
    var venue = try SmallVenue()
    let cause = LiquidationCause(equity: 1, maintenanceMargin: 2, time: Timestamp(seconds: 5))
    venue.trade(linear, one, two, 10, at: 100)
    venue.state.apply(.liquidationStarted(one, cause))
    #expect(venue.account(one).liquidation == LiquidationProgress(cause: cause))
    venue.state.apply(.liquidationStageEntered(one, .partial))
    for (id, end, tries) in [
      (1 as UInt64, OrderEnd.unfilled, 1 as UInt16), (2, .expired, 2), (3, .filled, 0),
      (4, .unfilled, 1),
    ] {
      let order = venue.order(id, of: one, size: 3)
      venue.state.apply(.liquidationOrderIssued(order))
      #expect(venue.account(one).liquidation?.order == order)
      #expect(venue.state.brokenAfterBlock() == nil)
      venue.state.apply(.liquidationOrderClosed(one, OrderID(id), end))
      #expect(venue.account(one).liquidation?.order == nil)
      #expect(venue.account(one).liquidation?.emptyHanded == tries)
    }
    venue.state.apply(.liquidationStageEntered(one, .insuranceFund))
    #expect(venue.account(one).liquidation?.emptyHanded == 0)
    venue.trade(linear, two, one, 10, at: 100)
    #expect(venue.account(one).liquidation?.market == linear)
    #expect(venue.account(two).liquidation == nil)
    venue.state.apply(.liquidationEnded(one, .closed))
    #expect(venue.account(one).liquidation == nil && venue.state.nextOrder == OrderID(5))
  }

  @Test("feeds and markets stay sorted, and a restart halts them all")
  func market() throws {
    var venue = try SmallVenue()
    var samples = Samples(seed: 3)
    for _ in 0..<60 {
      let update = samples.update()
      venue.state.apply(.feedUpdated(update))
      venue.state.apply(.marketMarked(samples.market()))
    }
    #expect(venue.state.feeds.map(\.feed) == venue.state.feeds.map(\.feed).sorted())
    let symbols = venue.state.markets.map(\.market.underlying)
    #expect(symbols == symbols.sorted() && Set(symbols).count == symbols.count)
    venue.state.apply(.engineRestarted(at: Timestamp(seconds: 9)))
    #expect(venue.state.markets.allSatisfy { $0.status == .reduceOnly })
    #expect(venue.state.feeds.allSatisfy { $0.freshIndex == nil })
    #expect(venue.state.restartedAt == Timestamp(seconds: 9))
    #expect(venue.state.status(of: try AssetSymbol("NEVER")) == .reduceOnly)
  }

  @Test("events about nobody change nothing")
  func strangers() throws {
    let venue = try SmallVenue()
    let (nobody, nothing) = (AccountID(77), InstrumentID(77))
    let strange = try Asset(symbol: AssetSymbol("XYZ"), decimals: 8)
    let events: [LedgerEvent] = [
      .liquidationEnded(nobody, .closed), .orderFilled(one, OrderID(5), Size(steps: 1)),
      .orderRemoved(nobody, OrderID(5), .filled), .profitsSettled(nothing, unitValue: 5),
      .profitRealized(one, linear, units: 5), .profitRealized(nobody, linear, units: 5),
      .transferred(
        Transfer(
          from: .account(one), to: .fees, amount: Amount(units: 1, asset: strange),
          reason: .deposit)),
    ]
    for event in events {
      var state = venue.state
      state.apply(event)
      #expect(state == venue.state, "\(event)")
    }
  }

  @Test("a balance that would leave its field stays and is remembered", arguments: [false, true])
  func fieldLimits(isFund: Bool) throws {
    var venue = try SmallVenue()
    let to = isFund ? LedgerAccount.insuranceFund : .account(one)
    let room = Amount.limit - (isFund ? 300 : 1_000_000)
    venue.move(room, of: venue.usd, .outside, to, .deposit)
    #expect(!venue.state.isOutsideLimits)
    venue.move(1, of: venue.usd, .outside, to, .deposit)
    #expect(venue.state.isOutsideLimits)
    #expect(venue.state.brokenAfterEvent() == .balancesAreInsideLimits)
  }

  @Test("a fact is small: a crash keeps hundreds of thousands at once")
  func factSize() {
    #expect(MemoryLayout<LedgerEvent>.stride <= 72)
  }
}
