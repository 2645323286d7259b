// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Quantities
import TestFixtures
import Testing

@Suite("Backstop pools in the ledger")
struct PoolTests {
  private let pool = AccountID(20)
  private let one = SmallVenue.one
  private let two = SmallVenue.two

  /// A venue with a pool: 600 of one in the senior tranche, 400 of two in the junior one.
  private func venue() throws -> SmallVenue {
    var venue = try SmallVenue()
    let symbols = try ["BTC", "AAA"].map { try AssetSymbol($0) }
    venue.state.apply(.poolOpened(pool, markets: symbols))
    deposit(600, of: one, .senior, &venue)
    deposit(400, of: two, .junior, &venue)
    return venue
  }

  private func deposit(
    _ units: Int64, of id: AccountID, _ tranche: PoolTranche, _ venue: inout SmallVenue
  ) {
    let gains = venue.state.pools[0].worth(of: id, tranche).gains[0]
    venue.move(units, of: venue.usd, .account(id), .account(pool), .poolDeposit)
    if gains > 0 { venue.move(gains, of: venue.usd, .pool(pool), .account(id), .poolGain) }
    venue.state.apply(
      .poolDeposited(
        PoolEntry(account: id, pool: pool, tranche: tranche, units: units, gains: gains)))
  }

  /// The pool has gained or lost so much outside, and settles.
  private func settle(_ profit: Int64, juniorShare: String, _ venue: inout SmallVenue) throws {
    if profit < 0 {
      venue.move(-profit, of: venue.usd, .account(pool), .account(one), .ownMove)
    } else {
      venue.move(profit, of: venue.usd, .account(one), .account(pool), .ownMove)
      venue.move(profit, of: venue.usd, .account(pool), .pool(pool), .poolGain)
    }
    let share = try Rate(juniorShare)
    venue.state.apply(.poolSettled(venue.state.pools[0].divided(profit, juniorShare: share)))
  }

  @Test("the junior tranche loses first, and gains are shared as stated")
  func tranches() throws {
    var venue = try venue()
    #expect(venue.state.pools[0].total == 1_000)
    try settle(-300, juniorShare: "50%", &venue)
    #expect(venue.state.pools[0].worth(of: one, .senior).units == 600)
    #expect(venue.state.pools[0].worth(of: two, .junior).units == 100)
    try settle(51, juniorShare: "70%", &venue)
    #expect(venue.state.pools[0].worth(of: one, .senior) == .init(units: 600, gains: [16]))
    #expect(venue.state.pools[0].worth(of: two, .junior) == .init(units: 100, gains: [35]))
    #expect(venue.state.pools[0].reserve == 51)
    // One unit more than the junior tranche has.
    try settle(-101, juniorShare: "70%", &venue)
    #expect(venue.state.pools[0].worth(of: one, .senior).units == 599)
    #expect(venue.state.pools[0].worth(of: two, .junior) == .init(units: 0, gains: [35]))
    // Nobody is left in it, so all of a gain is the senior tranche's.
    try settle(10, juniorShare: "70%", &venue)
    #expect(venue.state.pools[0].worth(of: one, .senior).gains == [26])
    #expect(venue.state.brokenAfterBlock() == nil)
  }

  @Test("a second deposit joins the first and fetches its gains")
  func joins() throws {
    var venue = try venue()
    try settle(30, juniorShare: "0%", &venue)
    let before = venue.account(one).portfolio.balances[0]
    deposit(100, of: one, .senior, &venue)
    #expect(venue.account(one).portfolio.balances[0] == before - 100 + 30)
    #expect(venue.state.pools[0].worth(of: one, .senior) == .init(units: 700, gains: [0]))
    #expect(venue.state.pools[0].claims.count == 2)
    #expect(venue.state.brokenAfterBlock() == nil)
  }

  @Test("a withdrawal of all removes the claim, one of a part spends the notice")
  func withdrawals() throws {
    var venue = try venue()
    let notice = PoolNotice(units: 150, due: Timestamp(seconds: 5))
    venue.state.apply(.poolWithdrawalRequested(two, pool, .junior, notice))
    #expect(venue.state.pools[0].claim(of: two, .junior)?.notice == notice)
    venue.move(150, of: venue.usd, .account(pool), .account(two), .poolWithdrawal)
    venue.state.apply(
      .poolWithdrawn(
        PoolEntry(account: two, pool: pool, tranche: .junior, units: 150, gains: 0)))
    #expect(venue.state.pools[0].claim(of: two, .junior)?.notice == nil)
    #expect(venue.state.pools[0].worth(of: two, .junior).units == 250)
    venue.state.apply(.poolWithdrawalRequested(two, pool, .junior, notice))
    venue.state.apply(.poolWithdrawalCancelled(two, pool, .junior))
    #expect(venue.state.pools[0].claim(of: two, .junior)?.notice == nil)
    venue.move(250, of: venue.usd, .account(pool), .account(two), .poolWithdrawal)
    venue.state.apply(
      .poolWithdrawn(
        PoolEntry(account: two, pool: pool, tranche: .junior, units: 250, gains: 0)))
    #expect(venue.state.pools[0].claim(of: two, .junior) == nil)
    #expect(venue.state.pools[0].total == 600)
    #expect(venue.state.brokenAfterBlock() == nil)
  }

