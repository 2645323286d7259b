// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Quantities
import TestFixtures
import Testing

@Suite("Claims and the standing of the fund")
struct LossBookTests {
  private func claim(_ id: AccountID, _ asset: Asset, _ units: Int64) -> LossClaim {
    LossClaim(account: id, asset: asset, units: units)
  }

  @Test("claims are kept by asset and account, added up and paid off to the unit")
  func claims() throws {
    var venue = try SmallVenue()
    let (usd, btc) = (venue.usd, venue.btc)
    venue.state.apply(.claimsGranted([claim(SmallVenue.two, usd, 40)]))
    venue.state.apply(
      .claimsGranted([claim(SmallVenue.one, usd, 7), claim(SmallVenue.two, usd, 2)]))
    venue.state.apply(.claimsGranted([claim(SmallVenue.three, btc, 5)]))
    #expect(
      venue.state.losses.claims == [
        claim(SmallVenue.three, btc, 5), claim(SmallVenue.one, usd, 7),
        claim(SmallVenue.two, usd, 42),
      ])
    #expect(venue.state.losses.claims(in: usd).map(\.units) == [7, 42])
    #expect(venue.state.losses.claims(in: btc).map(\.units) == [5])
    venue.move(41, of: usd, .insuranceFund, .account(SmallVenue.two), .lossRecovery)
    #expect(venue.state.losses.claims(in: usd).map(\.units) == [7, 1])
    venue.move(1, of: usd, .insuranceFund, .account(SmallVenue.two), .lossRecovery)
    #expect(venue.state.losses.claims(in: usd).map(\.account) == [SmallVenue.one])
    // Any other payment to a claimant is no repayment.
    venue.move(3, of: usd, .insuranceFund, .account(SmallVenue.one), .insuranceCover)
    #expect(venue.state.losses.claims(in: usd).map(\.units) == [7])
  }

  @Test("a window counts what is drawn for others, a peak follows the fund, and nothing else does")
  func standing() throws {
    var venue = try SmallVenue()
    let usd = venue.usd
    venue.state.apply(.blockStarted(at: Timestamp(seconds: 60)))
    venue.move(10, of: usd, .insuranceFund, .account(SmallVenue.one), .insuranceCover)
    #expect(venue.state.losses.fund(usd) == nil, "nothing is remembered unless asked")
    venue.state.apply(.fundWindowOpened(usd, opening: 290))
    venue.move(11, of: usd, .insuranceFund, .account(SmallVenue.one), .insuranceCover)
    venue.move(12, of: usd, .insuranceFund, .account(SmallVenue.one), .conversion)
    let first = try #require(venue.state.losses.fund(usd))
    #expect(first.drawn == 11 && first.opening == 290 && first.peak == 0)
    #expect(first.windowStart == Timestamp(seconds: 60))
    venue.state.apply(.fundDrawdownChanged(usd, percent: 0, peak: 267))
    venue.move(100, of: usd, .outside, .insuranceFund, .fundContribution)
    venue.move(50, of: usd, .insuranceFund, .account(SmallVenue.one), .insuranceCover)
    let second = try #require(venue.state.losses.fund(usd))
    #expect(second.peak == 367 && second.drawn == 61 && second.drawdown == 0)
    #expect(venue.state.losses.fund(venue.btc) == nil)
  }

  @Test("a state with claims has bytes of its own, without them the bytes it always had")
  func bytes() throws {
    var venue = try SmallVenue()
    let plain = venue.state.canonicalBytes
    let empty = venue.state
    let usd = venue.usd
    venue.state.apply(.claimsGranted([claim(SmallVenue.two, usd, 42)]))
    venue.state.apply(.fundWindowOpened(usd, opening: 290))
    venue.state.apply(
      .fundReviewed(
        FundReview(target: 9, balance: 3, feeRise: Rate(billionths: 1), marginRise: .zero)))
    let bytes = venue.state.canonicalBytes
    #expect(bytes.count > plain.count)
    #expect(try LedgerState(canonicalBytes: bytes) == venue.state)
    for count in plain.count..<bytes.count {
      #expect(throws: CanonicalError.self) {
        _ = try LedgerState(canonicalBytes: Array(bytes[..<count]))
      }
    }
    // The last byte of a state without anything optional says so.
    #expect(plain.last == 0)
    #expect(throws: CanonicalError.self) {
      _ = try LedgerState(canonicalBytes: plain.dropLast() + [64])
    }
    #expect(throws: CanonicalError.self) {
      _ = try LedgerState(canonicalBytes: plain.dropLast() + [64] + [UInt8](repeating: 0, count: 9))
    }
    #expect(try LedgerState(canonicalBytes: plain) == empty)
  }

  @Test("the stage of socialized losses remembers whether it began with positions")
  func awaiting() throws {
    var venue = try SmallVenue()
    let cause = LiquidationCause(equity: -1, maintenanceMargin: 2, time: Timestamp(seconds: 1))
    venue.trade(SmallVenue.linear, SmallVenue.one, SmallVenue.two, 5, at: 100)
    venue.state.apply(.liquidationStarted(SmallVenue.one, cause))
    venue.state.apply(.liquidationStageEntered(SmallVenue.one, .socializedLoss))
    let waiting = try #require(venue.account(SmallVenue.one).liquidation)
    #expect(waiting.awaitsSharing)
    #expect(try LiquidationProgress(canonicalBytes: waiting.canonicalBytes) == waiting)
    venue.trade(SmallVenue.linear, SmallVenue.two, SmallVenue.one, 5, at: 100)
    venue.state.apply(.liquidationStageEntered(SmallVenue.one, .deleveraging))
    #expect(venue.account(SmallVenue.one).liquidation?.awaitsSharing == true)
    venue.state.apply(.liquidationStageEntered(SmallVenue.one, .socializedLoss))
    #expect(venue.account(SmallVenue.one).liquidation?.awaitsSharing == false)
  }

  @Test("the root of cuts changes with each account, size and order")
  func roots() {
    let cuts = [(AccountID(1), Size(steps: 5)), (AccountID(2), Size(steps: 6))]
    let root = DeleveragingAllocation.root(of: cuts)
    #expect(root == DeleveragingAllocation.root(of: cuts))
    #expect(root != DeleveragingAllocation.root(of: cuts.reversed()))
    #expect(root != DeleveragingAllocation.root(of: [cuts[0]]))
    #expect(root != DeleveragingAllocation.root(of: [cuts[0], (AccountID(2), Size(steps: 7))]))
    #expect(root != DeleveragingAllocation.root(of: [cuts[0], (AccountID(3), Size(steps: 6))]))
  }
}
