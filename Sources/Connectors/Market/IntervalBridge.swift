// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import NumericalMethods
import Quantities

/// Makes minutes of longer candles: a path from open through low and high to close.
///
/// - The path passes exactly through open, low, high and close and never leaves low…high.
/// - When in the interval the low and the high were: at the minutes where the guide, a venue
///   recorded by the minute, had its own; without a guide at seeded minutes, the same for all
///   sources of a feed. When both would fall on one minute, a rising candle has its low first.
/// - Between these points: a Brownian bridge in the logarithm of the price, with the variance
///   per minute that the candle's range implies (M. Parkinson, Journal of Business 53 (1980),
///   61-65: σ² = ln(high/low)² / (4 ln 2)), seeded by feed, source and time. The same candle
///   gives the same minutes in every window, on every machine.
/// - A minute of a candle without trades has no trades.
struct IntervalBridge {
  let seed: UInt64
  /// Minute candles of the guide, in order of time.
  let guide: [Candle]

  /// The minutes of one source.
  func minutes(
    of candles: [Candle], step: TimeSpan, source: VenueSource
  ) -> [Candle] {
    let count = Int(step.nanoseconds / TimeSpan.minute.nanoseconds)
    guard count > 1 else { return candles }
    var minutes: [Candle] = []
    minutes.reserveCapacity(candles.count * count)
    for candle in candles {
      appendMinutes(of: candle, count: count, source: source, to: &minutes)
    }
    return minutes
  }

  /// A point of the path: the price at the end of a minute of the interval.
  private struct Anchor {
    let minute: Int
    let price: Price
  }

  private func appendMinutes(
    of candle: Candle, count: Int, source: VenueSource, to minutes: inout [Candle]
  ) {
    let path = PathRange(candle.low...candle.high)
    var noise = SplitMix64(
      parts: seed, source.base.packed, source.source.symbol.packed,
      UInt64(bitPattern: candle.start.nanoseconds))
    let range = Elementary.log(candle.high.value / candle.low.value)
    // 4 ln 2 = 2.772588722239781
    let deviation = range / (2.772588722239781 * Double(count)).squareRoot()
    var open = candle.open
    var price = min(max(candle.open, candle.low), candle.high)
    var minute = 0
    for anchor in anchors(of: candle, count: count, base: source.base) {
      var logarithm = Elementary.log(price.value)
      let target = Elementary.log(anchor.price.value)
      while minute <= anchor.minute {
        let left = Double(anchor.minute - minute + 1)
        let spread = deviation * ((left - 1) / left).squareRoot()
        logarithm += (target - logarithm) / left + spread * noise.nextDeviate()
        let close =
          minute == anchor.minute
          ? anchor.price : path.price(ofLogarithm: logarithm)
        minutes.append(
          Candle(
            start: candle.start + TimeSpan(seconds: Int64(minute) * 60), open: open,
            high: max(price, close), low: min(price, close), close: close,
            hasTrades: candle.hasTrades))
        open = close
        price = close
        minute += 1
      }
    }
  }

  /// The points the path must pass, in order; the last is the close.
  private func anchors(of candle: Candle, count: Int, base: AssetSymbol) -> [Anchor] {
    let close = Anchor(minute: count - 1, price: candle.close)
    let needsLow = candle.low < min(candle.open, candle.close)
    let needsHigh = candle.high > max(candle.open, candle.close)
    guard needsLow || needsHigh else { return [close] }
    var (low, high) = extremes(from: candle.start, count: count, base: base)
    if low == high, needsLow, needsHigh {
      let isRising = candle.close >= candle.open
      // Room for the later of the two before the close.
      let first = min(low, count - 3)
      (low, high) = isRising ? (first, first + 1) : (first + 1, first)
    }
    var anchors: [Anchor] = []
    if needsLow { anchors.append(Anchor(minute: low, price: candle.low)) }
    if needsHigh { anchors.append(Anchor(minute: high, price: candle.high)) }
    return anchors.sorted { $0.minute < $1.minute } + [close]
  }

  /// The minutes of the low and the high, each before the last minute of the interval.
  private func extremes(from start: Timestamp, count: Int, base: AssetSymbol) -> (Int, Int) {
    let end = start + TimeSpan(seconds: Int64(count) * 60)
    let recorded = guide[firstIndex(from: start)..<firstIndex(from: end)]
    guard recorded.count * 2 >= count, var lowest = recorded.first, var highest = recorded.first
    else {
      var random = SplitMix64(
        parts: seed, base.packed, UInt64(bitPattern: start.nanoseconds))
      let low = Int(random.nextUnit() * Double(count - 1))
      let high = Int(random.nextUnit() * Double(count - 1))
      return (low, high)
    }
    for candle in recorded {
      if candle.low < lowest.low { lowest = candle }
      if candle.high > highest.high { highest = candle }
    }
    return (
      min(minute(of: lowest.start, after: start), count - 2),
      min(minute(of: highest.start, after: start), count - 2)
    )
  }

  /// The index of the guide's first candle that starts at `instant` or later.
  private func firstIndex(from instant: Timestamp) -> Int {
    var low = 0
    var high = guide.count
    while low < high {
      let middle = (low + high) / 2
      if guide[middle].start < instant { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
