// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// Why a requirement cannot be computed.
public enum MarginError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A mark, forward or unit value lies outside the limits of its field.
  case markOutOfRange(String)
  /// A scenario moves one size step of the contract by more than a cell can hold.
  case cellOutOfRange(String)
  /// A scenario moves one ledger unit of the collateral by more than a cell can hold.
  case collateralOutOfRange(AssetSymbol)
  /// A volatility was given for a contract that is no option, or is not positive and finite.
  case malformedVolatility(String)
  /// A scenario is not a finite move above −100 % with a damper, a factor and a time of at least
  /// zero.
  case malformedScenario(Int)
  /// There are more scenarios than a table has lanes.
  case tooManyScenarios(Int)
  /// The account holds a contract or collateral whose underlying has no price.
  case unpriced(String)
  /// The account holds a contract that is not listed.
  case unlisted(InstrumentID)
  /// The account has more positions than the limit, or a size outside its field.
  case positionOutOfRange(InstrumentID)
  /// The account's balances are not one for each collateral asset.
  case malformedBalances
  /// An order is not positive, or its limit is no price of the contract.
  case malformedOrder(OrderID)

  public var description: String {
    switch self {
    case .markOutOfRange(let name): "\(name): the mark is outside the contract's limits"
    case .cellOutOfRange(let name):
      "\(name): a scenario is worth more per size step than a table cell holds; use a smaller step"
    case .collateralOutOfRange(let asset):
      "\(asset): a scenario is worth more per ledger unit than a table cell holds"
    case .malformedVolatility(let name): "\(name): not a volatility of an option"
    case .malformedScenario(let index):
      "scenario \(index): needs a move above −100 %, a damper and a volatility factor of at least"
        + " 0, all finite, and a time of at least 0"
    case .tooManyScenarios(let count):
      "\(count) scenarios; a table has at most \(ScenarioGrid.mostScenarios)"
    case .unpriced(let name): "\(name): there is no price"
    case .unlisted(let instrument): "\(instrument) is not listed"
    case .positionOutOfRange(let instrument): "\(instrument): outside the limits of a position"
    case .malformedBalances: "there must be one balance for each collateral asset"
    case .malformedOrder(let order): "\(order): not a size and limit of its contract"
    }
  }
}
