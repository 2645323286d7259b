// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import MarketData
public import Quantities

/// Where an account is liquidated in the plane of one underlying's price and volatility: where
/// equity meets maintenance margin, all else equal.
///
/// For each volatility the prices of the range are walked in steps of a share of the price, and
/// every change between healthy and not is halved down to two adjacent price steps. A crossing
/// and its reversal within one step of the walk are not seen.
public struct LiquidationLine: Hashable, Sendable {
  /// Two adjacent price steps: at one the account holds maintenance margin, at the other not.
  public struct Crossing: Hashable, Sendable {
    public let healthy: Price
    public let unhealthy: Price

    /// Whether the account is liquidated as the price falls through here.
    public var isBelow: Bool { unhealthy < healthy }
  }

  /// The line at one volatility.
  public struct Point: Hashable, Sendable {
    /// Of the present level.
    public let multiple: Rate
    /// The level itself, annualized, for 30 days at the money.
    public let volatility: Rate
    /// Whether the account holds maintenance margin at the present price and this volatility;
    /// `nil` where the engine has no market there.
    public let isHealthy: Bool?
    /// From the lowest price up.
    public let crossings: [Crossing]
    /// The nearest of them below the present price and above it.
    public let below: Crossing?
    public let above: Crossing?
  }

  public let underlying: AssetSymbol
  public let index: Price
  /// By volatility, ascending.
  public let points: [Point]

  /// - Parameters:
  ///   - engine: At the present market.
  ///   - stepsPerPrice: The walk goes by this fraction of the price, 1 to 10,000: 64 is 1.6 %.
  /// - Throws: ``MarginError``, as ``RequirementEngine/risk(of:scratch:)`` does, and
  ///   ``MarginError/unpriced(_:)`` for an underlying without a market.
  public init(
    _ engine: RequirementEngine, _ portfolio: Portfolio, of underlying: AssetSymbol,
    over range: RiskRange = .usual, stepsPerPrice: Int64 = 64
  ) throws(MarginError) {
    var probe = try RiskProbe(engine, portfolio)
    let present = try probe.present(underlying)
    self.underlying = underlying
    index = present.index
    let prices = Self.walk(range, index: present.index, min(max(stepsPerPrice, 1), 10_000))
    var points: [Point] = []
    for multiple in range.volatilityMultiples {
      let volatility = RiskRange.volatility(present.volatility, multiple)
      var walk = LineWalk(probe: probe, underlying: underlying, volatility: volatility)
      let crossings = walk.crossings(prices)
      let isHealthy = walk.isHealthy(present.index)
      probe = walk.probe
      points.append(
        Point(
          multiple: multiple, volatility: volatility, isHealthy: isHealthy, crossings: crossings,
          below: crossings.last { max($0.healthy, $0.unhealthy) <= present.index },
          above: crossings.first { min($0.healthy, $0.unhealthy) >= present.index }))
    }
    self.points = points
  }

  /// The prices of the walk, ascending: outward from the present one, as
  /// ``LiquidationPriceSolver`` goes, so that both find the same crossings.
  private static func walk(_ range: RiskRange, index: Price, _ steps: Int64) -> [Price] {
    let lowest = min(RiskRange.price(index, range.lowest), index)
    let highest = max(RiskRange.price(index, range.highest), index)
    var below: [Price] = []
    var price = index
    while price > lowest {
      price = max(Price(steps: price.steps - max(price.steps / steps, 1)), lowest)
      below.append(price)
    }
    var above: [Price] = []
    price = index
    while price < highest {
      price = min(Price(steps: price.steps + max(price.steps / steps, 1)), highest)
      above.append(price)
    }
    return below.reversed() + [index] + above
  }
}

/// The walk at one volatility.
private struct LineWalk {
  var probe: RiskProbe
  let underlying: AssetSymbol
  let volatility: Rate

  mutating func isHealthy(_ price: Price) -> Bool? {
    probe.risk(underlying, at: price, volatility: volatility).map { !$0.isLiquidatable }
  }

  mutating func crossings(_ prices: [Price]) -> [LiquidationLine.Crossing] {
    var found: [LiquidationLine.Crossing] = []
    var last: (price: Price, isHealthy: Bool)?
    for price in prices {
      guard let isHealthy = isHealthy(price) else {
        last = nil
        continue
      }
      if let last, last.isHealthy != isHealthy {
        found.append(
          last.isHealthy ? halve(last.price, price) : halve(price, last.price))
      }
      last = (price, isHealthy)
    }
    return found
  }

  private mutating func halve(_ healthy: Price, _ unhealthy: Price) -> LiquidationLine.Crossing {
    var (healthy, unhealthy) = (healthy.steps, unhealthy.steps)
    while abs(healthy - unhealthy) > 1 {
      let middle = healthy + (unhealthy - healthy) / 2
      if isHealthy(Price(steps: middle)) ?? false { healthy = middle } else { unhealthy = middle }
    }
    return LiquidationLine.Crossing(
      healthy: Price(steps: healthy), unhealthy: Price(steps: unhealthy))
  }
}

/// An account's risk over prices and volatilities of one underlying, all else equal.
public struct LiquidationMap: Hashable, Sendable {
  public let underlying: AssetSymbol
  /// Ascending, evenly spaced; the columns.
  public let prices: [Price]
  /// Multiples of the present volatility level and the levels themselves, ascending; the rows.
  public let multiples: [Rate]
  public let volatilities: [Rate]
  /// By volatility, then price; `nil` where the engine has no market.
  public let cells: [[AccountRisk?]]

  /// - Parameter columns: How many prices, 2 to 1,000.
  /// - Throws: As ``LiquidationLine/init(_:_:of:over:stepsPerPrice:)`` does.
  public init(
    _ engine: RequirementEngine, _ portfolio: Portfolio, of underlying: AssetSymbol,
    over range: RiskRange = .usual, columns: Int = 65
  ) throws(MarginError) {
    var probe = try RiskProbe(engine, portfolio)
    let present = try probe.present(underlying)
    let count = Int64(min(max(columns, 2), 1_000))
    let (low, high) = (range.lowest.billionths, range.highest.billionths)
    let prices = (0..<count).map { column in
      RiskRange.price(
        present.index, Rate(billionths: low + (high - low) / (count - 1) * column))
    }
    let volatilities = range.volatilityMultiples.map {
      RiskRange.volatility(present.volatility, $0)
    }
    var cells: [[AccountRisk?]] = []
    for volatility in volatilities {
      cells.append(
        prices.map { probe.risk(underlying, at: $0, volatility: volatility) })
    }
    self.underlying = underlying
    self.prices = prices
    multiples = range.volatilityMultiples
    self.volatilities = volatilities
    self.cells = cells
  }
}
