// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Quantities

/// What one account's equity allows for closing one of its positions.
public struct ClosingTerms: Hashable, Sendable {
  /// Ledger units per size step at which closing this position uses up exactly its share of
  /// the account's equity; rounded so that the account is never left with less than nothing.
  public let bankruptcyUnitValue: Int64
  /// The worst unit value a fill may have: the bankruptcy value, moved by what the insurance
  /// fund may add, never beyond the fund's limit.
  public let limitUnitValue: Int64
  /// What the fund would add to each step of a fill at the limit, ledger units, not negative.
  public let fundPerStep: Int64
}

/// The terms for closing a position whose share of equity and of the fund is known.
///
/// The bankruptcy price: equity is allotted to positions by notional, and a position's price is
/// moved against the account until its share is gone; with negative equity it lies on the other
/// side of the mark. Source of the allotment: dYdX v4 allots by maintenance margin
/// (`bankruptcy price = −ΔNotional − TNC·|ΔMMR|/TMMR`); notional keeps it defined at zero margin.
/// - Parameters:
///   - size: The position, not zero.
///   - unitValue: Its mark, ledger units per step.
///   - equityShare: Ledger units of the settlement asset, any sign.
///   - fundShare: Ledger units the fund may add, not negative.
///   - fundLimit: The unit value beyond which the fund adds nothing, so that no book, however
///     empty, can sell it a closing at any price; `nil` for no such limit.
public func closingTerms(
  contract: Contract, size: Size, unitValue: Int64, equityShare: Int64, fundShare: Int64,
  fundLimit: Int64? = nil
) -> ClosingTerms {
  let bankruptcy = shifted(contract, size: size, unitValue: unitValue, loss: equityShare)
  var limit = shifted(
    contract, size: size, unitValue: unitValue, loss: saturatingSum(equityShare, fundShare))
  if let fundLimit {
    limit =
      size.sign > 0
      ? max(limit, min(bankruptcy, fundLimit)) : min(limit, max(bankruptcy, fundLimit))
  }
  return ClosingTerms(
    bankruptcyUnitValue: bankruptcy, limitUnitValue: limit,
    fundPerStep: max((bankruptcy - limit) * size.sign, 0))
}

extension ClosingTerms {
  /// The same with a limit that gives up no more than so much against the mark.
  ///
  /// The limit that is there, the bankruptcy price moved by the fund's share, stays where it gives
  /// up less.
  /// - Parameters:
  ///   - size: The position, not zero.
  ///   - unitValue: Its mark, ledger units per step.
  ///   - most: Ledger units for all of the position, not negative.
  public func giving(
    atMost most: Int64, of size: Size, unitValue: Int64, contract: Contract
  ) -> ClosingTerms {
    let fillable = shifted(contract, size: size, unitValue: unitValue, loss: most)
    let limit =
      size.sign > 0 ? max(limitUnitValue, fillable) : min(limitUnitValue, fillable)
    return ClosingTerms(
      bankruptcyUnitValue: bankruptcyUnitValue, limitUnitValue: limit,
      fundPerStep: max((bankruptcyUnitValue - limit) * size.sign, 0))
  }
}

/// The unit value at which closing loses `loss` ledger units against the mark, at most.
private func shifted(
  _ contract: Contract, size: Size, unitValue: Int64, loss: Int64
) -> Int64 {
  // A long loses by a lower value, a short by a higher one; rounding keeps the loss below.
  let perStep = Int128(loss).divided(by: Int128(size.steps.magnitude), rounding: .down)
  let value = Int128(unitValue) - perStep * Int128(size.sign)
  return clampedUnitValue(value, contract)
}

/// The nearest unit value the contract can have.
public func clampedUnitValue(_ value: Int128, _ contract: Contract) -> Int64 {
  let highest = Int128((try? contract.unitValue(at: contract.highestPrice)) ?? 0)
  if contract.isReciprocal {
    let lowest = -Int128(Contract.unitValueLimit)
    return Int64(min(max(value, lowest), min(highest, -1)))
  }
  return Int64(min(max(value, 0), highest))
}

private func saturatingSum(_ one: Int64, _ other: Int64) -> Int64 {
  let (sum, overflows) = one.addingReportingOverflow(other)
  return overflows ? (one > 0 ? .max : .min) : sum
}
