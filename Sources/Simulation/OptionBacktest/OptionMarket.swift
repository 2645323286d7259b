// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Connectors
import Instruments
import Margin
import NumericalMethods
public import Quantities
import Volatility

/// One underlying's recorded chain, with every contract's value in quote units.
///
/// A contract is worth its mark in coin times the forward of its own row. The index is the
/// forward of the earliest expiry, at most a few days away: chain files are read without one.
public struct OptionMarket: Sendable {
  public let time: Timestamp
  public let underlying: AssetSymbol
  /// Quote units per coin.
  public let index: Double
  /// Earliest first; at least one.
  let expiries: [Expiry]
  private let snapshot: OptionChainSnapshot

  struct Expiry: Sendable {
    let time: Timestamp
    /// To expiry, years of 365 days.
    let years: Double
    /// The middle of what its rows say, quote units.
    let forward: Double
    /// By strike, lowest first; calls, then puts.
    let quotes: [[Quote]]
    /// Volatility at the forward, linear in the strike between its neighbors.
    let atTheMoney: Double

    func quotes(_ right: OptionRight) -> [Quote] { quotes[Int(right.rawValue)] }
  }

  struct Quote: Sendable {
    let strike: Double
    /// Quote units per coin.
    let value: Double
    /// Of the mark, annualized; positive.
    let volatility: Double
  }

  /// - Throws: ``OptionBacktestError/withoutContracts(time:underlying:)``.
  public init(_ snapshot: OptionChainSnapshot) throws(OptionBacktestError) {
    var rows: [Timestamp: [OptionChainRow]] = [:]
    for row in snapshot.rows where row.expiry > snapshot.time && row.markVolatility > 0 {
      rows[row.expiry, default: []].append(row)
    }
    let expiries = rows.sorted { $0.key < $1.key }.map { expiry, rows in
      Expiry(rows, expiry: expiry, years: (expiry - snapshot.time).years)
    }
    guard let first = expiries.first else {
      throw .withoutContracts(time: snapshot.time, underlying: snapshot.underlying)
    }
    time = snapshot.time
    underlying = snapshot.underlying
    index = first.forward
    self.expiries = expiries
    self.snapshot = snapshot
  }

  /// What a contract of an earlier chain is worth in this one, quote units per coin: its payoff at
  /// the index once it is over, its mark, or else its value on a surface fitted to this chain.
  func value(
    of right: OptionRight, strike: Double, expiry: Timestamp, on surface: inout MarketSurface?
  ) throws(OptionBacktestError) -> Double {
    guard expiry > time else {
      return max(right == .call ? index - strike : strike - index, 0)
    }
    if let quote = expiries.first(where: { $0.time == expiry })?.quote(right, strike: strike) {
      return quote.value
    }
    if surface == nil { surface = try MarketSurface(self, snapshot) }
    return try surface?.value(of: right, strike: strike, expiry: expiry) ?? 0
  }

  /// The forward of a time, linear between expiries and flat beyond them.
  func forward(of expiry: Timestamp) -> Double {
    guard expiry > time else { return index }
    let years = (expiry - time).years
    let next = expiries.firstIndex { $0.time >= expiry } ?? expiries.count
    guard next > 0 else { return expiries[0].forward }
    guard next < expiries.count else { return expiries[next - 1].forward }
    let (earlier, later) = (expiries[next - 1], expiries[next])
    let part = (years - earlier.years) / (later.years - earlier.years)
    return earlier.forward + part * (later.forward - earlier.forward)
  }

  /// Volatility at the money of a time to expiry: total variance is linear between expiries,
  /// volatility flat before the first and beyond the last.
  func atTheMoney(years: Double) -> Double {
    let next = expiries.firstIndex { $0.years >= years } ?? expiries.count
    guard next > 0 else { return expiries[0].atTheMoney }
    guard next < expiries.count else { return expiries[next - 1].atTheMoney }
    let (earlier, later) = (expiries[next - 1], expiries[next])
    let part = (years - earlier.years) / (later.years - earlier.years)
    let low = earlier.atTheMoney * earlier.atTheMoney * earlier.years
    let high = later.atTheMoney * later.atTheMoney * later.years
    return ((low + part * (high - low)) / years).squareRoot()
  }
}

