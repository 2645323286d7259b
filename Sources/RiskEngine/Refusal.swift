// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
public import Ledger
public import Liquidation
public import Parameters
public import Quantities

/// Why a command is refused; the state is untouched.
///
/// The code is stable and documented.
public enum Refusal: Error, Equatable, Sendable, CustomStringConvertible {
  case unknownAccount(AccountID)
  case unknownInstrument(InstrumentID)
  case unknownAsset(AssetSymbol)
  case unknownOrder(OrderID)
  case alreadyExists(String)
  /// Ids are given in increasing order.
  case notIncreasing(String)
  case notPositive(String)
  case outsideLimits(String)
  case expired(InstrumentID)
  /// No price has been accepted for what the command depends on.
  case notMarked(String)
  case priceOutsideBand(Price, mark: Price)
  case marketIsReduceOnly(AssetSymbol)
  case accountInLiquidation(AccountID)
  case selfTrade(AccountID)
  case isolatedAccountHoldsAnother(AccountID)
  case tooManyPositions(AccountID)
  case tooManyOrders(AccountID)
  case belowInitialMargin(AccountID, equity: Int64, initialMargin: Int64)
  case insufficientBalance(AccountID, has: Int64)
  case notReducing(AccountID)
  case timeNotIncreasing(Timestamp, last: Timestamp)
  case tooManySamples(Int)
  case fillBeyondLimit(OrderID)
  case fillBeyondSize(OrderID)
  case orderTooLate(OrderID)
  case transferOfAnOrder(OrderID)
  case parameters(ParameterError)
  case unknownUnderlying(AssetSymbol)
  /// Quotes rest only under a protection on their underlying.
  case unprotected(AccountID, AssetSymbol)
  case quotesFrozen(AccountID, AssetSymbol, until: Timestamp)
  /// A move has two sides.
  case sameAccount(AccountID)
  case differentOwners(AccountID, AccountID)
  case positionTooSmall(AccountID, InstrumentID, has: Size)
  case subaccountTooDeep(AccountID)
  /// Customers already hold as much of an asset as counts, millionths of the quote currency.
  case collateralCapReached(AssetSymbol, cap: Int64)
  /// A debt, millionths of the quote currency, would be larger than is permitted.
  case debtAboveCap(AccountID, AssetSymbol, debt: Int64, cap: Int64)
  /// The account is below the reduce-only line of the margin call.
  case calledToReduce(AccountID)
  /// No auction of the account's portfolio is open now.
  case noAuction(AccountID)
  /// Nothing of the portfolio needs to be sold, or nothing can be traded now.
  case nothingForSale(AccountID)
  /// The bid has expired, or others were filled since it was made.
  case bidStale(AccountID, AccountID)
  case bidTooSmall(AccountID, least: Rate)
  /// The auction does not give a bidder yet what the bid asks for.
  case auctionPriceTooHigh(AccountID, reward: Rate, least: Rate)
  /// The account would be further below its line than before.
  case bidLowersExcess(AccountID)
  case unknownPool(AccountID)
  /// Only the engine acts for a pool's account.
  case poolAccount(AccountID)
  /// The pool holds positions, or may yet take over those of an account in liquidation.
  case poolIsEngaged(AccountID)
  case noClaim(AccountID, AccountID)
  case claimTooSmall(AccountID, AccountID, has: Int64)
  case withdrawalNotRequested(AccountID, AccountID)
  case noticeNotOver(AccountID, due: Timestamp)
  case noticeLapsed(AccountID, due: Timestamp)
  /// What accounts in liquidation lack is more than the fund may bear, millionths of the quote
  /// currency: nobody leaves before it is settled.
  case withdrawalsStopped(insolvency: Int64, limit: Int64)
  /// The account is registered for nothing of the kind, as a market maker's or a relayer's.
  case notRegistered(AccountID)
  /// Collateral under the hammer is still asked more for than the bid pays.
  case askAboveLimit(AccountID, asked: Price, limit: Price)
  /// Only the engine acts for the account by which the fund hedges.
  case hedgeAccount(AccountID)
  /// A hedge that is bought from the house hedges nothing.
  case houseAccount(AccountID)
  /// The venue's parameters ask for nothing of the kind.
  case notInUse(String)
  /// Nothing was ever offered under this number.
  case unknownOffer(UInt64)
  /// What was offered under this number has been settled or withdrawn.
  case offerOver(UInt64)
  /// A maker answers a request once.
  case alreadyAnswered(UInt64, AccountID)
  /// Answers come through registered relayers, and not from a maker itself.
  case onlyRelayed(AccountID)
  /// A relayer is of another owner than every maker and than the account that is asked for.
  case notIndependent(AccountID, AccountID)
  /// The account pays less for the slice, millionths of the quote currency, than is counted on.
  case rewardTooLow(UInt64, reward: Int64)
  /// A sealed bid is not taken.
  case batch(UInt64, BatchRefusal)
  /// No underlying is in it; or it is the common one, whose fund has a command of its own.
  case unknownUniverse(RiskUniverse)
  /// An account, or a pool, is in one risk universe at a time: it is in this one.
  case otherUniverse(AccountID, RiskUniverse)

