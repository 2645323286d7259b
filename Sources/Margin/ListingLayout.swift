// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import NumericalMethods
public import Quantities

/// A listing seen by what its contracts share: underlyings, expiries and strikes, as dense slots.
public struct ListingLayout: Sendable {
  /// One expiry of one underlying.
  struct Expiry: Equatable {
    let underlying: Int
    let time: Timestamp
  }

  /// One strike of one expiry; calls and puts share it.
  struct Strike: Equatable {
    let expiry: Int
    let price: Price
  }

  /// Where one contract belongs; −1 for what it does not have.
  struct Place {
    let underlying: Int
    let expiry: Int
    let strike: Int
    /// Dense index of the collateral asset in which it settles.
    let settlement: Int
    /// ln(strike), options only.
    let logStrike: Double
  }

  public let listing: Listing
  /// Sorted by symbol: every underlying of a contract or a collateral asset.
  public let underlyings: [AssetSymbol]
  let expiries: [Expiry]
  let strikes: [Strike]
  let places: [Place]
  /// The slot of each collateral asset's underlying; −1 for the quote currency.
  let collateralUnderlyings: [Int]
  private let lookup: InstrumentLookup

  /// - Throws: ``MarginError/unlisted(_:)`` when a contract settles in an asset that is no
  ///   collateral of the listing, or two contracts share an id.
  public init(_ listing: Listing) throws(MarginError) {
    self.listing = listing
    let symbols = Self.underlyings(of: listing)
    var expiries: [Expiry] = []
    var strikes: [Strike] = []
    var places: [Place] = []
    for contract in listing.contracts {
      guard let underlying = symbols.firstIndex(of: contract.underlying),
        let settlement = listing.index(of: contract.settlementAsset)
      else { throw .unlisted(contract.id) }
      var expirySlot = -1
      var strikeSlot = -1
      var logStrike = 0.0
      if let time = contract.kind.expiry {
        expirySlot = slot(of: Expiry(underlying: underlying, time: time), in: &expiries)
      }
      if case .option(_, let strike, _) = contract.kind {
        strikeSlot = slot(of: Strike(expiry: expirySlot, price: strike), in: &strikes)
        logStrike = Elementary.log(strike.value)
      }
      places.append(
        Place(
          underlying: underlying, expiry: expirySlot, strike: strikeSlot,
          settlement: settlement, logStrike: logStrike))
    }
    underlyings = symbols
    self.expiries = expiries
    self.strikes = strikes
    self.places = places
    collateralUnderlyings = listing.collateral.map { asset in
      asset.underlying.flatMap { symbols.firstIndex(of: $0) } ?? -1
    }
    lookup = try InstrumentLookup(listing.contracts)
  }

  /// The dense index of a listed contract.
  @inline(__always)
  public func index(of instrument: InstrumentID) -> Int? { lookup[instrument] }

  private static func underlyings(of listing: Listing) -> [AssetSymbol] {
    let all =
      listing.contracts.map(\.underlying) + listing.collateral.compactMap(\.underlying)
    var distinct: [AssetSymbol] = []
    for symbol in all.sorted() where distinct.last != symbol { distinct.append(symbol) }
    return distinct
  }
}

/// The place of an element in an array, appended when it is new.
private func slot<Element: Equatable>(of element: Element, in array: inout [Element]) -> Int {
  if let found = array.lastIndex(of: element) { return found }
  array.append(element)
  return array.count - 1
}

/// Dense indices by instrument id: at once when ids count from 0, else by bisection.
private struct InstrumentLookup: Sendable {
  private let ids: [UInt32]
  private let sorted: [(id: UInt32, index: Int32)]

  init(_ contracts: [Contract]) throws(MarginError) {
    ids = contracts.map(\.id.number)
    sorted = ids.enumerated().map { ($0.element, Int32($0.offset)) }.sorted { $0.id < $1.id }
    for place in sorted.indices.dropFirst() where sorted[place].id == sorted[place - 1].id {
      throw .unlisted(InstrumentID(sorted[place].id))
    }
  }

  @inline(__always)
  subscript(instrument: InstrumentID) -> Int? {
    let guess = Int(instrument.number)
    if guess < ids.count, ids[guess] == instrument.number { return guess }
    return search(instrument.number)
  }

  private func search(_ id: UInt32) -> Int? {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle].id < id { low = middle + 1 } else { high = middle }
    }
    return low < sorted.count && sorted[low].id == id ? Int(sorted[low].index) : nil
  }
}
