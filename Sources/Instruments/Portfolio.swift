// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// An order waiting in the book; margined by its worst fill.
@frozen
public struct RestingOrder: Hashable, Sendable {
  public let id: OrderID
  public let instrument: InstrumentID
  public let side: Side
  /// Steps not yet filled, positive.
  public var remaining: Size
  public let limit: Price
  /// Whether the order may only lower the position.
  public let isReduceOnly: Bool
  /// Whether the order is a market maker's quote, counted and limited by its protection.
  public let isQuote: Bool

  @inlinable
  public init(
    id: OrderID, instrument: InstrumentID, side: Side, remaining: Size, limit: Price,
    isReduceOnly: Bool, isQuote: Bool = false
  ) {
    self.id = id
    self.instrument = instrument
    self.side = side
    self.remaining = remaining
    self.limit = limit
    self.isReduceOnly = isReduceOnly
    self.isQuote = isQuote
  }
}

/// What an account holds: the whole input of its margin besides the market.
public struct Portfolio: Hashable, Sendable {
  public var mode: MarginMode
  /// Ledger units, one entry per collateral asset of the listing, by dense index.
  public var balances: [Int64]
  /// Sorted by instrument, no position of size zero.
  public var positions: [Position]
  /// Sorted by id.
  public var orders: [RestingOrder]
  /// Sorted by underlying; what limits the orders that are quotes.
  public var protections: [QuoteProtection]

  public init(
    mode: MarginMode, balances: [Int64], positions: [Position] = [], orders: [RestingOrder] = [],
    protections: [QuoteProtection] = []
  ) {
    self.mode = mode
    self.balances = balances
    self.positions = positions
    self.orders = orders
    self.protections = protections
  }
}

extension Portfolio {
  /// Where a position on `instrument` is, or would be inserted.
  public func slot(of instrument: InstrumentID) -> (index: Int, isHeld: Bool) {
    var low = 0
    var high = positions.count
    while low < high {
      let middle = (low + high) / 2
      if positions[middle].instrument < instrument { low = middle + 1 } else { high = middle }
    }
    return (low, low < positions.count && positions[low].instrument == instrument)
  }

  /// The size held of `instrument`, zero if none.
  public func size(of instrument: InstrumentID) -> Size {
    let slot = slot(of: instrument)
    return slot.isHeld ? positions[slot.index].size : .zero
  }

  /// Takes `moved` steps out of the position on `instrument`, with their share of its cost,
  /// rounded down; nothing is realized.
  ///
  /// - Parameter moved: Of the position's sign and no more than it.
  /// - Returns: What they cost.
  public mutating func give(_ moved: Size, of instrument: InstrumentID) -> Int64 {
    let slot = slot(of: instrument)
    guard slot.isHeld else { return 0 }
    let held = positions[slot.index]
    guard moved != held.size else {
      positions.remove(at: slot.index)
      return held.cost
    }
    let share = Int128(held.cost) * Int128(moved.steps)
    let cost = Int64(share.divided(by: Int128(held.size.steps), rounding: .down))
    positions[slot.index].size = held.size - moved
    positions[slot.index].cost = held.cost - cost
    return cost
  }

  /// Takes over `moved` steps of `instrument` that cost `cost`.
  ///
  /// - Returns: What those realize that meet an opposite position and end with it, ledger units
  ///   of the settlement asset, not yet booked; otherwise zero.
  public mutating func receive(
    _ moved: Size, of instrument: InstrumentID, cost: Int64
  ) -> Int64 {
    let slot = slot(of: instrument)
    guard slot.isHeld else {
      positions.insert(Position(instrument: instrument, size: moved, cost: cost), at: slot.index)
      return 0
    }
    let realized = positions[slot.index].receive(moved, cost: cost)
    if positions[slot.index].size == .zero { positions.remove(at: slot.index) }
    return realized
  }

  /// Changes the position on `instrument` by `traded` steps at `unitValue`.
  ///
  /// - Returns: The profit realized, in ledger units of the settlement asset, not yet booked.
  public mutating func take(
    _ traded: Size, of instrument: InstrumentID, unitValue: Int64
  ) -> Int64 {
    let slot = slot(of: instrument)
    var position =
      slot.isHeld
      ? positions[slot.index] : Position(instrument: instrument, size: .zero, cost: 0)
    let realized = position.trade(traded, unitValue: unitValue)
    if position.size == .zero {
      if slot.isHeld { positions.remove(at: slot.index) }
    } else if slot.isHeld {
      positions[slot.index] = position
    } else {
      positions.insert(position, at: slot.index)
    }
    return realized
  }

  /// One position and the balance it settles in, for trades to be tried on without the rest.
  public func settling(_ instrument: InstrumentID, asset: Int) -> SettlingPosition {
    let slot = slot(of: instrument)
    let none = Position(instrument: instrument, size: .zero, cost: 0)
    return SettlingPosition(
      position: slot.isHeld ? positions[slot.index] : none, balance: balances[asset])
  }
}

/// A position and the balance it settles in.
@frozen
public struct SettlingPosition: Hashable, Sendable {
  public private(set) var position: Position
  /// Ledger units.
  public private(set) var balance: Int64

  /// Changes the position by `traded` steps at `unitValue` and books what that realizes.
  public mutating func take(_ traded: Size, at unitValue: Int64) {
    balance += position.trade(traded, unitValue: unitValue)
  }
}
