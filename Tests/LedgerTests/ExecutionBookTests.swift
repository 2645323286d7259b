// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Parameters
import Quantities
import Testing

@Suite("Execution outside, in the ledger")
struct ExecutionBookTests {
  private func depth(_ instrument: InstrumentID, _ bids: Int64, _ asks: Int64) -> DepthReport {
    DepthReport(instrument: instrument, bids: Size(steps: bids), asks: Size(steps: asks))
  }

  private func venue() throws -> SmallVenue {
    var venue = try SmallVenue()
    let reports = [depth(SmallVenue.linear, 5, 7), depth(SmallVenue.inverse, 0, 9)]
    for (second, reports) in [(1, [reports[1]]), (2, reports), (40, [reports[0]])] {
      venue.state.apply(.blockStarted(at: Timestamp(seconds: Int64(second))))
      venue.state.apply(.depthReported(reports, window: .minute))
    }
    let (one, two) = (SmallVenue.one, SmallVenue.two)
    let end = Timestamp(seconds: 99)
    for (id, account) in [(1, two), (2, one)] as [(UInt64, AccountID)] {
      venue.state.apply(
        .quoteRequested(
          QuoteRequest(
            id: id, account: account, instrument: SmallVenue.linear, side: .sell,
            size: Size(steps: 9), endsAt: end)))
    }
    let answer = QuoteAnswer(maker: SmallVenue.three, price: .init(steps: 5), size: .init(steps: 4))
    venue.state.apply(.quoteAnswered(1, answer))
    for relayer in [SmallVenue.three, two, two] { venue.state.apply(.relayerRegistered(relayer)) }
    let relayed = QuoteAnswer(maker: two, price: .init(steps: 6), size: .init(steps: 3))
    venue.state.apply(.answerRelayed(2, relayed, by: SmallVenue.three))
    venue.state.apply(.gasReported(GasReading(perMillion: 7, time: end)))
    venue.state.apply(
      .keeperOffered(
        KeeperOffer(
          id: 3, account: two, instrument: SmallVenue.linear, side: .buy, size: Size(steps: 10),
          reward: 99, block: 4)))
    venue.state.apply(.offerClosed(4, one, .unprofitable))
    venue.state.apply(
      .rightsOffered(
        RightsSale(
          id: 4, account: SmallVenue.three, instrument: SmallVenue.linear, side: .sell,
          size: Size(steps: 9), lots: 3, reward: 30, reserve: 1, deposit: 50, closesAt: end,
          settlesAt: end + .minute, pricing: .uniform)))
    for bidder in [two, one] {
      venue.move(50, of: venue.usd, .account(bidder), .rightsDeposits, .rightsDeposit)
      let digest = ChainHash.digest(domain: "test", parts: [])
      venue.state.apply(.bidCommitted(4, bidder, digest))
    }
    venue.state.apply(.bidRevealed(4, two, RightsBid(price: 7, lots: 2, salt: [9, 9])))
    return venue
  }

  @Test("requests and offers are one of an account, until they are closed or taken")
  func offers() throws {
    var venue = try venue()
    let (one, two) = (SmallVenue.one, SmallVenue.two)
    let book = { (venue: SmallVenue) in venue.state.execution }
    #expect(book(venue).requests.map(\.id) == [2, 1] && book(venue).last == 4)
    #expect(book(venue).request(1)?.answers.count == 1)
    #expect(book(venue).hasTried(TriedSeams.keepers, one))
    #expect(!book(venue).hasTried(TriedSeams.requests, one))
    // Filled in part or not at all it has been tried, filled whole it has not.
    venue.state.apply(.requestClosed(1, filled: Size(steps: 9)))
    venue.state.apply(.requestClosed(2, filled: Size(steps: 8)))
    #expect(book(venue).tried == [TriedSeams(account: one, seams: 3)])
    venue.state.apply(.offerTaken(3, SmallVenue.three, Size(steps: 9)))
    #expect(book(venue).offer(of: two)?.left == Size(steps: 1))
    #expect(book(venue).offer(3)?.reward(for: Size(steps: 9)) == 89)
    venue.state.apply(.offerTaken(3, SmallVenue.three, Size(steps: 1)))
    #expect(book(venue).offers.isEmpty)
    venue.state.apply(.liquidationEnded(one, .restored))
    #expect(book(venue).tried.isEmpty)
  }

