// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import MarketData
import Quantities
import RiskEngine

// What an attacker, and honest outsiders beside him, make of what the engine offers.
extension AttackWorld {
  /// Answers everything that is out.
  mutating func answerAll(_ script: AttackScript) {
    // An answer may lead to the next order, but not for ever.
    for _ in 0..<16 where !orders.isEmpty || !sales.isEmpty {
      let (waiting, selling) = (orders, sales)
      orders.removeAll(keepingCapacity: true)
      sales.removeAll(keepingCapacity: true)
      for order in waiting { answer(order, script) }
      for sale in selling where sale.market != nil { answer(sale, script) }
    }
    answerRequests(script)
  }

  private func taker(_ script: AttackScript) -> AccountID {
    let others = [Self.second, Self.third, Self.quoting, Self.below, Self.second]
    return others[Int(script.number(.taker, 0...4))]
  }

  /// The attacker's part first, at his price, then outsiders'.
  ///
  /// Outsiders buy a little below the mark and sell a little above it. Where they have depth he
  /// is at least as good as they; beyond their depth, which in ``AttackFamily/fakeDepth`` may be
  /// little, the rest of an order is his at whatever it permits.
  private mutating func answer(_ order: LiquidationOrder, _ script: AttackScript) {
    let mark = markSteps(order.instrument)
    let isSale = order.side == .sell
    let honest = mark + (isSale ? -1 : 1) * (mark / 2_000)
    let limit = order.limit.steps
    let hasDepth = isSale ? honest >= limit : honest <= limit
    let isThin = script.family == .fakeDepth
    let depth = isThin ? script.number(.outside, 0...1_000) : 1_000
    var own = limit + (mark - limit) / 1_000 * script.number(.price, 0...1_000)
    let better = isSale ? max(own, honest) : min(own, honest)
    if hasDepth, depth == 1_000 { own = better }
    let total = order.size.steps
    var mine = total * script.number(.own, 0...1_000) / 1_000
    var theirs = hasDepth ? (total - mine) * depth / 1_000 : 0
    if hasDepth, isThin, own != better {
      // Whoever is cheaper goes first.
      theirs = min(total * depth / 1_000, total)
      mine = min(mine, total - theirs)
    }
    let id = taker(script)
    ownLeft = order.stage != .partial ? wealth(of: order.account) : nil
    defer { ownLeft = nil }
    var fills: [ExecutionReport.Fill] = []
    let cuts = script.cuts
    for cut in 0..<cuts {
      let part = mine / cuts + (cut < mine % cuts ? 1 : 0)
      guard part > 0 else { continue }
      fills.append(.init(counterparty: id, size: Size(steps: part), price: Price(steps: own)))
    }
    let outsider = outsider(of: order.instrument)
    let outside = { (left: Int64) -> [ExecutionReport.Fill] in
      guard left > 0 else { return [] }
      return [
        .init(counterparty: outsider, size: Size(steps: left), price: Price(steps: honest))
      ]
    }
    if attempt(.reportExecution(.init(order: order.id, fills: fills + outside(theirs)))) {
      return
    }
    // Where his account may not take it, the others still may.
    attempt(
      .reportExecution(
        .init(order: order.id, fills: outside(hasDepth ? total * depth / 1_000 : 0))))
  }

  /// What an account has at the marks, ledger units, rounded up; nothing below zero.
  private func wealth(of id: AccountID) -> Int64? {
    account(id).map {
      AttackPurse.wealth(
        of: $0.portfolio, engine.state.marks.map(\.unitValue), AttackPurse.coinPrice(self))
    }
  }

  /// Collateral in its spot market: coins have a step of 100,000 units.
  private mutating func answer(_ sale: CollateralSale, _ script: AttackScript) {
    let mark = AttackPurse.coinPrice(self)
    let honest = mark - mark / 2_000
    let own = max(
      sale.limit.steps + (mark - sale.limit.steps) / 1_000 * script.number(.price, 0...1_000),
      honest)
    let steps = sale.left / 100_000
    let mine = steps * script.number(.own, 0...1_000) / 1_000
    var fills: [ExecutionReport.Fill] = []
    if mine > 0 {
      fills.append(
        .init(counterparty: taker(script), size: Size(steps: mine), price: Price(steps: own)))
    }
    let rest = ExecutionReport.Fill(
      counterparty: Self.outsider, size: Size(steps: steps - mine), price: Price(steps: honest))
    if steps > mine, honest >= sale.limit.steps { fills.append(rest) }
    if !attempt(.reportExecution(.init(order: sale.id, fills: fills))) {
      attempt(.reportExecution(.init(order: sale.id, fills: [])))
    }
  }

