// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Kernels
import MarketData
import Parameters
import Quantities

/// The scenario table of one block as the sweep reads it: rows of whole cache lines.
///
/// Spot, perpetuals and futures gain the same in all scenarios of one spot move: where an account
/// has no option on an underlying, its rows are *narrow*, one lane for each distinct move. Wide
/// rows have one lane for each scenario and each skew.
public struct SweepTable: Sendable {
  let shape: RowShape
  let layout: RowLayout
  var narrowCells: [Int32]
  var wideCells: [Int32]
  var narrowAmounts: [Int64]
  var wideAmounts: [Int64]
  /// By contract, then long and short, then charge.
  var chargeCells: [Int32]
  /// Beside the rows, by contract.
  var contracts: [plimsoll_row_contract]
  let assetUnderlyings: [Int32]
  /// By underlying.
  let netting: [plimsoll_row_netting]
  var terms: SweepTerms
  /// The minimum charge of 10^−8 of a base unit, by underlying, in millionths and as a double.
  var minimums: [Double]
  /// Whether every sum of an ordinary account fits; else ``RequirementEngine`` measures all.
  private(set) var isOrdinary = false
  /// Whether all contracts and all collateral have a price.
  private(set) var isComplete = false

  /// Whether the kernel measures the ordinary portfolio accounts of this block.
  public var isSwept: Bool { isOrdinary && isComplete }

  /// Room for the engine's listing; ``rebuild(_:)`` fills it.
  public init(_ engine: RequirementEngine) {
    shape = RowShape(engine)
    layout = RowLayout(engine)
    let contracts = engine.layout.places.count
    let assets = engine.layout.collateralUnderlyings.count
    narrowCells = Array(repeating: 0, count: contracts * shape.narrowStride)
    wideCells = Array(repeating: 0, count: contracts * shape.wideStride)
    narrowAmounts = Array(repeating: 0, count: assets * shape.narrowLanes)
    wideAmounts = Array(repeating: 0, count: assets * shape.wideLanes)
    chargeCells = Array(repeating: 0, count: contracts * 2 * Self.chargeCount)
    self.contracts = engine.charges.map { charge in
      plimsoll_row_contract(
        quantity: charge.isOption ? charge.stepQuantity : 0, delta: 0, basis: 0,
        underlying: charge.underlying)
    }
    // Shares and caps are at most one: they fit.
    netting = engine.layout.underlyings.indices.map { slot in
      plimsoll_row_netting(
        factor_share: Int32(truncatingIfNeeded: engine.netting.factorShares[slot]),
        offset_cap: Int32(truncatingIfNeeded: engine.netting.caps[slot]))
    }
    assetUnderlyings = engine.layout.collateralUnderlyings.map(Int32.init)
    minimums = Array(repeating: 0, count: engine.layout.underlyings.count)
    terms = SweepTerms(engine)
    rebuild(engine)
  }

  /// Takes over an engine's block; memory is taken only where size charges bend more often.
  public mutating func rebuild(_ engine: RequirementEngine) {
    var fits = engine.hasScenarios && shape.isRepresentable
    var isPriced = true
    for index in engine.layout.places.indices {
      fits = takeCharges(index, engine) && fits
      isPriced = engine.charges[index].isPriced && isPriced
      fits = takeCells(index, engine) && fits
    }
    for asset in assetUnderlyings.indices {
      fits = engine.table.amountMagnitudes[asset] <= RowLimits.largestAmountCell && fits
      isPriced = engine.valuations[asset].isPriced && isPriced
      fits = takeAmounts(asset, engine) && fits
    }
    let rate = Double(engine.parameters.shortOptionMinimum.billionths) * 1e-19
    for slot in minimums.indices {
      minimums[slot] = Double(engine.marked.markets[slot]?.index.steps ?? 0) * rate
    }
    terms.rebuild(engine)
    isOrdinary = fits
    isComplete = isPriced
  }

  /// - Returns: Whether all charges of a step fit their cells.
  private mutating func takeCharges(_ index: Int, _ engine: RequirementEngine) -> Bool {
    let charge = engine.charges[index]
    let isCoin = engine.layout.collateralUnderlyings[Int(charge.settlement)] >= 0
    let most = RowLimits.largestProvision
    guard charge.provisionLong < most, charge.provisionShort < most,
      takeDelta(index, engine)
    else { return false }
    for side in 0..<2 {
      let start = (2 * index + side) * Self.chargeCount
      // A short size is negative, and its provision is not.
      let provision = side == 0 ? charge.provisionLong : charge.provisionShort
      let sign: Int32 = side == 0 ? 1 : -1
      let worth = Int32(truncatingIfNeeded: charge.unitValue)
      chargeCells[start + Self.quoteWorth] = isCoin ? 0 : worth
      chargeCells[start + Self.coinWorth] = isCoin ? worth : 0
      chargeCells[start + Self.provisionLow] =
        sign * Int32(truncatingIfNeeded: provision & (1 << RowLimits.provisionBits - 1))
      chargeCells[start + Self.provisionHigh] =
        sign * Int32(truncatingIfNeeded: provision >> RowLimits.provisionBits)
      let delta = charge.deltaQuantity
      chargeCells[start + Self.deltaLow] =
        Int32(truncatingIfNeeded: delta & (1 << RowLimits.provisionBits - 1))
      chargeCells[start + Self.deltaHigh] =
        Int32(truncatingIfNeeded: delta >> RowLimits.provisionBits)
    }
    return true
  }

