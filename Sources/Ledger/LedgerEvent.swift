// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import MarketData
public import Parameters
public import Quantities

/// One fact.
///
/// Applying the facts in order to the empty state gives the venue's state. What is large and not
/// the waterfall's is kept apart (`indirect`): a crash makes facts by the hundred thousand, and
/// all take the room of the largest.
public enum LedgerEvent: Hashable, Sendable {
  // The venue.
  /// Everything begins here, empty.
  indirect case venueOpened(quote: Asset, ParameterSet)
  indirect case parametersChanged(ParameterSet)
  indirect case collateralAccepted(CollateralAsset)
  indirect case instrumentListed(Contract)
  case accountOpened(AccountID, MarginMode)
  case engineRestarted(at: Timestamp)

  // Money and trades.
  case transferred(Transfer)
  case traded(Trade)
  case orderPlaced(AccountID, RestingOrder)
  /// An order was filled by so many steps.
  case orderFilled(AccountID, OrderID, Size)
  case orderRemoved(AccountID, OrderID, OrderEnd)

  // The market.
  case blockStarted(at: Timestamp)
  indirect case sampleRejected(RejectedSample)
  indirect case feedUpdated(FeedUpdate)
  indirect case marketMarked(MarkedMarket)
  /// The mark of every listed instrument, by dense index.
  case instrumentsMarked([InstrumentMark])

  // Settlement.
  /// Longs pay shorts this many ledger units per size step (negative: shorts pay longs).
  case fundingSettled(InstrumentID, rate: Rate, unitPayment: Int64)
  /// All unrealized profit of a market goes into balances.
  case profitsSettled(InstrumentID, unitValue: Int64)
  /// So many ledger units of one account's unrealized profit go into its balance.
  case profitRealized(AccountID, InstrumentID, units: Int64)
  case instrumentExpired(InstrumentID, settlementPrice: Price, unitValue: Int64)

  // The waterfall.
  case liquidationStarted(AccountID, LiquidationCause)
  case liquidationStageEntered(AccountID, LiquidationStage)
  case liquidationOrderIssued(LiquidationOrder)
  case liquidationOrderClosed(AccountID, OrderID, OrderEnd)
  case liquidationEnded(AccountID, LiquidationOutcome)

  // The record.
  case stateDigested(ChainHash)

  // Market makers' protection.
  /// Limits are set, what has been filled stays counted; or the protection is removed.
  indirect case protectionSet(AccountID, AssetSymbol, QuoteLimits?)
  /// So much of an account's quotes on an underlying was filled.
  case quoteFilled(AccountID, AssetSymbol, QuoteFills)
  /// A limit was reached: the quotes are gone, and refused until a time.
  case protectionTriggered(AccountID, AssetSymbol, frozenUntil: Timestamp)
  /// An interval has ended or the account has asked for it: nothing counts, nothing is frozen.
  case protectionRenewed(AccountID, AssetSymbol)

  // Accounts of one owner.
  case subaccountOpened(AccountID, under: AccountID, MarginMode)
  case positionMoved(PositionMove)
  case marginModeChanged(AccountID, MarginMode)

  // Collateral.
  /// The price as collateral and the counted share of every asset that has such rules.
  case collateralMarked([CollateralMark])

