// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import MarketData
import Parameters
import Quantities

// What collateral is worth, and how much of it counts.
extension RequirementEngine {
  /// Haircuts on positive amounts: of what a portfolio's collateral comes to, of the same less
  /// long options otherwise.
  func haircutCharge(
    _ net: [Int128], _ exposure: DominantExposure = .none, isScanned: Bool = false
  ) -> Int64 {
    var charge: Int64 = 0
    for asset in net.indices where net[asset] > 0 && isCharged(asset) {
      charge = QuoteMoney.sum(
        charge, haircutCharge(asset, net[asset], exposure, isScanned: isScanned))
    }
    return charge
  }

  /// Whether an asset's positive amounts may count for less than they are worth.
  @inline(__always)
  func isCharged(_ asset: Int) -> Bool { haircuts[asset] > 0 || !collateral.isPlain }

  func haircutCharge(
    _ asset: Int, _ units: Int128, _ exposure: DominantExposure = .none,
    isScanned: Bool = false
  ) -> Int64 {
    let worth = QuoteMoney.clampedCharge(valuations[asset].worth(units, rounding: .down))
    guard !collateral.isPlain else { return QuoteMoney.charge(worth, rate: haircuts[asset]) }
    let isRevalued = isScanned && layout.collateralUnderlyings[asset] >= 0
    return collateral.charge(asset, worth, exposure, isScanned: isRevalued)
  }

  /// Takes out of what scenarios revalue all that counts for nothing.
  ///
  /// So more collateral never raises a portfolio's requirement by more than its worth (P11).
  /// - Parameter net: What each asset comes to, ledger units.
  func leaveUncounted(
    of held: inout [Int128], _ net: [Int128], _ exposure: DominantExposure
  ) {
    guard !collateral.isPlain else { return }
    for asset in held.indices where net[asset] > 0 && layout.collateralUnderlyings[asset] >= 0 {
      let haircut = collateral.haircut(asset, exposure)
      var counted = net[asset]
      if haircut.countedShare < .one {
        counted = counted * Int128(haircut.countedShare.billionths) / 1_000_000_000
      }
      let price = valuations[asset]
      if haircut.scannedLimit < QuoteMoney.limit, price.numerator > 0 {
        let units = (Int128(haircut.scannedLimit) * Int128(price.denominator)).divided(
          by: Int128(price.numerator), rounding: .up)
        counted = min(counted, units)
      }
      held[asset] -= net[asset] - counted
    }
  }

  /// The largest scenario loss of what is held of an asset, as a share of its worth as
  /// collateral, rounded up.
  private func scanLoss(_ asset: Int, _ slot: Int) -> Rate {
    guard hasScenarios, valuations[asset].numerator > 0 else { return .zero }
    var worst = 0.0
    for scenario in grids[slot].scenarios {
      worst = max(worst, -(scenario.damper * scenario.spotShift))
    }
    let above = Double(valuations[asset].debtNumerator) / Double(valuations[asset].numerator)
    // A billionth more for the roundings of cells.
    let share = (worst * above * 1e9).rounded(.up) + 1
    return Rate(billionths: share < 1e12 ? Int64(share) : 1_000_000_000_000)
  }

  /// What wrong-way risk may add when open orders are filled and another position dominates.
  ///
  /// The largest haircut of any exposure that positions or fills may lead to counts.
  func wrongWayOfOrders(
    _ portfolio: borrowing Portfolio, _ held: [Int128], _ exposure: DominantExposure
  ) -> Int64 {
    let isScanned = portfolio.mode == .portfolio
    guard collateral.hasWrongWay, portfolio.orders.contains(where: { !$0.isReduceOnly }) else {
      return 0
    }
    let reachable = reachableExposures(portfolio)
    var worst: Int64 = 0
    for asset in held.indices where held[asset] > 0 {
      var most = haircutCharge(asset, held[asset], exposure, isScanned: isScanned)
      for other in reachable {
        most = max(most, haircutCharge(asset, held[asset], other, isScanned: isScanned))
      }
      worst = QuoteMoney.sum(worst, most)
    }
    return worst - haircutCharge(held, exposure, isScanned: isScanned)
  }

