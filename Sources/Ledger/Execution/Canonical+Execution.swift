// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
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

extension QuoteAnswer: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(maker)
    writer.append(price)
    writer.append(size)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let maker: AccountID = try reader.value()
    let price: Price = try reader.value()
    self.init(maker: maker, price: price, size: try reader.value())
  }
}

extension QuoteRequest: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(id)
    writer.append(account)
    writer.append(instrument)
    // 128: who passed answers on follows them.
    writer.append(side.rawValue | (relays.isEmpty ? 0 : 128))
    writer.append(size)
    writer.append(endsAt)
    writer.append(list: answers)
    if !relays.isEmpty { writer.append(list: relays) }
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let id: UInt64 = try reader.integer()
    let account: AccountID = try reader.value()
    let instrument: InstrumentID = try reader.value()
    let mark = try reader.byte()
    guard let side = Side(rawValue: mark & 127) else { throw reader.malformed("request") }
    let size: Size = try reader.value()
    self.init(
      id: id, account: account, instrument: instrument, side: side, size: size,
      endsAt: try reader.value())
    answers = try reader.list()
    guard mark & 128 != 0 else { return }
    relays = try reader.list()
    let relayed = answers.map(\.maker).filter { relayer(of: $0) != nil }
    guard !relays.isEmpty, relayed == relays.map(\.maker) else {
      throw reader.malformed("request")
    }
  }
}

extension KeeperOffer: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(id)
    writer.append(account)
    writer.append(instrument)
    writer.append(side.rawValue)
    writer.append(size)
    writer.append(reward)
    writer.append(block)
    writer.append(left)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let id: UInt64 = try reader.integer()
    let account: AccountID = try reader.value()
    let instrument: InstrumentID = try reader.value()
    let side: Side = try reader.tag()
    let size: Size = try reader.value()
    let reward: Int64 = try reader.integer()
    self.init(
      id: id, account: account, instrument: instrument, side: side, size: size, reward: reward,
      block: try reader.integer())
    left = try reader.value()
  }
}

extension GasReading: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(perMillion)
    writer.append(time)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let perMillion: Int64 = try reader.integer()
    self.init(perMillion: perMillion, time: try reader.value())
  }
}

extension TriedSeams: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(account)
    writer.append(seams)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let account: AccountID = try reader.value()
    self.init(account: account, seams: try reader.byte())
    guard (1...3).contains(seams) else { throw reader.malformed("execution") }
  }
}

extension ExecutionBook: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(last)
    // 1: depths follow; 2: requests; 4: what was tried; 8: gas; 16: offers to keepers;
    // 32: sales of rights, and what is locked in them; 64: relayers.
    var parts: UInt8 = depths.isEmpty ? 0 : 1
    if !requests.isEmpty { parts |= 2 }
    if !tried.isEmpty { parts |= 4 }
    if gas != nil { parts |= 8 }
    if !offers.isEmpty { parts |= 16 }
    if !sales.isEmpty || deposits != 0 { parts |= 32 }
    if !relayers.isEmpty { parts |= 64 }
    writer.append(parts)
    if !depths.isEmpty { writer.append(list: depths) }
    if !requests.isEmpty { writer.append(list: requests) }
    if !tried.isEmpty { writer.append(list: tried) }
    if let gas { writer.append(gas) }
    if !offers.isEmpty { writer.append(list: offers) }
    if parts & 32 != 0 {
      writer.append(list: sales)
      writer.append(deposits)
    }
    if !relayers.isEmpty { writer.append(list: relayers) }
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self.init()
    last = try reader.integer()
    let parts = try reader.byte()
    guard parts < 128 else { throw reader.malformed("execution") }
    if parts & 1 != 0 { depths = try Self.ordered(&reader) { $0.instrument < $1.instrument } }
    if parts & 2 != 0 { requests = try Self.ordered(&reader) { $0.account < $1.account } }
    if parts & 4 != 0 { tried = try Self.ordered(&reader) { $0.account < $1.account } }
    if parts & 8 != 0 { gas = try reader.value(GasReading.self) }
    if parts & 16 != 0 { offers = try Self.ordered(&reader) { $0.account < $1.account } }
    if parts & 32 != 0 {
      sales = try reader.list()
      deposits = try reader.integer()
      let isOrdered = zip(sales, sales.dropFirst()).allSatisfy { $0.account < $1.account }
      guard isOrdered, !sales.isEmpty || deposits != 0 else { throw reader.malformed("execution") }
    }
    if parts & 64 != 0 { relayers = try Self.ordered(&reader, by: <) }
    let ids = requests.map(\.id) + offers.map(\.id) + sales.map(\.id)
    guard !isEmpty, ids.allSatisfy({ $0 > 0 && $0 <= last }) else {
      throw reader.malformed("execution")
    }
  }

  /// A list that is not empty and whose elements come in order.
  private static func ordered<Element: Canonical>(
    _ reader: inout CanonicalReader, by precedes: (Element, Element) -> Bool
  ) throws(CanonicalError) -> [Element] {
    let list: [Element] = try reader.list()
    guard !list.isEmpty, zip(list, list.dropFirst()).allSatisfy(precedes) else {
      throw reader.malformed("execution")
    }
    return list
  }
}

