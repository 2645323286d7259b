// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Parameters
public import Quantities

/// One side of a double entry.
@frozen
public enum LedgerAccount: Hashable, Sendable, CustomStringConvertible {
  /// A customer's account.
  case account(AccountID)
  /// What stands between losses and other customers; never negative.
  case insuranceFund
  /// The same for one risk universe beyond the common one, and for nothing outside it.
  case universeFund(RiskUniverse)
  /// Fees earned by the venue.
  case fees
  /// The world outside: minus everything deposited and not withdrawn.
  case outside
  /// What a pool has gained and its depositors have not fetched.
  case pool(AccountID)
  /// What entry fees on an underlying have collected and rebates have not given back.
  case entryPot(AssetSymbol)
  /// What bidders have locked with sealed bids for rights.
  case rightsDeposits

  public var description: String {
    switch self {
    case .account(let id): id.description
    case .insuranceFund: "insurance fund"
    case .universeFund(let universe): "insurance fund of \(universe)"
    case .fees: "fees"
    case .outside: "outside"
    case .pool(let id): "gains of the pool of \(id)"
    case .entryPot(let underlying): "entry fees on \(underlying)"
    case .rightsDeposits: "deposits of sealed bids"
    }
  }

  /// The fund of a risk universe.
  @inlinable
  public static func fund(of universe: RiskUniverse) -> LedgerAccount {
    universe == .common ? .insuranceFund : .universeFund(universe)
  }

  /// Whose fund this is; `nil` for what is no fund.
  @inlinable
  public var fundUniverse: RiskUniverse? {
    switch self {
    case .insuranceFund: .common
    case .universeFund(let universe): universe
    default: nil
    }
  }
}

/// Why money moved.
@frozen
public enum TransferReason: UInt8, Hashable, Sendable, CaseIterable {
  case deposit
  case withdrawal
  /// The liquidation penalty of a partial liquidation, into the insurance fund.
  case liquidationPenalty
  /// The insurance fund makes an insolvent account whole.
  case insuranceCover
  /// Winners of a market make an insolvent account whole when the fund cannot.
  case socializedLoss
  /// Capital given to the insurance fund from outside.
  case fundContribution
  /// Collateral exchanged with the insurance fund to pay a debt: what is owed at the index, what is
  /// paid at its price as collateral; and what a winner sells of its profit for one.
  case conversion
  /// The fee of one side of a trade, to the venue.
  case tradingFee
  /// A part of the taker's fee given to the maker.
  case makerRebate
  /// What an account pays the insurance fund for jumps through its margin.
  case gapPremium
  /// What an account pays the insurance fund for what it owes.
  case interest
  /// Collateral moved between two accounts of one owner.
  case ownMove = 32
  /// What a bidder in an auction receives of the account whose positions it takes.
  case auctionDiscount = 48
  /// What the insurance fund pays a bidder for positions that are worth nothing.
  case auctionReward = 49
  /// A deposit into a backstop pool.
  case poolDeposit = 80
  /// What is paid out of a deposit in a backstop pool.
  case poolWithdrawal = 81
  /// What a backstop pool has gained: into its reserve, and from there to its depositors.
  case poolGain = 82
  /// The fund pays a winner back what it gave toward a loss.
  case lossRecovery = 40
  /// What traders pay on top of fees, into the insurance fund, while it is below its target.
  case fundSurcharge = 41
  /// Collateral of an account in liquidation and what is paid for it.
  case collateralSale = 42
  /// What the insurance fund has of a sale of collateral.
  case conversionFee = 43
  /// What an account in liquidation pays a winner, in another asset, for profit that pays its debt.
  case profitPrice = 44
  /// The insurance fund's part of the fees of a trade, of the venue.
  case feeShare = 45
  /// What a taker pays for taking an underlying out of balance, into its pot.
  case entryFee = 96
  /// What a taker is given back for bringing an underlying nearer to balance, from its pot.
  case entryRebate = 97
  /// Capital of the insurance fund for its hedge.
  case hedgeCapital = 98
  /// What the hedge has at rest, back into the insurance fund.
  case hedgeReturn = 99
  /// What an account pays for a filled answer to a request for quotes: the relayer that passed it
  /// on, or the venue.
  case relayFee = 100
  /// What an account in liquidation pays the keeper that takes its slice.
  case keeperReward = 101
  /// Locked with a sealed bid.
  case rightsDeposit = 102
  /// The deposit of a bid that was opened, or whose sale was withdrawn.
  case rightsReturn = 103
  /// The deposit of a bid that was not opened, or could not be kept.
  case rightsForfeit = 104
  /// What a winner pays for the right to a slice.
  case rightsPayment = 105
}

/// Money moving from one ledger account to another.
@frozen
public struct Transfer: Hashable, Sendable {
  public let from: LedgerAccount
  public let to: LedgerAccount
  /// Positive.
  public let amount: Amount
  public let reason: TransferReason

  @inlinable
  public init(from: LedgerAccount, to: LedgerAccount, amount: Amount, reason: TransferReason) {
    self.from = from
    self.to = to
    self.amount = amount
    self.reason = reason
  }
}

/// What made two accounts trade.
@frozen
public enum TradeCause: UInt8, Hashable, Sendable, CaseIterable {
  /// Orders matched by the venue's matching engine.
  case matching
  /// A liquidation order met the book.
  case liquidation
  /// Auto-deleveraging closed both sides.
  case deleveraging
  /// Positions agreed or opened elsewhere and brought in; free of fees.
  case transfer
  /// A bidder in an auction took it over, at the mark.
  case auction = 16
  /// A backstop pool took a position over.
  case pool = 80
  /// A backstop pool reduced a position in the book.
  case unwinding = 81
  /// The fund's hedge was bought in the book, or given back.
  case hedge = 98
}

/// A trade of one instrument between two accounts.
@frozen
public struct Trade: Hashable, Sendable {
  public let instrument: InstrumentID
  public let buyer: AccountID
  public let seller: AccountID
  /// Positive.
  public let size: Size
  /// Ledger units per size step at which both sides trade; fixes the money exactly.
  public let unitValue: Int64
  /// The price agreed; `unitValue` is the contract's value at it.
  public let price: Price
  public let cause: TradeCause

  @inlinable
  public init(
    instrument: InstrumentID, buyer: AccountID, seller: AccountID, size: Size,
    unitValue: Int64, price: Price, cause: TradeCause
  ) {
    self.instrument = instrument
    self.buyer = buyer
    self.seller = seller
    self.size = size
    self.unitValue = unitValue
    self.price = price
    self.cause = cause
  }
}

/// A position, or a part of it, going from one account of an owner to another.
@frozen
public struct PositionMove: Hashable, Sendable {
  public let from: AccountID
  public let to: AccountID
  public let instrument: InstrumentID
  /// Of the position's sign.
  public let size: Size
  /// What of its cost goes with it, ledger units of the settlement asset: no profit is realized
  /// by moving.
  public let cost: Int64

  @inlinable
  public init(
    from: AccountID, to: AccountID, instrument: InstrumentID, size: Size, cost: Int64
  ) {
    self.from = from
    self.to = to
    self.instrument = instrument
    self.size = size
    self.cost = cost
  }
}