  @Test("relayers are kept in order, each once, and who passed an answer on beside it")
  func relayers() throws {
    var venue = try venue()
    let (one, two, three) = (SmallVenue.one, SmallVenue.two, SmallVenue.three)
    #expect(venue.state.execution.relayers == [two, three])
    #expect(venue.state.execution.isRelayer(two) && !venue.state.execution.isRelayer(one))
    let requests = venue.state.execution.requests
    #expect(requests.map { $0.relayer(of: two) } == [three, nil])
    #expect(requests.map { $0.relayer(of: three) } == [nil, nil])
    venue.state.apply(.relayerReleased(two))
    venue.state.apply(.relayerReleased(two))
    #expect(venue.state.execution.relayers == [three])
    // Registered and released: nothing is left of it.
    var empty = try SmallVenue()
    empty.state.apply(.relayerRegistered(one))
    #expect(!empty.state.execution.isEmpty && empty.state.execution.requests.isEmpty)
    empty.state.apply(.relayerReleased(one))
    #expect(empty.state.canonicalBytes == (try SmallVenue().state.canonicalBytes))
  }

  @Test("a request without relayers has the bytes it had, and relays follow answers")
  func relayBytes() throws {
    let relayed = try #require(try venue().state.execution.request(2))
    let bytes = relayed.canonicalBytes
    var plain = try SmallVenue()
    plain.state.apply(
      .quoteRequested(
        QuoteRequest(
          id: 2, account: relayed.account, instrument: relayed.instrument, side: .sell,
          size: relayed.size, endsAt: relayed.endsAt)))
    plain.state.apply(.quoteAnswered(2, relayed.answers[0]))
    let before = try #require(plain.state.execution.request(2)).canonicalBytes
    // A count and one pair of accounts longer, and one bit of the side's byte.
    #expect(bytes.count == before.count + 4 + 2 * relayed.account.canonicalBytes.count)
    let place = 8 + relayed.account.canonicalBytes.count + relayed.instrument.canonicalBytes.count
    #expect(before[place] == Side.sell.rawValue && bytes[place] == Side.sell.rawValue | 128)
    #expect(bytes.prefix(place) == before.prefix(place))
    #expect(bytes.prefix(before.count).dropFirst(place + 1) == before.dropFirst(place + 1))
    #expect(try QuoteRequest(canonicalBytes: bytes) == relayed)
    // Nobody's answer, no list, and no side.
    var other = bytes
    other[before.count + 4] ^= 1
    var none = before
    none[place] |= 128
    var side = before
    side[place] = 2
    for malformed in [other, none, none + [0, 0, 0, 0], side] {
      #expect(throws: CanonicalError.self) { try QuoteRequest(canonicalBytes: malformed) }
    }
  }

  @Test("depths are kept by market, a span for each change")
  func depths() throws {
    var venue = try venue()
    #expect(venue.state.execution.depths.map(\.instrument) == [SmallVenue.linear, .init(5)])
    let spans = { (venue: SmallVenue) in
      venue.state.execution.depth(of: SmallVenue.linear)?.spans.map(\.bids)
    }
    #expect(spans(venue) == [5])
    venue.state.apply(.blockStarted(at: Timestamp(seconds: 50)))
    venue.state.apply(.depthReported([depth(SmallVenue.linear, 6, 7)], window: .minute))
    #expect(spans(venue) == [5, 6])
    // The five stood until second 50, which is a minute ago at 110.
    venue.state.apply(.blockStarted(at: Timestamp(seconds: 110)))
    venue.state.apply(.depthReported([depth(SmallVenue.linear, 8, 7)], window: .minute))
    #expect(spans(venue) == [6, 8])
    #expect(venue.state.execution.depth(of: InstrumentID(4)) == nil)
  }

  @Test("deposits are customers' money, and are there until the sale is over")
  func deposits() throws {
    var venue = try venue()
    let sale = try #require(venue.state.execution.sale(4))
    #expect(sale.commitments.map(\.bidder) == [SmallVenue.one, SmallVenue.two])
    #expect(sale.commitments.map { $0.bid?.lots } == [nil, 2])
    #expect(venue.state.execution.deposits == 100 && venue.state.brokenAfterBlock() == nil)
    // Nine steps in three lots, and ten: nobody has a part of a step, and none is left.
    #expect(sale.steps(of: 0..<2, in: Size(steps: 9)) == Size(steps: 6))
    let cut = [0..<1, 1..<2, 2..<3].map { sale.steps(of: $0, in: Size(steps: 10)).steps }
    #expect(cut == [3, 3, 4] && sale.reward(for: 2) == 20)
    var short = venue
    short.move(1, of: venue.usd, .rightsDeposits, .insuranceFund, .rightsForfeit)
    #expect(short.state.brokenAfterBlock() == .depositsAreKept)
    venue.move(100, of: venue.usd, .rightsDeposits, .insuranceFund, .rightsForfeit)
    venue.state.apply(
      .rightsSettled(4, SmallVenue.three, RightsOutcome(price: 1, lots: 2)))
    #expect(venue.state.execution.sales.isEmpty && venue.state.brokenAfterBlock() == nil)
    #expect(venue.state.execution.hasTried(TriedSeams.keepers, SmallVenue.three))
  }

