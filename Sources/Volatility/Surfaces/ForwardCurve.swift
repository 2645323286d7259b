// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import NumericalMethods
public import Quantities

/// Forward prices by date: those of futures, and log-linear in time between them.
///
/// Beyond the last future the carry of the last interval goes on; with spot alone the forward is
/// spot.
public struct ForwardCurve: Hashable, Sendable {
  /// A price for delivery at a time.
  public struct Point: Hashable, Sendable {
    public let time: Timestamp
    /// Quote units, positive.
    public let price: Double

    public init(time: Timestamp, price: Double) {
      self.time = time
      self.price = price
    }
  }

  /// Spot, then the futures by expiry.
  public let points: [Point]
  private let logarithms: [Double]

  /// - Parameters:
  ///   - spot: The index now.
  ///   - futures: In any order.
  /// - Throws: ``SurfaceRefusal`` for a price outside 2^±500, a time outside 1970 to 2200, and one
  ///   that stands twice or is not after spot's.
  public init(spot: Point, futures: [Point]) throws(SurfaceRefusal) {
    points = [spot] + futures.sorted { $0.time < $1.time }
    for point in points { try check(point.time) }
    for (earlier, later) in zip(points, points.dropFirst()) where earlier.time >= later.time {
      throw .repeatedExpiry(later.time)
    }
    for point in points {
      guard point.price >= 0x1p-500, point.price <= 0x1p500 else {
        throw .outOfDomain("forward", value: point.price)
      }
    }
    logarithms = points.map { Elementary.log($0.price) }
  }

  /// The forward for a time; before spot's time it is spot.
  ///
  /// - Throws: ``SurfaceRefusal/outsideCalendar(_:)``.
  public func price(at time: Timestamp) throws(SurfaceRefusal) -> Double {
    try check(time)
    guard points.count > 1, time > points[0].time else { return points[0].price }
    let next = points.firstIndex { $0.time >= time } ?? points.count - 1
    if points[next].time == time { return points[next].price }
    let length = (points[next].time - points[next - 1].time).years
    let part = (time - points[next - 1].time).years / length
    let rise = logarithms[next] - logarithms[next - 1]
    return Elementary.exp(logarithms[next - 1] + part * rise)
  }
}

/// The forward that calls and puts of one expiry imply together.
enum PutCallParity {
  /// The middle of what the strikes nearest to the money say, or nil without a strike at which
  /// both sides of call and put are quoted.
  ///
  /// F = K + (C - P), in coin F = K / (1 - (c - p)). Nearest are the five strikes with the
  /// smallest |C - P|: there the quotes are tightest and an early error of the forward matters
  /// least.
  static func forward(_ quotes: [OptionQuote], unit: PriceUnit) -> Double? {
    var estimates: [(distance: Double, forward: Double)] = []
    let calls = quotes.filter { $0.right == .call }.sorted { $0.strike < $1.strike }
    let puts = quotes.filter { $0.right == .put }.sorted { $0.strike < $1.strike }
    var index = 0
    for call in calls {
      while index < puts.count, puts[index].strike < call.strike { index += 1 }
      guard index < puts.count else { break }
      guard puts[index].strike == call.strike, let callPrice = middle(call),
        let putPrice = middle(puts[index])
      else { continue }
      let difference = callPrice - putPrice
      let forward =
        unit == .coin ? call.strike / (1 - difference) : call.strike + difference
      guard forward >= 0x1p-500, forward <= 0x1p500 else { continue }
      let relative = unit == .coin ? difference : difference / call.strike
      estimates.append((relative.magnitude, forward))
    }
    // A tie is broken by the forward, so that the order of the quotes cannot matter.
    estimates.sort {
      $0.distance != $1.distance ? $0.distance < $1.distance : $0.forward < $1.forward
    }
    let nearest = estimates.prefix(5).map(\.forward).sorted()
    guard !nearest.isEmpty else { return nil }
    let half = nearest.count / 2
    return nearest.count % 2 == 1 ? nearest[half] : 0.5 * (nearest[half - 1] + nearest[half])
  }

  private static func middle(_ quote: OptionQuote) -> Double? {
    guard let bid = quote.bid, let ask = quote.ask, bid > 0, ask >= bid, ask < .infinity else {
      return nil
    }
    return 0.5 * (bid + ask)
  }
}
