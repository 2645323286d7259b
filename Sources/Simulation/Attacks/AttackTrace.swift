// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Ledger
import Quantities

/// One strategy step by step: what each command did to the attacker's profit and to what
/// liquidations have closed.
///
/// Profit is reckoned anew after every step, so the steps add up to that of the strategy, whatever
/// they were.
public struct AttackTrace: Sendable {
  /// A command that the venue has taken.
  public struct Step: Sendable {
    public let command: Command
    public let events: [LedgerEvent]
    /// What it added to the attacker's profit, ledger units.
    public internal(set) var gain: Int64 = 0
    /// Value that liquidations closed in it, ledger units.
    public internal(set) var closed: Int64 = 0
  }

  public private(set) var steps: [Step] = []
  /// Of the steps that are reckoned.
  private var profit: Int64 = 0
  private var closed: Int64 = 0

  mutating func append(_ command: Command, _ events: [LedgerEvent]) {
    steps.append(Step(command: command, events: events))
  }

  /// Reckons the last step, once all that belongs to it is noted.
  mutating func reckon(_ world: AttackWorld) {
    guard let last = steps.indices.last else { return }
    let (now, notional) = (world.purse.profit(world), world.liquidatedNotional)
    steps[last].gain += now - profit
    steps[last].closed += notional - closed
    (profit, closed) = (now, notional)
  }
}

extension AttackTrace {
  /// The steps that moved profit or closed something, with their trades and payments, as text.
  public var lines: [String] {
    steps.filter { $0.gain != 0 || $0.closed != 0 }.flatMap { step in
      let name = "\(step.command)".prefix { $0 != "(" }
      return ["\(name): gain \(step.gain), closed \(step.closed)"]
        + step.events.compactMap(Self.line).map { "  " + $0 }
    }
  }

  private static func line(_ event: LedgerEvent) -> String? {
    switch event {
    case .traded(let trade):
      return "trade of \(trade.size.steps) steps of \(trade.instrument.number) at "
        + "\(trade.unitValue) a step: \(name(trade.buyer)) buys of \(name(trade.seller)), "
        + "\(trade.cause)"
    case .transferred(let transfer):
      return "\(transfer.reason): \(transfer.amount.units) of \(transfer.amount.asset.symbol), "
        + "\(name(transfer.from)) to \(name(transfer.to))"
    case .collateralSold(let fill): return "\(fill)"
    case .positionMoved(let move): return "\(move)"
    case .auctionBidFilled(let fill): return "\(fill)"
    default: return nil
    }
  }

  private static func name(_ party: LedgerAccount) -> String {
    if case .account(let id) = party { name(id) } else { "\(party)" }
  }

  private static func name(_ id: AccountID) -> String {
    let place = AttackWorld.attackers.firstIndex(of: id)
    return place == nil ? "\(id.number)" : "\(id.number) (his)"
  }
}

extension ScriptSearch {
  /// The strategy with a number, step by step; `nil` only where chains have no such place.
  public func trace(_ family: AttackFamily, number: UInt64) -> AttackTrace? {
    guard let script = strategy(family, number: number)?.script else { return nil }
    var world = opened(script)
    world.trace = AttackTrace()
    play(script, in: &world)
    world.reckonTrace()
    return world.trace
  }
}
