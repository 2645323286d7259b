// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import MarketData
import Quantities

extension CollateralMark: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(asset)
    writer.append(price)
    writer.append(since)
    writer.append(isFresh)
    writer.append(countedShare)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let asset: Asset = try reader.value()
    let price: Price = try reader.value()
    let since: Timestamp = try reader.value()
    let isFresh = try reader.bool()
    self.init(
      asset: asset, price: price, since: since, isFresh: isFresh,
      countedShare: try reader.value())
  }
}
