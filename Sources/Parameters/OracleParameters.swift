// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// The weight and limits of one source in one feed.
@frozen
public struct SourceParameters: Hashable, Sendable {
  public let source: AssetSymbol
  /// Positive, at most one; only ratios of weights matter.
  public let weight: Rate
  public let staleness: TimeSpan
  public let confidenceLimit: Rate
  public let jumpLimit: Rate

  @inlinable
  public init(
    source: AssetSymbol, weight: Rate, staleness: TimeSpan, confidenceLimit: Rate, jumpLimit: Rate
  ) {
    self.source = source
    self.weight = weight
    self.staleness = staleness
    self.confidenceLimit = confidenceLimit
    self.jumpLimit = jumpLimit
  }
}

/// What decides whether an index has moved too far to be acted on.
@frozen
public struct BreakerParameters: Hashable, Sendable {
  /// Largest move in one minute.
  public let limit: Rate
  /// Largest move however long the interval.
  public let ceiling: Rate
  /// How near the level of the block before confirms it.
  public let tolerance: Rate
  public let confirmations: Int32
  public let pause: TimeSpan

  @inlinable
  public init(
    limit: Rate, ceiling: Rate, tolerance: Rate, confirmations: Int32, pause: TimeSpan
  ) {
    self.limit = limit
    self.ceiling = ceiling
    self.tolerance = tolerance
    self.confirmations = confirmations
    self.pause = pause
  }
}

/// How the samples of one feed become an index.
public struct FeedParameters: Hashable, Sendable {
  /// What the feed prices, for example `BTC` or, for its perpetual, `BTC_PERP`.
  public let base: AssetSymbol
  public let quorum: Int32
  public let sourceWeightCap: Rate
  public let futureTolerance: TimeSpan
  public let highestPrice: Price
  public let deviationBand: Rate
  public let jumpConfirmations: Int32
  public let breaker: BreakerParameters
  /// Sorted by source, each once.
  public let sources: [SourceParameters]

  /// The most sources a feed may have.
  public static let mostSources = 32

  /// - Precondition: `sources` is sorted by source, without duplicates or zero weights.
  public init(
    base: AssetSymbol, quorum: Int32, sourceWeightCap: Rate, futureTolerance: TimeSpan,
    highestPrice: Price, deviationBand: Rate, jumpConfirmations: Int32,
    breaker: BreakerParameters, sources: [SourceParameters]
  ) {
    self.base = base
    self.quorum = quorum
    self.sourceWeightCap = sourceWeightCap
    self.futureTolerance = futureTolerance
    self.highestPrice = highestPrice
    self.deviationBand = deviationBand
    self.jumpConfirmations = jumpConfirmations
    self.breaker = breaker
    self.sources = sources
  }

  /// The parameters of the feed that prices `base`.
  ///
  /// A value that the feed does not state is taken from `oracle.default.…`. A feed that names no
  /// source of its own has the sources of `oracle.default.source.…`.
  /// - Throws: ``ParameterError/missing(key:)`` when neither states a value, and
  ///   ``ParameterError/inconsistent(key:reason:)`` when the values do not fit together.
  public init(_ set: ParameterSet, feed base: AssetSymbol) throws(ParameterError) {
    let keys = OracleKeys(base, in: set)
    self.base = base
    quorum = Int32(try set.raw(keys.key("quorum")))
    sourceWeightCap = try set.rate(keys.key("sourceWeightCap"))
    futureTolerance = try set.duration(keys.key("futureTolerance"))
    highestPrice = Price(steps: try set.raw(keys.key("highestPrice")))
    deviationBand = try set.rate(keys.key("deviationBand"))
    jumpConfirmations = Int32(try set.raw(keys.key("jumpConfirmations")))
    breaker = BreakerParameters(
      limit: try set.rate(keys.key("breakerLimit")),
      ceiling: try set.rate(keys.key("breakerCeiling")),
      tolerance: try set.rate(keys.key("breakerTolerance")),
      confirmations: Int32(try set.raw(keys.key("breakerConfirmations"))),
      pause: try set.duration(keys.key("breakerPause")))
    var sources: [SourceParameters] = []
    for source in try keys.sources() {
      let weight = try set.rate(keys.key("weight", source: source))
      guard weight > .zero else { continue }
      sources.append(
        SourceParameters(
          source: source, weight: weight,
          staleness: try set.duration(keys.key("staleness", source: source)),
          confidenceLimit: try set.rate(keys.key("confidenceLimit", source: source)),
          jumpLimit: try set.rate(keys.key("jumpLimit", source: source))))
    }
    self.sources = sources.sorted { $0.source < $1.source }
    try check()
  }

