// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
import Quantities
import RiskEngine
import TestFixtures
import Testing

@Suite("Rights to slices, sold by sealed bids")
struct RightsTests {
  private let perpetual = Contracts.btcPerpetual
  private static let terms = [
    (key: "keeper.patience", value: "1"), (key: "keeper.bonus", value: "1%"),
    (key: "liquidation.penalty", value: "0%"),
    (key: "margin.tiers.BTC.row.1.penalty", value: "0%"), (key: "rights.commitSpan", value: "1min"),
    (key: "rights.revealSpan", value: "1min"), (key: "rights.lots", value: "4"),
    (key: "rights.deposit", value: "5"), (key: "rights.reserve", value: "10%"),
    (key: "rights.pricing", value: "0"),
  ]
  private static let keepers: [UInt32] = [7, 8, 9]

  /// An account that was long 1 BTC from 8,000 USD with 500 USD, when 8,000 has become 7,650.
  private static func venue(_ changes: [(key: String, value: String)] = []) throws -> Venue {
    let kept = terms.filter { term in !changes.contains { $0.key == term.key } }
    var venue = try Venue.marked(kept + changes)
    try venue.open(1, .cross, usd: "500")
    try venue.take(1, 1_000, of: Contracts.btcPerpetual)
    for keeper in keepers { try venue.open(keeper, .cross, usd: "100000") }
    try venue.block(btc: "7650")
    return venue
  }

  /// Without any change, once for all tests.
  private static let usual = Result { try venue() }

  private func venue(_ changes: [(key: String, value: String)] = []) throws -> Venue {
    changes.isEmpty ? try Self.usual.get() : try Self.venue(changes)
  }

  private func sale(_ venue: Venue) throws -> RightsSale {
    try #require(venue.engine.state.execution.sale(of: AccountID(1)))
  }

  private func bid(_ price: Int64, _ lots: Int64) -> RightsBid {
    RightsBid(price: price, lots: lots, salt: [UInt8](repeating: 7, count: 32))
  }

  private func digest(_ bid: RightsBid, _ bidder: UInt32, sale: UInt64 = 1) -> ChainHash {
    SealedBid(
      bidder: AccountID(bidder), price: bid.price, lots: bid.lots, salt: bid.salt
    ).commitment(to: sale)
  }

  private func commit(_ bid: RightsBid, _ bidder: UInt32) -> Command {
    .commitBid(AccountID(bidder), 1, digest(bid, bidder))
  }

  private func reveal(_ bid: RightsBid, _ bidder: UInt32) -> Command {
    .revealBid(AccountID(bidder), 1, bid)
  }

  private func outcome(_ events: [LedgerEvent]) -> RightsOutcome? {
    for case .rightsSettled(_, _, let outcome) in events { return outcome }
    return nil
  }

  private func moved(_ events: [LedgerEvent], _ reason: TransferReason) -> [Int64] {
    events.compactMap { event in
      guard case .transferred(let transfer) = event, transfer.reason == reason else { return nil }
      return transfer.amount.units
    }
  }

  @Test("the highest bids have the lots at the price of the first that is not served")
  func worked() throws {
    var venue = try venue()
    let sale = try sale(venue)
    let notional = sale.size.steps * 7_650_000
    #expect(sale.lots == 4 && sale.reward == notional / 100)
    #expect(sale.reserve == (sale.reward + 9) / 10 / 4)
    let lot = sale.reward / 4
    let bids =
      [(7, bid(lot / 2, 3)), (8, bid(lot / 3, 2)), (9, bid(lot / 4, 1))]
      as [(UInt32, RightsBid)]
    for (bidder, bid) in bids { try venue.submit(commit(bid, bidder)) }
    #expect(venue.engine.state.execution.deposits == 15_000_000)
    #expect(venue.balance(7) == 99_995_000_000)
    try venue.block()
    for (bidder, bid) in bids { try venue.submit(reveal(bid, bidder)) }
    let before = try venue.equity(1)
    let events = try venue.block()
    // Three lots to the first, one to the second, who is left one short: his price is everybody's.
    let price = lot / 3
    #expect(outcome(events) == RightsOutcome(price: price, lots: 4))
    let trades = Requests.trades(events)
    #expect(trades.map(\.buyer) == [AccountID(7), AccountID(8)])
    #expect(trades.reduce(0) { $0 + $1.size.steps } == sale.size.steps)
    #expect(trades.allSatisfy { $0.unitValue == venue.mark(perpetual).unitValue })
    #expect(moved(events, .rightsPayment) == [3 * price, price])
    #expect(moved(events, .keeperReward) == [sale.reward(for: 3), sale.reward(for: 1)])
    #expect(moved(events, .rightsReturn) == [5_000_000, 5_000_000, 5_000_000])
    #expect(venue.engine.state.execution.deposits == 0)
    let cost = sale.reward(for: 3) + sale.reward(for: 1) - 4 * price
    #expect(try venue.equity(1) == before - cost)
    #expect(try venue.equity(9) == 100_000_000_000)
  }

