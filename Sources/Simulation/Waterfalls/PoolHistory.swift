// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
public import Ledger
import Margin
import Parameters
public import Quantities
import RiskEngine

/// What backstop pools did in a replay, and what a share of each of their tranches was worth.
///
/// A share is what the first depositor of a tranche got for one unit of the quote currency: what
/// losses have left of it, and the gains paid or kept for it, which no later loss reaches. While a
/// pool holds positions it is what would be left if they were closed at their marks.
public struct PoolHistory: Sendable {
  /// One tranche of one pool; money in ledger units of the quote currency.
  public struct Tranche: Hashable, Sendable {
    public let tranche: PoolTranche
    public internal(set) var deposited: Int64 = 0
    /// Paid out of the deposits.
    public internal(set) var withdrawn: Int64 = 0
    /// Gains less losses, of positions still held at their marks.
    public internal(set) var result: Int64 = 0
    /// One for each point of the replay; absent before the first deposit.
    public internal(set) var prices: [Rate?] = []

    public init(tranche: PoolTranche) { self.tranche = tranche }

    public var lowestPrice: Rate? { prices.compactMap(\.self).min() }
    public var lastPrice: Rate? { prices.last.flatMap(\.self) }
  }

  public struct Pool: Hashable, Sendable {
    public let id: AccountID
    public internal(set) var markets: [AssetSymbol]
    /// In the order of `PoolTranche`; those in which nobody ever was are left out at the end.
    public internal(set) var tranches: [Tranche]
    /// Notional taken over in each point of the replay, millionths of the quote currency.
    public internal(set) var taken: [Int64] = []
    /// Notional of the positions it holds at the end.
    public internal(set) var heldValue: Int64 = 0

    public init(id: AccountID, markets: [AssetSymbol], tranches: [Tranche]) {
      self.id = id
      self.markets = markets
      self.tranches = tranches
    }

    /// In all, millionths of the quote currency.
    public var takenValue: Int64 { taken.reduce(0, WaterfallCosts.sum) }
  }

  /// In the order in which they were opened.
  public var pools: [Pool] = []

  public init() {}
}

/// Follows backstop pools through a replay.
struct PoolLog {
  private var history = PoolHistory()
  /// By pool, then tranche.
  private var shares: [[PoolShare]] = []
  private var taken: [Int64] = []
  private var blocks = 0

  mutating func take(_ event: LedgerEvent, _ engine: Engine) {
    switch event {
    case .poolOpened(let id, let markets):
      var pool = PoolHistory.Pool(
        id: id, markets: markets,
        tranches: PoolTranche.allCases.map { PoolHistory.Tranche(tranche: $0) })
      pool.taken = Array(repeating: 0, count: blocks)
      for tranche in pool.tranches.indices {
        pool.tranches[tranche].prices = Array(repeating: nil, count: blocks)
      }
      history.pools.append(pool)
      shares.append(PoolTranche.allCases.map { _ in PoolShare() })
      taken.append(0)
    case .poolDeposited(let entry):
      guard let (pool, tranche) = place(entry) else { return }
      shares[pool][tranche].deposit(entry.units)
      history.pools[pool].tranches[tranche].deposited += entry.units
    case .poolWithdrawn(let entry):
      guard let (pool, tranche) = place(entry) else { return }
      shares[pool][tranche].withdraw(entry.units)
      history.pools[pool].tranches[tranche].withdrawn += entry.units
    case .poolSettled(let settlement):
      guard let pool = index(of: settlement.pool) else { return }
      for (tranche, result) in [settlement.senior, settlement.junior].enumerated() {
        shares[pool][tranche].settle(result)
        history.pools[pool].tranches[tranche].result += result
      }
    case .traded(let trade) where trade.cause == .pool:
      guard let pool = index(of: trade.buyer) ?? index(of: trade.seller) else { return }
      let value = engine.valuation?.notional(trade.size, of: trade.instrument) ?? 0
      taken[pool] = WaterfallCosts.sum(taken[pool], value)
    default: break
    }
  }

  /// Ends a block.
  mutating func record(_ engine: Engine) {
    blocks += 1
    for pool in history.pools.indices {
      let open = unsettled(pool, engine)
      for tranche in shares[pool].indices {
        history.pools[pool].tranches[tranche].prices.append(
          shares[pool][tranche].price(after: open[tranche]))
      }
      history.pools[pool].taken.append(taken[pool])
      taken[pool] = 0
    }
  }

  /// The history with what is still open at the marks.
  func finished(_ engine: Engine) -> PoolHistory {
    var history = history
    for pool in history.pools.indices {
      let open = unsettled(pool, engine)
      for tranche in open.indices { history.pools[pool].tranches[tranche].result += open[tranche] }
      history.pools[pool].tranches.removeAll { $0.deposited == 0 }
      guard let index = engine.state.index(of: history.pools[pool].id) else { continue }
      for position in engine.state.accounts[index].portfolio.positions {
        let value = engine.valuation?.notional(position.size, of: position.instrument) ?? 0
        history.pools[pool].heldValue = WaterfallCosts.sum(history.pools[pool].heldValue, value)
      }
    }
    return history
  }

  /// What each tranche would gain or lose if the pool's positions were closed at their marks.
  private func unsettled(_ place: Int, _ engine: Engine) -> [Int64] {
    let pool = engine.state.pools[place]
    guard let index = engine.state.index(of: pool.id), let valuation = engine.valuation
    else { return [0, 0] }
    let equity = valuation.risk(engine.state.accounts[index].portfolio).equity
    // Whatever it owes beyond its deposits is not its depositors'.
    let divided = pool.divided(
      max(equity - pool.total, -pool.total), juniorShare: engine.rules.pool.juniorShare)
    return [divided.senior, divided.junior]
  }

  private func index(of id: AccountID) -> Int? { history.pools.firstIndex { $0.id == id } }

  private func place(_ entry: PoolEntry) -> (pool: Int, tranche: Int)? {
    index(of: entry.pool).map { ($0, Int(entry.tranche.rawValue)) }
  }
}

/// What one unit of the first deposit of a tranche has become, in parts of 10^−18.
struct PoolShare {
  /// Deposits as losses have left them.
  private(set) var total: Int64 = 0
  /// What losses have left of the unit; gains of it besides.
  private var left: Int128 = 0
  private var gained: Int128 = 0

  private static let one: Int128 = 1_000_000_000_000_000_000

  mutating func deposit(_ units: Int64) {
    // Nothing is left of those who were there before: a share begins anew.
    if total == 0 { (left, gained) = (Self.one, 0) }
    total += units
  }

  mutating func withdraw(_ units: Int64) { total -= units }

  /// A loss of no more than there is, or a gain.
  mutating func settle(_ result: Int64) {
    guard total > 0 else { return }
    (left, gained) = moved(by: result)
    total += min(result, 0)
  }

  /// With a result that is not settled yet; `nil` where nobody has ever been.
  func price(after result: Int64) -> Rate? {
    guard left > 0 || gained > 0 || total > 0 else { return nil }
    let (left, gained) = total > 0 ? moved(by: result) : (left, gained)
    return Rate(billionths: Int64(clamping: (left + gained) / 1_000_000_000))
  }

  /// - Returns: `left` and `gained` after a result; at most 10^18 × 2^60, which 128 bits hold.
  private func moved(by result: Int64) -> (left: Int128, gained: Int128) {
    if result > 0 { return (left, gained + left * Int128(result) / Int128(total)) }
    return (left * Int128(max(total + result, 0)) / Int128(total), gained)
  }
}
