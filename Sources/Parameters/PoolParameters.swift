// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// The numbers of backstop pools; none need be stated, and without a rank in the waterfall no pool
/// takes anything.
public struct PoolParameters: Hashable, Sendable {
  /// How far from the mark, against the account, a pool takes a position over.
  public let discount: Rate
  /// How far it must be at least, or the position is left to the next stage; 0 takes over at the
  /// mark what has nothing left.
  ///
  /// What a pool may pay for getting rid of a position goes to whoever is alone in the book: with
  /// as much as ``unwindSlippage`` here it was paid by the account before.
  public let leastDiscount: Rate
  /// What the account pays the insurance fund besides, on the notional taken over; never more
  /// than its equity.
  public let fee: Rate
  /// The most that a pool may hold on one underlying, both sides added, millionths of the quote
  /// currency.
  public let marketCap: Int64
  /// The largest part of a pool's equity that one account's positions may bind as initial margin.
  public let eventShare: Rate
  /// The most that a pool may hold on all underlyings, as a multiple of its equity.
  public let leverage: Rate
  /// From the notice of a withdrawal to the first moment it may be paid.
  public let notice: TimeSpan
  /// How long after that it may be paid; afterwards the notice has lapsed.
  public let window: TimeSpan
  /// What of a gain the junior tranche has.
  public let juniorShare: Rate
  /// The part of a position that one order of a pool reduces.
  public let unwindShare: Rate
  /// How much worse than the mark that order may be filled.
  public let unwindSlippage: Rate
  /// What a simulated venue's pool holds at the start, as a share of open interest; 0 for none.
  public let openingShare: Rate
  /// What part of that is in the junior tranche.
  public let openingJuniorShare: Rate

  /// - Throws: ``ParameterError/inconsistent(key:reason:)`` for a least discount above the other.
  public init(_ set: ParameterSet) throws(ParameterError) {
    discount = try Self.rate("discount", set)
    leastDiscount = try Self.rate("leastDiscount", set)
    guard leastDiscount <= discount else {
      throw .inconsistent(key: "pool.leastDiscount", reason: "above pool.discount")
    }
    fee = try Self.rate("fee", set)
    marketCap = try Self.raw("marketCap", set)
    eventShare = try Self.rate("eventShare", set)
    leverage = try Self.rate("leverage", set)
    notice = TimeSpan(nanoseconds: try Self.raw("notice", set))
    window = TimeSpan(nanoseconds: try Self.raw("window", set))
    juniorShare = try Self.rate("juniorShare", set)
    unwindShare = try Self.rate("unwindShare", set)
    unwindSlippage = try Self.rate("unwindSlippage", set)
    openingShare = try Self.rate("openingShare", set)
    openingJuniorShare = try Self.rate("openingJuniorShare", set)
  }

  private static func rate(
    _ name: String, _ set: ParameterSet
  ) throws(ParameterError) -> Rate {
    Rate(billionths: try raw(name, set))
  }

  private static func raw(
    _ name: String, _ set: ParameterSet
  ) throws(ParameterError) -> Int64 {
    let key = "pool.\(name)"
    if set.states(key) { return try set.raw(key) }
    guard let usual = usual.first(where: { $0.name == name })?.raw else {
      throw .missing(key: key)
    }
    return usual
  }

  /// What holds where nothing is stated.
  private static let usual: [(name: String, raw: Int64)] = [
    ("discount", 5_000_000), ("fee", 0), ("marketCap", 1_000_000_000_000_000),
    ("eventShare", 250_000_000), ("leverage", 3_000_000_000), ("notice", 86_400_000_000_000),
    ("window", 86_400_000_000_000), ("juniorShare", 500_000_000), ("unwindShare", 100_000_000),
    ("unwindSlippage", 5_000_000), ("openingShare", 0),
    ("leastDiscount", 0), ("openingJuniorShare", 0),
  ]
}

extension ParameterDefinition {
  static let pool: [ParameterDefinition] = [
    ParameterDefinition(
      "pool.discount", .rate, 0...200_000_000,
      "how far from the mark, against the account, a pool takes a position over"),
    ParameterDefinition(
      "pool.fee", .rate, 0...100_000_000,
      "what the account pays the insurance fund on the notional that a pool takes over"),
    ParameterDefinition(
      "pool.marketCap", .money, 0...1_000_000_000_000_000_000,
      "most notional that a pool may hold on one underlying"),
    ParameterDefinition(
      "pool.eventShare", .rate, 0...1_000_000_000,
      "largest part of a pool's equity that one account's positions may bind as margin"),
    ParameterDefinition(
      "pool.leverage", .rate, 100_000_000...100_000_000_000,
      "most notional of a pool, as a multiple of its equity"),
    ParameterDefinition(
      "pool.notice", .duration, 0...31_536_000_000_000_000,
      "time from the notice of a withdrawal from a pool to its payment"),
    ParameterDefinition(
      "pool.window", .duration, 1_000_000_000...31_536_000_000_000_000,
      "how long a withdrawal may be paid after its notice"),
    ParameterDefinition(
      "pool.juniorShare", .rate, 0...1_000_000_000,
      "part of a pool's gain that its junior tranche has"),
    ParameterDefinition(
      "pool.unwindShare", .rate, 1_000_000...1_000_000_000,
      "part of a position that one order of a pool reduces"),
    ParameterDefinition(
      "pool.unwindSlippage", .rate, 0...1_000_000_000,
      "how much worse than the mark a pool's order may be filled"),
    ParameterDefinition(
      "pool.openingShare", .rate, 0...1_000_000_000,
      "what a simulated venue's pool holds at the start, as a share of open interest"),
    ParameterDefinition(
      "pool.openingJuniorShare", .rate, 0...1_000_000_000,
      "part of what a simulated venue's pool holds at the start that is in its junior tranche"),
    ParameterDefinition(
      "pool.leastDiscount", .rate, 0...200_000_000,
      "least distance from the mark, against the account, at which a pool takes a position over"),
  ]
}
