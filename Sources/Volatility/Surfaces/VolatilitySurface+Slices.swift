// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// One expiry of a surface that is stated rather than fitted.
public struct StatedSlice: Hashable, Sendable {
  public let expiry: Timestamp
  /// Quote units.
  public let forward: Double
  public let smile: SSVISmile

  public init(expiry: Timestamp, forward: Double, smile: SSVISmile) {
    self.expiry = expiry
    self.forward = forward
    self.smile = smile
  }
}

extension VolatilitySurface {
  /// A surface of stated smiles, such as those of an earlier fit; its report is empty.
  ///
  /// - Parameters:
  ///   - time: Before every expiry.
  ///   - slices: One or more, in any order. Whether they are free of arbitrage is not refused
  ///     here; see ``ArbitrageCheck``.
  /// - Throws: ``SurfaceRefusal``.
  public init(time: Timestamp, slices: [StatedSlice]) throws(SurfaceRefusal) {
    try check(time)
    guard !slices.isEmpty else { throw .withoutQuotes }
    guard slices.count <= OptionChain.limits.expiries else {
      throw .tooMany(slices.count, limit: OptionChain.limits.expiries)
    }
    let sorted = slices.sorted { $0.expiry < $1.expiry }
    var known: [SurfaceSlice] = []
    for slice in sorted {
      try check(slice.expiry)
      if let last = known.last, last.expiry == slice.expiry { throw .repeatedExpiry(slice.expiry) }
      guard slice.expiry > time else { throw .timeRunsBack(from: slice.expiry, to: time) }
      guard slice.forward >= 0x1p-500, slice.forward <= 0x1p500 else {
        throw .outOfDomain("forward", value: slice.forward)
      }
      known.append(
        SurfaceSlice(
          expiry: slice.expiry, yearsToExpiry: (slice.expiry - time).years,
          forward: slice.forward, smile: slice.smile, quotedAt: time, medianError: 0,
          quotedFrom: 0, quotedTo: 0))
    }
    self.init(time: time, slices: known, report: FitReport(expiries: []))
  }
}
