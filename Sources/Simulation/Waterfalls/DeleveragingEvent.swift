// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
public import Quantities
import RiskEngine

/// One position of an account in liquidation that was closed against those of winners.
public struct DeleveragingEvent: Sendable {
  public let time: Timestamp
  /// Whose position was closed.
  public let account: AccountID
  /// The contract's name.
  public let contract: String
  /// At which both sides traded.
  public let price: Price
  public let mark: Price
  /// Steps, positive.
  public private(set) var size: Size = .zero
  /// At the mark, millionths of the quote currency.
  public private(set) var value: Int64 = 0
  /// What winners gave up against the mark; negative where they did better.
  public private(set) var givenUp: Int64 = 0
  /// How many winners were asked.
  public private(set) var winners = 0
  /// The first of them, in the order in which they were asked.
  public private(set) var cuts: [Cut] = []
  private let terms: Contract
  private let quote: Asset

  /// What one winner gave.
  public struct Cut: Hashable, Sendable {
    public let account: AccountID
    /// Steps, positive.
    public let size: Size
    /// Steps it held before.
    public let held: Size
    /// At the mark, millionths of the quote currency.
    public let value: Int64
    /// Against the mark; negative where it did better.
    public let givenUp: Int64
    /// Profit of the whole position at the mark before.
    public let profit: Int64
  }

  init(
    time: Timestamp, account: AccountID, contract: Contract, quote: Asset, price: Price,
    mark: Price
  ) {
    self.time = time
    self.account = account
    self.contract = contract.name
    self.price = price
    self.mark = mark
    terms = contract
    self.quote = quote
  }

  mutating func add(_ cut: Cut, isNamed: Bool) {
    size = size + cut.size
    value = WaterfallCosts.sum(value, cut.value)
    givenUp = WaterfallCosts.sum(givenUp, cut.givenUp)
    winners += 1
    if isNamed { cuts.append(cut) }
  }

  /// Steps in the unit of the contract: coins, or quote units for inverse futures.
  public func quantityText(_ size: Size) -> String { terms.quantityText(size, quote: quote) }
}

/// What everybody holds, and what it cost, from the facts alone.
struct HeldPositions {
  private var positions: [InstrumentID: [AccountID: Position]] = [:]

  func position(of account: AccountID, in instrument: InstrumentID) -> Position? {
    positions[instrument]?[account]
  }

  mutating func take(_ event: LedgerEvent) {
    switch event {
    case .traded(let trade):
      change(trade.buyer, trade.instrument) { position in
        _ = position.trade(trade.size, unitValue: trade.unitValue)
      }
      change(trade.seller, trade.instrument) { position in
        _ = position.trade(-trade.size, unitValue: trade.unitValue)
      }
    case .profitsSettled(let id, let unitValue):
      for account in (positions[id] ?? [:]).keys {
        change(account, id) { $0.cost += $0.unrealizedProfit(unitValue: unitValue) }
      }
    case .profitRealized(let account, let id, let units):
      change(account, id) { $0.cost += units }
    case .instrumentExpired(let id, _, _): positions[id] = nil
    case .positionMoved(let move):
      change(move.from, move.instrument) { position in
        position.size = position.size - move.size
        position.cost -= move.cost
      }
      change(move.to, move.instrument) { _ = $0.receive(move.size, cost: move.cost) }
    default: break
    }
  }

  /// Changes a position, which is gone when it has no size.
  private mutating func change(
    _ account: AccountID, _ instrument: InstrumentID, _ change: (inout Position) -> Void
  ) {
    let nothing = Position(instrument: instrument, size: .zero, cost: 0)
    change(&positions[instrument, default: [:]][account, default: nothing])
    if positions[instrument]?[account]?.size == .zero { positions[instrument]?[account] = nil }
  }
}

/// How the positions of a venue stand in the queues for deleveraging.
public struct DeleveragingQueue: Hashable, Sendable {
  public let time: Timestamp
  /// The last tenth of each queue first; then those who are not asked while others suffice.
  public internal(set) var classes = [Class](repeating: Class(), count: tenths + 1)

  public static let tenths = 10

  public struct Class: Hashable, Sendable {
    public internal(set) var positions = 0
    /// At the marks, millionths of the quote currency.
    public internal(set) var value: Int64 = 0

    public init() {}
  }

  public init(time: Timestamp) { self.time = time }

  /// Asks the engine for the place of every position.
  init(_ engine: Engine) {
    self.init(time: engine.state.time)
    guard let valuation = engine.valuation else { return }
    for contract in engine.state.listing.contracts {
      for place in engine.deleveragingPlaces(in: contract.id) {
        let slot = place.quantile.map { min(($0 - 1) / Self.tenths, Self.tenths - 1) }
        add(valuation.notional(place.size, of: contract.id), to: slot ?? Self.tenths)
      }
    }
  }

  mutating func add(_ value: Int64, to slot: Int) {
    classes[slot].positions += 1
    classes[slot].value = WaterfallCosts.sum(classes[slot].value, value)
  }
}