extension OptionMarket.Expiry {
  /// - Parameter rows: At least one, each with a volatility.
  fileprivate init(_ rows: [OptionChainRow], expiry: Timestamp, years: Double) {
    time = expiry
    self.years = years
    let forwards = rows.map(\.forward).sorted()
    let forward = forwards[forwards.count / 2]
    self.forward = forward
    let quotes = OptionRight.allCases.map { right in
      rows.filter { $0.right == right }.sorted { $0.strike < $1.strike }.map {
        OptionMarket.Quote(
          strike: $0.strike, value: $0.mark * $0.forward, volatility: $0.markVolatility)
      }
    }
    self.quotes = quotes
    atTheMoney = Self.volatility(at: forward, quotes[0].isEmpty ? quotes[1] : quotes[0])
  }

  /// - Parameter quotes: At least one, by strike.
  private static func volatility(at forward: Double, _ quotes: [OptionMarket.Quote]) -> Double {
    let next = quotes.firstIndex { $0.strike >= forward } ?? quotes.count
    guard next > 0 else { return quotes[0].volatility }
    guard next < quotes.count else { return quotes[next - 1].volatility }
    let (lower, upper) = (quotes[next - 1], quotes[next])
    let part = (forward - lower.strike) / (upper.strike - lower.strike)
    return lower.volatility + part * (upper.volatility - lower.volatility)
  }

  func quote(_ right: OptionRight, strike: Double) -> OptionMarket.Quote? {
    let quotes = quotes(right)
    let place = Self.place(of: strike, in: quotes)
    return place < quotes.count && quotes[place].strike == strike ? quotes[place] : nil
  }

  /// The listed strike nearest to one wanted, the lower of two as near.
  func nearest(_ right: OptionRight, to strike: Double) -> OptionMarket.Quote? {
    let quotes = quotes(right)
    let place = Self.place(of: strike, in: quotes)
    guard place < quotes.count else { return quotes.last }
    guard place > 0 else { return quotes.first }
    let (lower, upper) = (quotes[place - 1], quotes[place])
    return strike - lower.strike <= upper.strike - strike ? lower : upper
  }

  /// Where the first strike that is not below one stands.
  private static func place(of strike: Double, in quotes: [OptionMarket.Quote]) -> Int {
    var low = 0
    var high = quotes.count
    while low < high {
      let middle = (low + high) / 2
      if quotes[middle].strike < strike { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// A surface fitted to a chain, for the contracts that the chain no longer lists.
struct MarketSurface: Sendable {
  private let market: OptionMarket
  private let surface: VolatilitySurface

  init(_ market: OptionMarket, _ snapshot: OptionChainSnapshot) throws(OptionBacktestError) {
    self.market = market
    let quotes = market.expiries.map { expiry in
      ExpiryQuotes(
        expiry: expiry.time, forward: expiry.forward,
        quotes: snapshot.rows.filter { $0.expiry == expiry.time }.map {
          OptionQuote(
            right: $0.right, strike: $0.strike, bid: $0.bid, ask: $0.ask, time: market.time)
        })
    }
    do throws(SurfaceRefusal) {
      let chain = try OptionChain(time: market.time, unit: .coin, expiries: quotes)
      surface = try SurfaceFit().calibrate(chain)
    } catch {
      throw .withoutSurface(time: market.time, underlying: market.underlying, error)
    }
  }

  func value(
    of right: OptionRight, strike: Double, expiry: Timestamp
  ) throws(OptionBacktestError) -> Double {
    let years = (expiry - market.time).years
    let forward = market.forward(of: expiry)
    let volatility: Double
    do throws(SurfaceRefusal) {
      volatility = try surface.volatility(
        logMoneyness: Elementary.log(strike / forward), yearsToExpiry: years)
    } catch {
      throw .withoutSurface(time: market.time, underlying: market.underlying, error)
    }
    let book = ModelBook(
      underlyings: [], expiries: [.init(underlying: 0, forward: forward, years: years)])
    do throws(ModelError) {
      return try book.optionMark(right, strike: strike, expiry: 0, volatility: volatility)
    } catch {
      throw .model(name: "revaluation", time: market.time, error)
    }
  }
}
