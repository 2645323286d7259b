// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
public import Quantities

/// How a fit went, by expiry.
public struct FitReport: Hashable, Sendable {
  /// In the order of the chain, with the expiries that are not in the surface.
  public let expiries: [ExpiryFit]

  public var usedCount: Int { expiries.reduce(0) { $0 + $1.usedCount } }
  public var rejectedCount: Int { expiries.reduce(0) { $0 + $1.rejected.count } }
}

/// How the fit of one expiry went.
public struct ExpiryFit: Hashable, Sendable {
  public let expiry: Timestamp
  public let yearsToExpiry: Double
  /// Quote units; nil where neither a future nor parity gave one.
  public let forward: Double?
  /// Quotes that count.
  public let usedCount: Int
  /// The others, in the order of the chain.
  public let rejected: [RejectedQuote]
  /// Whether the shape was free, not only the level: four quotes or more.
  public let isShapeFitted: Bool
  /// Errors of the fit against the middles of the used quotes, in volatility; 0.01 is one point.
  public let rootMeanSquareError: Double
  public let medianError: Double
  public let largestError: Double
}

/// How a chain becomes a surface.
public struct SurfaceFit: Hashable, Sendable {
  public var filter = QuoteFilter()

  public init(filter: QuoteFilter = QuoteFilter()) {
    self.filter = filter
  }

  /// Fits eSSVI to a chain, from the nearest expiry to the farthest.
  ///
  /// Each expiry is fitted inside the bounds that its own butterflies and the smile before it
  /// leave, so the surface is free of arbitrage whatever the quotes say. Fewer than four quotes
  /// move only the level of the shape that the expiry before has; without any, an expiry is
  /// left out and named in the report. The same chain gives the same bits.
  /// - Throws: ``SurfaceRefusal``.
  public func calibrate(_ chain: OptionChain) throws(SurfaceRefusal) -> VolatilitySurface {
    try filter.verify()
    var slices: [SurfaceSlice] = []
    var fits: [ExpiryFit] = []
    slices.reserveCapacity(chain.expiries.count)
    fits.reserveCapacity(chain.expiries.count)
    for expiry in chain.expiries {
      let (slice, fit) = try calibrate(expiry, of: chain, after: slices.last?.smile)
      if let slice { slices.append(slice) }
      fits.append(fit)
    }
    guard !slices.isEmpty else { throw .withoutQuotes }
    return VolatilitySurface(
      time: chain.time, slices: slices, report: FitReport(expiries: fits))
  }

  private func calibrate(
    _ expiry: ExpiryQuotes, of chain: OptionChain, after earlier: SSVISmile?
  ) throws(SurfaceRefusal) -> (SurfaceSlice?, ExpiryFit) {
    let years = (expiry.expiry - chain.time).years
    var (forward, quotes, rejected) = try counted(expiry, of: chain, years: years)
    guard let forward, !quotes.isEmpty else {
      let fit = ExpiryFit(
        expiry: expiry.expiry, yearsToExpiry: years, forward: forward, usedCount: 0,
        rejected: rejected, isShapeFitted: false, rootMeanSquareError: 0, medianError: 0,
        largestError: 0)
      return (nil, fit)
    }
    let smile = Self.fittedSmile(&quotes, after: earlier)
    let errors = FitErrors(quotes, smile, yearsToExpiry: years)
    let fit = ExpiryFit(
      expiry: expiry.expiry, yearsToExpiry: years, forward: forward, usedCount: quotes.count,
      rejected: rejected, isShapeFitted: quotes.count >= 4,
      rootMeanSquareError: errors.rootMeanSquare, medianError: errors.median,
      largestError: errors.largest)
    let slice = SurfaceSlice(
      expiry: expiry.expiry, yearsToExpiry: years, forward: forward, smile: smile,
      quotedAt: chain.time, medianError: errors.median,
      quotedFrom: quotes[0].logMoneyness, quotedTo: quotes[quotes.count - 1].logMoneyness)
    return (slice, fit)
  }

