// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Instruments
import Ledger
import Margin
import Quantities
import RiskEngine
import TestFixtures
import Testing

/// How many histories a property is tried on: 500 with `PLIMSOLL_FULL=1`.
private let seeds: UInt64 =
  ProcessInfo.processInfo.environment["PLIMSOLL_FULL"] == "1" ? 500 : 8

@Suite("Moves between one's accounts gain nothing")
struct MoveAttackTests {
  private let family: [UInt32] = [1, 2, 3, 4]
  private let contracts = [
    Contracts.btcPerpetual, Contracts.btcFuture, Contracts.ethPerpetual, Contracts.btcCall,
  ]

  /// Four accounts of one owner with random money and positions, some days later.
  ///
  /// - Parameter isOneSided: Whether all accounts hold the same side of a contract.
  private func owner(_ random: inout Seeded, isOneSided: Bool) throws -> Venue {
    var venue = try Venue.marked()
    try venue.open(1, .cross)
    for id in family.dropFirst() {
      try venue.submit(.openSubaccount(AccountID(id), under: AccountID(1), .cross))
    }
    let signs = contracts.map { _ in random.oneIn(2) ? 1 : -1 as Int64 }
    for id in family {
      try venue.deposit(id, String(random.number(300...3_000)), of: Coins.usd)
      for (place, contract) in contracts.enumerated() where !random.oneIn(3) {
        let size = random.number(1...400)
        let sign = isOneSided ? signs[place] : random.oneIn(2) ? 1 : -1
        let (buyer, seller) = sign > 0 ? (id, 0) : (0, id)
        try venue.attempt(
          try venue.trade(contract, buyer: buyer, seller: seller, size: size))
      }
    }
    let (btc, eth) = (random.number(7_700...8_300), random.number(190...210))
    try venue.block(btc: String(btc), eth: String(eth))
    return venue
  }

  private func portfolios(_ venue: Venue) -> [Portfolio] {
    family.map { venue.account($0).portfolio }
  }

  /// Everything in one account.
  private func merged(_ portfolios: [Portfolio]) -> Portfolio {
    var whole = Portfolio(mode: .cross, balances: portfolios[0].balances.map { _ in 0 })
    for portfolio in portfolios {
      for (asset, units) in portfolio.balances.enumerated() { whole.balances[asset] += units }
      for position in portfolio.positions {
        whole.balances[0] += whole.receive(
          position.size, of: position.instrument, cost: position.cost)
      }
    }
    return whole
  }

  /// What an account's owner may withdraw of dollars.
  private func withdrawable(_ portfolio: Portfolio, _ venue: Venue) throws -> Int64 {
    let valuation = try #require(venue.engine.valuation)
    let risk = valuation.risk(portfolio)
    let free = risk.equity - valuation.unrealizedGains(portfolio) - risk.initialMargin
    let isBare = portfolio.positions.isEmpty
    return min(isBare ? portfolio.balances[0] : free, portfolio.balances[0])
  }

  private func move(_ random: inout Seeded, _ venue: Venue) -> Command {
    let (from, to) = (random.pick(family), random.pick(family))
    let positions = venue.account(from).portfolio.positions
    if !positions.isEmpty, random.oneIn(2) {
      let position = random.pick(positions)
      let most = position.size.magnitude.steps
      return .movePosition(
        from: AccountID(from), to: AccountID(to), position.instrument,
        Size(steps: random.oneIn(2) ? most : random.number(1...most)))
    }
    let units = max(venue.balance(from), 1)
    let asset = venue.engine.state.listing.quote
    return .moveCollateral(
      from: AccountID(from), to: AccountID(to),
      Amount(units: random.oneIn(3) ? units : random.number(1...(units + 7) / 8), asset: asset))
  }

  /// Takes out all that goes, to the unit.
  private func withdrawAll(_ venue: inout Venue) throws -> Int64 {
    var total: Int64 = 0
    for id in family {
      let most = try withdrawable(venue.account(id).portfolio, venue)
      guard most > 0 else { continue }
      let asset = venue.engine.state.listing.quote
      let command = { (units: Int64) -> Command in
        .withdrawCollateral(AccountID(id), Amount(units: units, asset: asset))
      }
      _ = venue.refusal(of: command(most + 1))
      try venue.submit(command(most))
      total += most
    }
    return total
  }

  // Flat tiers and one side of each contract: one account would need what all together need, and
  // could give up no less.
  @Test("what leaves is no more than one account that held everything gives", arguments: 0..<seeds)
  func noMoreThanMerged(seed: UInt64) throws {
    var random = Seeded(seed)
    var venue = try owner(&random, isOneSided: true)
    let before = portfolios(venue)
    let bounds = try before.map { try withdrawable($0, venue) }
    let bound = try max(withdrawable(merged(before), venue), bounds.reduce(0) { $0 + max($1, 0) })
    let equity = try family.reduce(0) { try $0 + venue.equity($1) }
    var withdrawn: Int64 = 0
    var moves = 0
    for _ in 0..<6 {
      for _ in 0..<12 where try venue.attempt(move(&random, venue)) { moves += 1 }
      withdrawn += try withdrawAll(&venue)
      #expect(withdrawn <= bound)
      let left = try family.reduce(0) { try $0 + venue.equity($1) }
      #expect(left + withdrawn == equity, "no move makes or loses a unit")
    }
    #expect(moves > 4)
  }

  @Test("both sides of the market included, no unit comes from nowhere", arguments: 0..<seeds)
  func conserved(seed: UInt64) throws {
    var random = Seeded(seed)
    var venue = try owner(&random, isOneSided: false)
    let equity = try family.reduce(0) { try $0 + venue.equity($1) }
    var withdrawn: Int64 = 0
    for _ in 0..<4 {
      for _ in 0..<15 { try venue.attempt(move(&random, venue)) }
      withdrawn += try withdrawAll(&venue)
    }
    let left = try family.reduce(0) { try $0 + venue.equity($1) }
    #expect(left + withdrawn == equity)
    for id in family where !venue.account(id).portfolio.positions.isEmpty {
      let stood = try withdrawable(venue.account(id).portfolio, venue)
      #expect(stood <= 0, "all was taken out of account \(id)")
    }
  }

  @Test("back and forth leaves everything as it was")
  func backAndForth() throws {
    var random = Seeded(5)
    var venue = try owner(&random, isOneSided: true)
    try venue.deposit(2, "20000", of: Coins.usd)
    try venue.deposit(1, "20000", of: Coins.usd)
    let before = portfolios(venue)
    let position = try #require(before[0].positions.first)
    let opposite = before[1].size(of: position.instrument)
    for _ in 0..<50 {
      for (from, to) in [(1, 2), (2, 1)] as [(UInt32, UInt32)] {
        try venue.submit(
          .movePosition(
            from: AccountID(from), to: AccountID(to), position.instrument, Size(steps: 1)))
        try venue.submit(
          .moveCollateral(
            from: AccountID(from), to: AccountID(to), Amount("7", of: Coins.usd)))
      }
    }
    let after = portfolios(venue)
    #expect(after.map(\.balances) == before.map(\.balances))
    #expect(after[0].size(of: position.instrument) == position.size)
    #expect(after[1].size(of: position.instrument) == opposite)
    #expect(
      merged(after).positions == merged(before).positions, "costs only change sides by rounding")
  }
}
