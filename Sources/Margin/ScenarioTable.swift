// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Kernels
import MarketData
import NumericalMethods
import Pricing
import Quantities
import Volatility

/// What one size step of every contract, and one ledger unit of every coin, gains or loses in
/// every scenario.
///
/// A row has one cell per scenario: damper × (value then − value now) in millionths of the quote
/// currency, a coin's value being its amount times the index of the same scenario. Each cell is
/// rounded once, half to even, to `Int32`; sums over positions are exact after that, so a
/// scenario's profit is within Σ|size|/2 millionths of the unrounded one.
///
/// What an account holds in coin (balance − Σ cost of its coin-settled positions) moves with the
/// index too: collateral rows hold that per ledger unit, with 32 binary places, rounded half to
/// even; their share of a sum is rounded to the nearest once per asset, so it is within
/// |amount|·2^−33 + ½ millionths.
public struct ScenarioTable: Sendable {
  /// Cells per row: the most scenarios of any underlying, padded to a whole number of blocks.
  ///
  /// Padding is zero: a scenario in which nothing happens.
  public let laneCount: Int
  /// Skew cells per row.
  public let skewCount: Int
  /// By contract, then lane.
  var cells: [Int32]
  /// By contract, then skew scenario.
  var skewCells: [Int32]
  /// The largest |cell| of each row, skews included.
  var magnitudes: [Int64]
  /// By collateral asset, then lane; 32 binary places.
  var amountCells: [Int64]
  /// The largest |cell| of each collateral row.
  var amountMagnitudes: [Int64]

  let plans: [GridPlan]
  private var batch: OptionBatch

  /// Room for a listing; all cells zero until ``rebuild(_:_:)``.
  /// - Parameter grids: By underlying slot.
  init(_ layout: ListingLayout, grids: [ScenarioGrid]) {
    let block = Int(PLIMSOLL_SCENARIO_BLOCK)
    let most = grids.map(\.scenarios.count).max() ?? 0
    laneCount = max(1, (most + block - 1) / block) * block
    skewCount = grids.map(\.skews.count).max() ?? 0
    plans = grids.map(GridPlan.init)
    let contractCount = layout.places.count
    cells = Array(repeating: 0, count: contractCount * laneCount)
    skewCells = Array(repeating: 0, count: contractCount * skewCount)
    magnitudes = Array(repeating: 0, count: contractCount)
    amountCells = Array(repeating: 0, count: layout.collateralUnderlyings.count * laneCount)
    amountMagnitudes = Array(repeating: 0, count: layout.collateralUnderlyings.count)
    batch = OptionBatch(capacity: laneCount + skewCount + 1)
  }

  /// The profit of one size step of a contract in a scenario, millionths of the quote currency.
  public func cell(contract: Int, scenario: Int) -> Int32 {
    cells[contract * laneCount + scenario]
  }

  /// The profit of one size step in a skew scenario, millionths of the quote currency.
  public func skewCell(contract: Int, skew: Int) -> Int32 {
    skewCells[contract * skewCount + skew]
  }
}

// MARK: Building

extension ScenarioTable {
  /// Revalues every row at a market; no memory is taken.
  ///
  /// - Throws: ``MarginError/cellOutOfRange(_:)`` or ``MarginError/collateralOutOfRange(_:)``.
  mutating func rebuild(
    _ layout: ListingLayout, _ marked: MarkedListing
  ) throws(MarginError) {
    for index in layout.places.indices {
      try rebuildRow(index, layout, marked)
    }
    for asset in layout.collateralUnderlyings.indices {
      try rebuildAmountRow(asset, layout, marked)
    }
  }

