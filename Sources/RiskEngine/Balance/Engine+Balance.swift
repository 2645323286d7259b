// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Clearing
import Instruments
import Ledger
import Liquidation
public import Margin
import MarketData
import Parameters
public import Quantities

/// What a group of accounts holds on one underlying, as the market moves it; exact sums.
public struct GroupGreeks: Hashable, Sendable {
  /// 10^−8 of base units.
  public internal(set) var delta: Int128 = 0
  /// What delta gains when forwards rise by 1 %, 10^−8 of base units.
  public internal(set) var gamma: Int128 = 0
  /// 10^−8 of the quote currency per point (0.01) of volatility.
  public internal(set) var vega: Int128 = 0

  mutating func add(_ size: Size, of greeks: ContractGreeks) {
    // 2^60 × 2^63; as many accounts as there can be stay far below 2^127 only when each is held
    // to 2^90, which no market comes near.
    func part(_ perStep: Int64) -> Int128 {
      min(max(Int128(size.steps) * Int128(perStep), -(1 << 90)), 1 << 90)
    }
    delta += part(greeks.delta)
    gamma += part(greeks.gamma)
    vega += part(greeks.vega)
  }
}

/// Who stands on which side of an underlying.
///
/// Positions net to zero, so takers hold the opposite of what makers, pools, auctions and the
/// fund's hedge hold together.
public struct UnderlyingBalance: Hashable, Sendable {
  public let underlying: AssetSymbol
  public internal(set) var makers = GroupGreeks()
  public internal(set) var pools = GroupGreeks()
  public internal(set) var auctions = GroupGreeks()
  /// What the insurance fund has bought against the rest.
  public internal(set) var hedge = GroupGreeks()
  /// The coins of the insurance funds of all universes, 10^−8 of base units, rounded down; nobody's
  /// other side.
  public internal(set) var fundDelta: Int128 = 0
  /// The takers' net delta at the index, millionths of the quote currency.
  public internal(set) var imbalance: Int64 = 0

  init(underlying: AssetSymbol) { self.underlying = underlying }

  /// Everybody else.
  public var takers: GroupGreeks {
    var sum = GroupGreeks()
    sum.delta = -(makers.delta + pools.delta + auctions.delta + hedge.delta)
    sum.gamma = -(makers.gamma + pools.gamma + auctions.gamma + hedge.gamma)
    sum.vega = -(makers.vega + pools.vega + auctions.vega + hedge.vega)
    return sum
  }
}

// Step 8: how far takers have the venue out of balance, and what funding makes of it.
extension Engine {
  /// The most registered makers of one venue.
  public static let mostMakers = 1_024

  mutating func registerMaker(_ id: AccountID) throws(StepError) {
    try checkRegistration(
      of: id, among: state.balance.makers, apartFrom: state.execution.relayers,
      atMost: Self.mostMakers, "the number of registered makers")
    try emit(.makerRegistered(id))
  }

  mutating func releaseMaker(_ id: AccountID) throws(StepError) {
    _ = try account(id)
    guard state.balance.isMaker(id) else { throw .refused(.notRegistered(id)) }
    try emit(.makerReleased(id))
  }

  /// The balance of every underlying, by symbol; `nil` until a block has marked the venue.
  public func balance() -> [UnderlyingBalance]? {
    guard let valuation else { return nil }
    return rules.underlyings.map { rule in
      var balance = balance(of: rule.symbol, valuation)
      for (index, collateral) in state.listing.collateral.enumerated()
      where collateral.underlying == rule.symbol {
        // 64 funds of at most 2^62 units.
        let units = state.houses[index].allFunds * 100_000_000
        balance.fundDelta += units / Int128(collateral.asset.unitsPerWhole)
      }
      return balance
    }
  }

  func balance(of underlying: AssetSymbol, _ valuation: Valuation) -> UnderlyingBalance {
    var balance = UnderlyingBalance(underlying: underlying)
    for index in houseAccounts() {
      var group = GroupGreeks()
      for position in state.accounts[index].portfolio.positions
      where valuation.underlying(of: position.instrument) == underlying {
        group.add(position.size, of: valuation.greeks(of: position.instrument))
      }
      let id = state.accounts[index].id
      if state.isHedge(id) {
        balance.hedge = balance.hedge + group
      } else if state.isPool(id) {
        balance.pools = balance.pools + group
      } else if state.balance.isMaker(id) {
        balance.makers = balance.makers + group
      } else {
        balance.auctions = balance.auctions + group
      }
    }
    balance.imbalance = notional(ofDelta: balance.takers.delta, underlying)
    return balance
  }

  /// A delta at the index, millionths of the quote currency, half to even and held to what an
  /// imbalance may be.
  func notional(ofDelta delta: Int128, _ underlying: AssetSymbol) -> Int64 {
    let index = state.market(of: underlying)?.market.index ?? .zero
    // 2^62 × 2^60.
    let quantity = min(max(delta, -(1 << 62)), 1 << 62)
    let value = (quantity * Int128(index.steps)).divided(by: 10_000_000_000, rounding: .halfEven)
    let limit = Int128(EntryFeePotential.limit)
    return Int64(min(max(value, -limit), limit))
  }

