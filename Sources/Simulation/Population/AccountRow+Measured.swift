// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Instruments
import Quantities

/// A position of a file in the steps of its contract.
struct MeasuredPosition {
  let contract: Contract
  let size: Size
  let price: Price
  let unitValue: Int64
}

extension AccountRow {
  /// The account as a portfolio of a listing, at its entry prices.
  ///
  /// - Throws: ``RowFault`` for an unknown name and a number outside its steps or limits.
  func portfolio(in listing: Listing) throws(RowFault) -> Portfolio {
    let zeros = [Int64](repeating: 0, count: listing.collateral.count)
    var portfolio = Portfolio(mode: mode, balances: zeros)
    for row in collateral {
      let (index, amount) = try row.measured(in: listing)
      portfolio.balances[index] += amount.units
    }
    for row in positions {
      let position = try row.measured(in: listing)
      _ = portfolio.take(
        position.size, of: position.contract.id, unitValue: position.unitValue)
    }
    return portfolio
  }
}

extension CollateralRow {
  /// The dense index of the asset, and the amount in its ledger unit.
  func measured(in listing: Listing) throws(RowFault) -> (index: Int, amount: Amount) {
    let collateral = listing.collateral
    guard let index = collateral.firstIndex(where: { $0.asset.symbol == asset }) else {
      throw RowFault(
        place: place, field: "name", value: asset.description,
        reason: .unknownWord(permitted: collateral.map(\.asset.symbol.description)))
    }
    let held = collateral[index].asset
    do throws(QuantityError) {
      return (index, try Amount(quantity, of: held))
    } catch {
      throw RowFault(
        place: place, field: "quantity", value: quantity,
        reason: error.reason(limit: "\(Amount.limit / held.unitsPerWhole)"))
    }
  }
}

extension PositionRow {
  func measured(in listing: Listing) throws(RowFault) -> MeasuredPosition {
    guard let contract = listing.contracts.first(where: { $0.name == instrument }) else {
      throw unknown(in: listing)
    }
    let size = try size(in: contract)
    do throws(QuantityError) {
      let price = try Price(entryPrice)
      return MeasuredPosition(
        contract: contract, size: size, price: price,
        unitValue: try contract.unitValue(at: price))
    } catch {
      throw RowFault(
        place: place, field: "price", value: entryPrice,
        reason: error.reason(limit: contract.highestPrice.description))
    }
  }

  private func size(in contract: Contract) throws(RowFault) -> Size {
    let step = decimalText(contract.stepQuantity, decimals: 8)
    let limit = decimalText(
      Int128(contract.stepQuantity) * Int128(Size.limit), decimals: 8)
    let units: Int64
    do throws(QuantityError) {
      units = try unitsFromDecimal(size, decimals: 8)
    } catch {
      throw RowFault(
        place: place, field: "quantity", value: size, reason: error.reason(limit: limit))
    }
    let (steps, rest) = units.quotientAndRemainder(dividingBy: contract.stepQuantity)
    guard rest == 0 else {
      throw RowFault(
        place: place, field: "quantity", value: size,
        reason: .contradiction("expected a multiple of \(step), the step of \(contract.name)"))
    }
    guard Size(steps: steps).isPermitted else {
      throw RowFault(
        place: place, field: "quantity", value: size, reason: .tooLarge(limit: limit))
    }
    return Size(steps: steps)
  }

  private func unknown(in listing: Listing) -> RowFault {
    let names = listing.contracts.map(\.name)
    let similar = names.filter { $0.hasPrefix(instrument.prefix(3)) }.prefix(8)
    return RowFault(
      place: place, field: "name", value: instrument,
      reason: .unknownWord(permitted: Array(similar.isEmpty ? names.prefix(8) : similar)))
  }
}

extension QuantityError {
  /// The same as a fault of a file's row.
  fileprivate func reason(limit: String) -> RowFault.Reason {
    switch self {
    case .tooFine(_, let decimals): .tooFine(decimals: decimals)
    case .malformedDecimal: .malformedNumber
    default: .tooLarge(limit: limit)
    }
  }
}
