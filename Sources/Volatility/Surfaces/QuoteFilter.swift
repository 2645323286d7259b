// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import NumericalMethods
import Pricing
public import Quantities

/// Why a quote does not count in a fit.
public enum QuoteRejection: UInt8, Hashable, Sendable, CaseIterable {
  /// A price, size or strike that is negative, infinite or no number; a strike outside 2^±500.
  case malformed
  /// No bid or no ask, or one of 0.
  case oneSided
  /// The bid is above the ask.
  case crossed
  /// A size of 0 behind the bid or the ask.
  case zeroSize
  /// Older than the filter permits, or from the future.
  case stale
  /// The option in the money: its counterpart has the same time value and a larger part of price.
  case inTheMoney
  /// The middle of bid and ask has no implied volatility, or a total deviation below 1e-5.
  case outsideBounds
  /// Bid and ask are too far apart.
  case tooWide
  /// The delta is too near 0.
  case tooFarOut
  /// The expiry has passed, is too near, or has no forward.
  case withoutForward
}

extension QuoteRejection {
  /// The word for it in answers and records, which never changes.
  public var word: String {
    switch self {
    case .malformed: "malformed"
    case .oneSided: "oneSided"
    case .crossed: "crossed"
    case .zeroSize: "zeroSize"
    case .stale: "stale"
    case .inTheMoney: "inTheMoney"
    case .outsideBounds: "outsideBounds"
    case .tooWide: "tooWide"
    case .tooFarOut: "tooFarOut"
    case .withoutForward: "withoutForward"
    }
  }
}

/// A quote that does not count, and why.
public struct RejectedQuote: Hashable, Sendable {
  public let right: OptionRight
  public let strike: Double
  public let rejection: QuoteRejection
}

/// Which quotes count in a fit.
public struct QuoteFilter: Hashable, Sendable {
  /// Widest difference of ask and bid in volatility, 0.05 being 5 volatility points; a quote may
  /// also be as wide as ``widestPart`` of its volatility.
  public var widestSpread = 0.05
  public var widestPart = 0.2
  /// Smallest magnitude of the delta.
  public var smallestDelta = 0.03
  public var oldest = TimeSpan(seconds: 300)
  /// Expiries nearer than this are left out.
  public var shortestExpiry = TimeSpan.hour

  public init() {}

  /// - Throws: ``SurfaceRefusal/outOfDomain(_:value:)``.
  func verify() throws(SurfaceRefusal) {
    for (name, value, limit) in [
      ("widestSpread", widestSpread, 10), ("widestPart", widestPart, 10),
      ("smallestDelta", smallestDelta, 0.49),
    ] {
      guard value >= 0, value <= limit else { throw .outOfDomain(name, value: value) }
    }
  }
}

/// A quote that counts, in the coordinates of a smile.
struct SmileQuote: Hashable {
  let right: OptionRight
  let strike: Double
  /// ln(K/F).
  let logMoneyness: Double
  /// σ√τ of the middle of bid and ask.
  let totalDeviation: Double
  /// Ask less bid in total deviation, to first order.
  let spread: Double
}

/// A filter with the circumstances of one expiry.
struct QuoteExaminer {
  let filter: QuoteFilter
  let unit: PriceUnit
  let forward: Double
  let rootOfYears: Double
  let time: Timestamp
  /// The d1 at which the delta of a call has ``QuoteFilter/smallestDelta``.
  let farthest: Double

  init(
    filter: QuoteFilter, unit: PriceUnit, forward: Double, yearsToExpiry: Double,
    time: Timestamp
  ) {
    self.filter = filter
    self.unit = unit
    self.forward = forward
    rootOfYears = yearsToExpiry.squareRoot()
    self.time = time
    farthest = -Normal.inverse(filter.smallestDelta)
  }

  enum Verdict {
    case counts(SmileQuote)
    case rejected(QuoteRejection)
  }

  /// Examines one quote; the cheap reasons come first.
  func examine(_ quote: OptionQuote) -> Verdict {
    let isDated = Timestamp.permitted.contains(quote.time) && quote.time <= time
    guard isDated, time - quote.time <= filter.oldest else { return .rejected(.stale) }
    let strike = quote.strike
    guard strike >= 0x1p-500, strike <= 0x1p500 else { return .rejected(.malformed) }
    guard let bid = quote.bid, let ask = quote.ask else { return .rejected(.oneSided) }
    let bidSize = quote.bidSize ?? 1
    let askSize = quote.askSize ?? 1
    let isWhole =
      bid >= 0 && bid < .infinity && ask >= 0 && ask < .infinity && bidSize >= 0
      && bidSize < .infinity && askSize >= 0 && askSize < .infinity
    guard isWhole else { return .rejected(.malformed) }
    guard bid > 0, ask > 0 else { return .rejected(.oneSided) }
    guard bid <= ask else { return .rejected(.crossed) }
    guard bidSize > 0, askSize > 0 else { return .rejected(.zeroSize) }
    let gain = quote.right.sign * (forward - strike)
    guard gain <= 0 else { return .rejected(.inTheMoney) }
    return examineOutside(quote, bid: bid, ask: ask)
  }

  /// The part that needs the implied volatility, for an option out of the money.
  private func examineOutside(_ quote: OptionQuote, bid: Double, ask: Double) -> Verdict {
    let scale = unit == .coin ? forward : 1
    guard
      let deviation = try? ImpliedVolatility.totalDeviation(
        price: 0.5 * (bid + ask) * scale, forward: forward, strike: quote.strike,
        right: quote.right), deviation >= 1e-5
    else { return .rejected(.outsideBounds) }
    let logMoneyness = Elementary.log(quote.strike / forward)
    let d1 = 0.5 * deviation - logMoneyness / deviation
    guard d1 * quote.right.sign >= -farthest else { return .rejected(.tooFarOut) }
    let vega = forward * Normal.density(d1)
    let spread = (ask - bid) * scale / vega
    let part = filter.widestPart * deviation
    let points = filter.widestSpread * rootOfYears
    guard spread <= (part > points ? part : points) else { return .rejected(.tooWide) }
    return .counts(
      SmileQuote(
        right: quote.right, strike: quote.strike, logMoneyness: logMoneyness,
        totalDeviation: deviation, spread: spread))
  }
}
