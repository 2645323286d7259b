// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities

extension EntryPot: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(underlying)
    writer.append(asset)
    writer.append(units)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let underlying: AssetSymbol = try reader.value()
    let asset: Asset = try reader.value()
    self.init(underlying: underlying, asset: asset, units: try reader.integer())
  }
}

extension BalanceMark: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(underlying)
    writer.append(imbalance)
    writer.append(rate)
    writer.append(premiums)
    writer.append(samples)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self.init(underlying: try reader.value())
    imbalance = try reader.integer()
    rate = try reader.integer()
    premiums = try reader.integer()
    samples = try reader.integer()
    // So many samples cannot sum to more: the sums to come stay in their field.
    guard premiums.magnitude <= UInt64(samples) * Self.mostPremium.magnitude,
      rate.magnitude <= 1_000_000_000_000_000_000
    else { throw reader.malformed("balance") }
  }
}

extension BalanceBook: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(list: makers)
    writer.append(list: pots)
    writer.append(list: marks)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self.init()
    makers = try reader.list()
    pots = try reader.list()
    marks = try reader.list()
    for (one, next) in zip(makers, makers.dropFirst()) where one >= next {
      throw reader.malformed("makers")
    }
    for (one, next) in zip(pots, pots.dropFirst()) where !Self.precedes(one, next) {
      throw reader.malformed("pots")
    }
    for (one, next) in zip(marks, marks.dropFirst()) where one.underlying >= next.underlying {
      throw reader.malformed("balance")
    }
    guard !isEmpty, pots.allSatisfy({ $0.units > 0 }) else { throw reader.malformed("balance") }
  }
}

// MARK: Commands and events

extension Command {
  /// Tags from 96 on.
  func encodeBalance(to writer: inout CanonicalWriter) {
    switch self {
    case .registerMaker(let id): writer.append(tag: 96, id)
    case .releaseMaker(let id): writer.append(tag: 97, id)
    default: break
    }
  }

  static func readBalance(
    _ tag: UInt8, _ reader: inout CanonicalReader
  ) throws(CanonicalError) -> Command {
    switch tag {
    case 96: return .registerMaker(try reader.value())
    case 97: return .releaseMaker(try reader.value())
    default: throw reader.malformed("command")
    }
  }
}

extension LedgerEvent {
  /// Tags from 100 on.
  func encodeBalance(to writer: inout CanonicalWriter) {
    switch self {
    case .makerRegistered(let id): writer.append(tag: 100, id)
    case .makerReleased(let id): writer.append(tag: 101, id)
    case .balanceMarked(let marks):
      writer.append(UInt8(102))
      writer.append(list: marks)
    default: break
    }
  }

  static func readBalance(
    _ tag: UInt8, _ reader: inout CanonicalReader
  ) throws(CanonicalError) -> LedgerEvent {
    switch tag {
    case 100: return .makerRegistered(try reader.value())
    case 101: return .makerReleased(try reader.value())
    case 102: return .balanceMarked(try reader.list())
    default: throw reader.malformed("event")
    }
  }
}