// MARK: Commands and events

extension Command {
  /// The tags of what the outside says of execution.
  static let executionTags: ClosedRange<UInt8> = 52...57

  func encodeExecution(to writer: inout CanonicalWriter) {
    switch self {
    case .reportDepth(let reports):
      writer.append(UInt8(52))
      writer.append(list: reports)
    case .answerRequest(let maker, let id, let price, let size):
      writer.append(tag: 53, maker)
      writer.append(id)
      writer.append(price)
      writer.append(size)
    case .reportGas(let perMillion):
      writer.append(UInt8(54))
      writer.append(perMillion)
    case .takeOffer(let keeper, let id, let size, let least):
      writer.append(tag: 55, keeper)
      writer.append(id)
      writer.append(size)
      writer.append(least)
    case .commitBid(let bidder, let id, let digest):
      writer.append(tag: 56, bidder)
      writer.append(id)
      writer.append(digest)
    case .revealBid(let bidder, let id, let bid):
      writer.append(tag: 57, bidder)
      writer.append(id)
      writer.append(bid)
    default: break
    }
  }

  static func readExecution(
    _ tag: UInt8, _ reader: inout CanonicalReader
  ) throws(CanonicalError) -> Command {
    if tag == 52 { return .reportDepth(try reader.list()) }
    if tag == 54 { return .reportGas(perMillion: try reader.integer()) }
    let account: AccountID = try reader.value()
    let id: UInt64 = try reader.integer()
    if tag == 56 { return .commitBid(account, id, try reader.value()) }
    if tag == 57 { return .revealBid(account, id, try reader.value()) }
    if tag == 55 {
      let size: Size = try reader.value()
      return .takeOffer(account, id, size, leastReward: try reader.integer())
    }
    let price: Price = try reader.value()
    return .answerRequest(account, id, price, try reader.value())
  }
}

extension LedgerEvent {
  /// The tags of what follows from it.
  static let executionTags: ClosedRange<UInt8> = 84...89

  func encodeExecution(to writer: inout CanonicalWriter) {
    switch self {
    case .depthReported(let reports, let window):
      writer.append(UInt8(84))
      writer.append(list: reports)
      writer.append(window.nanoseconds)
    case .quoteRequested(let request): writer.append(tag: 85, request)
    case .quoteAnswered(let id, let answer):
      writer.append(UInt8(86))
      writer.append(id)
      writer.append(answer)
    case .requestClosed(let id, let filled):
      writer.append(UInt8(87))
      writer.append(id)
      writer.append(filled)
    case .rightsOffered, .bidCommitted, .bidRevealed, .rightsSettled: encodeRights(to: &writer)
    default: encodeKeepers(to: &writer)
    }
  }

  static func readExecution(
    _ tag: UInt8, _ reader: inout CanonicalReader
  ) throws(CanonicalError) -> LedgerEvent {
    switch tag {
    case 84:
      let reports: [DepthReport] = try reader.list()
      return .depthReported(reports, window: TimeSpan(nanoseconds: try reader.integer()))
    case 85: return .quoteRequested(try reader.value())
    case 86:
      let id: UInt64 = try reader.integer()
      return .quoteAnswered(id, try reader.value())
    case 87:
      let id: UInt64 = try reader.integer()
      return .requestClosed(id, filled: try reader.value())
    case 88: return try readKeepers(&reader)
    default: return try readRights(&reader)
    }
  }
}

// MARK: Keepers

extension LedgerEvent {
  /// One tag for all that concerns keepers, and a second byte that says which.
  private func encodeKeepers(to writer: inout CanonicalWriter) {
    writer.append(UInt8(88))
    switch self {
    case .gasReported(let reading): writer.append(tag: 0, reading)
    case .keeperOffered(let offer): writer.append(tag: 1, offer)
    case .offerTaken(let id, let keeper, let size):
      writer.append(tag: 2, keeper)
      writer.append(id)
      writer.append(size)
    case .offerClosed(let id, let account, let end):
      writer.append(tag: 3, account)
      writer.append(id)
      writer.append(end.rawValue)
    default: break
    }
  }

  private static func readKeepers(
    _ reader: inout CanonicalReader
  ) throws(CanonicalError) -> LedgerEvent {
    switch try reader.byte() {
    case 0: return .gasReported(try reader.value())
    case 1: return .keeperOffered(try reader.value())
    case 2:
      let keeper: AccountID = try reader.value()
      let id: UInt64 = try reader.integer()
      return .offerTaken(id, keeper, try reader.value())
    case 3:
      let account: AccountID = try reader.value()
      let id: UInt64 = try reader.integer()
      return .offerClosed(id, account, try reader.tag())
    default: throw reader.malformed("event")
    }
  }
}
