// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// What entry fees on an underlying have left in one asset; rebates are paid from nothing else.
@frozen
public struct EntryPot: Hashable, Sendable {
  public let underlying: AssetSymbol
  public let asset: Asset
  /// Ledger units, positive.
  public var units: Int64

  @inlinable
  public init(underlying: AssetSymbol, asset: Asset, units: Int64) {
    self.underlying = underlying
    self.asset = asset
    self.units = units
  }
}

/// How far takers have an underlying out of balance, and what funding has made of it.
@frozen
public struct BalanceMark: Hashable, Sendable {
  public let underlying: AssetSymbol
  /// The net delta of all accounts that are not the house's, at the index; millionths of the quote
  /// currency.
  public var imbalance: Int64
  /// The funding rate of one interval as the imbalance has moved it, billionths of billionths.
  public var rate: Int64
  /// Σ of the impact premiums sampled since funding was last paid, billionths.
  public var premiums: Int64
  /// How many they are.
  public var samples: UInt32

  @inlinable
  public init(
    underlying: AssetSymbol, imbalance: Int64 = 0, rate: Int64 = 0, premiums: Int64 = 0,
    samples: UInt32 = 0
  ) {
    self.underlying = underlying
    self.imbalance = imbalance
    self.rate = rate
    self.premiums = premiums
    self.samples = samples
  }

  /// The largest magnitude of one premium that counts: the whole index.
  public static var mostPremium: Int64 { 1_000_000_000 }

  /// The mean of the sampled premiums, half to even; zero before the first.
  public var premium: Rate {
    guard samples > 0 else { return .zero }
    return Rate(
      billionths: Int64(Int128(premiums).divided(by: Int128(samples), rounding: .halfEven)))
  }

  /// With one more premium; at most ``mostPremium`` of it counts.
  public mutating func sample(_ premium: Rate) {
    guard samples < .max else { return }
    // 2^32 × 2^30.
    premiums += min(max(premium.billionths, -Self.mostPremium), Self.mostPremium)
    samples += 1
  }

  /// Funding was paid: sampling begins anew.
  public mutating func restartSampling() {
    premiums = 0
    samples = 0
  }
}

/// Who makes the markets, what entry fees have collected and how funding follows the imbalance;
/// empty unless somebody is registered or parameters ask for it.
public struct BalanceBook: Hashable, Sendable {
  /// Registered market makers, ascending.
  public internal(set) var makers: [AccountID] = []
  /// By underlying, then asset; none is empty.
  public internal(set) var pots: [EntryPot] = []
  /// By underlying; of those whose funding follows the imbalance.
  public internal(set) var marks: [BalanceMark] = []

  public init() {}

  public var isEmpty: Bool { makers.isEmpty && pots.isEmpty && marks.isEmpty }

  /// Whether an account is a registered maker's.
  public func isMaker(_ id: AccountID) -> Bool {
    let place = place(of: id)
    return place < makers.count && makers[place] == id
  }

  /// What a pot holds, ledger units.
  public func pot(of underlying: AssetSymbol, in asset: Asset) -> Int64 {
    pots.first { $0.underlying == underlying && $0.asset == asset }?.units ?? 0
  }

  /// All pots of an asset together.
  public func total(in asset: Asset) -> Int128 {
    pots.reduce(0) { $0 + ($1.asset == asset ? Int128($1.units) : 0) }
  }

  /// The mark of an underlying.
  public func mark(of underlying: AssetSymbol) -> BalanceMark? {
    marks.first { $0.underlying == underlying }
  }

  mutating func register(_ id: AccountID) {
    guard !isMaker(id) else { return }
    makers.insert(id, at: place(of: id))
  }

  mutating func release(_ id: AccountID) {
    if isMaker(id) { makers.remove(at: place(of: id)) }
  }

  mutating func setPot(of underlying: AssetSymbol, in asset: Asset, to units: Int64) {
    let pot = EntryPot(underlying: underlying, asset: asset, units: units)
    let place = pots.firstIndex { !Self.precedes($0, pot) } ?? pots.count
    let isThere =
      place < pots.count && pots[place].underlying == underlying && pots[place].asset == asset
    if isThere { pots.remove(at: place) }
    if units != 0 { pots.insert(pot, at: place) }
  }

  /// The order of pots.
  static func precedes(_ one: EntryPot, _ other: EntryPot) -> Bool {
    if one.underlying != other.underlying { return one.underlying < other.underlying }
    return one.asset < other.asset
  }

  private func place(of id: AccountID) -> Int {
    var (low, high) = (0, makers.count)
    while low < high {
      let middle = (low + high) / 2
      if makers[middle] < id { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
