// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import Parameters
import Quantities
import RiskEngine
import TestFixtures
import Testing

@Suite("Keepers outside, and what happens without them")
struct KeeperOfferTests {
  private let perpetual = Contracts.btcPerpetual
  private let keeper = AccountID(8)
  private static let terms = [
    (key: "keeper.patience", value: "3"), (key: "keeper.gasUnits", value: "600000"),
    (key: "keeper.bonus", value: "0.2%"), (key: "keeper.margin", value: "30%"),
    (key: "keeper.cap", value: "1%"), (key: "liquidation.penalty", value: "0%"),
    (key: "margin.tiers.BTC.row.1.penalty", value: "0%"),
  ]

  /// An account that was long 1 BTC from 8,000 USD with 500 USD, when 8,000 has become 7,650.
  private func venue(
    _ changes: [(key: String, value: String)] = [], gas: Int64? = nil
  ) throws -> Venue {
    var venue = try Venue.marked(Self.terms + changes)
    try venue.open(1, .cross, usd: "500")
    try venue.take(1, 1_000, of: perpetual)
    try venue.open(8, .cross, usd: "100000")
    if let gas { try venue.submit(.reportGas(perMillion: gas)) }
    try venue.block(btc: "7650")
    return venue
  }

  private func offer(_ venue: Venue) throws -> KeeperOffer {
    try #require(venue.engine.state.execution.offer(of: AccountID(1)))
  }

  private func take(_ size: Int64, _ offer: UInt64 = 1, least: Int64 = 0) -> Command {
    .takeOffer(keeper, offer, Size(steps: size), leastReward: least)
  }

  private func end(_ events: [LedgerEvent]) -> OfferEnd? {
    for case .offerClosed(_, _, let end) in events { return end }
    return nil
  }

  private func paid(_ events: [LedgerEvent]) -> Int64 {
    events.reduce(0) { sum, event in
      guard case .transferred(let transfer) = event, transfer.reason == .keeperReward else {
        return sum
      }
      return sum + transfer.amount.units
    }
  }

  @Test("a slice is offered for the patience stated, and then the book has it")
  func fallback() throws {
    var plain = try Venue.marked([(key: "liquidation.penalty", value: "0%")])
    try plain.open(1, .cross, usd: "500")
    try plain.take(1, 1_000, of: perpetual)
    try plain.block(btc: "7650")
    var venue = try venue()
    #expect(try offer(venue).size == plain.order(of: 1).size)
    for _ in 0..<2 {
      #expect(end(try venue.block()) == nil)
      #expect(venue.account(1).liquidation?.order == nil)
    }
    #expect(end(try venue.block()) == .untaken)
    let order = try venue.order(of: 1)
    #expect(order.size == (try plain.order(of: 1).size) && order.stage == .partial)
    // After the book, keepers are offered the next slice.
    try venue.submit(venue.report(order, size: 0))
    try venue.block()
    #expect(try offer(venue).id == 2)
  }

