// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// What a winner gave toward the losses of others and has not been paid back.
@frozen
public struct LossClaim: Hashable, Sendable {
  public let account: AccountID
  public let asset: Asset
  /// Ledger units, positive.
  public var units: Int64

  @inlinable
  public init(account: AccountID, asset: Asset, units: Int64) {
    self.account = account
    self.asset = asset
    self.units = units
  }
}

/// What is remembered of the insurance fund in one asset.
@frozen
public struct FundStanding: Hashable, Sendable {
  public let asset: Asset
  /// When the window of draws began.
  public internal(set) var windowStart: Timestamp
  /// The fund's balance then, ledger units; 0 before the first window.
  public internal(set) var opening: Int64
  /// What was drawn since then, ledger units.
  public internal(set) var drawn: Int64
  /// The highest balance since it is watched, ledger units; 0 while it is not.
  public internal(set) var peak: Int64
  /// How much of the peak was gone when it was last recorded: 0, 25, 50 or 75 percent.
  public internal(set) var drawdown: UInt8

  init(asset: Asset) {
    self.asset = asset
    windowStart = Timestamp(nanoseconds: 0)
    opening = 0
    drawn = 0
    peak = 0
    drawdown = 0
  }
}

/// How large the fund should be and what the venue asks while it is not.
@frozen
public struct FundReview: Hashable, Sendable {
  /// Millionths of the quote currency.
  public let target: Int64
  /// All of the fund at its index prices, millionths of the quote currency.
  public let balance: Int64
  /// On top of trading fees, as a share of themselves.
  public let feeRise: Rate
  /// On top of initial margin, as a share of it.
  public let marginRise: Rate

  @inlinable
  public init(target: Int64, balance: Int64, feeRise: Rate, marginRise: Rate) {
    self.target = target
    self.balance = balance
    self.feeRise = feeRise
    self.marginRise = marginRise
  }
}

/// How positions were closed against others: enough to find the same cuts again.
public struct DeleveragingAllocation: Hashable, Sendable {
  /// Whose positions are closed.
  public let account: AccountID
  public let instrument: InstrumentID
  /// The number of the rule in a parameter file.
  public let rule: UInt8
  /// Whether those without a profit were asked, after all winners were closed out.
  public let isWidened: Bool
  /// Steps to close, positive.
  public let size: Size
  /// Ledger units per step at which both sides trade.
  public let unitValue: Int64
  /// Exposure ÷ equity at which those who are touched end, in 2^−32; 0 under rules without one.
  public let level: Int64
  /// From which the first account is drawn; 0 under rules that draw none.
  public let seed: UInt64
  public let cuts: UInt32
  /// The digest of ``root(of:)``.
  public let root: ChainHash

  public init(
    account: AccountID, instrument: InstrumentID, rule: UInt8, isWidened: Bool, size: Size,
    unitValue: Int64, level: Int64, seed: UInt64, cuts: [(account: AccountID, size: Size)]
  ) {
    self.account = account
    self.instrument = instrument
    self.rule = rule
    self.isWidened = isWidened
    self.size = size
    self.unitValue = unitValue
    self.level = level
    self.seed = seed
    self.cuts = UInt32(clamping: cuts.count)
    root = Self.root(of: cuts)
  }

  /// SHA-256 over accounts and steps in the order in which they trade.
  public static func root(of cuts: [(account: AccountID, size: Size)]) -> ChainHash {
    var writer = CanonicalWriter()
    for cut in cuts {
      writer.append(cut.account)
      writer.append(cut.size)
    }
    return ChainHash.digest(domain: "plimsoll.deleveraging.1", parts: [writer.bytes])
  }
}

/// What the venue remembers of losses beyond balances; empty unless parameters ask for it.
public struct LossBook: Hashable, Sendable {
  /// Sorted by asset, then account.
  public internal(set) var claims: [LossClaim] = []
  /// Sorted by asset.
  public internal(set) var funds: [FundStanding] = []
  public internal(set) var review: FundReview?
  /// The same of every other risk universe, with its fund; sorted by universe, and empty in each.
  public internal(set) var universes: [UniverseBook] = []

  public init() {}

  public var isEmpty: Bool {
    claims.isEmpty && funds.isEmpty && review == nil && universes.isEmpty
  }

  /// What is remembered of the fund in an asset.
  public func fund(_ asset: Asset) -> FundStanding? { funds.first { $0.asset == asset } }

  /// The claims on the fund in an asset, sorted by account.
  public func claims(in asset: Asset) -> ArraySlice<LossClaim> {
    let start = place { $0.asset < asset }
    return claims[start...].prefix { $0.asset == asset }
  }

  /// The first place whose claim does not come before what is sought.
  private func place(where precedes: (LossClaim) -> Bool) -> Int {
    var (low, high) = (0, claims.count)
    while low < high {
      let middle = (low + high) / 2
      if precedes(claims[middle]) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

// MARK: Keeping it

extension LossBook {
  /// Adds what winners have given; sums of permitted amounts stay in their field.
  mutating func grant(_ granted: [LossClaim]) {
    var merged: [LossClaim] = []
    merged.reserveCapacity(claims.count + granted.count)
    var rest = claims[...]
    for claim in granted {
      while let first = rest.first, Self.precedes(first, claim) {
        merged.append(first)
        rest = rest.dropFirst()
      }
      if let same = rest.first, same.account == claim.account, same.asset == claim.asset {
        let sum = Int64(clamping: Int128(same.units) + Int128(claim.units))
        merged.append(LossClaim(account: claim.account, asset: claim.asset, units: sum))
        rest = rest.dropFirst()
      } else {
        merged.append(claim)
      }
    }
    claims = merged + rest
  }

  /// Lowers a claim by what was paid; one that is paid in full is gone.
  mutating func repay(_ units: Int64, of asset: Asset, to account: AccountID) {
    let sought = LossClaim(account: account, asset: asset, units: 0)
    let place = place { Self.precedes($0, sought) }
    guard place < claims.count, claims[place].account == account, claims[place].asset == asset
    else { return }
    claims[place].units -= units
    if claims[place].units <= 0 { claims.remove(at: place) }
  }

  static func precedes(_ one: LossClaim, _ other: LossClaim) -> Bool {
    one.asset != other.asset ? one.asset < other.asset : one.account < other.account
  }

  mutating func changeFund(_ asset: Asset, _ change: (inout FundStanding) -> Void) {
    let place = funds.firstIndex { $0.asset >= asset } ?? funds.count
    if place == funds.count || funds[place].asset != asset {
      funds.insert(FundStanding(asset: asset), at: place)
    }
    change(&funds[place])
  }

  /// Follows the balance of the book's fund: what it paid for others, and its highest stand.
  mutating func follow(_ transfer: Transfer, balance: Int64) {
    guard let place = funds.firstIndex(where: { $0.asset == transfer.amount.asset }) else { return }
    if transfer.from.fundUniverse != nil, transfer.reason == .insuranceCover {
      let drawn = Int128(funds[place].drawn) + Int128(transfer.amount.units)
      funds[place].drawn = Int64(clamping: drawn)
    }
    if funds[place].peak > 0 { funds[place].peak = max(funds[place].peak, balance) }
  }
}
