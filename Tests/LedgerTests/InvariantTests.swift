// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import MarketData
import Parameters
import Quantities
import Testing

@testable import Ledger

@Suite("Invariants")
struct InvariantTests {
  private let linear = SmallVenue.linear

  private func venue() throws -> SmallVenue {
    var venue = try SmallVenue()
    venue.trade(linear, SmallVenue.one, SmallVenue.two, 10, at: 100)
    let cause = LiquidationCause(equity: 1, maintenanceMargin: 2, time: venue.state.time)
    venue.state.apply(.liquidationStarted(SmallVenue.one, cause))
    venue.state.apply(.liquidationOrderIssued(venue.order(1, of: SmallVenue.one, size: 10)))
    #expect(venue.state.brokenAfterBlock() == nil)
    return venue
  }

  /// The same with all contracts in universe 2, whose fund has 40 units.
  private func apart() throws -> SmallVenue {
    var venue = try venue()
    try venue.setApart("2")
    venue.move(40, of: venue.usd, .outside, .universeFund(RiskUniverse(2)), .fundContribution)
    #expect(venue.state.brokenAfterBlock() == nil)
    return venue
  }

  @Test("what every event checks is found at once")
  func afterEvent() throws {
    let breaks: [(Invariant, (inout LedgerState) -> Void)] = [
      (.balancesAreInsideLimits, { $0.isOutsideLimits = true }),
      (.moneyIsConserved, { $0.houses[0].insuranceFund += 1 }),
      (.moneyIsConserved, { $0.houses[1].fees -= 1 }),
      (.moneyIsConserved, { $0.houses[0].customers += 1 }),
      (.moneyIsConserved, { $0.houses[1].outside -= 1 }),
      (.moneyIsConserved, { $0.houses[0].clearing += 1 }),
      (.marketSumsToZero, { $0.totals[0].netSize = 1 }),
      (
        .insuranceFundIsNotNegative,
        {
          $0.houses[0].insuranceFund -= 301
          $0.houses[0].fees += 301
        }
      ),
    ]
    for (invariant, corrupt) in breaks {
      var state = try venue().state
      corrupt(&state)
      #expect(state.brokenAfterEvent(instrument: 0) == invariant)
    }
    var fund = try apart().state
    fund.losses.universes[0].balances[0] -= 40
    fund.houses[0].universeFunds -= 40
    fund.houses[0].fees += 40
    #expect(fund.brokenAfterEvent(instrument: 0) == nil, "an empty fund is permitted")
    fund.losses.universes[0].balances[0] -= 1
    fund.houses[0].universeFunds -= 1
    fund.houses[0].fees += 1
    #expect(fund.brokenAfterEvent(instrument: 0) == .insuranceFundIsNotNegative)
    #expect(fund.brokenAfterEvent(instrument: 0, movesFund: false) == nil)
    #expect(fund.brokenAfterBlock() == .insuranceFundIsNotNegative)
    let usd = try venue().usd
    for (one, other, moves) in [
      (LedgerAccount.universeFund(RiskUniverse(2)), LedgerAccount.fees, true),
      (.account(SmallVenue.one), .universeFund(RiskUniverse(2)), true),
      (.account(SmallVenue.one), .insuranceFund, false),
    ] {
      let transfer = Transfer(
        from: one, to: other, amount: Amount(units: 1, asset: usd), reason: .insuranceCover)
      #expect(LedgerEvent.transferred(transfer).movesUniverseFund == moves)
    }
    fund = try venue().state
    fund.houses[0].insuranceFund -= 300
    fund.houses[0].fees += 300
    #expect(fund.brokenAfterEvent(instrument: 0) == nil, "an empty fund is permitted")
  }

