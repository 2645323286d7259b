// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Parameters
import Quantities

extension RightsBid: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(price)
    writer.append(lots)
    writer.append(bytes: salt)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let price: Int64 = try reader.integer()
    let lots: Int64 = try reader.integer()
    self.init(price: price, lots: lots, salt: try reader.blob())
  }
}

extension RightsCommitment: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(bidder)
    writer.append(digest)
    writer.append(optional: bid)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let bidder: AccountID = try reader.value()
    self.init(bidder: bidder, digest: try reader.value())
    bid = try reader.optional()
  }
}

extension RightsSale: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(id)
    writer.append(account)
    writer.append(instrument)
    writer.append(side.rawValue | (pricing == .displaced ? Self.displacedMark : 0))
    writer.append(size)
    for number in [lots, reward, reserve, deposit] { writer.append(number) }
    writer.append(closesAt)
    writer.append(settlesAt)
    writer.append(list: commitments)
  }

  /// Set in the byte of the side where winners pay what they displaced; a sale at a uniform price
  /// has the bytes it always had.
  private static var displacedMark: UInt8 { 0x80 }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let id: UInt64 = try reader.integer()
    let account: AccountID = try reader.value()
    let instrument: InstrumentID = try reader.value()
    let first = try reader.byte()
    guard let side = Side(rawValue: first & ~Self.displacedMark) else {
      throw reader.malformed("Side")
    }
    let size: Size = try reader.value()
    var numbers: [Int64] = []
    for _ in 0..<4 { numbers.append(try reader.integer()) }
    let closesAt: Timestamp = try reader.value()
    self.init(
      id: id, account: account, instrument: instrument, side: side, size: size,
      lots: numbers[0], reward: numbers[1], reserve: numbers[2], deposit: numbers[3],
      closesAt: closesAt, settlesAt: try reader.value(),
      pricing: first & Self.displacedMark == 0 ? .uniform : .displaced)
    commitments = try reader.list()
    let isOrdered = zip(commitments, commitments.dropFirst()).allSatisfy { $0.bidder < $1.bidder }
    guard isOrdered else { throw reader.malformed("rights") }
  }
}

extension RightsOutcome: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(price)
    writer.append(lots)
    writer.append(isWithdrawn)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let price: Int64 = try reader.integer()
    let lots: Int64 = try reader.integer()
    self.init(price: price, lots: lots, isWithdrawn: try reader.bool())
  }
}

extension LedgerEvent {
  /// One tag for all that concerns rights, and a second byte that says which.
  func encodeRights(to writer: inout CanonicalWriter) {
    writer.append(UInt8(89))
    switch self {
    case .rightsOffered(let sale): writer.append(tag: 0, sale)
    case .bidCommitted(let id, let bidder, let digest):
      writer.append(tag: 1, bidder)
      writer.append(id)
      writer.append(digest)
    case .bidRevealed(let id, let bidder, let bid):
      writer.append(tag: 2, bidder)
      writer.append(id)
      writer.append(bid)
    case .rightsSettled(let id, let account, let outcome):
      writer.append(tag: 3, account)
      writer.append(id)
      writer.append(outcome)
    default: break
    }
  }

  static func readRights(
    _ reader: inout CanonicalReader
  ) throws(CanonicalError) -> LedgerEvent {
    let kind = try reader.byte()
    if kind == 0 { return .rightsOffered(try reader.value()) }
    guard kind < 4 else { throw reader.malformed("event") }
    let account: AccountID = try reader.value()
    let id: UInt64 = try reader.integer()
    switch kind {
    case 1: return .bidCommitted(id, account, try reader.value())
    case 2: return .bidRevealed(id, account, try reader.value())
    default: return .rightsSettled(id, account, try reader.value())
    }
  }
}
