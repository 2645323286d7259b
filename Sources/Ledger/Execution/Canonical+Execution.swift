// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

extension DepthReport: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(instrument)
    writer.append(bids)
    writer.append(asks)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let instrument: InstrumentID = try reader.value()
    let bids: Size = try reader.value()
    self.init(instrument: instrument, bids: bids, asks: try reader.value())
  }
}

extension DepthSpan: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(from)
    writer.append(bids)
    writer.append(asks)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let from: Timestamp = try reader.value()
    let bids: Int64 = try reader.integer()
    self.init(from: from, bids: bids, asks: try reader.integer())
  }
}

extension MarketDepth: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(instrument)
    writer.append(list: spans)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let instrument: InstrumentID = try reader.value()
    let spans: [DepthSpan] = try reader.list()
    let isOrdered = zip(spans, spans.dropFirst()).allSatisfy { $0.from < $1.from }
    guard !spans.isEmpty, isOrdered,
      spans.allSatisfy({ (0...Size.limit).contains($0.bids) && (0...Size.limit).contains($0.asks) })
    else { throw reader.malformed("depth") }
    self.init(instrument: instrument, spans: spans)
  }
}

extension ExecutionBook: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    // 1: depths follow.
    writer.append(UInt8(depths.isEmpty ? 0 : 1))
    if !depths.isEmpty { writer.append(list: depths) }
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self.init()
    let parts = try reader.byte()
    guard parts == 1 else { throw reader.malformed("execution") }
    depths = try reader.list()
    let isOrdered = zip(depths, depths.dropFirst()).allSatisfy { $0.instrument < $1.instrument }
    guard !depths.isEmpty, isOrdered else { throw reader.malformed("execution") }
  }
}

// MARK: Commands and events

extension Command {
  /// The tags of what the outside says of execution.
  static let executionTags: ClosedRange<UInt8> = 52...52

  func encodeExecution(to writer: inout CanonicalWriter) {
    switch self {
    case .reportDepth(let reports):
      writer.append(UInt8(52))
      writer.append(list: reports)
    default: break
    }
  }

  static func readExecution(
    _ tag: UInt8, _ reader: inout CanonicalReader
  ) throws(CanonicalError) -> Command {
    return .reportDepth(try reader.list())
  }
}

extension LedgerEvent {
  /// The tags of what follows from it.
  static let executionTags: ClosedRange<UInt8> = 84...84

  func encodeExecution(to writer: inout CanonicalWriter) {
    switch self {
    case .depthReported(let reports, let window):
      writer.append(UInt8(84))
      writer.append(list: reports)
      writer.append(window.nanoseconds)
    default: break
    }
  }

  static func readExecution(
    _ tag: UInt8, _ reader: inout CanonicalReader
  ) throws(CanonicalError) -> LedgerEvent {
    let reports: [DepthReport] = try reader.list()
    return .depthReported(reports, window: TimeSpan(nanoseconds: try reader.integer()))
  }
}