  private mutating func rebuildRow(
    _ index: Int, _ layout: ListingLayout, _ marked: MarkedListing
  ) throws(MarginError) {
    let contract = layout.listing.contracts[index]
    let place = layout.places[index]
    clear(index)
    guard let market = marked.markets[place.underlying] else { return }
    let plan = plans[place.underlying]
    // A step's base units × 10^6, for the settlement asset at its own index.
    let slot = layout.collateralUnderlyings[place.settlement]
    let settlement = slot < 0 || contract.settlement == .inverse ? nil : marked.markets[slot]
    let scale = Double(contract.stepQuantity) * 0.01 * (settlement?.index.value ?? 1)
    let isRepresentable: Bool
    switch contract.kind {
    case .spot, .perpetual, .future:
      let settling = place.expiry < 0 ? nil : marked.expiries[place.expiry].settling
      isRepresentable =
        contract.isReciprocal
        ? fillReciprocal(index, plan, contract, market, settling, marked, place)
        : fillLinear(index, plan, value: moving(index, settling, marked, place) * scale)
    case .option(let right, let strike, _):
      let expiry = marked.expiries[place.expiry]
      let coin = contract.settlement == .inverse ? market.index.value / expiry.future.value : 1
      isRepresentable = fillOption(
        index, plan, right, strike.value, logStrike: place.logStrike,
        volatility: marked.volatilities[index], expiry, scale: scale * coin)
    }
    guard isRepresentable else { throw .cellOutOfRange(contract.name) }
  }

  private mutating func clear(_ index: Int) {
    magnitudes[index] = 0
    for lane in index * laneCount..<(index + 1) * laneCount { cells[lane] = 0 }
    for skew in index * skewCount..<(index + 1) * skewCount { skewCells[skew] = 0 }
  }

  /// What of a future's price moves with spot.
  private func moving(
    _ index: Int, _ settling: SettlingShare?, _ marked: MarkedListing, _ place: ListingLayout.Place
  ) -> Double {
    guard let settling else { return marked.marks[index].price.value }
    return settling.open * marked.expiries[place.expiry].forward.value
  }

  /// A contract whose value is −quantity ÷ price coins.
  ///
  /// Times the index that does not move with spot, and all of its risk is in the coins of its
  /// cost; but while its settlement price is being averaged the price moves less than the index.
  private mutating func fillReciprocal(
    _ index: Int, _ plan: GridPlan, _ contract: Contract, _ market: UnderlyingMarket,
    _ settling: SettlingShare?, _ marked: MarkedListing, _ place: ListingLayout.Place
  ) -> Bool {
    guard let settling else { return true }
    let quantity = Double(contract.stepQuantity) * 0.01
    let forward = marked.expiries[place.expiry].forward.value
    let spot = market.index.value
    let now = spot / settling.expected.value
    var largest = 0.0
    for lane in plan.shifts.indices {
      let factor = 1 + plan.shifts[lane]
      let then = spot * factor / (settling.fixed + settling.open * forward * factor)
      let move = quantity * (now - then)
      let profit = (plan.dampers[lane] * move).rounded(.toNearestOrEven)
      guard profit.magnitude <= Self.largestCell else { return false }
      largest = max(largest, profit.magnitude)
      cells[index * laneCount + lane] = Int32(profit)
    }
    magnitudes[index] = Int64(largest)
    return true
  }

  private mutating func fillLinear(_ index: Int, _ plan: GridPlan, value: Double) -> Bool {
    let start = index * laneCount
    var largest = 0.0
    for lane in plan.shifts.indices {
      let profit = (plan.dampers[lane] * (value * plan.shifts[lane])).rounded(.toNearestOrEven)
      guard profit.magnitude <= Self.largestCell else { return false }
      largest = max(largest, profit.magnitude)
      cells[start + lane] = Int32(profit)
    }
    magnitudes[index] = Int64(largest)
    return true
  }

