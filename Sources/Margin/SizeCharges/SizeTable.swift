// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Parameters
import Quantities

/// The size charges of every underlying at one market, as curves of its net notional.
///
/// A curve depends on volatility and liquidity, not on the price: it is made again only when
/// one of those changes.
struct SizeTable: Sendable {
  /// Whether any underlying has a charge.
  let isActive: Bool
  /// All kinds together, by underlying slot and side: 2 × slot, one more for shorts.
  private(set) var curves: [SizeCurve]
  /// By kind, in the order of ``SizeCharge``; empty without charges.
  private(set) var kinds: [[SizeCurve]]
  /// The gap premium per day, by slot and side.
  private(set) var premiums: [SizeCurve]
  /// What the curves were made from, by slot.
  private var inputs: [SizeInputs?]
  private let parameters: [SizeChargeParameters]
  private let ranges: [Rate]

  init(_ layout: ListingLayout, _ margin: MarginParameters) {
    parameters = layout.underlyings.map { margin.terms.size[$0] }
    ranges = layout.underlyings.map { margin.scan.ranges[$0] }
    isActive = parameters.contains { sizes in
      SizeCharge.allCases.contains { sizes.isCharged($0) }
    }
    let places = layout.underlyings.count * 2
    curves = Array(repeating: .none, count: places)
    premiums = curves
    kinds = Array(
      repeating: Array(repeating: .none, count: SizeCharge.allCases.count), count: places)
    inputs = Array(repeating: nil, count: layout.underlyings.count)
  }

  /// The place of a net size in the tables.
  static func place(_ slot: Int, isShort: Bool) -> Int { 2 * slot + (isShort ? 1 : 0) }

  /// The charge on a net notional, millionths, rounded up once.
  func charge(slot: Int, isShort: Bool, notional: Int64) -> Int64 {
    curves[Self.place(slot, isShort: isShort)].charge(notional)
  }

  /// The stressed volume of an underlying, millionths; `nil` before its first market and without
  /// a volume.
  func stressedVolume(_ slot: Int) -> Int64? {
    guard parameters[slot].dailyVolume != nil else { return nil }
    return inputs[slot]?.stressedVolume(parameters[slot].volumeStress)
  }

  /// Takes over an underlying's market.
  mutating func rebuild(
    _ slot: Int, _ market: UnderlyingMarket, _ liquidity: UnderlyingLiquidity?
  ) {
    let sizes = parameters[slot]
    let next = SizeInputs(
      market, liquidity, ordinaryVolume: sizes.dailyVolume ?? 1_000_000_000_000)
    guard inputs[slot] != next else { return }
    inputs[slot] = next
    guard SizeCharge.allCases.contains(where: { sizes.isCharged($0) }) else { return }
    let model = SizeModel(sizes, next, range: ranges[slot])
    let knots = Self.knots(next.stressedVolume(sizes.volumeStress), model.bends)
    for side in PositionSide.allCases {
      let place = Self.place(slot, isShort: side == .short)
      kinds[place] = SizeCharge.allCases.map { kind in
        guard sizes.isCharged(kind) else { return SizeCurve(knots: knots, share: 0) }
        guard !kind.isLinear else {
          return SizeCurve(knots: knots, share: model.share(kind, side, notional: 0))
        }
        return Self.curve(knots) { model.share(kind, side, notional: $0) }
      }
      curves[place] = kinds[place].dropFirst().reduce(kinds[place][0], +)
      premiums[place] =
        sizes.isCharged(.gap)
        ? Self.curve(knots) { model.premiumPerDay(side, notional: $0) } : .none
    }
  }

  /// 0, then from 2^−20 to 2^10 of the volume, in steps of 2 up to 2^−10 and of √2 beyond, with
  /// the bends among them.
  private static func knots(_ volume: Int64, _ bends: [Double]) -> [Int64] {
    let root = 2.0.squareRoot()
    var places = bends
    for step in 11...20 { places.append(Double(volume) / Double(1 << step)) }
    for step in -20...20 {
      let power = step >= 0 ? Double(1 << (step >> 1)) : 1 / Double(1 << ((1 - step) >> 1))
      places.append(Double(volume) * power * (step & 1 == 0 ? 1 : root))
    }
    var knots: [Int64] = [0]
    for place in places.sorted() {
      let knot = Int64(min(place, 0x1p60).rounded(.down))
      if let last = knots.last, knot > last { knots.append(knot) }
    }
    return knots
  }

  /// The gate from the model: notional × share at every knot, rounded up.
  private static func curve(_ knots: [Int64], _ share: (Double) -> Double) -> SizeCurve {
    let charges = knots.map { knot in
      let charge = (Double(knot) * share(Double(knot))).rounded(.up)
      return charge < 0x1p60 ? Int64(max(charge, 0)) : 1 << 60
    }
    return SizeCurve(knots: knots, charges: charges)
  }
}
