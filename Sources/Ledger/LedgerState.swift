// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import MarketData
public import Parameters
public import Quantities

/// A customer's account: what it holds and where it stands in the waterfall.
public struct Account: Hashable, Sendable {
  public let id: AccountID
  public var portfolio: Portfolio
  @usableFromInline var waterfall: Apart<LiquidationProgress>?
  /// The account of the same owner under which it was opened; absent at the top.
  public let parent: AccountID?
  /// How near its liquidation the account was found in the last block.
  public var marginCall: MarginCall
  /// Where it holds positions, or held its last one: the universe whose fund stands for it.
  public internal(set) var universe: RiskUniverse

  public init(
    id: AccountID, portfolio: Portfolio, liquidation: LiquidationProgress? = nil,
    parent: AccountID? = nil, marginCall: MarginCall = .none, universe: RiskUniverse = .common
  ) {
    self.id = id
    self.parent = parent
    self.portfolio = portfolio
    self.marginCall = marginCall
    self.universe = universe
    waterfall = liquidation.map(Apart.holding)
  }

  /// Absent while the account is healthy.
  ///
  /// Kept apart: few accounts have one, it is larger than all the rest, and accounts are copied
  /// and passed over by the million.
  public var liquidation: LiquidationProgress? {
    get { waterfall?.value }
    set { waterfall = newValue.map(Apart.holding) }
  }

  /// Whether the account is in the waterfall.
  @inlinable
  public var isInLiquidation: Bool { waterfall != nil }

  // Each reads what it names and no more; inlined, for a call would take a copy of the account.
  /// The order the account waits for, if it is in the waterfall.
  @inlinable
  public var liquidationOrder: LiquidationOrder? { waterfall?.value.order }
  /// Its collateral that is for sale.
  @inlinable
  public var collateralSale: CollateralSale? { waterfall?.value.sale }
  /// Whether its portfolio is under the hammer.
  @inlinable
  public var isAuctioned: Bool { waterfall?.value.auction != nil }
}

/// Kept apart from what it belongs to.
@usableFromInline
indirect enum Apart<Value: Hashable & Sendable>: Hashable, Sendable {
  case holding(Value)

  @inlinable
  var value: Value {
    switch self {
    case .holding(let value): value
    }
  }
}

/// The running totals of one market.
@frozen
public struct MarketTotals: Hashable, Sendable {
  /// Σ of the long positions = −Σ of the short ones.
  public var openInterest: Int64
  /// Σ of all sizes; zero after every trade.
  public var netSize: Int64
  /// −Σ of realized profits not yet balanced by others' losses = −Σ of the positions' costs.
  public var clearing: Int128
  /// Once settled at expiry, nothing trades any more.
  public var isExpired: Bool

  @inlinable
  public init() {
    openInterest = 0
    netSize = 0
    clearing = 0
    isExpired = false
  }
}

/// The venue: everything a decision may depend on, and nothing else.
public struct LedgerState: Hashable, Sendable {
  public internal(set) var time: Timestamp
  /// Blocks begun.
  public internal(set) var block: UInt64
  public internal(set) var parameters: ParameterSet
  public internal(set) var listing: Listing
  /// Sorted by feed.
  public internal(set) var feeds: [FeedState]
  /// The last marked market of each underlying, sorted by symbol.
  public internal(set) var markets: [MarkedMarket]
  /// By dense index of the instrument; empty until the first block.
  public internal(set) var marks: [InstrumentMark]
  /// By dense index of the instrument.
  public internal(set) var totals: [MarketTotals]
  /// Of the underlyings, by dense index of the instrument; empty while all are in the common one.
  public internal(set) var universes: [RiskUniverse] = []
  /// Sorted by id.
  public internal(set) var accounts: [Account]
  /// By dense index of the collateral asset, in ledger units.
  public internal(set) var houses: [HouseBalances]
  public internal(set) var nextOrder: OrderID
  public internal(set) var lastFunding: Timestamp
  public internal(set) var restartedAt: Timestamp?
  /// Of the assets that have rules for it, in the order of the listing.
  public internal(set) var collateralMarks: [CollateralMark]
  /// What liquidations have ordered, where that is limited.
  public internal(set) var liquidationFlow: LiquidationFlow?
  /// Backstop pools, sorted by id.
  public internal(set) var pools: [BackstopPool]
  /// Claims, draws and the fund's target; empty unless parameters ask for them.
  public internal(set) var losses = LossBook()
  /// Registered makers, pots of entry fees and funding that follows the imbalance; empty unless
  /// somebody is registered or parameters ask for it.
  public internal(set) var balance = BalanceBook()
  /// The account by which the insurance fund hedges; absent until it is opened.
  public internal(set) var hedge: HedgeBook?
  /// The depth of books and what is on offer outside; empty unless something was reported.
  public internal(set) var execution = ExecutionBook()
  /// Whether a balance left its field limit; the command that did it is refused.
  public internal(set) var isOutsideLimits = false

