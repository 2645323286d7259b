// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Quantities
import Reporting
import Volatility

/// The JSON shape of a calibration; volatilities and errors as fractions, 0.01 being one point.
///
/// Field names never change their meaning; numbers are exact, so that a surface can be built
/// from them again.
struct CalibrationRecord: Encodable {
  let time: String
  let underlying: String
  let model = "eSSVI"
  let quotes: Int
  let quotesUsed: Int
  let quotesRejected: Int
  let expiries: [Expiry]
  let rejections: [String: Int]
  let arbitrage: Arbitrage

  /// An expiry; those without a usable quote have no volatility and no parameters.
  struct Expiry: Encodable {
    let expiry: String
    let yearsToExpiry: Double
    let days: Double
    let forward: Double?
    let atTheMoneyVolatility: Double?
    let skew: Double?
    let theta: Double?
    let rho: Double?
    let psi: Double?
    let isShapeFitted: Bool
    let quotesUsed: Int
    let quotesRejected: Int
    let rejections: [String: Int]
    let medianError: Double?
    let rootMeanSquareError: Double?
    let largestError: Double?
    let quotedFrom: Double?
    let quotedTo: Double?
  }

  struct Arbitrage: Encodable {
    let pointsPerExpiry: Int
    let logMoneynessFrom: Double
    let logMoneynessTo: Double
    let butterflyViolations: Int
    let calendarViolations: Int
  }

  init(_ chain: CalibratedChain) {
    time = "\(chain.snapshot.time)"
    underlying = "\(chain.underlying)"
    quotes = chain.snapshot.rows.count
    quotesUsed = chain.surface.report.usedCount
    quotesRejected = chain.surface.report.rejectedCount
    expiries = chain.expiries.map(Expiry.init)
    rejections = Dictionary(
      uniqueKeysWithValues: chain.rejections.map { ("\($0.reason)", $0.count) })
    arbitrage = Arbitrage(
      pointsPerExpiry: chain.grid.count, logMoneynessFrom: chain.grid.first ?? 0,
      logMoneynessTo: chain.grid.last ?? 0,
      butterflyViolations: chain.violationCount(.butterfly),
      calendarViolations: chain.violationCount(.calendar))
  }
}

extension CalibrationRecord.Expiry {
  init(_ expiry: CalibratedExpiry) {
    let (fit, slice) = (expiry.fit, expiry.slice)
    self.expiry = "\(fit.expiry)"
    yearsToExpiry = fit.yearsToExpiry
    days = expiry.days
    forward = fit.forward
    atTheMoneyVolatility = slice?.atTheMoney
    skew = expiry.skew
    theta = slice?.smile.theta
    rho = slice?.smile.rho
    psi = slice?.smile.psi
    isShapeFitted = fit.isShapeFitted
    quotesUsed = fit.usedCount
    quotesRejected = fit.rejected.count
    rejections = Dictionary(
      uniqueKeysWithValues: QuoteRejection.allCases.compactMap { reason in
        let count = expiry.rejectedCount(reason)
        return count > 0 ? (reason.word, count) : nil
      })
    medianError = slice.map { _ in fit.medianError }
    rootMeanSquareError = slice.map { _ in fit.rootMeanSquareError }
    largestError = slice.map { _ in fit.largestError }
    quotedFrom = slice?.quotedFrom
    quotedTo = slice?.quotedTo
  }
}
