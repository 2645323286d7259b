// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import Pricing
public import Quantities

/// The Greeks of one account by underlying, expiry and delta bucket.
///
/// All are derivatives of equity in the quote currency by the index S of the underlying. Forwards
/// are S·k with k as it is; a linear contract of n coins has delta n·B'(F)·k, an inverse option,
/// worth n·B(F)/F coins at S, the same; an inverse future is worth −n·Q/F coins at S and has no
/// delta of its own. What a coin-settled position cost is owed in coin: −cost is part of its
/// delta, so a long inverse perpetual shows the coins it is long. Balances in coin are a holding
/// of that many. Every strike keeps the volatility at which it is marked. While a settlement
/// price is being averaged, only the open share moves. Source of the formula: F. Black, J.
/// Financial Economics 3 (1976), 167-179; of coin prices: Alexander, Chen and Imeraj (2023).
public struct GreekLadder: Hashable, Sendable {
  /// One place of the ladder with everything the account has there.
  public struct Row: Hashable, Sendable {
    public let underlying: AssetSymbol
    /// `nil` for perpetuals, spot and coins.
    public let expiry: Timestamp?
    public let bucket: DeltaBucket
    public let greeks: EquityGreeks
  }

  /// The rows of one expiry added up.
  public struct ExpirySum: Hashable, Sendable {
    public let underlying: AssetSymbol
    public let expiry: Timestamp?
    public let greeks: EquityGreeks
  }

  /// The sums over expiries of one underlying.
  public struct UnderlyingSum: Hashable, Sendable {
    public let underlying: AssetSymbol
    public let greeks: EquityGreeks
  }

  /// Sorted by underlying, expiry (none first) and bucket.
  public let rows: [Row]
  /// Each the sum of its rows, in their order.
  public let expiries: [ExpirySum]
  /// Each the sum of its expiries, in their order.
  public let underlyings: [UnderlyingSum]

  /// - Throws: ``MarginError``, as ``RequirementEngine/risk(of:scratch:)`` does.
  public init(_ engine: RequirementEngine, _ portfolio: Portfolio) throws(MarginError) {
    _ = try engine.risk(of: portfolio)
    var parts: [LadderPart] = []
    for position in portfolio.positions {
      guard let index = engine.layout.index(of: position.instrument) else {
        throw .unlisted(position.instrument)
      }
      parts.append(try engine.ladderPart(of: position, index))
    }
    parts += engine.coinParts(of: portfolio)
    let places = parts.map(\.place)
    var rows: [Row] = []
    for place in places.sorted() where rows.last.map({ LadderPlace($0) }) != place {
      var sum = EquityGreeks.zero
      for part in parts where part.place == place { sum = sum + part.greeks }
      rows.append(
        Row(
          underlying: place.underlying, expiry: place.expiry, bucket: place.bucket, greeks: sum))
    }
    self.rows = rows
    var expiries: [ExpirySum] = []
    for row in rows {
      let isNew =
        expiries.last?.underlying != row.underlying || expiries.last?.expiry != row.expiry
      let before = isNew ? EquityGreeks.zero : expiries.removeLast().greeks
      expiries.append(
        ExpirySum(
          underlying: row.underlying, expiry: row.expiry, greeks: before + row.greeks))
    }
    self.expiries = expiries
    var underlyings: [UnderlyingSum] = []
    for sum in expiries {
      let isNew = underlyings.last?.underlying != sum.underlying
      let before = isNew ? EquityGreeks.zero : underlyings.removeLast().greeks
      underlyings.append(
        UnderlyingSum(underlying: sum.underlying, greeks: before + sum.greeks))
    }
    self.underlyings = underlyings
  }

  /// The sum of one underlying; zero where the account has nothing.
  public subscript(underlying: AssetSymbol) -> EquityGreeks {
    underlyings.first { $0.underlying == underlying }?.greeks ?? .zero
  }
}

/// Where a part of the ladder belongs.
struct LadderPlace: Equatable, Comparable {
  let underlying: AssetSymbol
  let expiry: Timestamp?
  let bucket: DeltaBucket

  init(underlying: AssetSymbol, expiry: Timestamp?, bucket: DeltaBucket) {
    self.underlying = underlying
    self.expiry = expiry
    self.bucket = bucket
  }

  init(_ row: GreekLadder.Row) {
    self.init(underlying: row.underlying, expiry: row.expiry, bucket: row.bucket)
  }

  static func < (left: Self, right: Self) -> Bool {
    if left.underlying != right.underlying { return left.underlying < right.underlying }
    if left.expiry != right.expiry {
      guard let one = left.expiry else { return true }
      guard let other = right.expiry else { return false }
      return one < other
    }
    return left.bucket < right.bucket
  }
}

/// The Greeks of one position or coin.
struct LadderPart {
  let place: LadderPlace
  let greeks: EquityGreeks
}
