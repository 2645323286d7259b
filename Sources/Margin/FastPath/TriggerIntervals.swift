// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import MarketData
import Quantities

/// For every account and each underlying it depends on, an interval of the index inside which
/// its equity cannot fall below its maintenance margin, whatever the others do inside theirs.
///
/// A tick wakes the accounts whose interval it leaves; they are measured and get new intervals.
/// An account that has none, because something of it is not bounded or nothing is left to share
/// out, is *restless*: every tick measures it. How intervals are made is in <doc:FastPath>;
/// the markets for which all of them hold are a ``TriggerReach`` around the reference.
public struct TriggerIntervals: Sendable {
  /// What a tick asks for.
  public enum Waking: Equatable, Sendable {
    /// Measure so many accounts, by ``recheck(_:of:_:report:)``.
    case restless(Int)
    /// Measure all: so many would wake that a sweep is cheaper, or the market has left the reach.
    case everyone(isOutOfReach: Bool)
  }

  let reach: TriggerReach
  var boxes: [UnderlyingBox?]
  var bounds: [ContractBound?]
  /// Size charges and tier floor, by underlying.
  var terms: [BoxedTerms?]
  var largestShift: Double
  /// What the reference knew of volumes and depth; every interval is for just that.
  private var liquidity: [UnderlyingLiquidity]
  /// Whether the rules leave anything to bound at all.
  var isBounded = false
  /// Money of one ledger unit at the reference, by asset.
  var unitWorths: [Double]
  var books: [TriggerBook]
  var legs: TriggerLegs
  /// Accounts to be measured by every tick, by order, and where each stands in the list; −1.
  var restless: [Int32]
  var restlessPlaces: [Int32]
  /// Above this many a tick asks for all.
  public let mostWoken: Int
  /// Whether each expiry was settling at the reference; that another begins no interval foresees.
  private var isSettling: [Bool]
  var scratch: ArmScratch

  /// Makes intervals for all accounts.
  ///
  /// - Parameters:
  ///   - sweep: At the market that becomes the reference.
  ///   - mostWoken: `nil` takes a hundredth of the accounts, and at least 100.
  public init(
    _ sweep: VenueSweep, of rows: AccountRows, _ scratch: inout SweepScratch,
    reach: TriggerReach = TriggerReach(), mostWoken: Int? = nil
  ) {
    self.reach = reach
    self.mostWoken = mostWoken ?? max(rows.count / 100, 100)
    let engine = sweep.engine
    boxes = []
    bounds = []
    terms = []
    liquidity = []
    books = []
    unitWorths = []
    largestShift = 0
    isSettling = []
    restless = []
    restless.reserveCapacity(rows.count)
    restlessPlaces = Array(repeating: -1, count: rows.count)
    legs = TriggerLegs(rows)
    self.scratch = ArmScratch(underlyings: engine.layout.underlyings.count)
    refer(to: engine)
    rebuild(sweep, of: rows, &scratch)
  }

  /// Takes a new reference and makes all intervals anew, off the hot path: for when the market has
  /// left the reach, and after ``AccountRows/rebucketed()``, which changes places.
  public mutating func rebuild(
    _ sweep: VenueSweep, of rows: AccountRows, _ scratch: inout SweepScratch
  ) {
    refer(to: sweep.engine)
    legs = TriggerLegs(rows)
    restless.removeAll(keepingCapacity: true)
    for order in restlessPlaces.indices {
      restlessPlaces[order] = Int32(restless.count)
      restless.append(Int32(truncatingIfNeeded: order))
    }
    _ = recheck(sweep, of: rows, &scratch) { _, _ in }
  }

  private mutating func refer(to engine: RequirementEngine) {
    let layout = engine.layout
    let withOptions = layout.underlyings.indices.map { slot in
      engine.charges.contains { $0.underlying == slot && $0.isOption }
    }
    boxes = layout.underlyings.indices.map { slot in
      engine.marked.markets[slot].map {
        UnderlyingBox(
          $0, at: engine.marked.time, reach, hasOptions: withOptions[slot],
          usesVolatility: withOptions[slot] || engine.sizes.isActive)
      }
    }
    books = boxes.map { TriggerBook(reach: $0?.reach ?? 0) }
    let maker = BoundMaker(engine, boxes)
    largestShift = maker.largestShift
    isBounded = engine.haircuts[0] == 0 && engine.hasOnlyBoundedTerms(boxes)
    bounds = engine.charges.indices.map { isBounded ? maker.bound($0) : nil }
    liquidity = engine.usesLiquidity ? engine.marked.liquidity : []
    terms = boxedTerms(engine)
    unitWorths = layout.collateralUnderlyings.indices.map { asset in
      let slot = layout.collateralUnderlyings[asset]
      let decimals = Double(layout.listing.collateral[asset].asset.unitsPerWhole)
      return (slot < 0 ? 1 : boxes[slot]?.reference.value ?? 0) * 1e6 / decimals
    }
    isSettling = engine.marked.expiries.map { $0.settling != nil }
  }

