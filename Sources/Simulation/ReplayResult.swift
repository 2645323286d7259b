// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Connectors
public import Instruments
public import Ledger
public import MarketData
public import Parameters
public import Quantities

/// What a replay was made of; said at the head of every report.
public struct ReplayOrigin: Sendable {
  /// For example “12–13 March 2020”.
  public var title: String
  /// Where the prices come from, in a sentence; says so when they are a reconstruction.
  public var market: String
  public var isReconstruction: Bool
  /// Where the accounts come from, in sentences: a file, or a seeded population.
  public var accounts: String
  /// How option marks are made, in a sentence.
  public var options: String
  public var parameters: ParameterSet
  /// The `--set` assignments of this run.
  public var assignments: [String]
  public var skippedRows: [RowFault]

  public init(
    title: String, market: String, isReconstruction: Bool, accounts: String, options: String,
    parameters: ParameterSet, assignments: [String], skippedRows: [RowFault]
  ) {
    self.title = title
    self.market = market
    self.isReconstruction = isReconstruction
    self.accounts = accounts
    self.options = options
    self.parameters = parameters
    self.assignments = assignments
    self.skippedRows = skippedRows
  }
}

/// One block as the report shows it.
public struct ReplayPoint: Sendable {
  public let time: Timestamp
  /// One per underlying, sorted by symbol.
  public let markets: [MarketPoint]
  /// Accounts by margin ratio (equity ÷ maintenance margin), one count per bin of
  /// ``ReplayResult/ratioBins``; accounts without a requirement are not counted.
  public let ratioCounts: [Int]
  public let accountsInLiquidation: Int
  /// Ledger units by collateral asset, quote currency first.
  public let insuranceFund: [Int64]
  /// Millionths of the quote currency.
  public let insuranceFundValue: Int64
  public let openInterestValue: Int64
  /// Since the start, millionths of the quote currency.
  public let liquidatedValue: Int64
  public let deleveragedValue: Int64
  public let socializedValue: Int64
  /// Σ of negative equities: what is owed and not covered yet.
  public let uncoveredValue: Int64
  /// How far margin covered the losses since the block before.
  public let coverage: MarginCoverage
}

/// One underlying in one block.
public struct MarketPoint: Sendable {
  public let underlying: AssetSymbol
  /// The accepted median; `nil` below quorum.
  public let index: Price?
  public let perpetual: Price
  public let volatility: Rate
  public let status: MarketStatus
  /// What every source said in this block, voting or not, sorted by source.
  public let sources: [SourcePoint]
}

/// One source in one block.
public struct SourcePoint: Sendable {
  public let source: SourceID
  public let price: Price
  public let votes: Bool
}

/// A sample the oracle rejected, with when.
public struct RejectionPoint: Sendable {
  public let time: Timestamp
  public let rejected: RejectedSample
}

/// One liquidation from beginning to end.
public struct LiquidationStory: Sendable {
  public let account: AccountID
  public let mode: MarginMode
  public let cause: LiquidationCause
  /// The account's charges when it started, largest first: label and millionths of the quote
  /// currency; they sum to the maintenance margin.
  public let charges: [(label: String, amount: Int64)]
  /// The first ``mostSteps``.
  public var steps: [Step]
  /// How many came after them.
  public var laterSteps = 0
  /// Absent while it is not finished.
  public var endedAt: Timestamp?
  public var outcome: LiquidationOutcome?
  /// Millionths of the quote currency.
  public var closedValue: Int64
  public var deleveragedValue: Int64
  public var penalty: Int64
  public var fundPaid: Int64
  public var socialized: Int64
  /// The furthest stage it reached.
  public var stage: LiquidationStage
  /// Since when it had been on the ladder before liquidation; `nil` if it was not.
  public var calledAt: Timestamp?
  /// What it cost at each stage, and what the fund gave.
  public var costs = WaterfallCosts()

  /// The most steps that are kept of one liquidation; the others are counted.
  public static let mostSteps = 500

  /// One thing that happened to the account.
  public struct Step: Sendable {
    public let time: Timestamp
    public let stage: LiquidationStage
    /// A sentence with figures.
    public let text: String
    /// What it cost against the mark, or what was paid; millionths of the quote currency.
    public var cost: Int64?
    /// Who bore that.
    public var payer: String?
    /// Which of those who pay that is.
    public var bearer: CostBearer?
    /// What was traded, in units of its contract.
    public var size: String?
    public var price: Price?
    /// What was traded at the mark, millionths of the quote currency.
    public var value: Int64?
  }
}