  @Test("or the next stage, where the venue has no book")
  func skipsBook() throws {
    var venue = try venue([(key: "keeper.skipsBook", value: "true")])
    for _ in 0..<3 {
      #expect(venue.stage(of: 1) == .partial)
      try venue.block()
    }
    #expect(venue.stage(of: 1) != .partial)
    #expect(
      !venue.records.flatMap(\.events).contains { event in
        guard case .liquidationOrderIssued(let order) = event else { return false }
        return order.stage == .partial
      })
  }

  @Test("a keeper takes a part at the mark, and is paid its part of the reward")
  func worked() throws {
    var venue = try venue()
    let offer = try offer(venue)
    let notional = offer.size.steps * 7_650_000
    #expect(offer.reward == notional / 500, "two thousandths")
    let (one, other) = (try venue.equity(1), try venue.equity(8))
    let events = try venue.submit(take(100))
    #expect(paid(events) == 100 * 15_300)
    #expect(try venue.equity(1) == one - 1_530_000)
    #expect(try venue.equity(8) == other + 1_530_000)
    #expect(try self.offer(venue).left == offer.size - Size(steps: 100))
    #expect(venue.size(8, perpetual) == 100 && venue.size(1, perpetual) == 900)
    let rest = try venue.submit(take(offer.size.steps - 100))
    #expect(rest.contains(.liquidationEnded(AccountID(1), .restored)) || !rest.isEmpty)
    #expect(venue.engine.state.execution.offer(1) == nil)
  }

  @Test("a reward is no larger part of what an account has than its slice is of its positions")
  func inProportion() throws {
    // A dollar and a half a hundred steps: one below what the part comes to, at it and above.
    for (price, isWhole) in [("7516", true), ("7515.3", true), ("7515.2", false)] {
      var venue = try venue()
      #expect(try offer(venue).reward == 416 * 15_300)
      try venue.block(btc: price)
      let equity = try venue.equity(1)
      let events = try venue.submit(take(100))
      #expect(paid(events) == (isWhole ? 1_530_000 : equity / 10), "\(price)")
      #expect((equity / 10 >= 1_530_000) == isWhole)
    }
  }

  @Test("the margin of coins that the account keeps is not paid to a keeper")
  func coins() throws {
    var venue = try Venue.marked(Self.terms)
    try venue.open(1, .cross)
    try venue.deposit(1, "3.1", of: Coins.eth)
    try venue.take(1, 1_000, of: perpetual)
    try venue.open(8, .cross, usd: "100000")
    try venue.block(btc: "7650")
    let offer = try offer(venue)
    #expect(offer.reward == offer.size.steps * 15_300)
    try venue.block(btc: "7510")
    let valuation = try #require(venue.engine.valuation)
    let equity = try venue.equity(1)
    // Closed, it owes 490 dollars beside its coins.
    var kept = venue.account(1).portfolio
    kept.positions = []
    kept.balances[0] -= 490_000_000
    let margin = valuation.risk(kept).maintenanceMargin
    let part = (equity - margin) / 10
    #expect(equity / 10 > 1_530_000 && (1..<1_530_000).contains(part) && margin > 50_000_000)
    #expect(paid(try venue.submit(take(100))) == part)
  }

  @Test("cutting an offer up is paid no more than taking it whole")
  func dust() throws {
    var whole = try venue(gas: 13_000_000)
    let size = try offer(whole).size.steps
    let most = paid(try whole.submit(take(size)))
    var pieces = try venue(gas: 13_000_000)
    var sum: Int64 = 0
    for _ in 0..<20 where pieces.engine.state.execution.offer(1) != nil {
      sum += paid(try pieces.submit(take(size / 20)))
    }
    #expect(sum > 0 && sum <= most)
  }

  // 600,000 gas for 7.80 dollars, and 30 %: 10.14 dollars.
  @Test("where gas is dearer than the bonus it is paid, with a margin, and within the cap")
  func gas() throws {
    let plain = try offer(try venue()).reward
    let notional = try offer(try venue()).size.steps * 7_650_000
    #expect(plain < 10_140_000)
    #expect(try offer(try venue(gas: 13_000_000)).reward == 10_140_000)
    // The highest price of gas at which the cap, a hundredth, still covers it, and one above.
    let most = notional / 100
    let cost = (most * 10) / 13
    let price = cost * 10 / 6
    var tried: [Bool] = []
    for gas in [price - 10, price + 10] {
      let venue = try venue(gas: gas)
      tried.append(venue.engine.state.execution.offer(1) != nil)
      if venue.engine.state.execution.offer(1) == nil {
        #expect(venue.account(1).liquidation?.order != nil, "the book has it at once")
        #expect(end(venue.records.last?.events ?? []) == .unprofitable)
      }
    }
    #expect(tried == [true, false])
  }

  @Test("what was said of gas is believed for its time and not a moment longer")
  func stale() throws {
    for (life, isKnown) in [("61s", true), ("60s", false)] {
      let venue = try venue([(key: "keeper.gasLife", value: life)], gas: 13_000_000)
      #expect((try offer(venue).reward == 10_140_000) == isKnown)
    }
  }

  @Test("a reward never takes more than equity, and a keeper who counted on more is refused")
  func equity() throws {
    var venue = try venue([
      (key: "keeper.bonus", value: "1%"), (key: "keeper.cap", value: "1%"),
    ])
    let offer = try offer(venue)
    // One dollar is left: 7,501 less the 7,500 at which nothing is. 416 of 1,000 steps are offered.
    try venue.block(btc: "7501")
    #expect(try venue.equity(1) == 1_000_000 && offer.size.steps == 416)
    #expect(
      venue.refusal(of: take(416, least: 416_001)) == .rewardTooLow(1, reward: 416_000))
    let events = try venue.submit(take(416, least: 416_000))
    #expect(paid(events) == 416_000)
    #expect(try venue.equity(1) >= 0)
    // At the handover line nothing is taken any more.
    var lost = try self.venue()
    try lost.block(btc: "7500")
    #expect(lost.stage(of: 1) != .partial)
    #expect(lost.refusal(of: take(1)) == .offerOver(1))
  }

  @Test("takes are refused: late, unknown, one's own, too large, unmargined, a pool's, not open")
  func refusals() throws {
    var off = try Venue.marked()
    #expect(off.refusal(of: .reportGas(perMillion: 1)) == .notInUse("keeper.patience"))
    var venue = try venue()
    let size = try offer(venue).size.steps
    for gas in [-1, 1_000_000_000_001] as [Int64] {
      #expect(
        venue.refusal(of: .reportGas(perMillion: gas)) == .outsideLimits("a price of gas"))
    }
    try venue.submit(.reportGas(perMillion: 1_000_000_000_000))
    #expect(venue.refusal(of: take(1, 2)) == .unknownOffer(2))
    #expect(venue.refusal(of: take(1, 0)) == .unknownOffer(0))
    #expect(venue.refusal(of: take(0)) == .notPositive("a size"))
    #expect(venue.refusal(of: take(size + 1)) == .outsideLimits("what is left of an offer"))
    try venue.submit(.openAccount(AccountID(9), .cross))
    guard
      case .belowInitialMargin = venue.refusal(
        of: .takeOffer(AccountID(9), 1, Size(steps: 10), leastReward: 0))
    else {
      Issue.record("a keeper without money takes a position")
      return
    }
    try venue.submit(.openSubaccount(AccountID(20), under: AccountID(1), .cross))
    #expect(
      venue.refusal(of: .takeOffer(AccountID(20), 1, Size(steps: 1), leastReward: 0))
        == .selfTrade(AccountID(20)))
    var silent = try self.venue()
    try silent.silentBlock()
    #expect(silent.refusal(of: take(1)) == .marketIsReduceOnly(try AssetSymbol("BTC")))
    for _ in 0..<3 { try venue.block() }
    #expect(venue.refusal(of: take(1)) == .offerOver(1))
  }

  @Test("an offer is withdrawn from an account that needs it no more")
  func withdrawn() throws {
    var venue = try venue()
    #expect(end(try venue.block(btc: "8000")) == .withdrawn)
    #expect(venue.account(1).liquidation == nil && venue.engine.state.execution.offers.isEmpty)
  }

  @Test("makers are asked first, then keepers, then the book")
  func order() throws {
    var venue = try venue([(key: "requests.life", value: "1min")])
    try venue.submit(.registerMaker(keeper))
    // The first offer was made before anybody was registered.
    try venue.block(btc: "8000")
    try venue.block(btc: "7650")
    #expect(venue.engine.state.execution.requests.count == 1)
    let events = try venue.block()
    #expect(events.contains { if case .keeperOffered = $0 { true } else { false } })
    for _ in 0..<3 { try venue.block() }
    #expect(venue.account(1).liquidation?.order != nil)
  }

  @Test("restored from its bytes in the middle of an offer, an engine goes on alike")
  func recovery() throws {
    var venue = try venue(gas: 13_000_000)
    let state = try LedgerState(canonicalBytes: venue.engine.state.canonicalBytes)
    var twin = try Engine(state: state, hash: venue.engine.hash, sequence: venue.engine.sequence)
    for command in [take(50), take(20)] {
      try venue.submit(command)
      #expect(try twin.step(command).hash == venue.engine.hash)
    }
    for _ in 0..<4 {
      let command = venue.nextBlock()
      try venue.submit(command)
      #expect(try twin.step(command).hash == venue.engine.hash)
    }
  }
}