  public var code: String {
    switch self {
    case .unknownAccount: "unknown-account"
    case .unknownInstrument: "unknown-instrument"
    case .unknownAsset: "unknown-asset"
    case .unknownOrder: "unknown-order"
    case .alreadyExists: "already-exists"
    case .notIncreasing: "not-increasing"
    case .notPositive: "not-positive"
    case .outsideLimits: "outside-limits"
    case .expired: "expired"
    case .notMarked: "not-marked"
    case .priceOutsideBand: "price-outside-band"
    case .marketIsReduceOnly: "market-reduce-only"
    case .accountInLiquidation: "account-in-liquidation"
    case .selfTrade: "self-trade"
    case .isolatedAccountHoldsAnother: "isolated-holds-another"
    case .tooManyPositions: "too-many-positions"
    case .tooManyOrders: "too-many-orders"
    case .belowInitialMargin: "below-initial-margin"
    case .insufficientBalance: "insufficient-balance"
    case .notReducing: "not-reducing"
    case .timeNotIncreasing: "time-not-increasing"
    case .tooManySamples: "too-many-samples"
    case .fillBeyondLimit: "fill-beyond-limit"
    case .fillBeyondSize: "fill-beyond-size"
    case .orderTooLate: "order-too-late"
    case .transferOfAnOrder: "transfer-of-an-order"
    case .parameters: "parameters"
    case .unknownUnderlying: "unknown-underlying"
    case .unprotected: "unprotected"
    case .quotesFrozen: "quotes-frozen"
    case .sameAccount: "same-account"
    case .differentOwners: "different-owners"
    case .positionTooSmall: "position-too-small"
    case .subaccountTooDeep: "subaccount-too-deep"
    case .collateralCapReached: "collateral-cap-reached"
    case .debtAboveCap: "debt-above-cap"
    case .calledToReduce: "called-to-reduce"
    case .noAuction, .nothingForSale, .bidStale, .bidTooSmall, .auctionPriceTooHigh,
      .bidLowersExcess, .askAboveLimit:
      auctionCode
    case .withdrawalsStopped: "withdrawals-stopped"
    case .unknownPool, .poolAccount, .poolIsEngaged, .noClaim, .claimTooSmall,
      .withdrawalNotRequested, .noticeNotOver, .noticeLapsed:
      poolCode
    case .notRegistered: "not-registered"
    case .hedgeAccount: "hedge-account"
    case .houseAccount: "house-account"
    case .notInUse, .unknownOffer, .offerOver, .alreadyAnswered, .rewardTooLow, .batch,
      .onlyRelayed, .notIndependent:
      executionCode
    case .unknownUniverse, .otherUniverse: universeCode
    }
  }