  @Test("what every block checks is found in one pass")
  func afterBlock() throws {
    let breaks: [(Invariant, (inout LedgerState) -> Void)] = [
      (.moneyIsConserved, { $0.houses[0].fees += 1 }),
      (.runningTotalsAreTrue, { $0.accounts[1].portfolio.balances[0] += 1 }),
      (.runningTotalsAreTrue, { $0.totals[0].openInterest += 1 }),
      (.marketSumsToZero, { $0.accounts[0].portfolio.positions[0].size = Size(steps: 11) }),
      (.clearingBalancesCost, { $0.accounts[0].portfolio.positions[0].cost += 1 }),
      (.accountsAreOrdered, { $0.accounts.swapAt(0, 1) }),
      (.accountsAreOrdered, { $0.accounts.append($0.accounts[2]) }),
      (.accountsAreOrdered, { $0.accounts[0].portfolio.balances.removeLast() }),
      (.accountsAreOrdered, { $0.accounts[2].portfolio.balances.append(0) }),
      (.accountsAreOrdered, { $0.accounts[0].portfolio.positions.append(self.position(3, 1)) }),
      (.accountsAreOrdered, { $0.accounts[0].portfolio.positions.append(self.position(5, 0)) }),
      (.accountsAreOrdered, { $0.accounts[0].portfolio.positions.append(self.position(6, 1)) }),
      (.accountsAreOrdered, { $0.accounts[1].portfolio.positions.append(self.position(5, 1)) }),
      (
        .accountsAreOrdered,
        { $0.accounts[0].portfolio.positions[0].size = Size(steps: Size.limit + 1) }
      ),
    ]
    for (place, (invariant, corrupt)) in breaks.enumerated() {
      var state = try venue().state
      corrupt(&state)
      #expect(state.brokenAfterBlock() == invariant, "corruption \(place)")
      // And by what is kept, if the accounts that changed are named.
      let sound = try venue().state
      var kept = AccountTotals(sound)
      let earlier = sound.accounts.enumerated().map { EarlierAccount(index: $0, account: $1) }
      kept.follow(earlier, in: state)
      let changed = Array(state.accounts.indices)
      let found = broken(state, changed: changed, kept: kept)
      #expect(found == invariant, "corruption \(place)")
    }
  }

  @Test("a fund and an account that are not where they should be are found in one pass")
  func universes() throws {
    let breaks: [(Invariant, (inout LedgerState) -> Void)] = [
      (.moneyIsConserved, { $0.houses[0].universeFunds += 1 }),
      (.runningTotalsAreTrue, { $0.losses.universes[0].balances[0] += 1 }),
      (.accountsAreInOneUniverse, { $0.accounts[0].universe = .common }),
      (.accountsAreInOneUniverse, { $0.universes[0] = RiskUniverse(1) }),
    ]
    for (place, (invariant, corrupt)) in breaks.enumerated() {
      var state = try apart().state
      let kept = AccountTotals(state)
      corrupt(&state)
      #expect(state.brokenAfterBlock() == invariant, "corruption \(place)")
      let changed = Array(state.accounts.indices)
      #expect(broken(state, changed: changed, kept: kept) == invariant, "corruption \(place)")
    }
  }

  @Test("a liquidation order is the account's own and closes what it holds")
  func liquidationOrders() throws {
    let venue = try venue()
    let good = venue.order(1, of: SmallVenue.one, size: 10)
    let bad = [
      venue.order(1, of: SmallVenue.two, size: 10), venue.order(1, of: SmallVenue.one, size: 11),
      venue.order(1, of: SmallVenue.one, size: 0), venue.order(2, of: SmallVenue.one, size: 10),
      LiquidationOrder(
        id: OrderID(1), account: SmallVenue.one, instrument: linear, side: .buy,
        size: Size(steps: 1), limit: good.limit, stage: .partial, expiresAt: good.expiresAt),
      LiquidationOrder(
        id: OrderID(1), account: SmallVenue.one, instrument: SmallVenue.inverse, side: .sell,
        size: Size(steps: 1), limit: good.limit, stage: .partial, expiresAt: good.expiresAt),
    ]
    for order in bad {
      var state = venue.state
      state.accounts[0].liquidation?.order = order
      #expect(state.brokenAfterBlock() == .liquidationsAreConsistent)
      let kept = AccountTotals(state)
      #expect(broken(state, changed: [0], kept: kept) == .liquidationsAreConsistent)
      #expect(broken(state, changed: [1, 2], kept: kept) == nil)
    }
  }

  /// What is found by what is kept, where some accounts have changed.
  private func broken(
    _ state: LedgerState, changed: [Int], kept: AccountTotals
  ) -> Invariant? {
    state.brokenAfterBlock(found: state.broken(among: changed[...]), kept: kept)
  }

