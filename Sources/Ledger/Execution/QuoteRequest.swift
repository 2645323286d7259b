// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Quantities

/// A maker's price for a request, binding until the request is closed.
@frozen
public struct QuoteAnswer: Hashable, Sendable {
  public let maker: AccountID
  /// At which the maker trades; nobody's answer changes it.
  public let price: Price
  /// The most it takes, positive.
  public let size: Size

  @inlinable
  public init(maker: AccountID, price: Price, size: Size) {
    self.maker = maker
    self.price = price
    self.size = size
  }
}

/// Through whom a maker's answer came.
@frozen
public struct QuoteRelay: Hashable, Sendable {
  public let maker: AccountID
  public let relayer: AccountID

  @inlinable
  public init(maker: AccountID, relayer: AccountID) {
    self.maker = maker
    self.relayer = relayer
  }
}

/// What registered makers are asked for: to take a slice of an account in liquidation.
///
/// The worst price that the account can bear is not in it, and no refusal tells it.
public struct QuoteRequest: Hashable, Sendable {
  /// Counted up over all that is offered outside.
  public let id: UInt64
  public let account: AccountID
  public let instrument: InstrumentID
  /// Of the account: a sale is bought by makers.
  public let side: Side
  /// Positive.
  public let size: Size
  /// Answers are taken before this instant.
  public let endsAt: Timestamp
  /// In the order in which they came in, one of a maker.
  public internal(set) var answers: [QuoteAnswer]
  /// Of the answers that came through relayers, in the same order.
  public internal(set) var relays: [QuoteRelay] = []

  public init(
    id: UInt64, account: AccountID, instrument: InstrumentID, side: Side, size: Size,
    endsAt: Timestamp
  ) {
    self.id = id
    self.account = account
    self.instrument = instrument
    self.side = side
    self.size = size
    self.endsAt = endsAt
    answers = []
  }

  /// Who passed a maker's answer on; `nil` where the maker itself answered.
  public func relayer(of maker: AccountID) -> AccountID? {
    relays.first { $0.maker == maker }?.relayer
  }

  /// The answers as they are served: the best price for the account, then the larger, then the
  /// earlier.
  public var ranked: [QuoteAnswer] {
    let placed = answers.enumerated().sorted { one, other in
      if one.element.price != other.element.price {
        return side == .sell
          ? one.element.price > other.element.price : one.element.price < other.element.price
      }
      if one.element.size != other.element.size { return one.element.size > other.element.size }
      return one.offset < other.offset
    }
    return placed.map(\.element)
  }
}

/// Through what an account's slice has been offered since it last traded in vain.
public struct TriedSeams: Hashable, Sendable {
  public let account: AccountID
  /// Never empty.
  public internal(set) var seams: UInt8

  /// Makers were asked.
  public static var requests: UInt8 { 1 }
  /// Keepers were offered it.
  public static var keepers: UInt8 { 2 }

  public init(account: AccountID, seams: UInt8) {
    self.account = account
    self.seams = seams
  }
}
