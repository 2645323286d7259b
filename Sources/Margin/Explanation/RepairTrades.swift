// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Quantities

/// Which line a repair must bring an account's equity to.
public enum RepairTarget: Hashable, Sendable, CaseIterable {
  /// Maintenance margin + liquidation buffer: where a liquidation ends.
  case restored
  /// Initial margin: where new risk may be taken again.
  case initialMargin

  /// The equity that is needed, millionths of the quote currency.
  public func line(of risk: AccountRisk) -> Int64 {
    switch self {
    case .restored: QuoteMoney.sum(risk.maintenanceMargin, risk.liquidationBuffer)
    case .initialMargin: risk.initialMargin
    }
  }

  /// How much of it is missing; 0 where the line is held.
  public func shortfall(of risk: AccountRisk) -> Int64 { max(line(of: risk) - risk.equity, 0) }
}

/// At what price an order would be filled, and what the venue charges for it.
public struct FillEstimate: Hashable, Sendable {
  public let price: Price
  /// Ledger units of the contract's settlement asset.
  public let fee: Int64

  public init(price: Price, fee: Int64) {
    self.price = price
    self.fee = fee
  }
}

/// One trade that brings an account back to a line.
public struct RepairTrade: Hashable, Sendable {
  public enum Purpose: UInt8, Hashable, Sendable, CaseIterable {
    /// Closes a part or all of a position.
    case reduction
    /// A future or perpetual against the account's delta.
    case hedge
  }

  public let purpose: Purpose
  public let instrument: InstrumentID
  /// Steps to trade; positive for a buy.
  public let size: Size
  public let fill: FillEstimate
  /// What the trade takes from equity: spread, impact and fee; millionths of the quote currency.
  public let cost: Int64
  /// Where the account stands after it.
  public let after: AccountRisk
}

/// The cheapest single trades that repair an account.
///
/// Candidates are the reduction of each position, and a trade of each listed future and perpetual
/// of an underlying against the account's delta in it (up to twice that delta). Each has the
/// smallest size found that meets the target: sizes are tried in steps of an eighth until one
/// meets it, then the last interval is halved, so one step less does not meet it; a window of
/// sizes narrower than an eighth may be missed. Every answer is the engine's own, after the trade
/// at its estimated price and fee.
public struct RepairTrades: Hashable, Sendable {
  public let target: RepairTarget
  /// What a deposit of the quote currency would have to be instead; 0 for an account that needs
  /// no repair.
  public let shortfall: Int64
  /// By cost, then contract; empty where no single trade is enough, or none is needed.
  public let trades: [RepairTrade]

  /// - Parameters:
  ///   - estimate: The fill of an order of a signed size, by dense index of the contract; `nil`
  ///     where nobody would take it.
  /// - Throws: ``MarginError``, as ``RequirementEngine/risk(of:scratch:)`` does.
  public init(
    _ engine: RequirementEngine, _ portfolio: Portfolio, target: RepairTarget,
    estimate: @escaping (Int, Size) -> FillEstimate?
  ) throws(MarginError) {
    let risk = try engine.risk(of: portfolio)
    self.target = target
    shortfall = target.shortfall(of: risk)
    guard shortfall > 0 else {
      trades = []
      return
    }
    var search = RepairSearch(
      engine: engine, portfolio: portfolio, target: target, equity: risk.equity,
      scratch: engine.makeScratch(), estimate: estimate)
    var found: [RepairTrade] = []
    for position in portfolio.positions {
      guard let index = engine.layout.index(of: position.instrument),
        let trade = search.smallest(
          .reduction, index, sign: -position.size.sign, limit: abs(position.size.steps))
      else { continue }
      found.append(trade)
    }
    let ladder = try GreekLadder(engine, portfolio)
    for index in engine.layout.listing.contracts.indices {
      guard let (sign, limit) = engine.hedge(with: index, of: ladder),
        !found.contains(where: {
          $0.instrument == engine.layout.listing.contracts[index].id && $0.size.sign == sign
        }), let trade = search.smallest(.hedge, index, sign: sign, limit: limit)
      else { continue }
      found.append(trade)
    }
    trades = found.sorted { one, other in
      one.cost != other.cost
        ? one.cost < other.cost
        : (one.instrument, one.purpose.rawValue) < (other.instrument, other.purpose.rawValue)
    }
  }
}

extension RequirementEngine {
  /// How a contract would be traded against the account's delta; `nil` for what is no hedge.
  fileprivate func hedge(
    with index: Int, of ladder: GreekLadder
  ) -> (sign: Int64, limit: Int64)? {
    let contract = layout.listing.contracts[index]
    switch contract.kind {
    case .spot, .option: return nil
    case .future(let expiry) where expiry <= marked.time: return nil
    case .perpetual, .future: break
    }
    guard charges[index].isPriced, charges[index].baseQuantity > 0 else { return nil }
    let delta = ladder[contract.underlying].delta
    let steps = 2 * delta.magnitude * 1e8 / Double(charges[index].baseQuantity)
    guard let limit = Int64(exactly: min(steps.rounded(.up), Double(Size.limit))), limit > 0
    else { return nil }
    return (delta > 0 ? -1 : 1, limit)
  }
}

/// The search for the smallest sizes.
private struct RepairSearch {
  let engine: RequirementEngine
  let portfolio: Portfolio
  let target: RepairTarget
  let equity: Int64
  var scratch: RiskScratch
  let estimate: (Int, Size) -> FillEstimate?

  mutating func smallest(
    _ purpose: RepairTrade.Purpose, _ index: Int, sign: Int64, limit: Int64
  ) -> RepairTrade? {
    var below: Int64 = 0
    var steps: Int64 = 1
    while true {
      if let trade = trial(purpose, index, Size(steps: sign * steps)) {
        return halve(purpose, index, sign, below: below, trade)
      }
      guard steps < limit else { return nil }
      below = steps
      steps = min(limit, steps + max(steps / 8, 1))
    }
  }

  private mutating func halve(
    _ purpose: RepairTrade.Purpose, _ index: Int, _ sign: Int64, below: Int64, _ found: RepairTrade
  ) -> RepairTrade {
    var (below, found) = (below, found)
    while found.size.steps.magnitude > UInt64(below) + 1 {
      let middle = (below + abs(found.size.steps)) / 2
      if let trade = trial(purpose, index, Size(steps: sign * middle)) {
        found = trade
      } else {
        below = middle
      }
    }
    return found
  }

  /// The trade, if it meets the target.
  private mutating func trial(
    _ purpose: RepairTrade.Purpose, _ index: Int, _ size: Size
  ) -> RepairTrade? {
    let contract = engine.layout.listing.contracts[index]
    guard let fill = estimate(index, size), let value = try? contract.unitValue(at: fill.price),
      let asset = engine.layout.listing.index(of: contract.settlementAsset)
    else { return nil }
    var changed = portfolio
    guard (changed.size(of: contract.id) + size).isPermitted else { return nil }
    let realized = changed.take(size, of: contract.id, unitValue: value)
    changed.balances[asset] += realized - fill.fee
    guard let after = try? engine.risk(of: changed, scratch: &scratch),
      target.shortfall(of: after) == 0
    else { return nil }
    return RepairTrade(
      purpose: purpose, instrument: contract.id, size: size, fill: fill,
      cost: equity - after.equity, after: after)
  }
}
