// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Quantities

/// What a step of a liquidation cost, and who bore it.
struct StepBill {
  /// Millionths of the quote currency.
  let cost: Int64
  let payer: String
  let bearer: CostBearer

  /// - Parameter winner: Who it was, if one of the winners bore it.
  /// - Returns: `nil` where it cost this account's liquidation nothing.
  init?(_ charge: CostTally.Charge?, to account: AccountID, winner: AccountID? = nil) {
    guard let charge, charge.account == account else { return nil }
    cost = charge.amount
    bearer = charge.bearer
    payer =
      switch charge.bearer {
      case .account: "the account"
      case .fund: "the insurance fund"
      case .winners: winner.map { "\($0)" } ?? "winners"
      }
  }
}

/// What an account traded in a step of its liquidation.
struct StepTrade {
  let text: String
  /// The other side.
  let other: AccountID
  /// In units of the contract.
  let size: String
  let price: Price
  /// At the mark, millionths of the quote currency.
  let value: Int64

  init(_ trade: Trade, of account: AccountID, _ contract: Contract, _ quote: Asset, value: Int64) {
    let other = account == trade.buyer ? trade.seller : trade.buyer
    let how =
      switch trade.cause {
      case .deleveraging: "against \(other), who is deleveraged"
      case .auction: "in the auction, with \(other)"
      case .pool: "to the pool of \(other)"
      case .liquidation, .matching, .transfer, .unwinding, .hedge: "in the book"
      }
    text = "\(account == trade.seller ? "sells" : "buys") \(contract.name) \(how)"
    self.other = other
    size = contract.quantityText(trade.size, quote: quote)
    price = trade.price
    self.value = value
  }
}
