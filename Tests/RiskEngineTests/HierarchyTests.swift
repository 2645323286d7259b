// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Parameters
import Quantities
import RiskEngine
import TestFixtures
import Testing

@Suite("Accounts of one owner and moves between them")
struct HierarchyTests {
  private let perpetual = Contracts.btcPerpetual

  /// An owner's account 1 with money and, under it, an empty account 2; account 3 is another's.
  private func family(
    usd: String = "1000", _ mode: MarginMode = .cross
  ) throws -> Venue {
    var venue = try Venue.marked()
    try venue.open(1, .cross, usd: usd)
    try venue.submit(.openSubaccount(AccountID(2), under: AccountID(1), mode))
    try venue.open(3, .cross, usd: "1000")
    return venue
  }

  private func collateral(_ text: String, from: UInt32 = 1, to: UInt32 = 2) throws -> Command {
    .moveCollateral(from: AccountID(from), to: AccountID(to), try Amount(text, of: Coins.usd))
  }

  private func position(
    _ steps: Int64, from: UInt32 = 1, to: UInt32 = 2,
    of instrument: InstrumentID = Contracts.btcPerpetual
  ) -> Command {
    .movePosition(from: AccountID(from), to: AccountID(to), instrument, Size(steps: steps))
  }

  // MARK: The tree

  @Test("accounts are opened under others, three deep and no deeper")
  func tree() throws {
    var venue = try family()
    #expect(venue.account(2).parent == AccountID(1))
    #expect(venue.account(1).parent == nil)
    let open = { (id: UInt32, under: UInt32) -> Command in
      .openSubaccount(AccountID(id), under: AccountID(under), .portfolio)
    }
    #expect(venue.refusal(of: open(2, 1)) == .alreadyExists("account 2"))
    #expect(venue.refusal(of: open(9, 8)) == .unknownAccount(AccountID(8)))
    try venue.submit(open(5, 2))
    #expect(venue.refusal(of: open(4, 1)) == .notIncreasing("an account's id"))
    try venue.submit(open(6, 5))
    #expect(venue.refusal(of: open(7, 6)) == .subaccountTooDeep(AccountID(6)))
    try venue.submit(open(7, 5))
    for id: UInt32 in [1, 2, 5, 6, 7] {
      let index = try #require(venue.engine.state.index(of: AccountID(id)))
      #expect(venue.engine.state.owner(of: index) == AccountID(1))
    }
    // All of one owner, however they lie to each other.
    try venue.submit(collateral("10", to: 7))
    try venue.submit(collateral("10", from: 7, to: 6))
    #expect(venue.balance(6) == 10_000_000 && venue.balance(7) == 0)
  }

  @Test("accounts of one owner do not trade with each other, in the book or beside it")
  func selfTrade() throws {
    var venue = try family()
    try venue.submit(collateral("500"))
    for origin in TradeOrigin.allCases {
      let report = TradeReport(
        instrument: perpetual, buyer: AccountID(1), seller: AccountID(2), size: Size(steps: 1),
        price: venue.mark(perpetual).price, origin: origin)
      #expect(venue.refusal(of: .recordTrade(report)) == .selfTrade(AccountID(1)))
    }
    try venue.submit(venue.trade(perpetual, buyer: 1, seller: 3, size: 1))
  }

  // MARK: Collateral

