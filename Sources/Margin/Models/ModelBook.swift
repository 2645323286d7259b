// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import Pricing
public import Quantities

/// One account and its market as plain numbers: all that a ``MarginModel`` looks at.
///
/// Prices are in quote units per base unit, volatilities annualized, times in years of 365 days.
/// Volatilities and forwards are given, so a book may come from an engine's marks, from a
/// recorded chain or from a published example.
public struct ModelBook: Hashable, Sendable {
  public var underlyings: [Underlying]
  public var expiries: [Expiry]
  public var positions: [Position]
  /// Collateral other than cash.
  public var holdings: [Holding]
  /// Of the quote currency.
  public var cash: Double
  /// What the quote currency's stable coin is worth, 1 on its peg.
  public var stableIndex: Double

  public init(
    underlyings: [Underlying], expiries: [Expiry] = [], positions: [Position] = [],
    holdings: [Holding] = [], cash: Double = 0, stableIndex: Double = 1
  ) {
    self.underlyings = underlyings
    self.expiries = expiries
    self.positions = positions
    self.holdings = holdings
    self.cash = cash
    self.stableIndex = stableIndex
  }

  public struct Underlying: Hashable, Sendable {
    public var symbol: AssetSymbol
    public var index: Double
    /// Perpetual ÷ index − 1.
    public var basis: Double
    /// Of the index price, 0 to 1.
    public var confidence: Double
    /// Of the perpetual's price, 0 to 1.
    public var perpetualConfidence: Double
    /// Quote units, all accounts.
    public var openInterest: Double

    public init(
      symbol: AssetSymbol, index: Double, basis: Double = 0, confidence: Double = 1,
      perpetualConfidence: Double = 1, openInterest: Double = 0
    ) {
      self.symbol = symbol
      self.index = index
      self.basis = basis
      self.confidence = confidence
      self.perpetualConfidence = perpetualConfidence
      self.openInterest = openInterest
    }
  }

  /// One expiry of one underlying.
  public struct Expiry: Hashable, Sendable {
    /// Its place in ``ModelBook/underlyings``.
    public var underlying: Int
    public var forward: Double
    public var years: Double
    /// What one quote unit at expiry is worth now.
    public var discount: Double
    /// Of forward, rate and volatilities, the least of them.
    public var confidence: Double
    /// The settlement price is fixed + open × forward: 0 and 1 until its average begins.
    public var fixed: Double
    public var open: Double

    public init(
      underlying: Int, forward: Double, years: Double, discount: Double = 1,
      confidence: Double = 1, fixed: Double = 0, open: Double = 1
    ) {
      self.underlying = underlying
      self.forward = forward
      self.years = years
      self.discount = discount
      self.confidence = confidence
      self.fixed = fixed
      self.open = open
    }
  }

  public enum Kind: Hashable, Sendable {
    case perpetual
    /// Its place in ``ModelBook/expiries``.
    case future(expiry: Int)
    case option(OptionRight, strike: Double, expiry: Int, volatility: Double)
  }

  public struct Position: Hashable, Sendable {
    public var name: String
    /// Its place in ``ModelBook/underlyings``.
    public var underlying: Int
    public var kind: Kind
    /// Whether it settles in the coin of its underlying.
    public var isInverse: Bool
    /// Base units, or quote units of an inverse perpetual or future; negative for a short.
    public var quantity: Double
    /// Quote units per base unit; of an inverse option coins.
    public var mark: Double
    /// The position at the mark, settlement units; −quantity ÷ mark of a reciprocal contract.
    public var value: Double
    /// The position at the mark less what it cost, settlement units: its part of equity.
    public var profit: Double
    /// Quote units not yet paid, positive when received.
    public var funding: Double
    /// Of the whole position, base units, where the venue's own is to be taken.
    public var delta: Double?
    /// Profit of the whole position in each row of the scan, where given in place of a model.
    public var rowProfits: [Double]

    /// - Parameters:
    ///   - value: `nil` takes quantity and mark.
    ///   - profit: `nil` counts the whole value of an option and nothing of others.
    public init(
      name: String, underlying: Int = 0, kind: Kind, isInverse: Bool = false, quantity: Double,
      mark: Double, value: Double? = nil, profit: Double? = nil, funding: Double = 0,
      delta: Double? = nil, rowProfits: [Double] = []
    ) {
      var isOption = false
      if case .option = kind { isOption = true }
      let worth =
        value ?? (isInverse && !isOption ? -(quantity / mark) : quantity * mark)
      self.value = worth

      self.name = name
      self.underlying = underlying
      self.kind = kind
      self.isInverse = isInverse
      self.quantity = quantity
      self.mark = mark
      self.profit = profit ?? (isOption ? worth : 0)
      self.funding = funding
      self.delta = delta
      self.rowProfits = rowProfits
    }

    public var isOption: Bool { if case .option = kind { true } else { false } }

    /// Whether its value is −quantity ÷ price coins.
    public var isReciprocal: Bool { isInverse && !isOption }
  }

  /// An amount of an asset held as collateral.
  public struct Holding: Hashable, Sendable {
    public var symbol: AssetSymbol
    public var amount: Double
    /// Quote units.
    public var price: Double
    /// Its place in ``ModelBook/underlyings``; `nil` for a stable coin.
    public var underlying: Int?
    public var confidence: Double

