// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Parameters
import Quantities
import TestFixtures

/// Random values of everything that has a canonical form.
struct Samples {
  var random: Seeded

  init(seed: UInt64) { random = Seeded(seed) }

  mutating func integer() -> Int64 {
    let edges: [Int64] = [.min, -1, 0, 1, 255, 256, 1 << 31, 1 << 60, .max]
    return random.next() % 3 == 0
      ? edges[Int.random(in: edges.indices, using: &random)]
      : Int64(bitPattern: random.next())
  }

  mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[Int.random(in: elements.indices, using: &random)]
  }

  mutating func bool() -> Bool { random.next() & 1 == 0 }
  mutating func list<Element>(_ make: (inout Samples) -> Element) -> [Element] {
    (0..<Int.random(in: 0...3, using: &random)).map { _ in make(&self) }
  }

  mutating func price() -> Price { Price(steps: integer()) }
  mutating func size() -> Size { Size(steps: integer()) }
  mutating func rate() -> Rate { Rate(billionths: integer()) }
  mutating func time() -> Timestamp { Timestamp(nanoseconds: integer()) }
  mutating func account() -> AccountID { AccountID(UInt32(truncatingIfNeeded: integer())) }
  mutating func instrument() -> InstrumentID {
    InstrumentID(UInt32(truncatingIfNeeded: integer()))
  }
  mutating func order() -> OrderID { OrderID(UInt64(bitPattern: integer())) }

  mutating func symbol() -> AssetSymbol {
    let texts = ["A", "BTC", "ETH", "USD_T.1", "ABCDEFGH", "Z9"]
    return (try? AssetSymbol(pick(texts))) ?? AssetSymbol.fallback
  }

  mutating func asset() -> Asset {
    (try? Asset(symbol: symbol(), decimals: UInt8(random.next() % 9))) ?? .fallback
  }

  mutating func amount() -> Amount { Amount(units: integer(), asset: asset()) }

  mutating func contract() -> Contract {
    let underlying = symbol()
    let settlement = pick(Settlement.allCases)
    let expiry = Timestamp(seconds: 1_600_000_000 + Int64(random.next() % 1_000_000))
    var kinds: [ContractKind] = [
      .perpetual, .future(expiry: expiry),
      .option(pick(OptionRight.allCases), strike: Price(steps: 5_000), expiry: expiry),
    ]
    if settlement == .linear { kinds.append(.spot) }
    let asset = (try? Asset(symbol: underlying, decimals: 8)) ?? .fallback
    return try! Contract(
      id: instrument(), name: pick(["X", "BTC-PERP", "Größe"]), underlying: underlying,
      kind: pick(kinds), settlement: settlement, settlementAsset: asset,
      stepQuantity: 1 + Int64(random.next() % 1_000_000), tick: Price(steps: 1),
      highestPrice: Price(steps: 1_000_000))
  }

  mutating func collateralMark() -> CollateralMark {
    CollateralMark(
      asset: asset(), price: price(), since: time(), isFresh: bool(), countedShare: rate())
  }

  mutating func collateral() -> CollateralAsset {
    CollateralAsset(asset: asset(), underlying: bool() ? symbol() : nil)
  }

  mutating func parameters() -> ParameterSet {
    let keys = ["margin.buffer", "margin.tailDamper", "clearing.interest", "socializedLoss.share"]
    let values = keys.filter { _ in bool() }.map { key in
      ParameterValue(
        key: key, raw: Int64(random.next() % 10_000_000), source: pick(["", "house", "§ 3.1"]))
    }
    let date = CivilDate.split(Timestamp(seconds: 86_400 * Int64(random.next() % 80_000))).date
    return try! ParameterSet(name: pick(["", "a", "plimsoll"]), date: date, values: values)
  }

  mutating func resting() -> RestingOrder {
    RestingOrder(
      id: order(), instrument: instrument(), side: pick(Side.allCases), remaining: size(),
      limit: price(), isReduceOnly: bool(), isQuote: bool())
  }

  mutating func liquidationOrder() -> LiquidationOrder {
    LiquidationOrder(
      id: order(), account: account(), instrument: instrument(), side: pick(Side.allCases),
      size: size(), limit: price(), stage: pick(LiquidationStage.allCases), expiresAt: time(),
      fundShare: integer())
  }

  mutating func cause() -> LiquidationCause {
    LiquidationCause(equity: integer(), maintenanceMargin: integer(), time: time())
  }

  mutating func ledgerAccount() -> LedgerAccount {
    pick([
      .account(account()), .insuranceFund, .fees, .outside, .pool(account()),
      .universeFund(universe()),
    ])
  }

  /// Any but the common one.
  mutating func universe() -> RiskUniverse {
    RiskUniverse(UInt8.random(in: 1...RiskUniverse.highest, using: &random))
  }
}

