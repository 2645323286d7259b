// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Quantities

/// In what option prices are quoted.
public enum PriceUnit: UInt8, Hashable, Sendable, CaseIterable {
  /// Quote units per unit of the underlying.
  case quoteCurrency
  /// Coin per coin of the underlying.
  case coin
}

/// What is bid and asked for one option.
public struct OptionQuote: Hashable, Sendable {
  public let right: OptionRight
  /// Quote units.
  public let strike: Double
  /// Best prices, in the unit of the chain; nil where nobody quotes.
  public let bid: Double?
  public let ask: Double?
  /// Sizes behind them; nil where the venue does not say.
  public let bidSize: Double?
  public let askSize: Double?
  /// When the quote was last known to stand.
  public let time: Timestamp

  public init(
    right: OptionRight, strike: Double, bid: Double?, ask: Double?, bidSize: Double? = nil,
    askSize: Double? = nil, time: Timestamp
  ) {
    self.right = right
    self.strike = strike
    self.bid = bid
    self.ask = ask
    self.bidSize = bidSize
    self.askSize = askSize
    self.time = time
  }
}

/// All quotes of one expiry.
public struct ExpiryQuotes: Hashable, Sendable {
  public let expiry: Timestamp
  /// The forward, quote units, from a future; nil asks for put-call parity.
  public let forward: Double?
  public let quotes: [OptionQuote]

  public init(expiry: Timestamp, forward: Double?, quotes: [OptionQuote]) {
    self.expiry = expiry
    self.forward = forward
    self.quotes = quotes
  }
}

/// The option quotes of one underlying at one time.
public struct OptionChain: Hashable, Sendable {
  public let time: Timestamp
  public let unit: PriceUnit
  /// By expiry, earliest first.
  public let expiries: [ExpiryQuotes]

  /// Most expiries of a chain, and most quotes of an expiry.
  public static let limits = (expiries: 256, quotes: 10_000)

  /// - Parameter expiries: In any order.
  /// - Throws: ``SurfaceRefusal`` for an expiry that stands twice, times outside 1970 to 2200, and
  ///   more than the limits.
  public init(
    time: Timestamp, unit: PriceUnit, expiries: [ExpiryQuotes]
  ) throws(SurfaceRefusal) {
    guard expiries.count <= Self.limits.expiries else {
      throw .tooMany(expiries.count, limit: Self.limits.expiries)
    }
    try check(time)
    for expiry in expiries { try check(expiry.expiry) }
    let sorted = expiries.sorted { $0.expiry < $1.expiry }
    for (earlier, later) in zip(sorted, sorted.dropFirst()) where earlier.expiry == later.expiry {
      throw .repeatedExpiry(later.expiry)
    }
    for expiry in sorted where expiry.quotes.count > Self.limits.quotes {
      throw .tooMany(expiry.quotes.count, limit: Self.limits.quotes)
    }
    self.time = time
    self.unit = unit
    self.expiries = sorted
  }
}

/// Why there is no surface.
public enum SurfaceRefusal: Error, Equatable, Sendable, CustomStringConvertible {
  case repeatedExpiry(Timestamp)
  /// More expiries or quotes than a chain may have.
  case tooMany(Int, limit: Int)
  /// A time outside 1970 to 2200.
  case outsideCalendar(Timestamp)
  /// No expiry has a single usable quote, or none is left.
  case withoutQuotes
  /// A setting, a forward or a move that is negative, infinite or not a number.
  case outOfDomain(String, value: Double)
  /// The surface has no such expiry.
  case unknownExpiry(Timestamp)
  /// The time of an update lies before that of the surface.
  case timeRunsBack(from: Timestamp, to: Timestamp)

  public var description: String {
    switch self {
    case .repeatedExpiry(let expiry): "the expiry \(expiry) stands twice"
    case .tooMany(let count, let limit): "\(count) is above the limit of \(limit)"
    case .outsideCalendar(let time): "the time \(time.nanoseconds) ns is outside 1970 to 2200"
    case .withoutQuotes: "no expiry has a usable quote"
    case .outOfDomain(let field, let value): "\(field) \(value) is outside its domain"
    case .unknownExpiry(let expiry): "the surface has no expiry \(expiry)"
    case .timeRunsBack(let old, let new): "the surface is of \(old), after \(new)"
    }
  }
}

/// Refuses what is not between 1970 and 2200: differences of such times cannot overflow.
func check(_ time: Timestamp) throws(SurfaceRefusal) {
  guard Timestamp.permitted.contains(time) else { throw .outsideCalendar(time) }
}