  private mutating func fillOption(
    _ index: Int, _ plan: GridPlan, _ right: OptionRight, _ strike: Double, logStrike: Double,
    volatility: Double, _ expiry: MarkedExpiry, scale: Double
  ) -> Bool {
    guard let settling = expiry.settling else {
      batch.price(
        right, strike: strike, logMoneyness: logStrike - expiry.logForward,
        volatility: volatility, expiry, plan)
      return fillOption(index, plan, scale: scale)
    }
    switch settling.option(strike: strike, forward: expiry.forward.value) {
    case .strike(let open):
      batch.price(
        right, strike: open, logMoneyness: Elementary.log(open) - expiry.logForward,
        volatility: volatility, expiry, plan)
      return fillOption(index, plan, scale: scale * settling.open)
    case .certain:
      let isExercised = right.sign * (settling.expected.value - strike) > 0
      let value = right.sign * settling.open * expiry.forward.value
      return fillLinear(index, plan, value: isExercised ? value * scale : 0)
    }
  }

  private mutating func fillOption(_ index: Int, _ plan: GridPlan, scale: Double) -> Bool {
    let start = index * laneCount
    let count = plan.shifts.count
    let now = batch.values[count]
    var largest = 0.0
    for lane in 0..<count {
      let move = scale * (batch.values[lane] - now)
      let profit = (plan.dampers[lane] * move).rounded(.toNearestOrEven)
      guard profit.magnitude <= Self.largestCell else { return false }
      largest = max(largest, profit.magnitude)
      cells[start + lane] = Int32(profit)
    }
    for skew in plan.skews.indices {
      let move = scale * (batch.values[count + 1 + skew] - now)
      let profit = move.rounded(.toNearestOrEven)
      guard profit.magnitude <= Self.largestCell else { return false }
      largest = max(largest, profit.magnitude)
      skewCells[index * skewCount + skew] = Int32(profit)
    }
    magnitudes[index] = Int64(largest)
    return true
  }

  private mutating func rebuildAmountRow(
    _ asset: Int, _ layout: ListingLayout, _ marked: MarkedListing
  ) throws(MarginError) {
    let start = asset * laneCount
    let slot = layout.collateralUnderlyings[asset]
    amountMagnitudes[asset] = 0
    guard slot >= 0, let market = marked.markets[slot] else {
      for lane in start..<start + laneCount { amountCells[lane] = 0 }
      return
    }
    let collateral = layout.listing.collateral[asset].asset
    let fraction = Double(Int64(1) << Int64(PLIMSOLL_SCENARIO_FRACTION_BITS))
    let perUnit =
      market.index.value * 1e6 / Double(collateral.unitsPerWhole) * fraction
    let plan = plans[slot]
    for lane in plan.shifts.indices {
      let profit = (plan.dampers[lane] * (perUnit * plan.shifts[lane])).rounded(.toNearestOrEven)
      guard profit.magnitude <= 0x1p62 else { throw .collateralOutOfRange(collateral.symbol) }
      amountCells[start + lane] = Int64(profit)
      amountMagnitudes[asset] = max(amountMagnitudes[asset], Int64(profit.magnitude))
    }
  }

  private static var largestCell: Double { 2_147_483_647 }
}

/// A grid as arrays, with its logarithms.
struct GridPlan: Sendable {
  let shifts: [Double]
  /// ln(1 + shift).
  let logShifts: [Double]
  let dampers: [Double]
  let states: [VolatilityState]
  let volatilityFactors: [Double]
  let elapsedYears: [Double]
  /// Whether every factor is 1 and no time passes.
  let isOfSpotAndState: Bool
  let skews: [SkewState]
  let volatilityFollowsSpot: Bool

  init(_ grid: ScenarioGrid) {
    shifts = grid.scenarios.map(\.spotShift)
    logShifts = shifts.map { Elementary.log1p($0) }
    dampers = grid.scenarios.map(\.damper)
    states = grid.scenarios.map(\.volatility)
    volatilityFactors = grid.scenarios.map(\.volatilityFactor)
    elapsedYears = grid.scenarios.map(\.elapsed.years)
    isOfSpotAndState = grid.scenarios.allSatisfy {
      $0.volatilityFactor == 1 && $0.elapsed == .zero
    }
    skews = grid.skews
    volatilityFollowsSpot = grid.volatilityFollowsSpot
  }
}