  private func reachableExposures(_ portfolio: borrowing Portfolio) -> [DominantExposure] {
    var places: [Int] = []
    func add(_ instrument: InstrumentID, isLong: Bool) {
      guard let index = layout.index(of: instrument) else { return }
      let isShort = isLong == (charges[index].deltaQuantity < 0)
      places.append(SizeTable.place(Int(charges[index].underlying), isShort: isShort))
    }
    for position in portfolio.positions {
      add(position.instrument, isLong: position.size > .zero)
    }
    for order in portfolio.orders where !order.isReduceOnly {
      add(order.instrument, isLong: order.side == .buy)
    }
    return places.map(DominantExposure.init)
  }

  /// The underlying and side in which a portfolio's net notional is largest, the first of equals.
  func dominantExposure(
    _ portfolio: borrowing Portfolio, _ scratch: inout RiskScratch
  ) -> DominantExposure {
    guard collateral.hasWrongWay, !portfolio.positions.isEmpty else { return .none }
    sumDeltas(of: portfolio.positions, &scratch)
    var largest: Int64 = 0
    var found = DominantExposure.none
    for place in 0..<scratch.sized.count {
      let slot = scratch.sized[place]
      let notional = netNotional(slot, scratch.netDeltas[slot])
      guard notional > largest else { continue }
      largest = notional
      found = DominantExposure(
        place: SizeTable.place(slot, isShort: scratch.netDeltas[slot] < 0))
    }
    scratch.sized.removeAll()
    scratch.dated.removeAll()
    return found
  }

  /// Takes over price and counted share of one asset.
  mutating func revalue(_ asset: Int) {
    let listed = layout.listing.collateral[asset].asset
    let slot = layout.collateralUnderlyings[asset]
    let decimals = Int(listed.decimals)
    let mark = marked.collateral.first { $0.asset == listed }
    if slot < 0 {
      let numerator = powerOfTen(max(6 - decimals, 0))
      valuations[asset] = AssetValuation(
        numerator: numerator, debtNumerator: numerator,
        denominator: powerOfTen(max(decimals - 6, 0)))
    } else if let market = marked.markets[slot] {
      // Ledger units × 10^−8 quote steps to millionths: 10^−decimals − 8 + 6.
      let index = market.index.steps
      valuations[asset] = AssetValuation(
        numerator: min(mark?.price.steps ?? index, index), debtNumerator: index,
        denominator: powerOfTen(decimals + 2))
    } else {
      valuations[asset] = .none
    }
    guard !collateral.isPlain else { return }
    let symbol = slot < 0 ? nil : layout.underlyings[slot]
    collateral.rebuild(
      asset, slot < 0 ? nil : marked.markets[slot],
      marked.liquidity.first { $0.underlying == symbol }, mark,
      scanLoss: slot < 0 ? .zero : scanLoss(asset, slot))
  }
}

/// What one ledger unit of an asset is worth, as a fraction of a millionth of the quote currency.
struct AssetValuation: Hashable, Sendable {
  /// Of what is held.
  var numerator: Int64
  /// Of what is owed, at the index: never less.
  var debtNumerator: Int64
  /// Zero when there is no price.
  var denominator: Int64

  static let none = AssetValuation(numerator: 0, debtNumerator: 0, denominator: 0)

  var isPriced: Bool { denominator != 0 }

  /// Worth in millionths, rounded as stated; ± 2^100 beyond 128 bits.
  @inline(__always)
  func worth(_ units: Int128, rounding: RoundingDirection) -> Int128 {
    if denominator == 1, numerator == 1 { return units }
    return worth(units, units < 0 ? debtNumerator : numerator, rounding)
  }

  /// The same at the index, whatever the sign: of sizes and losses.
  func indexWorth(_ units: Int128, rounding: RoundingDirection) -> Int128 {
    worth(units, debtNumerator, rounding)
  }

  @inline(__always)
  private func worth(
    _ units: Int128, _ numerator: Int64, _ rounding: RoundingDirection
  ) -> Int128 {
    let (product, overflows) = units.multipliedReportingOverflow(by: Int128(numerator))
    guard !overflows else { return units > 0 ? 1 << 100 : -(1 << 100) }
    return product.divided(by: Int128(denominator), rounding: rounding)
  }
}
