// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import NumericalMethods
import Quantities
import RiskEngine
import Testing

@testable import Simulation

@Suite("Timelines of liquidations")
struct LiquidationTimelineTests {
  private func story(
    _ account: UInt32, closed: Int64, deleveraged: Int64 = 0, at second: Int64 = 0
  ) -> LiquidationStory {
    LiquidationStory(
      account: AccountID(account), mode: .cross,
      cause: LiquidationCause(
        equity: 0, maintenanceMargin: 1, time: Timestamp(seconds: second)),
      charges: [], steps: [], endedAt: nil, outcome: nil, closedValue: closed,
      deleveragedValue: deleveraged, penalty: 0, fundPaid: 0, socialized: 0, stage: .partial)
  }

  /// What tells one from another.
  private func names(_ stories: [LiquidationStory]) -> [[Int64]] {
    stories.map { story in
      [
        Int64(story.account.number), story.cause.time.nanoseconds / 1_000_000_000,
        story.closedValue, story.deleveragedValue,
      ]
    }
  }

  @Test(
    "a choice holds to its bounds",
    arguments: [(-1, 0), (0, 0), (1, 1), (1_000, 1_000), (1_001, 1_000), (.min, 0), (.max, 1_000)])
  func bounds(asked: Int, largest: Int) {
    #expect(TimelineChoice(largest: asked).largest == largest)
  }

  @Test("an account that is asked for twice counts once, and beyond the hundredth none")
  func accounts() {
    let ids = [7, 3, 7, 9, 3].map { AccountID($0) }
    #expect(TimelineChoice(accounts: ids).accounts == [7, 3, 9].map { AccountID($0) })
    #expect(TimelineChoice() == TimelineChoice(largest: 10, accounts: []))
    for (count, kept) in [(99, 99), (100, 100), (101, 100)] {
      let many = (0..<UInt32(count)).map { AccountID($0) }
      #expect(TimelineChoice(accounts: many).accounts == Array(many.prefix(kept)))
    }
  }

  /// More than are sorted out at once, several times over, many of one size.
  private func many(_ seed: UInt64) -> [LiquidationStory] {
    var random = SplitMix64(seed: seed)
    return (0..<9_000).map { number in
      story(
        UInt32(random.next() % 700), closed: Int64(random.next() % 3_000),
        deleveraged: Int64(random.next() % 3), at: Int64(number))
    }
  }

  private func sorted(_ stories: [LiquidationStory]) -> [LiquidationStory] {
    stories.sorted { one, other in
      let (size, otherSize) = (
        one.closedValue + one.deleveragedValue, other.closedValue + other.deleveragedValue
      )
      if size != otherSize { return size > otherSize }
      return (one.account, one.cause.time) < (other.account, other.cause.time)
    }
  }

  @Test(
    "the largest are kept of any number, whatever comes when",
    arguments: [0, 1, 9, 10, 11, 100, 1_000], [UInt64(1), 2])
  func largest(count: Int, seed: UInt64) throws {
    let stories = many(seed)
    var timelines = LiquidationTimelines(TimelineChoice(largest: count))
    for story in stories { timelines.take(story) }
    #expect(names(timelines.largest) == names(Array(sorted(stories).prefix(max(count, 10)))))
    #expect(timelines.takeEnded().isEmpty, "nobody takes them")
  }

  @Test("every one of an account that is asked for is kept, however small, in its order")
  func asked() throws {
    let engine = try MarkedVenue().engine
    let stories = many(3)
    let ids = [11, 5, 699, 700].map { AccountID($0) }
    var timelines = LiquidationTimelines(TimelineChoice(largest: 0, accounts: ids))
    for story in stories { timelines.take(story) }
    let asked = timelines.asked(engine)
    #expect(asked.map(\.account) == ids)
    for one in asked {
      #expect(names(one.liquidations) == names(stories.filter { $0.account == one.account }))
    }
    #expect(asked.map(\.liquidations.isEmpty) == [false, false, false, true])
    #expect(asked.allSatisfy { !$0.isThere }, "nobody has opened an account yet")
  }

  @Test("who takes them as they end gets each once")
  func ended() {
    var timelines = LiquidationTimelines()
    timelines.keepsEnded = true
    timelines.take(story(1, closed: 5))
    timelines.take(story(2, closed: 7))
    #expect(names(timelines.takeEnded()) == [[1, 0, 5, 0], [2, 0, 7, 0]])
    #expect(timelines.takeEnded().isEmpty)
    timelines.take(story(3, closed: 1))
    #expect(timelines.takeEnded().count == 1 && timelines.largest.count == 3)
  }

  // MARK: Replays

  @Test(
    "a replay tells every liquidation once, and keeps those that were chosen",
    arguments: [false, true])
  func replay(thin: Bool) throws {
    let numbers = Array(UInt32(0)..<99) + [4_000_000_000]
    // In a thin book and with no stage after it, some do not end before the record does.
    let bookAlone = ["insuranceFund", "deleveraging", "socializedLoss"].map {
      (key: "waterfall.\($0).rank", value: "0")
    }
    var plan = try FallingMarket.plan(
      thin ? bookAlone : [], depth: thin ? [(0, 50), (15, 1)] : [])
    plan.timelines = TimelineChoice(largest: 4, accounts: numbers.map { AccountID($0) })
    var replay = try Replay(plan)
    var told: [LiquidationStory] = []
    let result = try replay.run(tell: { told.append($0) })
    #expect(told.count == result.totals.liquidations && told.count > 4)
    #expect(result.drawnLargest == 4)
    #expect(names(result.largest) == names(Array(sorted(told).prefix(10))))
    #expect(result.asked.map(\.account.number) == numbers)
    for asked in result.asked {
      #expect(names(asked.liquidations) == names(told.filter { $0.account == asked.account }))
      let isThere = replay.engine.state.accounts.contains { $0.id == asked.account }
      #expect(asked.isThere == isThere)
    }
    #expect(result.asked.contains { !$0.liquidations.isEmpty })
    #expect(result.asked.contains { $0.isThere && $0.liquidations.isEmpty })
    #expect(result.asked.last?.isThere == false)
    // Those that had not ended come last, by account.
    let open = told.drop { $0.endedAt != nil }
    #expect(!thin || open.count > 1)
    #expect(open.allSatisfy { $0.endedAt == nil })
    #expect(open.map(\.account) == open.map(\.account).sorted())
  }

  @Test("the first 500 steps are kept, and the others counted", arguments: [499, 500, 501])
  func mostSteps(count: Int) throws {
    var venue = try MarkedVenue()
    let id = AccountID(1)
    _ = try venue.engine.step(.openAccount(id, .cross))
    let cause = LiquidationCause(equity: 0, maintenanceMargin: 1, time: venue.engine.state.time)
    let steps = [LedgerEvent](
      repeating: .liquidationStageEntered(id, .partial), count: count)
    var observer = ReplayObserver()
    observer.timelines = LiquidationTimelines(TimelineChoice(accounts: [id]))
    observer.take(
      Record(
        sequence: 1, command: .openAccount(id, .cross),
        events: [.liquidationStarted(id, cause)] + steps + [.liquidationEnded(id, .restored)],
        after: venue.engine.hash), venue.engine)
    let asked = try #require(observer.timelines.asked(venue.engine).first)
    let story = try #require(asked.liquidations.first)
    #expect(asked.isThere && story.steps.count == min(count, 500))
    #expect(story.laterSteps == max(count - 500, 0))
  }
}
