// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import MarketData
import Quantities

extension FeedID: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(base)
    writer.append(quote)
    writer.append(decimals)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let base: AssetSymbol = try reader.value()
    let quote: AssetSymbol = try reader.value()
    let decimals = try reader.byte()
    guard let feed = try? FeedID(base: base, quote: quote, decimals: decimals) else {
      throw reader.malformed("feed")
    }
    self = feed
  }
}

extension SourceID: Canonical {
  public func encode(to writer: inout CanonicalWriter) { writer.append(symbol) }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self.init(try reader.value())
  }
}

extension PriceSample: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(source)
    writer.append(feed)
    writer.append(mantissa)
    writer.append(confidence)
    writer.append(publishedAt)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let source: SourceID = try reader.value()
    let feed: FeedID = try reader.value()
    let mantissa: Int64 = try reader.integer()
    let confidence: Int64 = try reader.integer()
    self.init(
      source: source, feed: feed, mantissa: mantissa, confidence: confidence,
      publishedAt: try reader.value())
  }
}

extension RejectedSample: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(sample)
    writer.append(reason.rawValue)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let sample: PriceSample = try reader.value()
    self.init(sample, try reader.tag())
  }
}

extension SourceState: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(source)
    writer.append(price)
    writer.append(confidence)
    writer.append(publishedAt)
    writer.append(reference)
    switch standing {
    case .voting: writer.append(UInt8(0))
    case .quarantined(let confirmations):
      writer.append(UInt8(1))
      writer.append(confirmations)
    case .silent: writer.append(UInt8(2))
    }
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let source: SourceID = try reader.value()
    let price: Price = try reader.value()
    let confidence: Price = try reader.value()
    let publishedAt: Timestamp = try reader.value()
    let reference: Price = try reader.value()
    let standing: SourceStanding
    switch try reader.byte() {
    case 0: standing = .voting
    case 1: standing = .quarantined(confirmations: try reader.integer())
    case 2: standing = .silent
    default: throw reader.malformed("source standing")
    }
    self.init(
      source: source, price: price, confidence: confidence, publishedAt: publishedAt,
      reference: reference, standing: standing)
  }
}

extension IndexPrice: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(price)
    writer.append(confidence)
    writer.append(voters)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let price: Price = try reader.value()
    let confidence: Price = try reader.value()
    self.init(price: price, confidence: confidence, voters: try reader.integer())
  }
}

extension PriceAnchor: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(price)
    writer.append(time)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let price: Price = try reader.value()
    self.init(price: price, time: try reader.value())
  }
}

extension CircuitBreak: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(level)
    writer.append(since)
    writer.append(until)
    writer.append(confirmations)
    writer.append(confirmedAt)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let level: Price = try reader.value()
    let since: Timestamp = try reader.value()
    let until: Timestamp = try reader.value()
    let confirmations: Int32 = try reader.integer()
    self.init(
      level: level, since: since, until: until, confirmations: confirmations,
      confirmedAt: try reader.value())
  }
}

extension FeedOutcome: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    switch self {
    case .accepted(let index): writer.append(tag: 0, index)
    case .belowQuorum(let voters):
      writer.append(UInt8(1))
      writer.append(voters)
    case .circuitBroken(let pause): writer.append(tag: 2, pause)
    }
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    switch try reader.byte() {
    case 0: self = .accepted(try reader.value())
    case 1: self = .belowQuorum(voters: try reader.integer())
    case 2: self = .circuitBroken(try reader.value())
    default: throw reader.malformed("feed outcome")
    }
  }
}

extension FeedUpdate: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(feed)
    writer.append(time)
    writer.append(outcome)
    writer.append(optional: anchor)
    writer.append(list: sources)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let feed: FeedID = try reader.value()
    let time: Timestamp = try reader.value()
    let outcome: FeedOutcome = try reader.value()
    let anchor: PriceAnchor? = try reader.optional()
    self.init(
      feed: feed, time: time, outcome: outcome, anchor: anchor, sources: try reader.list())
  }
}

extension FeedPhase: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    switch self {
    case .awaitingQuorum: writer.append(UInt8(0))
    case .fresh: writer.append(UInt8(1))
    case .belowQuorum(let since): writer.append(tag: 2, since)
    case .circuitBroken(let pause): writer.append(tag: 3, pause)
    }
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    switch try reader.byte() {
    case 0: self = .awaitingQuorum
    case 1: self = .fresh
    case 2: self = .belowQuorum(since: try reader.value())
    case 3: self = .circuitBroken(try reader.value())
    default: throw reader.malformed("feed phase")
    }
  }
}

extension FeedState: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(feed)
    writer.append(time)
    writer.append(phase)
    writer.append(optional: index)
    writer.append(indexTime)
    writer.append(optional: anchor)
    writer.append(restartedAt)
    writer.append(list: sources)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let feed: FeedID = try reader.value()
    let time: Timestamp = try reader.value()
    let phase: FeedPhase = try reader.value()
    let index: IndexPrice? = try reader.optional()
    let indexTime: Timestamp = try reader.value()
    let anchor: PriceAnchor? = try reader.optional()
    let restartedAt: Timestamp = try reader.value()
    self.init(
      feed: feed, time: time, phase: phase, index: index, indexTime: indexTime, anchor: anchor,
      restartedAt: restartedAt, sources: try reader.list())
  }
}

extension UnderlyingMarket: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(underlying)
    writer.append(index)
    writer.append(basis)
    writer.append(volatility)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let underlying: AssetSymbol = try reader.value()
    let index: Price = try reader.value()
    let basis: Rate = try reader.value()
    self.init(
      underlying: underlying, index: index, basis: basis, volatility: try reader.value())
  }
}

extension PremiumState: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(femtos)
    writer.append(optional: time)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let femtos: Int64 = try reader.integer()
    self.init(femtos: femtos, time: try reader.optional())
  }
}

extension SettlementWindow: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(start)
    writer.append(end)
    writer.append(sum)
    writer.append(covered.nanoseconds)
    writer.append(time)
    writer.append(optional: price)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let start: Timestamp = try reader.value()
    let end: Timestamp = try reader.value()
    let sum: Int128 = try reader.integer()
    let covered = TimeSpan(nanoseconds: try reader.integer())
    let time: Timestamp = try reader.value()
    self.init(
      start: start, end: end, sum: sum, covered: covered, time: time,
      price: try reader.optional())
  }
}

extension MarkedMarket: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(market)
    writer.append(status.rawValue)
    writer.append(freshAt)
    writer.append(premium)
    writer.append(optional: settlement)
    writer.append(openInterest)
    writer.append(uncertainty)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let market: UnderlyingMarket = try reader.value()
    let status: MarketStatus = try reader.tag()
    let freshAt: Timestamp = try reader.value()
    let premium: PremiumState = try reader.value()
    let settlement: SettlementWindow? = try reader.optional()
    let openInterest: Int64 = try reader.integer()
    self.init(
      market: market, status: status, freshAt: freshAt, premium: premium,
      settlement: settlement, openInterest: openInterest, uncertainty: try reader.value())
  }
}

extension InstrumentMark: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(price)
    writer.append(unitValue)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let price: Price = try reader.value()
    self.init(price: price, unitValue: try reader.integer())
  }
}
