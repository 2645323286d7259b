// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// How each asset counts as collateral, and what owing it costs.
///
/// An asset on another chain is another asset, with a symbol of its own and the same underlying.
/// A parameter that a file states neither for an asset nor for `default` has its neutral value:
/// no charge, no limit.
public struct CollateralParameters: Hashable, Sendable {
  /// By asset.
  public let terms: SymbolTable<CollateralTerms>
  public let debts: SymbolTable<DebtTerms>

  init(_ set: ParameterSet) throws(ParameterError) {
    var symbols: [AssetSymbol] = []
    for value in set.values where value.key.hasPrefix("collateral.") {
      let parts = value.key.split(separator: ".")
      guard parts.count > 2, parts[1] != "default" else { continue }
      do {
        let symbol = try AssetSymbol(String(parts[1]))
        if !symbols.contains(symbol) { symbols.append(symbol) }
      } catch { throw .malformed(key: value.key, text: String(parts[1]), reason: error) }
    }
    var terms: [(symbol: AssetSymbol, value: CollateralTerms)] = []
    var debts: [(symbol: AssetSymbol, value: DebtTerms)] = []
    for symbol in symbols {
      let owner = CollateralOwner(set: set, symbol: symbol.description)
      terms.append((symbol, try CollateralTerms(owner)))
      debts.append((symbol, try DebtTerms(owner)))
    }
    let general = CollateralOwner(set: set, symbol: "default")
    self.terms = SymbolTable(fallback: try CollateralTerms(general), stated: terms)
    self.debts = SymbolTable(fallback: try DebtTerms(general), stated: debts)
  }
}

/// What of an asset's worth counts in margin, besides its flat market haircut.
public struct CollateralTerms: Hashable, Sendable {
  /// Mean of the worst losses of ln(price) over the time a sale takes; 1 − e^−this is the market
  /// haircut where that is more than the flat one.
  public let expectedShortfall: Rate
  /// What the bridge that brought the asset here may lose.
  public let bridge: Rate
  public let liquidity: CollateralLiquidity
  public let finality: FinalityTerms
  /// ρ between the asset and an underlying: 1 + ρ⁺ multiplies the haircut of who is long it, and
  /// 1 + (−ρ)⁺ that of who is short it.
  public let wrongWay: SymbolTable<Rate>
  /// The most of it that counts in one account, millionths of the quote currency.
  public let accountCap: Int64?
  /// The most of it that counts in all accounts together.
  public let venueCap: Int64?
  /// The largest rise of its price as collateral in one hour; `nil` follows the index at once.
  public let markUp: Rate?

  public init(
    expectedShortfall: Rate = .zero, bridge: Rate = .zero, liquidity: CollateralLiquidity = .none,
    finality: FinalityTerms = .none, wrongWay: SymbolTable<Rate> = SymbolTable(fallback: .zero),
    accountCap: Int64? = nil, venueCap: Int64? = nil, markUp: Rate? = nil
  ) {
    self.expectedShortfall = expectedShortfall
    self.bridge = bridge
    self.liquidity = liquidity
    self.finality = finality
    self.wrongWay = wrongWay
    self.accountCap = accountCap
    self.venueCap = venueCap
    self.markUp = markUp
  }

  init(_ owner: CollateralOwner) throws(ParameterError) {
    expectedShortfall = try owner.rate("expectedShortfall")
    bridge = try owner.rate("bridge")
    liquidity = try CollateralLiquidity(owner)
    finality = FinalityTerms(
      factor: try owner.rate("finalityFactor"), time: try owner.duration("finalityTime"),
      reorganization: try owner.rate("reorganization"))
    wrongWay = try owner.correlations()
    accountCap = try owner.stated("accountCap")
    venueCap = try owner.stated("venueCap")
    markUp = try owner.stated("markUp").map { Rate(billionths: $0) }
  }

  /// Whether only the flat haircut and whole amounts count.
  public var isPlain: Bool {
    expectedShortfall == .zero && bridge == .zero && liquidity.impact == .zero
      && finality.factor == .zero && finality.reorganization == .zero && !hasWrongWay
      && accountCap == nil && venueCap == nil
  }

  public var hasWrongWay: Bool { wrongWay.hasAny { $0 != .zero } }
}

/// What selling an amount costs by the square-root law.
@frozen
public struct CollateralLiquidity: Hashable, Sendable {
  /// The factor Y; 0 leaves the haircut out.
  public let impact: Rate
  /// Traded on an ordinary day, millionths of the quote currency.
  public let dailyVolume: Int64
  /// The share of it that is left in stress.
  public let volumeStress: Rate
  /// Annualized; the index's own counts where it is higher.
  public let leastVolatility: Rate