  public var description: String {
    switch self {
    case .unknownAccount(let id): "there is no \(id)"
    case .unknownInstrument(let id): "there is no \(id)"
    case .unknownAsset(let symbol): "\(symbol) is not accepted as collateral"
    case .unknownOrder(let id): "there is no open \(id)"
    case .alreadyExists(let what): "\(what) exists already"
    case .notIncreasing(let what): "\(what) must be higher than the last one"
    case .notPositive(let what): "\(what) must be above zero"
    case .outsideLimits(let what): "\(what) is outside the limits of its field"
    case .expired(let id): "\(id) has expired"
    case .notMarked(let what): "no price has been accepted for \(what)"
    case .priceOutsideBand(let price, let mark):
      "price \(price) is too far from the mark \(mark)"
    case .marketIsReduceOnly(let symbol): "the \(symbol) market is reduce-only"
    case .accountInLiquidation(let id): "\(id) is being liquidated"
    case .selfTrade(let id): "\(id) cannot trade with itself"
    case .isolatedAccountHoldsAnother(let id):
      "\(id) is isolated and holds another instrument"
    case .tooManyPositions(let id): "\(id) holds the most positions permitted"
    case .tooManyOrders(let id): "\(id) has the most orders permitted"
    case .belowInitialMargin(let id, let equity, let initialMargin):
      "\(id) would have equity \(decimalText(equity, decimals: 6)) against initial margin "
        + decimalText(initialMargin, decimals: 6)
    case .insufficientBalance(let id, let has): "\(id) has only \(has) units"
    case .notReducing(let id): "\(id) may only reduce its position"
    case .timeNotIncreasing(let time, let last): "time \(time) is not after \(last)"
    case .tooManySamples(let count): "\(count) samples are more than a block may have"
    case .fillBeyondLimit(let id): "a fill of \(id) is worse than its limit"
    case .fillBeyondSize(let id): "the fills of \(id) exceed its size"
    case .orderTooLate(let id): "\(id) had expired"
    case .transferOfAnOrder(let id): "a transfer does not fill \(id), an order of the book"
    case .parameters(let error): error.description
    case .unknownUnderlying(let symbol): "nothing is listed on \(symbol)"
    case .unprotected, .quotesFrozen: quoteDescription
    case .sameAccount(let id): "a move needs two accounts, not \(id) twice"
    case .differentOwners(let one, let other): "\(one) and \(other) have different owners"
    case .positionTooSmall(let id, let instrument, let size):
      "\(id) holds only \(size) of \(instrument)"
    case .subaccountTooDeep(let id): "\(id) lies too deep to open an account under it"
    case .collateralCapReached, .debtAboveCap: collateralDescription
    case .calledToReduce(let id): "\(id) is called to reduce its risk before anything else"
    case .noAuction, .nothingForSale, .bidStale, .bidTooSmall, .auctionPriceTooHigh,
      .bidLowersExcess, .askAboveLimit:
      auctionDescription
    case .withdrawalsStopped(let insolvency, let limit): stopped(insolvency, limit)
    case .unknownPool, .poolAccount, .poolIsEngaged, .noClaim, .claimTooSmall,
      .withdrawalNotRequested, .noticeNotOver, .noticeLapsed:
      poolDescription
    case .notRegistered(let id): "\(id) is not registered for it"
    case .hedgeAccount(let id): "\(id) is the fund's hedge, for which only the engine acts"
    case .houseAccount(let id): "\(id) is of the house, against which nothing can be hedged"
    case .notInUse, .unknownOffer, .offerOver, .alreadyAnswered, .rewardTooLow, .batch,
      .onlyRelayed, .notIndependent:
      executionDescription
    case .unknownUniverse, .otherUniverse: universeDescription
    }
  }

  private func stopped(_ insolvency: Int64, _ limit: Int64) -> String {
    "accounts in liquidation lack \(decimalText(insolvency, decimals: 6)), more than "
      + "\(decimalText(limit, decimals: 6)); nothing is paid out until they are settled"
  }