  /// The ledger accounts that are nobody's.
  @frozen
  public struct HouseBalances: Hashable, Sendable {
    /// Of the common risk universe.
    public var insuranceFund: Int64
    /// Σ of the funds of the other universes, kept with every entry.
    public var universeFunds: Int128
    public var fees: Int64
    /// −(deposits − withdrawals).
    public var outside: Int128
    /// Σ of customers' balances, kept with every entry.
    public var customers: Int128
    /// Σ of the clearing balances of the instruments settled in the asset.
    public var clearing: Int128

    @inlinable
    public init() {
      insuranceFund = 0
      universeFunds = 0
      fees = 0
      outside = 0
      customers = 0
      clearing = 0
    }

    /// The insurance funds of all risk universes.
    @inlinable
    public var allFunds: Int128 { Int128(insuranceFund) + universeFunds }

    /// Everything together: zero, or money came from nowhere.
    @inlinable
    public var total: Int128 { allFunds + Int128(fees) + outside + customers + clearing }
  }

  /// The empty venue.
  public init(quote: Asset, parameters: ParameterSet) {
    time = Timestamp(nanoseconds: 0)
    block = 0
    self.parameters = parameters
    listing = Listing(quote: quote)
    feeds = []
    markets = []
    marks = []
    totals = []
    accounts = []
    houses = [HouseBalances()]
    nextOrder = OrderID(1)
    lastFunding = Timestamp(nanoseconds: 0)
    restartedAt = nil
    collateralMarks = []
    liquidationFlow = nil
    pools = []
  }

  /// The dense index of an account.
  // Inlined, for a call out of what holds a state would take a copy of the state.
  @inlinable
  @inline(__always)
  public func index(of account: AccountID) -> Int? {
    // Ids are usually given in order from 0; look there first.
    let guess = Int(account.number)
    if guess < accounts.count, accounts[guess].id == account { return guess }
    return Self.index(of: account, in: accounts)
  }

  @usableFromInline
  static func index(of account: AccountID, in accounts: [Account]) -> Int? {
    var low = 0
    var high = accounts.count
    while low < high {
      let middle = (low + high) / 2
      if accounts[middle].id < account { low = middle + 1 } else { high = middle }
    }
    return low < accounts.count && accounts[low].id == account ? low : nil
  }

  /// The account at the top of an account's tree: the same for all accounts of one owner.
  public func owner(of account: Int) -> AccountID {
    var top = account
    // A parent is older than its child, so this ends.
    while let parent = accounts[top].parent, let index = index(of: parent), index < top {
      top = index
    }
    return accounts[top].id
  }

  /// How many accounts lie above one.
  public func depth(of account: Int) -> Int {
    var depth = 0
    var place = account
    while let parent = accounts[place].parent, let index = index(of: parent), index < place {
      depth += 1
      place = index
    }
    return depth
  }

  /// The status of an underlying's market; reduce-only until it was marked.
  public func status(of underlying: AssetSymbol) -> MarketStatus {
    place(of: underlying).map { markets[$0].status } ?? .reduceOnly
  }

  /// The market of an underlying as the last block left it.
  public func market(of underlying: AssetSymbol) -> MarkedMarket? {
    place(of: underlying).map { markets[$0] }
  }

  private func place(of underlying: AssetSymbol) -> Int? {
    // Sorted by symbol; asked for every position of every account that is acted on.
    var (low, high) = (0, markets.count)
    while low < high {
      let middle = (low + high) / 2
      if markets[middle].market.underlying < underlying { low = middle + 1 } else { high = middle }
    }
    return low < markets.count && markets[low].market.underlying == underlying ? low : nil
  }

  /// The dense index of the asset in which an instrument settles.
  public func settlementIndex(of instrument: InstrumentID) -> Int? {
    listing.index(of: instrument)
      .flatMap { listing.index(of: listing.contracts[$0].settlementAsset) }
  }

  /// The mark of an asset as collateral; `nil` for one that counts at the index, and whole.
  public func collateralMark(of asset: Asset) -> CollateralMark? {
    collateralMarks.first { $0.asset == asset }
  }

  /// The market as the last block marked it.
  public var snapshot: MarketSnapshot {
    MarketSnapshot(
      time: time, underlyings: markets.map(\.market),
      settling: markets.compactMap { market in
        market.settlement.map {
          SettlingMarket(underlying: market.market.underlying, window: $0)
        }
      },
      liquidity: markets.map { market in
        UnderlyingLiquidity(
          underlying: market.market.underlying, openInterest: market.openInterest,
          uncertainty: market.uncertainty)
      },
      collateral: collateralMarks)
  }
}
