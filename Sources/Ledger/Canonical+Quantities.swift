// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

extension AssetSymbol: Canonical {
  public func encode(to writer: inout CanonicalWriter) { writer.append(packed) }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let packed: UInt64 = try reader.integer()
    guard let symbol = AssetSymbol(packed: packed) else { throw reader.malformed("symbol") }
    self = symbol
  }
}

extension Asset: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(symbol)
    writer.append(decimals)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let symbol: AssetSymbol = try reader.value()
    let decimals = try reader.byte()
    guard let asset = try? Asset(symbol: symbol, decimals: decimals) else {
      throw reader.malformed("asset")
    }
    self = asset
  }
}

extension Amount: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(asset)
    writer.append(units)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let asset: Asset = try reader.value()
    self.init(units: try reader.integer(), asset: asset)
  }
}

extension Price: Canonical {
  public func encode(to writer: inout CanonicalWriter) { writer.append(steps) }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self.init(steps: try reader.integer())
  }
}

extension Size: Canonical {
  public func encode(to writer: inout CanonicalWriter) { writer.append(steps) }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self.init(steps: try reader.integer())
  }
}

extension Rate: Canonical {
  public func encode(to writer: inout CanonicalWriter) { writer.append(billionths) }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self.init(billionths: try reader.integer())
  }
}

extension Timestamp: Canonical {
  public func encode(to writer: inout CanonicalWriter) { writer.append(nanoseconds) }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self.init(nanoseconds: try reader.integer())
  }
}

extension AccountID: Canonical {
  public func encode(to writer: inout CanonicalWriter) { writer.append(number) }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self.init(try reader.integer())
  }
}

extension InstrumentID: Canonical {
  public func encode(to writer: inout CanonicalWriter) { writer.append(number) }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self.init(try reader.integer())
  }
}

extension OrderID: Canonical {
  public func encode(to writer: inout CanonicalWriter) { writer.append(number) }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self.init(try reader.integer())
  }
}

extension ChainHash: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    for byte in bytes { writer.append(byte) }
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    var bytes: [UInt8] = []
    for _ in 0..<32 { bytes.append(try reader.byte()) }
    guard let hash = ChainHash(bytes: bytes) else { throw reader.malformed("hash") }
    self = hash
  }
}
