// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Quantities

/// A slice of an account in liquidation that any keeper may take over at the mark, for a reward.
public struct KeeperOffer: Hashable, Sendable {
  /// Counted up over all that is offered outside.
  public let id: UInt64
  public let account: AccountID
  public let instrument: InstrumentID
  /// Of the account: a sale is bought by the keeper.
  public let side: Side
  /// Positive.
  public let size: Size
  /// What taking all of it is paid, millionths of the quote currency; a part has its part of it,
  /// and never more than the account's equity.
  public let reward: Int64
  /// The block in which it was offered.
  public let block: UInt64
  /// What nobody has taken yet, positive.
  public internal(set) var left: Size

  public init(
    id: UInt64, account: AccountID, instrument: InstrumentID, side: Side, size: Size,
    reward: Int64, block: UInt64
  ) {
    self.id = id
    self.account = account
    self.instrument = instrument
    self.side = side
    self.size = size
    self.reward = reward
    self.block = block
    left = size
  }

  /// What taking so many steps is paid, rounded down, so that cutting an offer up gains nothing.
  public func reward(for taken: Size) -> Int64 {
    let part = Int128(reward) * Int128(taken.steps)
    return Int64(clamping: part.divided(by: Int128(max(size.steps, 1)), rounding: .down))
  }
}

/// What gas cost when it was last reported.
@frozen
public struct GasReading: Hashable, Sendable {
  /// Of a million gas, millionths of the quote currency, not negative.
  public let perMillion: Int64
  public let time: Timestamp

  @inlinable
  public init(perMillion: Int64, time: Timestamp) {
    self.perMillion = perMillion
    self.time = time
  }
}

/// Why an offer to keepers ended before all of it was taken.
@frozen
public enum OfferEnd: UInt8, Hashable, Sendable, CaseIterable {
  /// Nobody came in time: the venue falls back on its own book or next stage.
  case untaken
  /// The account does not need it any more, or more than it.
  case withdrawn
  /// Gas is too dear for what may be paid: it was not offered at all, and the venue falls back.
  case unprofitable
}
