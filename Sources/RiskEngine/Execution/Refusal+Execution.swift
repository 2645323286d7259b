// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Liquidation
import Quantities

// Refusals of what the outside says of execution.
extension Refusal {
  var executionCode: String {
    switch self {
    case .notInUse: "not-in-use"
    case .unknownOffer: "unknown-offer"
    case .offerOver: "offer-over"
    case .alreadyAnswered: "already-answered"
    case .rewardTooLow: "reward-too-low"
    case .batch: "sealed-bid"
    case .onlyRelayed: "only-relayed"
    case .notIndependent: "not-independent"
    default: "execution"
    }
  }

  var executionDescription: String {
    switch self {
    case .unknownOffer(let id): "nothing is offered under \(id)"
    case .offerOver(let id): "what was offered under \(id) is over"
    case .alreadyAnswered(let id, let maker): "\(maker) has answered request \(id) already"
    case .rewardTooLow(let id, let reward):
      "what is offered under \(id) is paid \(decimalText(reward, decimals: 6)) and no more"
    case .batch(let id, let refusal): "the sale \(id) does not take the bid: \(refusal)"
    case .onlyRelayed(let maker): "answers of \(maker) come through a relayer, not from itself"
    case .notIndependent(let id, let other): "\(id) and \(other) have one owner"
    case .notInUse(let key): "nothing is done with it while \(key) is not stated"
    default: code
    }
  }
}