  @Test("a unit that a pool does not have breaks a rule")
  func invariant() throws {
    var less = try venue()
    less.move(1, of: less.usd, .account(pool), .account(one), .ownMove)
    #expect(less.state.brokenAfterBlock() == .poolsCoverTheirClaims)
    var reserve = try venue()
    reserve.move(1, of: reserve.usd, .account(one), .pool(pool), .poolGain)
    #expect(reserve.state.brokenAfterBlock() == .poolsCoverTheirClaims)
    #expect(reserve.state.brokenAfterEvent() == nil, "no money is lost")
  }

  @Test("the price of a share says what losses left of a unit and what it gained")
  func unitPrice() throws {
    var sum = ProductSum(assetCount: 1)
    #expect(sum.unitPrice.left == .one && sum.unitPrice.gained == .zero)
    _ = try sum.deposit(4_000)
    try sum.apply(loss: 1_000, gains: [400])
    #expect(try sum.unitPrice.left == Rate("75%"))
    #expect(try sum.unitPrice.gained == Rate("10%"))
    // A second gain of a tenth of what is left: 7.5 % of the first unit.
    try sum.apply(loss: 0, gains: [300])
    #expect(try sum.unitPrice.gained == Rate("17.5%"))
    try sum.apply(loss: 3_000, gains: [0])
    #expect(sum.unitPrice.left == .one, "a new epoch")
  }

  @Test("a state with pools reads back from its bytes; without, it has the bytes it had")
  func bytes() throws {
    let plain = try SmallVenue().state
    #expect(plain.canonicalBytes.last == 0, "nothing that may be absent is there")
    var venue = try venue()
    try settle(-399, juniorShare: "50%", &venue)
    try settle(77, juniorShare: "50%", &venue)
    try settle(-2, juniorShare: "50%", &venue)
    let notice = PoolNotice(units: 1, due: Timestamp(seconds: 5))
    venue.state.apply(.poolWithdrawalRequested(one, pool, .senior, notice))
    let bytes = venue.state.canonicalBytes
    #expect(try LedgerState(canonicalBytes: bytes) == venue.state)
    let start = plain.canonicalBytes.count - 1
    for index in start..<bytes.count {
      for change in [1, 2, 0x80, 0xff] as [UInt8] {
        var mutated = bytes
        mutated[index] ^= change
        guard let other = try? LedgerState(canonicalBytes: mutated) else { continue }
        #expect(other != venue.state && other.canonicalBytes == mutated, "byte \(index)")
        _ = other.brokenAfterBlock()
      }
    }
  }

  @Test("random losses, gains, deposits and withdrawals: claims are covered", arguments: 0..<12)
  func properties(seed: UInt64) throws {
    var random = Seeded(seed)
    var venue = try venue()
    let ids = [one, two, SmallVenue.three]
    for _ in 0..<120 {
      let tranche = random.pick(PoolTranche.allCases)
      let id = random.pick(ids)
      let held = venue.state.pools[0].worth(of: id, tranche)
      switch random.next() % 4 {
      case 0: deposit(random.number(1...90_000), of: id, tranche, &venue)
      case 1 where venue.state.pools[0].claim(of: id, tranche) != nil:
        let units = random.number(0...held.units)
        if units > 0 {
          venue.move(units, of: venue.usd, .account(pool), .account(id), .poolWithdrawal)
        }
        if held.gains[0] > 0 {
          venue.move(held.gains[0], of: venue.usd, .pool(pool), .account(id), .poolGain)
        }
        venue.state.apply(
          .poolWithdrawn(
            PoolEntry(
              account: id, pool: pool, tranche: tranche, units: units, gains: held.gains[0])))
      case 2: try settle(-random.number(0...venue.state.pools[0].total), juniorShare: "1%", &venue)
      default:
        guard venue.state.pools[0].total > 0 else { continue }
        try settle(random.number(1...9_999), juniorShare: "37%", &venue)
      }
      try expectCovered(venue.state, ids)
    }
  }

  private func expectCovered(_ state: LedgerState, _ ids: [AccountID]) throws {
    let pool = state.pools[0]
    #expect(state.brokenAfterBlock() == nil && !state.isOutsideLimits)
    for tranche in PoolTranche.allCases {
      let worths = ids.map { pool.worth(of: $0, tranche) }
      let units = worths.reduce(0) { $0 + $1.units }
      let gains = worths.reduce(0) { $0 + $1.gains[0] }
      #expect(units <= pool[tranche].total && gains <= pool[tranche].unpaid[0])
    }
    #expect(state.accounts.last?.portfolio.balances[0] == pool.total)
  }
}

// MARK: Samples

extension Samples {
  private mutating func tranche() -> PoolTranche { pick(PoolTranche.allCases) }

  private mutating func entry() -> PoolEntry {
    PoolEntry(
      account: account(), pool: account(), tranche: tranche(), units: integer(),
      gains: integer())
  }

  mutating func poolCommands() -> [Command] {
    [
      .openPool(account(), markets: list { $0.symbol() }),
      .depositToPool(account(), account(), tranche(), amount()),
      .requestPoolWithdrawal(account(), account(), tranche(), units: integer()),
      .cancelPoolWithdrawal(account(), account(), tranche()),
      .withdrawFromPool(account(), account(), tranche()),
    ]
  }

  mutating func poolEvents() -> [LedgerEvent] {
    [
      .poolOpened(account(), markets: list { $0.symbol() }), .poolDeposited(entry()),
      .poolWithdrawalRequested(
        account(), account(), tranche(), PoolNotice(units: integer(), due: time())),
      .poolWithdrawalCancelled(account(), account(), tranche()), .poolWithdrawn(entry()),
      .poolSettled(
        PoolSettlement(pool: account(), senior: integer(), junior: integer())),
    ]
  }
}
