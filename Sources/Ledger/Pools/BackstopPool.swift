// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// In which order a pool's depositors bear its losses.
@frozen
public enum PoolTranche: UInt8, Hashable, Sendable, CaseIterable {
  /// Loses only what the junior tranche cannot bear.
  case senior
  /// Loses first, for a share of the gains.
  case junior
}

/// What one depositor has in one tranche of a pool.
public struct PoolClaim: Hashable, Sendable {
  public let account: AccountID
  public let tranche: PoolTranche
  public internal(set) var claim: ProductSum.Claim
  /// The withdrawal it has given notice of.
  public internal(set) var notice: PoolNotice?
}

/// A withdrawal that was announced.
@frozen
public struct PoolNotice: Hashable, Sendable {
  /// Ledger units of the quote currency; they stay at risk until they are paid.
  public let units: Int64
  /// From then on they may be paid.
  public let due: Timestamp

  @inlinable
  public init(units: Int64, due: Timestamp) {
    self.units = units
    self.due = due
  }
}

/// Capital that stands ready to take over the positions of accounts in liquidation.
///
/// The pool trades with a ledger account of its own, which is nobody else's collateral and has no
/// other: what it loses ends with its depositors. They are owed what their claims say, in the
/// quote currency. What a pool has gained is taken out of its account into a reserve, where no
/// later loss reaches it, until its depositors fetch it.
public struct BackstopPool: Hashable, Sendable {
  /// Its ledger account.
  public let id: AccountID
  /// The underlyings of which it takes positions, sorted.
  public let markets: [AssetSymbol]
  public internal(set) var senior: ProductSum
  public internal(set) var junior: ProductSum
  /// Sorted by account, then tranche.
  public internal(set) var claims: [PoolClaim]
  /// Gains that nobody has fetched yet, ledger units of the quote currency.
  public internal(set) var reserve: Int64
  /// The order with which it reduces a position, if one is out.
  public internal(set) var order: LiquidationOrder?

  /// The most underlyings of one pool.
  public static let mostMarkets = 64

  /// An empty pool.
  ///
  /// - Parameter markets: In any order, each once.
  public init(id: AccountID, markets: [AssetSymbol]) {
    self.id = id
    self.markets = markets.sorted()
    senior = ProductSum(assetCount: 1)
    junior = ProductSum(assetCount: 1)
    claims = []
    reserve = 0
    order = nil
  }

  /// What the depositors of a tranche own together.
  public subscript(tranche: PoolTranche) -> ProductSum {
    tranche == .senior ? senior : junior
  }

  /// All deposits as losses have left them, ledger units of the quote currency: what the pool's
  /// account holds whenever it has no position.
  public var total: Int64 { senior.total + junior.total }

  /// Whether the pool takes positions on an underlying.
  public func covers(_ underlying: AssetSymbol) -> Bool { markets.contains(underlying) }
}

// MARK: Claims

extension BackstopPool {
  /// What a depositor has in a tranche; `nil` if nothing.
  public func claim(of account: AccountID, _ tranche: PoolTranche) -> PoolClaim? {
    let slot = slot(of: account, tranche)
    return slot.isHeld ? claims[slot.index] : nil
  }

  /// What a depositor's claim is worth now: what is left of the deposit, and the gains not yet
  /// fetched; nothing without a claim.
  public func worth(of account: AccountID, _ tranche: PoolTranche) -> ProductSum.Worth {
    let worth = claim(of: account, tranche).flatMap { try? self[tranche].worth(of: $0.claim) }
    return worth ?? ProductSum.Worth(units: 0, gains: [0])
  }

  /// Where a claim is, or would be inserted.
  func slot(of account: AccountID, _ tranche: PoolTranche) -> (index: Int, isHeld: Bool) {
    let wanted = (account.number, tranche.rawValue)
    var low = 0
    var high = claims.count
    while low < high {
      let middle = (low + high) / 2
      let found = (claims[middle].account.number, claims[middle].tranche.rawValue)
      if found < wanted { low = middle + 1 } else { high = middle }
    }
    guard low < claims.count else { return (low, false) }
    return (low, (claims[low].account.number, claims[low].tranche.rawValue) == wanted)
  }