extension AssetSymbol {
  static var fallback: AssetSymbol { try! AssetSymbol("XYZ") }
}

extension Asset {
  static var fallback: Asset { try! Asset(symbol: .fallback, decimals: 8) }
}

// MARK: The market

extension Samples {
  mutating func feed() -> FeedID {
    try! FeedID(base: symbol(), quote: symbol(), decimals: UInt8(random.next() % 9))
  }

  mutating func sample() -> PriceSample {
    PriceSample(
      source: SourceID(symbol()), feed: feed(), mantissa: integer(), confidence: integer(),
      publishedAt: time())
  }

  mutating func index() -> IndexPrice {
    IndexPrice(
      price: price(), confidence: price(), voters: Int32(truncatingIfNeeded: integer()))
  }

  mutating func pause() -> CircuitBreak {
    CircuitBreak(
      level: price(), since: time(), until: time(),
      confirmations: Int32(truncatingIfNeeded: integer()), confirmedAt: time())
  }

  mutating func source() -> SourceState {
    SourceState(
      source: SourceID(symbol()), price: price(), confidence: price(), publishedAt: time(),
      reference: price(),
      standing: pick([
        .voting, .silent, .quarantined(confirmations: Int32(truncatingIfNeeded: integer())),
      ]))
  }

  mutating func update() -> FeedUpdate {
    FeedUpdate(
      feed: feed(), time: time(),
      outcome: pick([
        .accepted(index()), .circuitBroken(pause()),
        .belowQuorum(voters: Int32(truncatingIfNeeded: integer())),
      ]),
      anchor: bool() ? PriceAnchor(price: price(), time: time()) : nil,
      sources: list { $0.source() })
  }

  mutating func market() -> MarkedMarket {
    let window = SettlementWindow(
      start: time(), end: time(), sum: Int128(integer()) << 40, covered: TimeSpan(nanoseconds: 5),
      time: time(), price: bool() ? price() : nil)
    return MarkedMarket(
      market: UnderlyingMarket(
        underlying: symbol(), index: price(), basis: rate(), volatility: rate()),
      status: pick(MarketStatus.allCases), freshAt: time(),
      premium: PremiumState(femtos: integer(), time: bool() ? time() : nil),
      settlement: bool() ? window : nil, openInterest: integer(), uncertainty: rate())
  }
}

// MARK: Commands and events

extension Samples {
  /// One of each kind of command.
  mutating func commands() -> [Command] {
    let fills = list {
      ExecutionReport.Fill(counterparty: $0.account(), size: $0.size(), price: $0.price())
    }
    return [
      .openVenue(quote: asset(), parameters()), .changeParameters(parameters()),
      .acceptCollateral(collateral()), .listInstrument(contract()),
      .openAccount(account(), pick(MarginMode.allCases)), .depositCollateral(account(), amount()),
      .withdrawCollateral(account(), amount()), .contributeToFund(amount()),
      .contributeToUniverse(universe(), amount()),
      .recordTrade(
        TradeReport(
          instrument: instrument(), buyer: account(), seller: account(), size: size(),
          price: price(), order: bool() ? order() : nil,
          origin: pick(TradeOrigin.allCases))),
      .placeOrder(account(), resting()), .cancelOrder(account(), order()),
      .advanceBlock(at: time(), samples: list { $0.sample() }),
      .reportExecution(ExecutionReport(order: order(), fills: fills)), .restart(at: time()),
      .protectQuotes(account(), symbol(), bool() ? quoteLimits() : nil),
      .resetProtection(account(), symbol()),
      .openSubaccount(account(), under: account(), pick(MarginMode.allCases)),
      .moveCollateral(from: account(), to: account(), amount()),
      .movePosition(from: account(), to: account(), instrument(), size()),
      .changeMarginMode(account(), pick(MarginMode.allCases)),
      .bidInAuction(account(), list { $0.auctionBid() }),
      .bidForCollateral(account(), order(), list { $0.collateralBid() }),
    ] + poolCommands() + balanceCommands() + hedgeCommands() + executionCommands()
  }