  /// An account entered or left a step of the ladder before liquidation.
  case marginCalled(AccountID, MarginCall, LiquidationCause)
  /// A window in which liquidation orders are counted begins.
  case liquidationWindowBegun(at: Timestamp)
  // Auctions.
  /// An account's whole portfolio is under the hammer.
  case auctionStarted(AccountID, AuctionRound)
  /// Another round begins.
  case auctionRestarted(AccountID, AuctionRound)
  /// The clock of a round and the factor that goes with it, in every block.
  case auctionPriced(AccountID, elapsed: TimeSpan, factor: Rate)
  indirect case auctionBidFilled(AuctionFill)
  // Backstop pools.
  case poolOpened(AccountID, markets: [AssetSymbol])
  /// The claim on a deposit; the money moves with transfers.
  case poolDeposited(PoolEntry)
  case poolWithdrawalRequested(AccountID, AccountID, PoolTranche, PoolNotice)
  case poolWithdrawalCancelled(AccountID, AccountID, PoolTranche)
  case poolWithdrawn(PoolEntry)
  /// A pool is at rest again: its depositors share what it has gained or lost since it last was.
  case poolSettled(PoolSettlement)
  // Losses.
  /// How the positions of an account are closed against others; the trades follow.
  indirect case deleveragingAllocated(DeleveragingAllocation)
  /// What winners have just given is owed to them; of one asset, sorted by account.
  case claimsGranted([LossClaim])
  /// A window of draws on the fund begins, at this balance in ledger units.
  case fundWindowOpened(Asset, opening: Int64)
  /// So many percent of the fund's highest balance are gone: 0, 25, 50 or 75.
  case fundDrawdownChanged(Asset, percent: UInt8, peak: Int64)
  /// How large the fund should be, and what is asked of traders; absent when neither is asked.
  case fundReviewed(FundReview?)
  /// One of the four before, of a risk universe beyond the common one.
  indirect case inUniverse(RiskUniverse, LedgerEvent)
  // The venue's balance.
  case makerRegistered(AccountID)
  case makerReleased(AccountID)
  /// Imbalances and what funding makes of them, of all underlyings where it does; in every block.
  case balanceMarked([BalanceMark])
  // Collateral of accounts in liquidation.
  /// Collateral is sold before positions are reduced, or for a debt, and why.
  indirect case conversionDecided(ConversionDecision)
  /// Collateral is for sale, in a spot market or under the hammer.
  indirect case collateralOffered(CollateralSale)
  /// The clock of a sale under the hammer and what is asked now, in every block.
  case collateralPriced(AccountID, elapsed: TimeSpan, price: Price)
  /// Somebody took a part; the money moves with transfers.
  case collateralSold(CollateralFill)
  case collateralSaleClosed(AccountID, OrderID, OrderEnd)
  // The fund's hedge.
  case hedgeOpened(AccountID)
  /// Why an order hedges, or gives a hedge back; the order follows.
  indirect case hedgeOrdered(HedgeOrder)
  /// What the fills of an order have cost against its mark, fees included; ledger units of the
  /// quote currency.
  case hedgeCharged(units: Int64)
  /// A window in which costs of hedging are counted begins.
  case hedgeWindowBegun(at: Timestamp)
  // Execution outside.
  /// The depth of markets, by instrument, and over which window it is kept.
  case depthReported([DepthReport], window: TimeSpan)
  /// Registered makers are asked for quotes.
  indirect case quoteRequested(QuoteRequest)
  case quoteAnswered(UInt64, QuoteAnswer)
  case relayerRegistered(AccountID)
  case relayerReleased(AccountID)
  /// A maker's answer, and the relayer that passed it on.
  case answerRelayed(UInt64, QuoteAnswer, by: AccountID)
  /// No more answers: so much of the slice was filled by them, and the rest goes on.
  case requestClosed(UInt64, filled: Size)
  case gasReported(GasReading)
  /// Keepers outside may take a slice.
  indirect case keeperOffered(KeeperOffer)
  /// A keeper took so much of it; the trade and the reward came before.
  case offerTaken(UInt64, AccountID, Size)
  /// An account's slice is not offered to keepers any more, or was not at all.
  case offerClosed(UInt64, AccountID, OfferEnd)
  /// The right to a slice is for sale.
  indirect case rightsOffered(RightsSale)
  /// A sealed bid; its deposit was moved before.
  case bidCommitted(UInt64, AccountID, ChainHash)
  case bidRevealed(UInt64, AccountID, RightsBid)
  /// A sale is over; deposits, payments, trades and rewards came before.
  case rightsSettled(UInt64, AccountID, RightsOutcome)
}