  private func check() throws(ParameterError) {
    guard sources.count <= Self.mostSources else {
      throw .inconsistent(
        key: "oracle.\(base).source", reason: "more than \(Self.mostSources) sources")
    }
    guard quorum <= sources.count else {
      throw .inconsistent(
        key: "oracle.\(base).quorum",
        reason: "\(quorum) can never be met by \(sources.count) sources with a weight")
    }
    guard breaker.ceiling >= breaker.limit else {
      throw .inconsistent(
        key: "oracle.\(base).breakerCeiling", reason: "below breakerLimit")
    }
  }
}

/// How a perpetual's mark and a settlement price are averaged.
@frozen
public struct MarkParameters: Hashable, Sendable {
  public let premiumHalfLife: TimeSpan
  public let premiumClamp: Rate
  public let settlementWindow: TimeSpan
  public let settlementCoverage: Rate
  public let settlementHold: TimeSpan

  @inlinable
  public init(
    premiumHalfLife: TimeSpan, premiumClamp: Rate, settlementWindow: TimeSpan,
    settlementCoverage: Rate, settlementHold: TimeSpan
  ) {
    self.premiumHalfLife = premiumHalfLife
    self.premiumClamp = premiumClamp
    self.settlementWindow = settlementWindow
    self.settlementCoverage = settlementCoverage
    self.settlementHold = settlementHold
  }

  /// The parameters of an underlying; a value it does not state is `oracle.default.…`.
  /// - Throws: ``ParameterError/missing(key:)``.
  public init(_ set: ParameterSet, underlying: AssetSymbol) throws(ParameterError) {
    let keys = OracleKeys(underlying, in: set)
    self.init(
      premiumHalfLife: try set.duration(keys.key("premiumHalfLife")),
      premiumClamp: try set.rate(keys.key("premiumClamp")),
      settlementWindow: try set.duration(keys.key("settlementWindow")),
      settlementCoverage: try set.rate(keys.key("settlementCoverage")),
      settlementHold: try set.duration(keys.key("settlementHold")))
  }
}

/// Finds the key that states a value for a feed or a source, from the special to the general.
private struct OracleKeys {
  private let set: ParameterSet
  private let own: String
  private let general = "oracle.default."

  init(_ base: AssetSymbol, in set: ParameterSet) {
    self.set = set
    own = "oracle.\(base)."
  }

  /// The key of a feed's value; the feed's own when nobody states it, for the error.
  func key(_ name: String) -> String {
    if !set.states(own + name), set.states(general + name) { return general + name }
    return own + name
  }

  /// The key of a source's value: the source's in this feed, the source's, the feed's.
  func key(_ name: String, source: AssetSymbol) -> String {
    let inFeed = own + "source.\(source).\(name)"
    if set.states(inFeed) { return inFeed }
    let inGeneral = general + "source.\(source).\(name)"
    return set.states(inGeneral) ? inGeneral : key(name)
  }

  /// The sources the feed names or, when it names none, those of every feed.
  func sources() throws(ParameterError) -> [AssetSymbol] {
    let named = try sources(under: own)
    return named.isEmpty ? try sources(under: general) : named
  }

  private func sources(under owner: String) throws(ParameterError) -> [AssetSymbol] {
    let prefix = owner + "source."
    let suffix = ".weight"
    var found: [AssetSymbol] = []
    for value in set.values where value.key.hasPrefix(prefix) && value.key.hasSuffix(suffix) {
      let name = String(value.key.dropFirst(prefix.count).dropLast(suffix.count))
      do { found.append(try AssetSymbol(name)) } catch {
        throw .malformed(key: value.key, text: name, reason: error)
      }
    }
    return found
  }
}
