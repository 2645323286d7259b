// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

extension AuctionRound: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(phase.rawValue)
    writer.append(startedAt)
    writer.append(factor)
    writer.append(speed)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let phase: AuctionPhase = try reader.tag()
    let startedAt: Timestamp = try reader.value()
    let factor: Rate = try reader.value()
    self.init(phase: phase, startedAt: startedAt, factor: factor, speed: try reader.value())
  }
}

extension AuctionProgress: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(round)
    writer.append(restarts)
    writer.append(elapsed.nanoseconds)
    writer.append(pricedAt)
    writer.append(factor)
    writer.append(extended.nanoseconds)
    writer.append(left)
    writer.append(bids)
    writer.append(reserved)
    writer.append(fundPaid)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self.init(try reader.value())
    restarts = try reader.integer()
    elapsed = TimeSpan(nanoseconds: try reader.integer())
    pricedAt = try reader.value()
    factor = try reader.value()
    extended = TimeSpan(nanoseconds: try reader.integer())
    left = try reader.value()
    bids = try reader.integer()
    reserved = try reader.integer()
    fundPaid = try reader.integer()
  }
}

extension AuctionFill: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(account)
    writer.append(bidder)
    writer.append(share)
    writer.append(factor)
    for amount in [notional, discount, fundPaid] { writer.append(amount) }
    writer.append(left)
    writer.append(reserved)
    writer.append(extended.nanoseconds)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let account: AccountID = try reader.value()
    let bidder: AccountID = try reader.value()
    let share: Rate = try reader.value()
    let factor: Rate = try reader.value()
    var amounts: [Int64] = []
    for _ in 0..<3 { amounts.append(try reader.integer()) }
    let left: Rate = try reader.value()
    let reserved: Int64 = try reader.integer()
    self.init(
      account: account, bidder: bidder, share: share, factor: factor, notional: amounts[0],
      discount: amounts[1], fundPaid: amounts[2], left: left, reserved: reserved,
      extended: TimeSpan(nanoseconds: try reader.integer()))
  }
}

extension AuctionBid: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(bidder)
    writer.append(share)
    writer.append(leastReward)
    writer.append(seenBids != nil)
    if let seenBids { writer.append(seenBids) }
    writer.append(receivedAt)
    writer.append(expiresAt)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let bidder: AccountID = try reader.value()
    let share: Rate = try reader.value()
    let leastReward: Rate = try reader.value()
    let seenBids: UInt32? = try reader.bool() ? try reader.integer() : nil
    let receivedAt: Timestamp = try reader.value()
    self.init(
      bidder: bidder, share: share, leastReward: leastReward, seenBids: seenBids,
      receivedAt: receivedAt, expiresAt: try reader.value())
  }
}

// MARK: Commands and events

extension Command {
  /// The tag of bids.
  static let auctionTag: UInt8 = 48

  func encodeAuction(to writer: inout CanonicalWriter) {
    guard case .bidInAuction(let id, let bids) = self else { return }
    writer.append(tag: Self.auctionTag, id)
    writer.append(list: bids)
  }

  static func readAuction(_ reader: inout CanonicalReader) throws(CanonicalError) -> Command {
    let id: AccountID = try reader.value()
    return .bidInAuction(id, try reader.list())
  }
}

extension LedgerEvent {
  /// The tags of auctions.
  static let auctionTags: ClosedRange<UInt8> = 80...83

  func encodeAuction(to writer: inout CanonicalWriter) {
    switch self {
    case .auctionStarted(let id, let round):
      writer.append(tag: 80, id)
      writer.append(round)
    case .auctionRestarted(let id, let round):
      writer.append(tag: 81, id)
      writer.append(round)
    case .auctionPriced(let id, let elapsed, let factor):
      writer.append(tag: 82, id)
      writer.append(elapsed.nanoseconds)
      writer.append(factor)
    case .auctionBidFilled(let fill): writer.append(tag: 83, fill)
    default: break
    }
  }

  static func readAuction(
    _ tag: UInt8, _ reader: inout CanonicalReader
  ) throws(CanonicalError) -> LedgerEvent {
    if tag == 83 { return .auctionBidFilled(try reader.value()) }
    let id: AccountID = try reader.value()
    switch tag {
    case 80: return .auctionStarted(id, try reader.value())
    case 81: return .auctionRestarted(id, try reader.value())
    default:
      let elapsed = TimeSpan(nanoseconds: try reader.integer())
      return .auctionPriced(id, elapsed: elapsed, factor: try reader.value())
    }
  }
}
