// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// Whether an option is a right to buy or to sell.
@frozen
public enum OptionRight: UInt8, Hashable, Sendable, CaseIterable {
  case call
  case put
}

/// What a contract pays and when.
@frozen
public enum ContractKind: Hashable, Sendable {
  /// The asset itself against the quote currency; settles at once, leaves no position.
  case spot
  /// A future without expiry, tied to the index by funding.
  case perpetual
  case future(expiry: Timestamp)
  /// European: exercised at expiry against the settlement price.
  case option(OptionRight, strike: Price, expiry: Timestamp)

  /// When the contract ends, if it does.
  @inlinable
  public var expiry: Timestamp? {
    switch self {
    case .spot, .perpetual: nil
    case .future(let expiry), .option(_, _, let expiry): expiry
    }
  }
}

/// In what a contract is margined and paid.
@frozen
public enum Settlement: UInt8, Hashable, Sendable, CaseIterable {
  /// In the quote currency; one size step is a number of base units.
  case linear
  /// In the base coin. Futures and perpetuals: one size step is a number of quote units.
  /// Options: one size step is a number of coins, and the premium is in coin.
  case inverse
}

/// The terms of a listed contract.
public struct Contract: Hashable, Sendable {
  public let id: InstrumentID
  public let name: String
  /// What the price depends on, for example `BTC`.
  public let underlying: AssetSymbol
  public let kind: ContractKind
  public let settlement: Settlement
  /// The asset in which profits, losses and fees are paid.
  public let settlementAsset: Asset
  /// What one size step is, in 10^−8 of base units (linear, options) or quote units (inverse
  /// futures and perpetuals).
  public let stepQuantity: Int64
  /// The coarsest price step an order may use.
  public let tick: Price
  /// The highest mark at which the contract's fields are shown to stay inside their limits; also
  /// the most that an option pays, so that a coin-settled put ends when the coin has lost all.
  public let highestPrice: Price

  /// - Throws: ``ContractError`` when a term is outside its limits or the terms do not fit
  ///   together.
  public init(
    id: InstrumentID, name: String, underlying: AssetSymbol, kind: ContractKind,
    settlement: Settlement, settlementAsset: Asset, stepQuantity: Int64, tick: Price,
    highestPrice: Price
  ) throws(ContractError) {
    self.id = id
    self.name = name
    self.underlying = underlying
    self.kind = kind
    self.settlement = settlement
    self.settlementAsset = settlementAsset
    self.stepQuantity = stepQuantity
    self.tick = tick
    self.highestPrice = highestPrice
    try check()
  }

  /// Whether the contract is margined in coin and its value is −(quote units ÷ price).
  @inlinable
  public var isReciprocal: Bool {
    guard settlement == .inverse else { return false }
    if case .option = kind { return false }
    return true
  }

  @inlinable
  public var isOption: Bool {
    if case .option = kind { return true }
    return false
  }

  private func check() throws(ContractError) {
    guard (1...40).contains(name.utf8.count) else { throw .malformedName(name) }
    guard (1...1_000_000_000_000).contains(stepQuantity) else {
      throw .outOfBounds(name, field: "stepQuantity")
    }
    guard (1...Price.limit).contains(tick.steps) else { throw .outOfBounds(name, field: "tick") }
    guard (tick.steps...Price.limit).contains(highestPrice.steps) else {
      throw .outOfBounds(name, field: "highestPrice")
    }
    if case .option(_, let strike, _) = kind {
      // An inverse option's own price is in coin; its strike is a price of the underlying.
      let highest = settlement == .inverse ? Price.limit : highestPrice.steps
      guard (1...highest).contains(strike.steps) else {
        throw .outOfBounds(name, field: "strike")
      }
    }
    if let expiry = kind.expiry, !Timestamp.permitted.contains(expiry) {
      throw .outOfBounds(name, field: "expiry")
    }
    if case .spot = kind, settlement != .linear { throw .outOfBounds(name, field: "settlement") }
    guard settlement == .linear || settlementAsset.symbol == underlying else {
      throw .settlementMismatch(name)
    }
  }
}

/// Why a contract cannot be listed.
public enum ContractError: Error, Equatable, Sendable, CustomStringConvertible {
  case malformedName(String)
  case outOfBounds(String, field: String)
  /// An inverse contract must be settled in its own underlying.
  case settlementMismatch(String)

  public var description: String {
    switch self {
    case .malformedName(let name): "contract “\(name)”: a name has 1 to 40 characters"
    case .outOfBounds(let name, let field): "contract \(name): \(field) is outside its limits"
    case .settlementMismatch(let name):
      "contract \(name): an inverse contract settles in its own underlying"
    }
  }
}
