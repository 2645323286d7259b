// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import Parameters
import Quantities

/// Rows that stand beside a ledger's accounts and follow them, so that a block measures all
/// accounts by ``VenueSweep``.
///
/// The owner of the accounts says which have changed since the last block. Risks are those of
/// ``RequirementEngine/risk(of:scratch:)`` to the last unit, penalty and buffer included: what the
/// sweep does not hold (sizes and amounts beyond its bounds, a mode that has changed since the
/// rows were made) is measured from its portfolio, and so are open orders, on top of the row.
public struct FollowedRows: Sendable {
  private var rows: AccountRows
  private var table: SweepTable
  /// By account: measured from its portfolio.
  private var isApart: [Bool] = []
  /// By account: has open orders.
  private var hasOrders: [Bool] = []
  /// Of the largest account, coins included.
  private var mostEntries = 1
  /// Replacements until the rows are worth making anew.
  private var patience: Int

  /// - Parameters:
  ///   - engine: At a market.
  ///   - portfolio: The portfolio of each account `0..<count`.
  public init(_ engine: RequirementEngine, count: Int, portfolio: (Int) -> Portfolio) {
    table = SweepTable(engine)
    var builder = AccountRows.Builder(engine, capacity: count)
    for account in 0..<count {
      let portfolio = portfolio(account)
      isApart.append(!builder.appendSwept(portfolio))
      hasOrders.append(!portfolio.orders.isEmpty)
    }
    rows = builder.finished()
    mostEntries = max(Int(rows.counts.max() ?? 0), 1)
    patience = 2 * count
  }

  /// Accounts with a row; those that were opened later are the owner's to measure.
  public var count: Int { rows.count }

  /// Whether so many changes have come that rows made anew would be read faster.
  public var isWorn: Bool { patience < 0 }

  /// Takes over the engine's block, of the same listing and parameters.
  public mutating func advance(to engine: RequirementEngine) { table.rebuild(engine) }

  /// Takes over what an account has become.
  public mutating func replace(
    _ account: Int, with portfolio: borrowing Portfolio, _ engine: RequirementEngine
  ) {
    guard account < rows.count else { return }
    let order = rows.order(of: account)
    isApart[account] = !rows.replace(order, with: portfolio, engine)
    hasOrders[account] = !portfolio.orders.isEmpty
    mostEntries = max(mostEntries, Int(rows.counts[order]))
    // A new row for many accounts that the sweep does not hold is worth more than one for many
    // that it does.
    patience -= isApart[account] ? 8 : 1
  }

  /// The sweep of the block; `nil` where the block or the rules leave the accounts to the engine.
  public func sweep(_ engine: RequirementEngine) -> VenueSweep? {
    let sweep = VenueSweep(engine, table)
    return sweep.canSweep && !engine.chargesStandaloneSizes ? sweep : nil
  }

  /// Measures the accounts at `orders` of the rows' order.
  ///
  /// - Parameters:
  ///   - sweep: Of these rows, at their block.
  ///   - unmeasured: Of a portfolio that the engine refuses.
  ///   - risks: By account; those of the accounts measured are written.
  ///   - portfolio: The portfolio of an account, as it was when its row was written.
  /// - Precondition: `risks` has a place for every account with a row.
  public func measure(
    _ orders: Range<Int>, _ sweep: VenueSweep, unmeasured: AccountRisk,
    into risks: UnsafeMutableBufferPointer<AccountRisk>, portfolio: (Int) -> Portfolio
  ) {
    precondition(risks.count >= rows.count, "room for every risk")
    var scratch = SweepScratch(sweep, mostEntries: mostEntries)
    // A few at a time: what the sweep has found is then read where it was written.
    let stretch = min(orders.count, 2_048)
    var requirements = Array(repeating: AccountRequirement.unmeasured, count: stretch)
    for start in stride(from: orders.lowerBound, to: orders.upperBound, by: max(stretch, 1)) {
      let part = start..<min(start + stretch, orders.upperBound)
      requirements.withUnsafeMutableBufferPointer { results in
        sweep.measure(part, of: rows, &scratch, into: results)
      }
      for order in part {
        let account = rows.account(at: order)
        let requirement = requirements[order - start]
        risks[account] =
          risk(order, requirement, sweep.engine, portfolio)
          ?? (try? sweep.engine.risk(of: portfolio(account), scratch: &scratch.exact)) ?? unmeasured
      }
    }
  }

  /// What the sweep has found, with penalty, buffer and open orders; `nil` where it holds nothing.
  @inline(__always)
  private func risk(
    _ order: Int, _ swept: AccountRequirement, _ engine: borrowing RequirementEngine,
    _ portfolio: (Int) -> Portfolio
  ) -> AccountRisk? {
    let account = rows.account(at: order)
    guard !isApart[account], swept != .unmeasured else { return nil }
    var initial = swept.initialMargin
    if hasOrders[account] {
      guard let charge = try? engine.openOrderCharge(of: portfolio(account)) else { return nil }
      initial = QuoteMoney.sum(initial, charge)
    }
    return AccountRisk(
      equity: swept.equity, initialMargin: initial, maintenanceMargin: swept.maintenanceMargin,
      liquidationBuffer: QuoteMoney.charge(
        swept.maintenanceMargin, rate: engine.parameters.buffer.billionths),
      penaltyRate: Rate(billionths: rows.penaltyRate(order, engine)))
  }
}
