// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities
import Volatility

/// The picture of one smile before it is drawn: what is quoted, what counts, what was fitted.
struct SmileChart {
  /// Unique in the page.
  let id: String
  let title: String
  let curve: [(logMoneyness: Double, volatility: Double)]
  let used: [DrawnQuote]
  /// Those of the rejected quotes that lie inside the picture.
  let rejected: [DrawnQuote]
  /// How many rejected quotes lie outside.
  let outsideCount: Int
  /// What is shown, in units of 10^−``decimals``.
  let logMoneyness: ClosedRange<Int64>
  let volatility: ClosedRange<Int64>

  static let decimals = 6
  private static let curvePoints = 97

  /// - Returns: Nil for an expiry that is not in the surface.
  init?(_ expiry: CalibratedExpiry, id: String) {
    guard let slice = expiry.slice else { return nil }
    let used = expiry.quotes.filter { $0.rejection == nil }
    // A third of the quoted width on either side shows where the curve goes on.
    let margin = max((slice.quotedTo - slice.quotedFrom) / 3, 0.01)
    let span = (slice.quotedFrom - margin)...(slice.quotedTo + margin)
    let step = (span.upperBound - span.lowerBound) / Double(Self.curvePoints - 1)
    let curve = (0..<Self.curvePoints).map { index in
      let k = span.lowerBound + step * Double(index)
      let variance = slice.smile.totalVariance(logMoneyness: k)
      return (k, (variance / slice.yearsToExpiry).squareRoot())
    }
    let heights =
      curve.map(\.1) + used.flatMap { [$0.volatility, $0.bid, $0.ask].compactMap(\.self) }
    let (lowest, highest) = (heights.min() ?? 0, heights.max() ?? 1)
    let room = max((highest - lowest) * 0.06, 0.001)
    let shown = max(lowest - room, 0)...(highest + room)
    guard let width = Self.units(span), let height = Self.units(shown) else { return nil }
    let others = expiry.quotes.filter { $0.rejection != nil }
    let inside = others.filter {
      span.contains($0.logMoneyness) && shown.contains($0.volatility)
    }
    self.id = id
    title = "\(expiry.fit.expiry.readable), \(ExpiryText(expiry).days) days"
    self.curve = curve
    self.used = used
    rejected = inside
    outsideCount = others.count - inside.count
    (logMoneyness, volatility) = (width, height)
  }

  private static func units(_ range: ClosedRange<Double>) -> ClosedRange<Int64>? {
    guard let lower = range.lowerBound.units(decimals: decimals),
      let upper = range.upperBound.units(decimals: decimals), lower < upper
    else { return nil }
    return lower...upper
  }

  /// What the reader sees.
  var caption: String {
    let hidden = outsideCount == 0 ? "" : " and \(outsideCount) outside the picture"
    return "Quotes used: \(used.count). Rejected: \(rejected.count) shown\(hidden); those in the "
      + "money and those without a volatility are not drawn."
  }

  /// What the page's script needs.
  var json: JSONText {
    func numbers(_ values: [Double?]) -> JSONText {
      .array(values.map { $0?.json(decimals: Self.decimals) ?? .null })
    }
    func quotes(_ quotes: [DrawnQuote]) -> JSONText {
      .object([
        ("x", numbers(quotes.map(\.logMoneyness))), ("y", numbers(quotes.map(\.volatility))),
        ("above", numbers(quotes.map { ($0.ask ?? $0.volatility) - $0.volatility })),
        ("below", numbers(quotes.map { $0.volatility - ($0.bid ?? $0.volatility) })),
        ("text", .array(quotes.map { .string($0.label) })),
      ])
    }
    func ends(_ range: ClosedRange<Int64>) -> JSONText {
      .array([range.lowerBound, range.upperBound].map { .decimal($0, decimals: Self.decimals) })
    }
    return .object([
      ("id", .string(id)), ("x", numbers(curve.map(\.logMoneyness))),
      ("y", numbers(curve.map(\.volatility))), ("used", quotes(used)),
      ("rejected", quotes(rejected)), ("across", ends(logMoneyness)), ("up", ends(volatility)),
    ])
  }
}

extension DrawnQuote {
  /// For whoever points at it.
  var label: String {
    let right = right == .call ? "call" : "put"
    let why = rejection.map { ", \($0.title)" } ?? ""
    return "\(NumberText.fixed(strike, decimals: 0)) \(right)\(why)"
  }
}