  /// The quotes that count, and the others.
  private func counted(
    _ expiry: ExpiryQuotes, of chain: OptionChain, years: Double
  ) throws(SurfaceRefusal) -> (Double?, [SmileQuote], [RejectedQuote]) {
    if let forward = expiry.forward {
      guard forward >= 0x1p-500, forward <= 0x1p500 else {
        throw .outOfDomain("forward", value: forward)
      }
    }
    var quotes: [SmileQuote] = []
    var rejected: [RejectedQuote] = []
    quotes.reserveCapacity(expiry.quotes.count)
    rejected.reserveCapacity(expiry.quotes.count)
    let isFarEnough = expiry.expiry - chain.time >= filter.shortestExpiry && years > 0
    let forward =
      expiry.forward ?? PutCallParity.forward(expiry.quotes, unit: chain.unit)
    guard isFarEnough, let forward else {
      rejected = expiry.quotes.map {
        RejectedQuote(right: $0.right, strike: $0.strike, rejection: .withoutForward)
      }
      return (forward, [], rejected)
    }
    let examiner = QuoteExaminer(
      filter: filter, unit: chain.unit, forward: forward, yearsToExpiry: years,
      time: chain.time)
    for quote in expiry.quotes {
      switch examiner.examine(quote) {
      case .counts(let counted): quotes.append(counted)
      case .rejected(let rejection):
        rejected.append(
          RejectedQuote(right: quote.right, strike: quote.strike, rejection: rejection))
      }
    }
    return (forward, quotes, rejected)
  }

  /// The smile of quotes, which are put in the order of strikes; at least one.
  static func fittedSmile(
    _ quotes: inout [SmileQuote], after earlier: SSVISmile?
  ) -> SSVISmile {
    // Calls before puts where the strike is the forward, so that no order of input matters.
    quotes.sort { left, right in
      left.strike != right.strike
        ? left.strike < right.strike : left.right.rawValue < right.right.rawValue
    }
    let atTheMoney = atTheMoneyDeviation(quotes)
    guard quotes.count >= 4 else {
      return leveled(quotes, atTheMoney: atTheMoney, after: earlier)
    }
    var problem = SliceProblem(quotes, atTheMoney: atTheMoney, after: earlier)
    return problem.solve(startingAt: atTheMoney * atTheMoney).projected(after: earlier)
  }

  /// √θ: between the two quotes around the forward, linear in log-moneyness.
  private static func atTheMoneyDeviation(_ quotes: [SmileQuote]) -> Double {
    let next = quotes.firstIndex { $0.logMoneyness >= 0 } ?? quotes.count
    guard next > 0 else { return quotes[0].totalDeviation }
    guard next < quotes.count else { return quotes[next - 1].totalDeviation }
    let (lower, upper) = (quotes[next - 1], quotes[next])
    let width = upper.logMoneyness - lower.logMoneyness
    let part = width > 0 ? -lower.logMoneyness / width : 0
    return lower.totalDeviation + part * (upper.totalDeviation - lower.totalDeviation)
  }

  /// The shape of the smile before, at the level of the quotes.
  private static func leveled(
    _ quotes: [SmileQuote], atTheMoney: Double, after earlier: SSVISmile?
  ) -> SSVISmile {
    let shape = earlier.map { ($0.rho, $0.psi / $0.theta.squareRoot()) } ?? (0, 0.6)
    var root = atTheMoney
    for _ in 0..<4 {
      let smile = SSVISmile(
        uncheckedTheta: root * root, rho: shape.0, psi: shape.1 * root)
      var ratio = 0.0
      for quote in quotes {
        let w = smile.totalVariance(logMoneyness: quote.logMoneyness)
        ratio += quote.totalDeviation / w.squareRoot()
      }
      root *= ratio / Double(quotes.count)
    }
    return SSVISmile(uncheckedTheta: root * root, rho: shape.0, psi: shape.1 * root)
      .projected(after: earlier)
  }
}

/// Errors of a smile against quotes, in volatility.
struct FitErrors {
  let rootMeanSquare: Double
  let median: Double
  let largest: Double

  /// - Parameter quotes: At least one.
  init(_ quotes: [SmileQuote], _ smile: SSVISmile, yearsToExpiry: Double) {
    let root = yearsToExpiry.squareRoot()
    var sum = 0.0
    var errors: [Double] = []
    errors.reserveCapacity(quotes.count)
    for quote in quotes {
      let w = smile.totalVariance(logMoneyness: quote.logMoneyness)
      let error = (w.squareRoot() - quote.totalDeviation).magnitude / root
      sum += error * error
      errors.append(error)
    }
    errors.sort()
    rootMeanSquare = (sum / Double(errors.count)).squareRoot()
    median = errors[errors.count / 2]
    largest = errors[errors.count - 1]
  }
}
