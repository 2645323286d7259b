// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import NumericalMethods
import Quantities

/// Random books over the chains of one time, from a seed.
///
/// The books of a time depend on the seed and on its chains alone, so more files or models leave
/// them as they are. Strikes are drawn in standard deviations σ√τ of their expiry, σ at the
/// money, and the nearest listed one is taken; expiries are equally likely, underlyings too.
public struct OptionBooks {
  private let markets: [OptionMarket]
  private var draws: SplitMix64

  /// Draws until a kind's strikes differ as they should, and kinds until one can be had.
  private static let mostAttempts = 200
  private static let mostKinds = 40
  /// Legs of a mixed book.
  private static let mixedLegs = (fewest: 3, most: 20)

  public init(_ markets: [OptionMarket], seed: UInt64) {
    self.markets = markets
    let time = UInt64(bitPattern: markets[0].time.nanoseconds)
    var mixing = SplitMix64(seed: time)
    draws = SplitMix64(seed: seed ^ mixing.next())
  }

  /// Another kind is drawn where the chain has no strikes for one.
  ///
  /// - Throws: ``OptionBacktestError/withoutContracts(time:underlying:)`` where it has them for
  ///   none.
  public mutating func next() throws(OptionBacktestError) -> OptionBook {
    for _ in 0..<Self.mostKinds {
      let kind = drawKind()
      for _ in 0..<Self.mostAttempts {
        let underlying = integer(below: markets.count)
        guard let legs = draw(kind, underlying), !legs.isEmpty else { continue }
        return OptionBook(kind: kind, legs: scaled(legs))
      }
    }
    throw .withoutContracts(time: markets[0].time, underlying: markets[0].underlying)
  }

  private mutating func drawKind() -> OptionBookKind {
    var place = integer(below: OptionBookKind.allCases.reduce(0) { $0 + $1.weight })
    for kind in OptionBookKind.allCases {
      if place < kind.weight { return kind }
      place -= kind.weight
    }
    return .mixed
  }

  private mutating func draw(_ kind: OptionBookKind, _ underlying: Int) -> [OptionBook.Leg]? {
    switch kind {
    case .shortCall: return single(.call, underlying, from: -0.5, to: 2.5, -1)
    case .shortPut: return single(.put, underlying, from: -2.5, to: 0.5, -1)
    case .longOption: return single(drawRight(), underlying, from: -2, to: 2, 1)
    case .vertical: return vertical(underlying)
    case .straddle: return straddle(underlying)
    case .strangle: return strangle(underlying)
    case .calendar: return calendar(underlying)
    case .riskReversal: return riskReversal(underlying)
    case .butterfly: return butterfly(underlying)
    case .covered: return covered(underlying)
    case .mixed: return mixed(underlying)
    }
  }

  /// Brings Σ|quantity| × index to what all books have.
  private func scaled(_ legs: [OptionBook.Leg]) -> [OptionBook.Leg] {
    let notional = legs.reduce(0) { $0 + $1.quantity.magnitude * markets[$1.underlying].index }
    return legs.map { leg in
      var leg = leg
      leg.quantity *= OptionBook.notional / notional
      return leg
    }
  }

  // MARK: Draws

  private mutating func integer(below count: Int) -> Int {
    min(Int(draws.nextUnit() * Double(count)), count - 1)
  }

  private mutating func number(from low: Double, to high: Double) -> Double {
    low + (high - low) * draws.nextUnit()
  }

  private mutating func drawSign() -> Double { draws.nextUnit() < 0.5 ? -1 : 1 }

  /// −1 three times in four.
  private mutating func drawMostlyShort() -> Double { draws.nextUnit() < 0.75 ? -1 : 1 }

  private mutating func drawRight() -> OptionRight { draws.nextUnit() < 0.5 ? .call : .put }

  private mutating func drawExpiry(_ underlying: Int) -> Int {
    integer(below: markets[underlying].expiries.count)
  }

  /// A listed option, its strike so many deviations above the forward.
  private mutating func drawOption(
    _ right: OptionRight, _ underlying: Int, _ expiry: Int, from low: Double, to high: Double
  ) -> OptionBook.Leg? {
    let terms = markets[underlying].expiries[expiry]
    let deviations = number(from: low, to: high)
    let wanted =
      terms.forward * Elementary.exp(deviations * terms.atTheMoney * terms.years.squareRoot())
    return terms.nearest(right, to: wanted).map { leg($0, right, underlying, expiry) }
  }

  private func leg(
    _ quote: OptionMarket.Quote, _ right: OptionRight, _ underlying: Int, _ expiry: Int,
    _ quantity: Double = 1
  ) -> OptionBook.Leg {
    OptionBook.Leg(
      underlying: underlying, expiry: expiry,
      terms: .option(
        right, strike: quote.strike, value: quote.value, volatility: quote.volatility),
      quantity: quantity)
  }
}

// MARK: Kinds

extension OptionBooks {
  private mutating func single(
    _ right: OptionRight, _ underlying: Int, from low: Double, to high: Double, _ sign: Double
  ) -> [OptionBook.Leg]? {
    let expiry = drawExpiry(underlying)
    return drawOption(right, underlying, expiry, from: low, to: high).map { [$0 * sign] }
  }

