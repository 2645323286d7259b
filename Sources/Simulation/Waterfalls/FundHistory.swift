// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
public import Parameters
public import Quantities

/// What came into the insurance fund and went out of it, how large it should be, and its alarms.
public struct FundHistory: Sendable {
  /// For what money came in or went out.
  public enum Flow: String, Hashable, Sendable, CaseIterable {
    case contribution
    case penalty
    case gapPremium
    case interest
    /// On top of fees, while the fund is below its target.
    case surcharge
    /// Its part of trading fees.
    case fees
    /// Assets exchanged with accounts, what came in less what went out.
    case conversion
    /// Debts of accounts in liquidation.
    case cover
    /// To bidders for what is worth nothing.
    case auctionReward
    /// Back to winners who shared a loss.
    case recovery
    /// Capital of its hedge, what came back less what went there.
    case hedge
    /// Its part of what collateral was sold for.
    case collateralSale
    /// Paid for rights to slices where the account has its due, and deposits of bids not opened.
    case rights
    case other
  }

  /// One block and everything that followed from it.
  public struct Point: Hashable, Sendable {
    /// Millionths of the quote currency in the order of the flows, out of the fund negative.
    public var flows = [Int64](repeating: 0, count: Flow.allCases.count)
    /// How large the fund should be, all universes' funds in sum; absent where nobody asks.
    public var target: Int64?
    /// Its highest balances, asset by asset, at the prices of the block; absent unless watched,
    /// and of all universes' funds together, of which each is watched by itself.
    public var peak: Int64?
    /// What it holds in all assets after the block.
    public var balance: Int64 = 0

    public init() {}

    public subscript(flow: Flow) -> Int64 { flows[FundHistory.place(flow)] }
  }

  /// A part of the highest balance in one asset is gone, or is there again.
  public struct Alarm: Hashable, Sendable {
    public let time: Timestamp
    public let asset: AssetSymbol
    /// 0, 25, 50 or 75.
    public let percent: Int
    /// The fund in all assets then, millionths of the quote currency; in a history of all
    /// universes' funds, what they have together.
    public let balance: Int64
    /// Whose fund it is, where underlyings are set apart.
    public let universe: RiskUniverse?

    public var universeNumber: Int? { universe.map { Int($0.number) } }

    public init(
      time: Timestamp, asset: AssetSymbol, percent: Int, balance: Int64,
      universe: RiskUniverse? = nil
    ) {
      self.time = time
      self.asset = asset
      self.percent = percent
      self.balance = balance
      self.universe = universe
    }
  }

  public var points: [Point] = []
  public var alarms: [Alarm] = []

  public init() {}

  /// Of all blocks, millionths of the quote currency.
  public subscript(flow: Flow) -> Int64 {
    points.reduce(0) { WaterfallCosts.sum($0, $1[flow]) }
  }

  static func place(_ flow: Flow) -> Int {
    Flow.allCases.firstIndex(of: flow) ?? 0
  }

  static func flow(of reason: TransferReason) -> Flow {
    switch reason {
    case .fundContribution: .contribution
    case .liquidationPenalty: .penalty
    case .gapPremium: .gapPremium
    case .interest: .interest
    case .fundSurcharge: .surcharge
    case .feeShare: .fees
    case .conversion: .conversion
    case .insuranceCover: .cover
    case .auctionReward: .auctionReward
    case .lossRecovery: .recovery
    case .hedgeCapital, .hedgeReturn: .hedge
    case .conversionFee: .collateralSale
    case .rightsPayment, .rightsForfeit: .rights
    default: .other
    }
  }
}

/// The fund of one risk universe through a replay.
public struct UniverseFund: Sendable {
  public let universe: RiskUniverse
  /// What is set apart in it, as listed; of the common universe all others.
  public let underlyings: [AssetSymbol]
  /// What it held when the accounts were open, millionths of the quote currency.
  public let start: Int64
  public let history: FundHistory

  public init(
    universe: RiskUniverse, underlyings: [AssetSymbol], start: Int64, history: FundHistory
  ) {
    self.universe = universe
    self.underlyings = underlyings
    self.start = start
    self.history = history
  }

  public var number: Int { Int(universe.number) }
  /// What it holds after the last block.
  public var end: Int64 { history.points.last?.balance ?? start }
  /// What prices, and rounding, made of what it holds.
  public var revaluation: Int64 {
    FundHistory.Flow.allCases.reduce(end - start) { $0 - history[$1] }
  }
}
