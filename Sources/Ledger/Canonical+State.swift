// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import MarketData
import Parameters
import Quantities

extension Account: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(id)
    writer.append(portfolio)
    // 1: a liquidation follows; 2: a parent; 4: a universe beyond the common one; 128: a margin
    // call.
    var parts = UInt8(liquidation == nil ? 0 : 1) | UInt8(parent == nil ? 0 : 2)
    if universe != .common { parts |= 4 }
    writer.append(parts | (marginCall == .none ? 0 : 128))
    if let liquidation { writer.append(liquidation) }
    if let parent { writer.append(parent) }
    if universe != .common { writer.append(universe) }
    if marginCall != .none { writer.append(marginCall.rawValue) }
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let id: AccountID = try reader.value()
    let portfolio: Portfolio = try reader.value()
    let parts = try reader.byte()
    guard parts & ~135 == 0 else { throw reader.malformed("account") }
    var liquidation: LiquidationProgress?
    if parts & 1 != 0 { liquidation = try reader.value() }
    var parent: AccountID?
    if parts & 2 != 0 { parent = try reader.value() }
    let universe: RiskUniverse = parts & 4 != 0 ? try reader.value() : .common
    self.init(
      id: id, portfolio: portfolio, liquidation: liquidation, parent: parent, universe: universe)
    if parts & 128 != 0 {
      marginCall = try reader.tag()
      guard marginCall != .none else { throw reader.malformed("account") }
    }
  }
}

extension MarketTotals: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(openInterest)
    writer.append(netSize)
    writer.append(clearing)
    writer.append(isExpired)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self.init()
    openInterest = try reader.integer()
    netSize = try reader.integer()
    clearing = try reader.integer()
    isExpired = try reader.bool()
  }
}

extension LedgerState.HouseBalances: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(insuranceFund)
    writer.append(fees)
    writer.append(outside)
    writer.append(customers)
    writer.append(clearing)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self.init()
    insuranceFund = try reader.integer()
    fees = try reader.integer()
    outside = try reader.integer()
    customers = try reader.integer()
    clearing = try reader.integer()
  }
}

extension LedgerState: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(listing)
    writer.append(parameters)
    writer.append(time)
    writer.append(block)
    writer.append(list: feeds)
    writer.append(list: markets)
    writer.append(list: marks)
    writer.append(list: totals)
    writer.append(list: accounts)
    writer.append(list: houses)
    writer.append(nextOrder)
    writer.append(lastFunding)
    // One bit for each thing that may be absent; all zero writes what it always wrote.
    let isMarked = !collateralMarks.isEmpty
    let isCounted = liquidationFlow != nil
    let hasLosses = !losses.isEmpty
    var present: UInt8 = restartedAt != nil ? 1 : 0
    if isMarked { present |= 2 }
    if !execution.isEmpty { present |= 4 }
    if hedge != nil { present |= 8 }
    if !balance.isEmpty { present |= 16 }
    if !pools.isEmpty { present |= 32 }
    if hasLosses { present |= 64 }
    if isCounted { present |= 128 }
    writer.append(present)
    if let restartedAt { writer.append(restartedAt) }
    if isMarked { writer.append(list: collateralMarks) }
    if !pools.isEmpty { writer.append(list: pools) }
    if hasLosses { writer.append(losses) }
    if let liquidationFlow { writer.append(liquidationFlow) }
    if !balance.isEmpty { writer.append(balance) }
    if let hedge { writer.append(hedge) }
    if !execution.isEmpty { writer.append(execution) }
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let listing: Listing = try reader.value()
    self.init(quote: listing.quote, parameters: try reader.value())
    self.listing = listing
    time = try reader.value()
    block = try reader.integer()
    feeds = try reader.list()
    markets = try reader.list()
    marks = try reader.list()
    totals = try reader.list()
    accounts = try reader.list()
    houses = try reader.list()
    nextOrder = try reader.value()
    lastFunding = try reader.value()
    let present = try reader.byte()
    if present & 1 != 0 { restartedAt = try reader.value(Timestamp.self) }
    if present & 2 != 0 {
      collateralMarks = try reader.list()
      let isListed = collateralMarks.allSatisfy { listing.index(of: $0.asset) != nil }
      guard !collateralMarks.isEmpty, isListed else { throw reader.malformed("state") }
    }
    if present & 32 != 0 { pools = try readPools(&reader) }
    if present & 64 != 0 { losses = try reader.value() }
    if present & 128 != 0 { liquidationFlow = try reader.value(LiquidationFlow.self) }
    if present & 16 != 0 { balance = try readBalance(&reader) }
    if present & 8 != 0 {
      let book: HedgeBook = try reader.value()
      guard index(of: book.account) != nil else { throw reader.malformed("state") }
      hedge = book
    }
    if present & 4 != 0 {
      execution = try reader.value()
      guard execution.relayers.allSatisfy({ index(of: $0) != nil }) else {
        throw reader.malformed("state")
      }
    }
    guard totals.count == listing.contracts.count, houses.count == listing.collateral.count,
      marks.count <= listing.contracts.count,
      accounts.allSatisfy({ $0.portfolio.balances.count == houses.count })
    else { throw reader.malformed("state") }
    findUniverses()
    guard universesAreTrue else { throw reader.malformed("state") }
    for asset in houses.indices { houses[asset].universeFunds = losses.universeFunds(asset) }
  }

  private func readPools(
    _ reader: inout CanonicalReader
  ) throws(CanonicalError) -> [BackstopPool] {
    let pools: [BackstopPool] = try reader.list()
    let isOrdered = zip(pools, pools.dropFirst()).allSatisfy { $0.id < $1.id }
    guard !pools.isEmpty, isOrdered, pools.allSatisfy({ index(of: $0.id) != nil }) else {
      throw reader.malformed("state")
    }
    return pools
  }

  private func readBalance(
    _ reader: inout CanonicalReader
  ) throws(CanonicalError) -> BalanceBook {
    let balance: BalanceBook = try reader.value()
    let isKnown =
      balance.makers.allSatisfy { index(of: $0) != nil }
      && balance.pots.allSatisfy { listing.index(of: $0.asset) != nil }
    guard isKnown else { throw reader.malformed("state") }
    return balance
  }

  /// What identifies this state; equal states have equal digests, on every machine.
  public var digest: ChainHash {
    ChainHash.digest(domain: "plimsoll.state.1", parts: [canonicalBytes])
  }
}
