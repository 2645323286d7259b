// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Connectors
import Instruments
import Pricing
public import Quantities
public import Volatility

/// A recorded option chain, the surface fitted to it, and what a check for arbitrage found.
public struct CalibratedChain: Sendable {
  public let snapshot: OptionChainSnapshot
  public let surface: VolatilitySurface
  /// The search grid: log-moneyness, evenly spaced.
  public let grid: [Double]
  /// What the search found; none in a surface that is free of arbitrage.
  public let violations: [ArbitrageViolation]
  /// By expiry, earliest first, with those that are not in the surface.
  public let expiries: [CalibratedExpiry]

  /// Fits the surface and searches it at 601 points per expiry.
  ///
  /// The forward of an expiry is the middle of what its rows say; the venue gives one for each
  /// option, a little apart in time.
  /// - Throws: ``SurfaceRefusal``.
  public init(
    _ snapshot: OptionChainSnapshot, fit: SurfaceFit = SurfaceFit()
  ) throws(SurfaceRefusal) {
    let chain = try OptionChain(snapshot)
    let check = try ArbitrageCheck()
    let surface = try fit.calibrate(chain)
    self.snapshot = snapshot
    self.surface = surface
    grid = check.logMoneyness
    violations = check.violations(of: surface)
    // A report has the expiries of its chain, in their order.
    expiries = zip(chain.expiries, surface.report.expiries).map { quotes, fit in
      CalibratedExpiry(quotes, fit: fit, slice: surface.slice(of: fit.expiry))
    }
  }

  public var underlying: AssetSymbol { snapshot.underlying }

  public func violationCount(_ kind: ArbitrageViolation.Kind) -> Int {
    violations.count { $0.kind == kind }
  }

  /// Rejected quotes by reason, in the order in which reasons are looked for; reasons without a
  /// quote are left out.
  public var rejections: [(reason: QuoteRejection, count: Int)] {
    QuoteRejection.allCases.compactMap { reason in
      let count = expiries.reduce(0) { $0 + $1.rejectedCount(reason) }
      return count > 0 ? (reason, count) : nil
    }
  }

  /// The middle of the expiries' median errors, of those of seven days and more; nil without one.
  public var medianError: Double? {
    let errors = expiries.filter { $0.slice != nil && $0.days >= 7 }.map(\.fit.medianError).sorted()
    return errors.isEmpty ? nil : errors[errors.count / 2]
  }
}

/// One expiry of a chain and its part of the surface.
public struct CalibratedExpiry: Sendable {
  public let fit: ExpiryFit
  /// Nil where no quote could be used.
  public let slice: SurfaceSlice?
  let quotes: [DrawnQuote]

  init(_ quotes: ExpiryQuotes, fit: ExpiryFit, slice: SurfaceSlice?) {
    self.fit = fit
    self.slice = slice
    self.quotes = slice.map { DrawnQuote.all(of: quotes, fit: fit, forward: $0.forward) } ?? []
  }

  public var days: Double { fit.yearsToExpiry * 365 }

  /// dσ/dk at the money, k being ln(K/F); nil where the expiry is not in the surface.
  public var skew: Double? {
    slice.map { $0.smile.skew(yearsToExpiry: $0.yearsToExpiry) }
  }

  public func rejectedCount(_ reason: QuoteRejection) -> Int {
    fit.rejected.count { $0.rejection == reason }
  }
}

extension OptionChain {
  /// The quotes of a recorded snapshot, in coin.
  ///
  /// - Throws: ``SurfaceRefusal`` for more expiries or quotes than a chain may have.
  fileprivate init(_ snapshot: OptionChainSnapshot) throws(SurfaceRefusal) {
    var rows: [Timestamp: [OptionChainRow]] = [:]
    for row in snapshot.rows { rows[row.expiry, default: []].append(row) }
    let expiries = rows.sorted { $0.key < $1.key }.map { expiry, rows in
      let forwards = rows.map(\.forward).sorted()
      return ExpiryQuotes(
        expiry: expiry, forward: forwards[forwards.count / 2],
        quotes: rows.map {
          OptionQuote(
            right: $0.right, strike: $0.strike, bid: $0.bid, ask: $0.ask, time: snapshot.time)
        })
    }
    try self.init(time: snapshot.time, unit: .coin, expiries: expiries)
  }
}

extension QuoteRejection {
  /// The reason in a few words.
  public var title: String {
    switch self {
    case .malformed: "no possible price, size or strike"
    case .oneSided: "no bid or no ask"
    case .crossed: "bid above ask"
    case .zeroSize: "nothing behind bid or ask"
    case .stale: "too old"
    case .inTheMoney: "in the money"
    case .outsideBounds: "no implied volatility"
    case .tooWide: "bid and ask too far apart"
    case .tooFarOut: "delta too small"
    case .withoutForward: "expiry too near or without forward"
    }
  }
}