  /// One of each kind of event.
  mutating func events() -> [LedgerEvent] {
    venueEvents() + marketEvents() + settlementEvents() + liquidationEvents() + accessEvents()
      + auctionEvents() + poolEvents() + lossEvents() + balanceEvents()
      + conversionEvents() + hedgeEvents() + executionEvents()
  }

  private mutating func venueEvents() -> [LedgerEvent] {
    [
      .venueOpened(quote: asset(), parameters()), .parametersChanged(parameters()),
      .collateralAccepted(collateral()), .instrumentListed(contract()),
      .accountOpened(account(), pick(MarginMode.allCases)), .engineRestarted(at: time()),
      .transferred(
        Transfer(
          from: ledgerAccount(), to: ledgerAccount(), amount: amount(),
          reason: pick(TransferReason.allCases))),
      .traded(
        Trade(
          instrument: instrument(), buyer: account(), seller: account(), size: size(),
          unitValue: integer(), price: price(), cause: pick(TradeCause.allCases))),
      .orderPlaced(account(), resting()), .orderFilled(account(), order(), size()),
      .orderRemoved(account(), order(), pick(OrderEnd.allCases)),
    ]
  }

  private mutating func marketEvents() -> [LedgerEvent] {
    [
      .blockStarted(at: time()),
      .sampleRejected(RejectedSample(sample(), pick(SampleRejection.allCases))),
      .feedUpdated(update()), .marketMarked(market()),
      .instrumentsMarked(list { InstrumentMark(price: $0.price(), unitValue: $0.integer()) }),
    ]
  }

  private mutating func settlementEvents() -> [LedgerEvent] {
    [
      .fundingSettled(instrument(), rate: rate(), unitPayment: integer()),
      .profitsSettled(instrument(), unitValue: integer()),
      .profitRealized(account(), instrument(), units: integer()),
      .instrumentExpired(instrument(), settlementPrice: price(), unitValue: integer()),
    ]
  }

  private mutating func liquidationEvents() -> [LedgerEvent] {
    [
      .liquidationStarted(account(), cause()),
      .liquidationStageEntered(account(), pick(LiquidationStage.allCases)),
      .liquidationOrderIssued(liquidationOrder()),
      .liquidationOrderClosed(account(), order(), pick(OrderEnd.allCases)),
      .liquidationEnded(account(), pick([.restored, .closed])),
      .stateDigested(ChainHash.digest(domain: "test", parts: [[UInt8(random.next() % 256)]])),
      .collateralMarked(list { $0.collateralMark() }),
    ]
  }
}

// MARK: Protection and accounts of one owner

extension Samples {
  mutating func quoteLimits() -> QuoteLimits {
    QuoteLimits(
      quantity: bool() ? integer() : nil, delta: bool() ? integer() : nil,
      vega: bool() ? integer() : nil, interval: TimeSpan(nanoseconds: integer()),
      frozenTime: TimeSpan(nanoseconds: integer()))
  }

  mutating func quoteFills() -> QuoteFills {
    QuoteFills(quantity: integer(), delta: integer(), vega: integer())
  }

  mutating func protection() -> QuoteProtection {
    QuoteProtection(
      underlying: symbol(), limits: quoteLimits(), filled: quoteFills(),
      intervalEnd: bool() ? time() : nil, frozenUntil: bool() ? time() : nil)
  }

  /// An account with everything an account may have.
  mutating func wholeAccount() -> Account {
    var liquidation: LiquidationProgress?
    if bool() { liquidation = LiquidationProgress(cause: cause()) }
    if bool() { liquidation?.auction = auctionProgress() }
    if bool() { liquidation?.sale = collateralSale() }
    let portfolio = Portfolio(
      mode: pick(MarginMode.allCases), balances: list { $0.integer() },
      positions: list {
        Position(instrument: $0.instrument(), size: $0.size(), cost: $0.integer())
      }, orders: list { $0.resting() }, protections: list { $0.protection() })
    return Account(
      id: account(), portfolio: portfolio, liquidation: liquidation,
      parent: bool() ? account() : nil)
  }

