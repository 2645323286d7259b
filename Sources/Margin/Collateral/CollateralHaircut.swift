// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
public import Parameters
public import Quantities

/// What of an amount of one asset counts in margin at one market.
///
///     h = 1 − (1 − h_market)(1 − h_bridge)(1 − h_finality)(1 − h_liquidity), × (1 + ρ⁺)
///     h_market = max(flat, 1 − e^−ES)   h_finality = φσ√t + p   h_liquidity = Yσ√(worth ÷ volume)
///
/// each at most one, σ per day in the last and annual with t in years before it. Components are
/// rounded up to a billionth, charges up to a millionth. With h_liquidity the charge is a chain
/// of chords, at most 1.2 % of that part above it; where more of the asset would count for less,
/// it counts as much as the amount that counts most. So what counts never falls with the amount.
/// Source: the house's specification of haircuts; the square-root law of Donier and Bonart.
public struct CollateralHaircut: Sendable {
  public let market: Rate
  public let bridge: Rate
  public let finality: Rate
  /// Of the smallest amount, wrong-way risk included, at most one.
  public let least: Rate
  /// The most worth of which one more counts, less what scenarios take of it: what is beyond
  /// counts for nothing in a portfolio account, and no scenario takes any of it.
  var scannedLimit: Int64
  /// The share of every amount that counts at all under the venue-wide cap.
  public var countedShare = Rate.one
  private let accountCap: Int64
  private let liquidity: LiquidityLaw?
  private let curve: SizeCurve?

  /// - Parameters:
  ///   - flat: The market haircut stated for the asset, 0 to 1.
  ///   - volatility: Of the index, annualized, at least 0.
  ///   - depthShare: Depth of the book ÷ its ordinary depth, at least 0.
  ///   - correlation: ρ⁺ with the account's dominant position, 0 to 1.
  ///   - scanLoss: The largest scenario loss of what is held, as a share of its worth.
  public init(
    flat: Rate, _ terms: CollateralTerms, volatility: Rate, depthShare: Rate = .one,
    correlation: Rate = .zero, scanLoss: Rate = .zero
  ) {
    let volatility = max(volatility, terms.liquidity.leastVolatility).value
    let jump = 1 - Elementary.exp(-terms.expectedShortfall.value)
    market = max(flat, Self.rate(jump))
    bridge = terms.bridge
    let horizon = terms.finality.time.years.squareRoot()
    finality = min(
      Self.rate(terms.finality.factor.value * volatility * horizon)
        + terms.finality.reorganization, .one)
    let kept = [market, bridge, finality].reduce(Int128(1)) {
      $0 * Int128(Rate.one.billionths - $1.billionths)
    }
    // Rounded down, so that the haircut is rounded up; exact where only one is not zero.
    let keptShare = Int64(kept / 1_000_000_000_000_000_000)
    let one = Rate.one.billionths
    let raised = Int128(one - keptShare) * Int128(one + correlation.billionths)
    let total = min(raised.divided(by: Int128(one), rounding: .up), Int128(one))
    least = Rate(billionths: Int64(total))
    accountCap = min(terms.accountCap ?? QuoteMoney.limit, QuoteMoney.limit)
    liquidity = LiquidityLaw(terms.liquidity, volatility, depthShare)
    curve = liquidity.map { law in
      law.curve(kept: Double(keptShare) / 1e9, factor: 1 + correlation.value)
    }
    let room = max(Rate.one - scanLoss, .zero)
    let steepest = (Int128(room.billionths) << 40) / Int128(one)
    let bend = curve?.knot(steeperThan: Int64(steepest)) ?? (least > room ? 0 : accountCap)
    scannedLimit = min(bend, accountCap)
  }

  /// h_liquidity of so much worth, millionths of the quote currency.
  public func liquidity(of worth: Int64) -> Rate {
    Self.rate(liquidity?.haircut(of: Double(worth)) ?? 0)
  }

  /// What of a worth does not count, 0 to all of it; millionths of the quote currency.
  ///
  /// - Parameters:
  ///   - worth: 0 to the limit of requirements.
  ///   - isScanned: Whether the scenarios take their part besides, as in a portfolio account.
  public func charge(_ worth: Int64, isScanned: Bool = false) -> Int64 {
    var whole = worth
    if countedShare < .one { whole = countedShare.share(of: worth, rounding: .down) }
    whole = min(whole, isScanned ? scannedLimit : accountCap)
    let charge =
      curve?.charge(whole) ?? QuoteMoney.charge(whole, rate: least.billionths)
    return worth - whole + min(charge, whole)
  }

  /// What of a worth counts in margin.
  public func counted(_ worth: Int64) -> Int64 { worth - charge(worth) }

  /// The gate from the model: rounded up to a billionth, 0 to 1.
  private static func rate(_ value: Double) -> Rate {
    guard value > 0 else { return .zero }
    return value < 1 ? Rate(billionths: Int64((value * 1e9).rounded(.up))) : .one
  }
}

/// Yσ√(worth ÷ stressed volume), as a share of the worth.
private struct LiquidityLaw: Sendable {
  /// Yσ, σ per day.
  private let factor: Double
  /// Millionths of the quote currency.
  private let volume: Double

  /// Nothing where the law takes nothing.
  init?(_ terms: CollateralLiquidity, _ volatility: Double, _ depthShare: Rate) {
    factor = terms.impact.value * volatility / 365.0.squareRoot()
    guard factor > 0 else { return nil }
    let depth = max(min(depthShare, terms.volumeStress), SizeInputs.leastDepth)
    volume = Double(max(depth.share(of: terms.dailyVolume, rounding: .down), 1))
  }

  func haircut(of worth: Double) -> Double {
    min(factor * (worth / volume).squareRoot(), 1)
  }

  /// The charge on a worth: convex, and nowhere steeper than the worth itself.
  ///
  /// The counted share kept × (1 − factor × √x), less what wrong-way risk adds, counts most at
  /// √x = 2/3 × (1 − (f − 1) ÷ (f × kept)) ÷ factor; beyond, nothing more counts.
  /// - Parameters:
  ///   - kept: What the other haircuts leave, 0 to 1.
  ///   - factor: f = 1 + ρ⁺.
  func curve(kept: Double, factor raise: Double) -> SizeCurve {
    let room = kept > 0 ? 1 - (raise - 1) / (raise * kept) : 0
    guard room > 0 else {
      return SizeCurve(knots: [0, 1], charges: [0, 1 << 60], steepest: 1 << 40)
    }
    let root = 2.0 / 3 * room / factor
    let last = min(root * root * volume, 0x1p59)
    var knots: [Int64] = [0]
    for step in stride(from: 60, through: 0, by: -1) {
      let power = 1 / Double(1 << ((step + 1) >> 1))
      let scale = step & 1 == 0 ? power : power * 2.0.squareRoot()
      let knot = Int64((last * scale).rounded(.down))
      if let before = knots.last, knot > before { knots.append(knot) }
    }
    var charges = knots.map { knot in
      let counted = kept * (1 - haircut(of: Double(knot)))
      let share = min(raise * (1 - counted), 1)
      return Int64((Double(knot) * share).rounded(.up))
    }
    // From the last on a millionth more counts for nothing: as steep as may be.
    knots.append((knots.last ?? 0) + 1)
    charges.append(1 << 60)
    return SizeCurve(knots: knots, charges: charges, steepest: 1 << 40)
  }
}
