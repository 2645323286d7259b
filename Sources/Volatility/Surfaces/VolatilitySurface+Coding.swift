// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities

// A surface and its report as values that any coder writes: times as nanoseconds since 1970,
// numbers in full, so that what is read back is equal to what was written.

extension VolatilitySurface: Codable {
  private enum Key: String, CodingKey {
    case time, slices, report
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(time.nanoseconds, forKey: .time)
    try container.encode(slices, forKey: .slices)
    try container.encode(report, forKey: .report)
  }

  /// - Throws: ``SurfaceRefusal``, ``SmileRefusal`` or the coder's error for what is no surface:
  ///   no slice, slices out of order, a time or a number outside its domain.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let time = try container.time(.time)
    let slices = try container.decode([SurfaceSlice].self, forKey: .slices)
    let report = try container.decode(FitReport.self, forKey: .report)
    // The same checks as for slices that are stated.
    let stated = try VolatilitySurface(
      time: time,
      slices: slices.map {
        StatedSlice(expiry: $0.expiry, forward: $0.forward, smile: $0.smile)
      })
    for (slice, checked) in zip(slices, stated.slices) {
      guard slice.expiry == checked.expiry, slice.yearsToExpiry == checked.yearsToExpiry else {
        throw SurfaceRefusal.outOfDomain("yearsToExpiry", value: slice.yearsToExpiry)
      }
    }
    self.init(time: time, slices: slices, report: report)
  }
}

extension SurfaceSlice: Codable {
  private enum Key: String, CodingKey {
    case expiry, yearsToExpiry, forward, theta, rho, psi, quotedAt, medianError, quotedFrom
    case quotedTo
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(expiry.nanoseconds, forKey: .expiry)
    try container.encode(yearsToExpiry, forKey: .yearsToExpiry)
    try container.encode(forward, forKey: .forward)
    try container.encode(smile.theta, forKey: .theta)
    try container.encode(smile.rho, forKey: .rho)
    try container.encode(smile.psi, forKey: .psi)
    try container.encode(quotedAt.nanoseconds, forKey: .quotedAt)
    try container.encode(medianError, forKey: .medianError)
    try container.encode(quotedFrom, forKey: .quotedFrom)
    try container.encode(quotedTo, forKey: .quotedTo)
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let smile = try SSVISmile(
      theta: container.decode(Double.self, forKey: .theta),
      rho: container.decode(Double.self, forKey: .rho),
      psi: container.decode(Double.self, forKey: .psi))
    self.init(
      expiry: try container.time(.expiry),
      yearsToExpiry: try container.decode(Double.self, forKey: .yearsToExpiry),
      forward: try container.decode(Double.self, forKey: .forward), smile: smile,
      quotedAt: try container.time(.quotedAt),
      medianError: try container.decode(Double.self, forKey: .medianError),
      quotedFrom: try container.decode(Double.self, forKey: .quotedFrom),
      quotedTo: try container.decode(Double.self, forKey: .quotedTo))
  }
}

extension FitReport: Codable {
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(expiries)
  }

  public init(from decoder: any Decoder) throws {
    self.init(expiries: try decoder.singleValueContainer().decode([ExpiryFit].self))
  }
}

extension ExpiryFit: Codable {
  private enum Key: String, CodingKey {
    case expiry, yearsToExpiry, forward, usedCount, rejected, isShapeFitted
    case rootMeanSquareError, medianError, largestError
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(expiry.nanoseconds, forKey: .expiry)
    try container.encode(yearsToExpiry, forKey: .yearsToExpiry)
    try container.encodeIfPresent(forward, forKey: .forward)
    try container.encode(usedCount, forKey: .usedCount)
    try container.encode(rejected, forKey: .rejected)
    try container.encode(isShapeFitted, forKey: .isShapeFitted)
    try container.encode(rootMeanSquareError, forKey: .rootMeanSquareError)
    try container.encode(medianError, forKey: .medianError)
    try container.encode(largestError, forKey: .largestError)
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    self.init(
      expiry: try container.time(.expiry),
      yearsToExpiry: try container.decode(Double.self, forKey: .yearsToExpiry),
      forward: try container.decodeIfPresent(Double.self, forKey: .forward),
      usedCount: try container.decode(Int.self, forKey: .usedCount),
      rejected: try container.decode([RejectedQuote].self, forKey: .rejected),
      isShapeFitted: try container.decode(Bool.self, forKey: .isShapeFitted),
      rootMeanSquareError: try container.decode(Double.self, forKey: .rootMeanSquareError),
      medianError: try container.decode(Double.self, forKey: .medianError),
      largestError: try container.decode(Double.self, forKey: .largestError))
  }
}

extension RejectedQuote: Codable {
  private enum Key: String, CodingKey {
    case isCall, strike, rejection
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(right == .call, forKey: .isCall)
    try container.encode(strike, forKey: .strike)
    try container.encode(rejection, forKey: .rejection)
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    self.init(
      right: try container.decode(Bool.self, forKey: .isCall) ? .call : .put,
      strike: try container.decode(Double.self, forKey: .strike),
      rejection: try container.decode(QuoteRejection.self, forKey: .rejection))
  }
}

extension QuoteRejection: Codable {}

extension KeyedDecodingContainer {
  /// Nanoseconds since 1970, in the permitted range.
  fileprivate func time(_ key: Key) throws -> Timestamp {
    let time = Timestamp(nanoseconds: try decode(Int64.self, forKey: key))
    guard Timestamp.permitted.contains(time) else {
      throw DecodingError.dataCorruptedError(
        forKey: key, in: self, debugDescription: "a time outside 1970 to 2200")
    }
    return time
  }
}
