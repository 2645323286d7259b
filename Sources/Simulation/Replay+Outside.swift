// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Parameters
import Quantities
import RiskEngine

// What a replay's outside says and does besides filling orders; each only where parameters of the
// venue ask for it.
extension Replay {
  /// The commands that register the makers of an opened venue, where makers are asked for quotes
  /// or its balance is looked at.
  ///
  /// The fund's hedge buys from takers alone: where there is one, the last maker of an underlying
  /// is not registered, and stands for all others who trade.
  static func registrations(of makers: MakerRoster, in engine: Engine) -> [Command] {
    let rules = engine.rules
    guard rules.liquidation.requests.isOn || !rules.balance.isEmpty else { return [] }
    return makers.desks.flatMap { desk in
      isHedged(engine) ? desk.accounts.dropLast() : desk.accounts
    }
    .prefix(Engine.mostMakers).map { .registerMaker($0) }
  }

  /// Whether collateral is sold in spot markets, which then are listed.
  var sellsInBook: Bool {
    let terms = venue.engine.rules.liquidation.conversion
    return terms.choice != .never && terms.execution == .book
  }

  /// Tells the engine how deep the books are.
  mutating func reportDepth() throws {
    guard venue.engine.rules.liquidation.depth.isOn else { return }
    let reports = book.depthReports(venue.engine)
    if !reports.isEmpty { try submit(.reportDepth(reports)) }
  }

  /// Opens the accounts of keepers, who are no traders.
  mutating func openKeepers() throws {
    let commands = keepers?.opening(of: venue.engine) ?? []
    observer.exclude(keepers?.accounts ?? [])
    for command in commands { try submit(command) }
  }

  /// Opens the account of a relayer, who is no trader, where answers come through one.
  mutating func openRelayer() throws {
    let terms = venue.engine.rules.liquidation.requests
    guard terms.isOn, terms.isRelayed, let last = venue.engine.state.accounts.last?.id.number,
      last < UInt32.max
    else { return }
    let relayer = AccountID(last + 1)
    observer.exclude([relayer])
    try submit(.openAccount(relayer, .cross))
    try submit(.registerRelayer(relayer))
  }

  /// Tells the engine what gas costs, and lets keepers take what it offers, or bid for it.
  mutating func answerOffers() throws {
    guard venue.engine.rules.liquidation.keeper.isOn,
      let report = keepers?.report(venue.engine)
    else { return }
    try submit(report)
    for offer in venue.engine.state.execution.offers {
      guard let command = keepers?.take(offer, venue.engine, book) else { continue }
      try self.offer(command)
    }
    // What is opened now was sealed in an earlier block.
    let openings = keepers?.openings(venue.engine) ?? []
    let commitments = keepers?.commitments(venue.engine, book) ?? []
    for command in openings + commitments { try offer(command) }
  }

  /// Lets registered makers answer what was asked since the block before, themselves or through a
  /// relayer who passes every answer on as it is.
  mutating func answerRequests() throws {
    let relayer = venue.engine.state.execution.relayers.first
    for request in venue.engine.state.execution.requests where request.answers.isEmpty {
      for command in bidders.answers(to: request, venue.engine, book) {
        try offer(relayer.map { command.relayed(by: $0) } ?? command)
      }
    }
  }

  /// Lets makers work off what they took at prices of their own.
  mutating func hedge(_ trades: [Trade]) {
    let engine = venue.engine
    for trade in trades {
      let isBuyer = engine.state.balance.isMaker(trade.buyer)
      bidders.hedge(trade, of: isBuyer ? trade.buyer : trade.seller, engine, in: &book)
    }
  }

  /// What the book makes of an order; the fund's hedge finds nobody there who is of the house.
  mutating func answer(_ order: LiquidationOrder, mark: Price) -> ExecutionReport {
    if isLeftToKeepers, venue.engine.rules.liquidation.pace.keeperShare > .zero,
      order.stage == .partial, let index = venue.engine.state.index(of: order.account),
      venue.engine.state.orderOut(of: index)?.id == order.id,
      let report = keepers?.answer(order, venue.engine, book)
    {
      return report
    }
    let isHedge = venue.engine.state.isHedge(order.account)
    let house = isHedge ? venue.engine.state.balance.makers : []
    return book.answer(order, mark: mark, excluding: house)
  }

  /// Bids for the collateral under the hammer, as long as another maker finds it worth while.
  mutating func bidForCollateral() throws {
    let terms = venue.engine.rules.liquidation.conversion
    guard terms.choice != .never, terms.execution == .auction else { return }
    for account in SpotSide.hammered(venue.engine) {
      for _ in 0..<Self.mostBidsPerBlock {
        guard let (order, bid) = spot.bid(for: account, venue.engine, book),
          let asset = venue.engine.state.index(of: account)
            .flatMap({ venue.engine.state.accounts[$0].collateralSale?.asset })
        else { break }
        try offer(.bidForCollateral(account, order, [bid]))
        guard let fill = lastPurchase else { break }
        lastPurchase = nil
        spot.take(fill, of: asset, in: &book)
      }
    }
  }
}

extension Command {
  /// A maker's answer as a relayer passes it on; any other command as it is.
  func relayed(by relayer: AccountID) -> Command {
    guard case .answerRequest(let maker, let id, let price, let size) = self else { return self }
    return .relayAnswer(relayer, id, QuoteAnswer(maker: maker, price: price, size: size))
  }
}
