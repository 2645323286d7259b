// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
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
    venue.state.apply(.gasReported(GasReading(perMillion: 7, time: end)))
    venue.state.apply(
      .keeperOffered(
        KeeperOffer(
          id: 3, account: two, instrument: SmallVenue.linear, side: .buy, size: Size(steps: 10),
          reward: 99, block: 4)))
    venue.state.apply(.offerClosed(4, one, .unprofitable))
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

// MARK: Samples

extension Samples {
  mutating func depthReport() -> DepthReport {
    DepthReport(instrument: instrument(), bids: size(), asks: size())
  }

  mutating func number() -> UInt64 { UInt64(bitPattern: integer()) }

  mutating func executionCommands() -> [Command] {
    [
      .reportDepth(list { $0.depthReport() }),
      .answerRequest(account(), number(), price(), size()),
      .reportGas(perMillion: integer()),
      .takeOffer(account(), number(), size(), leastReward: integer()),
    ]
  }

  mutating func executionEvents() -> [LedgerEvent] {
    [
      .depthReported(list { $0.depthReport() }, window: TimeSpan(nanoseconds: integer())),
      .quoteRequested(
        QuoteRequest(
          id: number(), account: account(), instrument: instrument(),
          side: pick(Side.allCases), size: size(), endsAt: time())),
      .quoteAnswered(number(), QuoteAnswer(maker: account(), price: price(), size: size())),
      .requestClosed(number(), filled: size()),
      .gasReported(GasReading(perMillion: integer(), time: time())),
      .keeperOffered(
        KeeperOffer(
          id: number(), account: account(), instrument: instrument(),
          side: pick(Side.allCases), size: size(), reward: integer(), block: number())),
      .offerTaken(number(), account(), size()),
      .offerClosed(number(), account(), pick(OfferEnd.allCases)),
    ]
  }
}