  // 5 % of 8 dollars a step: 1,000 steps need 400.
  @Test("collateral goes as far as a withdrawal could, one unit more is refused")
  func collateralThreshold() throws {
    var venue = try family()
    try venue.take(1, 1_000, of: perpetual)
    #expect(venue.refusal(of: try collateral("600.000001"))?.code == "below-initial-margin")
    let events = try venue.submit(collateral("600"))
    #expect(
      events == [
        .transferred(
          Transfer(
            from: .account(AccountID(1)), to: .account(AccountID(2)),
            amount: try Amount("600", of: Coins.usd), reason: .ownMove))
      ])
    #expect(venue.balance(1) == 400_000_000 && venue.balance(2) == 600_000_000)
    // A profit that is not realized supports no move: 1,000 dollars of it, none to give.
    try venue.block(btc: "9000")
    #expect(venue.refusal(of: try collateral("0.000001"))?.code == "below-initial-margin")
  }

  @Test("a receiver below initial margin may be helped, though not all the way")
  func rescue() throws {
    var venue = try family()
    try venue.submit(collateral("400"))
    try venue.take(2, 1_000, of: perpetual)
    try venue.block(btc: "7850")
    // 400 − 150 against 392.5.
    try venue.submit(collateral("10"))
    #expect(venue.balance(2) == 410_000_000)
  }

  @Test("refusals of moved collateral name what is wrong")
  func collateralRefusals() throws {
    var venue = try family()
    #expect(venue.refusal(of: try collateral("1", to: 1)) == .sameAccount(AccountID(1)))
    #expect(
      venue.refusal(of: try collateral("1", to: 3))
        == .differentOwners(AccountID(1), AccountID(3)))
    #expect(venue.refusal(of: try collateral("1", to: 9)) == .unknownAccount(AccountID(9)))
    #expect(venue.refusal(of: try collateral("1", from: 9)) == .unknownAccount(AccountID(9)))
    #expect(venue.refusal(of: try collateral("0")) == .notPositive("an amount"))
    #expect(
      venue.refusal(of: try collateral("1000.000001"))
        == .insufficientBalance(AccountID(1), has: 1_000_000_000))
    let other = try Asset(symbol: AssetSymbol("XYZ"), decimals: 6)
    let foreign = Command.moveCollateral(
      from: AccountID(1), to: AccountID(2), Amount(units: 1, asset: other))
    #expect(venue.refusal(of: foreign) == .unknownAsset(other.symbol))
    try venue.submit(collateral("1000"))
  }

  @Test("nothing moves from or to an account in liquidation")
  func liquidation() throws {
    var venue = try family()
    try venue.submit(collateral("500"))
    try venue.take(1, 1_000, of: perpetual)
    try venue.block(btc: "7600")
    #expect(venue.account(1).liquidation != nil)
    let refused = Refusal.accountInLiquidation(AccountID(1))
    #expect(venue.refusal(of: try collateral("1", from: 2, to: 1)) == refused)
    #expect(venue.refusal(of: try collateral("1")) == refused)
    #expect(venue.refusal(of: position(1)) == refused)
    #expect(venue.refusal(of: .changeMarginMode(AccountID(1), .portfolio)) == refused)
  }

  // MARK: Positions

  @Test("a position moves at what it cost: its profit stays unrealized on the other side")
  func carried() throws {
    var venue = try family()
    try venue.submit(collateral("500"))
    try venue.take(1, 1_000, of: perpetual)
    try venue.block(btc: "9000")
    let equity = try venue.equity(1) + venue.equity(2)
    let open = venue.engine.state.totals[0].openInterest
    let events = try venue.submit(position(400))
    #expect(
      events == [
        .positionMoved(
          PositionMove(
            from: AccountID(1), to: AccountID(2), instrument: perpetual, size: Size(steps: 400),
            cost: 400 * 8_000_000))
      ])
    #expect(venue.size(1, perpetual) == 600 && venue.size(2, perpetual) == 400)
    #expect(venue.balance(1) == 500_000_000 && venue.balance(2) == 500_000_000)
    #expect(try venue.equity(1) + venue.equity(2) == equity)
    #expect(venue.engine.state.totals[0].openInterest == open)
    #expect(venue.engine.state.brokenAfterBlock() == nil)
  }

  // 450 dollars a thousand steps at 9,000. The profit of 1,000 counts on neither side.
  @Test("profit that is not realized carries a moved position nowhere")
  func profitIsLocked() throws {
    var venue = try family(usd: "900")
    try venue.take(1, 1_000, of: perpetual)
    try venue.block(btc: "9000")
    try venue.submit(collateral("449.999999"))
    #expect(venue.refusal(of: position(1_000))?.code == "below-initial-margin")
    try venue.submit(collateral("0.000001"))
    try venue.submit(position(1_000))
    // Now the first account has nothing to stand for, the second nothing to spare.
    #expect(
      venue.refusal(
        of: .withdrawCollateral(AccountID(2), try Amount("0.000001", of: Coins.usd)))?.code
        == "below-initial-margin")
    try venue.submit(.withdrawCollateral(AccountID(1), Amount("450", of: Coins.usd)))
  }

  @Test("opposite positions of one owner end at what they cost")
  func netting() throws {
    var venue = try family(usd: "5000")
    try venue.submit(collateral("2000"))
    try venue.take(1, 1_000, of: perpetual)
    try venue.block(btc: "8500")
    try venue.take(2, -600, of: perpetual)
    try venue.block(btc: "8200")
    // Bought at 8,000, sold at 8,500: half a dollar a step, whatever the mark.
    try venue.submit(position(600))
    #expect(venue.size(2, perpetual) == 0 && venue.size(1, perpetual) == 400)
    #expect(venue.balance(2) == 2_300_000_000 && venue.balance(1) == 3_000_000_000)
    #expect(venue.engine.state.totals[0].openInterest == 400)
    #expect(venue.engine.state.brokenAfterBlock() == nil)
  }

  @Test("refusals of moved positions name what is wrong")
  func positionRefusals() throws {
    var venue = try family(usd: "5000", .isolated)
    try venue.submit(collateral("2000"))
    try venue.take(1, -100, of: perpetual)
    try venue.take(2, 10, of: Contracts.ethPerpetual)
    #expect(venue.refusal(of: position(0)) == .notPositive("a size"))
    #expect(
      venue.refusal(of: position(101))
        == .positionTooSmall(AccountID(1), perpetual, has: Size(steps: 100)))
    #expect(
      venue.refusal(of: position(1, of: Contracts.btcFuture))
        == .positionTooSmall(AccountID(1), Contracts.btcFuture, has: .zero))
    #expect(
      venue.refusal(of: position(1, of: InstrumentID(88))) == .unknownInstrument(InstrumentID(88)))
    #expect(venue.refusal(of: position(1, to: 1)) == .sameAccount(AccountID(1)))
    #expect(
      venue.refusal(of: position(1, to: 3)) == .differentOwners(AccountID(1), AccountID(3)))
    #expect(venue.refusal(of: position(1)) == .isolatedAccountHoldsAnother(AccountID(2)))
    try venue.submit(.openSubaccount(AccountID(4), under: AccountID(1), .isolated))
    #expect(venue.refusal(of: position(1, to: 4))?.code == "below-initial-margin")
    try venue.submit(collateral("40", to: 4))
    try venue.submit(venue.nextBlock(silent: ["BTC"]))
    try venue.submit(venue.nextBlock(after: 600, silent: ["BTC"]))
    #expect(
      venue.refusal(of: position(1, to: 4)) == .marketIsReduceOnly(try AssetSymbol("BTC")))
    try venue.block()
    // 0.4 dollars a step.
    try venue.submit(position(100, to: 4))
    #expect(venue.size(4, perpetual) == -100)
    try venue.block(after: 3_600)
    #expect(
      venue.refusal(of: position(1, of: Contracts.btcFuture)) == .expired(Contracts.btcFuture))
  }

  // What hedges stays: 1,000 long in the perpetual against 1,000 short in the future are charged
  // alike by tiers, 800; without the short's loss of 500 the giver has less to stand on.
  @Test("a giver stands by the rule of withdrawals, to the unit")
  func giver() throws {
    for (left, isEnough) in [("425", true), ("424.999999", false)] {
      var venue = try family(usd: "20000")
      try venue.take(1, 1_000, of: perpetual)
      try venue.take(1, -1_000, of: Contracts.btcFuture)
      try venue.submit(collateral("10000"))
      try venue.block(btc: "8500")
      // The short has lost 500, the long has won 500; giving the short leaves the long: 425.
      let spare = try Amount("10000", of: Coins.usd).units
      let kept = try Amount(left, of: Coins.usd).units
      let before = venue.balance(1)
      #expect(before == spare)
      try venue.submit(position(1, of: Contracts.btcFuture))
      try venue.submit(position(999, of: Contracts.btcFuture))
      let amount = Amount(units: before - kept, asset: try Coins.usd)
      let move = Command.moveCollateral(from: AccountID(1), to: AccountID(2), amount)
      if isEnough {
        try venue.submit(move)
      } else {
        #expect(venue.refusal(of: move)?.code == "below-initial-margin")
      }
    }
  }

  // MARK: The mode

  @Test("a mode is changed where the account stands under the new one")
  func mode() throws {
    var venue = try family(usd: "5000")
    try venue.submit(.changeMarginMode(AccountID(2), .portfolio))
    #expect(venue.account(2).portfolio.mode == .portfolio)
    #expect(
      venue.refusal(of: .changeMarginMode(AccountID(9), .cross)) == .unknownAccount(AccountID(9)))
    try venue.take(1, 1_000, of: perpetual)
    try venue.take(1, 100, of: Contracts.ethPerpetual)
    #expect(
      venue.refusal(of: .changeMarginMode(AccountID(1), .isolated))
        == .isolatedAccountHoldsAnother(AccountID(1)))
    try venue.take(1, -100, of: Contracts.ethPerpetual)
    try venue.submit(.changeMarginMode(AccountID(1), .isolated))
    #expect(
      venue.refusal(of: try venue.trade(Contracts.ethPerpetual, buyer: 1, seller: 0, size: 1))
        == .isolatedAccountHoldsAnother(AccountID(1)))
    // 15 % and a provision by scenarios, against 5 % by tiers.
    try venue.submit(
      .withdrawCollateral(AccountID(1), Amount("4500", of: Coins.usd)))
    #expect(
      venue.refusal(of: .changeMarginMode(AccountID(1), .portfolio))?.code
        == "below-initial-margin")
    try venue.submit(.changeMarginMode(AccountID(1), .cross))
  }
}
