// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// An asset that accounts may hold as collateral.
@frozen
public struct CollateralAsset: Hashable, Sendable {
  public let asset: Asset
  /// The underlying whose index values it; `nil` for the venue's quote currency, worth one.
  public let underlying: AssetSymbol?

  @inlinable
  public init(asset: Asset, underlying: AssetSymbol?) {
    self.asset = asset
    self.underlying = underlying
  }
}

/// What the venue lists: contracts and collateral, in a fixed order with dense indices.
///
/// Outside ids are mapped to dense indices once; everything inside the core counts by index.
public struct Listing: Hashable, Sendable {
  /// In order of listing; the position in this array is the dense index.
  public private(set) var contracts: [Contract]
  /// The quote currency first.
  public private(set) var collateral: [CollateralAsset]

  /// - Parameter quote: The currency in which equity and requirements are counted.
  public init(quote: Asset) {
    contracts = []
    collateral = [CollateralAsset(asset: quote, underlying: nil)]
  }

  /// The currency in which equity and requirements are counted.
  public var quote: Asset { collateral[0].asset }

  public mutating func list(_ contract: Contract) { contracts.append(contract) }
  public mutating func accept(_ asset: CollateralAsset) { collateral.append(asset) }

  /// The dense index of a listed contract.
  public func index(of instrument: InstrumentID) -> Int? {
    // Ids are usually given in order from 0; look there first.
    let guess = Int(instrument.number)
    if guess < contracts.count, contracts[guess].id == instrument { return guess }
    return contracts.firstIndex { $0.id == instrument }
  }

  /// The dense index of a collateral asset.
  public func index(of asset: Asset) -> Int? {
    collateral.firstIndex { $0.asset == asset }
  }
}