  fileprivate mutating func accessEvents() -> [LedgerEvent] {
    [
      .protectionSet(account(), symbol(), bool() ? quoteLimits() : nil),
      .quoteFilled(account(), symbol(), quoteFills()),
      .protectionTriggered(account(), symbol(), frozenUntil: time()),
      .protectionRenewed(account(), symbol()),
      .subaccountOpened(account(), under: account(), pick(MarginMode.allCases)),
      .positionMoved(
        PositionMove(
          from: account(), to: account(), instrument: instrument(), size: size(),
          cost: integer())),
      .marginModeChanged(account(), pick(MarginMode.allCases)),
    ]
  }
}

// MARK: Auctions

extension Samples {
  mutating func auctionBid() -> AuctionBid {
    AuctionBid(
      bidder: account(), share: rate(), leastReward: rate(),
      seenBids: bool() ? UInt32(truncatingIfNeeded: integer()) : nil, receivedAt: time(),
      expiresAt: time())
  }

  mutating func auctionRound() -> AuctionRound {
    AuctionRound(
      phase: pick(AuctionPhase.allCases), startedAt: time(), factor: rate(), speed: rate())
  }

  mutating func auctionProgress() -> AuctionProgress {
    var auction = AuctionProgress(auctionRound())
    auction.restarts = UInt16(truncatingIfNeeded: integer())
    auction.elapsed = TimeSpan(nanoseconds: integer())
    auction.pricedAt = time()
    auction.factor = rate()
    auction.extended = TimeSpan(nanoseconds: integer())
    auction.left = rate()
    auction.bids = UInt32(truncatingIfNeeded: integer())
    auction.reserved = integer()
    auction.fundPaid = integer()
    return auction
  }

  fileprivate mutating func auctionEvents() -> [LedgerEvent] {
    [
      .auctionStarted(account(), auctionRound()), .auctionRestarted(account(), auctionRound()),
      .auctionPriced(account(), elapsed: TimeSpan(nanoseconds: integer()), factor: rate()),
      .auctionBidFilled(
        AuctionFill(
          account: account(), bidder: account(), share: rate(), factor: rate(),
          notional: integer(), discount: integer(), fundPaid: integer(), left: rate(),
          reserved: integer(), extended: TimeSpan(nanoseconds: integer()))),
    ]
  }
}

// MARK: Losses

extension Samples {
  mutating func claim() -> LossClaim {
    LossClaim(account: account(), asset: asset(), units: integer())
  }

  fileprivate mutating func lossEvents() -> [LedgerEvent] {
    [
      .deleveragingAllocated(
        DeleveragingAllocation(
          account: account(), instrument: instrument(), rule: UInt8(random.next() % 5),
          isWidened: bool(), size: size(), unitValue: integer(), level: integer(),
          seed: random.next(), cuts: list { ($0.account(), $0.size()) })),
      .claimsGranted(list { $0.claim() }), .fundWindowOpened(asset(), opening: integer()),
      .fundDrawdownChanged(asset(), percent: pick([0, 25, 50, 75]), peak: integer()),
      .fundReviewed(
        bool()
          ? FundReview(
            target: integer(), balance: integer(), feeRise: rate(), marginRise: rate()) : nil),
      .inUniverse(universe(), .claimsGranted(list { $0.claim() })),
      .inUniverse(universe(), .fundWindowOpened(asset(), opening: integer())),
      .inUniverse(universe(), .fundReviewed(nil)),
    ]
  }
}

// MARK: Collateral for sale

extension Samples {
  mutating func collateralBid() -> CollateralBid {
    CollateralBid(bidder: account(), units: integer(), limit: price(), receivedAt: time())
  }

  mutating func collateralSale() -> CollateralSale {
    CollateralSale(
      id: order(), account: account(), asset: asset(), market: bool() ? instrument() : nil,
      units: integer(), limit: price(), price: price(), startedAt: time(), expiresAt: time())
  }

  fileprivate mutating func conversionEvents() -> [LedgerEvent] {
    [
      .conversionDecided(
        ConversionDecision(
          account: account(), asset: asset(), units: integer(), worth: integer(), freed: integer(),
          cost: integer(), rivalFreed: integer(), rivalCost: integer())),
      .collateralOffered(collateralSale()),
      .collateralPriced(account(), elapsed: TimeSpan(nanoseconds: integer()), price: price()),
      .collateralSold(
        CollateralFill(
          sale: order(), account: account(), buyer: account(), units: integer(),
          paid: integer())),
      .collateralSaleClosed(account(), order(), pick(OrderEnd.allCases)),
    ]
  }
}