  /// Takes in a deposit; what was there becomes one claim with it, and its gains are fetched.
  mutating func deposit(_ entry: PoolEntry) {
    let slot = slot(of: entry.account, entry.tranche)
    var units = entry.units
    var notice: PoolNotice?
    if slot.isHeld {
      notice = claims[slot.index].notice
      units += empty(claims[slot.index].claim, entry.tranche)
    }
    guard let claim = change(entry.tranche, { try? $0.deposit(units) }) else { return }
    let held = PoolClaim(
      account: entry.account, tranche: entry.tranche, claim: claim, notice: notice)
    if slot.isHeld { claims[slot.index] = held } else { claims.insert(held, at: slot.index) }
  }

  /// Pays out a part of a claim, and all its gains; the notice is spent.
  mutating func withdraw(_ entry: PoolEntry) {
    let slot = slot(of: entry.account, entry.tranche)
    guard slot.isHeld else { return }
    let old = claims[slot.index].claim
    let rest = change(entry.tranche) { try? $0.withdraw(entry.units, from: old) }
    guard let claim = rest?.claim else {
      claims.remove(at: slot.index)
      return
    }
    claims[slot.index].claim = claim
    claims[slot.index].notice = nil
  }

  mutating func setNotice(
    _ notice: PoolNotice?, of account: AccountID, _ tranche: PoolTranche
  ) {
    let slot = slot(of: account, tranche)
    if slot.isHeld { claims[slot.index].notice = notice }
  }

  /// - Returns: The units that were left of a claim and now are in none.
  private mutating func empty(_ claim: ProductSum.Claim, _ tranche: PoolTranche) -> Int64 {
    let units = (try? self[tranche].worth(of: claim).units) ?? 0
    _ = change(tranche) { try? $0.withdraw(units, from: claim) }
    return units
  }

  private mutating func change<Result>(
    _ tranche: PoolTranche, _ body: (inout ProductSum) -> Result
  ) -> Result {
    switch tranche {
    case .senior: body(&senior)
    case .junior: body(&junior)
    }
  }
}

// MARK: Results

extension BackstopPool {
  /// How a result is divided between the tranches.
  ///
  /// A loss falls on the junior tranche until nothing is left of it. Of a gain the junior tranche
  /// has its share, rounded down; a tranche without deposits has none of it.
  /// - Parameters:
  ///   - profit: Ledger units, negative for a loss of no more than ``total``.
  ///   - juniorShare: Between 0 and 1.
  public func divided(_ profit: Int64, juniorShare: Rate) -> PoolSettlement {
    guard profit > 0 else {
      let first = max(profit, -junior.total)
      return PoolSettlement(pool: id, senior: profit - first, junior: first)
    }
    var gain = juniorShare.share(of: profit, rounding: .down)
    if senior.total == 0 { gain = profit }
    if junior.total == 0 { gain = 0 }
    return PoolSettlement(pool: id, senior: profit - gain, junior: gain)
  }

  /// Books a result.
  mutating func settle(_ settlement: PoolSettlement) {
    Self.book(settlement.senior, in: &senior)
    Self.book(settlement.junior, in: &junior)
  }

  private static func book(_ profit: Int64, in sum: inout ProductSum) {
    guard profit != 0 else { return }
    // Within the limits: the decision asked, and a failure leaves the sum as it was.
    try? sum.apply(loss: max(-profit, 0), gains: [max(profit, 0)])
  }
}

/// A deposit into a pool, or a payment out of it.
@frozen
public struct PoolEntry: Hashable, Sendable {
  public let account: AccountID
  public let pool: AccountID
  public let tranche: PoolTranche
  /// Of the deposit, ledger units of the quote currency.
  public let units: Int64
  /// Paid to the account out of the pool's reserve with it.
  public let gains: Int64

  @inlinable
  public init(
    account: AccountID, pool: AccountID, tranche: PoolTranche, units: Int64, gains: Int64
  ) {
    self.account = account
    self.pool = pool
    self.tranche = tranche
    self.units = units
    self.gains = gains
  }
}

/// What a pool has gained or lost from one rest to the next, ledger units of the quote currency.
@frozen
public struct PoolSettlement: Hashable, Sendable {
  public let pool: AccountID
  /// Negative for a loss.
  public let senior: Int64
  public let junior: Int64

  @inlinable
  public init(pool: AccountID, senior: Int64, junior: Int64) {
    self.pool = pool
    self.senior = senior
    self.junior = junior
  }

  @inlinable
  public var profit: Int64 { senior + junior }
}