  @Test("or each pays what his lots displaced, by the rule that held when the sale began")
  func displaced() throws {
    let began = try venue([(key: "rights.pricing", value: "1")])
    let sale = try sale(began)
    #expect(sale.pricing == .displaced)
    #expect(try self.sale(try venue()).pricing == .uniform)
    let lot = sale.reward / 4
    let bids =
      [(7, bid(lot / 2, 3)), (8, bid(lot / 3, 2)), (9, bid(lot / 4, 1))]
      as [(UInt32, RightsBid)]
    for order in [bids, bids.reversed()] {
      var venue = began
      for (bidder, bid) in order { try venue.submit(commit(bid, bidder)) }
      try venue.block()
      for (bidder, bid) in order { try venue.submit(reveal(bid, bidder)) }
      let before = try venue.equity(1)
      let events = try venue.block()
      // Without the first, the second would have one lot more, the third his, and nobody the last;
      // without the second only the third would have one.
      let paid = [lot / 3 + lot / 4 + sale.reserve, lot / 4]
      #expect(outcome(events) == RightsOutcome(price: lot / 3, lots: 4))
      #expect(moved(events, .rightsPayment) == paid)
      #expect(moved(events, .keeperReward) == [sale.reward(for: 3), sale.reward(for: 1)])
      #expect(moved(events, .rightsReturn) == [5_000_000, 5_000_000, 5_000_000])
      #expect(venue.engine.state.execution.deposits == 0)
      #expect(try venue.equity(1) == before - sale.reward + paid[0] + paid[1])
    }
  }

  /// Sells three lots to 7 and one to 8, each at 8's price; the market falls in the last block.
  ///
  /// - Returns: What a lot costs, the seller as it is once that is paid, and the events.
  private func sellFalling(
    _ venue: inout Venue, to btc: String, deposit: (_ payments: Int64) -> Int64
  ) throws -> (payments: Int64, seller: Portfolio, events: [LedgerEvent]) {
    let lot = try sale(venue).reward / 4
    let bids = [(7, bid(lot / 2, 3)), (8, bid(lot / 3, 2))] as [(UInt32, RightsBid)]
    for (bidder, bid) in bids { try venue.submit(commit(bid, bidder)) }
    try venue.block()
    for (bidder, bid) in bids { try venue.submit(reveal(bid, bidder)) }
    let payments = 4 * (lot / 3)
    let units = deposit(payments)
    if units > 0 {
      try venue.submit(
        .depositCollateral(AccountID(1), Amount(units: units, asset: Coins.usd)))
    }
    var seller = venue.account(1).portfolio
    seller.balances[0] += payments
    let events = try venue.block(btc: btc)
    #expect(outcome(events) == RightsOutcome(price: lot / 3, lots: 4))
    return (payments, seller, events)
  }

