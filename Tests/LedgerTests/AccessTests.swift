// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Quantities
import TestFixtures
import Testing

@Suite("Protections and accounts of one owner in the ledger")
struct AccessTests {
  private let one = SmallVenue.one
  private let two = SmallVenue.two
  private let three = SmallVenue.three
  private let linear = SmallVenue.linear

  @Test("an account with protections and a parent reads back from its bytes", arguments: 0..<40)
  func roundTrip(seed: UInt64) throws {
    var samples = Samples(seed: seed)
    let account = samples.wholeAccount()
    let bytes = account.canonicalBytes
    #expect(try Account(canonicalBytes: bytes) == account)
    for index in bytes.indices {
      for change in [1, 2, 0x80, 0xff] as [UInt8] {
        var mutated = bytes
        mutated[index] ^= change
        guard let other = try? Account(canonicalBytes: mutated) else { continue }
        #expect(other != account && other.canonicalBytes == mutated)
      }
    }
  }

  @Test("what has neither protection, quote nor parent has the bytes it always had")
  func bytesStay() throws {
    let order = RestingOrder(
      id: OrderID(8), instrument: linear, side: .sell, remaining: Size(steps: 5),
      limit: Price(steps: 1), isReduceOnly: true)
    #expect(order.canonicalBytes.last == 1)
    let account = Account(
      id: one, portfolio: Portfolio(mode: .portfolio, balances: [], orders: [order]))
    var writer = CanonicalWriter()
    writer.append(one)
    writer.append(MarginMode.portfolio.rawValue)
    for count in [0, 0, 1] as [UInt32] { writer.append(count) }
    writer.append(order)
    writer.append(false)
    #expect(account.canonicalBytes == writer.bytes)
  }

  @Test("a liquidation without an auction has the bytes it always had")
  func liquidationBytesStay() throws {
    var samples = Samples(seed: 5)
    let cause = samples.cause()
    var liquidation = LiquidationProgress(cause: cause)
    var writer = CanonicalWriter()
    writer.append(cause)
    writer.append(LiquidationStage.cancelOrders.rawValue)
    writer.append(false)
    writer.append(UInt16(0))
    writer.append(false)
    #expect(liquidation.canonicalBytes == writer.bytes)
    liquidation.auction = samples.auctionProgress()
    #expect(liquidation.canonicalBytes.count > writer.bytes.count)
    #expect(try LiquidationProgress(canonicalBytes: liquidation.canonicalBytes) == liquidation)
  }

  @Test("a protection counts, triggers, is renewed, changed and removed")
  func protection() throws {
    var venue = try SmallVenue()
    let limits = QuoteLimits(quantity: 9, interval: .minute, frozenTime: .zero)
    let symbols = try ["BTC", "ETH", "AAA"].map { try AssetSymbol($0) }
    for symbol in symbols { venue.state.apply(.protectionSet(one, symbol, limits)) }
    let protections = { (venue: SmallVenue) in venue.account(one).portfolio.protections }
    #expect(protections(venue).map(\.underlying) == symbols.sorted())
    venue.state.apply(.blockStarted(at: Timestamp(seconds: 100)))
    let fills = QuoteFills(quantity: 4, delta: 2, vega: 1)
    venue.state.apply(.quoteFilled(one, symbols[0], fills))
    venue.state.apply(.blockStarted(at: Timestamp(seconds: 130)))
    venue.state.apply(.quoteFilled(one, symbols[0], fills))
    let protection = { (venue: SmallVenue) in
      venue.account(one).portfolio.protection(of: symbols[0])
    }
    #expect(protection(venue)?.filled == QuoteFills(quantity: 8, delta: 4, vega: 2))
    #expect(protection(venue)?.intervalEnd == Timestamp(seconds: 160))
    #expect(!limits.areReached(by: QuoteFills(quantity: 8, delta: .max, vega: .max)))
    #expect(limits.areReached(by: QuoteFills(quantity: 9, delta: 0, vega: 0)))
    venue.state.apply(
      .protectionSet(one, symbols[0], QuoteLimits(vega: 3, interval: .hour, frozenTime: .hour)))
    #expect(protection(venue)?.filled == QuoteFills(quantity: 8, delta: 4, vega: 2))
    venue.state.apply(
      .protectionTriggered(one, symbols[0], frozenUntil: Timestamp(seconds: 500)))
    #expect(protection(venue)?.filled == .zero && protection(venue)?.intervalEnd == nil)
    #expect(protection(venue)?.frozenUntil == Timestamp(seconds: 500))
    venue.state.apply(.protectionRenewed(one, symbols[0]))
    #expect(protection(venue)?.frozenUntil == nil)
    venue.state.apply(.protectionSet(one, symbols[0], nil))
    #expect(protections(venue).map(\.underlying) == symbols.dropFirst().sorted())
    #expect(protections(venue).allSatisfy { $0.filled == .zero })
  }

