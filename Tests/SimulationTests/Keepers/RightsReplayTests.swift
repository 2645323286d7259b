// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Journal
import Ledger
import Parameters
import Quantities
import RiskEngine
import Testing

@testable import Simulation

@Suite("A replay that sells rights to slices")
struct RightsReplayTests {
  private static let terms = [
    (key: "keeper.patience", value: "2"), (key: "keeper.gasUnits", value: "600000"),
    (key: "keeper.bonus", value: "3%"), (key: "keeper.margin", value: "30%"),
    (key: "keeper.cap", value: "5%"), (key: "rights.commitSpan", value: "1min"),
    (key: "rights.revealSpan", value: "1min"), (key: "rights.reserve", value: "5%"),
    (key: "rights.deposit", value: "20"), (key: "rights.pricing", value: "0"),
  ]

  /// What the settlements of a journal came to.
  private struct Sums {
    var sold = 0
    var accounts: Int64 = 0
    var fund: Int64 = 0
    var forfeited: Int64 = 0
    var lots: Int64 = 0
  }

  @Test("all who win pay one price, to the account up to what it pays them; it verifies")
  func settled() throws {
    let journal = ScratchJournal()
    let (result, engine) = try FallingMarket.run(
      FallingMarket.plan(Self.terms, accounts: 200, journal: .create(journal.path)))
    var sums = Sums()
    try journal.follow { before, _, events, _ in
      for case .bidRevealed(let id, _, let bid) in events {
        let sale = try #require(before.state.execution.sale(id))
        let most = Double(sale.reward) / Double(sale.lots)
        let shade = Double(bid.lots - 1) / Double(2 * sale.lots)
        #expect(Double(bid.price) <= most * (1 - shade) && bid.price >= sale.reserve)
      }
      // A block may settle several, one after the other.
      var start = events.startIndex
      for place in events.indices {
        guard case .rightsSettled(let id, let account, let outcome) = events[place] else {
          continue
        }
        let sale = try #require(before.state.execution.sale(id))
        #expect(sale.account == account)
        try check(sale, outcome, events[start..<place], &sums)
        start = place + 1
      }
    }
    let rights = try #require(result.keepers?.rights)
    #expect(sums.sold > 0 && rights.lotsSold == Int(sums.lots) && rights.bids > rights.opened)
    #expect(rights.toAccounts == sums.accounts && rights.toAccounts > 0)
    #expect(rights.toFund == sums.fund && rights.forfeited == sums.forfeited)
    #expect(result.fund[.rights] == sums.fund + sums.forfeited && result.fund[.other] == 0)
    #expect(rights.unopened > 0 && rights.forfeited > 0, "some come late or not at all")
    #expect(result.totals.refusedCommands > 0, "who is late is refused")
    let story = try #require(result.keepers)
    print("rights in a replay: \(story)")
    #expect(story.sum.rightsPaid == rights.toAccounts + rights.toFund)
    #expect(story.sum.rewards > story.sum.rightsPaid, "nobody bids more than he is paid")
    #expect(story.offered == 0 && story.taken == 0 && story.sum.taken >= sums.sold)
    #expect(engine.state.execution.deposits == 0 || !engine.state.execution.sales.isEmpty)
    let verified = try verify(JournalReader.open(journal.path), workers: .one) { _, _ in }
    #expect(verified.engine.hash == result.hash)
  }

  private func check(
    _ sale: RightsSale, _ outcome: RightsOutcome, _ events: ArraySlice<LedgerEvent>,
    _ sums: inout Sums
  ) throws {
    var paid: [AccountID: Int64] = [:]
    var rewards: [AccountID: Int64] = [:]
    var account: Int64 = 0
    for case .transferred(let transfer) in events {
      let units = transfer.amount.units
      switch (transfer.reason, transfer.from, transfer.to) {
      case (.rightsPayment, .account(let bidder), let payee):
        paid[bidder, default: 0] += units
        if payee == .account(sale.account) { account += units } else { sums.fund += units }
      case (.keeperReward, .account(sale.account), .account(let bidder)):
        rewards[bidder, default: 0] += units
      case (.rightsForfeit, _, .insuranceFund): sums.forfeited += units
      default: break
      }
    }
    var lots: Int64 = 0
    for (bidder, payment) in paid {
      try #require(outcome.price > 0)
      #expect(payment % outcome.price == 0, "one price")
      let own = payment / outcome.price
      let bid = try #require(sale.commitments.first { $0.bidder == bidder }?.bid)
      #expect(own <= bid.lots && outcome.price <= bid.price && outcome.price >= sale.reserve)
      #expect(try #require(rewards[bidder]) <= sale.reward(for: own))
      lots += own
    }
    #expect(lots == outcome.lots)
    #expect(account == min(lots * outcome.price, sale.reward(for: lots)), "first to the account")
    sums.sold += lots > 0 ? 1 : 0
    sums.lots += lots
    sums.accounts += account
  }