  @Test("where the price has fallen since, each winner has at most his part of what is left")
  func fallen() throws {
    // 312 and 104 of 1,000 steps: 76.50 dollars, a hundredth of the notional at the offer, are
    // just enough for the rewards that were promised.
    for (spare, paid) in [
      (-1, [23_867_999, 7_955_999]), (0, [23_868_000, 7_956_000]), (1, [23_868_000, 7_956_000]),
    ] as [(Int64, [Int64])] {
      var venue = try venue()
      let promised = try sale(venue)
      #expect([3, 1].map { promised.reward(for: $0) } == [23_868_000, 7_956_000])
      let (_, seller, events) = try sellFalling(&venue, to: "7550") { 26_500_000 + spare - $0 }
      let valuation = try #require(venue.engine.valuation)
      #expect(valuation.risk(seller).equity == 76_500_000 + spare)
      #expect(moved(events, .keeperReward) == paid, "\(spare)")
    }
  }

  @Test("and nothing of the margin of coins that the account keeps")
  func fallenWithCoins() throws {
    var venue = try Venue.marked(Self.terms)
    try venue.open(1, .cross)
    try venue.deposit(1, "3.1", of: Coins.eth)
    try venue.take(1, 1_000, of: perpetual)
    for keeper in Self.keepers { try venue.open(keeper, .cross, usd: "100000") }
    try venue.block(btc: "7650")
    let promised = try sale(venue)
    let steps = [0..<3, 3..<4].map { promised.steps(of: $0, in: promised.size).steps }
    let (payments, seller, events) = try sellFalling(&venue, to: "7510") { _ in 0 }
    // Closed, it owes 490 dollars less what it is paid, beside its coins.
    var kept = seller
    kept.positions = []
    kept.balances[0] = payments - 490_000_000
    let valuation = try #require(venue.engine.valuation)
    let margin = valuation.risk(kept).maintenanceMargin
    let equity = valuation.risk(seller).equity
    let parts = steps.map { (equity - margin) * $0 / 1_000 }
    #expect(moved(events, .keeperReward) == parts)
    for (part, lots) in zip(parts, [3, 1] as [Int64]) {
      #expect((1..<promised.reward(for: lots)).contains(part) && margin > 50_000_000)
    }
    // Who is paid first leaves what was the second's: all limits are known before.
    #expect(parts[0] > 2 * parts[1] && equity * steps[0] / 1_000 > parts[0])
  }

  @Test("no commitment is taken once the block of its price is there, and no bid opened before")
  func spans() throws {
    var venue = try venue()
    let one = bid(try sale(venue).reward / 4, 1)
    try venue.submit(commit(one, 7))
    #expect(venue.refusal(of: reveal(one, 7)) == .batch(1, .stillSealed))
    try venue.block(after: 59)
    try venue.submit(commit(one, 8))
    // The price of this block is known to everybody when commitments are closed.
    try venue.block(btc: "7649", after: 1)
    #expect(venue.refusal(of: commit(one, 9)) == .batch(1, .closed))
    try venue.submit(reveal(one, 7))
    try venue.block(after: 59)
    try venue.submit(reveal(one, 8))
    let events = try venue.block(after: 1)
    #expect(outcome(events)?.lots == 2)
    #expect(venue.refusal(of: reveal(one, 8)) == .offerOver(1))
  }

  @Test("who does not open a bid loses the deposit, and what nobody takes is the book's")
  func forfeit() throws {
    var venue = try venue()
    let one = bid(try sale(venue).reward / 4, 1)
    for bidder in [7, 8] as [UInt32] { try venue.submit(commit(one, bidder)) }
    try venue.block()
    try venue.submit(reveal(one, 8))
    let fund = venue.insuranceFund()
    let events = try venue.block()
    #expect(moved(events, .rightsForfeit) == [5_000_000])
    #expect(venue.insuranceFund() >= fund + 5_000_000)
    // Alone the second pays the reserve: nothing goes for nothing.
    #expect(try outcome(events)?.price == reserve())
    #expect(outcome(events)?.lots == 1)
    #expect(venue.account(1).liquidation?.order != nil, "the rest")
    var silent = try self.venue()
    try silent.block()
    #expect(outcome(try silent.block())?.lots == 0)
    #expect(silent.account(1).liquidation?.order != nil)
  }

  private func reserve() throws -> Int64 { try sale(try venue()).reserve }