  private mutating func vertical(_ underlying: Int) -> [OptionBook.Leg]? {
    let (right, sign, expiry) = (drawRight(), drawSign(), drawExpiry(underlying))
    guard let one = drawOption(right, underlying, expiry, from: -2, to: 2),
      let other = drawOption(right, underlying, expiry, from: -2, to: 2),
      one.terms != other.terms
    else { return nil }
    return [one * sign, other * -sign]
  }

  private mutating func straddle(_ underlying: Int) -> [OptionBook.Leg]? {
    let (sign, expiry) = (drawMostlyShort(), drawExpiry(underlying))
    guard let call = drawOption(.call, underlying, expiry, from: -0.5, to: 0.5),
      case .option(_, let strike, _, _) = call.terms,
      let put = markets[underlying].expiries[expiry].quote(.put, strike: strike)
    else { return nil }
    return [call * sign, leg(put, .put, underlying, expiry, sign)]
  }

  private mutating func wings(_ underlying: Int) -> (OptionBook.Leg, OptionBook.Leg)? {
    let expiry = drawExpiry(underlying)
    guard let put = drawOption(.put, underlying, expiry, from: -2, to: -0.25),
      let call = drawOption(.call, underlying, expiry, from: 0.25, to: 2),
      case .option(_, let low, _, _) = put.terms,
      case .option(_, let high, _, _) = call.terms, low < high
    else { return nil }
    return (put, call)
  }

  private mutating func strangle(_ underlying: Int) -> [OptionBook.Leg]? {
    let sign = drawMostlyShort()
    return wings(underlying).map { [$0 * sign, $1 * sign] }
  }

  private mutating func riskReversal(_ underlying: Int) -> [OptionBook.Leg]? {
    let sign = drawSign()
    return wings(underlying).map { [$0 * sign, $1 * -sign] }
  }

  private mutating func calendar(_ underlying: Int) -> [OptionBook.Leg]? {
    let (right, sign) = (drawRight(), drawSign())
    let (one, other) = (drawExpiry(underlying), drawExpiry(underlying))
    guard one != other, let near = drawOption(right, underlying, one, from: -1, to: 1),
      case .option(_, let strike, _, _) = near.terms,
      let far = markets[underlying].expiries[other].quote(right, strike: strike)
    else { return nil }
    return [near * sign, leg(far, right, underlying, other, -sign)]
  }

  /// Three listed strikes, 1 to 5 listed strikes apart.
  private mutating func butterfly(_ underlying: Int) -> [OptionBook.Leg]? {
    let (right, sign, expiry) = (drawRight(), drawSign(), drawExpiry(underlying))
    let width = 1 + integer(below: 5)
    guard let middle = drawOption(right, underlying, expiry, from: -1, to: 1),
      case .option(_, let strike, _, _) = middle.terms
    else { return nil }
    let quotes = markets[underlying].expiries[expiry].quotes(right)
    guard let place = quotes.firstIndex(where: { $0.strike == strike }),
      quotes.indices.contains(place - width), quotes.indices.contains(place + width)
    else { return nil }
    return [
      leg(quotes[place - width], right, underlying, expiry, sign), middle * (-2 * sign),
      leg(quotes[place + width], right, underlying, expiry, sign),
    ]
  }

  /// Half sold calls on a bought future, a quarter sold puts on a sold one, a quarter bought puts
  /// on a bought one.
  private mutating func covered(_ underlying: Int) -> [OptionBook.Leg]? {
    let (choice, expiry) = (integer(below: 4), drawExpiry(underlying))
    let (right, option, future): (OptionRight, Double, Double) =
      choice < 2 ? (.call, -1, 1) : choice == 2 ? (.put, -1, -1) : (.put, 1, 1)
    let range = right == .call ? (-0.5, 2.0) : (-2.0, 0.5)
    return drawOption(right, underlying, expiry, from: range.0, to: range.1).map {
      [
        $0 * option,
        OptionBook.Leg(
          underlying: underlying, expiry: expiry, terms: .future, quantity: future),
      ]
    }
  }

  /// One leg in seven is a future; three books in ten hold every underlying.
  private mutating func mixed(_ underlying: Int) -> [OptionBook.Leg]? {
    let isAcross = draws.nextUnit() < 0.3
    let count =
      Self.mixedLegs.fewest + integer(below: Self.mixedLegs.most - Self.mixedLegs.fewest + 1)
    var legs: [OptionBook.Leg] = []
    for _ in 0..<count {
      let place = isAcross ? integer(below: markets.count) : underlying
      let expiry = drawExpiry(place)
      // Coins of equal worth in the quote currency, so that no underlying drowns another.
      let quantity = drawSign() * number(from: 0.2, to: 1) / markets[place].index
      if integer(below: 7) == 0 {
        legs.append(
          OptionBook.Leg(
            underlying: place, expiry: expiry, terms: .future, quantity: quantity))
        continue
      }
      guard let option = drawOption(drawRight(), place, expiry, from: -2.5, to: 2.5) else {
        return nil
      }
      legs.append(option * quantity)
    }
    return legs
  }
}

extension OptionBook.Leg {
  fileprivate static func * (leg: Self, factor: Double) -> Self {
    var leg = leg
    leg.quantity *= factor
    return leg
  }
}
