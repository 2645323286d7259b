// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Parameters
import Quantities

/// What the charges of one underlying's net size depend on besides that size; none of it is the
/// price.
struct SizeInputs: Hashable, Sendable {
  /// Annualized.
  let volatility: Rate
  let liquidity: UnderlyingLiquidity
  /// Traded on an ordinary day, millionths of the quote currency, at least 1.
  let dailyVolume: Int64

  /// The market's own figures, or the ordinary ones of the parameters.
  init(_ market: UnderlyingMarket, _ stated: UnderlyingLiquidity?, ordinaryVolume: Int64) {
    volatility = market.volatility
    liquidity = stated ?? UnderlyingLiquidity(underlying: market.underlying)
    dailyVolume = max(liquidity.dailyVolume ?? ordinaryVolume, 1)
  }

  /// Depth below this counts as this: charges stay finite when a book is empty.
  static let leastDepth = Rate(billionths: 1_000_000)

  /// What of the daily volume the present depth leaves, at most all; at least a millionth.
  var presentVolume: Int64 { volume(atMost: .one) }

  /// The smaller of what stress and the present depth leave of the daily volume.
  func stressedVolume(_ stress: Rate) -> Int64 { volume(atMost: stress) }

  private func volume(atMost share: Rate) -> Int64 {
    let depth = max(min(liquidity.depthShare, share), Self.leastDepth)
    let volume = Int128(dailyVolume) * Int128(depth.billionths)
    return Int64(max(min(volume / 1_000_000_000, 1 << 58), 1))
  }
}

/// The charges on one underlying's net size as shares of its notional, in `Double`: what
/// ``SizeCurve`` makes integers of.
struct SizeModel {
  private let parameters: SizeChargeParameters
  private let inputs: SizeInputs
  /// m: the scan range.
  private let range: Double
  private let jumps: GapPremium
  /// Millionths of the quote currency.
  private let stressedVolume: Double
  private let presentVolume: Double
  private let dailyVolatility: Double
  /// What a liquidation takes in a day, millionths; 0 where no charge asks.
  private let dayVolume: Double

  init(_ parameters: SizeChargeParameters, _ inputs: SizeInputs, range: Rate) {
    self.parameters = parameters
    self.inputs = inputs
    self.range = range.value
    jumps = GapPremium(parameters.gap)
    let stressed = inputs.stressedVolume(parameters.volumeStress)
    stressedVolume = Double(stressed)
    presentVolume = Double(inputs.presentVolume)
    dailyVolatility = inputs.volatility.value / 365.0.squareRoot()
    // Whole millionths, so that the end of a day is where a size says it is.
    let taken = parameters.horizonShare.share(of: stressed, rounding: .down)
    dayVolume = parameters.horizonShare > .zero ? Double(max(taken, 1)) : 0
  }

  /// A share for a position of so many millionths on one side.
  func share(_ kind: SizeCharge, _ side: PositionSide, notional: Double) -> Double {
    switch kind {
    case .concentration: concentration(notional)
    case .gap:
      jumps.expectedShortfall(
        side, margin: marginLeft(notional), horizonYears: horizonYears(notional),
        probability: parameters.gap.probability.value)
    case .uncertainty:
      parameters.uncertaintyFactor.value
        * max(inputs.liquidity.uncertainty - parameters.freeUncertainty, .zero).value
    case .openInterest: parameters.openInterest.highest.value * crowding
    case .horizon: range * (widening(notional) - 1)
    }
  }

  /// λ·E(loss beyond the margin)⁺ per day.
  func premiumPerDay(_ side: PositionSide, notional: Double) -> Double {
    jumps.premium(side, margin: marginLeft(notional), horizonYears: 1.0 / 365)
  }

  /// Where a charge bends, or is to be exact, besides the knots of all curves, in millionths.
  var bends: [Double] {
    let free = parameters.freeShare.value * stressedVolume
    let ends = free > 0 ? [free * (8.0 / 9), free * (4.0 / 3)] : []
    return ends + (dayVolume > 0 ? (1...Self.exactDays).map { Double($0) * dayVolume } : [])
  }

  /// Up to so many whole days the charge for long liquidations is that of its formula.
  private static let exactDays = 10

  /// Yσ·√(x − x₀) with x = size ÷ stressed volume.
  ///
  /// The charge, x times that, is concave between x₀ and 4/3·x₀ and convex from there. The line
  /// that touches it at 4/3·x₀ meets zero at 8/9·x₀: in between the charge follows the line,
  /// which lies above it and keeps the whole convex.
  private func concentration(_ notional: Double) -> Double {
    let size = notional / stressedVolume
    let free = parameters.freeShare.value
    let full = parameters.impact.value * dailyVolatility
    // A little beyond, so that rounding at the bend itself charges nothing.
    guard size > free * (8.0 / 9) * (1 + 0x1p-40) else { return 0 }
    guard size < free * (4.0 / 3) else { return full * (size - free).squareRoot() }
    let touching = full * (free / 3).squareRoot() * (free * (4.0 / 3))
    return touching * ((size / free - 8.0 / 9) / (4.0 / 9)) / size
  }

  /// m_eff = m − Yσ√(size ÷ present volume), at least 0.
  private func marginLeft(_ notional: Double) -> Double {
    let impact =
      parameters.impact.value * dailyVolatility * (notional / presentVolume).squareRoot()
    return range > impact ? range - impact : 0
  }

  /// Latency plus the time in which the admissible share of the present volume takes the size.
  private func horizonYears(_ notional: Double) -> Double {
    parameters.gap.latency.years
      + notional / (parameters.gap.volumeShare.value * presentVolume) / 365
  }

  /// √((n + 1)(2n + 1) ÷ 6n): by what the range grows when a size is closed in n equal parts, one a
  /// day, each held so many days: Σ (j ÷ n)² of independent days.
  ///
  /// n is not rounded up to whole days: the notional times this is convex, exact at whole days,
  /// and has no step at their ends. One until a day's volume, and there 1 exactly.
  private func widening(_ notional: Double) -> Double {
    let days = notional / dayVolume
    guard days > 1 else { return 1 }
    return (((days + 1) * (2 * days + 1)) / (6 * days)).squareRoot()
  }

  /// From 0 at the lower multiple of the ordinary volume to 1 at the upper one.
  private var crowding: Double {
    let multiple = Double(inputs.liquidity.openInterest) / Double(inputs.dailyVolume)
    let lower = parameters.openInterest.lower.value
    let upper = parameters.openInterest.upper.value
    guard multiple > lower, upper > lower else { return 0 }
    return multiple < upper ? (multiple - lower) / (upper - lower) : 1
  }
}

/// The kinds of charges on an underlying's net size.
enum SizeCharge: Int, CaseIterable, Sendable {
  case concentration
  case gap
  case uncertainty
  case openInterest
  /// Liquidations that take more than a day.
  case horizon

  /// Whether the share is the same for every size.
  var isLinear: Bool { self == .uncertainty || self == .openInterest }
}

extension SizeChargeParameters {
  func isCharged(_ kind: SizeCharge) -> Bool {
    switch kind {
    case .concentration: impact > .zero
    case .gap: gap.intensity > .zero
    case .uncertainty: uncertaintyFactor > .zero
    case .openInterest: openInterest.highest > .zero
    case .horizon: horizonShare > .zero
    }
  }
}