  @Test("bids are refused: below the reserve, not covered, doubled, another's, off the number")
  func refusals() throws {
    var venue = try venue()
    let sale = try sale(venue)
    let bids = [bid(sale.reserve - 1, 1), bid(sale.reserve, 1)]
    #expect(
      venue.refusal(of: .commitBid(AccountID(7), 2, digest(bids[0], 7))) == .unknownOffer(2))
    try venue.open(10, .cross, usd: "4.999999")
    #expect(
      venue.refusal(of: commit(bids[1], 10))
        == .batch(1, .notCovered(AccountID(10), lacking: 1)))
    try venue.deposit(10, "0.000001", of: Coins.usd)
    try venue.submit(commit(bid(5_000_001, 1), 10))
    #expect(venue.refusal(of: commit(bids[1], 1)) == .selfTrade(AccountID(1)))
    try venue.submit(commit(bids[0], 7))
    #expect(venue.refusal(of: commit(bids[1], 7)) == .batch(1, .alreadyCommitted(AccountID(7))))
    // A copied digest: it is all there is to be seen.
    try venue.submit(.commitBid(AccountID(9), 1, digest(bids[0], 7)))
    try venue.block()
    #expect(venue.refusal(of: reveal(bids[0], 7)) == .batch(1, .belowReserve(sale.reserve)))
    #expect(venue.refusal(of: reveal(bids[1], 7)) == .batch(1, .otherBid(AccountID(7))))
    #expect(venue.refusal(of: reveal(bids[0], 9)) == .batch(1, .otherBid(AccountID(9))))
    #expect(venue.refusal(of: reveal(bids[0], 8)) == .batch(1, .notCommitted(AccountID(8))))
    #expect(
      venue.refusal(of: reveal(bid(5_000_001, 1), 10))
        == .batch(1, .notCovered(AccountID(10), lacking: 1)))
    let events = try venue.block()
    #expect(moved(events, .rightsForfeit) == [5_000_000, 5_000_000, 5_000_000])
  }

  @Test("a sale is withdrawn with all deposits when the account is restored or its market shut")
  func withdrawn() throws {
    for isSilent in [false, true] {
      var venue = try venue()
      let one = bid(try sale(venue).reward / 4, 1)
      for bidder in [7, 8] as [UInt32] { try venue.submit(commit(one, bidder)) }
      let events =
        isSilent ? try venue.silentBlock(after: 400) : try venue.block(btc: "8000")
      #expect(outcome(events)?.isWithdrawn == true)
      #expect(moved(events, .rightsReturn) == [5_000_000, 5_000_000])
      #expect(venue.engine.state.execution.deposits == 0 && venue.balance(7) == 100_000_000_000)
    }
  }

  @Test("a winner who has not the margin any more loses the deposit, and the lots are the book's")
  func unmargined() throws {
    var venue = try venue()
    let one = bid(try sale(venue).reward / 4, 4)
    try venue.submit(commit(one, 7))
    try venue.block()
    try venue.submit(reveal(one, 7))
    try venue.submit(.withdrawCollateral(AccountID(7), Amount("99990", of: Coins.usd)))
    let events = try venue.block()
    #expect(moved(events, .rightsForfeit) == [5_000_000])
    #expect(outcome(events)?.lots == 0 && Requests.trades(events).isEmpty)
    #expect(venue.account(1).liquidation?.order != nil)
  }

  /// Two keepers want two lots each.
  private func rivals(_ lot: Int64, _ random: inout Seeded) -> [(UInt32, RightsBid)] {
    [7, 8].map { ($0, bid(Int64.random(in: lot / 5...lot * 6 / 5, using: &random), 2)) }
  }

  /// What keeper 9 gains by a bid beside others.
  private func gain(
    _ begun: Venue, _ others: [(UInt32, RightsBid)], _ own: RightsBid
  ) throws -> Int64 {
    var venue = begun
    let bids = others + [(9, own)]
    for (bidder, bid) in bids { try venue.submit(commit(bid, bidder)) }
    try venue.block()
    for (bidder, bid) in bids { try venue.submit(reveal(bid, bidder)) }
    #expect(outcome(try venue.block())?.lots == 4)
    return try venue.equity(9) - 100_000_000_000
  }

  /// Keeper 9 sees who has committed and when, and all that is public; his worth of a lot is its
  /// reward.
  @Test("nobody gains more by a bid than by bidding what a lot is worth", arguments: 0..<24)
  func frontRunner(seed: UInt64) throws {
    var random = Seeded(seed)
    let begun = try Self.usual.get()
    let lot = try sale(begun).reward / 4
    let others = rivals(lot, &random)
    let honest = try gain(begun, others, bid(lot, 1))
    #expect(honest >= 0)
    for price in [lot / 5, lot / 2, lot * 9 / 10, lot * 11 / 10] {
      #expect(try gain(begun, others, bid(price, 1)) <= honest, "\(price) of \(lot)")
    }
  }

  /// Keeper 9 has room for all four lots and knows every other bid.
  @Test("nor by asking for fewer lots, where each pays what his displaced", arguments: 0..<8)
  func fewerLots(seed: UInt64) throws {
    var random = Seeded(seed)
    let begun = try Self.displacing.get()
    let lot = try sale(begun).reward / 4
    let others = rivals(lot, &random)
    let honest = try gain(begun, others, bid(lot, 4))
    #expect(honest >= 0)
    let prices: [(Int64, Int64)] = [(lot, 1), (lot, 2), (lot, 3), (lot / 2, 4), (lot * 11 / 10, 4)]
    for (price, lots) in prices {
      #expect(
        try gain(begun, others, bid(price, lots)) <= honest, "\(lots) at \(price) of \(lot)")
    }
  }

  @Test("fewer lots pay at one price for all, and not where each pays what his displaced")
  func demandReduction() throws {
    for (begun, pays) in [(try Self.usual.get(), true), (try Self.displacing.get(), false)] {
      let lot = try sale(begun).reward / 4
      let others = [(7, bid(lot * 9 / 10, 2)), (8, bid(lot / 5, 2))] as [(UInt32, RightsBid)]
      let gains = try [2, 4].map { try gain(begun, others, bid(lot, $0)) }
      #expect((gains[0] > gains[1]) == pays && gains[1] > 0)
    }
  }

  private static let displacing = Result { try venue([(key: "rights.pricing", value: "1")]) }

  @Test("restored from its bytes in the middle of a sale, an engine goes on alike")
  func recovery() throws {
    var venue = try venue()
    let one = bid(try sale(venue).reward / 4, 2)
    let commands = [commit(one, 7), commit(one, 8)]
    for command in commands { try venue.submit(command) }
    let state = try LedgerState(canonicalBytes: venue.engine.state.canonicalBytes)
    #expect(state == venue.engine.state)
    var twin = try Engine(state: state, hash: venue.engine.hash, sequence: venue.engine.sequence)
    for command in [venue.nextBlock(), reveal(one, 7)] {
      try venue.submit(command)
      let read = try Command(canonicalBytes: command.canonicalBytes)
      #expect(try twin.step(read).hash == venue.engine.hash)
    }
    let last = venue.nextBlock()
    try venue.submit(last)
    #expect(try twin.step(last).hash == venue.engine.hash)
    #expect(twin.state.digest == venue.engine.state.digest)
  }

  @Test("rights are sold only to keepers, and unless stated at what each winner's lots displaced")
  func parameters() throws {
    for (stated, pricing) in [
      (nil, .displaced), ("0", .uniform), ("1", .displaced),
    ] as [(String?, RightsPricing)] {
      let changes = stated.map { [(key: "rights.pricing", value: $0)] } ?? []
      let rights = try LiquidationParameters(ParameterFixture.set(changes)).rights
      #expect(rights.pricing == pricing && !rights.isOn)
    }
    #expect(
      throws: ParameterError.inconsistent(
        key: "rights.commitSpan", reason: "keeper.patience is not stated")
    ) {
      try LiquidationParameters(
        ParameterFixture.set([(key: "rights.commitSpan", value: "1min")]))
    }
  }
}