  @Test("a state with it reads back; without, it has the bytes it had")
  func bytes() throws {
    let plain = try SmallVenue().state
    #expect(plain.execution.isEmpty && plain.canonicalBytes.last == 0)
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

@Suite("How winners of rights pay, in bytes")
struct RightsPricingBytesTests {
  @Test("a sale at a uniform price keeps its bytes, the other differs from it in one bit")
  func bytes() throws {
    func sale(_ side: Side, _ pricing: RightsPricing) -> RightsSale {
      RightsSale(
        id: 4, account: SmallVenue.three, instrument: SmallVenue.linear, side: side,
        size: Size(steps: 9), lots: 3, reward: 30, reserve: 1, deposit: 50,
        closesAt: Timestamp(seconds: 60),
        settlesAt: Timestamp(seconds: 120), pricing: pricing)
    }
    for side in Side.allCases {
      let (plain, displaced) = (sale(side, .uniform), sale(side, .displaced))
      #expect(plain.pricing == .uniform && displaced.pricing == .displaced)
      for one in [plain, displaced] {
        #expect(try RightsSale(canonicalBytes: one.canonicalBytes) == one)
        let event = LedgerEvent.rightsOffered(one)
        #expect(try LedgerEvent(canonicalBytes: event.canonicalBytes) == event)
      }
      let pairs = Array(zip(plain.canonicalBytes, displaced.canonicalBytes))
      let places = pairs.indices.filter { pairs[$0].0 != pairs[$0].1 }
      let place = try #require(places.first)
      #expect(places.count == 1 && plain.canonicalBytes.count == displaced.canonicalBytes.count)
      #expect(pairs[place].0 == side.rawValue && pairs[place].1 == side.rawValue | 0x80)
      for other in [2, 0x40, 0x82, 0xff] as [UInt8] {
        var bytes = plain.canonicalBytes
        bytes[place] = other
        #expect(throws: CanonicalError.self) { try RightsSale(canonicalBytes: bytes) }
      }
    }
  }
}

// MARK: Samples

extension Samples {
  mutating func depthReport() -> DepthReport {
    DepthReport(instrument: instrument(), bids: size(), asks: size())
  }

  mutating func number() -> UInt64 { UInt64(bitPattern: integer()) }

  mutating func rightsBid() -> RightsBid {
    RightsBid(price: integer(), lots: integer(), salt: [1, 2, 3])
  }

  mutating func quoteAnswer() -> QuoteAnswer {
    QuoteAnswer(maker: account(), price: price(), size: size())
  }

  mutating func executionCommands() -> [Command] {
    [
      .reportDepth(list { $0.depthReport() }),
      .answerRequest(account(), number(), price(), size()),
      .registerRelayer(account()), .releaseRelayer(account()),
      .relayAnswer(account(), number(), quoteAnswer()),
      .reportGas(perMillion: integer()),
      .takeOffer(account(), number(), size(), leastReward: integer()),
      .commitBid(account(), number(), ChainHash.digest(domain: "sample", parts: [])),
      .revealBid(account(), number(), rightsBid()),
    ]
  }

  mutating func executionEvents() -> [LedgerEvent] {
    [
      .depthReported(list { $0.depthReport() }, window: TimeSpan(nanoseconds: integer())),
      .quoteRequested(
        QuoteRequest(
          id: number(), account: account(), instrument: instrument(),
          side: pick(Side.allCases), size: size(), endsAt: time())),
      .quoteAnswered(number(), quoteAnswer()),
      .relayerRegistered(account()), .relayerReleased(account()),
      .answerRelayed(number(), quoteAnswer(), by: account()),
      .requestClosed(number(), filled: size()),
      .gasReported(GasReading(perMillion: integer(), time: time())),
      .keeperOffered(
        KeeperOffer(
          id: number(), account: account(), instrument: instrument(),
          side: pick(Side.allCases), size: size(), reward: integer(), block: number())),
      .offerTaken(number(), account(), size()),
      .offerClosed(number(), account(), pick(OfferEnd.allCases)),
      .rightsOffered(
        RightsSale(
          id: number(), account: account(), instrument: instrument(),
          side: pick(Side.allCases), size: size(), lots: integer(), reward: integer(),
          reserve: integer(), deposit: integer(), closesAt: time(), settlesAt: time(),
          pricing: pick(RightsPricing.allCases))),
      .bidCommitted(number(), account(), ChainHash.digest(domain: "sample", parts: [])),
      .bidRevealed(number(), account(), rightsBid()),
      .rightsSettled(
        number(), account(),
        RightsOutcome(price: integer(), lots: integer(), isWithdrawn: bool())),
    ]
  }
}
