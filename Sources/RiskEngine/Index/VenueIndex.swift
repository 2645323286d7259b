// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import Parameters
import Quantities

/// A figure of holders' accounts, as far as it is known.
struct HolderFigures {
  /// By holder, as its account stands now; not to be read where it is missing.
  var values: [Int64]
  /// The places of those that are not known until their accounts are looked at.
  let missing: [Int]
}

/// What the engine would otherwise search all accounts for.
///
/// A function of the ledger's state, kept with every event and made anew when the state is
/// restored; no decision differs with it or without.
struct VenueIndex: Sendable {
  /// By instrument, who holds it and how much; up to date once ``bringUp(_:_:)`` was called.
  private(set) var holdings: [Holders]
  /// By instrument, whose position may have changed since, some of them twice.
  private var unentered: [[Int32]]
  /// By collateral asset and risk universe, what its fund has set aside for orders that are out,
  /// ledger units.
  private var setAside: [Int128]
  /// Which accounts have changed since all were last measured.
  private var hasChanged: [Bool]
  /// As all were last measured; of those that have changed, as it was found since, and ``unknown``
  /// until it is asked for.
  private var equities: [Int64]
  /// By account, how often it has changed; wraps.
  private var versions: [UInt32]
  /// Of those underlyings that were asked about since all were last measured.
  private var exposures: [KnownExposures] = []
  /// The account that was last measured by itself, as it stands now.
  private var recent: (account: Int, risk: AccountRisk)?
  /// Accounts with a protection of quotes, ascending.
  private(set) var protectedAccounts: [Int] = []
  /// Which accounts are in the waterfall.
  private var isLiquidating: [Bool]
  /// Accounts under the hammer, ascending.
  private(set) var auctioned: [Int] = []

  init(_ state: LedgerState) {
    holdings = Array(repeating: Holders(), count: state.listing.contracts.count)
    unentered = Array(repeating: [], count: state.listing.contracts.count)
    setAside = Array(repeating: 0, count: state.houses.count * Self.universes)
    hasChanged = Array(repeating: true, count: state.accounts.count)
    equities = Array(repeating: Self.unknown, count: state.accounts.count)
    versions = Array(repeating: 0, count: state.accounts.count)
    isLiquidating = Array(repeating: false, count: state.accounts.count)
    for (index, account) in state.accounts.enumerated() {
      for position in account.portfolio.positions {
        guard let instrument = state.listing.index(of: position.instrument) else { continue }
        holdings[instrument].set(position, of: index, account.id)
      }
      isLiquidating[index] = account.isInLiquidation
      if account.isAuctioned { auctioned.append(index) }
      if let order = account.liquidationOrder { reserve(order, 1, state) }
      if !account.portfolio.protections.isEmpty { protectedAccounts.append(index) }
    }
  }

  /// What the fund of a universe has of an asset beyond what it has set aside.
  func free(of fund: Int64, asset: Int, _ universe: RiskUniverse) -> Int64 {
    Int64(max(Int128(fund) - setAside[Self.place(asset, universe)], 0))
  }

  private static let universes = Int(RiskUniverse.highest) + 1

  private static func place(_ asset: Int, _ universe: RiskUniverse) -> Int {
    asset * universes + Int(universe.number)
  }

  /// Whether an account stands as it did when all were measured.
  @inline(__always)
  func isUnchanged(_ account: Int) -> Bool { !hasChanged[account] }

  /// Beyond every equity.
  private static let unknown = Int64.min

  /// Who holds an instrument on one side, with a profit at a unit value or without, and is not in
  /// the waterfall; by ascending account.
  ///
  /// - Precondition: ``bringUp(_:_:)`` was called since the last event.
  func holdings(
    of instrument: Int, _ side: Side, winning: Bool, at unitValue: Int64
  ) -> [Holding] {
    let holders = side == .buy ? holdings[instrument].longs : holdings[instrument].shorts
    let isLiquidating = isLiquidating
    var found: [Holding] = []
    found.reserveCapacity(holders.count)
    holders.forEach(winning: winning, at: unitValue) {
      let account = Int($0.account)
      guard account >= isLiquidating.count || !isLiquidating[account] else { return }
      found.append($0)
    }
    return found
  }

  /// Known equities of holders.
  ///
  /// All at once and nothing else: they lie far apart, and such a loop waits for many at a time.
  func equities(of holdings: [Holding]) -> HolderFigures { Self.figures(of: holdings, equities) }

  /// Known exposures of holders to an underlying, signed.
  func exposures(of holdings: [Holding], to underlying: AssetSymbol) -> HolderFigures {
    let known = exposures.first { $0.underlying == underlying }
    return (known ?? KnownExposures(underlying: underlying)).figures(of: holdings, versions)
  }