  private func position(_ instrument: UInt32, _ size: Int64) -> Position {
    Position(instrument: InstrumentID(instrument), size: Size(steps: size), cost: 0)
  }

  @Test("sums kept for another listing fit no state")
  func keptShape() throws {
    let state = try venue().state
    var other = state
    other.apply(.instrumentListed(state.listing.contracts[0]))
    let kept = AccountTotals(state)
    #expect(other.brokenAfterBlock(found: nil, kept: kept) == .runningTotalsAreTrue)
    #expect(state.brokenAfterBlock(found: nil, kept: kept) == nil)
  }

  @Test("every invariant has a name of its own")
  func names() {
    #expect(Set(Invariant.allCases.map(\.rawValue)).count == Invariant.allCases.count)
  }
}

@Suite("States as bytes")
struct StateBytesTests {
  private func state() throws -> LedgerState {
    var venue = try SmallVenue()
    var samples = Samples(seed: 11)
    venue.trade(SmallVenue.linear, SmallVenue.one, SmallVenue.two, 10, at: 100)
    venue.trade(SmallVenue.inverse, SmallVenue.three, SmallVenue.one, 4, at: -7)
    venue.state.apply(.orderPlaced(SmallVenue.three, samples.resting()))
    venue.state.apply(.liquidationStarted(SmallVenue.one, samples.cause()))
    venue.state.apply(.liquidationOrderIssued(venue.order(1 << 40, of: SmallVenue.one, size: 2)))
    for _ in 0..<3 {
      venue.state.apply(.feedUpdated(samples.update()))
      venue.state.apply(.marketMarked(samples.market()))
    }
    venue.state.apply(.blockStarted(at: Timestamp(seconds: 77)))
    venue.state.apply(
      .instrumentsMarked([InstrumentMark(price: Price(steps: 1), unitValue: 100)]))
    venue.state.apply(
      .collateralMarked([
        CollateralMark(asset: venue.btc, price: samples.price(), since: samples.time())
      ]))
    return venue.state
  }

  @Test("a state reads back from its bytes, and equal states have equal digests")
  func roundTrip() throws {
    let state = try state()
    let read = try LedgerState(canonicalBytes: state.canonicalBytes)
    #expect(read == state && read.canonicalBytes == state.canonicalBytes)
    #expect(read.digest == state.digest)
    #expect(read.digest != ChainHash.digest(domain: "other", parts: [state.canonicalBytes]))
    var other = state
    other.apply(.blockStarted(at: Timestamp(seconds: 77)))
    #expect(other.digest != state.digest)
  }

  @Test("a changed byte of a state is refused or gives another digest")
  func mutation() throws {
    let bytes = try state().canonicalBytes
    let digest = try state().digest
    for index in bytes.indices {
      var mutated = bytes
      mutated[index] ^= 0x11
      guard let read = try? LedgerState(canonicalBytes: mutated) else { continue }
      if read.digest == digest || read.canonicalBytes != mutated {
        Issue.record("byte \(index) changed unnoticed")
      }
    }
  }

  @Test("a truncated state is refused at every length")
  func truncated() throws {
    let bytes = try state().canonicalBytes
    for count in bytes.indices {
      #expect(throws: CanonicalError.self) {
        _ = try LedgerState(canonicalBytes: Array(bytes[..<count]))
      }
    }
  }

  @Test("lists of a state must fit its listing")
  func inconsistent() throws {
    let breaks: [(inout LedgerState) -> Void] = [
      { $0.totals.removeLast() }, { $0.houses.append(LedgerState.HouseBalances()) },
      { $0.accounts[0].portfolio.balances.removeLast() },
      { $0.marks = Array(repeating: InstrumentMark(price: .zero, unitValue: 0), count: 3) },
      {
        var samples = Samples(seed: 3)
        $0.apply(.collateralMarked([samples.collateralMark()]))
      },
    ]
    for corrupt in breaks {
      var state = try state()
      corrupt(&state)
      let bytes = state.canonicalBytes
      #expect(throws: CanonicalError.self) { _ = try LedgerState(canonicalBytes: bytes) }
    }
  }
}