  @inlinable
  public init(impact: Rate, dailyVolume: Int64, volumeStress: Rate, leastVolatility: Rate) {
    self.impact = impact
    self.dailyVolume = dailyVolume
    self.volumeStress = volumeStress
    self.leastVolatility = leastVolatility
  }

  public static let none = CollateralLiquidity(
    impact: .zero, dailyVolume: 1, volumeStress: .one, leastVolatility: .zero)

  init(_ owner: CollateralOwner) throws(ParameterError) {
    let impact = try owner.rate("impact")
    let volume = try owner.stated("dailyVolume")
    if impact > .zero, volume == nil {
      throw .missing(key: "collateral.\(owner.symbol).dailyVolume")
    }
    self.init(
      impact: impact, dailyVolume: volume ?? 1,
      volumeStress: try owner.rate("volumeStress", else: 1_000_000_000),
      leastVolatility: try owner.rate("leastVolatility"))
  }
}

/// What a deposit may lose until its chain can no longer take it back.
@frozen
public struct FinalityTerms: Hashable, Sendable {
  /// The factor φ of σ√t.
  public let factor: Rate
  public let time: TimeSpan
  /// The probability that the chain takes a deposit back.
  public let reorganization: Rate

  @inlinable
  public init(factor: Rate, time: TimeSpan, reorganization: Rate) {
    self.factor = factor
    self.time = time
    self.reorganization = reorganization
  }

  public static let none = FinalityTerms(factor: .zero, time: .zero, reorganization: .zero)
}

/// What owing an asset costs, how much may be owed, and when other collateral is sold for it.
@frozen
public struct DebtTerms: Hashable, Sendable {
  /// Interest per year of 365 days.
  public let interest: Rate
  /// The largest debt with which risk may be taken or anything withdrawn, millionths of the quote
  /// currency.
  public let cap: Int64?
  /// A debt above this is paid from other collateral; `nil` waits for the end of a liquidation.
  public let threshold: Int64?
  /// What the sale of other collateral costs, of its worth; of the asset that is sold.
  public let conversionCost: Rate
  /// Assets are sold by ascending rank, then by ascending haircut, then in the order of listing.
  public let conversionRank: Int64

  @inlinable
  public init(
    interest: Rate, cap: Int64?, threshold: Int64?, conversionCost: Rate, conversionRank: Int64
  ) {
    self.interest = interest
    self.cap = cap
    self.threshold = threshold
    self.conversionCost = conversionCost
    self.conversionRank = conversionRank
  }

  init(_ owner: CollateralOwner) throws(ParameterError) {
    self.init(
      interest: try owner.rate("debtInterest"), cap: try owner.stated("debtCap"),
      threshold: try owner.stated("debtThreshold"),
      conversionCost: try owner.rate("conversionCost"),
      conversionRank: try owner.stated("conversionRank") ?? 0)
    if let cap, let threshold, threshold > cap {
      throw .inconsistent(
        key: "collateral.\(owner.symbol).debtThreshold", reason: "above debtCap")
    }
  }
}

/// The parameters of one asset.
struct CollateralOwner {
  let set: ParameterSet
  let symbol: String

  func rate(_ name: String, else neutral: Int64 = 0) throws(ParameterError) -> Rate {
    Rate(billionths: try stated(name) ?? neutral)
  }

  func duration(_ name: String) throws(ParameterError) -> TimeSpan {
    TimeSpan(nanoseconds: try stated(name) ?? 0)
  }

  /// The asset's own value, or that of `default`.
  func stated(_ name: String) throws(ParameterError) -> Int64? {
    for key in ["collateral.\(symbol).\(name)", "collateral.default.\(name)"]
    where set.states(key) {
      return try set.raw(key)
    }
    return nil
  }

  /// By underlying: stated for the asset, else for `default`.
  func correlations() throws(ParameterError) -> SymbolTable<Rate> {
    var stated: [(symbol: AssetSymbol, value: Rate)] = []
    var fallback = Rate.zero
    for owner in [symbol, "default"] {
      let prefix = "collateral.\(owner).wrongWay."
      for value in set.values where value.key.hasPrefix(prefix) {
        let name = String(value.key.dropFirst(prefix.count))
        guard name != "default" else { continue }
        do {
          let underlying = try AssetSymbol(name)
          guard !stated.contains(where: { $0.symbol == underlying }) else { continue }
          stated.append((underlying, Rate(billionths: value.raw)))
        } catch { throw .malformed(key: value.key, text: name, reason: error) }
      }
    }
    if let general = try self.stated("wrongWay.default") { fallback = Rate(billionths: general) }
    return SymbolTable(fallback: fallback, stated: stated)
  }
}

extension SymbolTable {
  /// Whether any value, stated or not, is such.
  func hasAny(_ isSuch: (Value) -> Bool) -> Bool {
    isSuch(fallback) || statedValues.contains(where: isSuch)
  }
}
