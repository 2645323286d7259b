// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// What the book of a market holds within the stated distance of the mark, as whoever keeps the
/// book counts it.
@frozen
public struct DepthReport: Hashable, Sendable {
  public let instrument: InstrumentID
  /// What could be sold; not negative.
  public let bids: Size
  /// What could be bought; not negative.
  public let asks: Size

  @inlinable
  public init(instrument: InstrumentID, bids: Size, asks: Size) {
    self.instrument = instrument
    self.bids = bids
    self.asks = asks
  }
}

/// The depth of a market from an instant on, until the next span begins.
public struct DepthSpan: Hashable, Sendable {
  public let from: Timestamp
  /// Steps, the least that was reported in the span.
  public internal(set) var bids: Int64
  public internal(set) var asks: Int64

  public init(from: Timestamp, bids: Int64, asks: Int64) {
    self.from = from
    self.bids = bids
    self.asks = asks
  }
}

/// The depth of one market over a window.
public struct MarketDepth: Hashable, Sendable {
  public let instrument: InstrumentID
  /// In the order of time, never empty; a window has at most ``mostSpans`` and one before it.
  public private(set) var spans: [DepthSpan]

  /// Into how many spans a window is cut at most.
  public static var mostSpans: Int64 { 64 }

  init(_ report: DepthReport, at instant: Timestamp) {
    instrument = report.instrument
    spans = [DepthSpan(from: instant, bids: report.bids.steps, asks: report.asks.steps)]
  }

  init(instrument: InstrumentID, spans: [DepthSpan]) {
    self.instrument = instrument
    self.spans = spans
  }

  /// Takes in a report and forgets what lies before the window.
  ///
  /// Reports that follow each other faster than a window can be cut share a span, which keeps the
  /// least of them: nothing that stands for less than a span ever counts.
  mutating func take(_ report: DepthReport, at instant: Timestamp, window: TimeSpan) {
    let oldest = instant.nanoseconds - window.nanoseconds
    while spans.count > 1, spans[1].from.nanoseconds <= oldest { spans.removeFirst() }
    let last = spans.count - 1
    let finest = max(window.nanoseconds / Self.mostSpans, 1)
    if instant.nanoseconds - spans[last].from.nanoseconds < finest {
      spans[last].bids = min(spans[last].bids, report.bids.steps)
      spans[last].asks = min(spans[last].asks, report.asks.steps)
    } else if spans[last].bids != report.bids.steps || spans[last].asks != report.asks.steps {
      spans.append(
        DepthSpan(from: instant, bids: report.bids.steps, asks: report.asks.steps))
    }
  }
}
