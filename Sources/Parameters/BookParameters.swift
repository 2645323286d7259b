// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// The numbers of the simulated order book, by underlying; the engine itself reads none of them.
public struct BookParameters: Hashable, Sendable {
  private let dailyVolumes: SymbolTable<Int64>
  private let spreads: SymbolTable<Rate>
  private let impacts: SymbolTable<Rate>
  private let calmRanges: SymbolTable<Rate>
  private let rangeWindows: SymbolTable<TimeSpan>
  private let leastShares: SymbolTable<Rate>
  private let recoveries: SymbolTable<TimeSpan>
  private let optionSpreads: SymbolTable<Rate>
  private let leastDeltas: SymbolTable<Rate>
  private let optionDiscounts: SymbolTable<Rate>

  public init(_ set: ParameterSet) throws(ParameterError) {
    dailyVolumes = try SymbolTable(
      set, prefix: "book.", suffix: ".dailyVolume"
    ) { owner throws(ParameterError) in try set.raw(owner + ".dailyVolume") }
    spreads = try Self.rates("spread", set)
    impacts = try Self.rates("impact", set)
    calmRanges = try Self.rates("calmRange", set)
    rangeWindows = try Self.spans("rangeWindow", set)
    leastShares = try Self.rates("leastShare", set)
    recoveries = try Self.spans("recoveryHalfLife", set)
    optionSpreads = try Self.rates("optionSpread", set)
    leastDeltas = try Self.rates("leastDelta", set)
    optionDiscounts = try Self.rates("optionDiscount", set)
  }

  /// The book of one underlying.
  public subscript(underlying: AssetSymbol) -> DepthParameters {
    DepthParameters(
      dailyVolume: dailyVolumes[underlying], spread: spreads[underlying],
      impact: impacts[underlying], calmRange: calmRanges[underlying],
      rangeWindow: rangeWindows[underlying], leastShare: leastShares[underlying],
      recoveryHalfLife: recoveries[underlying], optionSpread: optionSpreads[underlying],
      leastDelta: leastDeltas[underlying], optionDiscount: optionDiscounts[underlying])
  }

  private static func rates(
    _ name: String, _ set: ParameterSet
  ) throws(ParameterError) -> SymbolTable<Rate> {
    try SymbolTable(set, prefix: "book.", suffix: "." + name) {
      owner throws(ParameterError) in try set.rate("\(owner).\(name)")
    }
  }

  private static func spans(
    _ name: String, _ set: ParameterSet
  ) throws(ParameterError) -> SymbolTable<TimeSpan> {
    try SymbolTable(set, prefix: "book.", suffix: "." + name) {
      owner throws(ParameterError) in try set.duration("\(owner).\(name)")
    }
  }
}

/// How deep the simulated book of one underlying is.
public struct DepthParameters: Hashable, Sendable {
  /// Traded on an ordinary day, millionths of the quote currency.
  public let dailyVolume: Int64
  /// Best ask ÷ best bid − 1 of futures and perpetuals.
  public let spread: Rate
  /// The factor Y of the square-root law.
  public let impact: Rate
  /// The range of the index up to which depth is whole; beyond, it falls in proportion.
  public let calmRange: Rate
  /// Over which past time that range is taken.
  public let rangeWindow: TimeSpan
  /// The smallest share of the depth that is left, however wild the market.
  public let leastShare: Rate
  /// Time after which half of what orders took has come back.
  public let recoveryHalfLife: TimeSpan
  /// The spread of options, as a share of the underlying per unit of delta.
  public let optionSpread: Rate
  /// Options with a smaller delta trade as if they had this one.
  public let leastDelta: Rate
  /// The largest part of its mark that a sold option gives up.
  public let optionDiscount: Rate

  public init(
    dailyVolume: Int64, spread: Rate, impact: Rate, calmRange: Rate, rangeWindow: TimeSpan,
    leastShare: Rate, recoveryHalfLife: TimeSpan, optionSpread: Rate, leastDelta: Rate,
    optionDiscount: Rate
  ) {
    self.dailyVolume = dailyVolume
    self.spread = spread
    self.impact = impact
    self.calmRange = calmRange
    self.rangeWindow = rangeWindow
    self.leastShare = leastShare
    self.recoveryHalfLife = recoveryHalfLife
    self.optionSpread = optionSpread
    self.leastDelta = leastDelta
    self.optionDiscount = optionDiscount
  }
}

extension ParameterDefinition {
  /// The parameters of the simulated book.
  ///
  /// `default` in place of a symbol holds for all others.
  static let book: [ParameterDefinition] = [
    ParameterDefinition(
      "book.*.dailyVolume", .money, 1_000_000_000...1_000_000_000_000_000_000,
      "traded in the underlying's markets on an ordinary day"),
    ParameterDefinition(
      "book.*.spread", .rate, 0...100_000_000, "bid-ask spread of futures and perpetuals"),
    ParameterDefinition(
      "book.*.impact", .rate, 0...10_000_000_000,
      "factor of daily volatility x root of (size / daily volume) in the price of an order"),
    ParameterDefinition(
      "book.*.calmRange", .rate, 100_000...1_000_000_000,
      "high / low - 1 of the index up to which depth is whole; beyond, depth falls in proportion"),
    ParameterDefinition(
      "book.*.rangeWindow", .duration, 1_000_000_000...86_400_000_000_000,
      "past time over which that range is taken"),
    ParameterDefinition(
      "book.*.leastShare", .rate, 1_000_000...1_000_000_000,
      "smallest share of the ordinary depth that is left"),
    ParameterDefinition(
      "book.*.recoveryHalfLife", .duration, 1_000_000_000...86_400_000_000_000,
      "time after which half of what orders took is back"),
    ParameterDefinition(
      "book.*.optionSpread", .rate, 0...100_000_000,
      "bid-ask spread of options, as a share of the underlying per unit of delta"),
    ParameterDefinition(
      "book.*.leastDelta", .rate, 1_000_000...1_000_000_000,
      "options with a smaller delta trade as if they had this one"),
    ParameterDefinition(
      "book.*.optionDiscount", .rate, 0...1_000_000_000,
      "largest part of its mark that a sold option gives up"),
  ]
}
