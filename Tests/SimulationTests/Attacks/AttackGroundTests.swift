// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Instruments
import Ledger
import NumericalMethods
import Parameters
import Quantities
import RiskEngine
import Testing

@testable import Simulation

@Suite("The venues on which attacks are tried")
struct AttackGroundTests {
  /// Whoever answers is an outsider, with all of it, near the mark.
  private static let passive: AttackScript = {
    var random = SplitMix64(seed: 0)
    var script = AttackScript(.deleveraging, drawnFrom: &random)
    script.genes = Array(repeating: 0, count: AttackScript.length)
    return script
  }()

  @Test("a stage that stands where a ground puts another is switched off, and no other moves")
  func ranks() throws {
    let set = try ParameterFile.bundled().set.stating(
      [
        (key: "waterfall.partial.rank", value: "1"),
        (key: "waterfall.insuranceFund.rank", value: "2"),
        (key: "waterfall.socializedLoss.rank", value: "3"),
        (key: "waterfall.deleveraging.rank", value: "0"),
      ], source: "test")
    let changed = try AttackVenue.fitted(
      set,
      [(key: "waterfall.partial.rank", value: "0"), (key: "waterfall.auction.rank", value: "2")])
    for (stage, rank) in [
      ("partial", 0), ("auction", 2), ("insuranceFund", 0), ("socializedLoss", 3),
      ("deleveraging", 0),
    ] as [(String, Int64)] {
      #expect(try changed.raw("waterfall.\(stage).rank") == rank)
    }
  }

  /// The first name has 600 USD and is long 10,000 of an instrument from the maker, the second has
  /// 10,000 USD.
  private func begun(
    _ ground: AttackGround, in instrument: InstrumentID = AttackWorld.perpetual
  ) throws -> AttackWorld {
    var world = try AttackWorld(ground, ParameterFile.bundled().set)
    world.deposit(AttackWorld.first, 600_000_000)
    world.deposit(AttackWorld.second, 10_000_000_000)
    world.trade(AttackWorld.first, world.maker(of: instrument), instrument, 1_000)
    #expect(world.size(AttackWorld.first, instrument) == 1_000)
    world.trace = AttackTrace()
    return world
  }

  private func move(_ world: inout AttackWorld, to whole: Int64) {
    world.move(to: Price(steps: whole * Price.stepsPerOne))
  }

  private func fall(_ world: inout AttackWorld, to whole: Int64) {
    for _ in 0..<8 {
      move(&world, to: whole)
      world.answerAll(Self.passive)
    }
  }

  @Test("every venue is at home in a family that does not go everywhere")
  func grounds() {
    let families = AttackFamily.allCases.filter { $0 != .subaccounts && $0 != .everything }
    let found = families.reduce(into: Set<AttackGround>()) {
      $0.formUnion(AttackGround.grounds(of: $1))
    }
    #expect(found == Set(AttackGround.allCases))
    for family in [.subaccounts, .everything] as [AttackFamily] {
      #expect(AttackGround.grounds(of: family) == AttackGround.allCases)
    }
  }

