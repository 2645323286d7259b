// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Parameters
import Quantities

/// The insurance fund of a risk universe beyond the common one, and what is remembered of losses
/// in it.
public struct UniverseBook: Hashable, Sendable {
  public let universe: RiskUniverse
  /// What its fund holds, by dense index of the collateral asset, ledger units.
  public internal(set) var balances: [Int64]
  public internal(set) var losses = LossBook()

  init(_ universe: RiskUniverse, assets: Int) {
    self.universe = universe
    balances = Array(repeating: 0, count: assets)
  }
}

extension LossBook {
  /// Where the book of a universe is, opened if there was none.
  mutating func universePlace(_ universe: RiskUniverse, assets: Int) -> Int {
    let place = universes.firstIndex { $0.universe >= universe } ?? universes.count
    if place == universes.count || universes[place].universe != universe {
      universes.insert(UniverseBook(universe, assets: assets), at: place)
    }
    return place
  }

  mutating func acceptAsset() {
    for place in universes.indices { universes[place].balances.append(0) }
  }

  /// Σ of what the universes' funds hold of an asset.
  func universeFunds(_ asset: Int) -> Int128 {
    universes.reduce(Int128(0)) { $0 + Int128($1.balances[asset]) }
  }

  @usableFromInline
  var isAnyFundNegative: Bool {
    universes.contains { book in book.balances.contains { $0 < 0 } }
  }
}

extension LedgerEvent {
  /// Whether it moves money into or out of the fund of a universe beyond the common one.
  public var movesUniverseFund: Bool {
    guard case .transferred(let transfer) = self else { return false }
    return transfer.from.isUniverseFund || transfer.to.isUniverseFund
  }
}

extension LedgerAccount {
  fileprivate var isUniverseFund: Bool {
    if case .universeFund = self { true } else { false }
  }
}

extension RiskUniverse: Canonical {
  public func encode(to writer: inout CanonicalWriter) { writer.append(number) }
  /// The common universe has no number in a file: it is what is not written.
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let number = try reader.byte()
    guard (1...Self.highest).contains(number) else { throw reader.malformed("universe") }
    self.init(number)
  }
}

extension UniverseBook: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(universe)
    writer.append(UInt8(balances.count))
    for units in balances { writer.append(units) }
    writer.append(optional: losses.isEmpty ? nil : losses)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let universe: RiskUniverse = try reader.value()
    self.init(universe, assets: Int(try reader.byte()))
    for asset in balances.indices { balances[asset] = try reader.integer() }
    if try reader.bool() { losses = try LossBook(from: &reader, ofUniverse: true) }
  }
}