  /// Makers' answers: the attacker's at his price, and an honest one half a spread off the mark.
  private mutating func answerRequests(_ script: AttackScript) {
    for request in engine.state.execution.requests where request.answers.isEmpty {
      let mark = markSteps(request.instrument)
      let sign: Int64 = request.side == .sell ? -1 : 1
      let honest = (mark + sign * (mark / 2_000)) / Self.tick * Self.tick
      let bad = sign * (mark / 10_000) * script.number(.quote, -60...20)
      let size = max(request.size.steps * script.number(.own, 1...1_000) / 1_000, 1)
      let price = (mark + bad) / Self.tick * Self.tick
      attempt(
        .answerRequest(Self.quoting, request.id, Price(steps: price), Size(steps: size)))
      if attempt(.answerRequest(Self.maker, request.id, Price(steps: honest), request.size)) {
        answeredAt[request.account] = unitValue(request.instrument)
      }
    }
  }

  // MARK: Auctions, offers and rights

  mutating func bid(_ script: AttackScript, by bidder: AccountID) {
    for id in engine.accountsInAuction {
      let share = Rate(billionths: script.number(.bid, 1...1_000) * 1_000_000)
      let bid = AuctionBid(
        bidder: bidder, share: share, leastReward: .zero, receivedAt: instant,
        expiresAt: instant + .hour)
      attempt(.bidInAuction(id, [bid]))
    }
    for id in Self.attackers {
      guard let sale = account(id)?.collateralSale, sale.market == nil else { continue }
      let units = max(sale.left / 1_000 * script.number(.bid, 1...1_000), 1)
      let bid = CollateralBid(
        bidder: bidder, units: units, limit: sale.price, receivedAt: instant)
      attempt(.bidForCollateral(id, sale.id, [bid]))
    }
  }

  /// Outsiders bid for all that is left once it brings them half a spread: always for what the fund
  /// pays for, of what an account pays for itself only in some strategies.
  mutating func bidHonestly(_ script: AttackScript) {
    for id in engine.accountsInAuction {
      guard let auction = account(id)?.liquidation?.auction,
        auction.round.phase == .insolvent || script.isSet(.outside)
      else { continue }
      let bid = AuctionBid(
        bidder: Self.outsider, share: .one, leastReward: Rate(billionths: 500_000),
        receivedAt: instant, expiresAt: instant + .hour)
      attempt(.bidInAuction(id, [bid]))
    }
  }

  /// Takes parts of what keepers are offered, and bids for rights to slices.
  mutating func takeOffers(by id: AccountID, _ thousandths: Int64, _ script: AttackScript) {
    for offer in engine.state.execution.offers {
      let steps = max(offer.left.steps * thousandths / 1_000, 1)
      attempt(.takeOffer(id, offer.id, Size(steps: steps), leastReward: 0))
    }
    for sale in engine.state.execution.sales {
      let lots = min(max(script.number(.lots, 1...4), 1), sale.lots)
      let dearest = max(2 * sale.reward / max(sale.lots, 1), sale.reserve)
      let price = sale.reserve + (dearest - sale.reserve) / 1_000 * script.number(.price, 0...1_000)
      let salt = [UInt8](repeating: UInt8(truncatingIfNeeded: id.number), count: 32)
      let bid = SealedBid(bidder: id, price: price, lots: lots, salt: salt)
      if instant < sale.closesAt {
        attempt(.commitBid(id, sale.id, bid.commitment(to: sale.id)))
      } else if script.number(.reveal, 0...3) > 0 {
        attempt(.revealBid(id, sale.id, RightsBid(price: price, lots: lots, salt: salt)))
      }
    }
  }
}

extension AttackScript {
  var cuts: Int64 { family == .dustSplitting ? number(.cuts, 1...8) : number(.cuts, 1...2) }
}