  @Test("accounts are one owner's when they lie under the same account")
  func owners() throws {
    var venue = try SmallVenue()
    for (id, parent) in [(10, 4), (11, 10), (12, 11), (13, 4)] as [(UInt32, UInt32)] {
      venue.state.apply(.subaccountOpened(AccountID(id), under: AccountID(parent), .cross))
    }
    let index = { (id: UInt32) in venue.state.index(of: AccountID(id)) ?? 0 }
    #expect([4, 10, 11, 12, 13].map { venue.state.owner(of: index($0)) }.allSatisfy { $0 == two })
    #expect(venue.state.owner(of: index(9)) == three)
    #expect([4, 10, 11, 12, 13].map { venue.state.depth(of: index($0)) } == [0, 1, 2, 3, 1])
    #expect(venue.account(AccountID(13)).portfolio.balances == [0, 0])
    #expect(venue.state.brokenAfterBlock() == nil)
  }

  @Test("a moved position takes its share of the cost with it, and nothing is realized")
  func moved() throws {
    var venue = try SmallVenue()
    venue.trade(linear, one, two, 10, at: 103)
    venue.trade(linear, one, two, 1, at: 100)
    // 11 steps cost 1,130: 4 of them 410 and 10/11, rounded down.
    venue.state.apply(
      .positionMoved(
        PositionMove(from: one, to: three, instrument: linear, size: Size(steps: 4), cost: 410)))
    #expect(venue.account(one).portfolio.positions.map(\.cost) == [720])
    #expect(venue.account(three).portfolio.positions.map(\.cost) == [410])
    #expect(venue.balance(one) == 1_000_000 && venue.balance(three) == 1_000_000)
    #expect(venue.state.totals[0].openInterest == 11)
    #expect(venue.state.brokenAfterBlock() == nil)
    // Onto the opposite side: 7 that cost 720 meet 11 that were sold for 1,130.
    venue.state.apply(
      .positionMoved(
        PositionMove(from: one, to: two, instrument: linear, size: Size(steps: 7), cost: 720)))
    #expect(venue.account(one).portfolio.positions.isEmpty)
    // 7/11 of 1,130 is 719 and 1/11: the closed cost is rounded up, −719.
    #expect(venue.account(two).portfolio.positions.map(\.cost) == [-411])
    #expect(venue.balance(two) == 1_000_000 - 1)
    #expect(venue.state.totals[0].openInterest == 4 && venue.state.totals[0].netSize == 0)
    #expect(venue.state.brokenAfterBlock() == nil)
  }

  @Test("costs are exact whatever is moved, given, taken and met", arguments: 1...8)
  func exact(seed: UInt64) {
    var random = Seeded(seed)
    for _ in 0..<500 {
      let held = Int64.random(in: 1...1_000, using: &random) * (random.oneIn(2) ? 1 : -1)
      let met = Int64.random(in: -1_000...1_000, using: &random)
      let costs = (0..<2).map { _ in Int64.random(in: -9_000_000...9_000_000, using: &random) }
      var giver = Portfolio(
        mode: .cross, balances: [],
        positions: [Position(instrument: linear, size: Size(steps: held), cost: costs[0])])
      var receiver = Portfolio(
        mode: .cross, balances: [],
        positions: met == 0
          ? [] : [Position(instrument: linear, size: Size(steps: met), cost: costs[1])])
      let part = Int64.random(in: 1...abs(held), using: &random) * held.signum()
      let cost = giver.give(Size(steps: part), of: linear)
      let realized = receiver.receive(Size(steps: part), of: linear, cost: cost)
      let left = giver.positions.reduce(0) { $0 + $1.cost }
      let taken = receiver.positions.reduce(0) { $0 + $1.cost }
      // Realized profit leaves the cost: nothing is gained or lost by a unit.
      #expect(left + taken == costs[0] + (met == 0 ? 0 : costs[1]) + realized)
      #expect(giver.size(of: linear).steps == held - part)
      #expect(receiver.size(of: linear).steps == met + part)
    }
  }
}