  @Test("the documentation says which family plays where")
  func documented() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../Sources/Simulation/Simulation.docc/KeepersAndAttacks.md")
    let text = try String(contentsOf: file.standardized, encoding: .utf8)
    let lines = try #require(text.components(separatedBy: "| family | venues").last)
      .components(separatedBy: "\n").dropFirst(2).prefix { $0.hasPrefix("|") }
    var rows: [String: String] = [:]
    for line in lines {
      let cells = line.components(separatedBy: " | ")
      for family in cells[0].dropFirst(2).components(separatedBy: ", ") { rows[family] = cells[1] }
    }
    #expect(rows.count == AttackFamily.allCases.count)
    for family in AttackFamily.allCases {
      let grounds = AttackGround.grounds(of: family)
      let twice = grounds.count - Set(grounds).count
      var names = grounds.map { "\($0)" }
      if twice > 0 { names.replaceSubrange(0...1, with: ["\(grounds[0]) (twice)"]) }
      let isAll = grounds == AttackGround.allCases
      let expected = isAll ? "all twenty-three, in the order of" : names.joined(separator: ", ")
      #expect(rows["\(family)"]?.hasPrefix(expected) == true, "\(family)")
    }
    #expect(AttackGround.allCases.count == 23)
  }

  @Test(
    "a debt is paid by the fund of its universe alone",
    arguments: [AttackWorld.perpetual, AttackWorld.future])
  func universes(instrument: InstrumentID) throws {
    var world = try begun(.universes, in: instrument)
    let isCommon = instrument == AttackWorld.future
    func funds() -> (own: Int64, other: Int64) {
      let common = world.engine.state.fund(0, of: .common)
      let apart = world.engine.state.fund(0, of: AttackWorld.universe)
      return isCommon ? (common, apart) : (apart, common)
    }
    let before = funds()
    #expect(before.own == (isCommon ? 10_000_000_000_000 : 500_000_000))
    let other = isCommon ? AttackWorld.perpetual : AttackWorld.future
    world.trade(AttackWorld.first, world.maker(of: other), other, 1)
    #expect(world.size(AttackWorld.first, other) == 0, "an account is in one at a time")
    world.trade(AttackWorld.second, world.maker(of: other), other, 1)
    #expect(world.size(AttackWorld.second, other) == 1)
    fall(&world, to: 9_000)
    #expect(world.size(AttackWorld.first, instrument) == 0)
    #expect(funds().own < before.own && funds().other == before.other)
  }

  @Test("an order at a fillable price is nearer to the mark than the account could pay")
  func fillable() throws {
    let limits = try [AttackGround.book, .fillable].map { ground in
      var world = try begun(ground)
      move(&world, to: 9_600)
      return try #require(world.orders.first).limit
    }
    #expect(limits[0] < limits[1] && limits[1] <= Price(steps: 9_600 * Price.stepsPerOne))
  }

  @Test("what no order restores is passed on, and what can only reduce goes on trading")
  func passedOn() throws {
    for (ground, isPassedOn) in [(AttackGround.passedOn, true), (.book, false)] {
      var world = try begun(ground)
      let placed = world.place(
        AttackWorld.first, .sell, AttackWorld.perpetual, 10, offset: 100, isReduceOnly: true)
      let order = try #require(placed)
      move(&world, to: 9_600)
      let account = try #require(world.account(AttackWorld.first))
      #expect(account.liquidation?.stage == (isPassedOn ? .auction : .partial))
      #expect(account.portfolio.orders.map(\.id) == (isPassedOn ? [order] : []))
      var script = Self.passive
      script.genes[AttackScript.Trait.allCases.count + 2] = 30_000
      let choice = AttackWorld.Choice(script, 0)
      #expect(choice.who == AttackWorld.first && choice.other == AttackWorld.second)
      #expect(world.takeReducing(choice, 10) == isPassedOn)
      let taken = world.size(AttackWorld.second, AttackWorld.perpetual)
      #expect(taken == (isPassedOn ? 10 : 0))
    }
  }

  @Test("who has won nothing shares a loss by size, and by equity does not")
  func sharing() throws {
    for (ground, isShared) in [(AttackGround.sharingBySize, true), (.sharing, false)] {
      var world = try begun(ground)
      world.trade(
        AttackWorld.second, AttackWorld.maker, AttackWorld.perpetual, 1_000)
      fall(&world, to: 9_000)
      let payers = (world.trace?.steps ?? []).flatMap(\.events).compactMap { event in
        guard case .transferred(let transfer) = event, transfer.reason == .socializedLoss
        else { return nil as LedgerAccount? }
        return transfer.from
      }
      #expect(payers.contains(.account(AttackWorld.maker)))
      #expect(payers.contains(.account(AttackWorld.second)) == isShared)
    }
  }
}
