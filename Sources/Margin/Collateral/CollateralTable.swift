// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import MarketData
import Parameters
import Quantities

/// The haircuts of every collateral asset at one market, by what the account's dominant position
/// is.
///
/// A haircut depends on volatility and depth, not on the price: it is made again only when one of
/// those changes.
struct CollateralTable: Sendable {
  /// Whether every asset has its flat haircut and nothing else: then nothing here is asked.
  let isPlain: Bool
  /// Whether any haircut depends on the account's dominant position.
  let hasWrongWay: Bool
  private var assets: [CountedAsset]

  init(_ layout: ListingLayout, _ margin: MarginParameters) {
    let terms = layout.listing.collateral.map { margin.collateral.terms[$0.asset.symbol] }
    isPlain = terms.allSatisfy(\.isPlain)
    hasWrongWay = terms.contains(where: \.hasWrongWay)
    assets = []
    guard !isPlain else { return }
    for (asset, terms) in zip(layout.listing.collateral, terms) {
      assets.append(
        CountedAsset(margin.haircuts[asset.asset.symbol], terms, layout.underlyings))
    }
  }

  /// The charge on a positive worth, millionths.
  func charge(
    _ asset: Int, _ worth: Int64, _ exposure: DominantExposure, isScanned: Bool
  ) -> Int64 {
    haircut(asset, exposure).charge(worth, isScanned: isScanned)
  }

  func haircut(_ asset: Int, _ exposure: DominantExposure) -> CollateralHaircut {
    assets[asset].haircuts[exposure.place < 0 ? 0 : assets[asset].levels[exposure.place]]
  }

  /// Takes over a block's market.
  mutating func rebuild(
    _ asset: Int, _ market: UnderlyingMarket?, _ liquidity: UnderlyingLiquidity?,
    _ mark: CollateralMark?, scanLoss: Rate
  ) {
    guard !isPlain else { return }
    assets[asset].rebuild(
      volatility: market?.volatility ?? .zero, depthShare: liquidity?.depthShare ?? .one,
      countedShare: mark?.countedShare ?? .one, scanLoss: scanLoss)
  }
}

/// The side of the underlying in which an account has the largest net notional.
struct DominantExposure: Hashable, Sendable {
  /// As ``SizeTable/place(_:isShort:)``; below zero without positions.
  let place: Int

  static let none = DominantExposure(place: -1)
}

/// One asset's haircuts, one for each wrong-way correlation that occurs.
private struct CountedAsset: Sendable {
  private let flat: Rate
  private let terms: CollateralTerms
  /// Rising from 0.
  let correlations: [Rate]
  /// Which of them holds, by place of the exposure.
  let levels: [Int]
  /// By correlation.
  private(set) var haircuts: [CollateralHaircut]
  private var volatility = Rate.zero
  private var depthShare = Rate.one
  private var countedShare = Rate.one
  private var scanLoss = Rate.zero

  init(_ flat: Rate, _ terms: CollateralTerms, _ underlyings: [AssetSymbol]) {
    self.flat = flat
    self.terms = terms
    var positive: [Rate] = []
    for underlying in underlyings {
      let correlation = terms.wrongWay[underlying]
      positive += [max(correlation, .zero), max(-correlation, .zero)]
    }
    var rising: [Rate] = [.zero]
    for correlation in positive.sorted() where correlation != rising.last {
      rising.append(correlation)
    }
    correlations = rising
    levels = positive.map { rising.firstIndex(of: $0) ?? 0 }
    haircuts = rising.map {
      CollateralHaircut(flat: flat, terms, volatility: .zero, correlation: $0)
    }
    alignLimits()
  }

  /// One limit of what is scanned for all exposures: a fill or a price that makes another position
  /// the dominant one takes no hedge out of the scan.
  private mutating func alignLimits() {
    let limit = haircuts.map(\.scannedLimit).min() ?? 0
    for level in haircuts.indices { haircuts[level].scannedLimit = limit }
  }

  mutating func rebuild(
    volatility: Rate, depthShare: Rate, countedShare: Rate, scanLoss: Rate
  ) {
    let dependsOnMarket = terms.liquidity.impact > .zero || terms.finality.factor > .zero
    let isMoved = volatility != self.volatility || depthShare != self.depthShare
    if scanLoss != self.scanLoss || (dependsOnMarket && isMoved) {
      self.volatility = volatility
      self.depthShare = depthShare
      self.scanLoss = scanLoss
      haircuts = correlations.map {
        CollateralHaircut(
          flat: flat, terms, volatility: volatility, depthShare: depthShare, correlation: $0,
          scanLoss: scanLoss)
      }
      alignLimits()
      self.countedShare = .one
    }
    guard countedShare != self.countedShare else { return }
    self.countedShare = countedShare
    for level in haircuts.indices { haircuts[level].countedShare = countedShare }
  }
}