  /// - Returns: Whether delta and basis of a step leave room for sums.
  private mutating func takeDelta(_ index: Int, _ engine: RequirementEngine) -> Bool {
    let charge = engine.charges[index]
    let expiry = Int(charge.expiry)
    let basis =
      expiry < 0
      ? engine.bases.spots[Int(charge.underlying)] : engine.bases.expiries[expiry]
    contracts[index].delta = charge.deltaQuantity
    contracts[index].basis = basis
    return charge.deltaQuantity.magnitude < UInt64(RowLimits.largestQuantity)
      && basis < RowLimits.largestBasis
  }

  private static let chargeCount = Int(PLIMSOLL_CHARGE_CELLS)
  private static let quoteWorth = Int(PLIMSOLL_CHARGE_QUOTE_WORTH)
  private static let coinWorth = Int(PLIMSOLL_CHARGE_COIN_WORTH)
  private static let provisionLow = Int(PLIMSOLL_CHARGE_PROVISION_LOW)
  private static let provisionHigh = Int(PLIMSOLL_CHARGE_PROVISION_HIGH)
  private static let deltaLow = Int(PLIMSOLL_CHARGE_DELTA_LOW)
  private static let deltaHigh = Int(PLIMSOLL_CHARGE_DELTA_HIGH)

  /// - Returns: Whether equal moves have equal cells, as narrow rows need.
  private mutating func takeCells(_ index: Int, _ engine: RequirementEngine) -> Bool {
    let source = index * engine.table.laneCount
    let start = index * shape.wideStride
    for lane in shape.wideScenarios.indices where shape.wideScenarios[lane] >= 0 {
      wideCells[start + shape.widePlaces[lane]] =
        engine.table.cells[source + shape.wideScenarios[lane]]
    }
    for skew in 0..<shape.skewCount {
      wideCells[start + shape.skewPlaces[skew]] =
        engine.table.skewCells[index * engine.table.skewCount + skew]
    }
    guard !engine.charges[index].isOption else { return true }
    let narrow = index * shape.narrowStride
    for lane in 0..<shape.narrowCount {
      narrowCells[narrow + shape.narrowPlaces[lane]] =
        engine.table.cells[source + shape.representatives[lane]]
    }
    for lane in 0..<shape.scenarioCount {
      let group = shape.groups[lane]
      let expected = group < 0 ? 0 : engine.table.cells[source + shape.representatives[group]]
      guard engine.table.cells[source + lane] == expected else { return false }
    }
    return true
  }

  private mutating func takeAmounts(_ asset: Int, _ engine: RequirementEngine) -> Bool {
    let source = asset * engine.table.laneCount
    for lane in 0..<shape.narrowCount {
      narrowAmounts[asset * shape.narrowLanes + lane] =
        engine.table.amountCells[source + shape.representatives[lane]]
    }
    for lane in 0..<shape.scenarioCount {
      let group = shape.groups[lane]
      let cell = engine.table.amountCells[source + lane]
      let expected = group < 0 ? 0 : engine.table.amountCells[source + shape.representatives[group]]
      guard cell == expected else { return false }
    }
    for lane in shape.wideScenarios.indices where shape.wideScenarios[lane] >= 0 {
      wideAmounts[asset * shape.wideLanes + lane] =
        engine.table.amountCells[source + shape.wideScenarios[lane]]
    }
    return true
  }

  /// Lends the rows to the kernel.
  @inline(__always)
  func withRows<Result>(_ body: (UnsafePointer<plimsoll_row_table>) -> Result) -> Result {
    withCells { table in
      chargeCells.withUnsafeBufferPointer { charges in
        contracts.withUnsafeBufferPointer { contracts in
          netting.withUnsafeBufferPointer { netting in
            shape.wideSources.withUnsafeBufferPointer { sources in
              var table = table
              table.charge_cells = charges.baseAddress
              table.contracts = contracts.baseAddress
              table.netting = netting.baseAddress
              table.wide_sources = sources.baseAddress
              return withUnsafePointer(to: &table) { body($0) }
            }
          }
        }
      }
    }
  }

  @inline(__always)
  private func withCells<Result>(_ body: (plimsoll_row_table) -> Result) -> Result {
    narrowCells.withUnsafeBufferPointer { narrow in
      wideCells.withUnsafeBufferPointer { wide in
        narrowAmounts.withUnsafeBufferPointer { narrowAmounts in
          wideAmounts.withUnsafeBufferPointer { wideAmounts in
            assetUnderlyings.withUnsafeBufferPointer { assets in
              body(
                plimsoll_row_table(
                  narrow_cells: narrow.baseAddress, wide_cells: wide.baseAddress,
                  narrow_amount_cells: narrowAmounts.baseAddress,
                  wide_amount_cells: wideAmounts.baseAddress, charge_cells: nil,
                  contracts: nil, asset_underlyings: assets.baseAddress, netting: nil,
                  wide_sources: nil, narrow_blocks: shape.narrowBlocks,
                  wide_blocks: shape.wideBlocks, narrow_stride: shape.narrowStride,
                  wide_stride: shape.wideStride, asset_count: assets.count,
                  last_scenarios: shape.lastScenarios))
            }
          }
        }
      }
    }
  }
}
