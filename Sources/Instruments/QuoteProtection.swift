// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// How much of a market maker's quotes was filled, or may be; gross: buys and sells add up.
@frozen
public struct QuoteFills: Hashable, Sendable {
  /// Base units, in 10^−8.
  public var quantity: Int64
  /// Σ |size × delta|, 10^−8 of base units.
  public var delta: Int64
  /// Σ |size × vega|, 10^−8 of the quote currency per point (0.01) of volatility.
  public var vega: Int64

  @inlinable
  public init(quantity: Int64, delta: Int64, vega: Int64) {
    self.quantity = quantity
    self.delta = delta
    self.vega = vega
  }

  public static var zero: QuoteFills { QuoteFills(quantity: 0, delta: 0, vega: 0) }

  /// The most that is counted, beyond every limit; sums stay here.
  public static var most: Int64 { 1 << 61 }

  /// Both together; what would leave the field stays at ``most``, where every limit is reached.
  public static func + (left: Self, right: Self) -> Self {
    func sum(_ one: Int64, _ other: Int64) -> Int64 {
      min(min(max(one, 0), most) + min(max(other, 0), most), most)
    }
    return QuoteFills(
      quantity: sum(left.quantity, right.quantity), delta: sum(left.delta, right.delta),
      vega: sum(left.vega, right.vega))
  }
}

/// What a market maker's quotes on one underlying may be filled by before they are withdrawn.
@frozen
public struct QuoteLimits: Hashable, Sendable {
  /// Base units, in 10^−8, positive.
  ///
  /// `nil` is no limit; at least one of the three is set.
  public let quantity: Int64?
  /// As ``QuoteFills/delta``.
  public let delta: Int64?
  /// As ``QuoteFills/vega``.
  public let vega: Int64?
  /// How long fills are added up, from the first; positive.
  public let interval: TimeSpan
  /// How long quotes are refused once a limit was reached; zero until they are asked for again.
  public let frozenTime: TimeSpan

  @inlinable
  public init(
    quantity: Int64? = nil, delta: Int64? = nil, vega: Int64? = nil, interval: TimeSpan,
    frozenTime: TimeSpan
  ) {
    self.quantity = quantity
    self.delta = delta
    self.vega = vega
    self.interval = interval
    self.frozenTime = frozenTime
  }

  /// The highest limit.
  public static var highest: Int64 { 1 << 60 }
  /// The longest interval and frozen time.
  public static var longest: TimeSpan { .day }

  /// Whether every field is inside its bounds.
  public var isPermitted: Bool {
    let stated = [quantity, delta, vega].compactMap { $0 }
    return !stated.isEmpty && stated.allSatisfy { (1...Self.highest).contains($0) }
      && interval > .zero && interval <= Self.longest && frozenTime >= .zero
      && frozenTime <= Self.longest
  }

  /// Whether so many fills reach one of the limits.
  public func areReached(by fills: QuoteFills) -> Bool {
    func isReached(_ limit: Int64?, _ filled: Int64) -> Bool { limit.map { filled >= $0 } ?? false }
    return isReached(quantity, fills.quantity) || isReached(delta, fills.delta)
      || isReached(vega, fills.vega)
  }
}

/// A market maker's protection on one underlying, and what has been filled under it.
public struct QuoteProtection: Hashable, Sendable {
  public let underlying: AssetSymbol
  public var limits: QuoteLimits
  /// Since the interval began; below every limit while quotes rest.
  public var filled: QuoteFills
  /// When what was filled no longer counts; absent while nothing is.
  public var intervalEnd: Timestamp?
  /// Until then quotes are refused; absent while they are not.
  public var frozenUntil: Timestamp?

  public init(
    underlying: AssetSymbol, limits: QuoteLimits, filled: QuoteFills = .zero,
    intervalEnd: Timestamp? = nil, frozenUntil: Timestamp? = nil
  ) {
    self.underlying = underlying
    self.limits = limits
    self.filled = filled
    self.intervalEnd = intervalEnd
    self.frozenUntil = frozenUntil
  }

  /// The end of a frozen time that ends only by a reset.
  public static var untilReset: Timestamp { Timestamp(nanoseconds: .max) }

  /// Adds a fill; the first begins an interval.
  public mutating func add(_ fills: QuoteFills, at instant: Timestamp) {
    if intervalEnd == nil { intervalEnd = instant + limits.interval }
    filled = filled + fills
  }

  /// A limit has been reached.
  public mutating func trigger(until instant: Timestamp) {
    filled = .zero
    intervalEnd = nil
    frozenUntil = instant
  }

  /// Nothing counts and nothing is frozen any more.
  public mutating func renew() {
    filled = .zero
    intervalEnd = nil
    frozenUntil = nil
  }
}

extension Portfolio {
  /// The protection of quotes on an underlying, if it has one.
  public func protection(of underlying: AssetSymbol) -> QuoteProtection? {
    protections.first { $0.underlying == underlying }
  }

  /// Sets limits, keeping what has been filled; without limits, removes the protection.
  public mutating func protect(_ underlying: AssetSymbol, _ limits: QuoteLimits?) {
    let slot = protections.firstIndex { $0.underlying >= underlying } ?? protections.count
    let isSet = slot < protections.count && protections[slot].underlying == underlying
    guard let limits else {
      if isSet { protections.remove(at: slot) }
      return
    }
    if isSet {
      protections[slot].limits = limits
    } else {
      protections.insert(QuoteProtection(underlying: underlying, limits: limits), at: slot)
    }
  }

  /// Changes the protection on an underlying, if there is one.
  public mutating func changeProtection(
    of underlying: AssetSymbol, _ change: (inout QuoteProtection) -> Void
  ) {
    guard let slot = protections.firstIndex(where: { $0.underlying == underlying })
    else { return }
    change(&protections[slot])
  }
}