  @Test("at what lots displace accounts have more of the bonus back than at one price")
  func given() throws {
    func part(_ terms: [(key: String, value: String)], _ row: [Int]) throws -> Double {
      let plan = try FallingMarket.plan(terms, accounts: 200)
      let keepers = try #require(try FallingMarket.run(plan).result.keepers)
      let rights = try #require(keepers.rights)
      // The table of the page on keepers, dollars at its end.
      let rewards = keepers.keepers.reduce(0) { $0 + $1.rewards }
      let gas = keepers.keepers.reduce(0) { $0 + $1.gasPaid }
      let result = keepers.keepers.reduce(0) { $0 + $1.result }
      let dollars = [rewards, rights.toAccounts, rights.forfeited, gas, result].map {
        Int((Double($0) / 1_000_000).rounded())
      }
      let counts = [
        rights.sales, rights.withdrawn, rights.unsold, rights.lotsSold, rights.lots, rights.bids,
        rights.opened, rights.unopened,
      ]
      #expect(counts + dollars == row)
      return Double(rights.toAccounts) / Double(rewards)
    }
    let one = try part(Self.terms, [46, 29, 10, 70, 456, 99, 31, 3, 566, 238, 60, 414, -262])
    let displaced = try part(
      Self.terms.filter { $0.key != "rights.pricing" },
      [44, 29, 9, 60, 440, 96, 28, 3, 534, 409, 60, 403, -452])
    #expect(one < 0.43 && displaced > 0.76)
  }

  // 30 dollars for one lot: its worth. 100 for ten of ten, 9/20 off: 5.50 a lot. A deposit of 6.25
  // is lost eight times in a hundred, and one of four wins: 6 dollars bear gas of a dollar.
  @Test("one lot is bid for at its worth, and the more the less each; never below the reserve")
  func shading() throws {
    let sale = RightsSale(
      id: 1, account: AccountID(1), instrument: InstrumentID(1), side: .sell,
      size: Size(steps: 100), lots: 10, reward: 200_000_000, reserve: 5_500_000,
      deposit: 6_250_000, closesAt: Timestamp(seconds: 60), settlesAt: Timestamp(seconds: 120),
      pricing: .uniform)
    typealias Worth = ReplayKeepers.RightsWorth
    let one = try #require(Worth(lots: 1, value: 30).bid(in: sale, for: 0, []))
    #expect(one.price == 30_000_000 && one.lots == 1)
    let all = try #require(Worth(lots: 10, value: 100).bid(in: sale, for: 0, []))
    #expect(all.price == 5_500_000 && all.lots == 10)
    #expect(Worth(lots: 10, value: 99.999_99).bid(in: sale, for: 0, []) == nil, "the reserve")
    let displacing = RightsSale(
      id: 1, account: AccountID(1), instrument: InstrumentID(1), side: .sell,
      size: Size(steps: 100), lots: 10, reward: 200_000_000, reserve: 5_500_000,
      deposit: 6_250_000, closesAt: Timestamp(seconds: 60), settlesAt: Timestamp(seconds: 120),
      pricing: .displaced)
    let whole = try #require(Worth(lots: 10, value: 100).bid(in: displacing, for: 0, []))
    #expect(whole.price == 10_000_000 && whole.lots == 10, "nothing is gained by naming less")
    #expect(Worth(lots: 1, value: 6).bid(in: sale, for: 1, [])?.price == 6_000_000)
    #expect(Worth(lots: 1, value: 6).bid(in: sale, for: 1.000_001, []) == nil)
  }

  @Test("where no block lies in the span in which bids are opened nobody bids")
  func short() throws {
    let spans = [
      (key: "rights.commitSpan", value: "10s"), (key: "rights.revealSpan", value: "50s"),
    ]
    let terms = Self.terms.filter { one in !spans.contains { $0.key == one.key } }
    let rights = try #require(
      try FallingMarket.run(FallingMarket.plan(terms + spans)).result.keepers?.rights)
    #expect(rights.sales > 0 && rights.bids == 0 && rights.forfeited == 0)
    #expect(rights.unsold + rights.withdrawn == rights.sales)
    let longer = terms + [spans[0], (key: "rights.revealSpan", value: "51s")]
    let next = try #require(
      try FallingMarket.run(FallingMarket.plan(longer)).result.keepers?.rights)
    #expect(next.bids > 0, "the next block is a second before the end")
  }

  @Test("offers to the first keeper have no rights, and without gas nobody bids")
  func none() throws {
    let offers = Self.terms.filter { !$0.key.hasPrefix("rights.") }
    #expect(try FallingMarket.run(FallingMarket.plan(offers)).result.keepers?.rights == nil)
    let (result, engine) = try FallingMarket.run(FallingMarket.plan(Self.terms, gas: nil))
    #expect(result.keepers == nil && engine.state.execution.deposits == 0)
  }
}