  private var quoteDescription: String {
    switch self {
    case .unprotected(let id, let symbol): "\(id) has no protection on \(symbol)"
    case .quotesFrozen(let id, let symbol, let end):
      end == QuoteProtection.untilReset
        ? "quotes of \(id) on \(symbol) are frozen until it resets its protection"
        : "quotes of \(id) on \(symbol) are frozen until \(end)"
    default: code
    }
  }

  private var collateralDescription: String {
    switch self {
    case .collateralCapReached(let symbol, let cap):
      "customers would hold more of \(symbol) than the \(decimalText(cap, decimals: 6)) that count"
    case .debtAboveCap(let id, let symbol, let debt, let cap):
      "\(id) would owe \(decimalText(debt, decimals: 6)) in \(symbol), of which "
        + "\(decimalText(cap, decimals: 6)) are permitted"
    default: code
    }
  }

  private var auctionCode: String {
    switch self {
    case .noAuction: "no-auction"
    case .nothingForSale: "nothing-for-sale"
    case .bidStale: "bid-stale"
    case .bidTooSmall: "bid-too-small"
    case .auctionPriceTooHigh: "auction-price-too-high"
    case .bidLowersExcess: "bid-lowers-excess"
    case .askAboveLimit: "ask-above-limit"
    default: "auction"
    }
  }

  private var auctionDescription: String {
    switch self {
    case .noAuction(let id): "there is no open auction of \(id)"
    case .nothingForSale(let id): "nothing of \(id) is for sale"
    case .bidStale(let id, let bidder): "the bid of \(bidder) for \(id) is out of date"
    case .bidTooSmall(let id, let least):
      "a bid for \(id) must take at least \(least) of it, and a whole step"
    case .auctionPriceTooHigh(let id, let reward, let least):
      "the auction of \(id) gives \(reward) of notional, the bid asks for \(least)"
    case .bidLowersExcess(let id): "\(id) would be further below its line than before"
    case .askAboveLimit(let id, let asked, let limit):
      "collateral of \(id) is at \(asked), the bid pays \(limit)"
    default: code
    }
  }

  private var poolCode: String {
    switch self {
    case .unknownPool: "unknown-pool"
    case .poolAccount: "pool-account"
    case .poolIsEngaged: "pool-engaged"
    case .noClaim: "no-claim"
    case .claimTooSmall: "claim-too-small"
    case .withdrawalNotRequested: "withdrawal-not-requested"
    case .noticeNotOver: "notice-not-over"
    case .noticeLapsed: "notice-lapsed"
    default: "pool"
    }
  }

  private var poolDescription: String {
    switch self {
    case .unknownPool(let id): "there is no pool with \(id)"
    case .poolAccount(let id): "\(id) is a pool's, for which only the engine acts"
    case .poolIsEngaged(let id): "the pool of \(id) holds positions or is about to"
    case .noClaim(let id, let pool): "\(id) has nothing in that tranche of the pool of \(pool)"
    case .claimTooSmall(let id, let pool, let has):
      "\(id) has only \(has) units in that tranche of the pool of \(pool)"
    case .withdrawalNotRequested(let id, let pool):
      "\(id) has given no notice of a withdrawal from the pool of \(pool)"
    case .noticeNotOver(let pool, let due): "the pool of \(pool) pays from \(due) on"
    case .noticeLapsed(let pool, let due):
      "the notice to the pool of \(pool) was for \(due), and has lapsed"
    default: code
    }
  }
}

/// Why a step did not happen.
public enum StepError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The command is at fault; nothing has changed.
  case refused(Refusal)
  /// The engine is at fault: a rule of the ledger would be broken. It must not go on.
  case broken(Invariant, afterSequence: UInt64)

  public var description: String {
    switch self {
    case .refused(let refusal): "refused (\(refusal.code)): \(refusal)"
    case .broken(let invariant, let sequence):
      "invariant \(invariant.rawValue) broken after record \(sequence)"
    }
  }
}
