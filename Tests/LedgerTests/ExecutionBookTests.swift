// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

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
    return venue
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

  mutating func executionCommands() -> [Command] {
    [.reportDepth(list { $0.depthReport() })]
  }

  mutating func executionEvents() -> [LedgerEvent] {
    [
      .depthReported(
        list { $0.depthReport() }, window: TimeSpan(nanoseconds: integer()))
    ]
  }
}
