// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import MarketData
public import Parameters
public import Quantities

/// Smooths the premium of a perpetual over its index: one sample of an exponential average.
///
/// sample = perpetual ÷ index − 1, clamped to ±`premiumClamp`; premium ← sample + (premium −
/// sample) × 2^(−dt ÷ `premiumHalfLife`), in units of 10^−15, rounded half to even. One sample
/// never counts more than the history: dt is at most one half-life. The first sample is taken as
/// it is. A time at or before the last sample's changes nothing, nor does a price of zero or below.
/// - Parameters:
///   - perpetual: The accepted median of the perpetual's feed.
///   - index: The accepted index of the underlying.
public func smoothPremium(
  _ state: PremiumState, perpetual: Price, index: Price, now: Timestamp,
  parameters: MarkParameters
) -> PremiumState {
  guard perpetual > .zero, index > .zero else { return state }
  let femtosPerBillionth = Int128(PremiumState.femtosPerOne / Rate.one.billionths)
  let clamp = Int128(parameters.premiumClamp.billionths) * femtosPerBillionth
  let difference = Int128(perpetual.steps) - Int128(index.steps)
  let ratio = (difference * Int128(PremiumState.femtosPerOne))
    .divided(by: Int128(index.steps), rounding: .halfEven)
  let sample = min(max(ratio, -clamp), clamp)
  guard let last = state.time else { return PremiumState(femtos: Int64(sample), time: now) }
  guard now > last else { return state }
  // A clamp that was tightened since holds at once.
  let history = min(max(Int128(state.femtos), -clamp), clamp)
  let decay = Int128(decay(over: nanoseconds(from: last, to: now), parameters.premiumHalfLife))
  let remainder = ((history - sample) * decay).divided(by: Int128(1) << 62, rounding: .halfEven)
  return PremiumState(femtos: Int64(sample + remainder), time: now)
}

/// The mark of a perpetual: index × (1 + basis), rounded half to even, within the price limits.
///
/// - Precondition: `index` is inside the limit of a price.
public func markPrice(index: Price, basis: Rate) -> Price {
  let whole = Int128(Rate.one.billionths)
  let product = Int128(index.steps) * (whole + Int128(basis.billionths))
  let steps = product.divided(by: whole, rounding: .halfEven)
  return Price(steps: Int64(min(max(steps, 1), Int128(Price.limit))))
}

/// 2^(−elapsed ÷ halfLife) in units of 2^−62, for at most one half-life.
///
/// The exponent is cut to a multiple of 2^−32 toward zero; the factor is the product of one
/// constant per set bit, each product rounded to nearest. Error below 2^−31 relative.
func decay(over elapsed: Int128, _ halfLife: TimeSpan) -> Int64 {
  let whole = Int128(halfLife.nanoseconds)
  guard elapsed < whole else { return 1 << 61 }
  let exponent = UInt32((elapsed << 32) / whole)
  var factor = Int128(1) << 62
  for (bit, root) in rootsOfHalf.enumerated() where exponent >> UInt32(31 - bit) & 1 == 1 {
    factor = (factor * Int128(root) + Int128(1) << 61) >> 62
  }
  return Int64(factor)
}

// The entry at position j is 2^62 × 2^(−2^−(j+1)), rounded to nearest; computed with integer
// square roots of 400 binary digits.
private let rootsOfHalf: [Int64] = [
  3_260_954_456_333_195_553, 3_877_950_241_171_266_237, 4_228_934_724_888_366_668,
  4_416_165_660_797_809_419, 4_512_867_096_753_504_463, 4_562_008_997_483_360_349,
  4_586_780_255_215_411_731, 4_599_216_278_082_138_665, 4_605_446_927_862_164_404,
  4_608_565_417_332_308_035, 4_610_125_453_837_388_245, 4_610_905_670_110_601_999,
  4_611_295_827_762_151_833, 4_611_490_918_967_884_501, 4_611_588_467_665_893_036,
  4_611_637_242_788_701_951, 4_611_661_630_543_559_956, 4_611_673_824_469_352_645,
  4_611_679_921_444_339_948, 4_611_682_969_934_856_344, 4_611_684_494_180_870_228,
  4_611_685_256_304_066_092, 4_611_685_637_365_711_255, 4_611_685_827_896_545_643,
  4_611_685_923_161_965_790, 4_611_685_970_794_676_601, 4_611_685_994_611_032_191,
  4_611_686_006_519_210_032, 4_611_686_012_473_298_964, 4_611_686_015_450_343_433,
  4_611_686_016_938_865_668, 4_611_686_017_683_126_786,
]