    public init(
      symbol: AssetSymbol, amount: Double, price: Double, underlying: Int? = nil,
      confidence: Double = 1
    ) {
      self.symbol = symbol
      self.amount = amount
      self.price = price
      self.underlying = underlying
      self.confidence = confidence
    }
  }

  /// The most positions of a book.
  public static let mostPositions = 4_096
}

extension ModelBook {
  /// Undiscounted Black-76 value of an option times its discount, quote units per base unit: a
  /// mark for books that have only volatilities.
  /// - Throws: ``ModelError/outOfDomain(_:)``.
  public func optionMark(
    _ right: OptionRight, strike: Double, expiry: Int, volatility: Double
  ) throws(ModelError) -> Double {
    guard expiries.indices.contains(expiry) else { throw .malformed("expiry \(expiry)") }
    let terms = expiries[expiry]
    do {
      return try terms.discount
        * Black76.price(
          forward: terms.forward, strike: strike,
          totalVariance: (volatility * volatility) * terms.years, right: right)
    } catch { throw .outOfDomain("option at \(strike)") }
  }

  /// Refuses what is not finite, not positive where it must be, or refers to nothing.
  func check() throws(ModelError) {
    guard positions.count <= Self.mostPositions else { throw .tooManyPositions(positions.count) }
    guard Self.isMoney(cash) else { throw .malformed("cash") }
    guard stableIndex >= 0, stableIndex <= 1e3 else { throw .malformed("stableIndex") }
    for underlying in underlyings {
      let name = underlying.symbol.description
      guard Self.isPrice(underlying.index) else { throw .malformed("\(name): index") }
      guard underlying.basis > -1, underlying.basis < 1e6, Self.isShare(underlying.confidence),
        Self.isShare(underlying.perpetualConfidence), underlying.openInterest >= 0,
        underlying.openInterest <= 1e18
      else { throw .malformed(name) }
    }
    for (place, expiry) in expiries.enumerated() {
      guard underlyings.indices.contains(expiry.underlying), Self.isPrice(expiry.forward),
        expiry.years >= 0, expiry.years <= 200, expiry.discount > 0, expiry.discount <= 1e3,
        Self.isShare(expiry.confidence), expiry.fixed >= 0, expiry.fixed <= 1e15,
        Self.isShare(expiry.open), expiry.fixed + expiry.open * expiry.forward > 0
      else { throw .malformed("expiry \(place)") }
    }
    for position in positions { try check(position) }
    for holding in holdings {
      guard Self.isMoney(holding.amount), holding.price >= 0, holding.price <= 1e15,
        Self.isShare(holding.confidence),
        holding.underlying.map({ underlyings.indices.contains($0) }) ?? true
      else { throw .malformed(holding.symbol.description) }
    }
  }

  private func check(_ position: Position) throws(ModelError) {
    guard underlyings.indices.contains(position.underlying), Self.isMoney(position.quantity),
      position.mark >= 0, position.mark <= 1e15, Self.isMoney(position.value),
      Self.isMoney(position.profit),
      Self.isMoney(position.funding), Self.isMoney(position.delta ?? 0),
      position.rowProfits.allSatisfy(Self.isMoney)
    else { throw .malformed(position.name) }
    switch position.kind {
    case .perpetual: guard position.mark > 0 else { throw .malformed(position.name) }
    case .future(let expiry):
      guard position.mark > 0, owns(expiry, position) else { throw .malformed(position.name) }
    case .option(_, let strike, let expiry, let volatility):
      guard owns(expiry, position), Self.isPrice(strike), volatility >= 0, volatility <= 100
      else { throw .malformed(position.name) }
    }
  }

  private func owns(_ expiry: Int, _ position: Position) -> Bool {
    expiries.indices.contains(expiry) && expiries[expiry].underlying == position.underlying
  }

  // Written so that NaN is refused.
  private static func isMoney(_ value: Double) -> Bool { value.magnitude <= 1e18 }
  private static func isPrice(_ value: Double) -> Bool { value > 0 && value <= 1e15 }
  private static func isShare(_ value: Double) -> Bool { value >= 0 && value <= 1 }
}

/// Why a model has no answer for a book.
public enum ModelError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A number of the book is outside its domain, or refers to nothing.
  case malformed(String)
  case tooManyPositions(Int)
  /// The model says nothing about such a position.
  case notCovered(String)
  /// Given row profits are not one for each row of the model.
  case wrongRowCount(String, rows: Int)
  /// An option outside the pricer's domain.
  case outOfDomain(String)
  /// A result beyond ± 2^61 millionths.
  case outOfRange

  public var description: String {
    switch self {
    case .malformed(let field): "\(field): outside its domain"
    case .tooManyPositions(let count):
      "\(count) positions; at most \(ModelBook.mostPositions)"
    case .notCovered(let name): "\(name): the model has no rule for it"
    case .wrongRowCount(let name, let rows):
      "\(name): one profit is needed for each of the \(rows) rows of the model"
    case .outOfDomain(let name): "\(name): outside the domain of the pricing model"
    case .outOfRange: "the requirement is larger than any amount"
    }
  }
}