/// Sums of a whole replay.
public struct ReplayTotals: Sendable {
  public var blocks = 0
  public var records = 0
  public var events = 0
  public var accounts = 0
  public var positions = 0
  public var instruments = 0
  public var liquidations = 0
  public var liquidationsByFurthestStage: [LiquidationStage: Int] = [:]
  /// Millionths of the quote currency.
  public var liquidatedValue: Int64 = 0
  public var deleveragedValue: Int64 = 0
  public var deleveragedAccounts = 0
  public var socializedValue: Int64 = 0
  public var penalties: Int64 = 0
  /// What the venue earned by trades, less rebates.
  public var fees: Int64 = 0
  public var gapPremiums: Int64 = 0
  public var fundPaid: Int64 = 0
  public var fundAtStart: Int64 = 0
  public var fundAtEnd: Int64 = 0
  public var lowestFund: Int64 = 0
  /// What backstop pools hold for their depositors when the accounts have been opened.
  public var poolAtStart: Int64 = 0
  /// Notional that pools took over from accounts in liquidation.
  public var poolTakenValue: Int64 = 0
  /// What pools have gained, or lost, with positions still held at their marks.
  public var poolProfit: Int64 = 0
  public var refusedCommands = 0
  public var rejectedSamples = 0
  /// All blocks together.
  public var coverage = MarginCoverage()
  public var auctions = 0
  /// Sold in auctions at the marks, millionths of the quote currency.
  public var auctionedValue: Int64 = 0
  /// What accounts gave up to bidders.
  public var auctionDiscounts: Int64 = 0
  /// What the insurance fund paid bidders, part of ``fundPaid``.
  public var auctionRewards: Int64 = 0

  public init() {}
}

/// Everything a report shows of one replay.
public struct ReplayResult: Sendable {
  public var origin: ReplayOrigin
  public var points: [ReplayPoint]
  public var rejections: [RejectionPoint]
  public var rejectionCounts: [(source: SourceID, reason: SampleRejection, count: Int)]
  /// The largest by closed and deleveraged value: at most ten, or as many as are to be drawn if
  /// those are more.
  public var largest: [LiquidationStory]
  public var totals: ReplayTotals
  /// The hash of the last record: equal for equal inputs, on every machine.
  public var hash: ChainHash
  public var quote: Asset
  /// How many of ``largest`` a page draws.
  public var drawnLargest = TimelineChoice.usual
  /// The accounts that were asked for, with every liquidation of each.
  public var asked: [AskedAccount] = []
  /// The largest by what was sold in them, at most 256.
  public var auctions: [AuctionStory] = []
  /// What the liquidations cost, and whom.
  public var costs = WaterfallCosts()
  /// Who was deleveraged, in the order in which it happened.
  public var deleveraged: [DeleveragedAccount] = []
  /// The same by position that was closed, with what was taken of each winner.
  public var deleveragings: [DeleveragingEvent] = []
  /// Who would be asked first; absent where the waterfall has no such stage.
  public var queue: DeleveragingQueue?
  /// One for each of ``points``; of all funds together where underlyings are set apart.
  public var fund = FundHistory()
  /// The same of each risk universe, the common one first; empty where nothing is set apart.
  public var universeFunds: [UniverseFund] = []
  /// Empty where there were no backstop pools.
  public var pools = PoolHistory()
  /// Absent where nobody is of the house and nothing is asked for the venue's balance.
  public var balance: BalanceSummary?
  /// One for each of ``points``.
  public var balanceHistory = BalanceHistory()
  /// Absent where no line of the ladder before liquidation is drawn.
  public var marginCalls: MarginCallSummary?
  /// One for each of ``points``; empty where no line is drawn.
  public var marginCallHistory = MarginCallHistory()
  /// Absent where nothing came in besides fills of orders.
  public var outside: OutsideSummary?
  /// Absent where there were no keepers.
  public var keepers: KeeperStory?

  /// Lower edges of the margin-ratio bins; the last bin is open.
  public static let ratioBins: [Double] = [
    -10, 0, 0.25, 0.5, 0.75, 1, 1.1, 1.2, 1.5, 2, 3, 5, 10, 20, 50,
  ]
}
