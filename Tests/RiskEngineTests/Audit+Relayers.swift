// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Quantities
import Testing

// Who passes answers on, and who is paid for it.
extension Audit {
  private func owner(_ id: AccountID) -> AccountID? {
    state.index(of: id).map { state.owner(of: $0) }
  }

  /// A relayer is registered and of no owner who could gain by what it sees; a maker answers once.
  func checkRelay(_ id: UInt64, _ answer: QuoteAnswer, _ relayer: AccountID) {
    guard let request = state.execution.request(id) else {
      Issue.record("an answer to no request is passed on")
      return
    }
    #expect(state.execution.isRelayer(relayer) && state.balance.isMaker(answer.maker))
    #expect(!request.answers.contains { $0.maker == answer.maker })
    for other in state.balance.makers + [request.account] {
      #expect(owner(other) != owner(relayer), "\(relayer) and \(other) are of one owner")
    }
  }

  /// The account that was asked for pays, and only those who passed an answer on, or the venue
  /// where a maker answered itself.
  func checkRelayFee(_ transfer: Transfer) {
    guard case .account(let payer) = transfer.from, let index = state.index(of: payer),
      let request = state.execution.request(of: payer)
    else {
      Issue.record("a relay is paid for without a request")
      return
    }
    #expect(state.accounts[index].isInLiquidation)
    guard case .account(let relayer) = transfer.to else {
      #expect(transfer.to == .fees && request.relays.count < request.answers.count)
      return
    }
    #expect(request.relays.contains { $0.relayer == relayer } && owner(relayer) != owner(payer))
  }
}
