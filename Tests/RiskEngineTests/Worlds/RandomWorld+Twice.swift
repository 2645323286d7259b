// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Quantities
import RiskEngine

// P25: what comes twice.
extension RandomWorld {
  /// Whether what was taken a moment ago is over by it: what it answers may be answered no more.
  func isOver(_ command: Command) -> Bool {
    switch command {
    case .reportExecution, .answerRequest, .relayAnswer, .commitBid, .revealBid: true
    case .takeOffer(_, let id, _, _): venue.engine.state.execution.offer(id) == nil
    case .bidForCollateral(let id, let sale, _):
      venue.account(id.number).liquidation?.sale?.id != sale
    case .bidInAuction(let id, _): !venue.engine.accountsInAuction.contains(id)
    default: false
    }
  }

  /// Whether what is over is refused when it comes again; the engine's answer to a doubled message.
  mutating func refusesAgain(_ command: Command) -> Bool {
    let refusal = venue.refusal(of: command)
    switch command {
    case .reportExecution(let report): return refusal == .unknownOrder(report.order)
    case .answerRequest(let maker, let id, _, _): return refusal == .alreadyAnswered(id, maker)
    case .relayAnswer(_, let id, let answer): return refusal == .alreadyAnswered(id, answer.maker)
    case .takeOffer(_, let id, _, _): return refusal == .offerOver(id)
    case .commitBid(_, let id, _), .revealBid(_, let id, _):
      // Of two reasons the first is named: the deposit is locked already.
      guard case .batch(id, _) = refusal else { return false }
      return true
    default: return refusal != nil
    }
  }
}