  private func boxedTerms(_ engine: RequirementEngine) -> [BoxedTerms?] {
    guard engine.hasDeltaTerms else { return boxes.map { _ in nil } }
    var sizes = engine.sizes
    return boxes.indices.map { slot in
      guard let box = boxes[slot], let market = engine.marked.markets[slot] else { return nil }
      let level = box.level.high.isFinite ? box.level.high : market.volatility.value
      let shocked = UnderlyingMarket(
        underlying: market.underlying, index: market.index, basis: market.basis,
        volatility: Rate(billionths: Int64((level * 1e9).rounded(.up)) + 1))
      sizes.rebuild(
        slot, shocked, liquidity.first { $0.underlying == market.underlying })
      return BoxedTerms(slot, engine, box, sizes)
    }
  }

  // MARK: Ticks

  /// Finds out who must be measured at the engine's market.
  ///
  /// Accounts whose interval is left become restless. When it asks for everyone, nothing has
  /// changed: after sweeping, ``absorb(_:of:_:)`` or ``rebuild(_:of:_:)`` makes up for it.
  public mutating func wake(at engine: RequirementEngine) -> Waking {
    guard isInReach(engine) else { return .everyone(isOutOfReach: true) }
    var population = restless.count
    for slot in boxes.indices {
      guard let box = boxes[slot], let market = engine.marked.markets[slot] else { continue }
      population += books[slot].population(to: box.multiple(market.index))
    }
    guard population <= mostWoken else { return .everyone(isOutOfReach: false) }
    disturbCrossed(engine)
    return .restless(restless.count)
  }

  /// Whether every underlying is inside its box.
  private func isInReach(_ engine: RequirementEngine) -> Bool {
    for slot in isSettling.indices
    where (engine.marked.expiries[slot].settling != nil) != isSettling[slot] { return false }
    guard !engine.usesLiquidity || engine.marked.liquidity == liquidity else { return false }
    // A price as collateral moves by itself; nothing was bounded for it.
    guard engine.marked.collateral.isEmpty else { return false }
    for slot in boxes.indices {
      switch (boxes[slot], engine.marked.markets[slot]) {
      case (nil, nil): continue
      case (let box?, let market?):
        guard box.contains(market, at: engine.marked.time) else { return false }
      default: return false
      }
    }
    return true
  }

  /// Measures the restless accounts and gives intervals to those that can have some.
  ///
  /// - Parameter report: Called with the place and the requirement of each account measured.
  /// - Returns: How many were measured.
  @discardableResult
  public mutating func recheck(
    _ sweep: VenueSweep, of rows: borrowing AccountRows, _ scratch: inout SweepScratch,
    report: (Int, AccountRequirement) -> Void
  ) -> Int {
    let count = restless.count
    let canArm = isInReach(sweep.engine)
    var place = count
    while place > 0 {
      place -= 1
      let order = Int(restless[place])
      let requirement = sweep.requirement(order, of: rows, &scratch)
      report(order, requirement)
      if canArm, arm(order, of: rows, sweep, requirement, scratch) { calm(order) }
    }
    return count
  }

  /// Wakes and measures the accounts that a refused tick has left behind, however many.
  ///
  /// - Returns: Whether the market is in reach, so that the next tick is an ordinary one.
  public mutating func absorb(
    _ sweep: VenueSweep, of rows: borrowing AccountRows, _ scratch: inout SweepScratch
  ) -> Bool {
    guard isInReach(sweep.engine) else { return false }
    disturbCrossed(sweep.engine)
    recheck(sweep, of: rows, &scratch) { _, _ in }
    return true
  }

  /// Makes all accounts restless whose interval does not hold the market.
  private mutating func disturbCrossed(_ engine: RequirementEngine) {
    for slot in boxes.indices {
      guard let box = boxes[slot], let market = engine.marked.markets[slot] else { continue }
      let y = box.multiple(market.index)
      disturbCrossed(slot, y)
      books[slot].last = y
    }
  }

  private mutating func disturbCrossed(_ slot: Int, _ y: Double) {
    let (lists, isRise) = books[slot].crossedLists(to: y)
    for list in lists {
      var end = books[slot].head(list)
      while end >= 0 {
        // An account has one leg in a book, so the next end survives the removal of this one.
        let next = legs.next[Int(end)]
        let leg = Int(end) / 2
        if isRise ? legs.highs[leg] < y : legs.lows[leg] > y {
          disturb(legs.account(of: leg))
        }
        end = next
      }
    }
  }

  /// Makes an account restless: after a fill, a payment, or anything else that changes it.
  public mutating func disturb(_ order: Int) {
    guard restlessPlaces[order] < 0 else { return }
    for leg in legs.range(of: order) { books[legs.underlying(of: leg)].remove(leg, &legs) }
    restlessPlaces[order] = Int32(restless.count)
    restless.append(Int32(truncatingIfNeeded: order))
  }

  private mutating func calm(_ order: Int) {
    let place = Int(restlessPlaces[order])
    restlessPlaces[order] = -1
    guard let last = restless.popLast(), Int(last) != order else { return }
    restless[place] = last
    restlessPlaces[Int(last)] = Int32(place)
  }

  /// Whether an account is measured by every tick.
  public func isRestless(_ order: Int) -> Bool { restlessPlaces[order] >= 0 }

  /// Bytes of intervals and lists.
  public var byteCount: Int {
    legs.byteCount + books.reduce(0) { $0 + $1.byteCount } + restless.capacity * 4
      + restlessPlaces.capacity * 4
  }
}