  private static func figures(of holdings: [Holding], _ known: [Int64]) -> HolderFigures {
    var found: [Int64] = []
    found.reserveCapacity(holdings.count)
    for holding in holdings { found.append(known[Int(holding.account)]) }
    var missing: [Int] = []
    for place in found.indices where found[place] == unknown { missing.append(place) }
    return HolderFigures(values: found, missing: missing)
  }

  /// Keeps the equity of an account as it stands now, for whoever asks next.
  mutating func remember(_ equity: Int64, of account: Int) { equities[account] = equity }

  /// Keeps the exposures of accounts to an underlying as they stand now.
  ///
  /// - Parameter found: By ascending account.
  mutating func remember(_ found: [FoundFigure], to underlying: AssetSymbol) {
    guard !found.isEmpty else { return }
    let place = exposures.firstIndex { $0.underlying == underlying } ?? exposures.count
    if place == exposures.count { exposures.append(KnownExposures(underlying: underlying)) }
    exposures[place].remember(found, versions)
  }

  /// The risk of an account, if it was the last to be measured by itself and nothing has changed
  /// of it since.
  func recentRisk(of account: Int) -> AccountRisk? {
    recent.flatMap { $0.account == account ? $0.risk : nil }
  }

  /// Keeps the risk of an account as it stands now: most are asked for twice in a row.
  mutating func remember(_ risk: AccountRisk, of account: Int) {
    recent = (account, risk)
    equities[account] = risk.equity
  }

  /// Whether an account is in the waterfall.
  @inline(__always)
  func isInLiquidation(_ account: Int) -> Bool {
    account < isLiquidating.count && isLiquidating[account]
  }

  /// All accounts have just been measured.
  mutating func noteMeasured(_ risks: [AccountRisk]) {
    recent = nil
    exposures.removeAll()
    for account in hasChanged.indices {
      hasChanged[account] = false
      equities[account] = account < risks.count ? risks[account].equity : Self.unknown
    }
  }

  /// The market or the rules have changed, and with them every account's standing.
  mutating func noteMarketChanged() {
    exposures.removeAll()
    for account in hasChanged.indices { change(account) }
  }

  /// What an account has, or what concerns it, has changed, and no position.
  mutating func change(_ account: Int) {
    hasChanged[account] = true
    equities[account] = Self.unknown
    versions[account] &+= 1
    if recent?.account == account { recent = nil }
  }

  private mutating func append() {
    hasChanged.append(true)
    equities.append(Self.unknown)
    versions.append(0)
  }

  /// What has to be looked up before an event is applied.
  mutating func expect(_ event: LedgerEvent, _ state: LedgerState) {
    guard case .liquidationOrderClosed(let id, _, _) = event, let index = state.index(of: id),
      let order = state.accounts[index].liquidationOrder
    else { return }
    reserve(order, -1, state)
  }

  /// Follows an event that was applied, other than a trade or a transfer, which the engine tells by
  /// the places of their accounts.
  mutating func follow(_ event: LedgerEvent, _ state: LedgerState) {
    switch event {
    case .venueOpened: self = VenueIndex(state)
    case .collateralAccepted: setAside += Array(repeating: 0, count: Self.universes)
    case .parametersChanged: reserveAnew(state)
    case .instrumentListed:
      holdings.append(Holders())
      unentered.append([])
    case .accountOpened: append()
    case .orderPlaced(let id, _), .orderFilled(let id, _, _), .orderRemoved(let id, _, _):
      touch(id, state)
    case .profitRealized(let id, let instrument, _): follow(id, instrument, state)
    case .fundingSettled(let id, _, _), .profitsSettled(let id, _),
      .instrumentExpired(let id, _, _):
      followAll(in: id, state)
    case .liquidationOrderIssued(let order): reserve(order, 1, state)
    case .subaccountOpened, .poolOpened, .hedgeOpened:
      append()
      isLiquidating.append(false)
    case .positionMoved(let move):
      follow(move.from, move.instrument, state)
      follow(move.to, move.instrument, state)
    case .marginModeChanged(let id, _), .quoteFilled(let id, _, _),
      .protectionTriggered(let id, _, _), .protectionRenewed(let id, _):
      touch(id, state)
    case .protectionSet(let id, _, _):
      touch(id, state)
      followProtection(of: id, state)
    case .liquidationStarted(let id, _), .liquidationEnded(let id, _):
      guard let index = state.index(of: id) else { return }
      while isLiquidating.count <= index { isLiquidating.append(false) }
      isLiquidating[index] = state.accounts[index].isInLiquidation
      leaveAuction(index, state)
    case .auctionStarted(let id, _):
      guard let index = state.index(of: id), state.accounts[index].isAuctioned else { return }
      let slot = auctioned.firstIndex { $0 >= index } ?? auctioned.count
      if slot == auctioned.count || auctioned[slot] != index {
        auctioned.insert(index, at: slot)
      }
    case .liquidationStageEntered(let id, _):
      if let index = state.index(of: id) { leaveAuction(index, state) }
    default: break
    }
  }