  /// Everybody who is of the house, ascending.
  private func houseAccounts() -> [Int] {
    var house = venueIndex.auctioned
    house += state.balance.makers.compactMap { state.index(of: $0) }
    house += state.pools.compactMap { state.index(of: $0.id) }
    if let hedge = state.hedge.flatMap({ state.index(of: $0.account) }) { house.append(hedge) }
    house.sort()
    var last = -1
    return house.filter { index in
      defer { last = index }
      return index != last
    }
  }

  // MARK: Funding

  /// Moves the funding rates with the imbalances and samples the premiums of open markets.
  mutating func markBalance(
    at instant: Timestamp, since previous: Timestamp
  ) throws(StepError) {
    var marks: [BalanceMark] = []
    for rule in rules.balance {
      guard let funding = rule.funding, let valuation,
        let market = state.market(of: rule.underlying)
      else { continue }
      let last = state.balance.mark(of: rule.underlying)
      var mark = last ?? BalanceMark(underlying: rule.underlying)
      // At a price that is not fresh nothing moves.
      if market.status == .open {
        mark.imbalance = balance(of: rule.underlying, valuation).imbalance
        mark.rate = funding.fineRate(
          after: last == nil ? .zero : instant - previous, from: mark.rate,
          imbalance: mark.imbalance)
        mark.sample(
          impactPremium(
            market.market.basis, selling: impactCost(rule, .sell, valuation),
            buying: impactCost(rule, .buy, valuation)))
      }
      marks.append(mark)
    }
    if !marks.isEmpty || !state.balance.marks.isEmpty { try emit(.balanceMarked(marks)) }
  }

  /// What the size for which premiums are sampled costs an order of a side: against the depth of
  /// the entry fee, and no less than through what has stood in the deepest book of a perpetual,
  /// where depth is reported.
  private func impactCost(_ rule: BalanceRule, _ side: Side, _ valuation: Valuation) -> Rate {
    guard rule.impactNotional > 0 else { return .zero }
    var least: Rate?
    for (index, contract) in state.listing.contracts.enumerated() {
      guard case .perpetual = contract.kind, contract.underlying == rule.underlying,
        isTraded(index), let depth = standingDepth(of: contract.id, side: side)
      else { continue }
      let step = max(valuation.notional(Size(steps: 1), of: contract.id), 1)
      let steps = min((rule.impactNotional - 1) / step + 1, Size.limit)
      let cost = leastCost(
        of: Size(steps: steps), through: depth, distance: rules.liquidation.depth.distance)
      least = min(least ?? cost, cost)
    }
    return max(rule.impactCost, least ?? .zero)
  }

  /// The rate of an interval and what a long step pays a short one.
  ///
  /// Where funding follows the imbalance the payment is taken on the index, where it does not, on
  /// the mark. One integer per step either way: both sides net to zero.
  func funding(of contract: Contract, _ market: MarkedMarket, unitValue: Int64) -> UnitFunding {
    guard let rule = rules.balanceRule(of: contract.underlying), let funding = rule.funding,
      let mark = state.balance.mark(of: contract.underlying)
    else {
      let rate = fundingRate(premium: market.market.basis, rules.clearing)
      return UnitFunding(rate: rate, notional: unitNotional(unitValue: unitValue))
    }
    let rate = funding.settledRate(mark.rate, premium: mark.premium, weight: rule.premiumWeight)
    let indexed = (try? contract.unitValue(at: market.market.index)) ?? unitValue
    return UnitFunding(rate: rate, notional: unitNotional(unitValue: indexed))
  }

  /// Sampling begins anew for the underlyings whose funding was paid.
  mutating func restartSampling(of underlyings: [AssetSymbol]) throws(StepError) {
    var marks = state.balance.marks
    for place in marks.indices where underlyings.contains(marks[place].underlying) {
      marks[place].restartSampling()
    }
    if marks != state.balance.marks { try emit(.balanceMarked(marks)) }
  }
}

/// A funding rate and what it comes to per size step.
struct UnitFunding {
  let rate: Rate
  /// What one long step pays one short step, ledger units of the settlement asset.
  let payment: Int64

  init(rate: Rate, notional: Int64) {
    self.rate = rate
    payment = unitFunding(notional: notional, rate: rate)
  }
}

extension GroupGreeks {
  fileprivate static func + (left: Self, right: Self) -> Self {
    var sum = left
    sum.delta += right.delta
    sum.gamma += right.gamma
    sum.vega += right.vega
    return sum
  }
}

extension Valuation {
  /// What one size step of a contract moves with the market.
  public func greeks(of instrument: InstrumentID) -> ContractGreeks {
    requirements.contractGreeks(of: instrument)
  }
}