  private mutating func leaveAuction(_ index: Int, _ state: LedgerState) {
    guard let slot = auctioned.firstIndex(of: index), !state.accounts[index].isAuctioned
    else { return }
    auctioned.remove(at: slot)
  }

  private mutating func followProtection(of id: AccountID, _ state: LedgerState) {
    guard let index = state.index(of: id) else { return }
    let slot = protectedAccounts.firstIndex { $0 >= index } ?? protectedAccounts.count
    let isEntered = slot < protectedAccounts.count && protectedAccounts[slot] == index
    let isProtected = !state.accounts[index].portfolio.protections.isEmpty
    if isEntered, !isProtected { protectedAccounts.remove(at: slot) }
    if !isEntered, isProtected { protectedAccounts.insert(index, at: slot) }
  }

  private mutating func touch(_ id: AccountID, _ state: LedgerState) {
    if let index = state.index(of: id) { change(index) }
  }

  /// Takes over what a settlement has made of every position in an instrument.
  private mutating func followAll(in id: InstrumentID, _ state: LedgerState) {
    guard let instrument = state.listing.index(of: id) else { return }
    bringUp(instrument, state)
    let holders = holdings[instrument]
    for bucket in holders.longs.buckets + holders.shorts.buckets {
      for holding in bucket.holdings {
        let account = Int(holding.account)
        change(account)
        setHolding(of: account, in: instrument, id, state)
      }
    }
  }

  /// Notes that an account's position in an instrument has changed.
  ///
  /// It is entered with the others of a block, or when somebody asks: most trades come between two
  /// questions, and many are of the same few accounts.
  private mutating func follow(
    _ id: AccountID, _ instrument: InstrumentID, _ state: LedgerState
  ) {
    guard let index = state.index(of: id), let market = state.listing.index(of: instrument)
    else { return }
    if follow(index, market) { bringUp(market, state) }
  }

  /// The same by dense indices.
  ///
  /// - Returns: Whether so many are not entered that they should be.
  mutating func follow(_ account: Int, _ instrument: Int) -> Bool {
    change(account)
    unentered[instrument].append(Int32(account))
    return unentered[instrument].count >= Self.mostUnentered
  }

  private static let mostUnentered = 8_192

  /// Brings the holders of all instruments up to what accounts hold now.
  mutating func bringUp(_ state: LedgerState) {
    for instrument in unentered.indices { bringUp(instrument, state) }
  }

  /// Brings the holders of an instrument up to what accounts hold now.
  mutating func bringUp(_ instrument: Int, _ state: LedgerState) {
    guard !unentered[instrument].isEmpty else { return }
    let id = state.listing.contracts[instrument].id
    unentered[instrument].sort()
    var last: Int32 = -1
    for account in unentered[instrument] where account != last {
      setHolding(of: Int(account), in: instrument, id, state)
      last = account
    }
    unentered[instrument].removeAll(keepingCapacity: true)
  }

  private mutating func setHolding(
    of account: Int, in market: Int, _ id: InstrumentID, _ state: LedgerState
  ) {
    let slot = state.accounts[account].portfolio.slot(of: id)
    guard slot.isHeld else {
      holdings[market].remove(account)
      return
    }
    let position = state.accounts[account].portfolio.positions[slot.index]
    holdings[market].set(position, of: account, state.accounts[account].id)
  }

  private mutating func reserve(_ order: LiquidationOrder, _ sign: Int128, _ state: LedgerState) {
    guard order.fundShare > 0, let index = state.listing.index(of: order.instrument),
      let asset = state.settlementIndex(of: order.instrument)
    else { return }
    let place = Self.place(asset, state.universe(ofInstrument: index))
    setAside[place] += sign * Int128(order.fundShare)
  }

  /// Underlyings may now be in other universes, and with them the orders that are out.
  private mutating func reserveAnew(_ state: LedgerState) {
    for place in setAside.indices { setAside[place] = 0 }
    for account in isLiquidating.indices where isLiquidating[account] {
      if let order = state.accounts[account].liquidationOrder { reserve(order, 1, state) }
    }
  }
}
